package answer_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/answer"
)

// parts are changes of a case, each of which another check could have brought. A case made of any of them has to be
// answered within the same rules.
var parts = []func(c *inspect.Case){
	func(c *inspect.Case) { c.Alerts = append(c.Alerts, alertOf("/tmp/x", inspect.OriginRuntime)) },
	func(c *inspect.Case) { c.Alerts = append(c.Alerts, alertOf("/usr/bin/python3", inspect.OriginImage)) },
	func(c *inspect.Case) { c.Alerts = append(c.Alerts, alertOf("", inspect.OriginUnknown)) },
	func(c *inspect.Case) { c.Images[0].Status = inspect.Failed },
	func(c *inspect.Case) { c.Images[0].Status = inspect.Unknown },
	func(c *inspect.Case) {
		c.Images[0].Reason, c.Images[0].Left = "missing-blob", []string{
			"its node has it",
			"the journal lists 3 packages",
		}
	},
	func(c *inspect.Case) { c.Findings = append(c.Findings, hook()) },
	func(c *inspect.Case) { said(c, "web", "tag-moved", "another image has the tag") },
	func(c *inspect.Case) { said(c, "pod", "helm-release", "its labels name release shop") },
	func(c *inspect.Case) { said(c, "pod", "restarted", "the pods were restarted") },
	func(c *inspect.Case) { said(c, "web", "layer-elsewhere", "4 other pods run the layer") },
	func(c *inspect.Case) { said(c, "web", "image-set-by-hand", "kubectl-edit set the image") },
	func(c *inspect.Case) { addGate(c, inspect.GateKindAdmission, inspect.GatePassed, "admitted") },
	func(c *inspect.Case) { addGate(c, inspect.GateKindImagePolicy, inspect.GateRefused, "no signature") },
	func(c *inspect.Case) {
		addGate(c, inspect.GateKindImagePolicy, inspect.GateUnknown, "the registry is silent")
	},
	func(c *inspect.Case) { addGate(c, inspect.GateKindPinned, inspect.GateAbsent, "it names a tag") },
	func(c *inspect.Case) {
		c.Images[0].Provenance = []inspect.Provenance{{Source: "git", Builder: "ci"}, {
			Signed: true,
			Status: inspect.Verified,
		}}
	},
	func(c *inspect.Case) {
		c.Images[0].Diff = &inspect.Diff{
			KnownGood: &inspect.KnownGood{
				Reference: "example.com/web:1",
				Digest:    "sha256:a",
			},
			Signers: []string{"signed before, unsigned now"}, Layers: &inspect.LayerDiff{Added: 1, Shared: 1},
			Packages: &inspect.PackageDiff{Added: []inspect.Package{{Name: "xz", Version: "5.6.1"}}},
		}
	},
	func(c *inspect.Case) { c.Pod = nil },
	func(c *inspect.Case) {
		c.Images = append(c.Images, inspect.Image{ImageHead: inspect.ImageHead{
			Container: "db",
			Status:    inspect.Verified,
		}})
	},
	func(c *inspect.Case) {
		c.Checks = append(c.Checks, inspect.CheckState{
			Name: "cluster", Status: inspect.CheckBlocked,
			Reason: "forbidden",
		})
	},
}

// anyCase combines some of the parts.
func anyCase(r *rand.Rand) inspect.Case {
	c := incident()
	if r.IntN(4) == 0 {
		c.Alerts, c.Findings, c.Images[0].Binaries = nil, nil, nil
	}
	for _, change := range parts {
		if r.IntN(4) == 0 {
			change(&c)
		}
	}
	return c
}

// What holds of every answer, whatever a case consists of: its status follows from the bases of its sentences, its text
// has all of them, and its findings are theirs.
func TestWhatHoldsOfEveryAnswer(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 500 {
		c := anyCase(r)
		var waiting []inspect.Key
		if r.IntN(3) == 0 {
			waiting = []inspect.Key{{Check: "signatures", Container: "web"}, {Check: "cluster"}}
		}
		before, _ := json.Marshal(c)
		answers := answer.Answers(c, waiting)
		if after, _ := json.Marshal(c); string(after) != string(before) {
			t.Fatalf("case %d was changed by its answers", n)
		}
		if again := answer.Answers(c, waiting); !reflect.DeepEqual(again, answers) {
			t.Fatalf("case %d is answered in two ways:\n%+v\n%+v", n, answers, again)
		}
		for q, a := range answers {
			if want := []string{inspect.WhereFrom, inspect.HowIn, inspect.WhyMissed}[q]; a.Question != want {
				t.Errorf("answer %d is to %s", q, a.Question)
			}
			for _, wrong := range holds(a, c) {
				t.Errorf("case %d, %s: %s\n%+v", n, a.Question, wrong, a)
			}
			text, err := json.Marshal(a)
			var back inspect.Answer
			if err != nil || json.Unmarshal(text, &back) != nil || back.Text != a.Text ||
				len(back.Sentences) != len(a.Sentences) {
				t.Errorf("case %d: as JSON it is %s", n, text)
			}
		}
	}
}

// holds lists what is wrong with an answer.
func holds(a inspect.Answer, c inspect.Case) (wrong []string) {
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	known, unknown := 0, 0
	for _, s := range a.Sentences {
		switch {
		case s.Known():
			known++
		default:
			unknown++
		}
		if s.Text == "" || strings.HasSuffix(s.Text, ".") || !strings.Contains(a.Text, s.Text) {
			fail("the sentence %q", s.Text)
		}
		if s.Basis == inspect.Claimed && s.By == "" {
			fail("%q is claimed by no one", s.Text)
		}
		if s.Basis == inspect.NotKnown && len(a.Waiting) > 0 {
			fail("%q may be known in a moment", s.Text)
		}
		for _, id := range s.Findings {
			if !slices.Contains(a.Findings, id) {
				fail("the finding %s is lost", id)
			}
			if !slices.ContainsFunc(c.Findings, func(f inspect.Finding) bool { return f.ID == id }) {
				fail("there is no finding %s", id)
			}
		}
	}
	if a.Status == inspect.Answered && (unknown > 0 || known == 0) {
		fail("answered, with %d sentences that are claimed or not known", unknown)
	}
	if len(a.Waiting) > 0 && a.Status != inspect.AnswerOpen {
		fail("it waits and is %s", a.Status)
	}
	if a.Text == "" || !slices.IsSorted(a.Findings) ||
		len(slices.Compact(slices.Clone(a.Findings))) != len(a.Findings) {
		fail("its text is %q, its findings %v", a.Text, a.Findings)
	}
	return wrong
}

// The headline is read out first. Where all that there is to say is what a label, a statement or an earlier run claims,
// it is not known, and an examiner who asks "how do you know" is told by whom.
func TestWhatIsOnlyClaimedIsNeverKnown(t *testing.T) {
	drift := inspect.Finding{
		ID: "d", Check: "drift", Code: "builder-changed", Subject: "web",
		Status:   inspect.RowFailed,
		Severity: inspect.High, Title: "built by mallory, and by ci before.",
	}
	for name, tt := range map[string]struct {
		question string
		change   func(c *inspect.Case)
		basis    inspect.Basis
		by       string
	}{
		"two statements differ": {
			inspect.WhereFrom, func(c *inspect.Case) { c.Findings = append(c.Findings, drift) },
			inspect.Claimed, "the statements of both images",
		},
		"the labels of a release": {inspect.HowIn, func(c *inspect.Case) {
			c.Findings = append(c.Findings, inspect.Finding{
				ID: "h", Check: "cluster", Code: "helm-release",
				Subject: "pod",
				Title:   "release shop",
			})
		}, inspect.Claimed, "its labels and annotations"},
		"no provenance": {inspect.WhereFrom, func(*inspect.Case) {}, inspect.NotKnown, ""},
		"an unsigned statement": {inspect.WhereFrom, func(c *inspect.Case) {
			c.Images[0].Provenance = []inspect.Provenance{{
				Source: "git+https://github.com/a/b",
				Status: inspect.Unknown,
			}}
		}, inspect.Claimed, "an unsigned statement"},
		"a statement that failed": {inspect.WhereFrom, func(c *inspect.Case) {
			c.Images[0].Provenance = []inspect.Provenance{{Signed: true, Status: inspect.Failed, Source: "git"}}
		}, inspect.Claimed, "a statement whose signature proves nothing here"},
		"an image that is gone": {inspect.WhereFrom, func(c *inspect.Case) {
			c.Images[0].Status, c.Images[0].Reason, c.Images[0].Left = inspect.Unknown, "missing-blob",
				[]string{"nothing."}
		}, inspect.NotKnown, ""},
	} {
		c := caseWith(web())
		c.Alerts = []inspect.Alert{{Match: inspect.MatchContainer, Subject: "web"}}
		c.Pod = &inspect.Pod{Name: "web-1", Namespace: "shop"}
		tt.change(&c)
		for _, a := range answer.Answers(c, nil) {
			if a.Question != tt.question {
				continue
			}
			if len(a.Sentences) == 0 || a.Sentences[0].Basis != tt.basis || a.Sentences[0].By != tt.by {
				t.Errorf("%s: the first sentence is %+v", name, a.Sentences)
			}
			if a.Status == inspect.Answered {
				t.Errorf("%s: it counts as answered: %s", name, a.Text)
			}
		}
	}
}

// Of several statements the one that can be believed most is told, in whatever order they were found.
func TestTheBestStatementIsTold(t *testing.T) {
	unsigned := inspect.Provenance{Source: "unsigned"}
	foreign := inspect.Provenance{Source: "foreign", Signed: true, Status: inspect.Unknown}
	verified := inspect.Provenance{Source: "verified", Signed: true, Status: inspect.Verified}
	for _, tt := range []struct {
		all  []inspect.Provenance
		want string
	}{
		{[]inspect.Provenance{unsigned, foreign, verified}, "from verified"},
		{[]inspect.Provenance{verified, unsigned}, "from verified"},
		{[]inspect.Provenance{unsigned, foreign}, "from foreign"},
		{[]inspect.Provenance{unsigned}, "from unsigned"},
	} {
		c := incident()
		c.Images[0].Provenance = tt.all
		if got := text(c, inspect.WhereFrom); !strings.Contains(got, tt.want) {
			t.Errorf("%d statements: %s\nwant %s", len(tt.all), got, tt.want)
		}
	}
}

// Lists are bounded where an answer is read out, and what is left out is counted: at the bound, and one above.
func TestListsAtTheirBound(t *testing.T) {
	for _, tt := range []struct {
		packages int
		want     string
	}{{1, "p0 1 is new"}, {3, "p0 1 is new, p1 1 is new, p2 1 is new"}, {4, "p2 1 is new and 1 more"}, {
		9,
		"and 6 more",
	}} {
		c := incident()
		diff := &inspect.PackageDiff{}
		for n := range tt.packages {
			diff.Added = append(diff.Added, inspect.Package{Name: fmt.Sprintf("p%d", n), Version: "1"})
		}
		c.Images[0].Diff = &inspect.Diff{KnownGood: &inspect.KnownGood{}, Packages: diff}
		if got := text(c, inspect.HowIn); !strings.Contains(got, tt.want+" (seen)") {
			t.Errorf("%d packages: %s\nwant %s", tt.packages, got, tt.want)
		}
	}
	for length, cut := range map[int]bool{160: false, 161: true} {
		c := incident()
		c.Checks = []inspect.CheckState{{
			Name: "cluster", Container: "web", Status: inspect.CheckBlocked,
			Reason: strings.Repeat("ä", length),
		}}
		if got := text(c, inspect.HowIn); strings.Contains(got, "…") != cut || !strings.Contains(got,
			"cluster of web: ä") {
			t.Errorf("a reason of %d runes: %s", length, got)
		}
	}
}

// A package of the previous image is found by the name that its index gives it: PyPI takes Foo_Bar and foo-bar for one.
func TestAChangedPackageIsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		owner string
		diff  inspect.PackageDiff
		want  string
	}{
		"another version": {"python Foo_Bar", inspect.PackageDiff{Changed: []inspect.PackageChange{
			{Name: "foo-bar", From: "1", To: "2"},
		}}, "is of package Foo_Bar, which changed from 1 to 2"},
		"a new one": {
			"python foo.bar",
			inspect.PackageDiff{Added: []inspect.Package{{Name: "foo-bar", Version: "2"}}},
			"is of package foo.bar 2, which is new",
		},
		"the same one": {
			"python foo",
			inspect.PackageDiff{Changed: []inspect.PackageChange{{
				Name: "food", From: "1",
				To: "2",
			}}},
			"added by the image's own build",
		},
	} {
		c := incident()
		c.Images[0].Binaries[0].Owner = tt.owner
		c.Findings[0].Status = inspect.RowObserved // the alert names it, and nothing else does
		c.Images[0].Diff = &inspect.Diff{
			KnownGood: &inspect.KnownGood{}, Packages: &tt.diff,
			Layers: &inspect.LayerDiff{Added: 1, Shared: 5},
		}
		if got := text(c, inspect.HowIn); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

// An answer states what was found, what it rests on, and what is left open.
func ExampleAnswers() {
	i := inspect.Image{
		ImageHead: inspect.ImageHead{Container: "web", Status: inspect.Verified},
		Layers:    []inspect.Layer{{Number: 0, Digest: "sha256:1", CreatedBy: "COPY app /app"}},
	}
	i.Binaries = []inspect.Binary{{Path: "/app/miner", Layer: 0, Status: inspect.RowFailed, Severity: inspect.High}}
	c := inspect.Case{Images: []inspect.Image{i}, Findings: []inspect.Finding{{
		ID: "f1", Check: "binaries",
		Code: "unexpected-binary", Status: inspect.RowFailed, Severity: inspect.High, Subject: "web:/app/miner",
	}}}
	a := answer.Answers(c, nil)[0]
	fmt.Println(a.Status)
	for _, s := range a.Sentences {
		fmt.Println(s)
	}
	// Output:
	// partial
	// /app/miner belongs to no package and came with layer 0 (build step: COPY app /app) (seen).
	// which commit and builder made the image is not known: it carries no provenance (not known).
}
