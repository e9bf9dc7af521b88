package fleet

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/where"
	"github.com/backtrail/backtrail/tui/widget"
)

// A row has one word, and what could not be checked is neither bad nor fine.
func TestTheWordOfARow(t *testing.T) {
	for _, c := range []struct {
		name  string
		row   audit.Row
		word  string
		rank  int
		tone  widget.Tone
		count string
	}{
		{
			"past block",
			audit.Row{State: audit.Done, Level: audit.Block, Allowed: audit.Yes},
			"BLOCK", 0, widget.ToneCritical, "1 0 0",
		},
		{
			"past block and refused",
			audit.Row{State: audit.Done, Level: audit.Block, Allowed: audit.No},
			"BLOCK", 0, widget.ToneCritical, "1 1 0",
		},
		{"refused", audit.Row{State: audit.Done, Allowed: audit.No}, "no", 1, widget.ToneBad, "0 1 0"},
		{"not checked", audit.Row{State: audit.NotChecked, Allowed: audit.Unknown}, "?", 2, widget.ToneWarn, "0 0 1"},
		{"failed", audit.Row{State: audit.Failed}, "?", 2, widget.ToneWarn, "0 0 1"},
		{"a row of nothing", audit.Row{}, "?", 2, widget.ToneWarn, "0 0 1"},
		{
			"due",
			audit.Row{State: audit.Done, Level: audit.Warn, Allowed: audit.Yes},
			"warn", 3, widget.ToneWarn, "0 0 0",
		},
		{
			"due, and not known",
			audit.Row{State: audit.Done, Level: audit.Warn, Allowed: audit.Unknown},
			"warn", 3, widget.ToneWarn, "0 0 1",
		},
		{"not known", audit.Row{State: audit.Done, Allowed: audit.Unknown}, "?", 4, widget.ToneWarn, "0 0 1"},
		{"fine", audit.Row{State: audit.Done, Allowed: audit.Yes}, "·", 5, widget.ToneDim, "0 0 0"},
		{
			"only logged",
			audit.Row{State: audit.Done, Level: audit.Log, Allowed: audit.Yes},
			"·", 5, widget.ToneDim, "0 0 0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, rank := outcomeOf(&c.row)
			if w.text != c.word || rank != c.rank || w.tone != c.tone {
				t.Errorf("%q of rank %d in tone %v", w.text, rank, w.tone)
			}
			n := count([]audit.Row{c.row})
			if got := fmt.Sprint(n.block, n.no, n.open); got != c.count {
				t.Errorf("block, no, open: %s, want %s", got, c.count)
			}
			if w.tone == widget.ToneGood {
				t.Error("nothing here is good")
			}
		})
	}
}

func TestShortNames(t *testing.T) {
	for _, c := range [][3]string{
		{"deployment/web", "web", "deploy/web"},
		{"deployment/web", "proxy", "deploy/web:proxy"},
		{"statefulset/db", "postgres", "sts/db:postgres"},
		{"daemonset/agent", "agent", "ds/agent"},
		{"cronjob/report", "report", "cj/report"},
		{"job/import", "main", "job/import:main"},
		{"replicaset/old", "old", "rs/old"},
		{"pod/web-0", "", "pod/web-0"},
		{"rollout/web", "app", "rollout/web:app"},
		{"nokind", "nokind2", "nokind:nokind2"},
		{"", "", ""},
	} {
		if got := shortName(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

// At every width a row has as many cells as its names, and the workload keeps the most room.
func TestCellsStandBelowTheirNames(t *testing.T) {
	b := &backend{stored: &Stored{Report: report(), At: now}, result: answer()}
	s := openAudit(t, b, 120, 40, "").s.(*Audit)
	w := openWhere(t, b, 120, 40).s.(*Where)
	for width := range 240 {
		names := s.columnNames(width)
		for i := range s.report.Rows {
			cells := s.auditCells(&s.report.Rows[i], "", width)
			if names != nil && len(names) != len(cells) {
				t.Fatalf("%d columns: %d names, %d cells", width, len(names), len(cells))
			}
			for at := range names {
				if names[at].Width != cells[at].Width && !(names[at].Width < 0 && cells[at].Width < 0) {
					t.Fatalf("%d columns: %q is %d wide, its cell %d", width, names[at].Text, names[at].Width,
						cells[at].Width)
				}
			}
		}
		for _, f := range outcomes(&w.result) {
			if cells, names := foundCells(f, width), w.columnNames(width); names != nil && len(names) != len(cells) {
				t.Fatalf("%d columns: %d names, %d cells of a place", width, len(names), len(cells))
			}
		}
	}
}

// The detail has in full what a row cuts.
func TestTheDetailOfARow(t *testing.T) {
	r := report()
	yes, two := true, 2
	row := &r.Rows[4]
	row.Injected, row.TagMoved, row.TagMeans = &yes, &yes, digest(7)
	row.Vulnerabilities = audit.Levels{Block: &two, Warn: &two, Log: &two}
	row.Advisories, row.KnownGood = []string{"xz-2024-03", "MAL-2026-1"}, digest(3)
	row.Findings = audit.Findings{Critical: 1, High: 2}
	row.Base = audit.Base{Distribution: "debian 11 (os-release)", EndOfLife: at(-500)}
	row.Source = "github.com/acme/web"
	st := openAudit(t, &backend{stored: &Stored{Report: r, At: now}}, 120, 60, "")
	st.shows("! unsigned, and a signature is required", "~ shop deployment/web container app: runs sha256:0101",
		"tag         moved", "tag means   "+digest(7), "base        debian 11, end of life 2026-03-13",
		"known-good  "+digest(3), "vulns       2/2/2 past block/warn/log", "advisories  xz-2024-03 MAL-2026-1",
		"findings    1/2/0 critical/high/medium", "app (injected)  container  1 pod",
		"✓ provenance: verified  github.com/acme/web")
	st.s.Move(2)
	st.shows("! not checked: the registry answered 401",
		"allowed     unknown  the registry answered 401").lacks("vulns")
	st.s.Move(4)
	st.shows("No longer there", "old job/import container main: gone")
	st.s.Move(1)
	st.shows("Not looked at: layers", "depth identity reads none")
	st.do("open").notice("this row is no workload").do("copy")
	if !strings.Contains(st.copied, "layers: depth identity reads none") {
		t.Errorf("copied %q", st.copied)
	}
}

// What is read stays on screen when an audit or a question fails later.
func TestAnErrorLeavesWhatWasThere(t *testing.T) {
	b := &backend{stored: &Stored{Report: report(), At: now}}
	st := openAudit(t, b, 100, 30, "")
	b.err = errors.New("no space left on the disk")
	st.do("again").notice("auditing").shows("deploy/web").lacks("tries again")
	if h := st.s.Header(); h.State != "partial" || h.Tone != widget.ToneWarn {
		t.Errorf("header %+v", h)
	}
	b = &backend{err: errors.New("reading the journal: damaged")}
	openAudit(t, b, 100, 30, "").notice("reading the last audit: reading the journal: damaged")
	q := &backend{result: answer()}
	ws := openWhere(t, q, 100, 30)
	q.err = errors.New("the journal is busy")
	ws.do("again").notice("the journal is busy").shows("deploy/web")
}

// Messages of an audit that another one has replaced, and answers to an older question, are dropped.
func TestOldMessagesAreDropped(t *testing.T) {
	b := &backend{stored: &Stored{Report: report(), At: now}, result: answer()}
	st := openAudit(t, b, 100, 30, "")
	s := st.s.(*Audit)
	for _, msg := range []tea.Msg{
		storedMsg{gen: -1, stored: &Stored{}},
		updateMsg{gen: -1, updates: []Update{{Report: &audit.Report{}, Ended: true}}, over: true},
		resultMsg{gen: s.gen},
		nil, "text",
	} {
		if cmd := s.Update(msg); cmd != nil {
			t.Errorf("%T starts something", msg)
		}
	}
	st.shows("6 containers")
	w := openWhere(t, b, 100, 30)
	if cmd := w.s.Update(resultMsg{gen: -1, err: errors.New("late")}); cmd != nil {
		t.Error("an old answer starts something")
	}
	w.shows("1 hit").lacks("late")
}

// An audit that is asked for while one runs replaces it, and takes over what is on screen.
func TestAnotherAuditReplacesTheOneThatRuns(t *testing.T) {
	r := report()
	b := &backend{waits: true, updates: []Update{{Rows: r.Rows[:3], Began: now}}}
	st := openAudit(t, b, 100, 30, "identity").shows("3 containers")
	s := st.s.(*Audit)
	first := s.gen
	b.updates = []Update{{Rows: r.Rows[:1]}}
	st.run(s.Start("full"))
	if s.gen == first || fmt.Sprint(b.depths) != "[identity full]" || len(s.old) != 2 {
		t.Errorf("generation %d after %d, depths %v, old %d", s.gen, first, b.depths, len(s.old))
	}
	st.shows("2 of the audit before")
	s.Close() // the person goes elsewhere: it goes on
	if !s.Running() || st.s.Header().Running == "" {
		t.Error("closing the screen ends the audit")
	}
}

// Rows that several updates bring for one place are one row, the newest.
func TestARowComesOnce(t *testing.T) {
	r := report()
	newer := r.Rows[0]
	newer.Allowed, newer.Reason = audit.No, "since today"
	s := openAudit(t, &backend{updates: []Update{{Rows: r.Rows[:2]}, {Rows: []audit.Row{newer}}}, waits: true}, 100, 30,
		"identity").s.(*Audit)
	if len(s.report.Rows) != 2 || s.report.Rows[0].Allowed != audit.No {
		t.Errorf("rows %+v", s.report.Rows)
	}
	other := r.Rows[0]
	other.Digest = digest(77) // a workload in the middle of a rollout runs two
	s.put(other)
	if len(s.report.Rows) != 3 {
		t.Errorf("%d rows", len(s.report.Rows))
	}
}

// The answer counts images at places, not matches, and a place of another cluster is another place.
func TestOutcomesAreOfPlaces(t *testing.T) {
	r := answer()
	again := r.Matches[0]
	again.Cluster = "staging"
	r.Matches = append(r.Matches, again, again)
	all := outcomes(&r)
	var n [4]int
	for _, f := range all {
		n[f.outcome]++
	}
	if n != [4]int{isHit: 2, isBuilt: 1, isOpen: 1, isClear: 1} {
		t.Errorf("outcomes %v", n)
	}
	if got := outcomes(&where.Result{}); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	st := openWhere(t, &backend{result: r}, 120, 40)
	st.s.SetFilter("staging")
	st.shows("filter staging: 1 row").do("open").notice("it runs in staging, and this is prod")
	st.do("copy", "raw")
	if !strings.Contains(st.copied, digest(1)) || st.viewed != 1 {
		t.Errorf("copied %q, viewed %d", st.copied, st.viewed)
	}
	st.s.SetFilter("b.jar")
	st.shows("filter b.jar: 1 row")
}

func TestProgressInWords(t *testing.T) {
	s := &Audit{depth: "full"}
	for _, c := range []struct {
		p    audit.Progress
		want string
	}{
		{audit.Progress{}, "audit, depth full: listing what runs …"},
		{audit.Progress{Total: 1}, "audit, depth full: 0 of 1 image"},
		{audit.Progress{Done: 3, Total: 9, Reused: 3}, "audit, depth full: 3 of 9 images (3 from before)"},
		{
			audit.Progress{Done: 3, Total: 9, Began: now, Now: now.Add(30 * time.Second)},
			"audit, depth full: 3 of 9 images, 1 min left",
		},
	} {
		if s.progress = c.p; s.progressText() != c.want {
			t.Errorf("%q, want %q", s.progressText(), c.want)
		}
	}
}

// A row of ten thousand is found, sorted and drawn without delay; the list draws what is in sight.
func TestManyRows(t *testing.T) {
	r := audit.Report{Scope: audit.Scope{Depth: audit.Full}}
	for n := range 10_000 {
		row := okRow(fmt.Sprintf("team-%03d", n%300), fmt.Sprintf("deployment/app-%05d", n), n%90+1)
		if n%1000 == 7 {
			row.Allowed, row.Crossed = audit.No, []string{"unsigned"}
		}
		r.Rows = append(r.Rows, row)
	}
	st := openAudit(t, &backend{stored: &Stored{Report: r, At: now}}, 80, 24, "")
	st.shows("10000 containers", "app-00007", "unsigned").do("group", "group", "group").shows("▸ unsigned",
		"10 containers")
	st.s.SetFilter("app-09007")
	st.shows("▾ unsigned", "app-09007")
	if n := len(st.s.(*Audit).matching()); n != 1 {
		t.Errorf("%d rows match", n)
	}
}

// Times that are not known are empty, and never a date of year 1.
func TestUnknownTimes(t *testing.T) {
	if day(inspect.Time{}) != "" || (&Audit{}).since(inspect.Time{}) != "" {
		t.Error("an unknown time has a text")
	}
	if day(at(0)) != "2026-03-14" {
		t.Errorf("day %s", day(at(0)))
	}
}
