package evidence

import (
	"context"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// States of a parent in bag-info.txt, behind the digest of its tag manifest.
const (
	parentFits   = "fits"
	parentBroken = "does not fit"
)

// Unfit checks an opened bundle against its manifests, and returns what is wrong with it in one sentence; empty:
// nothing is. A bundle that was exported from one that did not fit is as doubtful as that one.
func Unfit(ctx context.Context, bag *Bag) (reason string, err error) {
	v := &verifier{ctx: ctx, bag: bag, out: Verification{}}
	status := v.part((&fitting{v}).run)
	if ctx.Err() != nil {
		return "", fmt.Errorf("checking the bundle %s: %w", bag.path, ctx.Err())
	}
	if status != inspect.Failed {
		return "", nil
	}
	first, more := "", 0
	for _, c := range v.out.Checks {
		switch {
		case c.Status != inspect.Failed:
		case first == "":
			first = c.Subject + ": " + c.Detail
		default:
			more++
		}
	}
	if more > 0 {
		first += fmt.Sprintf(" (and %d more)", more)
	}
	return first, nil
}

// ParentOf names a bundle as the parent of an export of the case in it, with the state in which it was found.
func ParentOf(bag *Bag, reason string) string {
	if reason != "" {
		return bag.TagManifest() + " " + parentBroken + ": " + reason
	}
	return bag.TagManifest() + " " + parentFits
}

// parent fails a bag that was exported from one whose files did not fit its manifests.
func (v *fitting) parent() {
	parent := v.info()[infoParent]
	if _, state, _ := strings.Cut(parent, " "); strings.HasPrefix(state, parentBroken) {
		v.fail("parent", infoFile, "it was exported from a bundle that was not intact: %s", parent)
	}
}
