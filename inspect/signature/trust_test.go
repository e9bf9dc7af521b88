package signature

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/trustroot"
)

func TestEmbeddedRootIsTheFallback(t *testing.T) {
	origin, err := trustroot.EmbeddedOrigin()
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return origin.Fetched.Add(40*24*time.Hour + time.Hour) }
	trust := NewTrust(TrustOptions{Offline: true, Now: now})
	roots, err := trust.Roots()
	if err != nil || len(roots) != 1 {
		t.Fatal(roots, err)
	}
	r := roots[0].Record
	if r.Kind != TrustKind || r.Origin != inspect.TrustEmbedded || r.Digest != digestOf(roots[0].Bytes) ||
		r.Age != "40d" || !r.Fetched.Equal(origin.Fetched) || !strings.HasPrefix(r.Detail, origin.String()) {
		t.Errorf("record is %+v", r)
	}
	if len(trust.Notes()) != 1 || !strings.Contains(trust.Notes()[0], "40d ago") {
		t.Errorf("notes are %q", trust.Notes())
	}
	if len(roots[0].Material.RekorLogs()) == 0 || len(roots[0].Material.CTLogs()) == 0 {
		t.Error("the embedded root has no logs")
	}
}

func TestFilesAreTheOnlyRoots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trusted_root.json")
	if err := os.WriteFile(path, trustroot.Embedded(), 0o600); err != nil {
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
	trust := NewTrust(TrustOptions{fetch: func(context.Context) (trustroot.Fetched, error) {
		return trustroot.Fetched{}, errors.New("no such host")
	}})
	roots, err := trust.Roots()
	if err != nil || len(roots) != 1 || roots[0].Record.Origin != inspect.TrustEmbedded || roots[0].Record.Age == "" {
		t.Fatal(roots, err)
	}
	if n := trust.Notes(); len(n) != 1 || !strings.Contains(n[0], roots[0].Record.Age+" ago): no such host") {
		t.Errorf("notes are %q", n)
	}
}

// A cached root is as old as the last answer of the repository. Past what the cache may be used for, a note names that.
func TestAgeOfTheFetchedRoot(t *testing.T) {
	now := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		updated time.Time
		age     string
		note    string
	}{
		{now.Add(-time.Hour), "0d", ""},
		{now.Add(-5 * 24 * time.Hour), "5d", "fetched 5d ago: https://tuf.example does not answer"},
		{time.Time{}, "", ""},
	} {
		trust := NewTrust(TrustOptions{
			Now: func() time.Time { return now },
			fetch: func(context.Context) (trustroot.Fetched, error) {
				return trustroot.Fetched{Data: trustroot.Embedded(), Updated: tt.updated, Mirror: "https://tuf.example"}, nil
			},
		})
		roots, err := trust.Roots()
		if err != nil || len(roots) != 1 || roots[0].Record.Origin != inspect.TrustTUF || roots[0].Record.Age != tt.age {
			t.Errorf("%s: %+v, %v", tt.updated, roots, err)
		}
		if notes := strings.Join(trust.Notes(), "\n"); (notes == "") != (tt.note == "") || !strings.Contains(notes, tt.note) {
			t.Errorf("%s: notes are %q", tt.updated, notes)
		}
	}
}

func FuzzRoot(f *testing.F) {
	f.Add(trustroot.Embedded())
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewRoot(data, inspect.TrustFile, "fuzz")
		if err == nil {
			trustroot.NewestKey(r.Material)
		}
	})
}
