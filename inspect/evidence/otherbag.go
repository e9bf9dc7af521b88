package evidence

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// Kind describes bundles of something other than a case, as an audit. They share the bag, its manifests, signature and
// bounds with bundles of cases; what is in them is computed again by the package that writes them.
type Kind struct {
	Name     string   // audit
	Mark     string   // a payload file that bundles of this kind have, and no case
	Required []string // files that each of them has
	// Again computes the claims of a bundle again. It is called only where the files fit the manifests.
	// authentic: a signer whom the person named signed it.
	Again func(ctx context.Context, files *bagit.Files, authentic bool) Recomputed
}

// Recomputed is what became of the claims of a bundle that is no case's.
type Recomputed struct {
	Case   BagCase
	Claims Claims // without Failed, which is counted from the checks
	Checks []BagCheck
	Keys   []string // sha256:… of the public keys that its verdicts rest on
}

// NoCase reports whether the bag is one of another kind, by the file that bags of that kind have.
func (b *Bag) NoCase(mark string) bool {
	for _, name := range required {
		if b.files.Has(name) {
			return false
		}
	}
	return b.files.Has(mark)
}

// kindOf is the kind of a bag; nil for that of a case. A bag with the record of a case is one of a case whatever else
// is in it: an extra file must not keep its claims from being computed again.
func (v *verifier) kindOf() *Kind {
	for n := range v.o.Kinds {
		if v.bag.NoCase(v.o.Kinds[n].Mark) {
			return &v.o.Kinds[n]
		}
	}
	return nil
}

// again computes the claims of a bag that is no case's.
func (v *verifier) again() {
	v.out.Case.Kind = v.kind.Name
	if v.out.Fits != inspect.Verified {
		v.record(v.kind.Name, v.kind.Mark, inspect.Unknown, BasisBytes,
			"not checked: the files do not fit the manifests")
		return
	}
	r := v.kind.Again(v.ctx, v.bag.files, v.out.Authentic == inspect.Verified)
	id := v.out.Case.ID
	v.out.Case, v.out.Claims, v.keys = r.Case, r.Claims, r.Keys
	v.out.Case.ID, v.out.Case.Kind = id, v.kind.Name
	for _, c := range r.Checks {
		v.record(c.Name, c.Subject, c.Status, c.Basis, "%s", c.Detail)
	}
}
