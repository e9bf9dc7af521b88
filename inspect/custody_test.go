package inspect

import (
	"strings"
	"testing"
	"time"
)

// The chain of custody is a projection of the ledger: what was requested of whom, what was kept, who wrote what.
func TestLinesOfCustody(t *testing.T) {
	for name, tt := range map[string]struct {
		e    Event
		want CustodyLine
	}{
		"the case is opened": {
			Event{Fact: Header{Target: Target{Name: "pod/web-0"}, Started: at(1)}},
			CustodyLine{What: "opened", Detail: "pod/web-0", Time: at(1)},
		},
		"a session": {
			Event{Fact: Session{Operator: "ada", Host: "laptop", SHA256: "sha256:1", Started: at(1)}},
			CustodyLine{What: "session", Detail: "ada on laptop", Digest: "sha256:1", Time: at(1)},
		},
		"a request": {
			Event{Fact: Request{Method: "GET", URL: "https://r/v2/", Status: 200, Bytes: 12}},
			CustodyLine{What: "request", Method: "GET", URL: "https://r/v2/", Status: 200, Bytes: 12},
		},
		"one that failed, before the case began": {
			Event{Fact: Request{
				Method: "GET", URL: "u", Error: "no answer",
				Sent: at(1),
			}},
			CustodyLine{What: "request", Method: "GET", URL: "u", Error: "no answer", Time: at(1)},
		},
		"an exhibit": {
			Event{Fact: Exhibit{Path: "logs/a", Digest: "sha256:1", Size: 7, Source: "GET /log"}},
			CustodyLine{What: "kept", Detail: "logs/a", Digest: "sha256:1", Bytes: 7, URL: "GET /log"},
		},
		"an exhibit that is missing": {
			Event{Fact: Exhibit{Path: "logs/a", Source: "GET /log", Missing: "forbidden"}},
			CustodyLine{What: "not kept", Detail: "logs/a", Error: "forbidden"},
		},
		"a blob": {
			Event{Fact: Blob{Digest: "sha256:1", Role: "layer", Size: 9, State: BlobCarried}},
			CustodyLine{What: "kept", Detail: "layer", Digest: "sha256:1", Bytes: 9},
		},
		"a blob of an earlier run": {
			Event{Fact: Blob{
				Digest: "sha256:1", Role: "layer", State: BlobCarried,
				Source: SourceCache,
			}},
			CustodyLine{What: "kept", Detail: "layer, from cache", Digest: "sha256:1"},
		},
		"a note": {
			Event{Fact: Note{Author: "ada", Text: "an act of a person, with its text"}},
			CustodyLine{What: "note", Detail: "ada: an act of a person, with its text"},
		},
		"what happened elsewhere": {
			Event{Fact: Note{Author: "ada", Subject: SubjectCustody, Text: "the disk was handed over"}},
			CustodyLine{What: "custody", Detail: "ada: the disk was handed over"},
		},
		"a mark": {
			Event{Fact: Note{Author: "ada", Subject: "f1", Mark: "benign"}},
			CustodyLine{What: "note", Detail: "ada: benign"},
		},
		"a reporting deadline": {
			Event{Fact: Clock{Regime: NIS2, Author: "ada"}},
			CustodyLine{What: "clock", Detail: "nis2 started by ada"},
		},
		"one that is withdrawn": {
			Event{Fact: Clock{Regime: CRA, Author: "ada", Withdrawn: &Withdrawal{Author: "bob"}}},
			CustodyLine{What: "clock", Detail: "cra withdrawn by bob"},
		},
		"the end": {
			Event{Fact: End{Status: CheckBlocked, Reason: "interrupted"}},
			CustodyLine{What: "ended", Detail: "interrupted"},
		},
	} {
		got, ok := Custody(tt.e)
		if !ok || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, ok, tt.want)
		}
	}
}

// What is a conclusion, or never came to be kept, is no act of custody.
func TestWhatIsNoCustody(t *testing.T) {
	acts := map[string]bool{
		"header": true, "session": true, "request": true, "exhibit": true, "note": true,
		"clock": true, "end": true, "cluster": true, "clock-offset": true, "account": true, "timestamp": true,
	}
	for _, f := range append(Kinds(), UnknownFact{Name: "radar"}) {
		if _, ok := Custody(Event{Fact: f}); ok != acts[f.FactKind()] {
			t.Errorf("%s: %v", f.FactKind(), ok)
		}
	}
	for name, e := range map[string]Event{
		"the end of a check":     {Check: "layers", Fact: End{Status: CheckDone}},
		"a blob that is missing": {Fact: Blob{State: "missing"}},
		"one that is left out":   {Fact: Blob{State: "left-out"}},
		"one that is damaged":    {Fact: Blob{State: BlobDamaged}},
		"an entry of nothing":    {},
	} {
		if line, ok := Custody(e); ok {
			t.Errorf("%s: %+v", name, line)
		}
	}
}

// Redactions are told apart by container, place and original: one secret in two places is two.
func TestRedactionsAreOfTheirContainer(t *testing.T) {
	c := fold(append(about("web", Redaction{Container: "claimed", Where: "image", Original: "1"}), about("",
		Redaction{Container: "claimed", Where: "image", Original: "1"})...)...)
	var got []string
	for _, r := range c.Redactions {
		got = append(got, r.Container)
	}
	if strings.Join(got, ",") != ",web" {
		t.Errorf("redactions of %q: the entry names the container, not the fact", got)
	}
}

// The circumstances of a case fold by host, entry and account, and each is a line of custody.
func TestTheCircumstancesOfACase(t *testing.T) {
	facts := []Fact{
		ClusterIdentity{Server: "https://a:6443", UID: "u1", User: "alice", Unknown: []string{"version: refused"}},
		ClusterIdentity{Server: "https://a:6443", UID: "u1", CA: "sha256:00", User: "alice"},
		ClockOffset{Host: "b", Seconds: -3, Within: 1},
		ClockOffset{Host: "a"},
		ClockOffset{Host: "b", Seconds: 4},
		Account{Host: "r", User: "bob", Source: "docker configuration"},
		Account{Host: "r", Source: "none"},
		Timestamp{Entry: 2, Head: "sha256:11", Authority: "https://tsa", At: at(1), Response: []byte{1}},
		Timestamp{Entry: 2, Head: "sha256:11", Authority: "https://tsa", Error: "down"},
		Timestamp{Entry: 9, Error: "down"},
		Timestamp{Entry: 9, Response: []byte{2}},
	}
	var c Case
	var what []string
	for _, f := range facts {
		c.Apply(Event{Fact: f})
		line, is := Custody(Event{Fact: f})
		if !is {
			t.Errorf("%s is no line of custody", f.FactKind())
		}
		what = append(what, line.What+" "+line.Detail+" "+line.Error)
	}
	r := c.Custody
	if r.Cluster.CA != "sha256:00" || len(r.Offsets) != 2 || r.Offsets[1].Seconds != 4 || len(r.Accounts) != 2 ||
		len(r.Timestamps) != 2 || r.Timestamps[0].Error != "" || r.Timestamps[1].Error != "" {
		t.Errorf("%+v", r)
	}
	all := strings.Join(what, "\n")
	for _, want := range []string{
		"cluster namespace kube-system u1, CA of the system, as alice version: refused",
		"clock offset -3 s, up to 1 s uncertain", "account bob, by docker configuration", "account anonymous, by none",
		"timestamp of entry 2 down",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no line %q in\n%s", want, all)
		}
	}
	copied := c.Clone()
	c.Apply(Event{Fact: ClockOffset{Host: "a", Seconds: 7}})
	if copied.Custody.Offsets[0].Seconds == 7 {
		t.Error("a copy changes with its case")
	}
}

// The offset of a clock is that of the middle of a request, with what is not known of it.
func TestOffsetsOfClocks(t *testing.T) {
	sent := at(0).Time
	for name, tt := range map[string]struct {
		date          time.Time
		took          time.Duration
		ahead, within int
		ok            bool
	}{
		"the same":     {sent, 0, 1, 1, true}, // half a second is rounded up: within says so
		"ahead":        {sent.Add(61 * time.Second), 2 * time.Second, 61, 2, true},
		"behind":       {sent.Add(-time.Hour), 2 * time.Second, -3601, 2, true},
		"no date":      {time.Time{}, 0, 0, 0, false},
		"a clock back": {sent, -time.Second, 0, 0, false},
	} {
		o, ok := OffsetOf("host", tt.date, sent, tt.took)
		if ok != tt.ok || o.Within != tt.within || o.Seconds-tt.ahead > 1 || tt.ahead-o.Seconds > 1 {
			t.Errorf("%s: %+v, %v", name, o, ok)
		}
	}
	if _, ok := OffsetOf("", sent, sent, 0); ok {
		t.Error("an offset of no host")
	}
}
