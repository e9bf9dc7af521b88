package journal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// noon is when the tests of this package take place.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// digest makes the digest of a name, of one character.
func digest(name string) string { return "sha256:" + strings.Repeat(name, 64) }

func opened(t *testing.T) *Journal {
	t.Helper()
	j, err := Open(t.Context(), Path(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// web is where the images of most tests run.
var web = Place{Cluster: "prod", Namespace: "shop", Workload: "deployment/web", Container: "app"}

// saw is a sighting at web.
func saw(reference, digest string, at time.Time) Sighting {
	return Sighting{
		Cluster: web.Cluster, Namespace: web.Namespace, Workload: web.Workload, Container: web.Container,
		Reference: reference, Digest: digest, At: at,
	}
}

func TestSightingsHaveAFirstAndALastTime(t *testing.T) {
	j := opened(t)
	for _, day := range []int{5, 1, 9, 3} {
		if err := j.See(t.Context(), []Sighting{saw("shop/web:1", digest("a"), noon.AddDate(0, 0, day))}); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := j.RunsAt(t.Context(), web)
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	if r := runs[0]; !r.First.Equal(noon.AddDate(0, 0, 1)) || !r.Last.Equal(noon.AddDate(0, 0, 9)) {
		t.Errorf("seen from %s to %s", r.First, r.Last)
	}
}

func TestASightingWithoutADigestIsLeftOut(t *testing.T) {
	j := opened(t)
	if err := j.See(t.Context(), []Sighting{saw("shop/web:1", "", noon), saw("shop/web:1", digest("a"), time.Time{})}); err != nil {
		t.Fatal(err)
	}
	if runs, err := j.Runs(t.Context()); err != nil || len(runs) != 0 {
		t.Errorf("%v, %v", runs, err)
	}
}

func TestTheWorkloadIsItsTopmostOwner(t *testing.T) {
	owner := func(kind, name string) inspect.Owner { return inspect.Owner{Kind: kind, Name: name} }
	for want, pod := range map[string]inspect.Pod{
		"pod/web-0":        {Name: "web-0"},
		"deployment/web":   {Name: "web-5d4f9-x", Owner: []inspect.Owner{owner("ReplicaSet", "web-5d4f9"), owner("Deployment", "web")}},
		"deployment/api":   {Name: "api-77-x", Owner: []inspect.Owner{owner("ReplicaSet", "api-77")}},
		"replicaset/plain": {Name: "plain-x", Owner: []inspect.Owner{owner("ReplicaSet", "plain")}},
		"statefulset/db":   {Name: "db-0", Owner: []inspect.Owner{owner("StatefulSet", "db")}},
	} {
		if got := WorkloadOf(&pod); got != want {
			t.Errorf("%s: got %s, want %s", pod.Name, got, want)
		}
	}
}

func image(name string) inspect.Image {
	return inspect.Image{
		ImageHead: inspect.ImageHead{
			Container: "app", Reference: "shop/web:1", Location: "shop/web@" + digest(name),
			Digest: digest(name), Created: inspect.At(noon), Status: inspect.Verified,
		},
		Layers: []inspect.Layer{{Number: 0, Digest: digest("1"), DiffID: digest("2")}},
		Packages: []inspect.Package{
			{
				Type: "deb", Name: "xz-utils", Version: "5.6.1-1", PURL: "pkg:deb/debian/xz-utils@5.6.1-1?arch=amd64",
				Locations: []string{"/var/lib/dpkg/status"},
			},
			{
				Type: "java-archive", Name: "log4j-core", Version: "2.14.1", PURL: "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
				Layer: 1, Locations: []string{"/app/lib/log4j-core-2.14.1.jar"},
			},
		},
		Signatures: []inspect.Signature{{ID: "s", Status: inspect.Verified, Identity: "build@shop.example"}},
		Gates:      []inspect.Gate{{Name: inspect.GateSignature}},
	}
}

var someFiles = []File{{Path: "/usr/bin/xz", SHA256: strings.Repeat("e", 64), Kind: FileExecutable}}

func TestFactsDoNotDependOnWhereTheImageRuns(t *testing.T) {
	j := opened(t)
	if err := j.PutImage(t.Context(), Full, image("a"), someFiles...); err != nil {
		t.Fatal(err)
	}
	got, err := j.Image(t.Context(), digest("a"), Full)
	if err != nil {
		t.Fatal(err)
	}
	if got.Container != inspect.ImageContainer || got.Reference != "" || got.Gates != nil {
		t.Errorf("stored with container %q, reference %q, gates %v", got.Container, got.Reference, got.Gates)
	}
	if len(got.Packages) != 2 || got.Packages[1].Locations[0] != "/app/lib/log4j-core-2.14.1.jar" || len(got.Signatures) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestWorkIsWhatRunsMinusWhatIsStored(t *testing.T) {
	j, ctx := opened(t), t.Context()
	withIndex := image("b")
	withIndex.Index = digest("f")
	for depth, i := range map[Depth]inspect.Image{Full: image("a"), Packages: withIndex, Identity: image("c")} {
		if err := j.PutImage(ctx, depth, i, someFiles...); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{digest("c"), digest("d"), digest("a"), digest("d"), digest("f")}
	for depth, want := range map[Depth][]string{
		Identity: {digest("d")},
		Packages: {digest("c"), digest("d")},
		Full:     {digest("c"), digest("d"), digest("f")},
	} {
		if got, err := j.Missing(ctx, all, depth); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", depth, got, err, want)
		}
	}
	if _, err := j.Image(ctx, digest("c"), Packages); !errors.Is(err, ErrNotStored) {
		t.Errorf("facts that are not deep enough: %v", err)
	}
}

func TestAShallowLookKeepsWhatADeepOneFound(t *testing.T) {
	j, ctx := opened(t), t.Context()
	if err := j.PutImage(ctx, Full, image("a"), someFiles...); err != nil {
		t.Fatal(err)
	}
	later := image("a")
	later.Packages, later.Signatures = nil, nil // the signature was deleted
	if err := j.PutImage(ctx, Identity, later); err != nil {
		t.Fatal(err)
	}
	got, err := j.Image(ctx, digest("a"), Full)
	if err != nil || len(got.Packages) != 2 || len(got.Signatures) != 0 {
		t.Errorf("%d packages, %d signatures, %v", len(got.Packages), len(got.Signatures), err)
	}
}

func TestFactsWithoutFilesAreNotFull(t *testing.T) {
	j := opened(t)
	if err := j.PutImage(t.Context(), Full, image("a")); err != nil {
		t.Fatal(err)
	}
	if m, err := j.Missing(t.Context(), []string{digest("a")}, Full); err != nil || len(m) != 1 {
		t.Errorf("missing %v, %v", m, err)
	}
}

func TestAuditsAreFoundByScopeAndTime(t *testing.T) {
	j, ctx := opened(t), t.Context()
	if _, err := j.LastAudit(ctx, "prod"); !errors.Is(err, ErrNotStored) {
		t.Errorf("no audit yet: %v", err)
	}
	for day, doc := range []string{`{"n":0}`, `{"n":1}`, `{"n":2}`} {
		a := Audit{Scope: "prod", At: inspect.At(noon.AddDate(0, 0, day)), Depth: Packages, Document: []byte(doc)}
		if err := j.PutAudit(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	last, err := j.LastAudit(ctx, "prod")
	if err != nil || string(last.Document) != `{"n":2}` || last.Depth != Packages {
		t.Errorf("last: %s, %v", last.Document, err)
	}
	before, err := j.AuditBefore(ctx, "prod", noon.AddDate(0, 0, 2))
	if err != nil || string(before.Document) != `{"n":1}` {
		t.Errorf("before: %s, %v", before.Document, err)
	}
	if all, err := j.Audits(ctx, "prod", 2); err != nil || len(all) != 2 || string(all[0].Document) != `{"n":2}` {
		t.Errorf("the last two: %d, %v", len(all), err)
	}
	if err := j.PutAudit(ctx, Audit{Scope: "prod", At: inspect.At(noon), Document: []byte("{")}); err == nil {
		t.Error("a document that is no JSON was stored")
	}
}

func TestFindingsAreOpenedClosedAndOpenedAgain(t *testing.T) {
	j, ctx := opened(t), t.Context()
	one := inspect.Finding{ID: "1", Code: "unexpected-binary", Severity: inspect.High, Title: "one"}
	look := func(day int, complete bool, found ...inspect.Finding) Finding {
		t.Helper()
		if err := j.PutFindings(ctx, web, digest("a"), noon.AddDate(0, 0, day), found, complete); err != nil {
			t.Fatal(err)
		}
		all, err := j.Findings(ctx, web)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d findings, %v", len(all), err)
		}
		return all[0]
	}
	if f := look(0, true, one); !f.Opened.Equal(noon) || !f.Closed.IsZero() {
		t.Errorf("opened %s, closed %s", f.Opened, f.Closed)
	}
	if f := look(1, false); !f.Closed.IsZero() {
		t.Error("a look that was not complete closed a finding")
	}
	if f := look(2, true); !f.Closed.Equal(noon.AddDate(0, 0, 2)) {
		t.Errorf("closed %s", f.Closed)
	}
	if f := look(3, true, one); !f.Opened.Equal(noon.AddDate(0, 0, 3)) || !f.Closed.IsZero() {
		t.Errorf("opened again %s, closed %s", f.Opened, f.Closed)
	}
}

func TestAWaiverHasAnEnd(t *testing.T) {
	j, ctx := opened(t), t.Context()
	one := inspect.Finding{ID: "1", Code: "unsigned", Severity: inspect.High}
	if err := j.PutFindings(ctx, web, digest("a"), noon, []inspect.Finding{one}, true); err != nil {
		t.Fatal(err)
	}
	by := Waiver{Owner: "ops", Reason: "migration", Given: inspect.At(noon), Ends: inspect.At(noon.AddDate(0, 1, 0))}
	if err := j.Waive(ctx, web, "1", by); err != nil {
		t.Fatal(err)
	}
	all, err := j.Findings(ctx, web)
	if err != nil || len(all) != 1 || all[0].Waiver == nil {
		t.Fatalf("%+v, %v", all, err)
	}
	w := all[0].Waiver
	if w.Owner != "ops" || !w.Holds(noon) || w.Holds(noon.AddDate(0, 1, 0)) || w.Holds(noon.AddDate(0, 0, -1)) {
		t.Errorf("%+v", w)
	}
}

func TestADamagedFileIsSetAsideAndNotLost(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"no database":  func([]byte) []byte { return []byte("this was a journal once, and it is none any more") },
		"broken pages": func(b []byte) []byte { return append(b[:16], make([]byte, len(b)-16)...) },
		"cut off":      func(b []byte) []byte { return b[:700] },
	} {
		t.Run(name, func(t *testing.T) {
			path, ctx := Path(t.TempDir()), t.Context()
			j, err := Open(ctx, path)
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoilt := spoil(b)
			if err := os.WriteFile(path, spoilt, 0o600); err != nil {
				t.Fatal(err)
			}
			if j, err = Open(ctx, path); err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			aside, _ := filepath.Glob(path + ".damaged-*")
			if len(aside) != 1 || !strings.Contains(j.Notice(), aside[0]) {
				t.Fatalf("set aside as %v, notice %q", aside, j.Notice())
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || !slices.Equal(kept, spoilt) {
				t.Errorf("what was set aside has %d bytes, %v", len(kept), err)
			}
			if err := j.See(ctx, []Sighting{saw("shop/web:1", digest("a"), noon)}); err != nil {
				t.Errorf("the new journal: %v", err)
			}
		})
	}
}

func TestAJournalOfANewerVersionIsLeftAsItIs(t *testing.T) {
	path, ctx := Path(t.TempDir()), t.Context()
	j, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.db.ExecContext(ctx, "PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, path); !errors.Is(err, ErrNewer) {
		t.Errorf("got %v", err)
	}
	if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) > 0 {
		t.Errorf("it was set aside as %v", aside)
	}
}

func TestNobodyElseCanReadTheJournal(t *testing.T) {
	j := opened(t)
	for _, name := range []string{j.Path(), j.Path() + "-wal"} {
		info, err := os.Stat(name)
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
	}
	if problems, err := j.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
