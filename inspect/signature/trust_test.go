package signature

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

func TestEmbeddedRootIsTheFallback(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
	trust := NewTrust(TrustOptions{Offline: true, Now: now})
	roots, err := trust.Roots()
	if err != nil || len(roots) != 1 {
		t.Fatal(roots, err)
	}
	r := roots[0].Record
	if r.Kind != TrustKind || r.Origin != inspect.TrustEmbedded || r.Digest != digestOf(roots[0].Bytes) ||
		r.Age != "993d" {
		t.Errorf("record is %+v", r)
	}
	if len(trust.Notes()) != 1 || !strings.Contains(trust.Notes()[0], "993d") {
		t.Errorf("notes are %q", trust.Notes())
	}
	if len(roots[0].Material.RekorLogs()) == 0 || len(roots[0].Material.CTLogs()) == 0 {
		t.Error("the embedded root has no logs")
	}
}

func TestFilesAreTheOnlyRoots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trusted_root.json")
	if err := os.WriteFile(path, embeddedRoot, 0o600); err != nil {
		t.Fatal(err)
	}
	trust := NewTrust(TrustOptions{Files: []string{path, path}})
	roots, err := trust.Roots()
	if err != nil || len(roots) != 2 || roots[0].Record.Origin != inspect.TrustFile || roots[0].Record.Name != path ||
		len(trust.Notes()) != 0 {
		t.Errorf("roots %+v, %v, %q", roots, err, trust.Notes())
	}
}

func TestRootsThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.json")
	if err := os.WriteFile(broken, []byte(`{"mediaType":"x"`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "missing.json"), broken, dir} {
		if _, err := NewTrust(TrustOptions{Files: []string{path}}).Roots(); err == nil ||
			!strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// Without a network the embedded copy stands in, and the case says why.
func TestNoNetwork(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
	trust := NewTrust(TrustOptions{CacheDir: t.TempDir()})
	roots, err := trust.Roots()
	if err != nil || len(roots) != 1 {
		t.Fatal(roots, err)
	}
	if roots[0].Record.Origin == inspect.TrustEmbedded && len(trust.Notes()) != 1 {
		t.Errorf("notes are %q", trust.Notes())
	}
}

func FuzzRoot(f *testing.F) {
	f.Add(embeddedRoot)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewRoot(data, inspect.TrustFile, "fuzz")
		if err == nil {
			newestKey(r.Material)
		}
	})
}
