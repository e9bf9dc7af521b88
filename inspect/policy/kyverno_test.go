package policy

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// kyvernoOf writes a ClusterPolicy with one rule, whose verifyImages entry is indented by six.
func kyvernoOf(entry string) string {
	return `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: check-images}
spec:
  validationFailureAction: Enforce
  rules:
  - name: signed
    match: {any: [{resources: {kinds: [Pod]}}]}
    verifyImages:
    - imageReferences: ["ghcr.io/acme/*"]
` + entry
}

const byWorkflow = `      attestors:
      - entries:
        - keyless:
            subject: "https://github.com/acme/app/*"
            issuer: https://token.actions.githubusercontent.com
            rekor: {url: https://rekor.sigstore.dev}
`

func TestKyverno(t *testing.T) {
	pem, k := newKey(t)
	keys := "        - keys:\n            publicKeys: |-\n              " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n              ") + "\n"
	byKey := inspect.Signature{Status: inspect.Verified, Key: k.Digest}
	slsa := "https://slsa.dev/provenance/v1"
	for _, c := range []struct {
		name, text string
		rows       []inspect.Signature
		want       inspect.Status
		says       string
	}{
		{"keyless, with a wildcard", kyvernoOf(byWorkflow), []inspect.Signature{byCI("")}, inspect.Verified, "mode enforce"},
		{"somebody else", kyvernoOf(byWorkflow), []inspect.Signature{byKey}, inspect.Failed, ""},
		{"key", kyvernoOf("      attestors:\n      - entries:\n" + keys), []inspect.Signature{byKey}, inspect.Verified, k.Digest},
		{"all entries, where no count is given", kyvernoOf(byWorkflow + keys), []inspect.Signature{byKey}, inspect.Failed, "1 of 2"},
		{"all entries are there", kyvernoOf(byWorkflow + keys), []inspect.Signature{byKey, byCI("")}, inspect.Verified, ""},
		{"one of them", kyvernoOf(strings.Replace(byWorkflow, "- entries", "- count: 1\n        entries", 1) + keys), []inspect.Signature{byKey}, inspect.Verified, ""},
		{"every set", kyvernoOf(byWorkflow + "      - entries:\n" + keys), []inspect.Signature{byKey}, inspect.Failed, ""},
		{"key of a service", kyvernoOf("      attestors:\n      - entries:\n        - keys: {kms: 'gcpkms://x'}\n"), []inspect.Signature{byCI("")}, inspect.Unknown, "key service"},
		{"certificates", kyvernoOf("      attestors:\n      - entries:\n        - certificates: {cert: x}\n"), []inspect.Signature{byCI("")}, inspect.Unknown, "certificates"},
		{"own roots", kyvernoOf(byWorkflow + "            roots: x\n"), []inspect.Signature{byCI("")}, inspect.Unknown, "roots"},
		{"attestation", kyvernoOf("      attestations:\n      - type: " + slsa + "\n" + strings.ReplaceAll(byWorkflow, "      ", "        ")), []inspect.Signature{byCI(slsa)}, inspect.Verified, slsa},
		{"attestation with conditions", kyvernoOf("      attestations:\n      - type: " + slsa + "\n        conditions: [{all: []}]\n" + strings.ReplaceAll(byWorkflow, "      ", "        ")), []inspect.Signature{byCI(slsa)}, inspect.Unknown, "conditions"},
		{"Notary Project", kyvernoOf("      type: Notary\n" + byWorkflow), []inspect.Signature{byCI("")}, inspect.Unknown, "Notary"},
		{"a field that is not known", kyvernoOf("      surprise: 1\n" + byWorkflow), []inspect.Signature{byCI("")}, inspect.Unknown, "surprise"},
		{"some namespaces only", strings.Replace(kyvernoOf(byWorkflow), "kinds: [Pod]", "kinds: [Pod], namespaces: [shop]", 1), nil, inspect.Unknown, "match"},
		{"audit", strings.Replace(kyvernoOf(byWorkflow), "Enforce", "Audit", 1), nil, inspect.Failed, "mode warn"},
	} {
		t.Run(c.name, func(t *testing.T) { judge(t, c.text, c.rows, c.want, c.says) })
	}
}

const validating = `apiVersion: policies.kyverno.io/v1alpha1
kind: ImageValidatingPolicy
metadata: {name: validate}
spec:
  validationActions: [Deny]
  matchImageReferences: [{glob: "ghcr.io/acme/*"}]
  attestors:
  - name: ci
    cosign:
      keyless: {identities: [{issuer: https://token.actions.githubusercontent.com, subjectRegExp: "^https://github.com/acme/app/"}]}
  - name: other
    cosign:
      keyless: {identities: [{issuer: https://gitlab.com, subject: x}]}
  validations:
  - expression: "images.containers.map(image, verifyImageSignatures(image, [attestors.ci])).all(e, e > 0)"
`

func TestImageValidatingPolicy(t *testing.T) {
	signed := []inspect.Signature{byCI("")}
	for _, c := range []struct {
		name, text string
		want       inspect.Status
		says       string
	}{
		{"the plain form", validating, inspect.Verified, ci},
		{"another attestor", strings.Replace(validating, "[attestors.ci]", "[attestors.other]", 1), inspect.Failed, "gitlab"},
		{"another expression", strings.Replace(validating, "e > 0", "e > 1", 1), inspect.Unknown, "expressions"},
		{"images by an expression", strings.Replace(validating, `{glob: "ghcr.io/acme/*"}`, `{expression: "true"}`, 1), inspect.Unknown, "expression"},
		{"audit", strings.Replace(validating, "Deny", "Audit", 1), inspect.Verified, "mode warn"},
	} {
		t.Run(c.name, func(t *testing.T) { judge(t, c.text, signed, c.want, c.says) })
	}
}

func judge(t *testing.T, text string, rows []inspect.Signature, want inspect.Status, says string) {
	t.Helper()
	s := &Set{}
	if err := s.Add(Source{Bytes: []byte(text), Name: "p.yaml", Origin: inspect.TrustFile}); err != nil {
		t.Fatal(err)
	}
	requirements := s.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1", Digest: digest}}, "")
	if len(requirements) != 1 {
		t.Fatalf("requirements %+v", requirements)
	}
	if g := requirements[0].Verdict(rows, nil); g.Status.Tone() != want || !strings.Contains(g.Detail, says) {
		t.Errorf("got %s %q, want %s with %q", g.Status, g.Detail, want, says)
	}
}

// A policy of Kyverno's that is about other things is none of ours, and no mistake of the cluster's.
func TestKyvernoAboutOtherThings(t *testing.T) {
	other := "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: labels}\nspec: {rules: [{name: x, validate: {message: y}}]}\n"
	c := cluster{"clusterpolicies/v1": other}
	set, said := readCluster(t.Context(), c, "shop")
	if len(set.Names()) != 0 || len(said) != 0 {
		t.Errorf("got %v, said %v", set.Names(), said)
	}
	if _, err := Parse(Source{Bytes: []byte(other), Name: "f"}); err == nil || !strings.Contains(err.Error(), "no rule about who signed") {
		t.Errorf("in a file: %v", err)
	}
}

func TestWildcards(t *testing.T) {
	for _, c := range []struct {
		pattern, image string
		want           bool
	}{
		{"ghcr.io/acme/*", "ghcr.io/acme/team/app:v1", true},
		{"ghcr.io/acme/app:v?", "ghcr.io/acme/app:v1", true},
		{"*", "nginx", true},
		{"docker.io/nginx:*", "nginx:1", true},
		{"docker.io/library/nginx:*", "nginx:1", true},
		{"ghcr.io/*", "ghcrxio/acme", false},
		{"*", "oci:/srv/l", true},
	} {
		g, err := wildcardOf(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.fits(nameOf(inspect.Image{ImageHead: inspect.ImageHead{Reference: c.image}})); got != c.want {
			t.Errorf("%s fits %s: %t", c.pattern, c.image, got)
		}
	}
}
