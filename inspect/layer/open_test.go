package layer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Entries come from an index, which a disk or a stranger may have changed: none makes the program read beside the file
// that it names.
func TestEntriesThatCannotBeOpened(t *testing.T) {
	c := newBench(t).cache
	id, entries := keptLayer(t, c, file("a", "content"), dir("d"))
	good := entries[0]
	change := func(f func(e *inspect.Entry)) inspect.Entry {
		e := good
		f(&e)
		return e
	}
	for name, test := range map[string]struct {
		id    string
		entry inspect.Entry
		gone  bool // the error is inspect.ErrNotKept
		words string
	}{
		"a directory": {id, entries[1], false, "it is a dir"},
		"a file without a digest": {
			id, change(func(e *inspect.Entry) { e.SHA256 = "" }), true, "does not hold its content",
		},
		"a file without a place": {
			id, change(func(e *inspect.Entry) { e.Offset = 0 }), true, "does not hold its content",
		},
		"a layer that is not kept":  {sumOf([]byte("x")), good, true, "opening /a"},
		"a layer that is no digest": {"../../etc/passwd", good, false, "opening /a"},
		"a place behind the end": {
			id, change(func(e *inspect.Entry) { e.Offset = 1 << 40 }), true, "ends before it",
		},
		"a size behind the end": {id, change(func(e *inspect.Entry) { e.Size = 1 << 40 }), true, "ends before it"},
		"a size that overflows": {
			id, change(func(e *inspect.Entry) { e.Size = math.MaxInt64 }), true, "ends before it",
		},
		"a negative size": {id, change(func(e *inspect.Entry) { e.Size = -1 }), true, "ends before it"},
		"a hole behind the end": {
			id, change(func(e *inspect.Entry) { e.Offset = math.MinInt64 }), true, "ends before it",
		},
		"a hole that is no member": {id, change(func(e *inspect.Entry) { e.Offset = -1 - 512 }), false, "opening /a"},
		"a hole beyond memory": {
			id, change(func(e *inspect.Entry) { e.Offset, e.Size = -1, MaxHeld+1 }), false, "sparse file",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Open(t.Context(), test.id, test.entry)
			if err == nil {
				_ = got.Close()
				t.Fatal("it is opened")
			}
			if errors.Is(err, inspect.ErrNotKept) != test.gone || !strings.Contains(err.Error(), test.words) {
				t.Errorf("error %v", err)
			}
		})
	}
	if n := len(c.handles.open); n > 1 || c.handles.open[id].users != 0 {
		t.Errorf("what failed keeps %d tars open", n)
	}
}

func TestAContentIsReadByOffsetAndClosedTwice(t *testing.T) {
	tree := treeOfLayers(t, []member{file("a", "0123456789")})
	c, err := tree.Open(t.Context(), tree.Get("/a"))
	must(t, err)
	got := make([]byte, 4)
	if n, err := c.ReadAt(got, 3); n != 4 || err != nil || string(got) != "3456" {
		t.Errorf("%q %v", got[:n], err)
	}
	if n, err := c.ReadAt(got, 8); n != 2 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d %v", n, err)
	}
	if n, _ := c.ReadAt(got, 100); n != 0 || c.Size() != 10 {
		t.Errorf("behind the end: %d of %d", n, c.Size())
	}
	must(t, c.Close())
	must(t, c.Close())
	if users := tree.cache.handles.open[tree.DiffID(0)].users; users != 0 {
		t.Errorf("%d readers are left", users)
	}
}

// A file that is removed or replaced while it is read stays what it was for those who read it.
func TestAnOpenContentOutlivesItsLayer(t *testing.T) {
	tree := treeOfLayers(t, []member{file("a", "before")})
	c, err := tree.Open(t.Context(), tree.Get("/a"))
	must(t, err)
	must(t, tree.cache.drop(tree.DiffID(0)))
	data, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil || string(data) != "before" {
		t.Errorf("%q %v", data, err)
	}
	must(t, c.Close())
	if _, err := tree.Open(t.Context(), tree.Get("/a")); !errors.Is(err, inspect.ErrNotKept) {
		t.Errorf("a layer that was removed: %v", err)
	}
}

func TestReadFile(t *testing.T) {
	tree := treeOfLayers(t, []member{
		file(
			"etc/a",
			"0123456789",
		), symlink("link", "etc/a"), symlink("round", "round"), symlink("gone", "nothing"), dir("d"),
		special("pipe", '6'), file("empty", ""),
	})
	for name, test := range map[string]struct {
		path  string
		limit int64
		want  string
		fails bool
	}{
		"a file":                  {"/etc/a", 100, "0123456789", false},
		"a file at the bound":     {"/etc/a", 10, "0123456789", false},
		"a file past the bound":   {"/etc/a", 9, "", true},
		"through a link":          {"/link", 100, "0123456789", false},
		"an empty file":           {"/empty", 0, "", false},
		"nothing":                 {"/nothing", 100, "", false},
		"a link to nothing":       {"/gone", 100, "", false},
		"a link to itself":        {"/round", 100, "", false},
		"a directory":             {"/d", 100, "", false},
		"a pipe, which has none":  {"/pipe", 100, "", false},
		"a name that climbs out":  {"/../../etc/a", 100, "0123456789", false},
		"a relative name":         {"etc/a", 100, "0123456789", false},
		"a file as a directory":   {"/etc/a/x", 100, "", false},
		"no name, which is root":  {"", 100, "", false},
		"a name with a null byte": {"/etc/a\x00", 100, "", false},
	} {
		got, err := tree.ReadFile(t.Context(), test.path, test.limit)
		if string(got) != test.want || (err != nil) != test.fails {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if test.fails && !errors.As(err, new(*registry.LimitError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for limit, want := range map[int64]string{0: "", 3: "012", 10: "0123456789", 1 << 40: "0123456789"} {
		if got, err := tree.Head(t.Context(), tree.Get("/etc/a"), limit); err != nil || string(got) != want {
			t.Errorf("the first %d bytes are %q, %v", limit, got, err)
		}
	}
}

func TestFilesOfADirectory(t *testing.T) {
	tree := treeOfLayers(t, []member{
		file("d/a", "1"), file("d/b", "2"), dir("d/e"), file("d/e/x", "3"),
		symlink("d/l", "a"), symlink("to", "d"), hardlink("d/h", "d/a"),
	})
	for _, dir := range []string{"/d", "/to", "/d/e/.."} {
		got := tree.Files(dir, 10)
		if len(got) != 3 || got["a"] == nil || got["b"] == nil || got["h"] == nil {
			t.Errorf("files of %s: %v", dir, got)
		}
	}
	if n := len(tree.Files("/d", 2)); n != 2 {
		t.Errorf("%d files where two are allowed", n)
	}
	if got := tree.Files("/nothing", 10); len(got) != 0 {
		t.Errorf("files of nothing: %v", got)
	}
	if got := tree.Files("/d/a", 10); len(got) != 0 {
		t.Errorf("files of a file: %v", got)
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for name, test := range map[string]struct{ text, want string }{
		"nothing":               {"", ""},
		"one line":              {"a", "a|"},
		"with its end":          {"a\n", "a|"},
		"empty lines":           {"\n\na\n", "||a|"},
		"lines of Windows":      {"a\r\nb\r\n", "a|b|"},
		"one carriage return":   {"a\rb", "a\rb|"},
		"a line at the bound":   {long + "\nb", long + "|b|"},
		"a line past the bound": {long + "yz\nb", long + "|b|"},
		"bytes that are none":   {"\xff\x00\n", "\xff\x00|"},
	} {
		var got strings.Builder
		Lines([]byte(test.text), func(line string) { got.WriteString(line + "|") })
		if got.String() != test.want {
			t.Errorf("%s: %.80q", name, got.String())
		}
	}
}

// A bit that flips on the disk must not be reported as an altered file: the file is read again before it is called that,
// and the damaged layer is dropped.
func TestAFileIsVerifiedAgainBeforeItIsCalledAltered(t *testing.T) {
	tree := treeOfLayers(t, []member{exe("bin/ls", program("ls")), file("b", "2")})
	n := tree.Get("/bin/ls")
	must(t, tree.VerifyFile(t.Context(), n))
	must(t, tree.PutRecord(RecordWeak, tree.DiffID(0), []byte("weak digests")))
	blob := filepath.Join(tree.cache.store.Dir(), "blobs", "sha256", tree.DiffID(0)[7:])
	data, err := os.ReadFile(blob)
	must(t, err)
	data[n.Offset] ^= 1
	must(t, os.Chmod(blob, 0o600))
	must(t, os.WriteFile(blob, data, 0o600))
	tree.cache.handles.forget(tree.DiffID(0))
	if err := tree.VerifyFile(t.Context(), tree.Get("/b")); err != nil {
		t.Errorf("a file beside the damage: %v", err)
	}
	if err := tree.VerifyFile(t.Context(), n); !errors.Is(err, registry.ErrDamagedStore) {
		t.Errorf("error %v", err)
	}
	if tree.cache.store.Has(tree.DiffID(0)) {
		t.Error("the damaged layer stays")
	}
	if got, err := tree.Record(RecordWeak, tree.DiffID(0)); err != nil || len(got) > 0 {
		t.Errorf("what was computed from it stays: %q %v", got, err)
	}
	if err := tree.VerifyFile(t.Context(), n); err == nil || errors.Is(err, registry.ErrDamagedStore) {
		t.Errorf("a layer that is gone: %v", err)
	}
}

// bundle is a store whose bytes are not those that its listing names, as a bundle's may be that was tampered with.
type bundle struct {
	listings
	content string
}

func (b bundle) Open(context.Context, string, inspect.Entry) (inspect.Content, error) {
	return held{bytes.NewReader([]byte(b.content))}, nil
}

// Without a cache there is nothing to drop: a bundle that is checked again has its bytes, right or wrong.
func TestFilesOfABundleAreVerified(t *testing.T) {
	entry := inspect.Entry{Path: "/a", Type: inspect.EntryFile, Size: 4, SHA256: sumOf([]byte("true"))[7:]}
	for content, damaged := range map[string]bool{"true": false, "evil": true} {
		store := bundle{listings{"sha256:1": []inspect.Entry{entry}}, content}
		tree, err := TreeOf(t.Context(), store, []inspect.Layer{{Number: 0, DiffID: "sha256:1"}})
		must(t, err)
		if err := tree.VerifyFile(t.Context(), tree.Get("/a")); errors.Is(err, registry.ErrDamagedStore) != damaged {
			t.Errorf("content %q: %v", content, err)
		}
		if tree.Key() != "" {
			t.Errorf("the tree of a bundle has the key %q of a cache", tree.Key())
		}
		if _, err := tree.Record(RecordWeak, "x"); !errors.Is(err, inspect.ErrNotKept) {
			t.Errorf("a record of a bundle: %v", err)
		}
		must(t, tree.PutRecord(RecordWeak, "x", []byte("y")))
	}
}
