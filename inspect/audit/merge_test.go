package audit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// cut audits a dump in shards, each on a machine of its own, and returns their folders.
func cut(t *testing.T, f *fleet, shards int, known audit.Known) []string {
	t.Helper()
	var dirs []string
	for i := range shards {
		b := newBench(t)
		b.known = known
		l, err := audit.List(t.Context(), f.snapshot(), audit.Selection{})
		must(t, err)
		r := b.runner(l)
		s := audit.Shard{Index: i, Of: shards}
		mine := s.Choose(t.Context(), l, func(_ context.Context, u audit.Unit) string { return u.Key[:len(u.Key)-70] })
		dir := t.TempDir()
		part := audit.NewPart(dir, s, audit.Scope{Contexts: []string{l.Context}, Depth: audit.Identity},
			&known, l)
		r.Keep = part.Keep
		report, err := r.Run(t.Context(), mine)
		must(t, err)
		must(t, part.Close(&report))
		dirs = append(dirs, dir)
	}
	return dirs
}

func manyImages(t *testing.T) *fleet {
	t.Helper()
	f := newFleet(t)
	for n := range 20 {
		i := f.push(fmt.Sprintf("shop/app-%02d", n), "1", fmt.Sprint(n))
		if n%2 == 0 {
			f.sign(i)
		}
		if n == 7 {
			i.digest = "sha256:" + fmt.Sprintf("%064d", n)
		}
		f.run("shop", fmt.Sprintf("web-%02d", n), i)
		f.run("team", fmt.Sprintf("web-%02d", n), i)
	}
	return f
}

func TestPartsMergeToTheAnswerOfOneProcess(t *testing.T) {
	f := manyImages(t)
	known := audit.Known{Expected: f.expected(), Digest: "sha256:1", Thresholds: threshold.Default()}
	b := newBench(t)
	b.known = known
	one := b.audit(f.snapshot())
	dirs := cut(t, f, 3, known)

	merged, err := audit.Merge(dirs, &known)
	must(t, err)
	if got, want := encode(t, merged.Report), encode(t, one); got != want {
		t.Errorf("merged:\n%s\none process:\n%s", got, want)
	}
	if merged.Rederived < 1 || len(merged.Wrong) > 0 {
		t.Errorf("derived %d again, wrong %q", merged.Rederived, merged.Wrong)
	}
	// two jobs at once: each part twice changes nothing
	twice, err := audit.Merge(append(slices.Clone(dirs), cut(t, f, 3, known)...), &known)
	must(t, err)
	if encode(t, twice.Report) != encode(t, one) {
		t.Error("a second job changes the answer")
	}
}

func TestAMissingPartIsNotPassedOver(t *testing.T) {
	f := manyImages(t)
	known := audit.Known{Expected: f.expected(), Digest: "sha256:1", Thresholds: threshold.Default()}
	dirs := cut(t, f, 3, known)
	merged, err := audit.Merge(dirs[:2], &known)
	must(t, err)
	if b := merged.Books; !b.Balanced() || b.Listed != 40 || b.NotChecked < 4 {
		t.Errorf("books %+v", b)
	}
	gap := slices.ContainsFunc(merged.NotLookedAt, func(g audit.Gap) bool { return g.What == "shards 2" })
	if !gap || len(merged.Unchecked()) != merged.Books.NotChecked {
		t.Errorf("not looked at %+v, unchecked %d", merged.NotLookedAt, len(merged.Unchecked()))
	}
}

func TestAlteredFactsAreFound(t *testing.T) {
	f := newFleet(t)
	i := f.push("shop/web", "1", "web")
	f.run("shop", "web", i)
	known := audit.Known{Digest: "sha256:1"}
	dirs := cut(t, f, 1, known)
	files, err := filepath.Glob(filepath.Join(dirs[0], "facts", "*", "*.json.zst"))
	must(t, err)
	raw, err := os.ReadFile(files[0])
	must(t, err)
	raw[len(raw)-1] ^= 1
	must(t, os.WriteFile(files[0], raw, 0o600))
	merged, err := audit.Merge(dirs, &known)
	must(t, err)
	if len(merged.Wrong) != 1 || !strings.Contains(merged.Wrong[0], "the digest in its name") {
		t.Errorf("wrong %q", merged.Wrong)
	}

	// a row that was changed in the part does not follow from the facts
	dirs = cut(t, f, 1, known)
	path := filepath.Join(dirs[0], "part-0-of-1.json")
	raw, err = os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte(strings.Replace(string(raw), `"signature":"absent"`, `"signature":"verified"`, 1)), 0o600))
	merged, err = audit.Merge(dirs, &known)
	must(t, err)
	if len(merged.Wrong) != 1 || !strings.Contains(merged.Wrong[0], "does not follow") {
		t.Errorf("wrong %q", merged.Wrong)
	}
}

func TestPartsOfDifferentAuditsAreRefused(t *testing.T) {
	f := newFleet(t)
	f.run("shop", "web", f.push("shop/web", "1", "web"))
	dirs := append(cut(t, f, 1, audit.Known{}), cut(t, f, 2, audit.Known{})...)
	if _, err := audit.Merge(dirs, nil); err == nil || !strings.Contains(err.Error(), "different audits") {
		t.Errorf("got %v", err)
	}
	if _, err := audit.Merge([]string{t.TempDir()}, nil); err == nil {
		t.Error("an empty folder is merged")
	}
}
