package policy

// The form of a ClusterImagePolicy as it is written.
type (
	draftObject struct {
		APIVersion string    `json:"apiVersion"`
		Kind       string    `json:"kind"`
		Metadata   draftMeta `json:"metadata"`
		Spec       draftSpec `json:"spec"`
	}
	draftMeta struct {
		Name string `json:"name"`
	}
	draftSpec struct {
		Mode        string           `json:"mode"`
		Images      []draftImage     `json:"images"`
		Authorities []draftAuthority `json:"authorities"`
	}
	draftImage struct {
		Glob string `json:"glob"`
	}
	draftAuthority struct {
		Key          *draftKey          `json:"key,omitempty"`
		Keyless      *draftKeyless      `json:"keyless,omitempty"`
		CTLog        *draftURL          `json:"ctlog,omitempty"`
		Attestations []draftAttestation `json:"attestations,omitempty"`
	}
	draftKey struct {
		Data string `json:"data"`
	}
	draftKeyless struct {
		URL        string          `json:"url,omitempty"`
		Identities []draftIdentity `json:"identities"`
	}
	draftIdentity struct {
		Issuer        string `json:"issuer,omitempty"`
		Subject       string `json:"subject,omitempty"`
		SubjectRegExp string `json:"subjectRegExp,omitempty"`
	}
	draftURL struct {
		URL string `json:"url"`
	}
	draftAttestation struct {
		Name          string `json:"name"`
		PredicateType string `json:"predicateType"`
	}
)
