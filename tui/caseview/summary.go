package caseview

import (
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// Summary is what the case found about the image on screen: whether it is signed, and whether it was compared with a
// confirmed known-good image. It reports false while checks run, or where there is no image. It is what the list of
// pods shows once the case is closed.
func (s *openCase) Summary() (signed, knownGood inspect.Status, ok bool) {
	i := s.image()
	if s.running > 0 || imageContainer(i) == "" {
		return "", "", false
	}
	// the checks have ended: what is not there is none
	signed, knownGood = inspect.Absent, inspect.Absent
	// one that is verified counts
	for _, status := range []inspect.Status{inspect.Unknown, inspect.Failed, inspect.Verified} {
		if slices.ContainsFunc(i.Signatures, func(g inspect.Signature) bool { return g.Status == status }) {
			signed = status
		}
	}
	if i.Diff != nil && i.Diff.KnownGood != nil {
		knownGood = inspect.Unknown
		if i.Diff.KnownGood.Confirmed {
			knownGood = inspect.Verified
		}
	}
	return signed, knownGood, true
}
