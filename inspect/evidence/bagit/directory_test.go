package bagit

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// What is no regular file is never opened: a link may lead anywhere, and opening a pipe waits for its writer.
func TestSpecialFilesOfADirectoryAreDefects(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no pipes")
	}
	dir := filepath.Join(t.TempDir(), "bag")
	writeBag(t, dir)
	must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "data/link")))
	must(t, os.Symlink("logs", filepath.Join(dir, "data/folder")))
	must(t, syscall.Mkfifo(filepath.Join(dir, "data/pipe"), 0o600))
	listener, err := net.Listen("unix", filepath.Join(dir, "data/s"))
	must(t, err)
	defer listener.Close()
	f := openBag(t, dir)
	for name, kind := range map[string]string{"data/link": "a symbolic link", "data/folder": "a symbolic link", "data/pipe": "a pipe", "data/s": "a socket"} {
		if f.Has(name) || !strings.Contains(defectsOf(f), name+": it is no regular file ("+kind+")") {
			t.Errorf("%s: defects %q", name, f.Defects)
		}
		if _, err := f.Read(name, 100); !errors.Is(err, inspect.ErrNotKept) {
			t.Errorf("%s was read: %v", name, err)
		}
	}
	if len(f.Defects) != 4 {
		t.Errorf("defects %q", f.Defects)
	}
}

// A file that became a link after it was listed is not followed either.
func TestAFileThatBecomesALinkIsNotFollowed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bag")
	writeBag(t, dir)
	f := openBag(t, dir)
	path := filepath.Join(dir, "data/events.jsonl")
	must(t, os.Remove(path))
	must(t, os.Symlink("/etc/passwd", path))
	if data, err := f.Read("data/events.jsonl", 1<<20); err == nil {
		t.Errorf("read %q", data)
	}
	must(t, os.Remove(path))
	if _, err := f.Sum(context.Background(), "data/events.jsonl"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

func TestFilesAreReadWithinBounds(t *testing.T) {
	for _, to := range []string{"bag", "bag.tar.gz", "bag.tgz", "bag.tar.zst"} {
		path := filepath.Join(t.TempDir(), to)
		w := writeBag(t, path)
		f := openBag(t, path)
		if data, err := f.Read("data/logs/a.log", 8); err != nil || string(data) != "one\ntwo\n" {
			t.Errorf("%s: %q, %v", to, data, err)
		}
		if _, err := f.Read("data/logs/a.log", 7); err == nil || !strings.Contains(err.Error(), "reading data/logs/a.log: more than 7 bytes") {
			t.Errorf("%s: a bound was passed: %v", to, err)
		}
		if below := f.Below("data/"); !slices.Equal(below, []string{"events.jsonl", "logs/a.log"}) {
			t.Errorf("%s: below data/ %q", to, below)
		}
		for _, want := range w.All() {
			got, err := f.Sum(context.Background(), want.Name)
			if err != nil || got != want {
				t.Errorf("%s: %v, %v; written was %v", to, got, err, want)
			}
		}
		if size, ok := f.Size("nothing"); ok || size != 0 {
			t.Errorf("%s: a file that is not there has %d bytes", to, size)
		}
	}
}

func TestOpenOfWhatIsNoBag(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	must(t, os.WriteFile(empty, nil, 0o600))
	for _, path := range []string{filepath.Join(dir, "nothing"), empty, os.DevNull} {
		if _, err := Open(context.Background(), path, dir); err == nil {
			t.Errorf("%s was opened", path)
		}
	}
}

func TestDefectsAreBounded(t *testing.T) {
	f := &Files{sizes: map[string]int64{}}
	for range 10 * maxDefects {
		f.add("../x", 1)
	}
	if len(f.Defects) != maxDefects || len(f.Names()) > 0 {
		t.Errorf("%d defects, %d files", len(f.Defects), len(f.Names()))
	}
}
