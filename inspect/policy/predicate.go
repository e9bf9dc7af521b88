package policy

// predicateOf gives the predicate type that a short name of cosign's stands for; any other is a type itself.
// (https://docs.sigstore.dev/cosign/verifying/attestation/, cosign verify-attestation --type.)
func predicateOf(text string) string {
	switch text {
	case "custom":
		return "https://cosign.sigstore.dev/attestation/v1"
	case "slsaprovenance", "slsaprovenance02":
		return "https://slsa.dev/provenance/v0.2"
	case "slsaprovenance1":
		return "https://slsa.dev/provenance/v1"
	case "spdx", "spdxjson":
		return "https://spdx.dev/Document"
	case "cyclonedx":
		return "https://cyclonedx.org/bom"
	case "link":
		return "https://in-toto.io/Link/v1"
	case "vuln":
		return "https://cosign.sigstore.dev/attestation/vuln/v1"
	case "openvex":
		return "https://openvex.dev/ns"
	default:
		return text
	}
}
