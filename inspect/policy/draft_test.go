package policy

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

const nightly = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.8.0"

// A draft is met by the signature that it was made for, and not by another signer.
func TestDraft(t *testing.T) {
	_, k := newKey(t)
	image := inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1.8.0", Digest: digest}}
	tagged := func(id string) inspect.Signature {
		return inspect.Signature{Status: inspect.Unknown, Reason: "no-expectation", Identity: id, Issuer: github, Certificate: &inspect.Certificate{}}
	}
	attested := byCI("https://slsa.dev/provenance/v0.2")
	keyed := inspect.Signature{Status: inspect.Verified, Key: k.Digest}
	for _, c := range []struct {
		name           string
		signature      inspect.Signature
		says           string
		fits, fitsNone inspect.Signature
	}{
		{"a branch, exactly", byCI(""), "subject: " + ci, byCI(""), tagged(nightly)},
		{"any tag of the workflow", tagged(nightly), `subjectRegExp: ^https://github\.com/acme/app/\.github/workflows/release\.yml@refs/tags/[^/]+$`, tagged(strings.Replace(nightly, "v1.8.0", "v1.9.0", 1)), tagged(nightly + "/x")},
		{"an attestation", attested, "predicateType: slsaprovenance02", attested, byCI("")},
		{"a key", keyed, "BEGIN PUBLIC KEY", keyed, byCI("")},
		{"a name that is YAML", tagged("a: 'b' # - c"), "subject: 'a: ''b'' # - c'", tagged("a: 'b' # - c"), tagged("a")},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := NewDraft(Request{Image: image, Signature: c.signature, Keys: []inspect.ExpectedKey{k}, Public: true})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(d.Text), c.says) {
				t.Errorf("the draft does not say %q:\n%s", c.says, d.Text)
			}
			s := &Set{}
			if err := s.Add(Source{Bytes: d.Text, Origin: inspect.TrustFolder}); err != nil {
				t.Fatal(err)
			}
			requirements := s.Requirements(image, "")
			if len(requirements) != 1 {
				t.Fatalf("the draft is not about its image:\n%s", d.Text)
			}
			if g := requirements[0].Verdict([]inspect.Signature{c.fits}, nil); g.Status != inspect.GatePassed {
				t.Errorf("its own signer: %+v\n%s", g, d.Text)
			}
			if g := requirements[0].Verdict([]inspect.Signature{c.fitsNone}, nil); g.Status != inspect.GateRefused {
				t.Errorf("another signer: %+v", g)
			}
		})
	}
}

func TestDraftThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		name string
		r    Request
		says string
	}{
		{"a signature that does not hold", Request{Image: inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/a/b"}}, Signature: inspect.Signature{Status: inspect.Failed, Reason: "subject-mismatch"}}, "subject-mismatch"},
		{"a name that looks like another", Request{Image: inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/a/b"}}, Signature: inspect.Signature{Status: inspect.Verified, Identity: "a\u202e", Certificate: &inspect.Certificate{}}}, "U+202E"},
		{"a layout", Request{Image: inspect.Image{ImageHead: inspect.ImageHead{Reference: "oci:/srv/l"}}, Signature: byCI("")}, "--glob"},
		{"a key that is not at hand", Request{Image: inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/a/b"}}, Signature: inspect.Signature{Status: inspect.Verified, Key: "sha256:aa"}}, "--key"},
	} {
		if _, err := NewDraft(c.r); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestDraftIsNotWrittenOverAnother(t *testing.T) {
	d, err := NewDraft(Request{Image: inspect.Image{ImageHead: inspect.ImageHead{Reference: "oci:/srv/l"}}, Signature: byCI(""), Glob: "**"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() + "/policies"
	if err := d.Write(dir); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(dir); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("written twice: %v", err)
	}
	s := &Set{}
	if err := s.AddFolder(dir); err != nil || len(s.Names()) != 1 {
		t.Errorf("%v, %v", s.Names(), err)
	}
}
