package evidence

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
)

// SignerKey is a public key that the person trusts to sign bundles.
type SignerKey struct {
	Digest string // sha256:… of its DER
	// Verify says whether the Sigstore bundle holds the key's signature over the manifest: nil, or why not.
	Verify func(ctx context.Context, manifest, bundle []byte) error
}

// authentic says who signed the bag. The signature is over tagmanifest-sha256.txt, which fixes all else once the bag is
// intact. Whose key it is, only the person can say: a signature by any other key proves nothing.
func (v *verifier) authentic() {
	says := v.info()[infoSigned] == "yes"
	if _, signed := v.bag.files.sizes[signatureFile]; !signed {
		if says {
			v.fail("signer", infoFile, "it says that the bag is signed, and there is no signature")
			return
		}
		v.say("signer", "", inspect.Absent, BasisBytes,
			"nobody signed this bag, so nothing authenticates it; compare its tag manifest with the one posted at the export (--expect sha256:…)")
		return
	}
	manifest, err := v.bag.files.read(tagManifest256, MaxManifest)
	if err != nil {
		v.fail("signer", tagManifest256, "it cannot be read: %v", err)
		return
	}
	bundle, err := v.bag.files.read(signatureFile, MaxSmall)
	if err != nil {
		v.fail("signer", signatureFile, "it cannot be read: %v", err)
		return
	}
	v.signedBy(manifest, bundle)
}

func (v *verifier) signedBy(manifest, bundle []byte) {
	named := hintOf(bundle)
	for _, k := range v.o.Signers {
		err := k.Verify(v.ctx, manifest, bundle)
		switch {
		case err == nil:
			v.say("signer", k.Digest, inspect.Verified, BasisBytes, "the tag manifest is signed with this key, which is yours (--key)")
			return
		case named == k.Digest:
			v.fail("signer", signatureFile, "it names your key %s and is not its signature over the tag manifest: %v", short(k.Digest), err)
			return
		}
	}
	switch {
	case named == "":
		v.say("signer", signatureFile, inspect.Unknown, BasisBytes, "it names no key that could be checked here")
	case len(v.o.Signers) == 0:
		v.say("signer", signatureFile, inspect.Unknown, BasisBytes, "the bag says that the key %s signed it: give the public key of those who may sign (--key FILE)", named)
	default:
		v.say("signer", signatureFile, inspect.Unknown, BasisBytes, "the bag says that the key %s signed it, which is none of yours (--key FILE)", named)
	}
}
