package bagit

import (
	"archive/tar"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each member is one that a hostile or broken archive may have beside a good one. What is wrong with it is a defect
// that names it, and nothing of it is listed.
func TestMembersThatHaveNoPlaceInABag(t *testing.T) {
	for name, tt := range map[string]struct {
		header  tar.Header
		subject string
		detail  string
	}{
		"path leads out":          {tar.Header{Name: "case/../../etc/passwd"}, "case/../../etc/passwd", "leaves the bag"},
		"absolute":                {tar.Header{Name: "/etc/passwd"}, "/etc/passwd", "leaves the bag"},
		"home":                    {tar.Header{Name: "~/x"}, "~/x", "leaves the bag"},
		"drive":                   {tar.Header{Name: `C:/x`}, "C:/x", "leaves the bag"},
		"backslash":               {tar.Header{Name: `case/data\x`}, `case/data\x`, "character"},
		"line break":              {tar.Header{Name: "case/a\nb"}, `case/a`, "character"},
		"not UTF-8":               {tar.Header{Name: "case/\xff", Format: tar.FormatGNU}, "case/", "not UTF-8"},
		"dot":                     {tar.Header{Name: "case/./x"}, "case/./x", "plain form"},
		"two slashes":             {tar.Header{Name: "case//x"}, "case//x", "plain form"},
		"too long":                {tar.Header{Name: "case/" + strings.Repeat("x", MaxName)}, "case/x", "longer than 1024 bytes"},
		"second directory":        {tar.Header{Name: "other/x"}, "other/x", "beside the one directory"},
		"file beside the folder":  {tar.Header{Name: "x"}, "x", "beside the one directory"},
		"twice":                   {tar.Header{Name: "case/bagit.txt"}, "bagit.txt", "there twice"},
		"symbolic link":           {tar.Header{Name: "case/l", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, "case/l", "no regular file"},
		"hard link":               {tar.Header{Name: "case/l", Typeflag: tar.TypeLink, Linkname: "case/bagit.txt"}, "case/l", "no regular file"},
		"character device":        {tar.Header{Name: "case/d", Typeflag: tar.TypeChar}, "case/d", "no regular file"},
		"pipe":                    {tar.Header{Name: "case/p", Typeflag: tar.TypeFifo}, "case/p", "no regular file"},
		"escape sequence in name": {tar.Header{Name: "other/\x1b[31mx"}, "other/", "beside the one directory"},
	} {
		good := tarMember{tar.Header{Name: "case/bagit.txt", Mode: 0o600}, Declaration}
		f := openBag(t, gzipped(t, tarOf(t, good, tarMember{tt.header, ""})))
		if names := f.Names(); !slices.Equal(names, []string{"bagit.txt"}) {
			t.Errorf("%s: the bag has %q", name, names)
		}
		if len(f.Defects) != 1 || !strings.HasPrefix(f.Defects[0].Subject, tt.subject) || !strings.Contains(f.Defects[0].Detail, tt.detail) {
			t.Errorf("%s: defects %q", name, f.Defects)
		}
		if strings.Contains(defectsOf(f), "\x1b") {
			t.Errorf("%s: a defect carries an escape sequence: %q", name, f.Defects)
		}
	}
}

// GNU's sparse files (in PAX form) have another size than bytes: a reader that expands them sees another file.
func TestSparseMembersAreDefects(t *testing.T) {
	f := &Files{sizes: map[string]int64{}}
	top := ""
	name, ok := f.member(&tar.Header{Name: "case/x", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"GNU.sparse.major": "1"}}, &top)
	if ok || name != "" || !strings.Contains(defectsOf(f), "sparse") {
		t.Errorf("%q %v, defects %q", name, ok, f.Defects)
	}
}

func TestFoldersAndGlobalHeadersAreNoFiles(t *testing.T) {
	f := openBag(t, gzipped(t, tarOf(t,
		tarMember{tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "abc"}}, ""},
		tarMember{tar.Header{Typeflag: tar.TypeDir, Name: "case/", Mode: 0o700}, ""},
		tarMember{tar.Header{Name: "./case/data/x", Mode: 0o600}, "x"})))
	if names := f.Names(); !slices.Equal(names, []string{"data/x"}) || len(f.Defects) > 0 {
		t.Errorf("%q, defects %q", names, f.Defects)
	}
}

// A damaged archive is listed as far as it can be read, and the damage is a defect: it is never taken for a small bag.
func TestDamagedArchives(t *testing.T) {
	whole := tarOf(t, tarMember{tar.Header{Name: "case/bagit.txt", Mode: 0o600}, Declaration},
		tarMember{tar.Header{Name: "case/data/x", Mode: 0o600}, strings.Repeat("x", 2000)})
	for name, tt := range map[string]struct {
		data   []byte
		detail string
	}{
		"cut within a member":      {whole[:2000], "cut off"},
		"cut within a header":      {whole[:1100], "the archive is damaged"},
		"a header is overwritten":  {slices.Concat(whole[:1024], bytes.Repeat([]byte{7}, 512), whole[1536:]), "the archive is damaged"},
		"bytes after the end":      {slices.Concat(whole, []byte("more")), "bytes after the end"},
		"a second archive follows": {slices.Concat(whole, whole), "bytes after the end"},
	} {
		f := openBag(t, gzipped(t, tt.data))
		if !f.Has("bagit.txt") || !strings.Contains(defectsOf(f), tt.detail) {
			t.Errorf("%s: %q, defects %q", name, f.Names(), f.Defects)
		}
	}
}

func TestPackedBytesThatEndEarlyAreAnError(t *testing.T) {
	path := gzipped(t, tarOf(t, tarMember{tar.Header{Name: "case/bagit.txt"}, Declaration}))
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, data[:len(data)-6], 0o600))
	temp := t.TempDir()
	if _, err := Open(context.Background(), path, temp); err == nil {
		t.Error("a gzip without its end was opened")
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, to := range []string{"bag", "bag.tar.gz"} {
		path := filepath.Join(t.TempDir(), to)
		writeBag(t, path)
		if _, err := Open(ctx, path, t.TempDir()); err == nil || ctx.Err() == nil {
			t.Errorf("%s was opened after its context ended", to)
		}
	}
}

func FuzzArchive(f *testing.F) {
	f.Add([]byte("not a tar"))
	f.Add(tarOf(f, tarMember{tar.Header{Name: "case/bagit.txt", Mode: 0o600}, Declaration}))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := listArchive(context.Background(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, name := range files.Names() {
			size, _ := files.Size(name)
			if got, err := files.Read(name, int64(len(data))); err != nil || int64(len(got)) != size {
				t.Errorf("%q is listed with %d bytes; read %d, %v", name, size, len(got), err)
			}
		}
	})
}
