package binary

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// flip turns a bit of what the store keeps under a digest, behind some text.
func flip(t *testing.T, dir, digest, text string) {
	t.Helper()
	name := filepath.Join(dir, "blobs", "sha256", digest[7:])
	data, err := os.ReadFile(name)
	must(t, err)
	at := bytes.Index(data, []byte(text))
	if at < 0 {
		t.Fatalf("%s holds no %q", digest, text)
	}
	data[at] ^= 1
	must(t, os.WriteFile(name, data, 0o600))
}

// A disk that loses a bit makes no program an altered one: the layer is read again from where it came.
func TestADamagedCacheAccusesNobody(t *testing.T) {
	_, base := debian()
	target := imageOf(t, v1.Config{}, base, step("COPY", file("srv/x", "x")))
	dir := t.TempDir()
	clean := openBench(t, dir).examine(t, target, nil)
	broken := clean.Images[0].Layers[0]
	must(t, os.RemoveAll(filepath.Join(dir, "records", layer.RecordWeak))) // so that it is compared again
	flip(t, dir, broken.DiffID, program("top"))
	c := openBench(t, dir).examine(t, target, nil)
	if rows, altered := binaryRows(c.Images[0]), c.Images[0].Altered; len(rows) > 0 || len(altered) > 0 {
		t.Errorf("rows %q, altered %+v", rows, altered)
	}
	for _, s := range c.Checks {
		if s.Name == inspect.CheckBinaries && s.Status != inspect.CheckDone {
			t.Errorf("the check: %s %s", s.Status, s.Reason)
		}
	}
	if bad, err := openBench(t, dir).cache.Store().Verify(t.Context()); err != nil || len(bad) > 0 {
		t.Errorf("still damaged: %v %v", bad, err)
	}
}

// Where the layer's place has it no more, that is said, and still nobody is accused.
func TestADamagedCacheThatCannotBeHealed(t *testing.T) {
	_, base := debian()
	target := imageOf(t, v1.Config{}, base)
	dir := t.TempDir()
	broken := openBench(t, dir).examine(t, target, nil).Images[0].Layers[0]
	must(t, os.RemoveAll(filepath.Join(dir, "records", layer.RecordWeak)))
	flip(t, dir, broken.DiffID, program("top"))
	flip(t, dir, broken.Digest, "\x1f\x8b")
	must(t, os.Remove(filepath.Join(target[4:], "blobs", "sha256", broken.Digest[7:])))
	c := openBench(t, dir).examine(t, target, nil)
	if rows := binaryRows(c.Images[0]); len(rows) > 0 {
		t.Errorf("rows %q", rows)
	}
	for _, s := range c.Checks {
		if s.Name == inspect.CheckBinaries && (s.Status != inspect.CheckBlocked || s.Reason == "") {
			t.Errorf("the check: %s %s", s.Status, s.Reason)
		}
	}
}
