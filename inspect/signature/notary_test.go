package signature

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"

	"github.com/backtrail/backtrail/inspect"
)

func TestTrustStorePlaces(t *testing.T) {
	acme := newHouse(t, "acme")
	config := trustDir(t, nil, map[string]*house{"ca/acme": acme, "tsa/acme": acme})
	plain := t.TempDir()
	for name, content := range map[string]string{
		"root.crt": pemOf(acme.root), "root.der": string(acme.root.Raw),
		"README": "not a certificate",
	} {
		if err := os.WriteFile(filepath.Join(plain, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ dir, store string }{
		{config, "ca:acme"}, {filepath.Join(config, "truststore"), "ca:acme"}, {filepath.Join(config, "truststore",
			"x509"), "tsa:acme"}, {plain, plainStore},
	} {
		n, err := NewNotary(NotaryOptions{Store: c.dir})
		if err != nil || len(n.stores[c.store]) == 0 || !n.stores[c.store][0].Equal(acme.root) {
			t.Errorf("%s: %v, stores %v", c.dir, err, n)
		}
	}
	if n, err := NewNotary(NotaryOptions{Config: filepath.Join(plain, "nothing")}); err != nil || n.err != nil ||
		len(n.stores) != 0 || n.Trust().Digest != "" {
		t.Errorf("a place with nothing in it: %v", err)
	}
}

func TestTrustStoresThatCannotBe(t *testing.T) {
	acme := newHouse(t, "acme")
	write := func(name, content string) string {
		dir := filepath.Join(t.TempDir(), "x509", "ca", "acme")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(filepath.Dir(filepath.Dir(dir)))
	}
	linked := write("root.pem", pemOf(acme.root))
	if err := os.Symlink("/etc/hostname", filepath.Join(linked, "x509", "ca", "acme", "link.pem")); err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(t.TempDir(), "p.json")
	if err := os.WriteFile(policy, []byte(`{"version":"9"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]NotaryOptions{
		"no such directory": {Store: "/nonexistent"}, "no certificate": {Store: write("root.pem",
			"-----BEGIN NOTHING")}, "not an authority's": {Store: write("leaf.pem", pemOf(acme.leaf))},
		"a link": {Store: linked}, "a policy of another version": {Policy: policy},
		"no such policy": {Policy: "/nonexistent"}, "a policy that is a directory": {Policy: t.TempDir()},
	} {
		if _, err := NewNotary(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if n, err := NewNotary(NotaryOptions{Config: linked}); err != nil || n.err == nil {
		t.Errorf("what is broken at the usual place is told later: %v", err)
	}
}

// What a person says on the command line goes before the policy at its usual place.
func TestWhoIsExpectedOfNotation(t *testing.T) {
	acme := newHouse(t, "acme")
	anybody := policyOf(object{"level": "strict"}, "*", []any{"ca:acme"}, []any{"*"})
	usual := trustDir(t, anybody, map[string]*house{"ca/acme": acme})
	named, err := NewNotary(NotaryOptions{Store: usual, Policy: filepath.Join(usual, "trustpolicy.json")})
	if err != nil {
		t.Fatal(err)
	}
	byKey := inspect.Expected{Keys: []inspect.ExpectedKey{credential{key: acme.key}.expected(t)}}
	for _, c := range []struct {
		name   string
		notary *Notary
		expect inspect.Expected
		signed bool
		want   string
		gate   inspect.Status
	}{
		{"the usual policy", notaryAt(t, usual), inspect.Expected{}, true, "verified ", inspect.Verified},
		{"the usual policy, unsigned", notaryAt(t, usual), inspect.Expected{}, false, "", inspect.Absent},
		{"an identity by flag", notaryAt(t, usual), inspect.Expected{
			Identities: []string{alice},
			Issuers:    []string{issuer},
		}, true, "failed identity-mismatch", inspect.Failed},
		{"its key by flag", notaryAt(t, usual), byKey, true, "verified ", inspect.Verified},
		{
			"another key by flag", notaryAt(t, usual),
			inspect.Expected{Keys: []inspect.ExpectedKey{newKeyed(t).expected(t)}},
			true, "failed identity-mismatch",
			inspect.Failed,
		},
		{"the policy by flag", named, inspect.Expected{Notation: named.Digest()}, true, "verified ", inspect.Verified},
		{"the policy by flag, unsigned", named, inspect.Expected{Notation: named.Digest()}, false, "", inspect.Absent},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, nil)
			if c.signed {
				s.referNotation(jws.MediaTypeEnvelope, acme.sign(jws.MediaTypeEnvelope, acme.request(s.target())))
			}
			location := s.repo.Digest(s.list).String()
			got := run(t, Options{Client: s.client, Store: s.store, Trust: newStudio(t).trust(), Notary: c.notary},
				c.expect, inspect.Image{
					ImageHead: inspect.ImageHead{
						Container: "web", Reference: location, Location: location, Index: s.list,
						Digest: s.digest, Config: digestOf(nil),
					},
				})
			for _, row := range got.Images[0].Signatures {
				if have := string(row.Status) + " " + row.Reason; have != c.want {
					t.Errorf("got %s, want %s: %+v", have, c.want, row.Steps)
				}
			}
			if g := gateOf(t, got); g.Status.Tone() != c.gate {
				t.Errorf("gate %+v, want %s", g, c.gate)
			}
			at := slices.IndexFunc(got.Trust, func(t inspect.Trust) bool { return t.Kind == NotationTrustKind })
			if c.signed != (at >= 0) || c.signed && !s.store.Has(got.Trust[at].Digest) {
				t.Errorf("trust %+v", got.Trust)
			}
		})
	}
}

// A bundle carries store and policy as one document: the verdict follows again from it, at the case's clock.
func TestNotaryInABundle(t *testing.T) {
	acme := newHouse(t, "acme")
	first := notaryAt(t, trustDir(t, policyOf(object{"level": "strict"}, "*", []any{"ca:acme"},
		[]any{"x509.subject: C=DE, ST=BE, O=acme"}), map[string]*house{"ca/acme": acme}))
	again, err := ReadNotary(first.bytes, inspect.TrustBag, "bag")
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(t, nil)
	s.referNotation(cose.MediaTypeEnvelope, acme.sign(cose.MediaTypeEnvelope, acme.request(s.target())))
	for _, n := range []*Notary{first, again} {
		if row := s.lookAs(n, time.Now()).Images[0].Signatures[0]; row.Status != inspect.Verified {
			t.Errorf("%s: %s", n.record.Origin, Why(row))
		}
	}
	for _, bad := range []string{
		"", "{}", `{"schema":"backtrail.dev/notation-trust/v1","stores":{"ca:x":["x"]}}`,
		strings.Replace(string(first.bytes), `"1.0"`, `"2.0"`, 1),
	} {
		if _, err := ReadNotary([]byte(bad), inspect.TrustBag, "bag"); err == nil {
			t.Errorf("%.30q is taken", bad)
		}
	}
}

func FuzzNotation(f *testing.F) {
	h := newHouse(f, "acme")
	target := object{"mediaType": "x", "digest": digestOf(blob), "size": 1}
	f.Add(h.sign(jws.MediaTypeEnvelope, h.request(target)), true)
	f.Add(h.sign(cose.MediaTypeEnvelope, h.request(target)), false)
	f.Add([]byte("{}"), true)
	n := &Notary{}
	f.Fuzz(func(t *testing.T, data []byte, asJWS bool) {
		form := cose.MediaTypeEnvelope
		if asJWS {
			form = jws.MediaTypeEnvelope
		}
		s, err := readNotarized(data, form)
		if err != nil {
			return
		}
		o := s.verify(t.Context(), notaryCase{notary: n, image: imageOf(digestOf(blob)), now: time.Now()})
		if status, _ := o.verdict(); status == inspect.Verified {
			t.Errorf("without a trust store it is verified")
		}
	})
}

func FuzzNotary(f *testing.F) {
	f.Add([]byte(`{"schema":"backtrail.dev/notation-trust/v1","policy":{"version":"1.0"},"stores":{"ca:x":["-----BEGIN CERTIFICATE-----"]}}`))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = ReadNotary(data, inspect.TrustBag, "bag") })
}

// notation 1.3 keeps the policy of images in a file of its own, and prefers it.
func TestTheNewerPolicyFileIsPreferred(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"trustpolicy.json", "trustpolicy.oci.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := usualPolicy(dir); filepath.Base(got) != name {
			t.Errorf("with %s: %s", name, got)
		}
	}
}
