package evidence

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/evidence/seal"
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

// timestampFolder has the timestamps over the record, by the number of the entry, as openssl reads them.
const timestampFolder = "data/timestamps/"

// timestampName is the file of a timestamp over the record.
func timestampName(t inspect.Timestamp) string {
	return fmt.Sprintf("%s%d.tsr", timestampFolder, t.Entry)
}

// writeTimestamps writes the timestamps over the record that were made while the case was open.
func (x *export) writeTimestamps() error {
	for _, t := range x.c.Custody.Timestamps {
		if len(t.Response) == 0 {
			continue
		}
		if err := x.bag.AddBytes(timestampName(t), t.Response); err != nil {
			return err
		}
	}
	return nil
}

// timestampsFit compares what the record states of its timestamps with the responses that it carries: a response over
// another entry, or of another time, would be one that was taken from elsewhere. Who made it is asked in
// recordTimestamps.
func (v *reproduction) timestampsFit() {
	for _, t := range v.c.Custody.Timestamps {
		if t.Error != "" && len(t.Response) == 0 {
			continue // the record states that there is none
		}
		name := timestampName(t)
		have, err := v.bag.files.Read(name, seal.MaxResponse)
		if err != nil || !bytes.Equal(have, t.Response) {
			v.fail("timestamp", name, "it is not the response that the record has")
			continue
		}
		stated, err := seal.Read(t.Response)
		if err != nil {
			v.fail("timestamp", name, "it cannot be read: %v", err)
			continue
		}
		line := v.entryLine(t.Entry)
		claimed := inspect.Timestamp{Head: t.Head, At: t.At}
		_, differs := differences(claimed, inspect.Timestamp{Head: stated.Digest, At: inspect.At(stated.Time)})
		if line == nil || bagit.Digest(line) != t.Head {
			differs = append(differs, fmt.Sprintf("entry %d has another digest", t.Entry))
		}
		if len(differs) > 0 {
			v.fail("timestamp", name, "by the bytes in the bag %s", strings.Join(differs, "; "))
			continue
		}
		v.out.Claims.Recomputed += 3
		v.out.Claims.Claimed++ // which address was asked
		v.record("timestamp", name, inspect.Verified, BasisBytes, "it is over entry %d of the record", t.Entry)
	}
}

// entryLine is the line of an entry of the record, without its break; nil where there is none.
func (v *verifier) entryLine(number uint64) (found []byte) {
	r, err := v.bag.Events()
	if err != nil {
		return nil
	}
	defer r.Close()
	_ = eachLine(r, func(n int, line []byte) error {
		if uint64(n) == number {
			found = bytes.Clone(line)
		}
		return nil
	})
	return found
}

// recordTimestamps judges the timestamps over the record by the certificates that the person trusts: that the record
// up to an entry existed at a time.
func (v *vouching) recordTimestamps() {
	for _, t := range v.c.Custody.Timestamps {
		if line := v.entryLine(t.Entry); line != nil && len(t.Response) > 0 {
			v.stamped(timestampName(t), fmt.Sprintf("the record up to entry %d", t.Entry), t.Response, line)
		}
	}
}

// timestamp checks the timestamp over the bag: over its signature, and where there is none over its tag manifest. A
// bag whose timestamp was taken away still states in bag-info.txt that it had one.
func (v *vouching) timestamp() {
	if !v.bag.files.Has(bagit.TimestampFile) {
		switch {
		case v.info()[infoTimestamp] == "yes":
			v.fail("timestamp", bagit.InfoFile, "it states that the bag has a timestamp, and there is none")
		case v.o.TimestampRequired:
			v.fail("timestamp", bagit.TimestampFile,
				"the bag has no timestamp; one is required (--timestamp-certificate-chain)")
		}
		return
	}
	response, err := v.bag.files.Read(bagit.TimestampFile, seal.MaxResponse)
	if err != nil {
		v.fail("timestamp", bagit.TimestampFile, "it cannot be read: %v", err)
		return
	}
	name, what := bagit.TagManifest256, "the bag"
	if v.bag.files.Has(bagit.SignatureFile) {
		name, what = bagit.SignatureFile, "the signature of the bag"
	}
	sealed, err := v.bag.files.Read(name, bagit.MaxManifest)
	if err != nil {
		v.fail("timestamp", name, "it cannot be read: %v", err)
		return
	}
	v.stamped(bagit.TimestampFile, what, response, sealed)
}

// stamped judges one timestamp over some bytes. Without a certificate to trust, what it states is a claim of whoever
// made it; that it is over these bytes is checked in any case.
func (v *vouching) stamped(name, what string, response, message []byte) {
	stated, err := seal.Read(response)
	if err != nil {
		v.fail("timestamp", name, "it cannot be read: %v", err)
		return
	}
	if stated.Digest != bagit.Digest(message) {
		v.fail("timestamp", name, "it is not over %s, but over %s", what, cmp.Or(stated.Digest, "another digest"))
		return
	}
	at := stated.Time.Format(lineTime)
	if len(v.o.Authorities) == 0 {
		v.record("timestamp", name, inspect.Unknown, BasisClaimed, "it claims that %s existed at %s; give the "+
			"certificates of the authority (--timestamp-certificate-chain FILE)", what, at)
		return
	}
	if _, err := seal.Verify(response, message, v.o.Authorities); err != nil {
		s := inspect.Unknown // only a trust root was given, which has other authorities
		if v.o.TimestampRequired {
			s = inspect.Failed
		}
		v.record("timestamp", name, s, BasisBytes,
			"it claims that %s existed at %s, by none of the authorities that you trust: %v", what, at, err)
		return
	}
	v.record("timestamp", name, inspect.Verified, BasisBytes, "%s existed at %s, by %s, which you trust", what, at,
		cmp.Or(text.Clean(stated.By), "an authority"))
}
