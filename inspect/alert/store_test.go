package alert

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// said is a line of Falco's JSON; with changes one of its fields.
func said(rule, pod, path, command string, seconds int) string {
	t := at.Add(time.Duration(seconds)*time.Second + 123*time.Nanosecond)
	return mustJSON(map[string]any{
		"rule": rule, "priority": "Warning", "time": t.UTC().Format(time.RFC3339Nano), "hostname": "node1",
		"output": t.UTC().Format("15:04:05.000000000") + ": Warning " + rule + " (command=" + command + ")",
		"output_fields": map[string]any{
			"k8s.ns.name": "shop", "k8s.pod.name": pod,
			"container.id": fmt.Sprintf("%012x", len(pod)*100+int(pod[len(pod)-1])), "proc.exepath": path,
			"proc.cmdline": command,
		},
	})
}

// take gives lines to a feed.
func take(t testing.TB, f *Feed, lines ...string) {
	t.Helper()
	if _, err := Scan(
		strings.NewReader(strings.Join(lines, "\n")), Limits{Day: at},
		func(b Batch) bool { f.Append(b); return true },
	); err != nil {
		t.Fatal(err)
	}
}

func all(b *Store) []Alert {
	var list []Alert
	b.Each(func(a *Alert) bool { list = append(list, *a); return true })
	return list
}

func newStore(t testing.TB, limit int) *Store {
	t.Helper()
	b := NewStore(limit)
	return b
}

func TestTheSameAgainCounts(t *testing.T) {
	b := newStore(t, 0)
	f := b.Open(KindFile, "falco.log")
	take(t, f,
		said("Shell", "web-0", "/bin/sh", "sh -c a", 5), said("Shell", "web-0", "/bin/sh", "sh -c b", 1),
		said("Shell", "web-0", "/bin/sh", "sh -c a", 9),
		said("Shell", "web-1", "/bin/sh", "sh -c a", 2), said(
			"Shell", "web-0", "/bin/bash", "sh -c a", 3,
		), said("Other", "web-0", "/bin/sh", "sh -c a", 4))
	got := all(b)
	if len(got) != 4 {
		t.Fatalf("%d entries, want four: another pod, another program and another rule are others", len(got))
	}
	a := got[0]
	if a.Count != 3 || a.Variants != 2 || !a.Time.Equal(at.Add(time.Second+123)) ||
		!a.Last.Equal(at.Add(9*time.Second+123)) || a.Number != 1 {
		t.Errorf("count %d, variants %d, from %v to %v, number %d", a.Count, a.Variants, a.Time, a.Last, a.Number)
	}
	if !strings.Contains(a.Output, "sh -c a") || len(a.Also) != 1 || !strings.Contains(a.Also[0], "sh -c b") ||
		!json.Valid([]byte(a.Line)) || a.Raw == "" || a.File.Detail == "" {
		t.Errorf("filled: output %q, also %q, file %+v", a.Output, a.Also, a.File)
	}
	if s := b.Summary(); s.Alerts != 6 || s.Entries != 4 || s.Broken != 0 || len(s.Notes) != 0 {
		t.Errorf("summary %+v", s)
	}
	if r := b.Rarity(); r["Shell"] != 5 || r["Other"] != 1 {
		t.Errorf("rarity %v", r)
	}
}

// An attacker's varying command lines and names of files make no flood of entries, and all are
// counted.
func TestVariationMakesNoFlood(t *testing.T) {
	b := newStore(t, 0)
	f := b.Open(KindFile, "falco.log")
	var lines []string
	for i := range 500 {
		lines = append(
			lines, said("Drop", "web-0", "/tmp/x", fmt.Sprint("x --seed ", i), i),
			said("Names", "web-0", fmt.Sprint("/tmp/", i), "x", i),
		)
	}
	take(t, f, lines...)
	count := map[string]int{}
	for _, a := range all(b) {
		count[a.Rule] += a.Count
	}
	if n := len(all(b)); n != 1+maxPerSpot+1 || count["Drop"] != 500 || count["Names"] != 500 {
		t.Errorf("%d entries that count %v", n, count)
	}
	first := all(b)[0]
	if first.Variants != maxTexts+1 || len(first.Also) != maxAlso {
		t.Errorf("%d texts, %d kept besides the first", first.Variants, len(first.Also))
	}
}

// What a noisy rule said is dropped first, and of it what one pod said again and again: nothing
// rare is lost.
func TestANoisyRuleNeverPushesOutARareOne(t *testing.T) {
	b := newStore(t, 100)
	f := b.Open(KindFile, "falco.log")
	take(t, f, said("Rare", "web-0", "/bin/sh", "a", 0))
	for i := range 2000 {
		take(t, f, said("Noisy", fmt.Sprint("pod-", i/20), fmt.Sprint("/bin/", i), "a", i))
	}
	take(t, f, said("Rare too", "web-0", "/bin/sh", "a", 0))
	rules, pods := map[string]int{}, map[string]bool{}
	for _, a := range all(b) {
		rules[a.Rule]++
		pods[a.Pod] = true
	}
	if rules["Rare"] != 1 || rules["Rare too"] != 1 || len(all(b)) > 100 {
		t.Errorf("kept %v", rules)
	}
	if a, ok := b.Find("2002"); !ok || a.Rule != "Rare too" {
		t.Errorf("number 2002 is %q, %v", a.Rule, ok)
	}
	dropped := 0
	for n := range 2002 {
		if _, ok := b.Find(fmt.Sprint(n + 1)); !ok {
			dropped++
		}
	}
	if dropped != 2002-len(all(b)) {
		t.Errorf("%d numbers lead nowhere, and %d of 2002 alerts are kept", dropped, len(all(b)))
	}
	if len(pods) < 80 {
		t.Errorf("of only %d of the hundred pods something is left", len(pods))
	}
	s := b.Summary()
	if s.Alerts != 2002 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "more than 100 distinct alerts") ||
		!strings.Contains(s.Notes[0], "Noisy (") {
		t.Errorf("summary %+v", s)
	}
}

// Names that somebody makes up do not fill the memory either.
func TestMadeUpRulesAreForgotten(t *testing.T) {
	b := newStore(t, 50)
	f := b.Open(KindFile, "x")
	for i := range 3 * maxRules {
		take(t, f, said(fmt.Sprint("rule ", i), "web-0", "/x", "a", i))
	}
	if len(b.rules) > maxRules+50 || len(b.entries) > 50 || len(b.byKey) != len(b.entries) ||
		len(b.spots) != len(b.entries) {
		t.Errorf("%d rules, %d entries, %d keys, %d spots", len(b.rules), len(b.entries), len(b.byKey), len(b.spots))
	}
	if notes := b.Summary().Notes; len(notes) != 1 || !strings.Contains(notes[0], "were dropped") {
		t.Errorf("notes %q", notes)
	}
}

// An event that comes by two ways is one, and so is what a report shows again; a file that has a
// line twice said it twice.

func TestOneEventByTwoWays(t *testing.T) {
	b := newStore(t, 0)
	logs, report := b.Open(KindFile, "log of falco-x"), b.OpenState(KindReport, "PolicyReport shop/falco")
	line := said("Shell", "web-0", "/bin/sh", "a", 0)
	take(t, logs, line)
	take(t, report, line)
	take(t, report, line)
	if got := all(b); len(got) != 1 || got[0].Count != 1 || got[0].From != "log of falco-x" {
		t.Errorf("got %+v", got)
	}
	take(t, logs, line)
	if got := all(b); got[0].Count != 2 {
		t.Errorf("the line twice in one log counts %d", got[0].Count)
	}
	if s := b.Summary(); s.Alerts != 2 || s.Feeds[0].Alerts != 2 || s.Feeds[1].Alerts != 0 {
		t.Errorf("summary %+v", s)
	}
	coarse := strings.ReplaceAll(line, ".500000123", ".500")
	take(t, report, coarse)
	take(t, report, coarse)
	take(t, logs, coarse)
	if got := all(b); got[0].Count != 4 {
		t.Errorf("a time without nanoseconds may be that of two events; it counts %d", got[0].Count)
	}
}

func TestFind(t *testing.T) {
	b := newStore(t, 0)
	take(t, b.Open(KindFile, "x"), said("A", "web-0", "/a", "a", 0), said("B", "web-0", "/b", "b", 0))
	second := all(b)[1]
	for name, want := range map[string]string{"2": "B", "1": "A", second.ID: "B", second.ID[:8]: "B"} {
		if a, ok := b.Find(name); !ok || a.Rule != want {
			t.Errorf("alert:%s is %q, %v", name, a.Rule, ok)
		}
	}
	for _, name := range []string{"0", "3", "-1", "", "x", second.ID[:7], "00000000", second.ID + "0"} {
		if a, ok := b.Find(name); ok {
			t.Errorf("alert:%s is %q", name, a.Rule)
		}
	}
}

func TestTextWithoutARuleHasATitle(t *testing.T) {
	b := newStore(t, 0)
	take(t, b.Open(KindFile, "x"), textOne,
		`08:01:02.5: Error File below /bin opened for writing (user=root file=/bin/x container=web (id=3ad7b26ded6d))`,
		`2026-03-01T08:01:02.5+0000: Notice Nothing else`)
	for i, want := range []string{
		"Executing binary not part of base image", "File below /bin opened for writing", "Nothing else",
	} {
		if got := all(b)[i]; got.Title != want || got.Rule != "" || got.Name() != want {
			t.Errorf("title %q, rule %q; want %q", got.Title, got.Rule, want)
		}
	}
}

func TestNamespacesAreBounded(t *testing.T) {
	b := newStore(t, 0)
	f := b.Open(KindFile, "x")
	take(t, f, `{"rule":"none"}`)
	for i := range 2 * maxNamespaces {
		take(
			t, f,
			mustJSON(
				map[string]any{"rule": "R", "output_fields": map[string]any{"k8s.ns.name": fmt.Sprintf("ns%03d", i/2)}},
			),
		)
	}
	if got := b.Namespaces(); len(got) != maxNamespaces || got[0] != "ns000" {
		t.Errorf("got %v", got)
	}
}

// 100,000 alerts of 5,000 pods, a third of them the same again.
func BenchmarkStore(b *testing.B) {
	var input strings.Builder
	for i := range 100_000 {
		input.WriteString(
			said(fmt.Sprint("rule ", i%13), fmt.Sprint("pod-", i%5000), "/bin/sh", fmt.Sprint("sh -c ", i), i),
		)
		input.WriteByte('\n')
	}
	b.SetBytes(int64(input.Len()))
	b.ReportAllocs()
	for b.Loop() {
		store := NewStore(0)
		f := store.Open(KindFile, "x")
		if _, err := Scan(
			strings.NewReader(input.String()), Limits{}, func(x Batch) bool { f.Append(x); return true },
		); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(store.entries)), "entries")
	}
}
