package pane

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// frames is all panes as text.
func frames(v View) string {
	var all string
	for k := range Count {
		all += k.Spec().Name + "\n" + frame(v, k, 80) + "\n"
	}
	return all
}

// Checks overtake each other: what is on screen must not depend on which was faster.
func TestTheOrderOfFactsDoesNotMatter(t *testing.T) {
	events, want := incident().Case.Events(), frames(incident())
	for seed := range uint64(12) {
		shuffled := slices.Clone(events)
		random := rand.New(rand.NewPCG(seed, 1))
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		// a check begins before it ends, and a header comes before all else
		slices.SortStableFunc(shuffled, func(a, b inspect.Event) int { return order(a) - order(b) })
		if got := frames(folded(shuffled...)); got != want {
			t.Fatalf("shuffled by %d the panes are\n%s\nwant\n%s", seed, got, want)
		}
	}
}

// order keeps what a source never emits in another order.
func order(e inspect.Event) int {
	switch e.Fact.(type) {
	case inspect.Header:
		return 0
	case inspect.Begin:
		return 1
	case inspect.End:
		return 3
	default:
		return 2
	}
}

// A retry emits what was there before once more.
func TestFoldedTwiceIsFoldedOnce(t *testing.T) {
	events := incident().Case.Events()
	twice := folded(append(slices.Clone(events), events...)...)
	if got, want := frames(twice), frames(incident()); got != want {
		t.Errorf("folded twice the panes are\n%s\nwant\n%s", got, want)
	}
}

// The selection follows the identity of a row, so no two rows of a pane may share one, whatever an image contains.
func TestEveryRowHasAnIdentityOfItsOwn(t *testing.T) {
	for name, v := range map[string]View{
		"the incident": incident(), "all names alike": incidentSaying(t, "x"),
		"no names": incidentSaying(t, ""),
	} {
		for k := range Count {
			seen := map[string]bool{}
			for _, r := range k.Listed(v) {
				if seen[r.Key()] || r.Key() == "" {
					t.Errorf("%s: two rows of %s are called %q", name, k.Spec().Name, r.Key())
				}
				seen[r.Key()] = true
			}
		}
	}
}

// Two exhibits of one path: a screen that finds the cursor's row by its identity would jump from one to the other.
func TestTheCursorStaysBetweenRowsThatAreAlike(t *testing.T) {
	v := folded(imageFacts()...)
	for range 3 {
		v.Case.Timeline = append(v.Case.Timeline,
			inspect.Moment{Time: ago(5), What: "restarted", Trust: inspect.ByCluster})
	}
	list := widget.List[Row]{Paint: v.Paint}
	list.Set(Timeline.Listed(v))
	list.MoveTo(1)
	for range 3 {
		list.Set(Timeline.Listed(v))
		if list.At != 1 {
			t.Fatalf("the cursor went from row 1 to row %d", list.At)
		}
	}
}

// many is a case with n of everything that comes in numbers.
func many(n int) View {
	v := incident()
	var packages []inspect.Package
	for at := range n {
		path := fmt.Sprintf("/opt/app/%05d", at)
		for _, f := range []inspect.Fact{
			inspect.Binary{Path: path, Layer: 2, Severity: inspect.Medium, Status: inspect.RowFailed},
			inspect.Autorun{Path: path, Kind: "cron", Layer: 2, Severity: inspect.High, Status: inspect.RowFailed},
			inspect.Signature{ID: path, Identity: path, Status: inspect.Unknown, Reason: "unknown-key"},
			inspect.Provenance{ID: path, Builder: path, Status: inspect.Unknown},
			inspect.Layer{Position: at + 3, Number: at + 3, Digest: path, DiffID: path, Status: inspect.Verified},
			inspect.Moment{Time: inspect.At(now.AddDate(0, 0, -at)), What: path},
			inspect.Alert{ID: path, Rule: path, Subject: "web", Count: 1},
		} {
			v.Case.Apply(on("layers", "web", f))
		}
		v.Case.Pod.Containers = append(v.Case.Pod.Containers, inspect.Container{Name: path})
		packages = append(packages, inspect.Package{Type: "deb", Name: path, Version: "1"})
	}
	v.Whole = true
	v.Case.Apply(on("packages", "web", inspect.Packages{List: packages[:min(n, inspect.PackageBatch)]}))
	for at := inspect.PackageBatch; at < n; at += inspect.PackageBatch {
		v.Case.Apply(on("packages", "web", inspect.Packages{
			Offset: at,
			List:   packages[at:min(n, at+inspect.PackageBatch)],
		}))
	}
	return v
}

// Ten thousand of anything is listed in full, and what is drawn is only what can be seen.
func TestTenThousandRows(t *testing.T) {
	const n = 10_000
	v := many(n)
	for k := range Count {
		rows := k.Listed(v)
		if len(rows) < n {
			t.Errorf("%s lists %d rows, not %d", k.Spec().Name, len(rows), n)
			continue
		}
		made := 0
		for at := range rows {
			cells := rows[at].Line
			rows[at].Line = func(w int) []widget.Cell { made++; return cells(w) }
		}
		list := widget.List[Row]{Paint: v.Paint}
		list.Set(rows)
		list.MoveTo(n - 1)
		list.Seek(list.Len(), 20)
		if lines := list.Draw(&list, 80, 20, true); len(lines) != 20 || made != 20 {
			t.Errorf("%s draws %d lines, and makes %d of its rows for it", k.Spec().Name, len(lines), made)
		}
	}
}

// A detail is read by a person: long lists in it are cut with their number, never left out in silence.
func TestADetailIsBounded(t *testing.T) {
	v := incident()
	alert := inspect.Finding{ID: "big", Severity: inspect.High, Subject: "web:/big", Title: "big"}
	for at := range 10_000 {
		alert.Evidence = append(alert.Evidence, inspect.Evidence{Kind: "file", Path: fmt.Sprint("/e", at)})
	}
	p := inspect.Provenance{ID: "big", Status: inspect.Unknown}
	for at := range 10_000 {
		p.Materials = append(p.Materials, inspect.Material{URI: fmt.Sprint("pkg:x/", at)})
	}
	for name, text := range map[string]string{
		"a finding":   detail(v, findingRow(v, alert)),
		"a statement": detail(v, provenanceRow(v, p)),
	} {
		if n := len(text); n > 40_000 {
			t.Errorf("the detail of %s has %d bytes", name, n)
		}
		has(t, name, text, fmt.Sprintf("… and %d more", 10_000-widget.MaxListed))
	}
}
