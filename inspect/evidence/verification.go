package evidence

import (
	"context"
	"crypto/x509"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// VerificationSchema is the name of the JSON form of `verify -o json`.
const VerificationSchema = "backtrail.dev/verification/v1"

// Verification is what was found out about a bundle.
// It is also the JSON that `verify -o json` prints; fields are added, never renamed.
type Verification struct {
	Schema      string         `json:"schema"`
	Status      inspect.Status `json:"status"`
	Case        BagCase        `json:"case"`
	Fits        inspect.Status `json:"fits"`       // the files fit the bag's manifests
	Reproduced  inspect.Status `json:"reproduced"` // its claims follow from the bytes in it
	Authentic   inspect.Status `json:"authentic"`  // whoever was named signed it
	Timestamp   inspect.Status `json:"timestamp"`  // an authority that was named stamped it; absent: none has
	Claims      Claims         `json:"claims"`
	Checks      []BagCheck     `json:"checks"`
	TagManifest string         `json:"tagManifest"` // sha256:…
}

// BagCase is the case that a bag contains, as the bag states it.
type BagCase struct {
	ID       string             `json:"id"`
	Target   string             `json:"target"`
	Status   inspect.CaseStatus `json:"status"`
	Complete bool               `json:"complete"`
	Operator string             `json:"operator"` // of the first session
	Tool     string             `json:"tool"`
	Kind     string             `json:"kind"` // case, or audit
}

// Claims counts the statements of a case by what bears them out.
// A verified bundle with many claims that nothing bears out is one to read with care: the numbers are printed with it.
type Claims struct {
	Recomputed int `json:"recomputed"` // computed again from bytes in the bag, with the same result
	Claimed    int `json:"claimed"`    // nothing in the bag bears them out or contradicts them
	NotInBag   int `json:"notInBag"`   // the bytes that they rest on are not in the bag
	Failed     int `json:"failed"`     // the bytes in the bag contradict them
}

// BagCheck is one thing that was looked at.
type BagCheck struct {
	// bag, manifest, file, custody, blob, case, image, layer, signature, provenance, trust, signer, timestamp, expect
	Name    string         `json:"name"`
	Subject string         `json:"subject"` // the file, digest or row
	Status  inspect.Status `json:"status"`
	Basis   Basis          `json:"basis"`
	Detail  string         `json:"detail"`
}

// Basis describes what a check rests on.
type Basis string

// The bases of a check.
const (
	BasisBytes Basis = "bytes"
	// Follows from the listing of a layer that may not be carried: as good as the listing.
	BasisListing Basis = "listing"
	// Stated by the bag, and borne out by nothing in it.
	BasisClaimed Basis = "claimed"
	// Could not be computed again: the bytes are not in the bag.
	BasisNotKept Basis = "not-in-bag"
)

// VerifyOptions name whom the person trusts.
// None of it comes from the bundle. The zero value trusts no key and no root, and runs no check again.
type VerifyOptions struct {
	Expect string // sha256:… of the tag manifest; empty: not asked
	// Roots are the trust roots that the person gave (--trusted-root FILE), by name: Rerun checks against these.
	Roots []string
	Keys  []string // sha256:… of the public keys that the person trusts, by flags and by policies
	// Named are those of Keys that a flag named (--key FILE): of each, a verdict about an image has to rest on it. Keys
	// of policies that are always loaded are none of them.
	Named []string
	// Signers are the keys of which one must have signed the bag itself (--signer-key FILE).
	Signers []SignerKey
	// SignerNamed is the identity that must have signed the bag itself, in words; empty: none was named.
	SignerNamed string
	// VerifySigner checks that this identity signed the manifest, and returns who did. It is not nil where one was
	// named.
	VerifySigner func(ctx context.Context, manifest, bundle []byte) (by string, err error)
	// Authorities are the certificates of timestamp authorities that the person trusts (seal.Verify), by a trust root
	// or by a flag. With TimestampRequired, which is the flag, a bag without a timestamp by one of them fails.
	Authorities       []*x509.Certificate
	TimestampRequired bool
	// Known are the digests of roots that backtrail itself has, embedded or by TUF: these count as the person's.
	Known []string
	// Kinds are the kinds of bundles besides those of cases.
	Kinds     []Kind
	AcceptBag bool         // --trusted-root bag: what only the bag vouches for is accepted
	Tool      inspect.Tool // this program: it compares the reports of its own version
	// Rerun computes the case again with the bag as registry, cluster, trust root and clock. Nil: not run, unknown.
	Rerun func(ctx context.Context, bag *Bag, c inspect.Case) (Again, error)
	// Documents makes the bills of materials of a case again, as at the export.
	Documents func(ctx context.Context, c inspect.Case) ([]Document, error)
}

// caseOf is what a bag states about its case.
func caseOf(id string, c inspect.Case) BagCase {
	outcome := verdict.Of(&c)
	b := BagCase{
		ID: id, Target: text.Clean(c.Target.Name), Status: outcome.Status, Complete: outcome.Complete,
		Tool: toolName(c.Tool), Kind: "case",
	}
	if len(c.Sessions) > 0 {
		b.Operator = text.Clean(c.Sessions[0].Operator + " on " + c.Sessions[0].Host)
	}
	return b
}

// failed counts the checks that failed.
func failed(checks []BagCheck) int {
	n := 0
	for _, c := range checks {
		if c.Status == inspect.Failed {
			n++
		}
	}
	return n
}
