package evidence

import (
	"archive/tar"
	"io"
	"os"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// lookMembers and lookBytes bound the look at the beginning of an archive.
const (
	lookMembers = 64
	// A bag is written with its declaration first; another tool may put other files before it, and an archive that is
	// no bag must not be unpacked to its end for the question.
	lookBytes = 8 << 20
)

// IsBag reports, from a look at its beginning, whether path is a bundle.
// The look decides only what a target is taken for; it verifies nothing. A directory counts by its declaration, an
// archive by the name of one of its first members below one folder.
func IsBag(file string) bool {
	info, err := os.Stat(file)
	if err != nil {
		return false
	}
	if info.IsDir() {
		declared, err := os.Lstat(path.Join(file, bagit.DeclarationFile))
		return err == nil && declared.Mode().IsRegular()
	}
	if !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	zr, err := bagit.Decompress(f)
	if err != nil {
		return false
	}
	tr := tar.NewReader(io.LimitReader(zr, lookBytes))
	for range lookMembers {
		h, err := tr.Next()
		if err != nil {
			return false
		}
		_, rest, _ := strings.Cut(strings.TrimPrefix(h.Name, "./"), "/")
		switch rest {
		case bagit.DeclarationFile, bagit.InfoFile, bagit.Manifest256, bagit.TagManifest256, "data/case.json",
			"data/events.jsonl":
			return true
		}
	}
	return false
}
