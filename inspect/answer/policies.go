package answer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// policies say what each policy about the image says of it today, and why one that says no did not stop it.
func policies(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		for _, g := range i.PolicyGates() {
			name := in(c, i) + inspect.Clean(g.Name)
			found := by(c, "signatures", "policies")
			switch g.Status {
			case inspect.Failed:
				s := whyNot(c, i, g)
				s.Text, s.Findings = name+s.Text, found
				all = append(all, s)
			case inspect.Verified:
				all = append(all, seen(name+" lets the image pass: who it accepts has signed it", found...))
			default:
				all = append(all, open(name+": what it says of the image is not known: "+trim(g.Detail)))
			}
		}
	}
	return some(all, "more policies about these images")
}

// whyNot says why a policy that is not met did not stop the image.
func whyNot(c inspect.Case, i inspect.Image, g inspect.Gate) inspect.Sentence {
	const no = " would refuse the image today"
	came := cameIn(c, i)
	hook, known := enforcer(i, g.By)
	switch {
	case g.Asked:
		return seen(", which was given here, refuses the image")
	case g.Mode == inspect.ModeWarn:
		return seen(" says no today, but it only warns: it lets in what it warns of")
	case !came.IsZero() && g.Since.After(came.Time):
		return seen(no + ", but it was set up at " + stamp(g.Since) + ", after this came in")
	case g.By != "" && known && hook.Name == "":
		return seen(fmt.Sprintf("%s, but nothing enforces it: no webhook of %s is set up for this pod", no, g.By))
	case known && hook.Status == inspect.Absent && saidOfAll(i, g.By):
		return seen(fmt.Sprintf("%s, but %s did not look at this pod", no, g.By))
	case known && hook.Status == inspect.Absent:
		return seen(fmt.Sprintf("%s, but %s did not look: %s", no, g.By, reason(hook)))
	case known && hook.FailsOpen || g.FailsOpen:
		return derived(fmt.Sprintf("%s, but it fails open: while %s does not answer, all is let in", no, g.By))
	case !came.IsZero() && g.Changed.After(came.Time):
		return seen(no + ", but it was changed at " + stamp(g.Changed) + ", after this came in; what it said before is not known")
	case known && hook.Status == inspect.Verified:
		return toKnow(no+", and why it let it in is not known: "+g.By+" was asked", askEnforcer(g.By))
	default:
		return seen(no)
	}
}

// askEnforcer is the command that shows what a product said of pods.
func askEnforcer(product string) string {
	if product == inspect.PolicyController {
		return "kubectl logs -n cosign-system -l app.kubernetes.io/name=policy-controller --since 24h"
	}
	return "kubectl get events -A --field-selector reason=PolicyViolation"
}

// cameIn is when the container's pod came into the cluster, zero where that is not known or another door was taken.
func cameIn(c inspect.Case, i inspect.Image) inspect.Time {
	if c.Pod == nil || container(c, i.Container).Type == inspect.ContainerEphemeral {
		return inspect.Time{}
	}
	return c.Pod.Created
}

// enforcer is the webhook of a product as it stood before the image: the best of them; known is false where the webhooks
// were not read.
func enforcer(i inspect.Image, product string) (best inspect.Gate, known bool) {
	if g, ok := gate(i, gateAdmission); !ok || g.Status == inspect.Unknown && g.By == "" {
		return inspect.Gate{}, false
	}
	rank := map[inspect.Status]int{inspect.Verified: 0, inspect.Unknown: 1, inspect.Absent: 2}
	for _, g := range i.Gates {
		if !strings.HasPrefix(g.Name, "webhook ") || g.By != product {
			continue
		}
		if best.Name == "" || rank[g.Status] < rank[best.Status] {
			best = g
		}
	}
	return best, true
}

// saidOfAll says that the sum of the gates has told already why a product did not look.
func saidOfAll(i inspect.Image, product string) bool {
	g, _ := gate(i, gateAdmission)
	return g.Status == inspect.Absent && strings.Contains(g.Detail, product)
}

// reason is what a webhook's gate says, without the object that it stands in.
func reason(g inspect.Gate) string {
	text := trim(g.Detail)
	if at := strings.LastIndex(text, " ("); at > 0 {
		text = text[:at]
	}
	return text
}

func stamp(t inspect.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
