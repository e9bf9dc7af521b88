package evidence

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestBagIsAStore(t *testing.T) {
	in := newIncident(t)
	ctx := context.Background()
	for _, name := range []string{"bundle", "bundle.tar.gz"} {
		bag, err := OpenBag(ctx, in.export(t, name, options).Path, t.TempDir())
		must(t, err)
		defer bag.Close()
		entries, err := bag.Index(ctx, in.layers[0].DiffID)
		must(t, err)
		if len(entries) != 2 || entries[1].Path != "/usr/bin/top" {
			t.Errorf("%s: listing %v", name, entries)
		}
		content, err := bag.Open(ctx, in.layers[0].DiffID, entries[1])
		must(t, err)
		text, err := io.ReadAll(io.NewSectionReader(content, 0, content.Size()))
		if err != nil || string(text) != "top" {
			t.Errorf("%s: content %q, %v", name, text, err)
		}
		c, err := bag.Case(ctx)
		must(t, err)
		for _, e := range c.Exhibits {
			r, err := bag.Blob(ctx, e.Digest)
			if err != nil {
				t.Errorf("%s: exhibit %s: %v", name, e.Path, err)
				continue
			}
			_ = r.Close()
		}
		if _, err := bag.Trust(c.Trust[0].Digest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, digest := range []string{"sha256:" + "0000000000000000000000000000000000000000000000000000000000000000", "../../etc/passwd", ""} {
			if _, err := bag.Blob(ctx, digest); err == nil {
				t.Errorf("%s: there is a blob %q", name, digest)
			}
		}
		if _, err := bag.Index(ctx, "sha256:../../x"); !errors.Is(err, inspect.ErrNotKept) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBundleOfABundleIsTheSame(t *testing.T) {
	in := newIncident(t)
	first := in.export(t, "bundle", options)
	bag, err := OpenBag(context.Background(), first.Path, "")
	must(t, err)
	defer bag.Close()
	second, err := Export(context.Background(), bag.Events, bag, filepath.Join(t.TempDir(), "again.tar.gz"), options)
	must(t, err)
	if first.TagManifest != second.TagManifest {
		t.Errorf("%s\n%v\n%s\n%v", first.TagManifest, first.Notes, second.TagManifest, second.Notes)
	}
}

func TestIsBag(t *testing.T) {
	in := newIncident(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	must(t, os.WriteFile(text, []byte("hello"), 0o600))
	for path, want := range map[string]bool{
		in.export(t, "bundle", options).Path: true, in.export(t, "b.tar.gz", options).Path: true,
		dir: false, text: false, filepath.Join(dir, "nothing"): false,
		filepath.Join(in.export(t, "bundle", options).Path, "data/image"): false,
	} {
		if IsBag(path) != want {
			t.Errorf("IsBag(%s) = %v", path, !want)
		}
	}
}
