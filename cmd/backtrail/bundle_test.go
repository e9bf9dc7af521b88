package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

// savedCalm inspects an image and gives its home and the ID of its case.
func savedCalm(t *testing.T) (home, id string) {
	t.Helper()
	home = newHome(t)
	call(t, "inspect", calmImage(t), "--offline", "-o", "brief").wants(t, exitPassed)
	ids := casesIn(t, home)
	if len(ids) != 1 {
		t.Fatalf("cases %v", ids)
	}
	return home, ids[0]
}

// A bundle that does not fit its manifests opens with a banner in every form, on stderr, and in all that is made of it.
func TestABundleThatDoesNotFit(t *testing.T) {
	home, id := savedCalm(t)
	bag, again := filepath.Join(home, "bag"), filepath.Join(home, "again")
	call(t, "open", id, "--export", bag).wants(t, exitPassed, "tagmanifest sha256:")
	layertest.Must(t, os.WriteFile(filepath.Join(bag, "data", "report.md"), []byte("all is well\n"), 0o600))
	const banner = "bundle is not intact: data/report.md"
	for _, verb := range []string{"open", "inspect"} {
		for _, form := range outputs {
			o := call(t, verb, bag, "-o", form)
			o.wants(t, exitPassed, banner)
			if !strings.Contains(o.out, banner) {
				t.Errorf("%s -o %s: the banner is missing on stdout:\n%.300s", verb, form, o.out)
			}
			if form == "json" && !json.Valid([]byte(o.out)) {
				t.Errorf("%s: the banner breaks the JSON: %.200s", verb, o.out)
			}
			for line := range strings.Lines(o.out) {
				if form == "events" && !json.Valid([]byte(line)) {
					t.Errorf("%s: the banner breaks the events: %s", verb, line)
				}
			}
		}
	}
	call(t, "open", bag, "--export", again).wants(t, exitPassed, banner)
	info, err := os.ReadFile(filepath.Join(again, "bag-info.txt"))
	layertest.Must(t, err)
	if !strings.Contains(strings.ReplaceAll(string(info), "\n ", " "), "does not fit: data/report.md") {
		t.Errorf("the export does not name its parent's state:\n%s", info)
	}
	call(t, "verify", again).wants(t, exitFailed, "was not intact")
	call(t, "verify", bag).wants(t, exitFailed, "data/report.md")
}

// open --export prints nothing by itself, and with -o the case too; inspect of a bundle does the same.
func TestExportBesideAPrintedCase(t *testing.T) {
	home, id := savedCalm(t)
	in := func(name string) string { return filepath.Join(home, name) }
	if o := call(t, "open", id, "--export", in("one")); o.code != exitPassed || o.out != "" {
		t.Errorf("exit %d, stdout %q: %s", o.code, o.out, o.err)
	}
	for verb, name := range map[string]string{"open": id, "inspect": in("one")} {
		o := call(t, verb, name, "--export", in(verb), "-o", "json", "--layers", "none")
		o.wants(t, exitPassed, "tagmanifest sha256:")
		if !json.Valid([]byte(o.out)) || !strings.Contains(o.out, `"status": "passed"`) {
			t.Errorf("%s: %.300s", verb, o.out)
		}
		call(t, "verify", in(verb)).wants(t, exitPassed)
	}
}

// The case of a bundle was made: what would make another one is refused, not ignored.
func TestABundleTakesNoFlagsThatMakeACase(t *testing.T) {
	home, id := savedCalm(t)
	bag := filepath.Join(home, "bag")
	call(t, "open", id, "--export", bag).wants(t, exitPassed)
	for _, flag := range []string{
		"--known-good=oci:x", "--checkpoint=c.tar", "--window=2026-01-01,", "--skip-layer=1",
		"--key=k.pub", "--namespace=shop", "--alerts=falco.log", "--thresholds=t.yaml", "--policy=p.yaml",
	} {
		name, _, _ := strings.Cut(flag, "=")
		o := call(t, "inspect", bag, flag)
		o.wants(t, exitUsage, "leave "+name+" out")
		if o.out != "" {
			t.Errorf("%s: %s", flag, o.out)
		}
	}
	call(t, "inspect", bag, "--offline", "--no-color").wants(t, exitPassed)
}

// What is there is never written over, and is noticed before a case runs for minutes.
func TestNothingIsOverwritten(t *testing.T) {
	home, id := savedCalm(t)
	mine := fileIn(t, "mine", "precious")
	for _, line := range []string{
		"inspect oci:nowhere --offline --export ", "demo --export ",
		"open " + id + " --export ", "journal export ",
	} {
		call(t, strings.Fields(line+mine)...).wants(t, exitCouldNotRun, "is there already", "nothing is overwritten")
	}
	call(t, "thresholds", "init", mine).wants(t, exitUsage, "is there already")
	if b, err := os.ReadFile(mine); err != nil || string(b) != "precious" {
		t.Errorf("it is %q (%v)", b, err)
	}
	if ids := casesIn(t, home); len(ids) != 1 {
		t.Errorf("cases %v", ids)
	}
}

// An export that is interrupted at any of its steps leaves nothing, neither at the path nor beside it, and the case can
// be exported afterwards.
func TestAnInterruptedExportLeavesNothing(t *testing.T) {
	_, id := savedCalm(t)
	for _, name := range []string{"bag", "bag.tar.gz", "bag.tar.zst"} {
		for stop := 1; stop <= 3; stop++ {
			dir := t.TempDir()
			s, err := newSession(&flags{offline: true}, streams{err: &bytes.Buffer{}})
			layertest.Must(t, err)
			saved, err := s.findSaved(t.Context(), id)
			layertest.Must(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			seen := 0
			_, err = exportCase(ctx, s, saved.recorded, saved.store, filepath.Join(dir, name),
				evidence.Options{Layers: evidence.LayersAll}, func(inspect.Progress) {
					if seen++; seen == stop {
						cancel()
					}
				})
			cancel()
			if seen >= stop && err == nil {
				t.Errorf("%s: it ended well after it was interrupted at step %d", name, stop)
			}
			left, errRead := os.ReadDir(dir)
			layertest.Must(t, errRead)
			if err != nil && len(left) > 0 {
				t.Errorf("%s, step %d: %v left %s", name, stop, err, left[0].Name())
			}
			s.close()
		}
	}
	call(t, "open", id, "--export", filepath.Join(t.TempDir(), "bag")).wants(t, exitPassed)
}

// The name of a bundle is that of its target in lower case, and of a path that is free.
func TestProposedPathOfABundle(t *testing.T) {
	t.Chdir(t.TempDir())
	at := inspect.At(opened)
	for target, want := range map[string]string{
		"pod/web-0":               "backtrail-pod-web-0-20260301T080000Z",
		"ghcr.io/Org/App:1.2":     "backtrail-ghcr.io-org-app-1.2-20260301T080000Z",
		"../../etc/passwd":        "backtrail-etc-passwd-20260301T080000Z",
		"a\x1b[2J b":              "backtrail-a--2j-b-20260301T080000Z",
		strings.Repeat("x", 1000): "backtrail-" + strings.Repeat("x", 60) + "-20260301T080000Z",
		"":                        "backtrail--20260301T080000Z",
	} {
		c := inspect.Case{}
		c.Target.Name, c.Started = target, at
		if got := exportPath(c); got != want {
			t.Errorf("%q: %s, want %s", target, got, want)
		}
	}
	c := inspect.Case{}
	c.Target.Name, c.Started = "pod/web-0", at
	for _, want := range []string{"", "-2", "-3"} {
		path := exportPath(c)
		if path != "backtrail-pod-web-0-20260301T080000Z"+want {
			t.Errorf("%s, want the suffix %q", path, want)
		}
		layertest.Must(t, os.Mkdir(path, 0o700))
	}
}

// A file that is saved out of an image is the person's alone, cannot be run, and is whole or not there.
func TestSavingAFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "miner")
	if err := save(t.Context(), path, strings.NewReader("\x7fELF")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 4 {
		t.Errorf("%v, %v", info, err)
	}
	if err := save(t.Context(), path, strings.NewReader("other")); err == nil {
		t.Error("it was written over")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for name, err := range map[string]error{
		"cut":         save(t.Context(), filepath.Join(dir, "cut"), &brokenReader{}),
		"interrupted": save(ctx, filepath.Join(dir, "interrupted"), strings.NewReader("x")),
		"nowhere/x":   save(t.Context(), filepath.Join(dir, "nowhere", "x"), strings.NewReader("x")),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "saving to ") {
			t.Errorf("%s: %v", name, err)
		}
		if isFile(filepath.Join(dir, name)) {
			t.Errorf("%s: a part of it is left", name)
		}
	}
}

// brokenReader breaks off after some bytes.
type brokenReader struct{ read bool }

func (r *brokenReader) Read(p []byte) (int, error) {
	if r.read {
		return 0, os.ErrDeadlineExceeded
	}
	r.read = true
	return copy(p, "some"), nil
}
