package respond

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// What closes the gap of a signature is one command with all that it needs, quoted.
func TestCommandsThatCloseTheSignature(t *testing.T) {
	for name, tt := range map[string]struct {
		sig  inspect.Signature
		want string
	}{
		"a signer whom no rule names": {
			inspect.Signature{Reason: "no-expectation", Identity: "it's me", Issuer: "https://issuer.example"},
			`backtrail inspect web:1 --certificate-identity 'it'\''s me' --certificate-oidc-issuer https://issuer.example`,
		},
		"a key that is not at hand":   {inspect.Signature{Reason: "unknown-key"}, "backtrail inspect web:1 --key cosign.pub"},
		"an identity that is not one": {inspect.Signature{Reason: "no-expectation"}, ""},
		"a signature that failed":     {inspect.Signature{Status: inspect.Failed, Reason: "identity-mismatch", Identity: "x"}, ""},
	} {
		c := inspect.Case{Target: inspect.Target{Kind: inspect.TargetImage, Name: "web:1"}}
		got := ""
		for _, s := range closeSignature(c, inspect.Image{Signatures: []inspect.Signature{tt.sig}}) {
			got += s.Command
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// The command looks at the same target again: in the same namespace, context or dump.
func TestTheCommandThatLooksAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		target inspect.Target
		want   string
	}{
		"an image":     {inspect.Target{Kind: inspect.TargetImage, Name: "ghcr.io/acme/web:1"}, "backtrail inspect ghcr.io/acme/web:1"},
		"a pod":        {inspect.Target{Kind: inspect.TargetPod, Name: "pod/web", Namespace: "shop", Context: "prod"}, "backtrail inspect pod/web -n shop --context prod"},
		"a saved dump": {inspect.Target{Kind: inspect.TargetPod, Name: "pod/web", Context: "snapshot all.json"}, "backtrail inspect pod/web --snapshot all.json"},
		"a path with a blank": {
			inspect.Target{Kind: inspect.TargetImage, Name: "oci:/work/my images"}, "backtrail inspect 'oci:/work/my images'",
		},
		"an option in place of a name": {inspect.Target{Kind: inspect.TargetImage, Name: "$(id)"}, "backtrail inspect '$(id)'"},
	} {
		if got := inspectCommand(inspect.Case{Target: tt.target}); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A dump that somebody called demo is no built-in incident: its commands are those of the dump.
func TestOnlyTheBuiltInIncidentIsTheDemo(t *testing.T) {
	c := inspect.Case{Target: inspect.Target{Kind: inspect.TargetPod, Name: "pod/web", Context: "snapshot demo"}}
	if got := inspectCommand(c); got != "backtrail inspect pod/web --snapshot demo" {
		t.Error(got)
	}
	c.Trust = []inspect.Trust{{Name: "the demo"}}
	if got := inspectCommand(c); got != "backtrail demo --plain" {
		t.Error(got)
	}
}

// A comparison is offered where there is none, with the best candidate; a passed case asks for nothing.
func TestWhatToCompareWith(t *testing.T) {
	c := inspect.Case{Target: inspect.Target{Kind: inspect.TargetImage, Name: "web:2"}}
	for name, tt := range map[string]struct {
		image inspect.Image
		want  string
	}{
		"no candidate": {inspect.Image{}, "backtrail inspect web:2 --known-good REFERENCE"},
		"a candidate": {
			inspect.Image{Candidates: []inspect.Candidate{{Reference: "web:1", Why: "the previous revision"}, {Reference: "web:0"}}},
			"backtrail inspect web:2 --known-good web:1",
		},
		"one by its place": {inspect.Image{Candidates: []inspect.Candidate{{Location: "registry.example/web@" + digestA}}},
			"backtrail inspect web:2 --known-good registry.example/web@" + digestA},
		"compared already": {inspect.Image{Diff: &inspect.Diff{KnownGood: &inspect.KnownGood{}}}, ""},
	} {
		got := ""
		for _, s := range closeKnownGood(c, tt.image) {
			got += s.Command
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// What is not collected stands first, since the line may be cut, and "all" is not a number.
func TestWhatIsCollected(t *testing.T) {
	c := fold(
		header(inspect.TargetPod, "pod/web"),
		inspect.Event{Check: "layers", Container: "web", Fact: inspect.Blob{Digest: digestA, Role: "layer", State: "missing", Of: "image"}},
		inspect.Event{Check: "layers", Container: "web", Fact: inspect.Blob{Digest: digestB, Role: "layer", State: "carried", Of: "image"}},
		inspect.Event{Check: "cluster", Fact: inspect.Exhibit{Path: "logs/a.log", Missing: "the container is gone"}},
	)
	got := kept(c)
	if !strings.HasPrefix(got, "Evidence not collected: ") || !strings.Contains(got, "log") || !strings.Contains(got, "; collected: 1 layer") {
		t.Error(got)
	}
	if got := kept(fold(header(inspect.TargetPod, "pod/web"))); got != "Evidence collected: the events of the case" {
		t.Error(got)
	}
}

// A finding stands with the bytes that it rests on and with what people noted about it.
func TestFindingsWithTheirEvidenceAndNotes(t *testing.T) {
	c := inspect.Case{
		Findings: []inspect.Finding{
			{ID: "f1", Status: inspect.RowFailed, Severity: inspect.High, Title: "worst", Detail: "why", Evidence: []inspect.Evidence{
				{Kind: "file", Path: "/x", Digest: digestA, Text: "COPY . / # buildkit"},
			}},
			{ID: "f2", Status: inspect.RowObserved, Severity: inspect.Info, Title: "for the record", Evidence: []inspect.Evidence{{Kind: "layer", Digest: digestB}}},
			{ID: "f3", Status: inspect.RowUnknown, Severity: inspect.Low, Title: "not read"},
		},
		Notes: []inspect.Note{{Subject: "f1", Mark: "malicious", Text: "miner", Author: "ada"}, {Subject: "f9", Text: "elsewhere", Author: "bob"}},
	}
	s := findingSection(c)
	if s.title != "Findings (3)" || len(s.blocks) != 3 {
		t.Fatalf("%s with %d", s.title, len(s.blocks))
	}
	worst, record, open := s.blocks[0].item, s.blocks[1].item, s.blocks[2].item
	if want := []string{"why", "evidence: file · /x · " + digestA + " · COPY . /", "note: malicious miner (ada)"}; !slices.Equal(worst.lines, want) {
		t.Errorf("%q, want %q", worst.lines, want)
	}
	if worst.title != "F1  worst" || worst.marked(Style{}) != "" {
		t.Errorf("%q, marked %q: the severity is the outcome", worst.title, worst.marked(Style{}))
	}
	if want := "evidence: layer · bbbbbbbbbbbb…"; record.lines[0] != want {
		t.Errorf("%q, want %q", record.lines, want)
	}
	if got := open.marked(Style{}); got != "? not checked" {
		t.Errorf("a finding that could not be checked is marked %q", got)
	}
	if none := findingSection(inspect.Case{}); none.blocks[0].text != "None." {
		t.Errorf("%+v", none)
	}
}

// Long reasons for a verdict are counted, and a passed case is not called harmless.
func TestTheVerdictStatesItsLimits(t *testing.T) {
	text := func(c inspect.Case) string {
		var all []string
		for _, s := range documentOf(c, Style{}).sections {
			if s.title == "Verdict" {
				all = append(all, s.blocks[0].item.lines...)
			}
		}
		return strings.Join(all, "\n")
	}
	if got := lines(cleanCase()); !strings.Contains(got, "this says nothing about what ran later") {
		t.Error(got)
	}
	c := incidentCase()
	for range 30 {
		c.Findings = append(c.Findings, inspect.Finding{ID: strings.Repeat("y", len(c.Findings)), Subject: "web", Status: inspect.RowFailed, Severity: inspect.High, Title: strings.Repeat("y", len(c.Findings))})
	}
	if got := strings.Split(lines(c), "\n"); len(got) > maxWhy+1 || !strings.HasPrefix(got[len(got)-1], "and ") {
		t.Errorf("%d reasons: %q", len(got), got)
	}
}

// The links of a chain in one line: what holds, what failed, what was not checked and what does not apply stay apart.
func TestFoldedStepsStayFour(t *testing.T) {
	i := item{lines: []string{"signed"}, steps: []item{
		{status: inspect.Verified, title: "integrity"}, {status: inspect.Verified, title: "signature"},
		{status: inspect.Failed, title: "identity"}, {status: inspect.Unknown, title: "transparency-log"}, {status: inspect.Absent, title: "sct"},
	}}
	i.foldSteps()
	want := []string{
		"signed", "these links hold: integrity, signature", "failed: identity", "could not be checked: transparency-log", "does not apply: sct",
	}
	if !slices.Equal(i.lines, want) || len(i.steps) != 0 {
		t.Errorf("%q, want %q", i.lines, want)
	}
}

// A digest is shortened, and what is none is shown as it is: the target of a link, a short sum.
func TestContentOfAChangedFile(t *testing.T) {
	for name, tt := range map[string]struct {
		change inspect.FileChange
		want   string
	}{
		"a file":      {inspect.FileChange{To: sumD}, "dddddddddddd"},
		"one removed": {inspect.FileChange{From: sumD}, "dddddddddddd"},
		"a link":      {inspect.FileChange{Type: "symlink", To: "/usr/lib/x86_64-linux-gnu/libx.so.1"}, "/usr/lib/x86_64-linux-gnu/libx.so.1"},
		"nothing":     {inspect.FileChange{}, ""},
	} {
		if got := content(tt.change); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
