package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// alertedFile is where the file of each alert is, by its path. Of several alerts about one file those that could be
// placed count: one that came without a path, or before the layers were read, adds nothing.
func alertedFile(c inspect.Case) []inspect.Sentence {
	type file struct{ subject, path, origin string }
	matched := slices.DeleteFunc(slices.Clone(c.Alerts),
		func(a inspect.Alert) bool { return a.Match == inspect.MatchNone || a.File.Detail == "" })
	known := func(f file) bool {
		return slices.ContainsFunc(matched, func(a inspect.Alert) bool {
			return a.Subject == f.subject && a.File.Path == f.path && a.File.Origin != inspect.OriginUnknown
		})
	}
	var all []inspect.Sentence
	told := map[file]bool{}
	for _, a := range matched {
		f := file{a.Subject, a.File.Path, a.File.Origin}
		if told[f] || a.File.Origin == inspect.OriginUnknown && known(f) {
			continue
		}
		told[f] = true
		s := located(c, a)
		s.Findings = about(c, a.Subject, a.File.Path)
		all = append(all, s)
	}
	return some(all, "more files that alerts name")
}

// located is one sentence on where the file of an alert is. Only a file of the image, or bytes in a checkpoint, can
// be looked at; of the others the sentence states that their bytes are not at hand.
//
// For a file of the image the digest was computed from the layer, so that the sentence is seen. What the sensor states
// of a file that lies nowhere else can only be repeated.
func located(c inspect.Case, a inspect.Alert) inspect.Sentence {
	path := text.Clean(a.File.Path)
	named := path + ", which the alert names, "
	if a.Ran != nil && a.Ran.Program != a.File.Path {
		named = fmt.Sprintf("%s, which %s ran when the alert was raised, ", path, text.Clean(a.Ran.Program))
	}
	i := image(c, a.Subject)
	switch a.File.Origin {
	case inspect.OriginImage:
		// A process may have changed the copy in the writable layer after the alert; the rows of the checkpoint show
		// that.
		return seen(named + "is the image's own file, of " + layer(i, a.File.Layer) + ownedBy(i, a.File.Path))
	case inspect.OriginChanged:
		if a.File.SHA256 != "" {
			return seen(fmt.Sprintf("%sis of layer %d of the image and was changed at run time; the checkpoint "+
				"has the bytes that lay there", named, a.File.Layer))
		}
		return seen(fmt.Sprintf("%sran from a copy in the container's writable layer; the image's file, of layer "+
			"%d, does not prove what ran", named, a.File.Layer))
	case inspect.OriginRuntime:
		if a.File.SHA256 != "" {
			return seen(named + "was written at run time: it is not in the image, and the checkpoint has its bytes")
		}
		return seen(named + "was written at run time: it is not in the image, and we do not have its bytes")
	case inspect.OriginMemfd:
		return seen(named + "ran from memory and was never a file: we do not have its bytes")
	case inspect.OriginVolume:
		if lies, ok := strings.CutPrefix(trim(a.File.Detail), "it "); ok {
			return seen(named + lies)
		}
		return seen(named + "lies on a mounted volume, not in the image")
	case inspect.OriginHost:
		return seen("the alert is about the node, not about a container")
	}
	if path == "" {
		return open(trim(a.File.Detail))
	}
	if rest, ok := strings.CutPrefix(trim(a.File.Detail), path+" "); ok {
		return open(named + rest)
	}
	return open(path + ", which the alert names: " + trim(a.File.Detail))
}

// ownedBy is the end of a sentence about a file: which package it is of. Where the package databases could not be
// read it is empty: no owner found is not the same as no owner.
func ownedBy(i inspect.Image, path string) string {
	at := slices.IndexFunc(i.Binaries, func(b inspect.Binary) bool { return b.Path == path })
	switch {
	case at < 0 || slices.Contains(i.Binaries[at].Codes, inspect.CodeOwnershipUnknown):
		return ""
	case i.Binaries[at].Owner == "":
		return ", and belongs to no package"
	case slices.Contains(i.Binaries[at].Codes, "altered"):
		return ", and does not match the checksum of package " + text.Clean(i.Binaries[at].Owner)
	default:
		return ", as package " + text.Clean(i.Binaries[at].Owner) + " installed it"
	}
}

// namedByAlert reports whether alertedFile has a sentence about this file already.
// The other rules leave such a file out, so that it is described once.
func namedByAlert(c inspect.Case, i inspect.Image, path string) bool {
	return slices.ContainsFunc(c.Alerts, func(a inspect.Alert) bool {
		return a.Match != inspect.MatchNone && a.Subject == i.Container && a.File.Path == path &&
			a.File.Origin == inspect.OriginImage
	})
}
