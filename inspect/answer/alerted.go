package answer

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// alertedFile says where the file that an alert names is, by its path.
func alertedFile(c inspect.Case) []Sentence {
	var all []Sentence
	said := map[string]bool{}
	for _, a := range c.Alerts {
		if a.Match == inspect.MatchNone || a.File.Detail == "" || said[a.Subject+"\x00"+a.File.Path] {
			continue
		}
		said[a.Subject+"\x00"+a.File.Path] = true
		text, basis := located(c, a)
		all = append(all, Sentence{Text: text, Basis: basis, Findings: about(c, a.Subject, a.File.Path)})
		if len(all) == maxNamed {
			break
		}
	}
	return all
}

// located is one sentence on where the alerted file is.
func located(c inspect.Case, a inspect.Alert) (string, Basis) {
	path := inspect.Clean(a.File.Path)
	named := path + ", which the alert names, "
	switch a.File.Origin {
	case inspect.OriginImage:
		return named + "is the image's own file, of " + layer(image(c, a.Subject), a.File.Layer) + ownedBy(image(c, a.Subject), a.File.Path), Seen
	case inspect.OriginChanged:
		return fmt.Sprintf("%sran from a copy in the container's writable layer; the image's file, of layer %d, does not prove what ran", named, a.File.Layer), Seen
	case inspect.OriginRuntime:
		return named + "was written at run time: it is not in the image, and we do not have its bytes", Seen
	case inspect.OriginMemfd:
		return named + "ran from memory and was never a file: we do not have its bytes", Seen
	case inspect.OriginVolume:
		return named + "lies on a mounted volume, not in the image", Seen
	case inspect.OriginHost:
		return "the alert is about the node, not about a container", Seen
	}
	if path == "" {
		return trim(a.File.Detail), Open
	}
	return path + ", which the alert names: " + trim(a.File.Detail), Open
}

// ownedBy says whose file it is.
func ownedBy(i inspect.Image, path string) string {
	at := slices.IndexFunc(i.Binaries, func(b inspect.Binary) bool { return b.Path == path })
	switch {
	case at < 0 || slices.Contains(i.Binaries[at].Codes, "ownership-unknown"):
		return ""
	case i.Binaries[at].Owner == "":
		return ", and belongs to no package"
	case slices.Contains(i.Binaries[at].Codes, "altered"):
		return ", and is not what package " + inspect.Clean(i.Binaries[at].Owner) + " installed"
	default:
		return ", as package " + inspect.Clean(i.Binaries[at].Owner) + " installed it"
	}
}

// toldByAlert says that the first sentences were about this file already.
func toldByAlert(c inspect.Case, i inspect.Image, path string) bool {
	return slices.ContainsFunc(c.Alerts, func(a inspect.Alert) bool {
		return a.Match != inspect.MatchNone && a.Subject == i.Subject && a.File.Path == path && a.File.Origin == inspect.OriginImage
	})
}

// image gives the image of a subject; one of that name and nothing else where the case has none.
func image(c inspect.Case, subject string) inspect.Image {
	if i, ok := c.Image(subject); ok {
		return i
	}
	return inspect.Image{Subject: subject}
}
