package inspect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// place is where the facts of a kind are found in a case, and what makes two of them the same one.
type place struct {
	first Fact
	same  Fact   // the key of the first, with other content: it takes its place
	other []Fact // each with another key: they stand beside it
	list  func(c *Case) any
	image func(i Image) any // instead of list: it is a list of the image of the container
}

// web is the image that the facts of the tests below are about.
func web(c *Case) Image { i, _ := c.Image("web"); return i }

// pathCause is the key of the cause that a finding about a file gets.
const pathCause = "file:/a"

// caseLists are the lists of the case itself.
var caseLists = map[string]place{
	"finding": {
		first: Finding{ID: "1", Severity: High, Subject: "web:/a", Cause: pathCause},
		same:  Finding{ID: "1", Severity: Low, Subject: "web:/a", Cause: pathCause, Title: "again"},
		other: []Fact{
			Finding{ID: "2", Severity: High, Subject: "web:/a", Cause: pathCause},
			Finding{ID: "3", Severity: Critical, Subject: "web:/a", Cause: pathCause},
		},
		list: func(c *Case) any { return c.Findings },
	},
	"alert": {
		first: Alert{ID: "1", Time: at(1)}, same: Alert{ID: "1", Time: at(1), Match: MatchPod},
		other: []Fact{Alert{ID: "2", Time: at(1)}, Alert{ID: "1", Time: at(2)}, Alert{ID: "0"}},
		list:  func(c *Case) any { return c.Alerts },
	},
	"answer": {
		first: Answer{Question: HowIn, Status: AnswerOpen}, same: Answer{Question: HowIn, Status: Answered},
		other: []Fact{Answer{Question: WhyMissed}, Answer{Question: WhereFrom}},
		list:  func(c *Case) any { return c.Answers },
	},
	"trust": {
		first: Trust{Kind: "sigstore", Digest: "sha256:1"}, same: Trust{
			Kind: "sigstore", Digest: "sha256:1",
			Age: "3d",
		},
		other: []Fact{Trust{Kind: "policy", Digest: "sha256:1"}, Trust{Kind: "sigstore", Digest: "sha256:2"}},
		list:  func(c *Case) any { return c.Trust },
	},
	"podChange": {
		first: PodChange{Time: at(1), State: PodGone}, same: PodChange{Time: at(1), State: PodGone, Exhibit: "x"},
		other: []Fact{PodChange{Time: at(1), State: PodChanged}, PodChange{Time: at(2), State: PodGone}},
		list:  func(c *Case) any { return c.Changes },
	},
	"clock": {
		first: Clock{Regime: CRA, Started: at(1)},
		same:  Clock{Regime: CRA, Started: at(1), Withdrawn: &Withdrawal{Author: "ada"}},
		other: []Fact{Clock{Regime: NIS2, Started: at(1)}, Clock{Regime: CRA, Started: at(2)}},
		list:  func(c *Case) any { return c.Clocks },
	},
	"note": {
		first: Note{Time: at(1), Author: "ada", Text: "x"}, same: Note{
			Time: at(1), Author: "ada", Text: "x",
			Mark: "open",
		},
		other: []Fact{
			Note{Time: at(2), Author: "ada", Text: "x"},
			Note{Time: at(1), Author: "bob", Text: "x"},
			Note{Time: at(1), Author: "ada", Subject: "f", Text: "x"},
			Note{Time: at(1), Author: "ada", Text: "y"},
		},
		list: func(c *Case) any { return c.Notes },
	},
	"notice": {
		first: Notice{Text: "a", Level: "info"}, same: Notice{Text: "a", Level: "error", Hint: "log in"},
		other: []Fact{Notice{Text: "b"}}, list: func(c *Case) any { return c.Notices },
	},
	"moment": {
		first: Moment{Time: at(1), What: "built", Source: "config"},
		same:  Moment{Time: at(1), What: "built", Source: "config", Trust: BySignature},
		other: []Fact{
			Moment{Time: at(2), What: "built", Source: "config"},
			Moment{Time: at(1), What: "pushed"},
			Moment{Time: at(1), What: "built", Source: "Rekor"},
		},
		list: func(c *Case) any { return c.Timeline },
	},
	"blob": {
		first: Blob{Digest: "sha256:1", Of: "image"}, same: Blob{Digest: "sha256:1", Of: "image", State: BlobCarried},
		other: []Fact{Blob{Digest: "sha256:2", Of: "image"}, Blob{Digest: "sha256:1", Of: "known-good"}},
		list:  func(c *Case) any { return c.Blobs },
	},
	"exhibit": {
		first: Exhibit{Path: "logs/a", Digest: "sha256:1"}, same: Exhibit{Path: "logs/a", Digest: "sha256:2"},
		other: []Fact{Exhibit{Path: "logs/b", Digest: "sha256:1"}}, list: func(c *Case) any { return c.Exhibits },
	},
	"redaction": {
		first: Redaction{Container: "web", Where: "image", Original: "1", Kind: "token"},
		same:  Redaction{Container: "web", Where: "image", Original: "1", Kind: "password"},
		other: []Fact{
			Redaction{Container: "web", Where: "layer", Original: "1"},
			Redaction{Container: "web", Where: "image", Original: "2"},
		},
		list: func(c *Case) any { return c.Redactions },
	},
}

// imageLists are the lists of an image.
var imageLists = map[string]place{
	"store": {
		first: StoreReply{Store: "referrers", Subject: "sha256:1"},
		same:  StoreReply{Store: "referrers", Subject: "sha256:1", Status: StoreFound, Found: 2},
		other: []Fact{StoreReply{Store: "cosign-tag", Subject: "sha256:1"}, StoreReply{Store: "referrers"}},
		image: func(i Image) any { return i.Stores },
	},
	"layer": {
		first: Layer{Position: 3, Number: 1}, same: Layer{Position: 3, Number: 1, Status: Verified},
		other: []Fact{Layer{Position: 2, Number: -1, Empty: true}, Layer{Position: 4, Number: -1, Empty: true}},
		image: func(i Image) any { return i.Layers },
	},
	"signature": {
		first: Signature{ID: "b"}, same: Signature{ID: "b", Status: Verified},
		other: []Fact{Signature{ID: "a"}, Signature{ID: "c"}}, image: func(i Image) any { return i.Signatures },
	},
	"provenance": {
		first: Provenance{ID: "b"}, same: Provenance{ID: "b", Builder: "x"},
		other: []Fact{Provenance{ID: "a"}, Provenance{ID: "c"}}, image: func(i Image) any { return i.Provenance },
	},
	"sbom": {
		first: SBOM{Origin: "attached", Format: "spdx-json"}, same: SBOM{
			Origin: "attached", Format: "spdx-json",
			Packages: 9,
		},
		other: []Fact{
			SBOM{Origin: "generated", Format: "spdx-json"},
			SBOM{
				Origin: "attached",
				Format: "cyclonedx-json",
			},
			SBOM{Origin: "attached", Format: "spdx-json", Digest: "sha256:1"},
		},
		image: func(i Image) any { return i.SBOMs },
	},
	"binary": {
		first: Binary{Path: "/a", Severity: Medium}, same: Binary{
			Path: "/a", Severity: Critical,
			Codes: []string{"setuid"},
		},
		other: []Fact{Binary{Path: "/b", Severity: High}, Binary{
			Path: "/c", Severity: High,
			Codes: []string{"alerted"},
		}},
		image: func(i Image) any { return i.Binaries },
	},
	"altered": {
		first: Altered{Path: "/b"}, same: Altered{Path: "/b", Package: "procps"},
		other: []Fact{Altered{Path: "/a"}, Altered{Path: "/c"}}, image: func(i Image) any { return i.Altered },
	},
	"missing": {
		first: Missing{Path: "/b"}, same: Missing{Path: "/b", Package: "procps"},
		other: []Fact{Missing{Path: "/a"}, Missing{Path: "/c"}}, image: func(i Image) any { return i.Missing },
	},
	"autorun": {
		first: Autorun{Path: "/x.pth", Kind: "python-pth", Command: "import a", Severity: Low},
		same:  Autorun{Path: "/x.pth", Kind: "python-pth", Command: "import a", Severity: High},
		other: []Fact{
			Autorun{Path: "/x.pth", Kind: "python-pth", Command: "import b"},
			Autorun{Path: "/x.pth", Kind: "loader", Command: "import a"},
			Autorun{Path: "/y.pth", Kind: "python-pth", Command: "import a"},
		},
		image: func(i Image) any { return i.Autoruns },
	},
	"setting": {
		first: Setting{Code: "runs-as-root", Detail: "no USER"}, same: Setting{
			Code:   "runs-as-root",
			Detail: "no USER", Severity: Low,
		},
		other: []Fact{Setting{Code: "runs-as-root", Detail: "USER 0"}, Setting{Code: "exposed"}},
		image: func(i Image) any { return i.Notable },
	},
	"lock": {
		first: LockRow{File: "/l", Name: "axios", Path: "/n/axios", Change: LockPhantom},
		same:  LockRow{File: "/l", Name: "axios", Path: "/n/axios", Change: LockPhantom, Severity: High},
		other: []Fact{
			LockRow{File: "/m", Name: "axios", Path: "/n/axios", Change: LockPhantom},
			LockRow{File: "/l", Name: "plain", Path: "/n/axios", Change: LockPhantom},
			LockRow{File: "/l", Name: "axios", Path: "/o/axios", Change: LockPhantom},
			LockRow{File: "/l", Name: "axios", Path: "/n/axios", Change: LockVersionSpoof},
		},
		image: func(i Image) any { return i.Lock },
	},
	"advisory": {
		first: Advisory{ID: "MAL-1", Kind: AdvisoryPackage, Subject: "a@1"},
		same:  Advisory{ID: "MAL-1", Kind: AdvisoryPackage, Subject: "a@1", Withdrawn: true},
		other: []Fact{
			Advisory{ID: "MAL-2", Kind: AdvisoryPackage, Subject: "a@1"},
			Advisory{ID: "MAL-1", Kind: AdvisoryFile, Subject: "a@1"},
			Advisory{
				ID: "MAL-1", Kind: AdvisoryPackage,
				Subject: "a@2",
			},
		},
		image: func(i Image) any { return i.Advisories },
	},
	"vulnerability": {
		first: Vuln{ID: "CVE-1", Package: "xz", Version: "5.6.0", Severity: Low},
		same:  Vuln{ID: "CVE-1", Package: "xz", Version: "5.6.0", Severity: Critical, KEV: true},
		other: []Fact{
			Vuln{ID: "CVE-2", Package: "xz", Version: "5.6.0"},
			Vuln{
				ID: "CVE-1", Package: "lzma",
				Version: "5.6.0",
			},
			Vuln{ID: "CVE-1", Package: "xz", Version: "5.6.1"},
		},
		image: func(i Image) any { return i.Vulns },
	},
	"candidate": {
		first: Candidate{Digest: "sha256:1", Reference: "a"}, same: Candidate{
			Digest: "sha256:1", Reference: "a",
			Why: "revision 3",
		},
		other: []Fact{Candidate{Digest: "sha256:2", Reference: "a"}, Candidate{Digest: "sha256:1", Reference: "b"}},
		image: func(i Image) any { return i.Candidates },
	},
	"gate": {
		first: Gate{Name: "signature", Status: GateUnknown}, same: Gate{Name: "signature", Status: GateRefused},
		other: []Fact{Gate{Name: "admission"}, Gate{Name: "tag"}}, image: func(i Image) any { return i.Gates },
	},
}

// places are all lists of a case, by the kind that fills them.
func places() map[string]place {
	all := map[string]place{}
	for kind, p := range caseLists {
		all[kind] = p
	}
	for kind, p := range imageLists {
		p.list = func(c *Case) any { return p.image(web(c)) }
		all[kind] = p
	}
	return all
}

// single are the kinds that fill no list, with the test that is about them.
var single = map[string]string{
	"header": "TestHeaderAndExpected", "expected": "TestHeaderAndExpected", "session": "TestSessionsAreKeptInOrder",
	"begin": "TestAChecksLife", "end": "TestAChecksLife", "progress": "TestProgress", "reset": "TestReset…",
	"pod": "TestTheLatestTakesThePlace", "image": "TestTheHeadOfAnImage", "packages": "TestBatchesOfPackages",
	"files": "TestTheLatestTakesThePlace", "vulnerability-data": "TestTheLatestTakesThePlace",
	"thresholds": "TestTheLatestTakesThePlace", "diff": "TestADiffComesInParts",
	"sharing": "TestTheLatestTakesThePlace",
	"request": "TestRequestsAreCounted", "cluster": "TestTheCircumstancesOfACase",
	"clock-offset": "TestTheCircumstancesOfACase", "account": "TestTheCircumstancesOfACase",
	"timestamp": "TestTheCircumstancesOfACase",
}

// A kind without a row in these tables would go untested.
func TestEveryKindHasAPlace(t *testing.T) {
	all := places()
	for _, f := range Kinds() {
		kind := f.FactKind()
		p, listed := all[kind]
		if _, alone := single[kind]; listed == alone {
			t.Errorf("%s: in a list %v, alone %v", kind, listed, alone)
		}
		if listed && p.first.FactKind() != kind {
			t.Errorf("%s: its row is about %s", kind, p.first.FactKind())
		}
	}
}

// items gives a list's items.
func items(list any) []any {
	v := reflect.ValueOf(list)
	all := make([]any, v.Len())
	for i := range all {
		all[i] = v.Index(i).Interface()
	}
	return all
}

// A fact with the key of an earlier one takes its place; one with another key stands beside it.
func TestKeysOfFacts(t *testing.T) {
	for kind, p := range places() {
		t.Run(kind, func(t *testing.T) {
			c := fold(about("web", p.first)...)
			if got := items(p.list(c)); len(got) != 1 || !reflect.DeepEqual(got[0], p.first) {
				t.Fatalf("the first: %+v, want %+v", got, p.first)
			}
			c = fold(about("web", p.first, p.same)...)
			if got := items(p.list(c)); len(got) != 1 || !reflect.DeepEqual(got[0], p.same) {
				t.Errorf("the same key: %+v, want %+v", got, p.same)
			}
			for _, o := range p.other {
				c := fold(about("web", p.first, o)...)
				if got := items(p.list(c)); len(got) != 2 {
					t.Errorf("another key: %+v beside %+v gives %d items", o, p.first, len(got))
				}
			}
		})
	}
}

// A list is the same in whatever order its facts come, and however often each is told.
func TestListsDoNotDependOnTheOrderOfFacts(t *testing.T) {
	for kind, p := range places() {
		t.Run(kind, func(t *testing.T) {
			events := about("web", append([]Fact{p.first}, p.other...)...)
			want := items(p.list(fold(events...)))
			random := rand.New(rand.NewPCG(1, uint64(len(kind))))
			for range 20 {
				events := append(slices.Clone(events), events[random.IntN(len(events))])
				random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
				if got := items(p.list(fold(events...))); !reflect.DeepEqual(got, want) {
					t.Fatalf("got %+v, want %+v", got, want)
				}
			}
		})
	}
}

// What is about one container changes nothing of another, and what is about the case makes no image.
func TestFactsStayWithTheirContainer(t *testing.T) {
	for kind, p := range places() {
		c := fold(append(about("sidecar", p.first), about("web", p.first, p.same)...)...)
		if p.image == nil {
			if len(c.Images) != 0 {
				t.Errorf("%s: %d images, want none", kind, len(c.Images))
			}
			continue
		}
		side, ok := c.Image("sidecar")
		if got := items(p.image(side)); !ok || len(c.Images) != 2 || len(got) != 1 || !reflect.DeepEqual(got[0],
			p.first) {
			t.Errorf("%s: the other image has %+v", kind, got)
		}
	}
}

// ledgerOf is a case of every list, of two containers, with checks that ended.
func ledgerOf() []Event {
	var events []Event
	for _, container := range []string{"web", "sidecar"} {
		events = append(events, Event{Time: at(0), Container: container, Fact: ImageHead{
			Reference: "r/" + container,
			Location:  "r", Status: Verified,
		}})
		for kind, p := range places() {
			check := "check-" + kind
			for _, f := range append([]Fact{p.first}, p.other...) {
				events = append(events, Event{Time: at(2), Check: check, Container: container, Fact: f})
			}
			events = append(events, Event{
				Time: at(3), Check: check, Container: container,
				Fact: End{Status: CheckDone},
			})
		}
		events = append(events, Event{Time: at(2), Container: container, Fact: Files{Total: 3, Owned: 2}})
	}
	slices.SortFunc(events, func(a, b Event) int { // maps give them in any order
		return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(fmt.Sprint(a.Fact),
			fmt.Sprint(b.Fact)))
	})
	return append(events, Event{Time: at(9), Fact: Pod{Name: "web-0"}}, Event{
		Time: at(9),
		Fact: Expected{SourceTag: "v1"},
	})
}

func encoded(t *testing.T, c *Case) []byte {
	t.Helper()
	b, err := EncodeJSON(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The whole case is the same in whatever order checks end, and also where a ledger was copied together from two parts
// that overlap.
func TestACaseDoesNotDependOnTheOrderOfItsLedger(t *testing.T) {
	events := ledgerOf()
	want := encoded(t, fold(events...))
	random := rand.New(rand.NewPCG(2026, 5))
	for round := range 25 {
		shuffled := slices.Clone(events)
		if round%2 == 1 {
			shuffled = append(shuffled, events[:len(events)/2]...)
		}
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := encoded(t, fold(shuffled...)); !bytes.Equal(got, want) {
			t.Fatalf("round %d gives another case", round)
		}
	}
}

// A case that went through JSON, line by line, is the case that was live.
func TestAReplayedCaseIsTheLiveOne(t *testing.T) {
	events := ledgerOf()
	var replayed []Event
	for _, e := range events {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back Event
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatal(err)
		}
		replayed = append(replayed, back)
	}
	if got, want := encoded(t, fold(replayed...)), encoded(t, fold(events...)); !bytes.Equal(got, want) {
		t.Errorf("live\n%.500s\nreplayed\n%.500s", want, got)
	}
}

// A copy stays as it is, whatever the case learns after it: a screen draws it while checks run.
func TestACloneStaysAsItIs(t *testing.T) {
	events := ledgerOf()
	for _, zero := range Kinds() {
		c := fold(events...)
		copied := c.Clone()
		before := encoded(t, &copied)
		for _, container := range []string{"web", "sidecar", "a new one", ""} {
			c.Apply(Event{
				Time: at(30), Check: "check", Container: container,
				Fact: filledFact(zero).Interface().(Fact),
			})
			if p, listed := places()[zero.FactKind()]; listed {
				c.Apply(Event{Time: at(30), Check: "check", Container: container, Fact: p.same})
			}
		}
		if !bytes.Equal(encoded(t, &copied), before) {
			t.Errorf("a later %s changes the copy", zero.FactKind())
		}
	}
}

// Whatever a stranger's ledger holds, the fold neither panics nor gives a case that cannot be written.
func TestHostileValuesFold(t *testing.T) {
	nasty := func(n int) string {
		return []string{"", "\x1b]8;;x\x07", "../../etc", strings.Repeat("a/", 2000), "\xff\xfe", "web:/a", ":"}[n%7]
	}
	var events []Event
	for _, zero := range Kinds() {
		v := reflect.New(reflect.TypeOf(zero)).Elem()
		f := filler{text: nasty}
		f.fill(v, 0)
		for _, container := range []string{"", "web", "\x1b[2J", "web\x00"} {
			events = append(events, Event{Check: nasty(len(events)), Container: container, Fact: v.Interface().(Fact)},
				Event{Container: container, Fact: zero}, Event{Container: container, Fact: UnknownFact{Name: "radar"}})
		}
	}
	c := fold(events...)
	if !json.Valid(encoded(t, c)) {
		t.Error("the case is no JSON")
	}
	for _, q := range c.AllAnswers() {
		if q.Status == Answered && len(q.Sentences) == 0 && q.Text == "" {
			t.Errorf("an answer without words: %+v", q)
		}
	}
	if got := c.Clone(); len(got.Images) != len(c.Images) {
		t.Errorf("%d of %d images were copied", len(got.Images), len(c.Images))
	}
}
