package inspect

// Image is what is known of the image of one container. Subject is its key: the container's name, or "image" where
// the target is no pod. Two containers that share a digest are two images.
type Image struct {
	Subject   string   `json:"subject"`
	Container string   `json:"container"`
	Reference string   `json:"reference"` // as the pod or the person names it
	Location  string   `json:"location"`  // where the registry package opens it again, pinned to a digest where there is one
	Index     string   `json:"index"`     // digest, empty where there is none
	Digest    string   `json:"digest"`    // of the manifest, empty for docker-save
	Config    string   `json:"config"`    // digest
	Platform  string   `json:"platform"`  // linux/amd64, linux/arm64/v8
	Created   Time     `json:"created"`
	Status    Status   `json:"status"` // about bytes only: manifest, config and layers
	Reason    string   `json:"reason"`
	Detail    string   `json:"detail"`         // the reason in words
	Left      []string `json:"left,omitempty"` // what is left of an image that its registry no longer has, in words

	Settings   ImageConfig  `json:"imageConfig"`
	Stores     []StoreReply `json:"stores"`
	Layers     []Layer      `json:"layers"`
	Signatures []Signature  `json:"signatures"`
	Provenance []Provenance `json:"provenance"`
	SBOMs      []SBOM       `json:"sboms"`
	Packages   []Package    `json:"packages"`
	Files      Files        `json:"files"`
	Binaries   []Binary     `json:"binaries"`
	Altered    []Altered    `json:"altered"`
	Missing    []Missing    `json:"missing"`
	Notable    []Setting    `json:"settings"`
	Vulns      []Vuln       `json:"vulnerabilities"`
	Candidates []Candidate  `json:"knownGoodCandidates"`
	Diff       *Diff        `json:"diff"`
	Gates      []Gate       `json:"gates"`
	Sharing    *Sharing     `json:"sharing"`
}

// Key is the digest that names the image in the store's catalogue: of the manifest, or of the config where a
// docker-save archive has no manifest.
func (i Image) Key() string {
	if i.Digest != "" {
		return i.Digest
	}
	return i.Config
}

// ImageConfig is the part of the image's config that says what would run.
type ImageConfig struct {
	User       string            `json:"user,omitempty"`
	Entrypoint []string          `json:"entrypoint,omitempty"`
	Cmd        []string          `json:"cmd,omitempty"`
	Env        []string          `json:"env,omitempty"`
	WorkingDir string            `json:"workingDir,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Ports      []string          `json:"ports,omitempty"`
	Volumes    []string          `json:"volumes,omitempty"`
	Health     []string          `json:"healthcheck,omitempty"` // the command with CMD or CMD-SHELL before it
	OnBuild    []string          `json:"onBuild,omitempty"`
}

// StoreReply is what one store of signatures answered for one subject digest.
type StoreReply struct {
	Store   string `json:"store"`   // cosign-tag, referrers, referrers-tag, layout, buildkit
	Subject string `json:"subject"` // digest that was asked for
	Status  Status `json:"status"`  // verified: it answered; absent: it holds nothing; unknown: it could not be asked
	Detail  string `json:"detail"`
	Found   int    `json:"found"`
}

// Layer is a layer of the manifest, or a history entry without one (Empty, Number -1).
type Layer struct {
	Position  int    `json:"position"` // in the history, from 0: the key of the layer
	Number    int    `json:"number"`   // in the manifest, from 0
	Digest    string `json:"digest"`
	DiffID    string `json:"diffID"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"` // bytes as stored in the registry
	CreatedBy string `json:"createdBy"`
	Created   Time   `json:"created"`
	Empty     bool   `json:"empty"`
	Base      bool   `json:"base"`
	Status    Status `json:"status"`
	Reason    string `json:"reason"`
	Detail    string `json:"detail"`
	Added     int    `json:"added"`
	Modified  int    `json:"modified"`
	Removed   int    `json:"removed"`
}

// Signature is one signature or signed attestation, whether it verifies or not.
type Signature struct {
	ID             string       `json:"id"`    // hash of the signature's bytes and its subject: the key
	Kind           string       `json:"kind"`  // cosign, bundle, notation
	Store          string       `json:"store"` // tag, referrers, referrers-tag, layout, github
	Digest         string       `json:"digest"`
	Subject        string       `json:"subject"` // digest that the signed payload names
	Status         Status       `json:"status"`
	Reason         string       `json:"reason"`
	Identity       string       `json:"identity"`
	Issuer         string       `json:"issuer"`
	Key            string       `json:"key"` // sha256:… of the public key's DER, where it is a managed key
	LogIndex       int64        `json:"logIndex"`
	IntegratedTime Time         `json:"integratedTime"`
	PredicateType  string       `json:"predicateType"`
	Steps          []Step       `json:"steps"`
	Certificate    *Certificate `json:"certificate,omitempty"`
	Raw            []RawPart    `json:"raw,omitempty"` // payload, certificate, bundle: kept blobs
	Notes          []string     `json:"notes,omitempty"`
}

// RawPart names the kept bytes behind a row, for looking, copying and saving.
type RawPart struct {
	Name   string `json:"name"` // payload, signature, certificate, bundle, log-entry, statement
	Digest string `json:"digest"`
}

// The steps of a signature chain, in their order. The reason of a signature is that of the first failing step.
const (
	StepIntegrity   = "integrity"
	StepCertificate = "certificate-chain"
	StepSCT         = "sct"
	StepLog         = "transparency-log"
	StepTimestamp   = "timestamp"
	StepSignature   = "signature"
	StepSubject     = "subject"
	StepIdentity    = "identity"
)

// StepNames are the names of the steps in their order.
func StepNames() []string {
	return []string{StepIntegrity, StepCertificate, StepSCT, StepLog, StepTimestamp, StepSignature, StepSubject, StepIdentity}
}

// Step is one link of a signature chain, with what was compared with what.
type Step struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
}

// Certificate is the signing certificate in the words of its extensions.
type Certificate struct {
	Subject    []string          `json:"subject"` // subject alternative names
	Issuer     string            `json:"issuer"`  // distinguished name of the authority
	Serial     string            `json:"serial"`
	NotBefore  Time              `json:"notBefore"`
	NotAfter   Time              `json:"notAfter"`
	Extensions map[string]string `json:"extensions"` // Fulcio's, by name: sourceRepositoryURI, buildSignerURI, …
	SHA256     string            `json:"sha256"`
}

// Provenance is what one statement claims about how the image was made.
type Provenance struct {
	ID            string            `json:"id"`
	PredicateType string            `json:"predicateType"`
	BuildType     string            `json:"buildType"`
	Builder       string            `json:"builder"`
	Source        string            `json:"source"`
	Ref           string            `json:"ref"`
	Commit        string            `json:"commit"`
	Invocation    string            `json:"invocation"`
	Signed        bool              `json:"signed"`
	Signature     string            `json:"signature,omitempty"` // ID of the signature that carries it
	Subject       string            `json:"subject"`
	Status        Status            `json:"status"`
	Reason        string            `json:"reason"`
	Materials     []Material        `json:"materials"`
	Parameters    map[string]string `json:"parameters,omitempty"`
	Started       Time              `json:"started"`
	Finished      Time              `json:"finished"`
	Notes         []string          `json:"notes"`
	Raw           []RawPart         `json:"raw,omitempty"`
}

// Material is an input of a build.
type Material struct {
	URI    string `json:"uri"`
	Digest string `json:"digest"`
}

// SBOM is a bill of materials that came with the image, or that was made from its files.
type SBOM struct {
	Origin   string `json:"origin"` // attested, attached, generated
	Format   string `json:"format"` // spdx-json, cyclonedx-json, syft
	Packages int    `json:"packages"`
	Status   Status `json:"status"`
	Reason   string `json:"reason"`
	Digest   string `json:"digest,omitempty"`
}

// Package is an installed package. Type is in syft's words: deb, apk, rpm, go-module, python.
type Package struct {
	Type      string   `json:"type"`
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	PURL      string   `json:"purl"`
	Layer     int      `json:"layer"`
	Locations []string `json:"locations"`
}

// Files counts the regular files of the merged tree.
type Files struct {
	Total     int    `json:"total"`
	Owned     int    `json:"owned"`
	Unowned   int    `json:"unowned"`
	Altered   int    `json:"altered"`
	Missing   int    `json:"missing"`
	Ownership string `json:"ownership"` // known, partial, unknown
	Detail    string `json:"detail"`    // why it is partial or unknown
}

// Binary is a program that needs a look.
type Binary struct {
	Path      string   `json:"path"`
	Kind      Kind     `json:"kind"`
	SHA256    string   `json:"sha256"`
	Size      int64    `json:"size"`
	Mode      string   `json:"mode"` // octal: 0755, 4755
	Layer     int      `json:"layer"`
	CreatedBy string   `json:"createdBy"`
	Owner     string   `json:"owner"` // package, or empty
	Count     int      `json:"count"` // files that this row stands for
	Status    Status   `json:"status"`
	Severity  Severity `json:"severity"`
	Codes     []string `json:"codes"`
	Detail    string   `json:"detail"`
}

// Altered is a packaged file whose content is not what its package says.
type Altered struct {
	Path     string   `json:"path"`
	Kind     Kind     `json:"kind"`
	Package  string   `json:"package"`
	Layer    int      `json:"layer"`
	Expected string   `json:"expected"` // algorithm:hex, md5 for dpkg, sha1 for apk
	Actual   string   `json:"actual"`
	Config   bool     `json:"config"`
	Status   Status   `json:"status"`
	Severity Severity `json:"severity"`
	Detail   string   `json:"detail"`
	SHA256   string   `json:"sha256"`
}

// Missing is a file that a package lists and the image does not have.
type Missing struct {
	Path       string   `json:"path"`
	Package    string   `json:"package"`
	Layer      int      `json:"layer"`
	Executable bool     `json:"executable"`
	Status     Status   `json:"status"`
	Severity   Severity `json:"severity"`
}

// Setting is something notable in the image's config or history.
type Setting struct {
	Code     string   `json:"code"`
	Detail   string   `json:"detail"`
	Severity Severity `json:"severity"`
}

// Vuln is a known vulnerability of a package.
type Vuln struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Package  string   `json:"package"`
	Version  string   `json:"version"`
	Fixed    string   `json:"fixed"`
	Status   Status   `json:"status"`
	Gate     string   `json:"gate"` // block, warn, log
}

// Gate is something that could have stopped or flagged the image, and what it said.
type Gate struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
	Asked  bool   `json:"asked,omitempty"` // a flag or a policy of this machine asks for it: what is open leaves the case open

	// Of a policy, and of the webhook of a product that enforces policies.
	By        string `json:"by,omitempty"`        // whose it is, who enforces it: policy-controller, Kyverno
	Mode      string `json:"mode,omitempty"`      // enforce or warn
	FailsOpen bool   `json:"failsOpen,omitempty"` // while its controller does not answer, all is let in
	Since     Time   `json:"since,omitzero"`      // when it was set up
	Changed   Time   `json:"changed,omitzero"`    // when it was last changed, where that is later
}
