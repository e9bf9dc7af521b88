package headline

import (
	"cmp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// missedRules give why nothing blocked it. The gate that would have stopped it leads; after that those that were not
// there, and those that passed it with good reason.
var missedRules = []rule{
	missedAtRunTime, missedPolicy, missedNotEnforced, missedNoVerifier, missedContent, missedAnswer, missedRunning,
	missedNothing,
}

// missedAtRunTime is that gates look at what comes in, and this came later.
func missedAtRunTime(v view) (string, string) {
	switch v.cause.Kind {
	case inspect.CauseRuntime, inspect.CauseVolume:
		return "signatures and admission cover images only; this did not come with the image", ""
	default:
		return "", ""
	}
}

// missedPolicy is a policy that refuses the image today, and why it did not then: the first reason that explains it
// for certain. Times are compared with that of the pod's creation, when admission ran. A policy that a person named on
// this machine was never in the cluster, and could not have blocked anything.
func missedPolicy(v view) (string, string) {
	for _, g := range v.image.PolicyGates() {
		if g.Status != inspect.GateRefused || g.Asked {
			continue
		}
		name := strings.TrimPrefix(g.Name, inspect.GatePolicy) + " would deny it"
		came := inspect.Time{}
		if v.c.Pod != nil {
			came = v.c.Pod.Created
		}
		admission, known := v.admission()
		switch {
		case g.Mode == inspect.ModeWarn:
			return name + ", but is in mode warn: violations are admitted", ""
		case !came.IsZero() && g.Since.After(came.Time):
			return name + ", but was set up at " + clock(g.Since) + ", after the pod was admitted", ""
		case known && admission.Status == inspect.GateNotEnforced:
			return name + "; " + v.notEnforced(admission), ""
		case g.FailsOpen:
			return name + ", but it fails open: requests are admitted unchecked while its controller is down", ""
		case !came.IsZero() && g.Changed.After(came.Time):
			return name + ", but was changed at " + clock(g.Changed) + ", after the pod was admitted", ""
		case known && admission.Status == inspect.GateAbsent:
			return name + ", but " + admission.Detail, ""
		default:
			return name + "; why it was admitted is not known", ""
		}
	}
	return "", ""
}

// missedNotEnforced is a product that verifies images and was not asked about this one: a label of its namespace is
// missing, or a selector leaves it out.
func missedNotEnforced(v view) (string, string) {
	g, ok := v.admission()
	if !ok || g.Status != inspect.GateNotEnforced || !v.wrong() {
		return "", ""
	}
	return v.notEnforced(g), ""
}

func (v view) notEnforced(g inspect.Gate) string {
	if v.brief {
		return "image policies are not enforced in its namespace"
	}
	return g.Detail
}

// missedNoVerifier is that nothing in the cluster verifies images.
func missedNoVerifier(v view) (string, string) {
	g, ok := v.admission()
	if !ok || g.Status != inspect.GateAbsent || !v.wrong() {
		return "", ""
	}
	return g.Detail, ""
}

// missedContent is a genuine signature on bad content: it never lowers a finding, and it explains why gates passed it.
func missedContent(v view) (string, string) {
	s, ok := v.bestSignature()
	if !ok || s.Status != inspect.Verified || !v.wrong() || v.only(isSigning) {
		return "", ""
	}
	signed := "the image is signed"
	if v.asRequired() {
		signed += " as required"
	}
	return signed + ", and no gate looks at content: a signature does not vouch for it", ""
}

// missedAnswer is what the answer found out, in its own words.
func missedAnswer(v view) (string, string) { return v.answered(inspect.WhyMissed), "" }

func missedRunning(v view) (string, string) { return howRunning(v) }

// missedNothing is that the reason is not known, or that there was nothing to stop.
func missedNothing(v view) (string, string) {
	if v.wrong() {
		return "not known", ""
	}
	return cmp.Or(v.unsure(), "nothing to block"), ""
}

// wrong reports whether there is something that should have been stopped: without it gates that are missing are no
// news, and the line does not blame them.
func (v view) wrong() bool { return len(v.lead.Findings) > 0 || v.alert != nil }

// admission is the gate of the cluster at the image.
func (v view) admission() (inspect.Gate, bool) {
	for _, g := range v.image.Gates {
		if g.Kind == inspect.GateKindAdmission {
			return g, true
		}
	}
	return inspect.Gate{}, false
}
