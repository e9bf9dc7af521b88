package answer

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// policies are what each policy that applies to the image makes of it today, and why one that is not met did not stop
// it.
func policies(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		for _, g := range i.PolicyGates() {
			name := in(c, i) + text.Clean(g.Name)
			found := by(c, i, inspect.CheckSignatures, inspect.CheckPolicies)
			switch g.Status {
			case inspect.GateRefused:
				s := whyNot(c, i, g)
				s.Text, s.Findings = name+s.Text, found
				all = append(all, s)
			case inspect.GatePassed:
				all = append(all, seen(name+" is met: a signer that it accepts signed the image", found...))
			default:
				all = append(all, open(name+": whether the image meets it is not known: "+trim(g.Detail)))
			}
		}
	}
	return some(all, "more policies about these images")
}

// whyNot is why a policy that is not met did not stop the image. The order matters: what was seen (warn only, set up
// later, no webhook) before what follows (fails open), and before what only a log can settle.
// A policy is evaluated as it is now: a change after the admission is reported, and what it was before is not guessed.
func whyNot(c inspect.Case, i inspect.Image, g inspect.Gate) inspect.Sentence {
	const no = " would refuse the image today"
	came := cameIn(c, i)
	hook, known := enforcer(i, g.By)
	switch {
	case g.Asked:
		return seen(", given on this machine, refuses the image")
	case g.Mode == inspect.ModeWarn:
		return seen(" would refuse the image, but is in mode warn: violations are admitted")
	case !came.IsZero() && g.Since.After(came.Time):
		return seen(no + ", but was set up at " + stamp(g.Since) + ", after the pod was admitted")
	case g.By != "" && known && hook.Name == "":
		return seen(fmt.Sprintf("%s, but nothing enforces it: no webhook of %s applies to this pod", no, g.By))
	case known && hook.Status == inspect.GateNotEnforced && summedUp(i, g.By):
		return seen(fmt.Sprintf("%s, but %s is not enforced for this pod", no, g.By))
	case known && hook.Status == inspect.GateNotEnforced:
		return seen(fmt.Sprintf("%s, but %s is not enforced for this pod: %s", no, g.By, trim(hook.Detail)))
	case known && hook.FailsOpen || g.FailsOpen:
		return derived(fmt.Sprintf("%s, but it fails open: while %s is unreachable, requests are admitted unchecked",
			no, g.By))
	case !came.IsZero() && g.Changed.After(came.Time):
		return seen(no + ", but was changed at " + stamp(g.Changed) +
			", after the pod was admitted; what it required before is not known")
	case known && hook.Status == inspect.GatePassed:
		return toKnow(no+", and why "+g.By+" admitted it is not known", askEnforcer(g.By))
	default:
		return seen(no)
	}
}

// askEnforcer is the command that shows what a product decided about pods.
func askEnforcer(product string) string {
	if product == inspect.PolicyController {
		return "kubectl logs -n cosign-system -l app.kubernetes.io/name=policy-controller --since 24h"
	}
	return "kubectl get events -A --field-selector reason=PolicyViolation"
}

// cameIn is when the container's pod was admitted, zero where that is not known or the container was attached later.
func cameIn(c inspect.Case, i inspect.Image) inspect.Time {
	if c.Pod == nil || container(c, i.Container).Type == inspect.ContainerEphemeral {
		return inspect.Time{}
	}
	return c.Pod.Created
}

// enforcer is the webhook of a product as it stood before the image: the best of them. known is false where the
// webhooks could not be read.
// Several webhooks of one product act on a pod; one that evaluates it is enough.
func enforcer(i inspect.Image, product string) (best inspect.Gate, known bool) {
	if g, ok := gateOf(i, inspect.GateKindAdmission); !ok || g.Status == inspect.GateUnknown &&
		g.Reason == inspect.GateNotReadable {
		return inspect.Gate{}, false
	}
	rank := map[inspect.Status]int{inspect.Verified: 0, inspect.Unknown: 1, inspect.Absent: 2}
	for _, g := range i.Gates {
		if g.Kind != inspect.GateKindWebhook || g.By != product {
			continue
		}
		if best.Name == "" || rank[g.Status.Tone()] < rank[best.Status.Tone()] {
			best = g
		}
	}
	return best, true
}

// summedUp reports whether the sentence on admission already gives the reason why a product is not enforced.
func summedUp(i inspect.Image, product string) bool {
	g, _ := gateOf(i, inspect.GateKindAdmission)
	return g.Status == inspect.GateNotEnforced && slices.Contains(g.Products, product)
}

// stamp is a time as answers write it: UTC, to the second.
func stamp(t inspect.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
