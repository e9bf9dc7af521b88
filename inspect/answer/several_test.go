package answer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/answer"
)

// An answer is read out on a call: it names three of a kind and counts the others, whose findings it keeps.
func TestTheRestIsCounted(t *testing.T) {
	i := web()
	var findings []inspect.Finding
	for n := range 5 {
		path := fmt.Sprintf("/opt/%d", n)
		i.Binaries = append(i.Binaries, inspect.Binary{Path: path, Layer: 1, Status: inspect.RowFailed})
		findings = append(findings, inspect.Finding{
			ID: path, Check: "binaries", Code: "unexpected-binary",
			Subject: "web:" + path,
			Status:  inspect.RowFailed, Severity: inspect.High, Evidence: []inspect.Evidence{{Path: path}},
		})
	}
	a := answer.Answers(caseWith(i, findings...), nil)[0]
	if !strings.Contains(a.Text, "/opt/2 belongs to no package") || strings.Contains(a.Text, "/opt/3") ||
		!strings.Contains(a.Text, "and 2 more programs") {
		t.Error(a.Text)
	}
	if want := []string{"/opt/0", "/opt/1", "/opt/2", "/opt/3", "/opt/4"}; !slices.Equal(a.Findings, want) {
		t.Errorf("it names findings %q", a.Findings)
	}
	if got := text(caseWith(i, findings...), inspect.HowIn); !strings.Contains(got,
		"5 files were added by the image's own build") {
		t.Error(got)
	}
}

// Of several images each sentence names its container, and one that nothing is wrong with has none.
func TestSentencesNameTheirContainer(t *testing.T) {
	i, f := dropped(1)
	calm := web()
	calm.Container = "calm"
	c := inspect.Case{Images: []inspect.Image{i, calm}, Findings: []inspect.Finding{f}}
	for _, question := range []string{inspect.WhereFrom, inspect.HowIn, inspect.WhyMissed} {
		got := text(c, question)
		if !strings.Contains(got, "in web: ") || strings.Contains(got, "in calm") {
			t.Errorf("%s: %s", question, got)
		}
	}
}

// A finding about web-proxy is not one about web.
func TestNamesOfContainersAreComparedWhole(t *testing.T) {
	i, f := dropped(1)
	proxy := web()
	proxy.Container = "web-proxy"
	other := f
	other.ID, other.Subject = "other", "web-proxy:/var/tmp/.font/x"
	c := inspect.Case{Images: []inspect.Image{i, proxy}, Findings: []inspect.Finding{f, other}}
	for _, a := range answer.Answers(c, nil)[:2] {
		for _, s := range a.Sentences {
			if strings.HasPrefix(s.Text, "in web: ") && slices.Contains(s.Findings, "other") {
				t.Errorf("%q names a finding about another container: %q", s.Text, s.Findings)
			}
		}
	}
}

func TestPackagedFilesThatWereReplaced(t *testing.T) {
	c := caseWith(web())
	c.Images[0].Altered = []inspect.Altered{
		{Path: "/usr/bin/top", Package: "procps", Layer: 1, Status: inspect.RowFailed},
		{Path: "/etc/motd", Package: "base-files", Layer: 1, Status: inspect.RowObserved},
	}
	c.Findings = []inspect.Finding{{
		ID: "a", Check: "binaries", Code: "altered-file", Subject: "web:/usr/bin/top",
		Status:   inspect.RowFailed,
		Severity: inspect.High, Evidence: []inspect.Evidence{{Path: "/usr/bin/top"}},
	}}
	got := text(c, inspect.WhereFrom)
	if !strings.HasPrefix(got,
		"/usr/bin/top does not match the checksum of package procps; this copy came with layer 1 (build step: COPY app /app) (seen).") {
		t.Error(got)
	}
	if strings.Contains(got, "motd") {
		t.Errorf("a configuration that somebody changed is named: %s", got)
	}
}

func TestBytesThatAreNotTheirDigest(t *testing.T) {
	i := web()
	i.Status, i.Reason, i.Detail = inspect.Failed, "digest-mismatch", "layer 1 has another digest."
	got := text(caseWith(i), inspect.WhereFrom)
	if !strings.Contains(got,
		"the bytes of the image of web do not match their digests: layer 1 has another digest (seen).") {
		t.Error(got)
	}
	i.Container = inspect.ImageContainer
	if got := text(caseWith(i), inspect.WhereFrom); !strings.Contains(got, "the bytes of the image do not match") {
		t.Error(got)
	}
}

func TestWhatTheSignatureCouldHaveShown(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(c *inspect.Case)
		want   string
		status inspect.AnswerStatus
	}{
		"unsigned, nobody asked": {
			func(*inspect.Case) {},
			"the image is not signed, so no signature could distinguish it from the real one, and no signature was required (seen).", inspect.AnswerPartial,
		},
		"unsigned, a signer is named": {
			func(c *inspect.Case) { c.Expected.Identities = []string{"ci@example.com"} },
			"the image is not signed, so no signature could distinguish it from the real one (seen).",
			inspect.AnswerPartial,
		},
		"required, none there": {
			func(c *inspect.Case) { c.Images[0].Gates[0].Status = inspect.GateRefused },
			"the required signature is missing, and the image runs all the same (seen).", inspect.AnswerPartial,
		},
		"required, by another": {func(c *inspect.Case) {
			c.Images[0].Gates[0].Status, c.Images[0].Signatures = inspect.GateRefused, []inspect.Signature{{ID: "1"}}
		}, "it carries 1 signature, which is not by the required signer", inspect.AnswerPartial},
		"required, by others": {func(c *inspect.Case) {
			c.Images[0].Gates[0].Status, c.Images[0].Signatures = inspect.GateRefused, []inspect.Signature{
				{ID: "1"},
				{ID: "2"},
			}
		}, "it carries 2 signatures, of which none is by the required signer", inspect.AnswerPartial},
		"not known": {func(c *inspect.Case) {
			c.Images[0].Gates[0].Status, c.Images[0].Gates[0].Detail = inspect.GateUnknown,
				"the registry did not answer."
		}, "whether the right one signed is not known: the registry did not answer (not known).", inspect.AnswerOpen},
	} {
		i, f := dropped(1)
		i.Gates = []inspect.Gate{{Name: inspect.GateSignature, Status: inspect.GateAbsent}}
		c := caseWith(i, f)
		c.Pod = &inspect.Pod{Name: "web-1"}
		tt.change(&c)
		a := answer.Answers(c, nil)[2]
		if a.Status != tt.status || !strings.Contains(a.Text, tt.want) {
			t.Errorf("%s: %s %s\nwant %s", name, a.Status, a.Text, tt.want)
		}
	}
}

// A genuine seal on poisoned content is the normal case: a verified signature explains nothing away.
func TestAVerifiedSignatureLowersNothing(t *testing.T) {
	i, f := dropped(1)
	before := answer.Answers(caseWith(i, f), nil)
	i.Signatures = []inspect.Signature{{ID: "1", Status: inspect.Verified, Identity: "ci@example.com"}}
	i.Gates = []inspect.Gate{{Name: inspect.GateSignature, Status: inspect.GatePassed}}
	i.Provenance = []inspect.Provenance{{
		Signed: true, Status: inspect.Verified, Signature: "1",
		Source: "github.com/a/b", Builder: "ci",
	}}
	after := answer.Answers(caseWith(i, f), nil)
	if before[0].Cause != after[0].Cause || after[0].Sentences[0].Text != before[0].Sentences[0].Text {
		t.Errorf("%+v\n%+v", before[0], after[0])
	}
	if after[2].Status == inspect.AnswerNone || !strings.Contains(after[2].Text,
		"the required signer signed this image too") {
		t.Errorf("%+v", after[2])
	}
}

func TestOwnPoliciesOfTheAPIServer(t *testing.T) {
	c := incident()
	c.Images[0].Gates = []inspect.Gate{
		{
			Name: "ValidatingAdmissionPolicy images", Kind: inspect.GateKindAdmissionPolicy, By: inspect.APIServer,
			Status: inspect.GateUnknown, Detail: "its expression is not evaluated here.",
		},
		{
			Name: "ImageReview", Kind: inspect.GateKindAdmissionPolicy, By: inspect.APIServer,
			Reason: inspect.GateNotReadable, Detail: "not permitted",
		},
		{Name: "of another product", Kind: inspect.GateKindAdmissionPolicy, By: inspect.Kyverno},
	}
	got := text(c, inspect.WhyMissed)
	for _, want := range []string{
		"ValidatingAdmissionPolicy images of the API server inspects images: its expression is not evaluated here (seen).",
		"ImageReview of the API server inspects images: not permitted (not known).",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if strings.Contains(got, "another product") {
		t.Error(got)
	}
}

// A container that was added to a running pod was not there when the pod was admitted: a policy that was set up between
// the two did apply to it, and is not excused.
func TestAPolicyAndAContainerThatCameLater(t *testing.T) {
	c := incident()
	c.Pod.Created = inspect.At(began)
	c.Images[0].Gates = []inspect.Gate{{
		Name: "policy signed", Kind: inspect.GateKindImagePolicy,
		Status: inspect.GateRefused, By: inspect.PolicyController,
		Mode: inspect.ModeEnforce, Since: inspect.At(began.Add(60e9)),
	}}
	if got := text(c, inspect.WhyMissed); !strings.Contains(got, "after the pod was admitted") {
		t.Error(got)
	}
	c.Pod.Containers[0].Type = inspect.ContainerEphemeral
	if got := text(c, inspect.WhyMissed); strings.Contains(got, "after the pod was admitted") {
		t.Error(got)
	}
}

func TestWhenAnInjectedContainerCame(t *testing.T) {
	c := incident()
	c.Pod.Created, c.Pod.Containers[0].Injected = inspect.At(began), true
	c.Pod.Revisions = []inspect.Revision{{Number: 4, Name: "web-7d", Current: true}}
	got := text(c, inspect.HowIn)
	if !strings.Contains(got, "it was added when the pod was created, at 2026-11-23 03:12:04Z (seen).") ||
		strings.Contains(got, "revision 4") {
		t.Error(got)
	}
	c.Pod.Created = inspect.Time{}
	if got := text(c, inspect.HowIn); strings.Contains(got, "it was added when") {
		t.Error(got)
	}
}

// The program waits for what the answers need: each rule's checks are among them, sorted and once.
func TestNeedsAreSortedAndUnique(t *testing.T) {
	needs := answer.Needs()
	if !slices.IsSorted(needs) || len(slices.Compact(slices.Clone(needs))) != len(needs) {
		t.Errorf("%q", needs)
	}
	for _, check := range []string{
		"subject", "layers", "binaries", "autoruns", "advisories", "signatures",
		"provenance", "cluster",
	} {
		if !slices.Contains(needs, check) {
			t.Errorf("the answers do not wait for %s", check)
		}
	}
}
