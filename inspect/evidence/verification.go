package evidence

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
)

// VerificationSchema is the name of the JSON form of `verify -o json`.
const VerificationSchema = "backtrail.dev/verification/v1"

// Verification is what was found out about a bundle.
type Verification struct {
	Schema      string         `json:"schema"`
	Status      inspect.Status `json:"status"`
	Intact      inspect.Status `json:"intact"`
	Reproduced  inspect.Status `json:"reproduced"`
	Authentic   inspect.Status `json:"authentic"`
	Checks      []BagCheck     `json:"checks"`
	Case        string         `json:"case"`
	TagManifest string         `json:"tagManifest"` // sha256:…
}

// BagCheck is one thing that was looked at.
type BagCheck struct {
	Name    string         `json:"name"`    // bag, manifest, file, custody, blob, case, image, layer, signature, provenance, trust, signer, expect
	Subject string         `json:"subject"` // the file, digest or row
	Status  inspect.Status `json:"status"`
	Basis   Basis          `json:"basis"`
	Detail  string         `json:"detail"`
}

// Basis says what a check rests on.
type Basis string

// The bases of a check.
const (
	BasisBytes   Basis = "bytes"
	BasisListing Basis = "listing"
	BasisNotKept Basis = "not-in-bag"
)

// VerifyOptions say whom the person trusts.
type VerifyOptions struct {
	Expect string // sha256:… of the tag manifest; empty: not asked
	// Roots are the trust roots that the person gave (--trusted-root FILE), by name: Rerun checks against these.
	Roots []string
	Keys  []string // sha256:… of the public keys that the person gave (--key FILE)
	// Signers are the same keys, as those that may have signed the bag itself.
	Signers []SignerKey
	// Known are the digests of roots that backtrail itself knows, embedded or by TUF: these count as the person's.
	Known     []string
	AcceptBag bool         // --trusted-root bag: what only the bag vouches for is accepted
	Tool      inspect.Tool // this program: it compares the reports of its own version
	// Rerun runs the checks again with the bag as registry, trust root and clock. Nil: not run, unknown.
	Rerun func(ctx context.Context, bag *Bag, c inspect.Case) (inspect.Case, error)
}
