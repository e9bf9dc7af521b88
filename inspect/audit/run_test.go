package audit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
)

func TestRowsSayWhoSignedAndWhetherTheTagMoved(t *testing.T) {
	f := newFleet(t)
	signed, plain := f.push("shop/web", "1", "web"), f.push("shop/db", "1", "db")
	f.sign(signed)
	moved := f.push("shop/api", "1", "old")
	f.push("shop/api", "1", "new")
	f.run("shop", "web", signed)
	f.run("shop", "db", plain)
	f.run("shop", "api", moved)
	b := newBench(t)
	b.known.Expected = f.expected()
	r := b.audit(f.snapshot())

	rows := byWorkload(r)
	web, db, api := rows["pod/web"], rows["pod/db"], rows["pod/api"]
	if web.Signature != inspect.Verified || web.Allowed != audit.Yes || web.State != audit.Done {
		t.Errorf("signed image: signature %s, allowed %s, state %s: %s", web.Signature, web.Allowed, web.State, web.Reason)
	}
	if db.Signature != inspect.Absent || db.Allowed != audit.No || db.Level != audit.Block {
		t.Errorf("unsigned image: signature %s, allowed %s, level %s", db.Signature, db.Allowed, db.Level)
	}
	if api.TagMoved == nil || !*api.TagMoved || api.TagMeans == "" || web.TagMoved == nil || *web.TagMoved {
		t.Errorf("moved: %v %s; not moved: %v", api.TagMoved, api.TagMeans, web.TagMoved)
	}
	if web.Base.Name != "docker.io/library/debian:11" || web.Base.EndOfLife.Format(time.DateOnly) != "2026-08-31" {
		t.Errorf("base %+v", web.Base)
	}
	if web.Vulnerabilities.Block != nil {
		t.Error("vulnerabilities nobody looked at are counted")
	}
	if !r.Books.Balanced() || r.Books.Done != 3 || len(r.Blocked()) != 2 {
		t.Errorf("books %+v, blocked %q", r.Books, r.Blocked())
	}
}

func TestWhatCouldNotBeCheckedIsUnknownAndCounted(t *testing.T) {
	f := newFleet(t)
	web, lost, closed := f.push("shop/web", "1", "web"), f.push("shop/lost", "1", "l"), f.push("shop/closed", "1", "c")
	lost.digest = "sha256:" + fmt.Sprintf("%064d", 7)
	for name, i := range map[string]fleetImage{"web": web, "lost": lost, "closed": closed} {
		f.run("shop", name, i)
	}
	f.pods[0]["metadata"].(map[string]any)["labels"] = map[string]any{"tier": "front"}
	waiting := map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"namespace": "shop", "name": "waiting"},
		"spec":   map[string]any{"containers": []any{map[string]any{"name": "app", "image": f.host + "/shop/web:1"}}},
		"status": map[string]any{"phase": "Pending"},
	}
	ended := map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"namespace": "shop", "name": "ended"},
		"spec":   map[string]any{"containers": []any{map[string]any{"name": "app", "image": f.host + "/shop/web:1"}}},
		"status": map[string]any{"phase": "Succeeded"},
	}
	f.refused("shop/closed", http.StatusUnauthorized)
	r := newBench(t).audit(f.snapshot(waiting, ended))

	want := audit.Books{Listed: 5, Done: 1, NotChecked: 3, Skipped: 1}
	if r.Books != want {
		t.Errorf("books %+v, want %+v", r.Books, want)
	}
	for workload, row := range byWorkload(r) {
		if workload != "pod/web" && (row.Allowed != audit.Unknown || row.Signature != inspect.Unknown || row.Reason == "") {
			t.Errorf("%s: allowed %s, signature %s, reason %q", workload, row.Allowed, row.Signature, row.Reason)
		}
	}
	if len(r.Unchecked()) != 3 {
		t.Errorf("unchecked %q", r.Unchecked())
	}
}

func TestAnAuditThatWasKilledGoesOn(t *testing.T) {
	f := newFleet(t)
	for n := range 12 {
		f.run("shop", fmt.Sprintf("web-%02d", n), f.push(fmt.Sprintf("shop/web-%02d", n), "1", fmt.Sprint(n)))
	}
	whole := newBench(t).audit(f.snapshot())

	b := newBench(t)
	l, err := audit.List(t.Context(), f.snapshot(), audit.Selection{})
	must(t, err)
	began := time.Now()
	since, err := b.store.Begin("all", began)
	must(t, err)
	r := b.runner(l)
	r.Fresh, r.Parallel = since, 1
	ctx, stop := context.WithCancel(t.Context())
	r.Progress = func(p audit.Progress) {
		if p.Done == 5 {
			stop() // the end of the process comes between two images
		}
	}
	partial, err := r.Run(ctx, l)
	if !errors.Is(err, context.Canceled) || partial.Books.Done < 5 || !partial.Books.Balanced() {
		t.Fatalf("interrupted: %v, books %+v", err, partial.Books)
	}

	if since, err = b.store.Begin("all", time.Now()); err != nil || !since.Equal(began.UTC()) {
		t.Fatalf("it goes on since %s, not %s: %v", since, began, err)
	}
	again := b.runner(l)
	again.Fresh = since
	reused := 0
	again.Progress = func(p audit.Progress) { reused = p.Reused }
	r2, err := again.Run(t.Context(), l)
	must(t, err)
	if reused < 5 {
		t.Errorf("%d images were not examined again, want 5 or more", reused)
	}
	if a, b := encode(t, whole), encode(t, r2); a != b {
		t.Errorf("the answer differs from that of an audit that was not interrupted:\n%s\n%s", a, b)
	}
	must(t, b.store.End("all"))
	if since, err = b.store.Begin("all", began.Add(time.Hour)); err != nil || !since.Equal(began.Add(time.Hour)) {
		t.Errorf("an audit that ended is gone on with: %s %v", since, err)
	}
}

func TestRecheckAsksNoRegistry(t *testing.T) {
	f := newFleet(t)
	web, db := f.push("shop/web", "1", "web"), f.push("shop/db", "1", "db")
	f.sign(web)
	f.run("shop", "web", web)
	b := newBench(t)
	b.known.Expected = f.expected()
	full := b.audit(f.snapshot())

	f.run("shop", "db", db) // nothing is known of it
	before := f.count()
	l, err := audit.List(t.Context(), f.snapshot(), audit.Selection{})
	must(t, err)
	r := b.runner(l)
	r.Recheck = true
	b.known.Advisories = func(i inspect.Image) ([]inspect.Advisory, []inspect.Finding, error) {
		return []inspect.Advisory{{ID: "MAL-1", Severity: inspect.Critical, Subject: "left-pad 1.0"}},
			[]inspect.Finding{{
				Check: "advisories", Code: "known-compromise", Status: inspect.RowFailed,
				Severity: inspect.Critical, Title: "left-pad 1.0 is known to be malicious",
			}}, nil
	}
	again, err := r.Run(t.Context(), l)
	must(t, err)
	if f.count() != before {
		t.Errorf("%d requests went to the registry", f.count()-before)
	}
	rows := byWorkload(again)
	if row := rows["pod/web"]; row.Signature != inspect.Verified || row.Level != audit.Block ||
		!slices.Equal(row.Advisories, []string{"MAL-1"}) {
		t.Errorf("row %+v", row)
	}
	if row := rows["pod/db"]; row.State != audit.NotChecked || row.Allowed != audit.Unknown {
		t.Errorf("an image that nothing is stored of: %s, allowed %s", row.State, row.Allowed)
	}
	changes := audit.Compare(&full, &again)
	if !slices.ContainsFunc(changes, func(c audit.Change) bool { return c.Kind == audit.NewAdvisory && c.To == "MAL-1" }) {
		t.Errorf("changes %+v", changes)
	}
}

func TestChangesSinceTheLastAudit(t *testing.T) {
	f := newFleet(t)
	web, api := f.push("shop/web", "1", "web"), f.push("shop/api", "1", "api")
	f.sign(web)
	f.run("shop", "web", web)
	f.run("shop", "api", api)
	b := newBench(t)
	b.known.Expected = f.expected()
	before := b.audit(f.snapshot())

	f.unsign(web)
	f.push("shop/api", "1", "another")
	after := b.audit(f.snapshot())
	kinds := map[audit.ChangeKind]string{}
	for _, c := range audit.Compare(&before, &after) {
		kinds[c.Kind] = c.Workload
	}
	want := map[audit.ChangeKind]string{
		audit.VanishedSignature: "pod/web", audit.MovedTag: "pod/api",
		audit.NoLongerAllowed: "pod/web", audit.CrossedThreshold: "pod/web",
	}
	for kind, workload := range want {
		if kinds[kind] != workload {
			t.Errorf("%s of %q, want %s; changes %v", kind, kinds[kind], workload, kinds)
		}
	}

	f.refused("sha256-", http.StatusForbidden) // a registry that is silent has deleted nothing
	silent := b.audit(f.snapshot())
	for _, c := range audit.Compare(&before, &silent) {
		if c.Kind == audit.VanishedSignature {
			t.Errorf("a store that could not be read counts as an empty one: %+v", c)
		}
	}
}

// A fleet of the size that is promised: 1,000 pods of 150 images, of which some are signed, moved, lost or refused.
func TestAFleetOfThousandPodsWithinItsBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	f, pods := newFleet(t), 1000
	for n := range 150 {
		i := f.push(fmt.Sprintf("shop/app-%d", n), "1", fmt.Sprint(n))
		switch {
		case n%3 == 0:
			f.sign(i)
		case n%25 == 1:
			i.digest = "sha256:" + fmt.Sprintf("%064d", n)
		case n%20 == 2:
			f.push(fmt.Sprintf("shop/app-%d", n), "1", fmt.Sprint("moved ", n))
		}
		f.images[n] = i
		for p := n; p < pods; p += 150 {
			f.run(fmt.Sprintf("team-%d", n%7), fmt.Sprintf("pod-%04d", p), i)
		}
	}
	f.refused("shop/app-149", http.StatusUnauthorized)
	s := f.snapshot()
	b := newBench(t)
	b.known.Expected = f.expected()
	began := time.Now()
	cold := b.audit(s)
	took := time.Since(began)
	began = time.Now()
	warm := b.audit(s)
	t.Logf("%d containers, cold %s, warm %s, %d requests; %s", len(cold.Rows), took.Round(time.Millisecond),
		time.Since(began).Round(time.Millisecond), f.count(), cold.Summary())
	if took > 30*time.Second && os.Getenv("CI") == "" {
		t.Errorf("a cold audit took %s, at most 30 s", took)
	}
	if !cold.Books.Balanced() || cold.Books.Listed != pods || cold.Books.NotChecked == 0 {
		t.Errorf("books %+v", cold.Books)
	}
	if encode(t, cold) != encode(t, warm) {
		t.Error("the second audit has another answer")
	}
}

func byWorkload(r audit.Report) map[string]audit.Row {
	all := map[string]audit.Row{}
	for _, row := range r.Rows {
		all[row.Workload] = row
	}
	return all
}

func encode(t *testing.T, r audit.Report) string {
	t.Helper()
	b, err := inspect.EncodeJSON(r)
	must(t, err)
	return string(b)
}

func TestVulnerabilitiesByTheirLevels(t *testing.T) {
	f := newFleet(t)
	f.run("shop", "web", f.push("shop/web", "1", "web"))
	b := newBench(t)
	b.depth = audit.Packages
	rows := []inspect.Vuln{
		{ID: "CVE-2026-1", Package: "libx", Version: "1", Severity: inspect.Medium, KEV: true},
		{ID: "CVE-2026-2", Package: "libx", Version: "1", Severity: inspect.High, Fixed: "2", Published: day("2026-03-01")},
		{ID: "CVE-2026-3", Package: "liby", Version: "1", Severity: inspect.Low},
	}
	var failed error
	b.known.Vulnerable = func(inspect.Image) ([]inspect.Vuln, bool, error) { return rows, failed == nil, failed }
	row := byWorkload(b.audit(f.snapshot()))["pod/web"]
	if l := row.Vulnerabilities; l.Block == nil || *l.Block != 1 || *l.Warn != 1 || *l.Log != 1 || row.Level != audit.Block {
		t.Errorf("level %s, %+v", row.Level, row)
	}
	if len(row.Crossed) != 2 || !strings.Contains(row.Crossed[0], "CVE-2026-1") || !strings.Contains(row.Crossed[1], "due 2026-03-31") {
		t.Errorf("crossed %q", row.Crossed)
	}
	if row.Base.Distribution != "debian 11 (os-release)" {
		t.Errorf("distribution %q", row.Base.Distribution)
	}

	// what could not be compared leaves the counts open, and what was found counts all the same
	failed = errors.New("2 packages could not be compared")
	r := b.audit(f.snapshot())
	row = byWorkload(r)["pod/web"]
	if row.Vulnerabilities.Block != nil || row.Level != audit.Block {
		t.Errorf("level %s, counts %+v", row.Level, row.Vulnerabilities)
	}
	if !slices.ContainsFunc(r.NotLookedAt, func(g audit.Gap) bool { return g.What == "vulnerabilities" }) {
		t.Errorf("not looked at %+v", r.NotLookedAt)
	}

	// a waiver with an owner, a reason and an end
	failed = nil
	b.known.Thresholds.Waivers = []inspect.Waiver{{ID: "CVE-2026-1", Owner: "a", Reason: "not loaded", Until: day("2027-01-01")}}
	row = byWorkload(b.audit(f.snapshot()))["pod/web"]
	if row.Level != audit.Warn || *row.Vulnerabilities.Block != 0 {
		t.Errorf("level %s after a waiver", row.Level)
	}
}

func TestLayersOfADigestAreReadOnce(t *testing.T) {
	f := newFleet(t)
	i := f.push("shop/web", "1", "web")
	f.run("shop", "web", i)
	b := newBench(t)
	b.depth = audit.Packages
	first := b.audit(f.snapshot())
	f.sign(i) // who signed it may change
	read := 0
	b.reading = func() { read++ }
	second := b.audit(f.snapshot())
	one, two := byWorkload(first)["pod/web"], byWorkload(second)["pod/web"]
	if two.State != audit.Done || two.Base.Distribution != one.Base.Distribution {
		t.Errorf("the second audit: %s %s", two.State, two.Reason)
	}
	if read != 0 {
		t.Errorf("the layers were read %d times again", read)
	}
	if one.Signature != inspect.Absent || two.Signature == inspect.Absent {
		t.Errorf("signature %s, then %s", one.Signature, two.Signature)
	}
}
