package respond_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/backtrail/backtrail/inspect"
	. "github.com/backtrail/backtrail/inspect/respond"
)

// minute is a time of the case.
func minute(n int) Time { return At(time.Date(2026, 11, 23, 3, n, 0, 0, time.UTC)) }

func kept(n int, path, digest string) Event {
	return Event{Fact: Exhibit{Path: path, Digest: digest}}.Stamped(minute(n))
}

func blob(n int, role, state, digest string) Event {
	return Event{Fact: Blob{Role: role, State: state, Digest: digest, Of: "image"}}.Stamped(minute(n))
}

func fold(events ...Event) *Case {
	c := &Case{}
	for _, e := range events {
		c.Apply(e)
	}
	return c
}

// What is kept stands in the order in which it vanishes elsewhere, with its times; what is not kept says why.
func TestPreserved(t *testing.T) {
	pod := Event{Fact: Pod{Name: "web-0", Namespace: "shop"}}
	end := func(check string, s CheckStatus, reason string) Event {
		return Event{Check: check, Fact: End{Status: s, Reason: reason}}
	}
	c := fold(
		pod, blob(9, "layer", "missing", "sha256:cc"), blob(8, "layer", BlobCarried, "sha256:bb"), blob(5,
			"manifest", BlobCarried, "sha256:aa"),
		kept(4, "cluster/deployment-shop-web.json", "sha256:dd"), kept(2, "logs/abc.log", "sha256:e1"),
		Event{Time: minute(2), Fact: Exhibit{
			Path:    "logs/before.log",
			Missing: "previous terminated container not found",
		}},
		kept(1, "cluster/event-shop-web-0.17a.json", "sha256:e2"), kept(3, "cluster/event-shop-web-0.18b.json",
			"sha256:e3"),
		kept(0, "cluster/pod-shop-web-0.json", "sha256:f1"), kept(9, "cluster/pod-shop-web-0@12.json", "sha256:f2"),
		kept(0, "alerts/a1.json", "sha256:a1"), kept(0, "trust/root.json", "sha256:t1"), end("cluster", CheckBlocked,
			"the webhooks could not be read"),
	)
	var got []string
	for _, p := range PreservedOf(c) {
		got = append(got, fmt.Sprintf("%s %d/%d %s-%s %s", p.Word, p.Kept, p.Lost, p.First.Format("05:04"),
			p.Last.Format("05:04"), strings.Join(p.Why, "; ")))
	}
	want := []string{
		"pod object 2/0 00:00-00:09 ", "event 2/0 00:01-00:03 ",
		"log 1/1 00:02-00:02 previous terminated container not found", "alert 1/0 00:00-00:00 ",
		"cluster object 1/1 00:04-00:04 the webhooks could not be read", "manifest 1/0 00:05-00:05 ",
		"layer 1/1 00:08-00:08 layer sha256:cc is missing",
		"run-time file 0/1 00:00-00:00 neither they nor the memory were collected",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	replayed(t, c)
}

func TestNothingIsKeptOfWhatNobodyReads(t *testing.T) {
	c := fold(Event{Fact: Pod{Name: "web-0"}}, Event{Check: "logs", Fact: End{
		Status: CheckSkipped,
		Reason: "not read: --no-logs",
	}})
	at := slices.IndexFunc(PreservedOf(c), func(p Preserved) bool { return p.Word == "log" })
	if at < 0 {
		t.Fatal("nothing is said of logs")
	}
	if p := PreservedOf(c)[at]; !p.Whole || p.Kept != 0 || p.Why[0] != "not read: --no-logs" {
		t.Errorf("%+v", p)
	}
	if all := PreservedOf(fold()); len(all) != 0 {
		t.Errorf("of no pod: %+v", all)
	}
}

// Run-time state is open until a person says what became of it, and open again when they take that back.
func TestRuntimeState(t *testing.T) {
	c := fold(Event{Fact: Pod{Name: "web-0"}})
	say := func(n int, mark string) {
		c.Apply(Event{Time: minute(n), Fact: Note{
			Time: minute(n), Author: "ada", Subject: SubjectRuntime,
			Mark: mark, Text: "because",
		}})
	}
	lost := func() bool {
		return slices.ContainsFunc(PreservedOf(c), func(p Preserved) bool {
			return p.Word == "run-time file" &&
				p.Lost > 0
		})
	}
	for n, tt := range []struct {
		mark       string
		said, lost bool
	}{{"", false, true}, {RuntimeSaved, true, false}, {RuntimeOpen, false, true}, {RuntimeGivenUp, true, true}} {
		if tt.mark != "" {
			say(n, tt.mark)
		}
		if note, said := c.Runtime(); said != tt.said || lost() != tt.lost || said && note.Author != "ada" {
			t.Errorf("%q: said %v, lost %v", tt.mark, said, lost())
		}
	}
	replayed(t, c)
}

// The time at which something was kept is that of the first time, and a failed try takes nothing away.
func TestTheTimeOfKeeping(t *testing.T) {
	c := fold(
		kept(1, "logs/a.log", "sha256:a"), kept(5, "logs/a.log", "sha256:a"), kept(7, "logs/b.log", "sha256:b"),
		kept(8, "logs/b.log", "sha256:c"),
		Event{Time: minute(9), Fact: Exhibit{Path: "logs/a.log", Missing: "gone"}},
		Event{Time: minute(1), Fact: Exhibit{Path: "logs/c.log", Missing: "not yet"}}, kept(4, "logs/c.log",
			"sha256:d"),
		blob(1, "layer", "missing", "sha256:x"), blob(3, "layer", BlobCarried, "sha256:x"), blob(6, "layer",
			BlobCarried, "sha256:x"),
	)
	for n, want := range []int{1, 8, 4} {
		if x := c.Exhibits[n]; x.Kept != minute(want) || x.Missing != "" {
			t.Errorf("%+v, want minute %d", x, want)
		}
	}
	if c.Blobs[0].Kept != minute(3) {
		t.Errorf("%+v", c.Blobs[0])
	}
	if c.AsOf() != minute(9) {
		t.Errorf("as of %v", c.AsOf())
	}
}

// Everything with a time is on one axis; equal times stay in their order.
func TestAxis(t *testing.T) {
	k := Clock{Regime: NIS2, Aware: minute(20), Started: minute(21), Author: "ada", Reason: "told"}
	wrong := Clock{
		Regime: DORA, Aware: minute(19), Started: minute(19), Author: "ada", Reason: "slip",
		Withdrawn: &Withdrawal{Time: minute(22), Author: "bob", Reason: "no bank"},
	}
	c := fold(
		Event{Fact: Moment{Time: minute(5), What: "b", Source: "cluster", Trust: ByCluster}},
		Event{Fact: Moment{Time: minute(5), What: "a", Source: "cluster", Trust: ByCluster}},
		Event{Fact: Moment{Time: minute(1), What: "built", Source: "config", Trust: ByClaim}}, Event{Fact: k},
		Event{Fact: wrong},
		Event{Fact: Alert{ID: "1", Rule: "shell", Time: minute(5), Source: "falco", Imprecise: true}},
		Event{Fact: Note{Time: minute(18), Author: "ada", Mark: "malicious", Text: "a  miner"}},
		Event{Fact: Note{Time: minute(23), Author: "ada", Subject: SubjectRuntime, Mark: RuntimeSaved}},
	)
	var got []string
	for _, m := range Axis(c, minute(80).Time) {
		got = append(got, m.Time.Format("02 15:04 ")+m.What+" ["+m.Trust+"]")
	}
	want := []string{
		"23 03:01 built [claimed]", "23 03:05 a [cluster]", "23 03:05 b [cluster]",
		"23 03:05 alert: shell (its time has no date or no zone) [alert]",
		"23 03:18 note: malicious a miner [local]",
		"23 03:19 DORA Art. 19 clock started: aware; it binds financial entities, for major incidents [local]",
		"23 03:20 NIS2 Art. 23 clock started: aware; it binds essential and important entities, for significant " +
			"incidents [local]",
		"23 03:22 DORA Art. 19 clock withdrawn [local]", "23 03:23 run-time state saved [local]",
		"24 03:20 23 h 0 min left: early warning by NIS2 Art. 23 [local]",
		"26 03:20 2 d 23 h left: notification by NIS2 Art. 23 [local]",
		"26 03:20 32 d 23 h left: final report by NIS2 Art. 23 [local]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	replayed(t, c)
}
