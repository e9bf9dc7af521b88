package layer

import (
	"regexp"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// An eStargz layer ends with a member that lists the others, for those who read it lazily, and may hold a landmark that says
// which files are wanted first (https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md). They are about
// the layer, not in it. zstd:chunked keeps its list in frames that are skipped.
const tocName = "/stargz.index.json"

var tocHead = regexp.MustCompile(`^\s*\{\s*"version"\s*:\s*1\s*,\s*"entries"\s*:\s*\[`)

// isTOC says that a file begins as a table of contents does; a name alone would be a place to hide.
func isTOC(head []byte) bool { return tocHead.Match(head) }

// withoutTOC leaves out what makes a layer an eStargz one, where it is one.
func withoutTOC(entries []inspect.Entry, toc bool) []inspect.Entry {
	if !toc {
		return entries
	}
	entries = entries[:len(entries)-1]
	return slices.DeleteFunc(entries, func(e inspect.Entry) bool {
		return (e.Path == "/.prefetch.landmark" || e.Path == "/.no.prefetch.landmark") && e.Type == inspect.EntryFile && e.Size <= 1
	})
}
