package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/where"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

var now = time.Date(2026, 3, 14, 3, 20, 0, 0, time.UTC)

func at(minutes int) inspect.Time { return inspect.At(now.Add(time.Duration(minutes) * time.Minute)) }

func digest(n int) string { return "sha256:" + strings.Repeat(fmt.Sprintf("%02x", n), 32) }

// backend answers what a test gives it, and keeps what it was asked.
type backend struct {
	stored    *Stored
	err       error
	updates   []Update
	depths    []string
	questions []string
	result    where.Result
	exported  audit.Report
	// waits: an audit ends with its context only
	waits bool
}

func (b *backend) LastAudit(context.Context) (*Stored, error) { return b.stored, b.err }

func (b *backend) Audit(ctx context.Context, depth string, emit func(Update)) error {
	b.depths = append(b.depths, depth)
	for _, u := range b.updates {
		emit(u)
	}
	if b.waits {
		<-ctx.Done()
		return ctx.Err()
	}
	return b.err
}

func (b *backend) AuditPath(*audit.Report) string { return "audit.json" }

func (b *backend) ExportAudit(_ context.Context, r *audit.Report, to string) (string, error) {
	b.exported = *r
	return to + ", sha256:1", b.err
}

func (b *backend) Where(_ context.Context, what string) (where.Result, error) {
	b.questions = append(b.questions, what)
	return b.result, b.err
}

// okRow is a row in which nothing is wrong.
func okRow(namespace, workload string, n int) audit.Row {
	return audit.Row{
		Cluster: "prod", Namespace: namespace, Workload: workload, Container: "app", Pods: 1, Type: "container",
		Reference: "registry.example/" + workload[strings.IndexByte(workload, '/')+1:] + ":1", Digest: digest(n),
		State: audit.Done, Allowed: audit.Yes, Signature: inspect.Verified, Signer: "ci", Provenance: inspect.Verified,
		SBOM: inspect.Absent, Since: at(-n),
	}
}

// report has a row of each outcome, in an order that is none of the sorts.
func report() audit.Report {
	fine, block := okRow("blog", "deployment/site", 5), okRow("shop", "deployment/web", 1)
	no, warn, open := okRow("shop", "job/mail", 2), okRow("shop", "statefulset/db", 3), okRow("data",
		"daemonset/agent", 4)
	lost := okRow("data", "deployment/etl", 6)
	block.Level, block.Allowed, block.Crossed = audit.Block, audit.No, []string{"unsigned, and a signature is required"}
	block.Signature, block.Signer = inspect.Absent, ""
	no.Allowed, no.Crossed, no.Reason = audit.No, []string{"signed by another"}, "signed by another"
	warn.Level, warn.Crossed = audit.Warn, []string{"CVE-2026-1 of openssl"}
	open.Allowed, open.Reason = audit.Unknown, "policies could not be read"
	lost.State, lost.Allowed, lost.Reason = audit.NotChecked, audit.Unknown, "the registry answered 401"
	return audit.Report{
		Schema: audit.Schema, Scope: audit.Scope{Depth: audit.Identity},
		Rows:        []audit.Row{fine, warn, lost, no, block, open},
		Books:       audit.Books{Listed: 6, Done: 5, NotChecked: 1},
		NotLookedAt: []audit.Gap{{What: "layers", Reason: "depth identity reads none"}},
		Changes: []audit.Change{
			{
				Kind: audit.NewDigest, Namespace: "shop", Workload: "deployment/web", Container: "app",
				From: digest(9), To: digest(1),
			},
			{Kind: audit.GoneWorkload, Namespace: "old", Workload: "job/import", Container: "main", From: digest(8)},
		},
	}
}

// story drives a screen as the model does.
type story struct {
	t      *testing.T
	sh     *shell.Shell
	s      screen
	opened []Place
	viewed int
	copied string
	// parked: commands that wait for something that goes on
	parked []tea.Cmd
}

// screen is what both screens can do.
type screen interface {
	Action(name string) (shell.Action, bool)
	Update(msg tea.Msg) tea.Cmd
	Arrange()
	Draw() ([]string, *tea.Cursor)
	Header() shell.Header
	Move(by int) tea.Cmd
	Scroll(pages int) tea.Cmd
	Click(x, y int) tea.Cmd
	SetFilter(text string) tea.Cmd
	Rows() int
}

func newStory(t *testing.T, width, height int) (*story, Options) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	sh := shell.New(ctx, widget.NewPaint(true, true, false), now)
	sh.Width, sh.Height = width, height
	st := &story{t: t, sh: sh}
	return st, Options{
		Context: "prod",
		Open: func(p Place) tea.Cmd {
			st.opened = append(st.opened, p)
			return nil
		},
		View: func([]viewer.Part) tea.Cmd {
			st.viewed++
			return nil
		},
	}
}

func openAudit(t *testing.T, b *backend, width, height int, depth string) *story {
	t.Helper()
	st, o := newStory(t, width, height)
	s, cmd := NewAudit(st.sh, b, o, depth)
	st.s = s
	return st.run(cmd)
}

func openWhere(t *testing.T, b *backend, width, height int) *story {
	t.Helper()
	st, o := newStory(t, width, height)
	s, cmd := NewWhere(st.sh, b, o, "log4j-core")
	st.s = s
	return st.run(cmd)
}

// run runs a command and what follows from it. A message of a running audit is taken up to what is there.
func (st *story) run(cmd tea.Cmd) *story {
	for cmd != nil {
		msg := cmd()
		if d, ok := msg.(shell.DoneMsg); ok {
			if d.Err != nil {
				st.sh.Fail(d.Text, d.Err)
				return st
			}
			st.sh.Info(d.Text)
			if d.Then == nil {
				return st
			}
			cmd = d.Then()
			continue
		}
		if msg != nil && fmt.Sprintf("%T", msg) == "tea.setClipboardMsg" {
			st.copied = fmt.Sprint(msg)
			return st
		}
		next := st.s.Update(msg)
		if u, ok := msg.(updateMsg); ok && !u.over && st.goesOn() {
			st.parked = append(st.parked, next)
			return st
		}
		cmd = next
	}
	return st
}

// goesOn reports whether the audit waits for its end.
func (st *story) goesOn() bool {
	s, ok := st.s.(*Audit)
	return ok && s.backend.(*backend).waits
}

// do runs commands of the table by their names; what stands behind a colon is their argument.
func (st *story) do(names ...string) *story {
	st.t.Helper()
	for _, n := range names {
		name, arg, _ := strings.Cut(n, ":")
		a, ok := st.s.Action(name)
		if !ok {
			st.t.Fatalf("there is no command %s", name)
		}
		if why := a.Why(); why != "" {
			st.sh.Info(name + ": " + why)
			continue
		}
		st.run(a.Run(arg))
	}
	return st
}

func (st *story) screen() string {
	st.s.Arrange()
	lines, _ := st.s.Draw()
	return ansi.Strip(strings.Join(lines, "\n"))
}

func (st *story) shows(texts ...string) *story {
	st.t.Helper()
	screen := st.screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			st.t.Errorf("the screen does not show %q:\n%s", text, screen)
		}
	}
	return st
}

func (st *story) lacks(texts ...string) *story {
	st.t.Helper()
	screen := st.screen()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			st.t.Errorf("the screen shows %q:\n%s", text, screen)
		}
	}
	return st
}

// answers types into the open dialog, in place of what it proposes, and presses enter.
func (st *story) answers(text string) *story {
	st.t.Helper()
	d := st.sh.Dialog
	if d == nil {
		st.t.Fatal("no dialog is open")
	}
	for range 80 {
		d.Update(tea.KeyPressMsg{Code: tea.KeyBackspace})
	}
	for _, r := range text {
		d.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return st.run(d.Update(tea.KeyPressMsg{Code: tea.KeyEnter}))
}

func (st *story) notice(want string) *story {
	st.t.Helper()
	all := fmt.Sprint(st.sh.Notice.Text, st.sh.Errors)
	if !strings.Contains(all, want) {
		st.t.Errorf("the notice is %q, not %q", all, want)
	}
	return st
}

// workloads are the rows of the list in their order, by workload or what they are.
func (st *story) workloads() string {
	var g *grid
	switch s := st.s.(type) {
	case *Audit:
		g = &s.grid
	case *Where:
		g = &s.grid
	}
	var all []string
	for i := range g.list.Len() {
		g.list.At = i
		r, _ := g.list.Selected()
		switch {
		case r.place != nil:
			_, name, _ := strings.Cut(r.place.Workload, "/")
			all = append(all, name)
		default:
			all = append(all, strings.SplitN(r.id, ":", 2)[0])
		}
	}
	g.list.At = 0
	return strings.Join(all, " ")
}

func TestTheStoredAuditIsShownWorstFirst(t *testing.T) {
	b := &backend{stored: &Stored{Report: report(), At: now.Add(-90 * time.Minute)}}
	st := openAudit(t, b, 120, 40, "")
	if got, want := st.workloads(), "web mail etl db agent site gone gap"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	st.shows("Audit, depth identity · 6 containers of 6 images · by worst", "BLOCK",
		"unsigned, and a signature is required",
		"not looked at: layers: depth identity reads none", "gone, ran sha256:08", "runs sha256:0101",
		"enter opens the case")
	if h := st.s.Header(); h.State != "1 h old" || h.Outcome != "1 past block, 2 not allowed, 2 not known" || h.Busy {
		t.Errorf("header %+v", h)
	}
	if len(b.depths) > 0 {
		t.Errorf("it audited %v", b.depths)
	}
}

// Without a stored audit one begins; rows come while it runs, and how far it is stands beside them.
func TestARunningAuditShowsWhatThereIs(t *testing.T) {
	r := report()
	b := &backend{waits: true, updates: []Update{
		{Report: &audit.Report{Scope: r.Scope, NotLookedAt: r.NotLookedAt, Books: audit.Books{Listed: 6}}, Began: now},
		{Rows: r.Rows[:2], Progress: &audit.Progress{
			Done: 2, Total: 6, Reused: 1, Began: now,
			Now: now.Add(time.Minute),
		}},
	}}
	st := openAudit(t, b, 120, 40, "")
	st.shows("2 containers", "sts/db", "not looked at: layers").lacks("deploy/web")
	h := st.s.Header()
	if h.State != "running" || h.Running != "audit, depth identity: 2 of 6 images (1 from before), 4 min left" {
		t.Errorf("header %q, %q", h.State, h.Running)
	}
	st.do("again").notice("an audit runs").do("stop audit")
	st.run(st.parked[0]).notice("the audit was stopped; r goes on with it").shows("sts/db")
	if h := st.s.Header(); h.State != "partial" {
		t.Errorf("state %q", h.State)
	}
	b.waits, b.updates = false, []Update{{Report: &r, Ended: true}}
	st.do("again").notice("the audit has ended: 2 not allowed, 2 not known").shows("6 containers", "deploy/web")
	if fmt.Sprint(b.depths) != "[identity identity]" {
		t.Errorf("depths %v", b.depths)
	}
}

// Rows of the audit before stay until the new one comes to them, and are never taken for its own.
func TestRowsOfTheAuditBeforeAreTold(t *testing.T) {
	r := report()
	now := okRow("blog", "deployment/site", 5)
	now.Allowed, now.Reason = audit.No, "refused since today"
	now.Crossed = []string{"refused since today"}
	b := &backend{stored: &Stored{Report: r, At: at(-90).Time}, waits: true}
	st := openAudit(t, b, 120, 40, "")
	b.updates = []Update{{Rows: []audit.Row{now}}}
	st.do("again").shows("6 containers of 6 images, 5 of the audit before", "…     shop", "refused since today",
		"the one that runs has not come to it yet")
	if s := st.s.(*Audit); !s.Running() || len(s.old) != 5 {
		t.Errorf("running %v, old %d", s.Running(), len(s.old))
	}
}

func TestWhatCannotBeAuditedSaysSo(t *testing.T) {
	st := openAudit(t, &backend{err: errors.New("listing pods: forbidden")}, 80, 24, "full")
	st.notice("auditing").shows("? not checked: listing pods: forbidden; r tries again")
	st.do("export", "sample").notice("there are no rows yet")
	st = openAudit(t, &backend{updates: []Update{{Report: &audit.Report{}, Ended: true}}}, 80, 24, "full")
	st.shows("no running containers")
}

func TestSortsAndGroups(t *testing.T) {
	b := &backend{stored: &Stored{Report: report(), At: now}}
	st := openAudit(t, b, 120, 40, "")
	for _, want := range []string{
		"site agent etl web mail db gone gap", "agent db etl mail site web gone gap",
		"web mail db agent site etl gone gap", "web mail etl db agent site gone gap",
	} {
		if st.do("sort"); st.workloads() != want {
			t.Errorf("%s: %s, want %s", st.sh.Notice.Text, st.workloads(), want)
		}
	}
	if st.do("group"); st.workloads() != "group group group gone gap" {
		t.Errorf("by namespace: %s", st.workloads())
	}
	st.shows("▸ shop", "3 containers · 1 block · 2 no · 0 ?", "grouped by namespace")
	if st.do("open"); st.workloads() != "group web mail db group group gone gap" {
		t.Errorf("opened: %s", st.workloads())
	}
	if st.s.Move(2); st.do("left").workloads() != "group group group gone gap" {
		t.Errorf("closed from a row inside: %s", st.workloads())
	}
	if st.do("right"); st.workloads() != "group web mail db group group gone gap" {
		t.Errorf("opened by →: %s", st.workloads())
	}
	st.do("left", "group:reason").shows("▸ unsigned, and a signature is required", "▸ nothing to do")
	st.s.SetFilter("agent")
	st.shows("▾ not known whether it is allowed", "ds/agent:app", "filter agent: 2 rows").lacks("mail")
	st.do("back").do("group:none").shows("deploy/web:app")
}

func TestEnterOpensTheCaseOfAWorkload(t *testing.T) {
	r := report()
	r.Rows[1].Cluster = "staging"
	b := &backend{stored: &Stored{Report: r, At: now}}
	st := openAudit(t, b, 120, 40, "").do("open")
	want := Place{Cluster: "prod", Namespace: "shop", Workload: "deployment/web", Container: "app", Digest: digest(1)}
	if len(st.opened) != 1 || st.opened[0] != want {
		t.Fatalf("opened %+v", st.opened)
	}
	st.s.Move(3)
	st.do("open").notice("it runs in staging, and this is prod")
	st.s.Move(99)
	if st.do("open").notice("this row is no workload"); len(st.opened) != 1 {
		t.Errorf("opened %+v", st.opened)
	}
	st.s.Move(-99)
	if st.do("copy", "raw"); !strings.Contains(st.copied, digest(1)) || st.viewed != 1 {
		t.Errorf("copied %q, viewed %d", st.copied, st.viewed)
	}
}

// The same audit gives the same sample, whatever the order on screen; of a filter only what matches is picked.
func TestASampleIsPickedByHash(t *testing.T) {
	r := report()
	b := &backend{stored: &Stored{Report: r, At: now}}
	st := openAudit(t, b, 120, 40, "").do("sample").answers("2").notice("sample of 2 of 6, marked t; x exports it")
	st.do("export").answers("out.json").notice("written: out.json, sha256:1")
	first := b.exported.Rows
	if len(first) != 2 || !strings.Contains(st.copied, "sha256:1") {
		t.Fatalf("exported %+v, copied %q", first, st.copied)
	}
	gaps := fmt.Sprint(b.exported.NotLookedAt)
	if !strings.Contains(gaps, "2 of all 6 rows are in it: a sample of 2 of 6,") || !strings.Contains(gaps, "layers") {
		t.Errorf("gaps %s", gaps)
	}
	again := openAudit(t, &backend{stored: b.stored}, 80, 24, "").do("sort", "sort", "sample").answers("2")
	for _, row := range first {
		if !again.s.(*Audit).sample.keys[keyOf(&row)] {
			t.Errorf("another sample: %v", again.s.(*Audit).sample.keys)
		}
	}
	st.s.SetFilter("shop")
	st.do("sample").answers("25").notice(`sample of 3 of 3 that match "shop"`)
	st.do("sample").answers("0").notice("no sample").do("sample").answers("-3").notice("a sample is a number of rows")
	if st.do("export").answers("all.csv"); len(b.exported.Rows) != 6 || len(b.exported.NotLookedAt) != 1 {
		t.Errorf("exported %d rows, %v", len(b.exported.Rows), b.exported.NotLookedAt)
	}
}

func TestAnExportOfARunningAuditSaysSo(t *testing.T) {
	r := report()
	b := &backend{waits: true, updates: []Update{{Rows: r.Rows[:1], Progress: &audit.Progress{Done: 1, Total: 6}}}}
	st := openAudit(t, b, 80, 24, "identity").do("export").answers("out.json")
	if gaps := fmt.Sprint(b.exported.NotLookedAt); !strings.Contains(gaps, "it still ran: 1 of 6 images were done") {
		t.Errorf("gaps %s", gaps)
	}
	b.err = errors.New("writing out.json: the file exists")
	st.do("export").answers("out.json").notice("the file exists")
}

func TestPicksAreBounded(t *testing.T) {
	keys := []string{"a", "b", "c"}
	for n, want := range map[int]int{-1: 0, 0: 0, 2: 2, 3: 3, 99: 3} {
		if got := len(pick(keys, "seed", n)); got != want {
			t.Errorf("%d of 3: %d", n, got)
		}
	}
	if fmt.Sprint(pick(keys, "one", 1)) == fmt.Sprint(pick(keys, "two", 1)) && fmt.Sprint(pick(keys, "one", 1)) ==
		fmt.Sprint(pick(keys, "three", 1)) && fmt.Sprint(pick(keys, "one", 1)) == fmt.Sprint(pick(keys, "four", 1)) {
		t.Error("the seed does not matter")
	}
}

// answer has each of the four outcomes, and one of another cluster.
func answer() where.Result {
	m := func(workload, path string, layer, n int) where.Match {
		return where.Match{
			Cluster: "prod", Namespace: "shop", Workload: workload, Container: "app", Digest: digest(n),
			What: "log4j-core 2.14.1", Path: path, Layer: layer, FirstSeen: at(-9000), LastSeen: at(-3),
		}
	}
	k := func(workload, reason string, n int) where.Skipped {
		return where.Skipped{
			Cluster: "prod", Namespace: "data", Workload: workload, Container: "app", Digest: digest(n), Reason: reason,
			FirstSeen: at(-500), LastSeen: at(-1),
		}
	}
	built := m("job/mail", "", -1, 2)
	built.What = "image built 2026-03-13T00:00:00Z"
	return where.Result{
		Schema: where.Schema, Window: []where.Match{built}, NotAffected: 1,
		Matches:    []where.Match{m("deployment/web", "/app/a.jar", 2, 1), m("deployment/web", "/app/b.jar", 3, 1)},
		NotChecked: []where.Skipped{k("deployment/etl", "looked into to depth identity only", 6)},
		Clear:      []where.Skipped{k("daemonset/agent", "", 4)},
	}
}

func TestWhereHasFourOutcomes(t *testing.T) {
	b := &backend{result: answer()}
	st := openWhere(t, b, 120, 40)
	st.shows("log4j-core: 1 hit · 1 built in the window · 1 not affected · 1 could not be checked",
		"hit   shop", "log4j-core 2.14.1 and 1 more", "2026-03-07 2026-03-14", "built", "looked into to depth",
		"no    data", "/app/b.jar", "layer 3", "last seen   2026-03-14 03:17:00Z")
	if got := st.workloads(); got != "web mail etl agent" {
		t.Errorf("rows %s", got)
	}
	for _, want := range []string{
		"agent etl web mail", "agent etl web mail", "web mail agent etl",
		"web mail etl agent",
	} {
		if st.do("sort"); st.workloads() != want {
			t.Errorf("%s: %s, want %s", st.sh.Notice.Text, st.workloads(), want)
		}
	}
	if st.do("open"); len(st.opened) != 1 || st.opened[0].Digest != digest(1) {
		t.Errorf("opened %+v", st.opened)
	}
	st.s.Move(2)
	st.shows("could not be checked: looked into to depth identity only").s.Move(1)
	st.shows("Not affected: the image was looked into, and has nothing of log4j-core.")
	if st.do("again"); len(b.questions) != 2 {
		t.Errorf("asked %v", b.questions)
	}
}

func TestWhereThatCannotAnswer(t *testing.T) {
	st := openWhere(t, &backend{err: errors.New("there is no journal")}, 80, 24)
	st.notice("looking for log4j-core: there is no journal").shows("? not checked: there is no journal",
		"Where log4j-core")
	st.do("open").notice("nothing is selected")
	openWhere(t, &backend{result: answer()}, 40, 12).shows("log4j-core: 1 hit · 1 built · 1 ? · 1 no")
	openWhere(t, &backend{result: where.Result{Schema: where.Schema}}, 80, 24).shows("0 hit",
		"Nothing has been recorded")
}

// Both screens fit every terminal, and what has a name in a cluster cannot draw on it.
func TestFramesFitAndAreClean(t *testing.T) {
	r, a := report(), answer()
	r.Rows[4].Workload, r.Rows[4].Crossed = "deployment/\x1b[2Jweb\u202e", []string{"\x1b]0;x\a why \r\n"}
	r.NotLookedAt[0].Reason, r.Rows[4].Signer = "\x1b[31m", strings.Repeat("界", 200)
	a.Matches[0].What, a.NotChecked[0].Reason = "\x1b[2J\u2066", "\r\x1b[1A"
	for _, w := range []int{30, 40, 59, 60, 80, 99, 120, 200} {
		for _, h := range []int{8, 12, 15, 24, 60} {
			b := &backend{stored: &Stored{Report: r, At: now}, result: a}
			for _, st := range []*story{openAudit(t, b, w, h, ""), openWhere(t, b, w, h)} {
				for _, name := range []string{"sort", "focus", "zoom", "back", "back", "zoom:_"} {
					st.do(name)
					st.s.Move(1)
					st.s.Scroll(1)
					st.s.Click(3, 4)
					lines := strings.Split(st.screen(), "\n")
					if len(lines) > max(0, h-3) {
						t.Fatalf("%dx%d after %s: %d lines", w, h, name, len(lines))
					}
					for _, l := range lines {
						if got := ansi.StringWidth(l); got > w || strings.ContainsAny(l, "\x1b\r\a\u202e\u2066") {
							t.Fatalf("%dx%d after %s: %d columns: %q", w, h, name, got, l)
						}
					}
				}
			}
		}
	}
}

func TestTheFilterHoldsWhileRowsCome(t *testing.T) {
	r := report()
	b := &backend{waits: true, updates: []Update{{Rows: r.Rows[:1]}}}
	st, o := newStory(t, 100, 30)
	s, cmd := NewAudit(st.sh, b, o, "identity")
	st.s = s
	s.SetFilter("web")
	st.run(cmd).shows("no match among 1 row; esc clears the filter", "filter web: 0 rows")
	st.run(func() tea.Msg { return updateMsg{gen: s.gen, updates: []Update{{Rows: r.Rows}}, over: true} })
	st.shows("deploy/web").lacks("sts/db").do("next", "previous", "back").shows("sts/db")
	st.do("next").notice("no filter is set")
}
