package evidence

import (
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// samePolicies compares the verdicts of the policies that are carried, on the signatures that are carried.
// A policy is evaluated on all signatures of an image, so one signature that is not carried leaves every verdict open.
func (v *comparison) samePolicies(i, again inspect.Image) {
	for _, g := range i.Gates {
		if g.Kind != inspect.GateKindImagePolicy {
			continue
		}
		subject := i.Container + " " + g.Name
		at := slices.IndexFunc(again.Gates, func(o inspect.Gate) bool { return o.Name == g.Name })
		switch {
		case slices.ContainsFunc(i.Signatures, func(s inspect.Signature) bool { return !v.carried(s.Digest) }):
			v.record("policy", subject, inspect.Absent, BasisNotKept, "not all signatures are in the bag")
		case at < 0:
			v.fail("policy", subject, "the case states %s; no policy in the bag applies to this image under that name",
				g.Status)
		case g.Status == inspect.GateUnknown:
			// A store that was silent then cannot be asked again: what is open in the case may be certain in the bag.
			v.record("policy", subject, inspect.Absent, BasisNotKept, "the case leaves it open, and claims nothing: %s",
				g.Detail)
		default:
			v.compare("policy", subject, v.ended(inspect.CheckSignatures, i.Container),
				rowOutcome{status: g.Status.Tone()},
				rowOutcome{status: again.Gates[at].Status.Tone()})
		}
	}
	for _, g := range again.Gates {
		known := slices.ContainsFunc(i.Gates, func(o inspect.Gate) bool { return o.Name == g.Name })
		if g.Kind == inspect.GateKindImagePolicy && !known && v.ended(inspect.CheckSignatures, i.Container) {
			v.fail("policy", i.Container+" "+g.Name,
				"a policy in the bag is about this image, and the case does not name its verdict")
		}
	}
}
