package evidence

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

// SignerKey is a public key that the person trusts to sign bundles.
// It is never read from the bundle: a key beside a signature proves that its maker has a key.
type SignerKey struct {
	Digest string // sha256:… of its DER
	// Verify reports whether the Sigstore bundle holds the key's signature over the manifest: nil, or why not.
	Verify func(ctx context.Context, manifest, bundle []byte) error
}

// vouching finds out who vouches for a bag, and for the roots and keys that its verdicts rest on.
// Everything else about a bag proves that it is consistent. This proves who answers for it.
type vouching struct{ *verifier }

// authentic checks who signed the bag. The signature is over tagmanifest-sha256.txt, which fixes all else once the
// files fit. Whose key it is, only the person knows: a signature by any other key proves nothing, and where a signer
// is required, a bag without a signature fails, whatever it states about itself.
func (v *vouching) authentic() {
	required := len(v.o.Signers) > 0 || v.o.SignerNamed != ""
	// The signature is the one file that no manifest lists, since it is over one of them. Taking it away leaves a bag
	// that fits; that it was signed stands in bag-info.txt, which the signature covers.
	signed := v.bag.files.Has(bagit.SignatureFile)
	switch {
	case !signed && v.info()[infoSigned] == "yes":
		v.fail("signer", bagit.InfoFile, "it states that the bag is signed, and there is no signature")
		return
	case !signed && required:
		v.fail("signer", bagit.SignatureFile,
			"the bag is not signed; a signature is required (--signer-key, --signer-identity)")
		return
	case !signed:
		v.record("signer", "", inspect.Absent, BasisBytes,
			"the bag is not signed; compare its tag manifest with the one posted at the export (--expect sha256:…)")
		return
	}
	manifest, err := v.bag.files.Read(bagit.TagManifest256, bagit.MaxManifest)
	if err != nil {
		v.fail("signer", bagit.TagManifest256, "it cannot be read: %v", err)
		return
	}
	bundle, err := v.bag.files.Read(bagit.SignatureFile, MaxSmall)
	if err != nil {
		v.fail("signer", bagit.SignatureFile, "it cannot be read: %v", err)
		return
	}
	v.signedBy(manifest, bundle, required)
}

// signedBy tries the keys and the identity that the person named. A signature by none of them fails where one is
// required, and is unknown where none was named.
// Verified here is about the bag's content at the time of the export: a signature does not make its claims true.
func (v *vouching) signedBy(manifest, bundle []byte, required bool) {
	// The hint only chooses the words: which key is meant is a claim of the file itself.
	named := hintOf(bundle)
	why := ""
	for _, k := range v.o.Signers {
		err := k.Verify(v.ctx, manifest, bundle)
		if err == nil {
			v.record("signer", k.Digest, inspect.Verified, BasisBytes,
				"the tag manifest is signed with this key, which you named (--signer-key)")
			return
		}
		if named == k.Digest {
			why = fmt.Sprintf("it names your key %s and is not its signature over the tag manifest: %v",
				text.ShortDigest(k.Digest), err)
		}
	}
	if v.o.SignerNamed != "" {
		by, err := v.o.VerifySigner(v.ctx, manifest, bundle)
		if err == nil {
			v.record("signer", by, inspect.Verified, BasisBytes,
				"the tag manifest is signed by this identity, as required: %s", v.o.SignerNamed)
			return
		}
		why = fmt.Sprintf("the signature is not by %s: %v", v.o.SignerNamed, err)
	}
	who := "an identity that it names itself"
	if named != "" {
		who = "the key " + named
	}
	switch {
	case why != "":
		v.fail("signer", bagit.SignatureFile, "%s", why)
	case required:
		v.fail("signer", bagit.SignatureFile,
			"the bag claims a signature by %s, which is none of those that you named", who)
	default:
		v.record("signer", bagit.SignatureFile, inspect.Unknown, BasisClaimed,
			"the bag claims a signature by %s; give the public key of those who may sign (--signer-key FILE)", who)
	}
}
