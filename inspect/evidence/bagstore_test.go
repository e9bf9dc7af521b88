package evidence

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// TestABagNamesWhatItDoesNotHave asks a bag for what it lacks, and for what only looks like a part of it.
func TestABagNamesWhatItDoesNotHave(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", Options{Layers: LayersNone})
	bag := openBag(t, r.Path)
	ctx, file := t.Context(), inspect.Entry{Path: "/usr/bin/top", Type: inspect.EntryFile, Size: 3}
	open := func(diffID string, e inspect.Entry) error {
		c, err := bag.Open(ctx, diffID, e)
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	layout := func(of string) error {
		_, cleanup, err := bag.Layout(ctx, of)
		cleanup()
		return err
	}
	catalogue := func(image string) error { _, err := bag.Catalogue(ctx, image); return err }
	for name, tt := range map[string]struct {
		err  error
		kept bool // the error is of something else than bytes that are not there
	}{
		"a file of a layer that was left out": {open(in.layers[0].DiffID, file), false},
		"a layer of no image":                 {open("sha256:"+strings.Repeat("0", 64), file), false},
		"a layer without a name":              {open("", file), false},
		"a folder": {open(in.layers[0].DiffID, inspect.Entry{
			Path: "/usr",
			Type: inspect.EntryDir,
		}), true},
		"a layout of nothing":              {layout("elsewhere"), false},
		"a layout outside of the bag":      {layout("../../etc"), false},
		"the packages of no image":         {catalogue("sha256:0"), false},
		"the packages of an unnamed image": {catalogue(""), false},
	} {
		if tt.err == nil || errors.Is(tt.err, inspect.ErrNotKept) == tt.kept {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
	if bag.Path() != r.Path || catalogue(in.image.Digest) != nil {
		t.Errorf("the bag lies at %s; its image: %v", bag.Path(), catalogue(in.image.Digest))
	}
	// A program that a row points at is kept by itself, whatever layers are carried.
	e := in.store.indexes[in.layers[1].DiffID][0]
	c, err := bag.Open(ctx, "", e)
	must(t, err)
	defer c.Close()
	if got, _ := io.ReadAll(io.NewSectionReader(c, 0, c.Size())); string(got) != miner {
		t.Errorf("the suspect program is %q", got)
	}
}

// A listing in a bag is a stranger's: an entry that points outside of its layer opens nothing.
func TestEntriesOutsideOfTheirLayer(t *testing.T) {
	in := newIncident(t)
	bag := openBag(t, in.export(t, "bundle", options).Path)
	layer := in.layers[0]
	size := int64(len(in.store.tars[layer.DiffID]))
	for name, e := range map[string]inspect.Entry{
		"before its beginning":  {Offset: -1, Size: 1},
		"of a negative size":    {Offset: 1, Size: -1},
		"past its end":          {Offset: size, Size: 1},
		"over its end":          {Offset: size - 1, Size: 2},
		"of a sum that is cut":  {Offset: 1 << 62, Size: 1 << 62},
		"of its largest number": {Offset: 0, Size: 1<<63 - 1},
	} {
		e.Path, e.Type = "/x", inspect.EntryFile
		if c, err := bag.Open(t.Context(), layer.DiffID, e); err == nil {
			_ = c.Close()
			t.Errorf("%s: it opens", name)
		}
	}
	c, err := bag.Open(t.Context(), layer.DiffID, inspect.Entry{Type: inspect.EntryFile, Offset: size - 1, Size: 1})
	if err != nil {
		t.Fatalf("the last byte of a layer: %v", err)
	}
	_ = c.Close()
}

// TestLayersUnpackWithinTheirBound unpacks a layer at its bound and one byte above, and one that is another layer.
func TestLayersUnpackWithinTheirBound(t *testing.T) {
	b := &Bag{temp: t.TempDir()}
	tar := bytes.Repeat([]byte("x"), 1000)
	diffID := bagit.Digest(tar)
	for _, tt := range []struct {
		name   string
		bytes  []byte
		limit  int64
		failed string
	}{
		{"at its bound", tar, 1000, ""},
		{"one byte above", tar, 999, "more than 999 bytes"},
		{"another layer", tar[:10], 1000, "are not its diff ID"},
		{"bytes that are cut", []byte{0x1f, 0x8b, 8, 0}, 1000, "EOF"},
	} {
		f, err := b.unpackLayer(bytes.NewReader(tt.bytes), diffID, tt.limit)
		if (err == nil) != (tt.failed == "") || err != nil && !strings.Contains(err.Error(), tt.failed) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if f != nil {
			must(t, f.Close())
			_ = os.Remove(f.Name())
		}
		if left, _ := os.ReadDir(b.temp); len(left) > 0 {
			t.Errorf("%s: left behind: %v", tt.name, left)
		}
	}
}

// A row of a case may call other bytes a layer of it: the bag unpacks them and finds that they are not.
func TestALayerThatIsNotItsDiffIDIsNotOpened(t *testing.T) {
	in := newIncident(t)
	other := bagit.Digest([]byte("another tar"))
	retell(t, in, func(f inspect.Fact) inspect.Fact {
		if l, is := f.(inspect.Layer); is && l.Position == 0 {
			l.DiffID = other
			return l
		}
		return f
	})
	bag := openBag(t, in.export(t, "bundle", options).Path)
	_, err := bag.Open(t.Context(), other, inspect.Entry{Path: "/usr/bin/top", Type: inspect.EntryFile, Size: 1})
	if err == nil || !strings.Contains(err.Error(), "are not its diff ID") {
		t.Errorf("a layer under another's diff ID: %v", err)
	}
}

// TestBundlesThatCannotBeOpened are paths that a person could give by mistake.
func TestBundlesThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	for path, word := range map[string]string{
		filepath.Join(dir, "nothing"): "no such file",
		t.TempDir():                   "there is nothing in it",
	} {
		if b, err := OpenBag(t.Context(), path, ""); err == nil {
			_ = b.Close()
			t.Errorf("%s opens", path)
		} else if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", path, err)
		}
	}
	// A file that is none is opened, so that verify can state what is wrong with it.
	text := filepath.Join(dir, "notes.txt")
	must(t, os.WriteFile(text, []byte("hello"), 0o600))
	if v := verify(t, text, trusting()); v.Status != inspect.Failed || v.Reproduced == inspect.Verified {
		t.Errorf("a text is %s as a bundle, reproduced %s", v.Status, v.Reproduced)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	if _, err := Unfit(ctx, openBag(t, r.Path)); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted check of the files: %v", err)
	}
}

// TestLinesAreBounded reads a line at the bound of a line, and one above.
func TestLinesAreBounded(t *testing.T) {
	count := func(text string) (n int, err error) {
		err = eachLine(strings.NewReader(text), func(int, []byte) error { n++; return nil })
		return n, err
	}
	line := strings.Repeat("x", MaxLine-1)
	if n, err := count(line + "\n" + line); n != 2 || err != nil {
		t.Errorf("lines at the bound: %d, %v", n, err)
	}
	if _, err := count("x\n" + line + "xxx\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a line above the bound: %v", err)
	}
	if n, err := count("\n\nx\n\n"); n != 1 || err != nil {
		t.Errorf("empty lines: %d, %v", n, err)
	}
	stop := errors.New("stop")
	if err := eachLine(strings.NewReader("a\nb\n"), func(int, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the reader of lines: %v", err)
	}
}
