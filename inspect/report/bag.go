package report

import (
	"io"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Bag is the bundle that a report is a part of: by it the report names where the bytes of a claim lie. The zero value
// is a report that is in none. Whoever draws the report of a bundle again gives the same: the names of its files, and
// the head of its chain of custody.
type Bag struct {
	Has     func(name string) bool // whether the bag has a file of this name; nil: the report is in no bag
	Custody string                 // sha256:… of the last line of data/custody.jsonl
}

// HTML writes the case as HTML does, for a report that lies in the bag.
func (b Bag) HTML(w io.Writer, c inspect.Case) error { return writePage(w, c, b) }

// Markdown writes the case as Markdown does, for a report that lies in the bag.
func (b Bag) Markdown(w io.Writer, c inspect.Case) error { return writeMarkdown(w, c, b) }

// folders are where the bytes of a digest may lie in a bag, the most telling first.
var folders = []string{
	"data/binaries/", "data/packages/", "data/image/blobs/sha256/", "data/known-good/blobs/sha256/", "data/damaged/",
}

// hexOf gives the digits of a sha256 digest, with or without its prefix; empty for anything else.
func hexOf(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	if len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return ""
	}
	return hex
}

// find gives the file of the bag that has the bytes of a digest; empty where there is none. Names of files are made of
// digits and of the paths of exhibits, whose names the exporter has made safe: one that it had to rename is not found.
func (b Bag) find(c inspect.Case, digest string) string {
	hex := hexOf(digest)
	if b.Has == nil || hex == "" {
		return ""
	}
	for _, folder := range folders {
		if b.Has(folder + hex) {
			return folder + hex
		}
	}
	for _, x := range c.Exhibits {
		if x.Missing == "" && x.Digest == "sha256:"+hex && b.Has("data/"+x.Path) {
			return "data/" + x.Path
		}
	}
	return ""
}

// place states where the bytes of a piece of evidence are, and gives the command that checks them there.
func (b Bag) place(c inspect.Case, i inspect.Image, e inspect.Evidence) (where, command string) {
	hex := hexOf(e.Digest)
	if b.Has == nil {
		return "", fetched(i, e, hex)
	}
	if name := b.find(c, e.Digest); name != "" {
		return "in this bag: " + name, "echo " + text.Quote(hex+"  "+name) + " | sha256sum --check"
	}
	return "not in this bag: " + b.reason(c, i, e, hex), fetched(i, e, hex)
}

// reason is why the bytes of a piece of evidence are not in the bag. For a layer it is what the case recorded; a layer
// that was read and is not there was left out at the export (--layers).
func (b Bag) reason(c inspect.Case, i inspect.Image, e inspect.Evidence, hex string) string {
	if hex == "" {
		return "the claim names no digest; it rests on the record, data/events.jsonl"
	}
	for _, x := range c.Blobs {
		if x.Digest == "sha256:"+hex && x.State != inspect.BlobCarried {
			return "it is " + x.State
		}
	}
	for _, l := range i.Layers {
		if hexOf(l.DiffID) == hex && b.Has("data/index/"+hex+".jsonl.gz") {
			return "left out at the export; its listing is data/index/" + hex + ".jsonl.gz"
		}
		if hexOf(l.Digest) == hex && b.Has("data/index/"+hexOf(l.DiffID)+".jsonl.gz") {
			return "left out at the export; its listing is data/index/" + hexOf(l.DiffID) + ".jsonl.gz"
		}
	}
	if e.Path != "" {
		return "only files that need a look are carried, within bounds (data/binaries/index.json)"
	}
	return "it was not kept, or left out at the export (data/blobs.jsonl)"
}

// fetched is the command that reads the bytes from the registry and hashes them, with crane; empty where the image is
// in no registry. Paths of an image and its location are foreign, and quoted.
func fetched(i inspect.Image, e inspect.Evidence, hex string) string {
	repository, _, pinned := strings.Cut(i.Location, "@sha256:")
	if !pinned || hex == "" || strings.ContainsAny(repository, " \t") || strings.Contains(repository, "oci:") ||
		strings.Contains(repository, "archive:") {
		return ""
	}
	if e.Kind == "file" && strings.HasPrefix(e.Path, "/") {
		return "crane export " + text.Quote(i.Location) + " - | tar -xOf - " +
			text.Quote(strings.TrimPrefix(e.Path, "/")) + compared(hex)
	}
	for _, l := range i.Layers {
		if hexOf(l.Digest) == hex {
			return "crane blob " + text.Quote(repository+"@sha256:"+hex) + compared(hex)
		}
		if hexOf(l.DiffID) == hex && hexOf(l.Digest) != "" {
			return "crane blob " + text.Quote(repository+"@"+l.Digest) + " | gunzip" + compared(hex)
		}
	}
	if e.Kind == "manifest" {
		return "crane manifest " + text.Quote(repository+"@sha256:"+hex) + compared(hex)
	}
	return ""
}

// compared ends a command that hashes bytes: it prints the digest where it is the expected one, and fails where not.
func compared(hex string) string { return " | sha256sum | grep " + hex }
