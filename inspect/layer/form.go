package layer

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// formError names a form that is not read.
type formError struct{ form string }

func (f *formError) Error() string { return fmt.Sprintf("it is %s, which is not read", f.form) }

// foreignForm names the form of a layer that is no tar, or one that is packed in a way that is not read: by its media
// type where the bytes hide it by its definition, else by its first bytes. It gives "" where a tar may be in it.
func foreignForm(r *bufio.Reader, mediaType string) string {
	switch {
	case strings.HasSuffix(mediaType, "+encrypted"):
		return "encrypted (" + mediaType + ")"
	case strings.Contains(mediaType, "nydus"):
		return "a Nydus blob (" + mediaType + ")"
	}
	head, _ := r.Peek(8)
	for _, form := range []struct{ magic, name string }{
		{"BZh", "packed with bzip2"},
		{"\xfd7zXZ\x00", "packed with xz"},
		{"\x04\x22\x4d\x18", "packed with lz4"},
		{"LZIP", "packed with lzip"},
		{"\x5d\x00\x00", "packed with lzma"},
		{"\x00asm", "a WebAssembly module"},
		{"hsqs", "a squashfs image"},
		{"PK\x03\x04", "a zip archive"},
	} {
		if bytes.HasPrefix(head, []byte(form.magic)) {
			return form.name
		}
	}
	return ""
}

// isTarType reports whether a media type is one of a tar, as all layers of images for Linux are. What has none may be
// one.
func isTarType(mediaType string) bool {
	return mediaType == "" || strings.Contains(mediaType, "tar") || strings.Contains(mediaType, "rootfs.diff") ||
		strings.Contains(mediaType, "octet-stream")
}

// An eStargz layer ends with a member that lists the others, for those who read it lazily, and may hold a landmark
// that describes which files are wanted first
// (https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md). They are about the layer, not in it.
// zstd:chunked keeps its list in frames that are skipped.
const tocName = "/stargz.index.json"

// tocHead is how a table of contents of eStargz begins: {"version":1,"entries":[, with blanks between.
var tocHead = regexp.MustCompile(`^\s*\{\s*"version"\s*:\s*1\s*,\s*"entries"\s*:\s*\[`)

// isTOC reports whether a file begins as a table of contents does; a name alone would be a place to hide. An attacker
// could name a payload stargz.index.json to have it left out, so the beginning of the content decides.
func isTOC(head []byte) bool { return tocHead.Match(head) }

// withoutTOC leaves out what makes a layer an eStargz one, where it is one.
func withoutTOC(entries []inspect.Entry, toc bool) []inspect.Entry {
	if !toc {
		return entries
	}
	entries = entries[:len(entries)-1]
	return slices.DeleteFunc(entries, func(e inspect.Entry) bool {
		return (e.Path == "/.prefetch.landmark" || e.Path == "/.no.prefetch.landmark") &&
			e.Type == inspect.EntryFile && e.Size <= 1
	})
}
