package bagit

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
)

// newWriter begins a bag below a temporary folder.
func newWriter(t *testing.T, ctx context.Context, progress func(inspect.Progress)) *Writer {
	t.Helper()
	out, err := NewOutlet(filepath.Join(t.TempDir(), "bag"), "case")
	must(t, err)
	t.Cleanup(out.Discard)
	return NewWriter(ctx, out, progress)
}

// On Windows and macOS two names that differ by case are one file, and no file can be the folder of another: a bag that
// has both would lose one when it is copied there.
func TestNamesThatOneFileSystemTakesForTheSame(t *testing.T) {
	w := newWriter(t, context.Background(), nil)
	must(t, w.AddBytes("data/logs/a", nil))
	for name, want := range map[string]bool{
		"data/logs/a": true, "data/logs/A": true, "DATA/LOGS/a": true,
		"data/logs":     true, // a folder already
		"data/Logs":     true,
		"data/logs/a/b": true, // would make a folder of a file
		"data/logs/ab":  false, "data/log": false, "logs/a": false, "a": false,
	} {
		if w.Has(name) != want {
			t.Errorf("Has(%q) = %v", name, !want)
		}
		if err := w.AddBytes(name, nil); want && (err == nil || !strings.Contains(err.Error(), "has it already")) {
			t.Errorf("%q was written: %v", name, err)
		}
	}
}

func TestAFileHasTheSizeThatWasAnnounced(t *testing.T) {
	for text, ok := range map[string]bool{"four": true, "fiver": false, "all": false, "": false} {
		w := newWriter(t, context.Background(), nil)
		err := w.Add("data/x", 4, strings.NewReader(text))
		if ok != (err == nil) {
			t.Errorf("%q as a file of 4 bytes: %v", text, err)
		}
		if err != nil && (w.Has("data/x") || len(w.All()) > 0) {
			t.Errorf("%q failed, and is listed", text)
		}
	}
}

// changing opens other bytes each time.
func changing(texts ...string) Opener {
	return func() (io.ReadCloser, error) {
		text := texts[0]
		texts = texts[1:]
		return io.NopCloser(strings.NewReader(text)), nil
	}
}

func TestBytesThatChangeBetweenTwoReadings(t *testing.T) {
	for _, second := range []string{"eve", "longer", "a"} {
		w := newWriter(t, context.Background(), nil)
		open := changing("ada", second)
		m, err := w.Measure(open)
		must(t, err)
		if m != (Measured{3, Digest([]byte("ada"))}) {
			t.Errorf("measured %v", m)
		}
		if err := w.AddOpened("data/x", m, open); err == nil {
			t.Errorf("%q was written in place of what was measured", second)
		}
	}
	w := newWriter(t, context.Background(), nil)
	open := changing("ada", "ada")
	m, err := w.Measure(open)
	must(t, err)
	must(t, w.AddOpened("data/x", m, open))
	failing := func() (io.ReadCloser, error) { return nil, inspect.ErrNotKept }
	if _, err := w.Measure(failing); !errors.Is(err, inspect.ErrNotKept) {
		t.Errorf("measuring what cannot be opened: %v", err)
	}
	if err := w.AddOpened("data/y", m, failing); !errors.Is(err, inspect.ErrNotKept) || !strings.Contains(err.Error(), "data/y") {
		t.Errorf("writing what cannot be opened: %v", err)
	}
}

func TestTheWriterStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w := newWriter(t, ctx, nil)
	must(t, w.AddBytes("data/a", []byte("a")))
	cancel()
	if err := w.AddBytes("data/b", []byte("b")); !errors.Is(err, context.Canceled) {
		t.Errorf("writing on: %v", err)
	}
	if _, err := w.Measure(changing("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("measuring on: %v", err)
	}
}

func TestProgressCountsBytes(t *testing.T) {
	var last inspect.Progress
	w := newWriter(t, context.Background(), func(p inspect.Progress) { last = p })
	must(t, w.AddBytes("data/a", []byte("four")))
	must(t, w.AddJSON("data/b.json", []string{"x"}))
	if last.Done != 4+int64(len("[\n  \"x\"\n]\n")) || last.Unit != "bytes" || last.Text != "data/b.json" {
		t.Errorf("%+v", last)
	}
	if size, files := w.Oxum(); size != last.Done || files != 2 {
		t.Errorf("Payload-Oxum %d.%d", size, files)
	}
	if err := w.AddJSON("data/c.json", func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

// The tag manifest lists the manifests, and these the payload, so that one digest fixes all; none lists itself.
func TestManifestsListEachOther(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bag")
	writeBag(t, dir)
	for manifest, want := range map[string][]string{
		Manifest256:    {"data/events.jsonl", "data/logs/a.log"},
		Manifest512:    {"data/events.jsonl", "data/logs/a.log"},
		TagManifest256: {InfoFile, DeclarationFile, Manifest256, Manifest512},
		TagManifest512: {InfoFile, DeclarationFile, Manifest256, Manifest512},
	} {
		text, err := os.ReadFile(filepath.Join(dir, manifest))
		must(t, err)
		var names []string
		for line := range bytes.Lines(text) {
			_, name, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), "  ")
			names = append(names, name)
		}
		if strings.Join(names, " ") != strings.Join(want, " ") {
			t.Errorf("%s lists %q, want %q", manifest, names, want)
		}
	}
}
