package evidence

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

// Verify checks the bundle at path and, if Rerun is given, its claims again from the bytes that it carries. An error
// means that it could not be looked at; what is wrong with the bundle stands in the Verification.
//
// It needs no network and writes nothing but temporary files. It is for bundles of strangers: nothing in one ends it
// early but ctx, and every defect is among the checks.
func Verify(ctx context.Context, path string, o VerifyOptions) (Verification, error) {
	v := &verifier{ctx: ctx, o: o, out: Verification{Schema: VerificationSchema, Checks: []BagCheck{}}}
	bag, err := OpenBag(ctx, path, "")
	switch {
	case ctx.Err() != nil:
		return v.out, fmt.Errorf("checking the bundle %s: %w", path, ctx.Err())
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return v.out, err
	case err != nil:
		// It is there and cannot be read as a bundle: a defect of the bag.
		v.fail("bag", path, "%v", err)
		v.out.Fits, v.out.Reproduced, v.out.Authentic = inspect.Failed, inspect.Unknown, inspect.Unknown
		v.out.Timestamp = inspect.Unknown
		v.out.Status = inspect.Failed
		return v.out, nil
	}
	defer bag.Close()
	v.bag = bag
	v.kind = v.kindOf()
	v.out.Case.ID, v.out.TagManifest = bag.ID(), bag.TagManifest()
	v.out.Fits = v.part((&fitting{v}).run)
	who := &vouching{v}
	// First: what the signature covers need not be drawn again.
	v.out.Authentic = v.part(who.authentic)
	v.out.Timestamp = v.part(who.timestamp) // apart: that a bag existed at a time does not make it anyone's
	before := len(v.out.Checks)
	if v.kind != nil {
		v.out.Reproduced = v.part(v.again)
	} else {
		v.out.Reproduced = v.part((&reproduction{v}).run)
	}
	v.out.Claims.Failed = failed(v.out.Checks[before:])
	if v.out.Reproduced == inspect.Verified && v.out.Claims.Recomputed == 0 {
		v.out.Reproduced = inspect.Unknown
	}
	expected := v.part(v.expect)
	vouched := v.part(who.trust)
	if ctx.Err() != nil {
		return v.out, fmt.Errorf("checking the bundle %s: %w", path, ctx.Err())
	}
	v.out.Status = overall(v.out, expected, vouched)
	return v.out, nil
}

// overall is CONTRACT's rule for the exit: a defect or a claim that does not follow fails, a verdict that rests on
// what only the bag vouches for is unknown, and a bag without a signature is no defect.
func overall(v Verification, expected, vouched inspect.Status) inspect.Status {
	for _, s := range []inspect.Status{v.Fits, v.Reproduced, v.Authentic, v.Timestamp, expected, vouched} {
		if s == inspect.Failed {
			return inspect.Failed
		}
	}
	if v.Reproduced == inspect.Unknown || v.Authentic == inspect.Unknown || v.Timestamp == inspect.Unknown ||
		vouched == inspect.Unknown {
		return inspect.Unknown
	}
	return inspect.Verified
}

// verifier is one run of Verify.
type verifier struct {
	ctx  context.Context
	o    VerifyOptions
	bag  *Bag
	kind *Kind    // nil: the bag is that of a case
	keys []string // that the verdicts of another kind of bag rest on
	out  Verification
	c    inspect.Case             // the fold of the events, once the bag is intact
	sums map[string]bagit.FileSum // of every file that could be read
	left map[string]bool          // digests of the image's blobs that were left out on request
}

// part runs one of the questions and gives the status that its checks come to.
// No check at all is absent, and never verified.
func (v *verifier) part(ask func()) inspect.Status {
	before := len(v.out.Checks)
	ask()
	return worst(v.out.Checks[before:])
}

// worst is failed if one failed, else unknown if one is unknown, else verified if one was, else absent.
func worst(checks []BagCheck) inspect.Status {
	found := map[inspect.Status]bool{}
	for _, c := range checks {
		found[c.Status] = true
	}
	for _, s := range []inspect.Status{inspect.Failed, inspect.Unknown, inspect.Verified} {
		if found[s] {
			return s
		}
	}
	return inspect.Absent
}

// record adds a check. Foreign text in it is cleaned here, for every output.
// A detail may quote a name, a reason or a value of the bag, which could otherwise draw on a terminal.
func (v *verifier) record(name, subject string, s inspect.Status, b Basis, format string, args ...any) {
	v.out.Checks = append(v.out.Checks, BagCheck{
		Name: name, Subject: text.Clean(subject), Status: s, Basis: b, Detail: text.Clean(fmt.Sprintf(format,
			args...)),
	})
}

// fail records a defect that the bytes in the bag show.
func (v *verifier) fail(name, subject, format string, args ...any) {
	v.record(name, subject, inspect.Failed, BasisBytes, format, args...)
}

// info is bag-info.txt; nil where it cannot be read, which fitting reports.
func (v *verifier) info() map[string]string {
	text, err := v.bag.files.Read(bagit.InfoFile, MaxSmall)
	if err != nil {
		return nil
	}
	info, _ := bagit.ParseInfo(text)
	return info
}

// expect compares the tag manifest with the digest that was kept at the export.
// A bare hexadecimal digest is taken too, as sha256sum prints it.
func (v *verifier) expect() {
	if v.o.Expect == "" {
		return
	}
	want := strings.ToLower(v.o.Expect)
	if !strings.HasPrefix(want, "sha256:") {
		want = "sha256:" + want
	}
	if want == v.out.TagManifest {
		v.record("expect", bagit.TagManifest256, inspect.Verified, BasisBytes,
			"the tag manifest is the one that was expected: %s", want)
		return
	}
	v.fail("expect", bagit.TagManifest256,
		"the tag manifest is %s; expected was %s: this is another bundle, or an altered one", v.out.TagManifest, want)
}

// trust checks for each root and key that a verdict rests on who vouches for it.
//
// A root in the bag that verifies a signature in the bag proves nothing: whoever made one could make the other. So
// each is compared with those that the person gave or that backtrail has, by the digest of its bytes.
func (v *vouching) trust() {
	if v.out.Fits != inspect.Verified {
		return
	}
	chains, notarized, keys := restsOn(v.c)
	roots, stores := 0, 0
	for _, t := range v.c.Trust {
		switch {
		case t.Kind == trustSigstore && chains > 0:
			roots++
			v.root(t, chains)
		case t.Kind == trustAuthority && chains > 0:
			roots++
			v.own(t)
		case t.Kind == trustNotation && notarized > 0:
			stores++
			v.own(t)
		}
	}
	// A record without the root that its verdicts rest on leaves them without one to vouch for them.
	if chains > 0 && roots == 0 && len(v.o.Roots) == 0 {
		v.record("trust", "", inspect.Unknown, BasisClaimed, "%d signatures were checked against a trust root that "+
			"the case does not name: give yours (--trusted-root FILE)", chains)
	}
	if notarized > 0 && stores == 0 {
		v.record("trust", "", inspect.Unknown, BasisClaimed, "%d signatures were checked against a trust store that "+
			"the case does not name", notarized)
	}
	keys = append(keys, v.keys...)
	for _, k := range keys {
		v.key(k)
	}
	v.unused(keys)
	v.recordTimestamps()
}

// unused states plainly that a key which the person named has signed none of the images: a verification that ended well
// would be read as one by this key. It is unknown and not failed, since nothing speaks against the images: whose
// signature was required of them is part of the case.
func (v *vouching) unused(keys []string) {
	for _, k := range v.o.Named {
		if !contains(keys, k) {
			v.record("trust", k, inspect.Unknown, BasisBytes,
				"no signature of an image in this bag was checked with this "+
					"key (--key), so nothing was verified by it; whose key signed the bag itself is --signer-key")
		}
	}
}

// root states by whose trust root the chains were judged here: the person's, one that backtrail has, or the bag's
// own, which vouches for itself.
// The checks that ran again used the person's roots where there are any, else the bag's (recompute.Bundle). The origin
// that the case states, such as embedded, is a claim and decides nothing.
func (v *vouching) root(t inspect.Trust, chains int) {
	what := fmt.Sprintf("%d of the signatures were checked against the trust root %s (%s, %s)", chains,
		text.ShortDigest(t.Digest), t.Origin, text.Clean(t.Name))
	switch {
	case len(v.o.Roots) > 0:
		v.record("trust", t.Digest, inspect.Verified, BasisBytes, "%s; here against yours: %s", what,
			strings.Join(v.o.Roots, ", "))
	case contains(v.o.Known, t.Digest):
		v.record("trust", t.Digest, inspect.Verified, BasisBytes, "%s, one of backtrail's own",
			what)
	case v.o.AcceptBag:
		v.record("trust", t.Digest, inspect.Verified, BasisBytes, "%s; accepted from the bag (--trusted-root bag)",
			what)
	default:
		v.record("trust", t.Digest, inspect.Unknown, BasisBytes,
			"%s, and only the bag vouches for it: give yours (--trusted-root FILE) or accept the bag's "+
				"(--trusted-root bag)", what)
	}
}

// own is a certificate authority or a trust store of one's own: no trusted root stands for it.
// A --trusted-root does not count for it: the two kinds are given by flags of their own.
func (v *vouching) own(t inspect.Trust) {
	what := fmt.Sprintf("signatures were checked against %s (%s, %s)", text.ShortDigest(t.Digest), t.Kind,
		text.Clean(t.Name))
	flags := "--ca-roots FILE"
	if t.Kind == trustNotation {
		flags = "--notation-trust-store DIR and --notation-policy FILE"
	}
	switch {
	case contains(v.o.Known, t.Digest):
		v.record("trust", t.Digest, inspect.Verified, BasisBytes, "%s, which is yours", what)
	case v.o.AcceptBag:
		v.record("trust", t.Digest, inspect.Verified, BasisBytes, "%s; accepted from the bag (--trusted-root bag)",
			what)
	default:
		v.record("trust", t.Digest, inspect.Unknown, BasisBytes,
			"%s, and only the bag vouches for it: give the same (%s) or accept the bag's (--trusted-root bag)", what,
			flags)
	}
}

// key states who vouches for a key that verdicts rest on. Verified here is about the key, and no signature.
func (v *vouching) key(digest string) {
	switch {
	case contains(v.o.Keys, digest):
		v.record("trust", digest, inspect.Verified, BasisBytes, "a verdict rests on this key, which is yours (--key)")
	case v.o.AcceptBag:
		v.record("trust", digest, inspect.Verified, BasisBytes,
			"a verdict rests on this key; accepted from the bag (--trusted-root bag)")
	default:
		v.record("trust", digest, inspect.Unknown, BasisBytes,
			"a verdict rests on this key, and only the bag vouches for it: give yours (--key FILE) or accept the "+
				"bag's (--trusted-root bag)")
	}
}

// restsOn counts the signatures whose chain or log entry was judged by a trust root, and those by a trust store of
// the Notary Project, and lists the keys that judged others.
// A step that was not reached rests on nothing, and a key that is not at hand has judged nothing.
func restsOn(c inspect.Case) (chains, notarized int, keys []string) {
	for _, i := range c.Images {
		for _, s := range i.Signatures {
			for _, step := range s.Steps {
				judged := step.Status == inspect.Verified || step.Status == inspect.Failed
				if judged && (step.Name == inspect.StepCertificate || step.Name == inspect.StepLog ||
					step.Name == inspect.StepTimestamp) {
					if s.Kind == trustNotation {
						notarized++
					} else {
						chains++
					}
					break
				}
			}
			if s.Key != "" && s.Reason != inspect.ReasonUnknownKey && !contains(keys, s.Key) {
				keys = append(keys, s.Key)
			}
		}
	}
	return chains, notarized, keys
}

// contains reports whether a list has a text.
func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
