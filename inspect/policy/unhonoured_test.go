package policy

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// What a policy requires and what cannot be honoured here is never met by something else: the signature that lies beside
// the image is by the right signer, and still the outcome is unknown, with the reason.
func TestWhatCannotBeHonoured(t *testing.T) {
	pem, k := newKey(t)
	key := "  authorities:\n  - key:\n      data: |\n        " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n        ") + "\n"
	inEntry := "              " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n              ") + "\n"
	keys := "      attestors:\n      - entries:\n        - keys:\n            publicKeys: |-\n" + inEntry
	byKey := inspect.Signature{Status: inspect.Verified, Key: k.Digest}
	for _, c := range []struct {
		name, text string
		row        inspect.Signature
		want       inspect.Status
		says       string
	}{
		{"control: a key", clusterImageOf("p", key), byKey, inspect.Verified, "signed by"},
		{"another source", clusterImageOf("p", key+"    source: [{oci: registry.example/signatures}]\n"), byKey, inspect.Unknown, "registry.example/signatures"},
		{"another tag prefix", clusterImageOf("p", key+"    source: [{tagPrefix: prod-}]\n"), byKey, inspect.Unknown, "prod-"},
		{"a source of Secrets only", clusterImageOf("p", key+"    source: [{signaturePullSecrets: [{name: pull}]}]\n"), byKey, inspect.Verified, ""},
		{"another hash", clusterImageOf("p", key+"      hashAlgorithm: sha512\n"), byKey, inspect.Unknown, "sha512"},
		{"the usual hash", clusterImageOf("p", key+"      hashAlgorithm: sha256\n"), byKey, inspect.Verified, ""},
		{"control: a key of Kyverno's", kyvernoOf(keys), byKey, inspect.Verified, ""},
		{"another hash of a key", kyvernoOf(keys + "            signatureAlgorithm: sha384\n"), byKey, inspect.Unknown, "sha384"},
		{"another hash of an entry", kyvernoOf(keys + "          signatureAlgorithm: sha512\n"), byKey, inspect.Unknown, "sha512"},
		{"another repository of an entry", kyvernoOf(keys + "          repository: registry.example/sigs\n"), byKey, inspect.Unknown, "registry.example/sigs"},
		{"another repository", kyvernoOf(keys + "      repository: registry.example/sigs\n"), byKey, inspect.Unknown, "registry.example/sigs"},
		{"another CT log", kyvernoOf(keys + "            ctlog: {pubkey: x}\n"), byKey, inspect.Unknown, "CT log of its own"},
		{"no SCT", kyvernoOf(keys + "            ctlog: {ignoreSCT: true}\n"), byKey, inspect.Verified, ""},
		{"a CT log of a newer form", kyvernoOf(keys + "            ctlog: {tsaCertChain: x}\n"), byKey, inspect.Unknown, "CT log"},
		{"another source of an attestor", validatingOf(pem, "      source: {repository: registry.example/sigs}\n"), byKey, inspect.Unknown, "source"},
		{"another hash of an attestor", validatingOf(pem, "      key2: {}\n"), byKey, inspect.Unknown, "key2"},
		{"control: an attestor", validatingOf(pem, ""), byKey, inspect.Verified, ""},
	} {
		t.Run(c.name, func(t *testing.T) { judge(t, c.text, []inspect.Signature{c.row}, c.want, c.says) })
	}
}

// validatingOf writes an ImageValidatingPolicy of one key; more is further fields of its cosign attestor.
func validatingOf(pem, more string) string {
	return `apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {name: signed}
spec:
  validationActions: [Deny]
  matchImageReferences: [{glob: "ghcr.io/acme/*"}]
  attestors:
  - name: ci
    cosign:
` + more + "      key:\n        data: |\n          " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n          ") + `
  validations:
  - expression: images.containers.map(image, verifyImageSignatures(image, [attestors.ci])).all(e, e > 0)
`
}

// An attestation is not a signature of the image, in whatever form a policy asks for signatures: flags and policies agree.
func TestAnAttestationIsNotASignature(t *testing.T) {
	slsa := byCI("https://slsa.dev/provenance/v1")
	for name, text := range map[string]string{
		"ClusterImagePolicy":                  clusterImageOf("p", keyless),
		"ClusterImagePolicy, bundles":         clusterImageOf("p", keyless+"    signatureFormat: bundle\n"),
		"Kyverno":                             kyvernoOf(byWorkflow),
		"Kyverno, bundles":                    kyvernoOf("      type: SigstoreBundle\n" + byWorkflow),
		"Kyverno, bundles, a second signer's": kyvernoOf("      type: SigstoreBundle\n" + byWorkflow + "        count: 1\n"),
	} {
		t.Run(name, func(t *testing.T) {
			judge(t, text, []inspect.Signature{slsa}, inspect.Unknown, "attestation only, which is not an image signature")
			judge(t, text, []inspect.Signature{slsa, byCI(inspect.PredicateCosignSign)}, inspect.Verified, "signed by")
		})
	}
}
