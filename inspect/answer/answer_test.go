package answer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/answer"
)

// web is an image with a good base and one layer of its own.
func web() inspect.Image {
	return inspect.Image{
		ImageHead: inspect.ImageHead{
			Container: "web", Reference: "example.com/web:1", Digest: "sha256:b",
			Status: inspect.Verified,
		},
		Layers: []inspect.Layer{
			{Position: 0, Number: 0, CreatedBy: "ADD rootfs.tar /", Base: true},
			{Position: 1, Number: 1, CreatedBy: "COPY app /app"},
		},
	}
}

func caseWith(i inspect.Image, findings ...inspect.Finding) inspect.Case {
	return inspect.Case{Images: []inspect.Image{i}, Findings: findings}
}

func dropped(layer int) (inspect.Image, inspect.Finding) {
	i := web()
	i.Binaries = []inspect.Binary{{
		Path: "/var/tmp/.font/x", Layer: layer, Status: inspect.RowFailed,
		Severity: inspect.High,
	}}
	return i, inspect.Finding{
		ID: "f1", Check: "binaries", Code: "unexpected-binary", Subject: "web:/var/tmp/.font/x",
		Status:   inspect.RowFailed,
		Severity: inspect.High, Evidence: []inspect.Evidence{{Path: "/var/tmp/.font/x"}},
	}
}

func TestAnswers(t *testing.T) {
	own, finding := dropped(1)
	base, _ := dropped(0)
	signed := own
	signed.Gates = []inspect.Gate{{Name: inspect.GateSignature, Status: inspect.GatePassed}}
	moved := own
	moved.Diff = &inspect.Diff{
		KnownGood: &inspect.KnownGood{Reference: "example.com/web", Digest: "sha256:a"},
		Signers:   []string{"signed by ci@example.com before, unsigned now."},
	}
	withPod := caseWith(moved, finding)
	withPod.Pod = &inspect.Pod{Revisions: []inspect.Revision{{Number: 4, Name: "web-7d", Current: true}}}
	atRunTime := caseWith(web())
	atRunTime.Alerts = []inspect.Alert{{
		Match: inspect.MatchContainer, Subject: "web",
		File: inspect.AlertFile{
			Path: "/tmp/x", Origin: inspect.OriginRuntime,
			Detail: "/tmp/x was written at run time; we do not have its bytes.",
		},
	}}
	unread := web()
	unread.Status = inspect.Unknown

	tests := map[string]struct {
		c        inspect.Case
		question string
		status   inspect.AnswerStatus
		want     string
	}{
		"clean":    {caseWith(web()), inspect.HowIn, inspect.AnswerNone, "nothing to explain"},
		"not read": {caseWith(unread), inspect.WhereFrom, inspect.AnswerOpen, "could not be read"},
		"own build, where": {
			caseWith(own, finding), inspect.WhereFrom, inspect.AnswerPartial,
			"/var/tmp/.font/x belongs to no package and came with layer 1 (build step: COPY app /app) (seen)",
		},
		"own build, how": {
			caseWith(own, finding), inspect.HowIn, inspect.Answered,
			"/var/tmp/.font/x was added by the image's own build",
		},
		"base image": {caseWith(base, finding), inspect.HowIn, inspect.Answered, "with the base image"},
		"no provenance": {
			caseWith(own, finding), inspect.WhereFrom, inspect.AnswerPartial,
			"carries no provenance (not known)",
		},
		"signed all the same": {
			caseWith(signed, finding), inspect.WhyMissed, inspect.Answered,
			"the required signer signed this image too",
		},
		"nobody could check": {caseWith(own, finding), inspect.WhyMissed, inspect.AnswerOpen, "could not be checked"},
		"signature lost":     {withPod, inspect.WhyMissed, inspect.AnswerPartial, "unsigned now (seen)"},
		"tag moved":          {withPod, inspect.HowIn, inspect.Answered, "revision 4 (web-7d) rolled it out"},
		"tag moved, said":    {withPod, inspect.HowIn, inspect.Answered, "the tag was moved"},
		"run time, where": {
			atRunTime, inspect.WhereFrom, inspect.AnswerPartial,
			"/tmp/x, which the alert names, was written at run time: it is not in the image, and we do not have its bytes (seen)",
		},
		"run time, how": {atRunTime, inspect.HowIn, inspect.AnswerPartial, "after the container had started"},
	}
	for name, tt := range tests {
		var got inspect.Answer
		for _, a := range answer.Answers(tt.c, nil) {
			if a.Question == tt.question {
				got = a
			}
		}
		if got.Status != tt.status || !strings.Contains(got.Text, tt.want) {
			t.Errorf("%s: %s %q\nwant %s %q", name, got.Status, got.Text, tt.status, tt.want)
		}
	}
}

func TestEachAnswerNamesItsFindings(t *testing.T) {
	i, f := dropped(1)
	for _, a := range answer.Answers(caseWith(i, f), nil)[:2] {
		if len(a.Findings) != 1 || a.Findings[0] != "f1" {
			t.Errorf("%s names %v", a.Question, a.Findings)
		}
	}
}

// began is when the pod of these tests was created.
var began = time.Date(2026, 11, 23, 3, 12, 4, 0, time.UTC)
