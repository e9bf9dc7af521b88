package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func write(t testing.TB, s *Store, text, want string) error {
	t.Helper()
	w, err := s.Create()
	check(t, err)
	defer w.Discard()
	_, err = io.WriteString(w, text)
	check(t, err)
	if w.Digest() != digestOf([]byte(text)) || w.Size() != int64(len(text)) {
		t.Errorf("digest %s, size %d", w.Digest(), w.Size())
	}
	return w.Commit(want)
}

// filesIn lists all files below a store's directory.
func filesIn(t testing.TB, s *Store) []string {
	t.Helper()
	var out []string
	check(t, filepath.WalkDir(s.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	}))
	return out
}

func TestStoreBlobs(t *testing.T) {
	s := newStore(t)
	digest := digestOf([]byte("hello"))
	check(t, write(t, s, "hello", digest))
	check(t, write(t, s, "hello", "")) // once more, under whatever digest it has
	f, size, err := s.Open(digest)
	check(t, err)
	data, err := io.ReadAll(f)
	check(t, err)
	check(t, f.Close())
	if size != 5 || string(data) != "hello" || !s.Has(digest) {
		t.Errorf("%d bytes: %s", size, data)
	}
	var wrong *DigestError
	if err := write(t, s, "hello", someDigest); !errors.As(err, &wrong) || wrong.Have != digest {
		t.Errorf("another digest: %v", err)
	}
	if _, _, err := s.Open(someDigest); !errors.Is(err, ErrNotFound) || s.Has(someDigest) {
		t.Errorf("not there: %v", err)
	}
	for _, bad := range []string{"", "sha256:", "sha256:../../etc/passwd", "md5:" + strings.Repeat("a", 64), strings.ToUpper(someDigest)} {
		if _, _, err := s.Open(bad); err == nil || s.Has(bad) || s.Put(bad, nil) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if got := filesIn(t, s); len(got) != 1 {
		t.Errorf("files: %v", got)
	}
	check(t, s.Remove(digest))
	check(t, s.Remove(digest))
}

func TestStoreModes(t *testing.T) {
	s := newStore(t)
	check(t, write(t, s, "hello", ""))
	check(t, s.PutRecord("layer", "key", []byte("data")))
	check(t, filepath.WalkDir(s.Dir(), func(path string, d fs.DirEntry, err error) error {
		check(t, err)
		info, err := d.Info()
		check(t, err)
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return nil
	}))
}

func TestStoreRecords(t *testing.T) {
	s := newStore(t)
	if _, err := s.Record("layer", someDigest); !errors.Is(err, ErrNotFound) {
		t.Errorf("not there: %v", err)
	}
	for _, data := range []string{"", "one", "two\nlines\x00"} {
		check(t, s.PutRecord("layer", someDigest, []byte(data)))
		got, err := s.Record("layer", someDigest)
		if err != nil || string(got) != data {
			t.Errorf("%q came back as %q, %v", data, got, err)
		}
	}
	if _, err := s.Record("index", someDigest); !errors.Is(err, ErrNotFound) {
		t.Errorf("of another kind: %v", err)
	}
	for _, kind := range []string{"", "../x", "A", "a/b", ".tmp-"} {
		if err := s.PutRecord(kind, "key", nil); err == nil {
			t.Errorf("kind %q is taken", kind)
		}
	}
}

func TestDamagedRecords(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"altered": func(path string) error { alter(t, path); return nil },
		"cut":     func(path string) error { return os.Truncate(path, 30) },
		"empty":   func(path string) error { return os.Truncate(path, 0) },
		"longer": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			check(t, err)
			defer f.Close()
			_, err = f.WriteString("x")
			return err
		},
	} {
		s := newStore(t)
		check(t, s.PutRecord("layer", "key", []byte("some data")))
		path, err := s.recordPath("layer", "key")
		check(t, err)
		check(t, damage(path))
		bad, err := s.Verify(context.Background())
		if err != nil || len(bad) != 1 {
			t.Errorf("%s: verify says %v, %v", name, bad, err)
		}
		if _, err := s.Record("layer", "key"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if exists(path) {
			t.Errorf("%s: it is still there", name)
		}
	}
	// A record that lies under another's name is damaged too.
	s := newStore(t)
	check(t, s.PutRecord("layer", "mine", []byte("some data")))
	mine, err := s.recordPath("layer", "mine")
	check(t, err)
	other, err := s.recordPath("layer", "other")
	check(t, err)
	check(t, os.Rename(mine, other))
	if _, err := s.Record("layer", "other"); !errors.Is(err, ErrNotFound) {
		t.Errorf("under another name: %v", err)
	}
}

func TestStoreVerifyAndSize(t *testing.T) {
	s := newStore(t)
	good, bad := digestOf([]byte("good")), digestOf([]byte("bad"))
	check(t, s.Put(good, []byte("good")))
	check(t, s.Put(bad, []byte("bad")))
	size, files, err := s.Size()
	if err != nil || size != 7 || files != 2 {
		t.Errorf("%d bytes in %d files, %v", size, files, err)
	}
	alter(t, mustPath(t, s, bad))
	got, err := s.Verify(context.Background())
	check(t, err)
	if diff := cmp.Diff([]string{"blobs/sha256/" + strings.TrimPrefix(bad, "sha256:")}, got); diff != "" {
		t.Error(diff)
	}
	check(t, s.SetAside(got[0]))
	if got, err := s.Verify(context.Background()); err != nil || len(got) > 0 || s.Has(bad) || !s.Has(good) {
		t.Errorf("after setting it aside: %v %v", got, err)
	}
	if size, files, err := s.Size(); err != nil || size != 7 || files != 2 {
		t.Errorf("%d bytes in %d files, %v", size, files, err)
	}
	check(t, s.SetAside(got[0])) // another process may have done so
	if err := s.SetAside("../other"); err == nil {
		t.Error("a file outside of the cache was set aside")
	}
	check(t, s.Put(bad, []byte("bad")))
	alter(t, mustPath(t, s, bad))
	if _, err := s.Read(bad, 100); !errors.Is(err, ErrNotFound) || s.Has(bad) {
		t.Errorf("reading the damaged one: %v", err)
	}
	var limit *LimitError
	if _, err := s.Read(good, 3); !errors.As(err, &limit) {
		t.Errorf("past the limit: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestStorePrune(t *testing.T) {
	s := newStore(t)
	old, kept, young := digestOf([]byte("old")), digestOf([]byte("kept")), digestOf([]byte("young"))
	for _, text := range []string{"old", "kept", "young"} {
		check(t, s.Put(digestOf([]byte(text)), []byte(text)))
	}
	check(t, s.PutRecord("layer", "old", []byte("x")))
	check(t, s.PutRecord("index", "old", []byte("y")))
	record, err := s.recordPath("layer", "old")
	check(t, err)
	keptRecord, err := s.recordPath("index", "old")
	check(t, err)
	crashed := filepath.Join(s.blobDir(), tempPrefix+"1")
	check(t, os.WriteFile(crashed, []byte("half"), 0o600))
	long := time.Now().Add(-48 * time.Hour)
	for _, path := range []string{mustPath(t, s, old), mustPath(t, s, kept), mustPath(t, s, young), record, keptRecord, crashed} {
		check(t, os.Chtimes(path, long, long))
	}
	f, _, err := s.Open(young) // using it makes it young
	check(t, err)
	check(t, f.Close())
	var keep Kept
	keep.Blob(kept)
	keep.Record("index", "old")
	pruned, err := s.Prune(context.Background(), time.Now().Add(-24*time.Hour), keep)
	check(t, err)
	if s.Has(old) || !s.Has(kept) || !s.Has(young) || exists(record) || !exists(keptRecord) || exists(crashed) {
		t.Errorf("left %v", filesIn(t, s))
	}
	if pruned.Freed < 7 || pruned.Files != 3 || pruned.Stay != 2 || pruned.Left <= 4 {
		t.Errorf("%+v", pruned)
	}
}

func TestStoreDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{"", file, filepath.Join(file, "below")} {
		if _, err := OpenStore(dir); err == nil || !strings.Contains(err.Error(), "cache") {
			t.Errorf("%q: %v", dir, err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	s := newStore(t)
	err := s.wordsFor("writing a blob", &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
	if !strings.Contains(err.Error(), "no space left; --cache DIR chooses another") || !strings.Contains(err.Error(), s.Dir()) {
		t.Error(err)
	}
}

func TestTemp(t *testing.T) {
	s := newStore(t)
	f, err := s.Temp()
	check(t, err)
	_, err = f.WriteString("hello")
	check(t, err)
	data := make([]byte, 5)
	if _, err := f.ReadAt(data, 0); err != nil || string(data) != "hello" {
		t.Errorf("%q, %v", data, err)
	}
	check(t, f.Close())
	if left := filesIn(t, s); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// storeWorkerEnv makes the test binary a process that fills a store, see TestMain.
const storeWorkerEnv = "BACKTRAIL_TEST_STORE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(storeWorkerEnv); dir != "" {
		if err := storeWorker(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// storeWorker writes, reads and removes the same blobs and records as its siblings do.
func storeWorker(dir string) error {
	s, err := OpenStore(dir)
	if err != nil {
		return err
	}
	for i := range 300 {
		data := bytes.Repeat([]byte{byte(i % 7)}, 100_000)
		w, err := s.Create()
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Commit(digestOf(data)); err != nil {
			return err
		}
		if got, err := s.Read(digestOf(data), 1<<20); err == nil && !bytes.Equal(got, data) {
			return errors.New("other bytes")
		} else if err != nil && (!errors.Is(err, ErrNotFound) || strings.Contains(err.Error(), "damaged")) {
			return err
		}
		key := fmt.Sprint(i % 5)
		if err := s.PutRecord("layer", key, data[:1000+i]); err != nil {
			return err
		}
		if got, err := s.Record("layer", key); err != nil || len(got) < 1000 {
			return fmt.Errorf("record: %d bytes, %w", len(got), err)
		}
		if i%11 == 0 {
			if err := s.Remove(digestOf(data)); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestStoreUnderSeveralProcesses(t *testing.T) {
	s := newStore(t)
	program, err := os.Executable()
	check(t, err)
	var workers []*exec.Cmd
	for range 3 {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), storeWorkerEnv+"="+s.Dir())
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		check(t, cmd.Start())
		workers = append(workers, cmd)
	}
	for _, cmd := range workers {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, cmd.Stderr)
		}
	}
	bad, err := s.Verify(context.Background())
	if err != nil || len(bad) > 0 {
		t.Errorf("damaged: %v, %v", bad, err)
	}
	for _, path := range filesIn(t, s) {
		if strings.Contains(path, tempPrefix) {
			t.Errorf("left behind: %s", path)
		}
	}
}
