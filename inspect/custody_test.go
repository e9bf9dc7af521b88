package inspect

import (
	"strings"
	"testing"
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
			Event{Fact: Note{Author: "ada", Text: "not in the custody: it stands in the case"}},
			CustodyLine{What: "note", Detail: "ada"},
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
		"clock": true, "end": true,
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
