package evidence

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/evidence/seal"
	"github.com/backtrail/backtrail/inspect/evidence/seal/sealtest"
)

// TestRootsOfTrustLieUnderTheirKind exports a root of each kind and finds it again by its digest.
func TestRootsOfTrustLieUnderTheirKind(t *testing.T) {
	in := newIncident(t)
	roots := map[string]string{} // digest to kind
	add := func(kind, text string) {
		digest := in.store.put([]byte(text))
		roots[digest] = kind
		in.say(inspect.Event{Fact: inspect.Trust{Kind: kind, Origin: inspect.TrustFile, Name: kind, Digest: digest}})
	}
	add(trustSigstore, "a second root")
	add(trustAuthority, "-----BEGIN CERTIFICATE-----")
	add(trustNotation, `{"store":1}`)
	add(trustPolicy, "kind: ClusterImagePolicy")
	add("../../evil", "a kind that is a path")
	in.say(inspect.Event{Fact: inspect.Expected{Keys: []inspect.ExpectedKey{
		{Digest: bagit.Digest([]byte("key")), PEM: "-----BEGIN PUBLIC KEY-----"},
		{Digest: bagit.Digest([]byte("no PEM"))},
	}}})
	r := in.export(t, "bundle", options)
	bag := openBag(t, r.Path)
	for digest, kind := range roots {
		if _, err := bag.Trust(digest); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if b, err := bag.Blob(t.Context(), digest); err != nil {
			t.Errorf("%s is no blob of the bag: %v", kind, err)
		} else {
			_ = b.Close()
		}
	}
	if _, err := bag.Trust(bagit.Digest([]byte("nothing"))); !errors.Is(err, inspect.ErrNotKept) {
		t.Errorf("a root that is not there: %v", err)
	}
	names, err := filepath.Glob(filepath.Join(r.Path, "data/trust/*"))
	must(t, err)
	all := strings.Join(names, "\n")
	for _, want := range []string{
		"trusted_root.json", "trusted_root-", "ca-", "notation-", "policy-", "_.._evil-",
		"key-",
	} {
		if !strings.Contains(all, "/"+want) {
			t.Errorf("no %s among %s", want, all)
		}
	}
	if len(names) != len(roots)+2 { // the first root of the incident, and the key
		t.Errorf("%d files: %s", len(names), all)
	}
	if v := verify(t, r.Path, trusting()); v.Status != inspect.Verified {
		t.Errorf("%s: %v", v.Status, failures(v))
	}
}

// A root that cannot be carried is named to the person who exports: without it the verdicts cannot be checked again.
func TestARootThatIsNotCarriedIsNamed(t *testing.T) {
	in := newIncident(t)
	rotten := in.store.put([]byte("a root"))
	in.store.blobs[rotten] = []byte("another root")
	lost := bagit.Digest([]byte("a root that this machine does not have"))
	for digest, name := range map[string]string{rotten: "rotten\x1b[31m", lost: "lost"} {
		in.say(inspect.Event{Fact: inspect.Trust{Kind: trustNotation, Name: name, Digest: digest}})
	}
	// Keys of the cluster's policies are named by digest alone: there is nothing to carry.
	in.say(inspect.Event{Fact: inspect.Trust{Kind: trustKey, Name: "a key", Digest: bagit.Digest([]byte("k"))}})
	in.say(inspect.Event{Fact: inspect.Trust{Kind: trustPolicy, Name: "no digest", Digest: "sha256:x"}})
	notes := strings.Join(in.export(t, "bundle", options).Notes, "\n")
	for _, want := range []string{
		"rotten␛[31m that verdicts rest on is not in it: the copy on this machine",
		"lost that verdicts rest on is not in it: its bytes are not kept here",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in %q", want, notes)
		}
	}
	if strings.Contains(notes, "a key") || strings.Contains(notes, "no digest") || strings.Contains(notes, "\x1b") {
		t.Errorf("notes: %q", notes)
	}
	if got := reasonNotKept(io.ErrUnexpectedEOF); got != "unexpected EOF" {
		t.Errorf("another fault is %q", got)
	}
}

// signed is a case with one signature, and roots of trust.
func signed(s inspect.Signature, roots ...inspect.Trust) inspect.Case {
	return inspect.Case{Trust: roots, Images: []inspect.Image{{Signatures: []inspect.Signature{s}}}}
}

// TestWhatVerdictsRestOn lists for signatures of each kind the roots and keys that a person has to vouch for.
func TestWhatVerdictsRestOn(t *testing.T) {
	step := func(name string, s inspect.Status) []inspect.Step { return []inspect.Step{{Name: name, Status: s}} }
	for name, tt := range map[string]struct {
		s                 inspect.Signature
		chains, notarized int
		keys              string
	}{
		"a chain that holds": {
			inspect.Signature{Steps: step(inspect.StepCertificate, inspect.Verified)},
			1,
			0, "",
		},
		"a chain that fails": {
			inspect.Signature{Steps: step(inspect.StepCertificate, inspect.Failed)},
			1, 0,
			"",
		},
		"a chain that was not read": {
			inspect.Signature{Steps: step(inspect.StepCertificate, inspect.Unknown)},
			0, 0,
			"",
		},
		"a log entry": {inspect.Signature{Steps: step(inspect.StepLog, inspect.Verified)}, 1, 0, ""},
		"a timestamp": {
			inspect.Signature{Steps: step(inspect.StepTimestamp, inspect.Verified)},
			1, 0,
			"",
		},
		"bytes alone rest on nothing": {
			inspect.Signature{Steps: step(inspect.StepIntegrity, inspect.Verified)},
			0, 0,
			"",
		},
		"a trust store": {
			inspect.Signature{Kind: trustNotation, Steps: step(inspect.StepCertificate,
				inspect.Verified)},
			0, 1, "",
		},
		"a key":                   {inspect.Signature{Key: "sha256:1", Status: inspect.Verified}, 0, 0, "sha256:1"},
		"a key that nobody gave":  {inspect.Signature{Key: "sha256:1", Reason: "unknown-key"}, 0, 0, ""},
		"a key that did not sign": {inspect.Signature{Key: "sha256:1", Reason: "invalid-signature"}, 0, 0, "sha256:1"},
	} {
		chains, notarized, keys := restsOn(signed(tt.s))
		if chains != tt.chains || notarized != tt.notarized || strings.Join(keys, " ") != tt.keys {
			t.Errorf("%s: %d chains, %d by trust stores, keys %v", name, chains, notarized, keys)
		}
	}
	twice := signed(inspect.Signature{Key: "sha256:1"})
	twice.Images = append(twice.Images, twice.Images...)
	if _, _, keys := restsOn(twice); len(keys) != 1 {
		t.Errorf("one key that signed two images: %v", keys)
	}
}

// TestWhoVouchesForEachKindOfTrust borrows a root of each kind: what only the bag carries leaves the outcome unknown,
// whatever its name is, and a root of another kind does not stand in for it.
func TestWhoVouchesForEachKindOfTrust(t *testing.T) {
	chain := inspect.Signature{Steps: []inspect.Step{{Name: inspect.StepCertificate, Status: inspect.Verified}}}
	notary := chain
	notary.Kind = trustNotation
	key := inspect.Signature{Key: "sha256:key", Status: inspect.Verified}
	root := inspect.Trust{
		Kind: trustSigstore, Digest: "sha256:root", Name: "backtrail's own root",
		Origin: inspect.TrustEmbedded,
	}
	ca := inspect.Trust{Kind: trustAuthority, Digest: "sha256:ca"}
	store := inspect.Trust{Kind: trustNotation, Digest: "sha256:store"}
	for name, tt := range map[string]struct {
		c    inspect.Case
		o    VerifyOptions
		want inspect.Status
		word string
	}{
		"a root that calls itself embedded": {signed(chain, root), VerifyOptions{}, inspect.Unknown, "only the bag"},
		"a root that backtrail knows": {
			signed(chain, root),
			VerifyOptions{Known: []string{"sha256:root"}},
			inspect.Verified, "one of backtrail's own",
		},
		"the person's root": {
			signed(chain, root),
			VerifyOptions{Roots: []string{"r"}},
			inspect.Verified, "against yours: r",
		},
		"accepted": {
			signed(chain, root),
			VerifyOptions{AcceptBag: true},
			inspect.Verified,
			"accepted from the bag",
		},
		"an authority of somebody's": {signed(chain, ca), VerifyOptions{}, inspect.Unknown, "--ca-roots"},
		"an authority is no --trusted-root": {
			signed(chain, ca),
			VerifyOptions{Roots: []string{"r"}},
			inspect.Unknown, "--ca-roots",
		},
		"the person's authority": {
			signed(chain, ca),
			VerifyOptions{Known: []string{"sha256:ca"}},
			inspect.Verified, "which is yours",
		},
		"an accepted authority": {
			signed(chain, ca),
			VerifyOptions{AcceptBag: true},
			inspect.Verified,
			"accepted",
		},
		"a trust store": {
			signed(notary, store),
			VerifyOptions{},
			inspect.Unknown,
			"--notation-trust-store",
		},
		"a trust store is no authority": {
			signed(chain, store),
			VerifyOptions{AcceptBag: true},
			inspect.Unknown,
			"does not name",
		},
		"a root is no trust store": {
			signed(notary, root),
			VerifyOptions{AcceptBag: true},
			inspect.Unknown,
			"does not name",
		},
		"a key": {signed(key), VerifyOptions{}, inspect.Unknown, "--key FILE"},
		"the person's key": {
			signed(key),
			VerifyOptions{Keys: []string{"sha256:key"}},
			inspect.Verified, "which is yours",
		},
		"an accepted key": {
			signed(key),
			VerifyOptions{AcceptBag: true},
			inspect.Verified,
			"accepted",
		},
		"a digest of a root is no key": {
			signed(key),
			VerifyOptions{Known: []string{"sha256:key"}},
			inspect.Unknown, "--key FILE",
		},
		"a root that no verdict rests on": {
			signed(inspect.Signature{}, root, ca, store),
			VerifyOptions{},
			inspect.Absent, "",
		},
		"nothing to vouch for, but keys here": {
			inspect.Case{},
			VerifyOptions{Keys: []string{"sha256:key"}},
			inspect.Absent, "",
		},
		"a named key that signed": {signed(key), VerifyOptions{
			Keys:  []string{"sha256:key"},
			Named: []string{"sha256:key"},
		}, inspect.Verified, "which is yours"},
		"a named key that signed nothing": {signed(chain, root), VerifyOptions{
			AcceptBag: true,
			Keys:      []string{"sha256:key"}, Named: []string{"sha256:key"},
		}, inspect.Unknown, "nothing was verified by it"},
		"a named key and no signature": {
			inspect.Case{},
			VerifyOptions{Named: []string{"sha256:key"}},
			inspect.Unknown, "--signer-key",
		},
		"one of two named keys": {signed(key), VerifyOptions{
			Keys:  []string{"sha256:key", "sha256:b"},
			Named: []string{"sha256:key", "sha256:b"},
		}, inspect.Unknown, "nothing was verified by it"},
	} {
		v := &verifier{ctx: context.Background(), o: tt.o, c: tt.c}
		v.out.Fits = inspect.Verified
		got := v.part((&vouching{v}).trust)
		details := ""
		for _, c := range v.out.Checks {
			details += c.Detail + "\n"
		}
		if got != tt.want || !strings.Contains(details, tt.word) {
			t.Errorf("%s: %s: %s", name, got, details)
		}
	}
	// Of a bag that does not fit nothing is said about trust: it could be anything.
	v := &verifier{o: VerifyOptions{AcceptBag: true}, c: signed(chain, root)}
	v.out.Fits = inspect.Failed
	if got := v.part((&vouching{v}).trust); got != inspect.Absent {
		t.Errorf("trust in a bag that does not fit is %s", got)
	}
}

// TestTheExitOfAVerification is the contract's table of outcomes.
func TestTheExitOfAVerification(t *testing.T) {
	const v, f, u, a = inspect.Verified, inspect.Failed, inspect.Unknown, inspect.Absent
	for _, tt := range []struct{ fits, reproduced, authentic, expected, vouched, want inspect.Status }{
		{v, v, v, v, v, v},
		{v, v, a, a, a, v}, // unsigned, and no signature is required
		{f, u, a, a, a, f}, // files that do not fit
		{v, f, v, v, v, f}, // a claim that does not follow
		{v, v, f, a, a, f}, // not the required signer
		{v, v, v, f, v, f}, // another bundle than the expected one
		{v, v, a, a, f, f},
		{v, u, v, v, v, u}, // nothing could be computed again
		{v, v, u, a, a, u}, // signed by a key that was not named
		{v, v, a, a, u, u}, // a root that only the bag vouches for
		{v, u, f, a, u, f}, // failed is stronger than unknown
	} {
		got := overall(Verification{Fits: tt.fits, Reproduced: tt.reproduced, Authentic: tt.authentic}, tt.expected,
			tt.vouched)
		if got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// A trust root is carried in PEM too, as the tools take it that know no trusted_root.json.
func TestATrustRootAsPEM(t *testing.T) {
	s := sealtest.New(t)
	files := map[string][]byte{}
	for _, p := range rootAsPEM(s.Root()) {
		files[p.name] = p.data
	}
	certificates, err := seal.Certificates(files["fulcio.pem"])
	if err != nil || len(certificates) != 2 || !certificates[0].IsCA {
		t.Errorf("%d certificates, %v", len(certificates), err)
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(files["rekor.pub"])
	if _, is := key.(*ecdsa.PublicKey); err != nil || !is {
		t.Errorf("%T, %v", key, err)
	}
	// Of what a root does not have there is no file, and of what is no root there is none.
	if len(files) != 2 || len(rootAsPEM([]byte("{}"))) != 0 || len(rootAsPEM(nil)) != 0 {
		t.Errorf("%d files", len(files))
	}
	in := newIncident(t)
	digest := in.store.put(s.Root())
	in.say(inspect.Event{Fact: inspect.Trust{Kind: trustSigstore, Origin: inspect.TrustFile, Name: "mine", Digest: digest}})
	dir := in.export(t, "bundle", options).Path
	names, err := filepath.Glob(filepath.Join(dir, "data", "trust", "*"))
	must(t, err)
	if all := strings.Join(names, " "); !strings.Contains(all, "fulcio") || !strings.Contains(all, "rekor") {
		t.Error(all)
	}
	if v := verify(t, dir, trusting()); v.Fits != inspect.Verified || len(failures(v)) > 0 {
		t.Errorf("%v", failures(v))
	}
}
