package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// Whatever could not be checked is listed, each once, and never as nothing found.
func TestWhatWasNotChecked(t *testing.T) {
	c := inspect.Case{
		Checks: []inspect.CheckState{
			{Name: "layers", Container: "web", Status: inspect.CheckBlocked, Reason: "no space left"},
			{Name: "packages", Container: "web", Status: inspect.CheckBlocked, Reason: inspect.Running},
			{Name: "helm", Status: inspect.CheckSkipped, Reason: "no release"},
			{Name: "binaries", Container: "web", Status: inspect.CheckDone},
		},
		Images: []inspect.Image{{
			ImageHead: inspect.ImageHead{Container: "web"},
			Layers: []inspect.Layer{
				{Number: 0, Status: inspect.Verified},
				{Number: 1, Status: inspect.Unknown, Reason: "limit", Detail: "more than 1000000 entries"},
				{Number: 2, Status: inspect.Unknown, Reason: "missing-blob"},
				{Number: -1, Status: inspect.Unknown, Empty: true},
			},
			Stores: []inspect.StoreReply{
				{Store: "referrers", Status: inspect.StoreUnreachable, Detail: "503"},
				{Store: "referrers", Subject: "index", Status: inspect.StoreUnreachable, Detail: "503"},
				{Store: "cosign-tag", Status: inspect.StoreEmpty},
			},
			Files: inspect.Files{Ownership: "partial", Detail: "the rpm database could not be read"},
		}},
	}
	want := []string{
		"the case is partial: it has not ended",
		"web layers: no space left",
		"web packages: still checking",
		"web layer 1: more than 1000000 entries",
		"web layer 2: missing-blob",
		"web referrers: 503",
		"web file ownership is partial: the rpm database could not be read",
	}
	if got := unchecked(c); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	c.End = &inspect.End{Status: inspect.CheckBlocked, Reason: "interrupted"}
	if got := unchecked(c)[0]; got != "the case is partial: interrupted" {
		t.Error(got)
	}
	c = inspect.Case{End: &inspect.End{Status: inspect.CheckDone}}
	if got := unchecked(c); len(got) != 0 {
		t.Errorf("a case of which all was checked: %q", got)
	}
}

// What is not collected stands first, since the line may be cut, and "all" is not a number.
func TestWhatIsCollected(t *testing.T) {
	c := fold(
		header(inspect.TargetPod, "pod/web"),
		inspect.Event{Check: "layers", Container: "web", Fact: inspect.Blob{
			Digest: digestA, Role: "layer",
			State: "missing", Of: "image",
		}},
		inspect.Event{Check: "layers", Container: "web", Fact: inspect.Blob{
			Digest: digestB, Role: "layer",
			State: "carried", Of: "image",
		}},
		inspect.Event{Check: "cluster", Fact: inspect.Exhibit{Path: "logs/a.log", Missing: "the container is gone"}},
	)
	got := kept(c)
	if !strings.HasPrefix(got, "Evidence not collected: ") || !strings.Contains(got, "log") || !strings.Contains(got,
		"; collected: 1 layer") {
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
			{
				ID: "f1", Status: inspect.RowFailed, Severity: inspect.High, Title: "worst", Detail: "why",
				Evidence: []inspect.Evidence{
					{Kind: "file", Path: "/x", Digest: digestA, Text: "COPY . / # buildkit"},
				},
			},
			{
				ID: "f2", Status: inspect.RowObserved, Severity: inspect.Info, Title: "for the record",
				Evidence: []inspect.Evidence{{Kind: "layer", Digest: digestB}},
			},
			{ID: "f3", Status: inspect.RowUnknown, Severity: inspect.Low, Title: "not read"},
		},
		Notes: []inspect.Note{{Subject: "f1", Mark: "malicious", Text: "miner", Author: "ada"}, {
			Subject: "f9",
			Text:    "elsewhere", Author: "bob",
		}},
	}
	s := findingSection(c, Bag{})
	s.blocks = slices.DeleteFunc(s.blocks, func(b block) bool { return strings.HasPrefix(b.item.title, "Cause ") })
	if s.title != "Findings (3)" || len(s.blocks) != 3 {
		t.Fatalf("%s with %d", s.title, len(s.blocks))
	}
	worst, open, record := s.blocks[0].item, s.blocks[1].item, s.blocks[2].item // what is no problem comes last
	if want := []string{
		"why", "evidence: file · /x · " + digestA + " · COPY . /",
		"note: malicious miner (ada)",
	}; !slices.Equal(worst.lines, want) {
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
	if none := findingSection(inspect.Case{}, Bag{}); none.blocks[0].text != "None." {
		t.Errorf("%+v", none)
	}
}

// Long reasons for a verdict are counted, and a passed case is not called harmless.
func TestTheVerdictStatesItsLimits(t *testing.T) {
	text := func(c inspect.Case) string {
		var all []string
		for _, s := range documentOf(c, Bag{}, Style{}).sections {
			if s.title == "Verdict" {
				all = append(all, s.blocks[0].item.lines...)
			}
		}
		return strings.Join(all, "\n")
	}
	if got := text(cleanCase()); !strings.Contains(got, "this is no proof of what ran later") {
		t.Error(got)
	}
	c := incidentCase()
	for range 30 {
		c.Findings = append(c.Findings, inspect.Finding{
			ID: strings.Repeat("y", len(c.Findings)), Subject: "web",
			Status: inspect.RowFailed, Severity: inspect.High, Title: strings.Repeat("y", len(c.Findings)),
		})
	}
	if got := strings.Split(text(c), "\n"); len(got) > maxWhy+1 || !strings.HasPrefix(got[len(got)-1], "and ") {
		t.Errorf("%d reasons: %q", len(got), got)
	}
}

// The links of a chain in one line: what holds, what failed, what was not checked and what does not apply stay apart.
func TestFoldedStepsStayFour(t *testing.T) {
	i := item{lines: []string{"signed"}, steps: []item{
		{status: inspect.Verified, title: "integrity"},
		{status: inspect.Verified, title: "signature"},
		{status: inspect.Failed, title: "identity"},
		{status: inspect.Unknown, title: "transparency-log"},
		{status: inspect.Absent, title: "sct"},
	}}
	i.foldSteps()
	want := []string{
		"signed", "these links hold: integrity, signature", "failed: identity",
		"could not be checked: transparency-log", "does not apply: sct",
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
		"a link": {
			inspect.FileChange{Type: "symlink", To: "/usr/lib/x86_64-linux-gnu/libx.so.1"},
			"/usr/lib/x86_64-linux-gnu/libx.so.1",
		},
		"nothing": {inspect.FileChange{}, ""},
	} {
		if got := content(tt.change); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// The image that a case is about stands before the others.
func TestTheImageInQuestionComesFirst(t *testing.T) {
	var c inspect.Case
	for _, name := range []string{"proxy", "setup", "web"} {
		c.Images = append(c.Images, inspect.Image{ImageHead: inspect.ImageHead{
			Container: name,
			Status:    inspect.Verified,
		}})
	}
	c.Images[1].Status = inspect.Failed
	var order []string
	for _, i := range focusFirst(c) {
		order = append(order, i.Container)
	}
	if got := strings.Join(order, " "); got != "setup proxy web" {
		t.Errorf("the images stand as %s", got)
	}
}
