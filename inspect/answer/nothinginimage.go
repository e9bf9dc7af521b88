package answer

import (
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// nothingInImage states that an image in question was read as a whole and nothing in it stands out: what is wrong is
// elsewhere. It needs a check of the files that ended: an image that was not read has no such sentence.
// It is about what the checks look for: an image without findings is not thereby harmless.
func nothingInImage(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		if paths, _ := badPaths(c, i); len(paths) > 0 || i.Status != inspect.Verified ||
			slices.ContainsFunc(failedOf(c, i), aboutFiles) {
			continue
		}
		if s, ok := c.Check(inspect.CheckBinaries, i.Container); ok && s.Status == inspect.CheckDone {
			all = append(all, seen(in(c, i)+"nothing in the image itself stands out: all of its layers were read"))
		}
	}
	return some(all, "more images in which nothing stands out")
}

// aboutFiles reports whether a finding is about the files of an image.
func aboutFiles(f inspect.Finding) bool {
	return f.Check == inspect.CheckBinaries || f.Check == inspect.CheckDiff
}
