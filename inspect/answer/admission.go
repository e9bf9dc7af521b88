package answer

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Names of gates that the check of the cluster says.
const (
	gateAdmission = "admission"
	gatePinned    = "pinned image"
)

// admission names what verified images on their way into the cluster, or why nothing did.
func admission(c inspect.Case) []Sentence {
	if c.Pod == nil {
		return nil
	}
	const ask = "; to know, run: kubectl get validatingwebhookconfigurations,clusterimagepolicies,clusterpolicies"
	for _, i := range suspects(c) {
		g, ok := gate(i, gateAdmission)
		if !ok {
			continue
		}
		found := ids(coded(c, subjectPod, "namespace-exempt", "policy-fails-open", "policy-only-warns", "no-image-policy"))
		if g.Status == inspect.Unknown && len(found) == 0 {
			return []Sentence{{Text: trim(g.Detail) + ask, Basis: Open}}
		}
		return []Sentence{{Text: trim(g.Detail), Basis: Seen, Findings: found}}
	}
	return []Sentence{{Text: "which admission policies stood in the way was not checked" + ask, Basis: Open}}
}

// policies say what each policy about the image says of it today.
func policies(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range suspects(c) {
		for _, g := range i.Gates {
			if !inspect.IsPolicyGate(g.Name) {
				continue
			}
			s := Sentence{Basis: Seen, Findings: by(c, "signatures", "policies")}
			name, warns := in(c, i)+inspect.Clean(g.Name), strings.Contains(g.Detail, "mode "+inspect.ModeWarn)
			switch {
			case g.Status == inspect.Failed && warns:
				s.Text = name + " says no today, but its mode is warn: it lets in what it warns of"
			case g.Status == inspect.Failed && g.Asked:
				s.Text = name + ", which was given here, refuses the image"
			case g.Status == inspect.Failed && unasked(i):
				s.Text = name + " would refuse the image, but nothing that enforces policies looked at this pod"
			case g.Status == inspect.Failed:
				s.Text = name + " would refuse the image today"
			case g.Status == inspect.Verified:
				s.Text = name + " lets the image pass: who it accepts has signed it"
			default:
				s.Text, s.Basis = name+": what it says of the image is not known: "+trim(g.Detail), Open
			}
			all = append(all, s)
		}
	}
	return some(all, "more policies about these images")
}

// unasked says that no verifier of images looked at the pod.
func unasked(i inspect.Image) bool {
	g, ok := gate(i, gateAdmission)
	return ok && g.Status == inspect.Absent
}

// pinned says that the pod asked for a tag, where the tag was moved.
func pinned(c inspect.Case) []Sentence {
	for _, i := range suspects(c) {
		moved := i.Diff != nil && i.Diff.KnownGood != nil && sameTag(i) || len(coded(c, i.Subject, "tag-moved")) > 0
		if g, ok := gate(i, gatePinned); ok && moved && g.Status == inspect.Absent {
			return []Sentence{{Text: in(c, i) + trim(g.Detail), Basis: Seen, Findings: ids(coded(c, i.Subject, "tag-moved"))}}
		}
	}
	return nil
}
