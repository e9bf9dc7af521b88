package bagit

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var forms = []string{"bag", "bag.tar.gz", "bag.tgz", "bag.tar.zst"}

func TestAPathThatIsTakenIsNeverReplaced(t *testing.T) {
	for _, name := range forms {
		to := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(to, []byte("mine"), 0o600))
		if _, err := NewOutlet(to, "case"); err == nil || !strings.Contains(err.Error(), "there is something already") {
			t.Errorf("%s: %v", name, err)
		}
		if data, err := os.ReadFile(to); err != nil || string(data) != "mine" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "x"), nil, 0o600))
	if _, err := NewOutlet(dir, "case"); err == nil {
		t.Error("a folder with a file in it was accepted")
	}
	if _, err := NewOutlet("", "case"); err == nil {
		t.Error("the empty path was accepted")
	}
}

// What comes to the path while a bag is written stays there too.
func TestAPathThatIsTakenMeanwhile(t *testing.T) {
	for _, name := range forms {
		dir := t.TempDir()
		to := filepath.Join(dir, name)
		out, err := NewOutlet(to, "case")
		must(t, err)
		must(t, os.WriteFile(to, []byte("mine"), 0o600))
		if name == "bag" { // a directory: one with a file in it
			must(t, os.Remove(to))
			must(t, os.Mkdir(to, 0o700))
			must(t, os.WriteFile(filepath.Join(to, "mine"), nil, 0o600))
		}
		if err := out.Publish(); err == nil {
			t.Errorf("%s was published over another", name)
		}
		out.Discard()
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

func TestAnEmptyFolderIsFilled(t *testing.T) {
	dir := t.TempDir()
	writeBag(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "bagit.txt")); err != nil {
		t.Error(err)
	}
}

func TestDiscardLeavesNothing(t *testing.T) {
	for _, name := range forms {
		dir := t.TempDir()
		out, err := NewOutlet(filepath.Join(dir, name), "case")
		must(t, err)
		w, err := out.Create("data/x", 1)
		must(t, err)
		_, err = w.Write([]byte("x"))
		must(t, errors.Join(err, w.Close()))
		out.Discard()
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

// Nothing of a bag can be run as it lies there, and its owner alone reads it: it may hold malware and logs.
func TestFilesAreNeitherExecutableNorForOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bag")
	writeBag(t, dir)
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		must(t, err)
		info, err := d.Info()
		must(t, err)
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return nil
	}))
}

func TestArchivesOfTheSameFilesAreTheSameBytes(t *testing.T) {
	for _, name := range []string{"bag.tar.gz", "bag.tar.zst"} {
		var packed [2][]byte
		for n := range packed {
			to := filepath.Join(t.TempDir(), name)
			writeBag(t, to)
			var err error
			packed[n], err = os.ReadFile(to)
			must(t, err)
		}
		if !bytes.Equal(packed[0], packed[1]) {
			t.Errorf("%s: two archives of the same files differ", name)
		}
		plain, err := Decompress(bytes.NewReader(packed[0]))
		must(t, err)
		r := tar.NewReader(plain)
		for {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			if h.ModTime.Unix() != 0 || h.Mode != 0o600 || h.Uid != 0 || h.Uname != "" || !strings.HasPrefix(h.Name, "case/") {
				t.Errorf("%s: %s has time %v, mode %o, owner %d %q", name, h.Name, h.ModTime, h.Mode, h.Uid, h.Uname)
			}
		}
	}
}

// Something on the machine may remove or change a file after it was written: virus scanners do.
func TestFilesThatAreGoneOrChangedAreNamed(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"gone":    os.Remove,
		"changed": func(path string) error { return os.WriteFile(path, []byte("cleaned"), 0o600) },
	} {
		for _, form := range forms {
			to := filepath.Join(t.TempDir(), form)
			out, err := NewOutlet(to, "case")
			must(t, err)
			w := NewWriter(t.Context(), out, nil)
			must(t, w.AddBytes("data/a", []byte("a")))
			must(t, w.AddBytes("data/b", []byte("b")))
			must(t, out.Publish())
			if altered := out.Altered(w.All()); len(altered) > 0 {
				t.Errorf("%s: %q before anything happened", form, altered)
			}
			at, want := to, to
			if form == "bag" {
				at, want = filepath.Join(to, "data/b"), "data/b"
			}
			must(t, change(at))
			if altered := out.Altered(w.All()); !slices.Equal(altered, []string{want}) {
				t.Errorf("%s, %s: %q", form, name, altered)
			}
		}
	}
}
