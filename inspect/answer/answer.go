package answer

import (
	"context"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Name is the name of the check.
const Name = "answers"

// Check answers once all that the answers need has ended.
func Check(needs ...string) inspect.Check {
	return inspect.Check{Name: Name, Scope: inspect.PerCase, Needs: needs, Run: func(_ context.Context, on inspect.On, emit func(inspect.Event)) error {
		for _, a := range Answers(on.Case()) {
			emit(inspect.Event{Answer: &a})
		}
		return nil
	}}
}

// Basis says what a sentence rests on.
type Basis string

// The bases of a sentence, the surest first.
const (
	Seen    Basis = "seen"      // read from bytes that were verified, or from the cluster
	Derived Basis = "derived"   // follows from what was seen
	Claimed Basis = "claimed"   // somebody says so, and nothing proves it
	Open    Basis = "not known" // could not be found out
)

// Sentence is one part of an answer.
type Sentence struct {
	Text     string
	Basis    Basis
	Findings []string // IDs
}

// Rule looks at a case and has something to say, or not.
type Rule func(c inspect.Case) []Sentence

// Answers gives the three answers.
func Answers(c inspect.Case) []inspect.Answer {
	if !suspicious(c) {
		return calm(c)
	}
	return []inspect.Answer{
		compose(c, inspect.WhereFrom, alertedFile, unexpectedFiles, alteredFiles, damagedBytes, lostImage, builtFrom),
		compose(c, inspect.HowIn, atRunTime, handover, changedDependencies, rollout, setBy, restarted, tagMoved, chart, debugged),
		compose(c, inspect.WhyMissed, lostSignature, signatureGate, admission, policies, provenanceGate, pinned),
	}
}

// suspicious says that there is something to explain: an alert, or a finding that failed.
func suspicious(c inspect.Case) bool {
	return len(c.Alerts) > 0 || len(failed(c)) > 0 || slices.ContainsFunc(c.Images, func(i inspect.Image) bool { return i.Status == inspect.Failed })
}

// calm answers a case with nothing to explain, or one that could not be looked at.
func calm(c inspect.Case) []inspect.Answer {
	status, text := inspect.Absent, "nothing to explain: no alert, and no finding that failed"
	if slices.ContainsFunc(c.Images, func(i inspect.Image) bool { return i.Status != inspect.Verified }) || len(c.Images) == 0 {
		status, text = inspect.Unknown, "we do not know: the image could not be read as a whole"+unread(c)
	}
	answers := make([]inspect.Answer, 0, 3)
	for _, q := range inspect.Questions() {
		answers = append(answers, inspect.Answer{Question: q, Status: status, Text: text})
	}
	return answers
}

// compose puts the sentences of rules together. An answer is verified if at least one sentence was seen or derived.
func compose(c inspect.Case, question string, rules ...Rule) inspect.Answer {
	a := inspect.Answer{Question: question, Status: inspect.Unknown}
	var text []string
	for _, rule := range rules {
		for _, s := range rule(c) {
			text = append(text, s.Text+" ("+string(s.Basis)+").")
			a.Findings = append(a.Findings, s.Findings...)
			if s.Basis == Seen || s.Basis == Derived {
				a.Status = inspect.Verified
			}
		}
	}
	slices.Sort(a.Findings)
	a.Findings = slices.Compact(a.Findings)
	a.Text = strings.Join(text, " ")
	if a.Text == "" {
		a.Text = "we do not know: no check had anything to say about it"
	}
	return a
}

// failed are the findings that failed, worst first.
func failed(c inspect.Case) []inspect.Finding {
	var all []inspect.Finding
	for _, f := range c.Findings {
		if f.Status == inspect.Failed {
			all = append(all, f)
		}
	}
	return all
}

// about gives the IDs of the findings that rest on a path of a subject.
func about(c inspect.Case, subject, path string) []string {
	var ids []string
	for _, f := range c.Findings {
		if !strings.HasPrefix(f.Subject, subject) {
			continue
		}
		if slices.ContainsFunc(f.Evidence, func(e inspect.Evidence) bool { return e.Path == path }) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// by gives the IDs of the failed findings of some checks.
func by(c inspect.Case, checks ...string) []string {
	var ids []string
	for _, f := range failed(c) {
		if slices.Contains(checks, f.Check) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}
