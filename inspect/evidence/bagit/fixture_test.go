package bagit

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// must ends the test on an error of its preparation.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files are the names and contents of a small bag, in the order in which they are written.
var files = [][2]string{
	{"bagit.txt", Declaration}, {"data/events.jsonl", "{}\n"}, {"data/logs/a.log", "one\ntwo\n"}, {"bag-info.txt", "Case: 1\n"},
}

// writeBag writes these files and their manifests to a path, and returns the writer.
func writeBag(t testing.TB, to string) *Writer {
	t.Helper()
	out, err := NewOutlet(to, "case")
	must(t, err)
	defer out.Discard()
	w := NewWriter(context.Background(), out, nil)
	for _, f := range files {
		must(t, w.AddBytes(f[0], []byte(f[1])))
	}
	_, err = w.WriteManifests()
	must(t, err)
	must(t, out.Publish())
	return w
}

// openBag opens a bag until the test ends.
func openBag(t *testing.T, path string) *Files {
	t.Helper()
	f, err := Open(context.Background(), path, t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, f.Close()) })
	return f
}

// tarMember is a member of a tar, as an attacker may write one.
type tarMember struct {
	header tar.Header
	data   string
}

// tarOf packs members without asking whether they make sense.
func tarOf(t testing.TB, members ...tarMember) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		m.header.Size = int64(len(m.data))
		must(t, w.WriteHeader(&m.header))
		_, err := w.Write([]byte(m.data))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

// gzipped packs bytes into a file.
func gzipped(t testing.TB, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	must(t, err)
	must(t, w.Close())
	path := filepath.Join(t.TempDir(), "bag.tar.gz")
	must(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

// defectsOf joins what is wrong with a bag, a line each.
func defectsOf(f *Files) string {
	var b strings.Builder
	for _, d := range f.Defects {
		b.WriteString(d.Subject + ": " + d.Detail + "\n")
	}
	return b.String()
}
