package journal

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// rowsOf counts the rows of a table.
func rowsOf(t *testing.T, j *Journal, table string) (n int) {
	t.Helper()
	if err := j.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPruneRemovesWhatEndedAndNothingElse(t *testing.T) {
	j, ctx := opened(t), t.Context()
	fold(t, j, folded(t, "a", 0, inspect.Event{Fact: inspect.Finding{ID: "1", Subject: "app", Severity: inspect.High}}))
	fold(t, j, folded(t, "b", 100))
	for day := range 2 {
		a := Audit{Scope: "prod", At: inspect.At(noon.AddDate(0, 0, day)), Depth: Packages, Document: []byte(`{}`)}
		if err := j.PutAudit(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	p, err := j.Prune(ctx, noon.AddDate(0, 0, 50))
	if err != nil || p != (Pruned{Sightings: 1, Images: 1, Findings: 0, Audits: 1}) {
		t.Errorf("removed %+v, %v", p, err)
	}
	if m, err := j.Missing(ctx, []string{digest("a"), digest("b")}, Full); err != nil || len(m) != 1 || m[0] != digest("a") {
		t.Errorf("missing %v, %v", m, err)
	}
	if hits, err := j.Lookup().ImagesWithPath(ctx, "/usr/bin/xz"); err != nil || len(hits) != 1 {
		t.Errorf("the files of the image that is left: %v, %v", hits, err)
	}
	if _, err := j.LastAudit(ctx, "prod"); err != nil {
		t.Errorf("the newest audit of a scope stays: %v", err)
	}
	if p, err = j.Prune(ctx, noon.AddDate(0, 0, 200)); err != nil || p.Sightings != 1 || p.Images != 1 || p.Findings != 1 {
		t.Errorf("removed %+v, %v", p, err)
	}
	for _, table := range []string{
		"alias", "layer", "signer", "lead", "image_part", "part", "part_package", "part_file",
		"package", "content", "path", "place",
	} {
		if n := rowsOf(t, j, table); n > 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
}

func TestImagesShareTheirParts(t *testing.T) {
	j := opened(t)
	for _, name := range []string{"a", "b", "c"} {
		if err := j.PutImage(t.Context(), Full, image(name), someFiles...); err != nil {
			t.Fatal(err)
		}
	}
	if n := rowsOf(t, j, "part"); n != 3 { // packages of two layers, files of one
		t.Errorf("%d parts", n)
	}
	if n := rowsOf(t, j, "image_part"); n != 9 {
		t.Errorf("%d parts of images", n)
	}
}

func TestAnExportIsImportedAsItWas(t *testing.T) {
	from, to, ctx := opened(t), opened(t), t.Context()
	alert := inspect.Event{Fact: inspect.Alert{ID: "1", Rule: "Shell", Time: inspect.At(noon), Subject: "app", Match: inspect.MatchDigest}}
	finding := inspect.Event{Fact: inspect.Finding{ID: "1", Subject: "app", Severity: inspect.High}}
	fold(t, from, folded(t, "a", 0, alert, finding))
	fold(t, from, folded(t, "b", 9))
	if err := from.PutAudit(ctx, Audit{Scope: "prod", At: inspect.At(noon), Document: []byte(`{"x":1}`)}); err != nil {
		t.Fatal(err)
	}
	if err := from.Waive(ctx, web, "1", Waiver{Owner: "ops", Reason: "why", Given: inspect.At(noon)}); err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if _, err := from.Export(ctx, &first); err != nil {
		t.Fatal(err)
	}
	for range 2 { // taking it twice changes nothing
		if n, err := to.Import(ctx, bytes.NewReader(first.Bytes())); err != nil || n.Skipped > 0 {
			t.Fatalf("%+v, %v", n, err)
		}
	}
	if _, err := to.Export(ctx, &second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Errorf("exported\n%s\nand after the import\n%s", first.String(), second.String())
	}
	for _, kind := range []string{`"run"`, `"alert"`, `"image"`, `"finding"`, `"audit"`, `"waiver":{`, `"end"`} {
		if !strings.Contains(first.String(), kind) {
			t.Errorf("the export has no %s", kind)
		}
	}
}

func TestWhatIsNoExportIsRefused(t *testing.T) {
	head := `{"schema":"backtrail.dev/journal/v1"}` + "\n"
	for text, want := range map[string]string{
		"":                               "cut off after line 0",
		"no JSON":                        "reading line 1",
		`{"schema":"other"}`:             "does not name the schema",
		head:                             "cut off after line 1",
		head + `{"end":{"lines":7}}`:     "cut off after line 2",
		head + `{"run":{"cluster":"c"}}`: "has no digest",
		head + `{"image":{"digest":"sha256:x","depth":"full","version":1,"facts":{"digest":"sha256:y"}}}`: "are those of sha256:y",
		head + `{"image":{"digest":"sha256:x","depth":"deep","version":1,"facts":{"digest":"sha256:x"}}}`: "is no depth",
		head + `{"audit":{"scope":"s"}}`: "no time",
	} {
		if _, err := opened(t).Import(t.Context(), strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWhatIsOfANewerVersionIsCounted(t *testing.T) {
	text := `{"schema":"backtrail.dev/journal/v1"}
{"novelty":{}}
{"image":{"digest":"sha256:x","depth":"full","version":99,"facts":{}}}
{"end":{"lines":3}}`
	n, err := opened(t).Import(t.Context(), strings.NewReader(text))
	if err != nil || n != (Transferred{Lines: 4, Skipped: 2}) {
		t.Errorf("%+v, %v", n, err)
	}
}

func FuzzImport(f *testing.F) {
	f.Add(`{"schema":"backtrail.dev/journal/v1"}` + "\n" + `{"run":{"digest":"a","firstSeen":"2026-01-01T00:00:00Z","lastSeen":"2026-01-01T00:00:00Z"}}` + "\n" + `{"end":{"lines":2}}`)
	f.Add(`{"schema":"backtrail.dev/journal/v1"}` + "\n" + `{"image":{"digest":"a","depth":"full","version":1,"facts":{"digest":"a","packages":[{"layer":-5}]},"files":[{"path":"x","sha256":"zz"}]}}`)
	f.Add(`{"schema":"backtrail.dev/journal/v1"}` + "\n" + `{"finding":{"id":"1","waiver":{}}}`)
	j, err := Open(f.Context(), Path(f.TempDir()))
	if err != nil {
		f.Fatal(err)
	}
	defer j.Close()
	f.Fuzz(func(t *testing.T, text string) {
		_, err := j.Import(t.Context(), strings.NewReader(text))
		if errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
		if _, err := j.Count(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestTheExportIsInTheOrderOfTheDigests(t *testing.T) {
	j := opened(t)
	for _, name := range []string{"c", "a", "b"} {
		if err := j.See(t.Context(), []Sighting{saw("shop/web:1", digest(name), noon.Add(time.Hour))}); err != nil {
			t.Fatal(err)
		}
		if err := j.PutImage(t.Context(), Packages, image(name)); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := j.Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	at := func(name string) int { return strings.LastIndex(b.String(), `"image":{"digest":"`+digest(name)) }
	if at("a") < 0 || at("a") > at("b") || at("b") > at("c") {
		t.Errorf("the images stand at %d, %d and %d", at("a"), at("b"), at("c"))
	}
}
