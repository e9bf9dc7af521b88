package answer

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
)

// Check draws the answers again whenever another check ends (engine.Check.Follows), and emits those that changed:
// what is known so far at once, and the final answers when all of needs have ended.
func Check(needs ...string) engine.Check {
	return engine.Check{
		Name: inspect.CheckAnswers, Scope: engine.PerCase, Follows: true, Needs: needs,
		Run: func(_ context.Context,
			on engine.On, emit func(inspect.Event),
		) error {
			c := on.Case()
			for _, a := range Answers(c, on.Waiting) {
				at := slices.IndexFunc(c.Answers, func(o inspect.Answer) bool { return o.Question == a.Question })
				if at < 0 || !reflect.DeepEqual(c.Answers[at], a) {
					emit(inspect.Event{Fact: a})
				}
			}
			return nil
		},
	}
}

// Rule derives sentences from a case, none where it does not apply. It runs once all checks that it needs have ended,
// so it may take what is missing in the case as absent in the world only where the check was not blocked: see
// blockedChecks.
//
// A rule reads typed fields. It never derives a basis from the words of a detail, which may quote what an attacker
// wrote.
type Rule func(c inspect.Case) []inspect.Sentence

// boundRule is a rule with the names of the checks whose results it reads.
type boundRule struct {
	rule  Rule
	needs []string
}

func rule(r Rule, needs ...string) boundRule { return boundRule{r, needs} }

// question is one of the three, with its rules in the order of their sentences: an answer is read out on a call, and
// its first sentence has to be the one that matters most.
type question struct {
	name  string
	rules []boundRule
}

// causes are the checks whose findings may be the cause: see byWeight.
// Without them the headline could change after it was read out.
var causes = []string{
	inspect.CheckSubject, inspect.CheckLayers, inspect.CheckBinaries, inspect.CheckKnownGood,
	inspect.CheckDiff, inspect.CheckDrift, inspect.CheckAdvisories,
	inspect.CheckLockFiles,
	inspect.CheckAutoruns,
}

// questions are the three questions. A new rule is one file and one line here.
func questions() []question {
	return []question{
		{inspect.WhereFrom, []boundRule{
			rule(causeFirst, causes...),
			rule(acts, inspect.CheckSubject, inspect.CheckLayers, inspect.CheckBinaries),
			rule(alertedFile),
			rule(unexpectedFiles, inspect.CheckLayers, inspect.CheckBinaries),
			rule(alteredFiles, inspect.CheckLayers, inspect.CheckBinaries),
			rule(damagedBytes, inspect.CheckSubject, inspect.CheckLayers),
			rule(lostImage, inspect.CheckSubject, inspect.CheckLayers),
			rule(nothingInImage, inspect.CheckSubject, inspect.CheckLayers, inspect.CheckBinaries, inspect.CheckDiff),
			rule(baseImage, inspect.CheckLayers, inspect.CheckBase, inspect.CheckBinaries),
			rule(builtFrom, inspect.CheckSubject, inspect.CheckSignatures, inspect.CheckProvenance),
			rule(elsewhere, inspect.CheckSharing),
		}},
		{inspect.HowIn, []boundRule{
			rule(atRunTime, inspect.CheckRuntime),
			rule(handover, inspect.CheckSubject, inspect.CheckWorkload, inspect.CheckCluster, inspect.CheckLayers,
				inspect.CheckBase, inspect.CheckBinaries, inspect.CheckKnownGood, inspect.CheckDiff,
				inspect.CheckPackageDiff, inspect.CheckSharing),
			rule(release, inspect.CheckCluster, inspect.CheckHelm),
			rule(dependencies, inspect.CheckKnownGood, inspect.CheckPackageDiff),
			rule(rollout, inspect.CheckWorkload, inspect.CheckKnownGood),
			rule(setBy, inspect.CheckWorkload, inspect.CheckCluster, inspect.CheckHelm),
			rule(restarted, inspect.CheckCluster),
			rule(tagMoved, inspect.CheckCluster),
			rule(debugged, inspect.CheckCluster),
		}},
		{inspect.WhyMissed, []boundRule{
			rule(pastTheGates, inspect.CheckRuntime),
			rule(lostSignature, inspect.CheckKnownGood, inspect.CheckSignatures, inspect.CheckDrift),
			rule(unusual, inspect.CheckKnownGood, inspect.CheckDrift, inspect.CheckSigningNorm,
				inspect.CheckSignerHistory),
			rule(signatureGate, inspect.CheckSubject, inspect.CheckPolicies, inspect.CheckSignatures),
			rule(admission, inspect.CheckWorkload, inspect.CheckCluster),
			rule(policies, inspect.CheckPolicies, inspect.CheckSignatures, inspect.CheckCluster),
			rule(ownPolicies, inspect.CheckCluster),
			rule(provenanceGate, inspect.CheckSubject, inspect.CheckProvenance),
			rule(pinned, inspect.CheckKnownGood, inspect.CheckCluster),
		}},
	}
}

// others are checks that no rule needs, and whose findings may be the first that there is to explain: without them an
// answer could turn from calm to suspicious after it was final.
var others = []string{"packages", inspect.CheckAttachedSBOM, "autoruns"}

// Needs are the names of the checks that the answers wait for, sorted: those that a rule needs, and those that may
// find something to explain. The others (vulnerabilities, exports) may run on after the answers are final.
func Needs() []string {
	needs := slices.Clone(others)
	for _, q := range questions() {
		for _, r := range q.rules {
			needs = append(needs, r.needs...)
		}
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}

// Answers returns the three answers, in the order of questions. waiting are the checks that have not ended: the rules
// that need them are left out, and the answers that these belong to are open. It is pure: the same case gives the
// same answers.
//
// Being pure is what lets `verify` draw the answers of a bundle again and compare them.
func Answers(c inspect.Case, waiting []inspect.Key) []inspect.Answer {
	answers := make([]inspect.Answer, 0, 3)
	for _, q := range questions() {
		if suspicious(c) {
			answers = append(answers, q.answer(c, names(waiting)))
		} else {
			answers = append(answers, calm(c, q.name, names(waiting)))
		}
	}
	return answers
}

// names are the checks of keys, once each, whatever containers they run on.
// The order is that of the plan, in which the checks run.
func names(keys []inspect.Key) []string {
	var all []string
	for _, k := range keys {
		if !slices.Contains(all, k.Check) {
			all = append(all, k.Check)
		}
	}
	return all
}

// answer joins the sentences of all rules whose needs have ended. A rule whose check was blocked still runs, on what
// there is; the answer is open then, and blockedChecks gives the reason.
// The sentences keep the order of the rules, whichever check ends first.
func (q question) answer(c inspect.Case, waiting []string) inspect.Answer {
	var said []inspect.Sentence
	var open, needs []string
	for _, r := range q.rules {
		late := slices.DeleteFunc(slices.Clone(waiting), func(name string) bool {
			return !slices.Contains(r.needs,
				name)
		})
		open, needs = append(open, late...), append(needs, r.needs...)
		if len(late) == 0 {
			said = append(said, r.rule(c)...)
		}
	}
	// In the order of the plan, not of the rules.
	open = slices.DeleteFunc(slices.Clone(waiting), func(name string) bool { return !slices.Contains(open, name) })
	var missing []inspect.Sentence
	if len(open) == 0 {
		missing = blockedChecks(c, needs)
	}
	a := compose(q.name, append(said, missing...), open)
	if len(missing) > 0 {
		a.Status = inspect.AnswerOpen
	}
	a.Cause = causeOf(c)
	return a
}

// compose makes an answer of sentences. While checks run, open names them, and what is not known is left out: it may
// be known in a moment.
// Text is the sentences joined, for outputs that have one string; screens and reports draw the sentences.
func compose(name string, said []inspect.Sentence, open []string) inspect.Answer {
	a := inspect.Answer{Question: name, Status: outcome(said), Sentences: said}
	if len(open) > 0 {
		a.Status, a.Waiting = inspect.AnswerOpen, open
		// What is not known may be known in a moment.
		a.Sentences = slices.DeleteFunc(a.Sentences,
			func(s inspect.Sentence) bool { return s.Basis == inspect.NotKnown })
	}
	var text []string
	for _, s := range a.Sentences {
		text = append(text, s.String())
		a.Findings = append(a.Findings, s.Findings...)
	}
	slices.Sort(a.Findings)
	a.Findings = slices.Compact(a.Findings)
	switch {
	case len(open) > 0:
		text = slices.Insert(text, 0, StillChecking+strings.Join(open, ", ")+".")
	case len(text) == 0:
		text = []string{"we do not know: no check reported anything about it."}
	}
	a.Text = strings.Join(text, " ")
	return a
}

// outcome is that of an answer whose checks have all ended: answered where each sentence was seen or follows from
// what was seen, partial where one is claimed or not known, open where all are not known.
// One claim is enough for partial: an answer counts as answered where an examiner could see every part of it again.
func outcome(said []inspect.Sentence) inspect.AnswerStatus {
	switch {
	case !slices.ContainsFunc(said, func(s inspect.Sentence) bool { return s.Basis != inspect.NotKnown }):
		return inspect.AnswerOpen
	case slices.ContainsFunc(said, func(s inspect.Sentence) bool { return !s.Known() }):
		return inspect.AnswerPartial
	default:
		return inspect.Answered
	}
}

// StillChecking begins an answer that waits for checks; their names follow.
const StillChecking = "still checking: "
