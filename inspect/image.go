package inspect

import (
	"cmp"
	"fmt"
	"slices"
)

// ImageHead is what is known of the image of one container, without its lists. Two containers that share a digest are
// two images.
type ImageHead struct {
	Container string `json:"container"` // key: the container's name, or ImageContainer where the target is no pod
	Reference string `json:"reference"` // as the pod or the person names it
	// where the registry package opens it again, pinned to a digest where there is one
	Location string   `json:"location"`
	Index    string   `json:"index"`    // digest, empty where there is none
	Digest   string   `json:"digest"`   // of the manifest, empty for docker-save
	Config   string   `json:"config"`   // digest
	Platform string   `json:"platform"` // linux/amd64, linux/arm64/v8
	Created  Time     `json:"created"`
	Status   Status   `json:"status"` // about bytes only: manifest, config and layers
	Reason   string   `json:"reason"`
	Detail   string   `json:"detail"`         // the reason in words
	Left     []string `json:"left,omitempty"` // what is left of an image that its registry no longer has, in words

	Unresolved Unresolved `json:"unresolved,omitempty"` // why it is not known which bytes it is; empty when it is
	Manifests  []Manifest `json:"manifests,omitempty"`  // of its index, those that some node could run

	Settings ImageConfig `json:"imageConfig"`
}

// FactKind is the fact's JSON name.
func (ImageHead) FactKind() string { return "image" }

// fold replaces the head and keeps the lists, which are facts of their own.
func (h ImageHead) fold(c *Case, e Event) {
	i := c.imageFor(e.Container)
	h.Container = i.Container
	i.ImageHead = h
}

// Image is an image with its lists, as the case holds it.
type Image struct {
	ImageHead
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
	Autoruns   []Autorun    `json:"autoruns"`
	Notable    []Setting    `json:"settings"`
	Lock       []LockRow    `json:"lock"`
	Advisories []Advisory   `json:"advisories"`
	Vulns      []Vuln       `json:"vulnerabilities"`
	VulnData   *VulnData    `json:"vulnerabilityData,omitempty"` // nil where the image was not compared with any
	Candidates []Candidate  `json:"knownGoodCandidates"`
	Diff       *Diff        `json:"diff"`
	Gates      []Gate       `json:"gates"`
	Sharing    *Sharing     `json:"sharing"`
}

// Key is the digest that names the image in the store's catalogue: of the manifest, or of the config where a
// docker-save archive has no manifest.
func (h ImageHead) Key() string {
	if h.Digest != "" {
		return h.Digest
	}
	return h.Config
}

// ImageConfig is the part of the image's config that decides what would run.
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

// Named reports whether an ImageHead has named the image: other facts about a container make a row without a name.
func (h ImageHead) Named() bool { return h.Reference != "" || h.Location != "" }

// Clone copies the image with every list that later facts change in place.
func (i Image) Clone() Image {
	i.Stores, i.Layers, i.Signatures = slices.Clone(i.Stores), slices.Clone(i.Layers), slices.Clone(i.Signatures)
	i.Provenance, i.SBOMs, i.Packages = slices.Clone(i.Provenance), slices.Clone(i.SBOMs), slices.Clone(i.Packages)
	i.Binaries, i.Altered, i.Missing = slices.Clone(i.Binaries), slices.Clone(i.Altered), slices.Clone(i.Missing)
	i.Autoruns = slices.Clone(i.Autoruns)
	i.Notable, i.Vulns = slices.Clone(i.Notable), slices.Clone(i.Vulns)
	i.Lock, i.Advisories = slices.Clone(i.Lock), slices.Clone(i.Advisories)
	i.Candidates, i.Gates = slices.Clone(i.Candidates), slices.Clone(i.Gates)
	return i
}

// Setting is something notable in the image's config or history.
type Setting struct {
	Code     string   `json:"code"`
	Detail   string   `json:"detail"`
	Severity Severity `json:"severity"`
	// Basis is what the detail rests on; empty: a claim of the image itself.
	Basis Basis `json:"basis,omitempty"`
}

// FactKind is the fact's JSON name.
func (Setting) FactKind() string { return "setting" }

func (s Setting) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Notable, s, func(a, b Setting) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Detail, b.Detail))
	})
}

// Unresolved is the reason why it is not known which bytes a container runs. Such an image has no location and no
// layers, and nothing of another image stands in for it.
type Unresolved string

// The reasons. The empty one is that of an image that is resolved.
const (
	UnresolvedGone Unresolved = "gone" // the registry no longer has the digest that runs
	// the node has reported no digest: not pulled, or never running
	UnresolvedNotReported Unresolved = "not-reported"
	UnresolvedConfigOnly  Unresolved = "config-only" // the node reports a config digest, which names no manifest
	// the index holds several platforms, and that of the node is not known or not there
	UnresolvedPlatform    Unresolved = "platform-unknown"
	UnresolvedReference   Unresolved = "invalid-reference" // what the pod names is no reference to a registry
	UnresolvedUnreachable Unresolved = "unreachable"       // the registry gave no answer, or refused access
)

// Manifest is an entry of an image's index that some node could run.
type Manifest struct {
	Digest   string `json:"digest"`
	Platform string `json:"platform"` // as the index claims it; empty where the index gives none
	Chosen   bool   `json:"chosen"`   // the image of the case
	// runtimes rank it as high as the chosen one, and its content is another or not known
	Rival  bool `json:"rival"`
	Marked bool `json:"marked"` // presented as an attestation or another companion, by the index's annotations
}

// Read returns nil for an image whose bytes can be read, else the reason for which a check that would have to read them
// cannot run: a check works on the digest that was resolved, or not at all.
func (h ImageHead) Read() error {
	if h.Resolved() {
		return nil
	}
	return fmt.Errorf("it is not known which image runs: %s", cmp.Or(h.Detail, string(h.Unresolved)))
}

// Resolved reports whether it is known which bytes the image is.
func (h ImageHead) Resolved() bool { return h.Location != "" }
