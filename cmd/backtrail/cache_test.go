package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/registry"
)

// Only a case that was exported as it is needs nothing of the cache.
func TestWhatACaseNeedsOfTheCache(t *testing.T) {
	at := func(minutes int) inspect.Time { return inspect.At(opened.Add(time.Duration(minutes) * time.Minute)) }
	exported := []ledger.Exported{{Time: at(5), Path: "bag"}}
	for name, c := range map[string]struct {
		found ledger.Saved
		want  string
	}{
		"exported":                    {ledger.Saved{Newest: at(4), Exported: exported}, ""},
		"exported in the same moment": {ledger.Saved{Newest: at(5), Exported: exported}, ""},
		"added to since":              {ledger.Saved{Newest: at(6), Exported: exported}, "added to since"},
		"never exported":              {ledger.Saved{Newest: at(4)}, "not exported"},
		"open, and exported":          {ledger.Saved{Running: true, Newest: at(4), Exported: exported}, "open now"},
		"damaged, and exported":       {ledger.Saved{Problem: "line 3", Exported: exported}, "cannot be read"},
		"damaged, with hostile text":  {ledger.Saved{Problem: "line \x1b[2J"}, "line ␛[2J"},
	} {
		if got := needs(c.found); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// The cases that keep something are listed up to a bound, and counted beyond it.
func TestPrunedIsReported(t *testing.T) {
	for _, c := range []struct {
		cases int
		lines int
		want  []string
		not   string
	}{
		{0, 1, []string{"12 bytes freed, 1 files"}, "stay"},
		{1, 4, []string{"34 bytes stay, 2 files: 1 case may need", "case 0"}, "  and "},
		{maxKeptCases, maxKeptCases + 3, []string{"20 cases may need", "case 19"}, "  and "},
		{maxKeptCases + 1, maxKeptCases + 4, []string{"21 cases may need", "and 1 more"}, "case 20"},
	} {
		var b bytes.Buffer
		var why []string
		for i := range c.cases {
			why = append(why, fmt.Sprintf("case %d", i))
		}
		pruned := registry.Pruned{Freed: 12, Files: 1, Left: 34, Stay: 2}
		layertest.Must(t, printPruned(streams{out: &b}, pruned, why))
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%d cases: no %q in\n%s", c.cases, want, b.String())
			}
		}
		if n := strings.Count(b.String(), "\n"); n != c.lines || strings.Contains(b.String(), c.not) {
			t.Errorf("%d cases: %d lines, want %d, without %q:\n%s", c.cases, n, c.lines, c.not, b.String())
		}
	}
}

// What a case rests on survives a prune, though image and registry are gone: it can be exported whole and verifies.
// When it was exported, the same prune takes it.
func TestPruneKeepsWhatCasesNeed(t *testing.T) {
	home := newHome(t)
	image := calmImage(t)
	call(t, "inspect", image, "--offline", "--no-journal", "-o", "brief").wants(t, exitPassed)
	id := casesIn(t, home)[0]
	layertest.Must(t, os.RemoveAll(strings.TrimPrefix(image, "oci:")))
	size := func() string { return call(t, "cache").out }
	before := size()
	o := call(t, "cache", "prune", "--days", "0")
	o.wants(t, exitPassed)
	if !strings.Contains(o.out, id+": not exported") {
		t.Errorf("it is not named:\n%s", o.out)
	}
	bag := filepath.Join(home, "bag")
	call(t, "open", id, "--export", bag, "--layers", "all").wants(t, exitPassed)
	call(t, "verify", bag).wants(t, exitPassed)
	call(t, "cache", "prune").wants(t, exitPassed) // nothing is 30 days old
	kept := size()
	o = call(t, "cache", "prune", "--days", "0")
	o.wants(t, exitPassed)
	if after := size(); strings.Contains(o.out, id) || after == kept || after == before {
		t.Errorf("before %safter %s%s", before, after, o.out)
	}
	call(t, "open", bag).wants(t, exitPassed)
}

// A blob that was changed on disk is set aside and kept; it is named once, and the cache verifies afterwards.
func TestADamagedCache(t *testing.T) {
	home, _ := savedCalm(t)
	store, err := registry.OpenStore(filepath.Join(home, ".cache", "backtrail"))
	layertest.Must(t, err)
	digest := layertest.SHA256([]byte("evidence"))
	layertest.Must(t, store.Put(digest, []byte("evidence")))
	path := filepath.Join(store.Dir(), "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
	layertest.Must(t, os.Chmod(path, 0o600))
	layertest.Must(t, os.WriteFile(path, []byte("evidenc3"), 0o600))
	o := call(t, "cache", "verify")
	o.wants(t, exitFailed, "1 file of the cache", "hint: they are set aside in "+filepath.Join(store.Dir(), "damaged"))
	if o.out != "damaged, set aside: blobs/sha256/"+filepath.Base(path)+"\n" {
		t.Errorf("stdout %s", o.out)
	}
	aside := ""
	damaged := filepath.Join(store.Dir(), "damaged")
	layertest.Must(t, filepath.WalkDir(damaged, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := os.ReadFile(p)
			aside += string(b)
		}
		return err
	}))
	if aside != "evidenc3" {
		t.Errorf("set aside: %q", aside)
	}
	if o := call(t, "cache", "verify"); o.out != "every file matches its digest\n" || o.code != exitPassed {
		t.Errorf("afterwards exit %d: %s%s", o.code, o.out, o.err)
	}
	if store.Has(digest) {
		t.Error("the damaged blob is still given out")
	}
}
