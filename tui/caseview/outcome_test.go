package caseview

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/headline"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

// after opens a live case and gives it facts that come in later.
func (st *story) after(events ...inspect.Event) *story {
	st.s.onEvents(eventsMsg{gen: st.s.gen, events: events})
	st.run(st.s.Load())
	st.s.Arrange()
	return st
}

// live is a case whose checks still run: its source has not ended.
func live(t *testing.T, events ...inspect.Event) *story {
	t.Helper()
	st := open(t, &backend{})
	st.s.running = 1
	return st.after(events...)
}

// fine is an image in which everything was checked and nothing was found.
func fine() []inspect.Event {
	return []inspect.Event{
		{Fact: inspect.Header{Target: inspect.Target{Name: "acme/web:1.4"}, Started: inspect.At(now)}},
		on("subject", inspect.ImageContainer, inspect.ImageHead{
			Reference: "acme/web:1.4", Digest: "sha256:w",
			Status: inspect.Verified,
		}),
		on("layers", inspect.ImageContainer, inspect.Begin{}),
		on("layers", inspect.ImageContainer, inspect.End{Status: inspect.CheckDone}),
		{Fact: inspect.End{Status: inspect.CheckDone}},
	}
}

func TestTheOutcomeInTheHeader(t *testing.T) {
	alert := on("alert", "", inspect.Alert{ID: "a1", Rule: "Drop", Match: inspect.MatchNone})
	other := on("alert", "", inspect.Alert{ID: "a2", Rule: "Shell", Match: inspect.MatchNone})
	matched := on("alert", "", inspect.Alert{
		ID: "a3", Rule: "Shell", Match: inspect.MatchPod,
		Subject: inspect.ImageContainer,
	})
	finding := func(s inspect.Severity) inspect.Event {
		return on("binaries", "web", inspect.Finding{
			ID: string(s), Status: inspect.RowFailed, Severity: s,
			Subject: "web",
			Title:   "x",
		})
	}
	blocked := []inspect.Event{
		on("signatures", inspect.ImageContainer, inspect.Begin{}),
		on("signatures", inspect.ImageContainer, inspect.End{Status: inspect.CheckBlocked, Reason: "401"}),
	}
	with := func(more ...inspect.Event) []inspect.Event {
		return slices.Concat(fine()[:4], more, fine()[4:])
	}
	for _, c := range []struct {
		name        string
		st          *story
		long, short string
		tone        widget.Tone
	}{
		{"nothing found", open(t, &backend{}, fine()...), "no problems found", "no problems found", widget.ToneGood},
		{
			"nothing found, an alert is open", open(t, &backend{}, with(alert)...), "no problems found, 1 alert open",
			"1 alert open", widget.ToneWarn,
		},
		{
			"nothing found, two alerts are open", open(t, &backend{}, with(alert, other)...),
			"no problems found, 2 alerts open", "2 alerts open", widget.ToneWarn,
		},
		{
			"an alert names a file that was not looked for", open(t, &backend{}, with(matched)...), "incomplete, 1 alert",
			"incomplete", widget.ToneWarn,
		},
		{
			"found", open(t, &backend{}, with(finding(inspect.Critical), finding(inspect.High))...), "1 critical 1 high",
			"1 crit 1 high", widget.ToneBad,
		},
		{"found while the checks run", live(t, with(finding(inspect.High))[:5]...), "1 high", "1 high", widget.ToneBad},
		{
			"a check could not run", open(t, &backend{}, with(blocked...)...), "incomplete: 1 check could not run",
			"incomplete", widget.ToneWarn,
		},
		{
			"a check could not run, an alert is open", open(t, &backend{}, with(append(blocked, alert)...)...),
			"incomplete: 1 check could not run, 1 alert", "incomplete", widget.ToneWarn,
		},
		{"the checks run", live(t, fine()[:4]...), "still checking", "still checking", widget.ToneWarn},
		{
			"the checks run, an alert is open", live(t, append(fine()[:4], alert)...), "still checking, 1 alert",
			"still checking", widget.ToneWarn,
		},
		{
			"it ended without its end", open(t, &backend{}, fine()[:4]...), "still checking", "still checking",
			widget.ToneWarn,
		},
		{
			"it could not be opened", open(t, &backend{err: errors.New("404")}), "could not open the case", "not opened",
			widget.ToneBad,
		},
	} {
		got := c.st.s.outcomeWords()
		if got.long != c.long || got.short != c.short || got.tone != c.tone {
			t.Errorf("%s: %q, in short %q, tone %d; want %q, %q, %d", c.name, got.long, got.short, got.tone, c.long,
				c.short,
				c.tone)
		}
	}
}

func TestHowFreshACaseIs(t *testing.T) {
	stale := live(t, incident()[:4]...)
	stale.sh.Now = now.Add(5 * time.Minute)
	stale.s.onEvents(eventsMsg{gen: stale.s.gen, ended: true, err: errors.New("stream closed")})
	notIntact := open(t, &backend{readOnly: inspect.NotIntact + ": 2 files differ"}, incident()...)
	for _, c := range []struct {
		name string
		st   *story
		want string
		tone widget.Tone
	}{
		{"its checks run", live(t, incident()[:4]...), "live", widget.ToneGood},
		{"its source broke off", stale, "stale, 5 min", widget.ToneWarn},
		{
			"it was opened from a bundle", open(t, &backend{readOnly: "read-only: opened bundle"}, incident()...),
			"saved 03:20Z", widget.ToneNote,
		},
		{"the bundle is not intact", notIntact, inspect.NotIntact + ": 2 files differ", widget.ToneBad},
	} {
		state, tone := freshnessOf(c.st.s)
		if state != c.want || tone != c.tone {
			t.Errorf("%s: %q in tone %d, want %q in tone %d", c.name, state, tone, c.want, c.tone)
		}
	}
}

// A check that is retried after the source broke off brings the case up to date again.
func TestACaseThatIsFollowedAgainIsNoLongerStale(t *testing.T) {
	st := live(t, incident()...)
	st.s.onEvents(eventsMsg{gen: st.s.gen, ended: true, err: errors.New("stream closed")})
	if state, _ := freshnessOf(st.s); !strings.HasPrefix(state, "stale") {
		t.Fatalf("the case is %q", state)
	}
	st.do("again")
	if state, _ := freshnessOf(st.s); strings.HasPrefix(state, "stale") {
		t.Errorf("after a retry that ended well the case is still %q", state)
	}
}

func TestTheTrailLeadsToTheContainer(t *testing.T) {
	pod := on("subject", "", inspect.Pod{
		Name: "web-1", Namespace: "shop",
		Containers: []inspect.Container{{Name: "web"}},
	})
	head := func(container string) inspect.Event {
		return on("subject", container, inspect.ImageHead{
			Reference: "registry.example.com/acme/web:1.4",
			Digest:    "sha256:0123456789abcdef",
		})
	}
	gone := on("pod", "", inspect.PodChange{State: inspect.PodGone, Time: inspect.At(now)})
	for _, c := range []struct {
		name   string
		events []inspect.Event
		want   string
	}{
		{"before anything is known", nil, "prod"},
		{"a pod", []inspect.Event{pod, head("web")}, "prod › shop › web-1 › web"},
		{"a pod that is gone", []inspect.Event{pod, head("web"), gone}, "prod › shop › web-1 (gone) › web"},
		{"an image", []inspect.Event{head(inspect.ImageContainer)}, "prod › acme/web:1.4@0123456789ab"},
		{
			"a target whose image is not known",
			[]inspect.Event{{Fact: inspect.Header{Target: inspect.Target{
				Name:    "oci:web",
				Context: "snapshot",
			}}}},
			"snapshot › oci:web",
		},
	} {
		var trail []string
		for _, crumb := range trailOf(open(t, &backend{}, c.events...).s) {
			trail = append(trail, crumb.Text)
		}
		if got := strings.Join(trail, " › "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The pod that was chosen in the list is in the header before the cluster has answered.
func TestTheTrailNamesTheChosenPodAtOnce(t *testing.T) {
	st := open(t, &backend{})
	st.s.o.Pod = inspect.FlaggedPod{Pod: inspect.Pod{Namespace: "shop", Name: "web-1"}}
	var trail []string
	for _, crumb := range trailOf(st.s) {
		trail = append(trail, crumb.Text)
	}
	if want := []string{"prod", "shop", "web-1"}; !slices.Equal(trail, want) {
		t.Errorf("the trail is %q, want %q", trail, want)
	}
}

func TestWhatRunsIsSummedUp(t *testing.T) {
	begin := func(check, container string) inspect.Event { return on(check, container, inspect.Begin{}) }
	end := func(check, container string) inspect.Event {
		return on(check, container, inspect.End{Status: inspect.CheckDone})
	}
	for _, c := range []struct {
		name   string
		events []inspect.Event
		want   string
	}{
		{"nothing has begun", nil, "starting …"},
		{"one check of one container", []inspect.Event{begin("layers", "web")}, "layers"},
		{"one of two containers is done", []inspect.Event{
			begin("signatures", "web"), begin("signatures", "proxy"),
			end("signatures", "web"),
		}, "signatures 1/2"},
		{"several, by name", []inspect.Event{
			begin("signatures", "web"), begin("layers", "web"),
			begin("binaries", "web"),
			end("binaries", "web"),
		}, "layers · signatures"},
		{"bytes with a total", []inspect.Event{begin("layers", "web"), on("layers", "web",
			inspect.Progress{Done: 41, Total: 100, Unit: "bytes"})}, "layers 41% of 100 B"},
		{"a total that is not known", []inspect.Event{begin("layers", "web"), on("layers", "web",
			inspect.Progress{Done: 41})}, "layers"},
	} {
		if got := runningText(live(t, c.events...).s); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := runningText(open(t, &backend{}, fine()...).s); got != "" {
		t.Errorf("nothing runs, and the status line has %q", got)
	}
}

// The tabs take the longest form that there is room for; the pane on screen is always named.
func TestTabsAtEveryWidth(t *testing.T) {
	st := open(t, &backend{}, incident()...).do("pane:8")
	for _, c := range []struct {
		width int
		want  string
	}{
		{
			120,
			"1 Overview 2 Layers 3 Signatures 4 Provenance 5 Packages 6 Binaries 7 Timeline 8 Blast radius 9 Autoruns",
		},
		{80, "1 Over 2 Layers 3 Sign 4 Prov 5 Pkgs 6 Bins 7 Time 8 Blast 9 Auto"},
		{40, "1 2 3 4 5 6 7 8 Blast radius 9"},
		{30, "1 2 3 4 5 6 7 8 Blast radius 9"},
		{16, "8 Blast radius"},
	} {
		got := ansi.Strip(tabsLine(st.s, c.width))
		if strings.TrimRight(got, " ") != c.want || ansi.StringWidth(got) != c.width {
			t.Errorf("in %d columns: %q, want %q", c.width, got, c.want)
		}
	}
}

func TestListsAreNamedWithTheirNumber(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	for _, c := range []struct {
		do, filter, want string
	}{
		{"pane:1", "", "Findings by cause (1) · acme/web:1.4@w"},
		{"pane:2", "", "Layers of web · 3"},
		{"pane:6", "", "Unexpected, altered, missing of web · 1"},
		{"pane:7", "", "Timeline (UTC) · 0"},
		{"pane:9", "", "Autoruns of web, all · 0"},
		{"pane:2", "copy 1", `Layers of web · 1 of 3, filter "copy 1"`},
		{"pane:2", "nowhere", `Layers of web · 0 of 3, filter "nowhere"`},
	} {
		st.do(c.do)
		st.run(st.s.SetFilter(c.filter))
		if got := listTitle(st.s); got != c.want {
			t.Errorf("%s with filter %q: %q, want %q", c.do, c.filter, got, c.want)
		}
	}
	st.shows("no match among 3 rows; esc clears the filter")
}

// No line of the headline is cut: what does not fit is wrapped below its label.
func TestTheHeadlineIsWrappedAndNeverCut(t *testing.T) {
	p := widget.NewPaint(true, true, false)
	lines := []headline.Line{
		{Label: headline.What, Text: "miner /var/tmp/.font/fontd ran; it is in the image (layer 2)"},
		{Label: "STEP", Text: "COPY fonts/ /", Aside: "same layer runs in shop/report-29102885-v6hqn"},
		{Label: "NEXT", Text: strings.Repeat("x", 100)},
		{Label: "HOW", Text: ""},
	}
	for _, c := range []struct {
		width int
		want  []string
	}{
		{80, []string{
			"WHAT    miner /var/tmp/.font/fontd ran; it is in the image (layer 2)",
			"STEP    COPY fonts/ /   same layer runs in shop/report-29102885-v6hqn",
			"NEXT    " + strings.Repeat("x", 72), "        " + strings.Repeat("x", 28), "HOW",
		}},
		{40, []string{
			"WHAT    miner /var/tmp/.font/fontd ran;", "        it is in the image (layer 2)",
			"STEP    COPY fonts/ /", "        same layer runs in", "        shop/report-29102885-v6hqn",
			"NEXT    " + strings.Repeat("x", 32), "        " + strings.Repeat("x", 32),
			"        " + strings.Repeat("x", 32),
			"        xxxx", "HOW",
		}},
	} {
		for _, focused := range []bool{false, true} {
			var got []string
			for _, l := range drawHeadline(p, lines, c.width, focused) {
				got = append(got, strings.TrimRight(ansi.Strip(l), " "))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("in %d columns\n%s\nwant\n%s", c.width, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		}
	}
	if got := drawHeadline(p, lines, 3, false); len(got) == 0 {
		t.Error("in 3 columns there is no headline")
	}
}

func TestDeadlinesStandInTheHeadlineUntilTheyAreWithdrawn(t *testing.T) {
	st := open(t, &backend{}, incident()...)
	k := inspect.Clock{
		Regime: inspect.NIS2, Aware: inspect.At(now.Add(-time.Hour)), Started: inspect.At(now),
		Author: "ada", Reason: "told",
	}
	st.after(on("", "", k))
	st.shows("DUE     NIS2 ", "left")
	before := deadlineLines(st.s)[0].Text
	st.sh.Now = now.Add(30 * time.Minute)
	st.s.Refresh()
	if got := deadlineLines(st.s)[0].Text; got == before {
		t.Errorf("half an hour later the deadline still reads %q", got)
	}
	k.Withdrawn = &inspect.Withdrawal{Time: inspect.At(now), Author: "ada", Reason: "a drill"}
	st.after(on("", "", k))
	if lines := deadlineLines(st.s); len(lines) != 0 {
		t.Errorf("a deadline that was withdrawn is in the headline: %v", lines)
	}
}

// The lead of a case that could not be opened is why; nothing of the case is claimed.
func TestTheHeadlineOfACaseThatCouldNotBeOpened(t *testing.T) {
	st := open(t, &backend{err: fmt.Errorf("reading \x1b[31mthe pod: %w", errors.New("forbidden"))})
	lines := headlineOf(st.s)
	if len(lines) != 1 || lines[0].Text != "could not open the case: reading ␛[31mthe pod: forbidden" {
		t.Errorf("the headline is %+v", lines)
	}
	for k := range pane.Count {
		st.do(fmt.Sprintf("pane:%d", k+1)).shows("? reading ␛[31mthe pod: forbidden")
	}
}
