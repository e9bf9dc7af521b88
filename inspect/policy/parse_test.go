package policy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/backtrail/backtrail/inspect"
)

const (
	github = "https://token.actions.githubusercontent.com"
	ci     = "https://github.com/acme/app/.github/workflows/ci.yml@refs/heads/main"
)

// byCI is a signature of the workflow, by a chain that holds.
func byCI(predicate string) inspect.Signature {
	return inspect.Signature{
		Status: inspect.Unknown, Reason: "no-expectation", Identity: ci, Issuer: github, Certificate: &inspect.Certificate{Subject: []string{ci}}, PredicateType: predicate,
	}
}

// clusterImage writes a ClusterImagePolicy about ghcr.io/acme with a specification that is indented by two.
func clusterImageOf(name, spec string) string {
	return "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata:\n  name: " + name + "\nspec:\n  images:\n  - glob: ghcr.io/acme/**\n" + spec
}

// keyless names the workflow's repository.
const keyless = `  authorities:
  - name: ci
    keyless:
      url: https://fulcio.sigstore.dev
      identities:
      - issuer: https://token.actions.githubusercontent.com
        subjectRegExp: ^https://github\.com/acme/app/.*$
`

func TestClusterImagePolicies(t *testing.T) {
	pem, k := newKey(t)
	indented := strings.ReplaceAll(pem, "\n", "\n        ")
	byKey := inspect.Signature{Status: inspect.Verified, Key: k.Digest}
	for _, c := range []struct {
		name, spec string
		row        inspect.Signature
		want       inspect.Status
		says       string
	}{
		{"keyless, by an expression", keyless, byCI(""), inspect.Verified, ci},
		{"keyless, exactly", "  authorities:\n  - keyless: {identities: [{issuer: '" + github + "', subject: '" + ci + "'}]}\n", byCI(""), inspect.Verified, ""},
		{"keyless, another issuer", "  authorities:\n  - keyless: {identities: [{issuer: 'https://gitlab.com', subject: '" + ci + "'}]}\n", byCI(""), inspect.Failed, "issuer https://gitlab.com"},
		{"keyless, whoever it is", "  authorities:\n  - keyless: {url: 'https://fulcio.sigstore.dev'}\n", byCI(""), inspect.Verified, ""},
		{"mode", keyless + "  mode: warn\n", byKey, inspect.Failed, "mode warn"},
		{"key", "  authorities:\n  - key:\n      data: |\n        " + indented + "\n", byKey, inspect.Verified, k.Digest},
		{"key, and a certificate signed", "  authorities:\n  - key:\n      data: |\n        " + indented + "\n", byCI(""), inspect.Failed, ""},
		{"key in a Secret", "  authorities:\n  - key: {secretRef: {name: cosign}}\n", byKey, inspect.Unknown, "Secret"},
		{"key of a service", "  authorities:\n  - key: {kms: 'awskms:///alias/x'}\n", byKey, inspect.Unknown, "awskms"},
		{"attestation", keyless + "    attestations: [{name: slsa, predicateType: slsaprovenance1}]\n", byCI("https://slsa.dev/provenance/v1"), inspect.Verified, "provenance/v1"},
		{"attestation of a type of its own", keyless + "    attestations: [{name: own, predicateType: 'https://acme.example/t'}]\n", byCI("https://acme.example/t"), inspect.Verified, ""},
		{"attestation that is not there", keyless + "    attestations: [{name: slsa, predicateType: slsaprovenance1}]\n", byCI(""), inspect.Failed, "attestation"},
		{"attestation with CUE", keyless + "    attestations: [{name: slsa, predicateType: slsaprovenance1, policy: {type: cue, data: 'x: 1'}}]\n", byCI("https://slsa.dev/provenance/v1"), inspect.Unknown, "CUE"},
		{"policy in Rego", keyless + "  policy: {type: rego, data: 'package x'}\n", byCI(""), inspect.Unknown, "Rego"},
		{"own authority", "  authorities:\n  - keyless: {ca-cert: {data: x}, identities: [{issuer: '" + github + "', subject: '" + ci + "'}]}\n", byCI(""), inspect.Unknown, "ca-cert"},
		{"own trust root", "  authorities:\n  - keyless: {trustRootRef: own, identities: [{issuer: x, subject: who}]}\n", byCI(""), inspect.Unknown, "TrustRoot own"},
		{"static pass", "  authorities:\n  - static: {action: pass}\n", inspect.Signature{}, inspect.Verified, ""},
		{"static fail", "  authorities:\n  - static: {action: fail, message: nothing from there}\n", byCI(""), inspect.Failed, "nothing from there"},
		{"one of two", keyless + "  - static: {action: fail}\n", byCI(""), inspect.Verified, ""},
		{"another place for signatures", keyless + "    source: [{oci: 'ghcr.io/acme/signatures'}]\n", byKey, inspect.Unknown, "source"},
		{"a field that is not known", keyless + "    surprise: 1\n", byCI(""), inspect.Unknown, "surprise"},
		{"some workloads only", keyless + "  match: [{resource: pods, version: v1}]\n", byKey, inspect.Unknown, "match"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Set{}
			if err := s.Add(Source{Bytes: []byte(clusterImageOf("p", c.spec)), Name: "p.yaml", Origin: inspect.TrustFile}); err != nil {
				t.Fatal(err)
			}
			requirements := s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1", Digest: digest}}, "")
			if len(requirements) != 1 {
				t.Fatalf("requirements %+v", requirements)
			}
			if g := requirements[0].Verdict([]inspect.Signature{c.row}, nil); g.Status.Tone() != c.want || !strings.Contains(g.Detail, c.says) {
				t.Errorf("got %s %q, want %s with %q", g.Status, g.Detail, c.want, c.says)
			}
			if other := s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/other/app:v1", Digest: digest}}, ""); len(other) != 0 {
				t.Errorf("it is about another image: %+v", other)
			}
		})
	}
}

func TestPoliciesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"nothing", "", "none in it"},
		{"no YAML", "a: [", "document 1"},
		{"something else", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n", "Pod web of v1 is not a policy"},
		{"no name", "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\n", "without a name"},
		{"no authorities", clusterImageOf("p", ""), "no authorities"},
		{"two in one authority", clusterImageOf("p", "  authorities:\n  - static: {action: pass}\n    key: {kms: x}\n"), "one of key, keyless and static"},
		{"mode", clusterImageOf("p", keyless+"  mode: maybe\n"), "neither enforce nor warn"},
		{"a broken key", clusterImageOf("p", "  authorities:\n  - key: {data: x}\n"), "public key"},
		{"a broken expression", clusterImageOf("p", "  authorities:\n  - keyless: {identities: [{subjectRegExp: '('}]}\n"), "identity"},
		{"the same field twice", clusterImageOf("p", keyless) + "  mode: warn\n  mode: enforce\n", "document 1"},
		{"too large", strings.Repeat("#", MaxFile+1), "more than"},
	} {
		if _, err := Parse(Source{Bytes: []byte(c.text), Name: "p.yaml"}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Several documents stand in a file; one that is broken takes no other with it. The same file twice counts once, and two
// policies of one name are told apart.
func TestSet(t *testing.T) {
	s := &Set{}
	file := clusterImageOf("a", keyless) + "---\n# nothing\n---\n" + clusterImageOf("b", keyless) + "--- # broken\nkind: x\n"
	if err := s.Add(Source{Bytes: []byte(file), Name: "two.yaml", Origin: inspect.TrustFolder}); err == nil || !strings.Contains(err.Error(), "document 4") {
		t.Errorf("the broken document: %v", err)
	}
	_ = s.Add(Source{Bytes: []byte(file), Name: "again.yaml", Origin: inspect.TrustFile})
	if n := s.Names(); len(n) != 2 || !strings.HasPrefix(n[0], "a sha256:") {
		t.Errorf("names %v", n)
	}
	other := &Set{}
	if err := other.Add(Source{Bytes: []byte(clusterImageOf("a", keyless) + "  mode: warn\n"), Name: "cluster", Origin: inspect.TrustCluster}); err != nil {
		t.Fatal(err)
	}
	i := inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1"}}
	one, two := s.With(other).Requirements(i, ""), other.With(s).Requirements(i, "")
	if len(one) != 3 || fmt.Sprint(one) != fmt.Sprint(two) {
		t.Errorf("the order of sources shows:\n%+v\n%+v", one, two)
	}
	if one[0].Policy == one[1].Policy || !strings.HasPrefix(one[0].Policy, "a (ClusterImagePolicy ") {
		t.Errorf("names %s, %s", one[0].Policy, one[1].Policy)
	}
}

// A list of kubectl's, JSON, is read as well.
func TestList(t *testing.T) {
	all, err := Parse(Source{Bytes: []byte(`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"policy.sigstore.dev/v1alpha1","kind":"ClusterImagePolicy",
		"metadata":{"name":"a","uid":"x"},"spec":{"images":[{"glob":"**"}],"authorities":[{"static":{"action":"pass"}}]},"status":{"conditions":[]}}]}`)})
	if err != nil || len(all) != 1 || all[0].Name != "a" {
		t.Errorf("got %+v, %v", all, err)
	}
}

// A layout has no name that a glob could be compared with: a policy that a flag names is open, others are not asked.
func TestImageWithoutAName(t *testing.T) {
	for origin, want := range map[string]int{inspect.TrustFile: 1, inspect.TrustFolder: 0, inspect.TrustCluster: 0} {
		s := &Set{}
		if err := s.Add(Source{Bytes: []byte(clusterImageOf("p", keyless)), Origin: origin}); err != nil {
			t.Fatal(err)
		}
		requirements := s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "oci:/srv/layout"}}, "")
		if len(requirements) != want {
			t.Fatalf("%s: %+v", origin, requirements)
		}
		for _, d := range requirements {
			if g := d.Verdict([]inspect.Signature{byCI("")}, nil); g.Status != inspect.GateUnknown {
				t.Errorf("%s: %+v", origin, g)
			}
		}
	}
}

func newKey(t *testing.T) (string, inspect.ExpectedKey) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := cryptoutils.MarshalPublicKeyToPEM(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	k, err := keyOf(string(pem))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem), k
}

func FuzzParse(f *testing.F) {
	f.Add(clusterImageOf("a", keyless) + "---\n" + clusterImageOf("b", "  authorities:\n  - static: {action: pass}\n"))
	f.Add(`{"kind":"List","items":[{}]}`)
	f.Add(kyvernoOf(byWorkflow))
	f.Add(validating)
	f.Fuzz(func(t *testing.T, text string) {
		s := &Set{}
		_ = s.Add(Source{Bytes: []byte(text), Origin: inspect.TrustFile})
		for _, d := range s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1", Digest: digest}}, "") {
			if g := d.Verdict(nil, nil); g.Kind != inspect.GateKindImagePolicy || g.Status == inspect.GateAbsent {
				t.Errorf("verdict %+v", g)
			}
		}
	})
}
