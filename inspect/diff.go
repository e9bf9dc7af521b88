package inspect

import (
	"cmp"
)

// Candidate is an image that may be the last known-good one.
type Candidate struct {
	Reference  string `json:"reference"`
	Location   string `json:"location"`
	Digest     string `json:"digest"`
	Why        string `json:"why"`        // previous revision 3 of deployment/web
	Confidence string `json:"confidence"` // high, medium, low
}

// KnownGood is the image that this one is compared with.
type KnownGood struct {
	Reference  string `json:"reference"`
	Location   string `json:"location"`
	Digest     string `json:"digest"`
	Index      string `json:"index"`
	Config     string `json:"config"`
	Why        string `json:"why"`
	Confidence string `json:"confidence"`
	Confirmed  bool   `json:"confirmed"` // by a person: a flag or a key press
	By         string `json:"by"`
}

// Word is what the comparison is called on screen: known-good where a person confirmed it, else previous.
func (k KnownGood) Word() string {
	if k.Confirmed {
		return "known-good"
	}
	return "previous"
}

// Key is the digest that names the image in the store's catalogue.
func (k KnownGood) Key() string {
	if k.Digest != "" {
		return k.Digest
	}
	return k.Config
}

// Diff compares an image with its known-good. Checks fill it part by part: a Diff event carries the parts that its
// check has, the others are nil, and the case keeps the latest of each.
type Diff struct {
	KnownGood  *KnownGood   `json:"knownGood"`
	Packages   *PackageDiff `json:"packages"`
	Files      *FileDiff    `json:"files"`
	Layers     *LayerDiff   `json:"layers"`
	Settings   []string     `json:"settings"`   // sentences: entrypoint changed from … to …
	Signers    []string     `json:"signers"`    // sentences: signed by … before, unsigned now
	Provenance []string     `json:"provenance"` // sentences: builder changed from … to …
	// Past is who signed and built the image compared with; nil until that was read
	Past *Past `json:"past,omitempty"`
}

// Past is who signed and who built the previous or known-good image.
type Past struct {
	Signers []PastSigner `json:"signers"`
	Builds  []PastBuild  `json:"builds"`
	Unread  []string     `json:"unread"` // stores that could not be asked, in words: there may be more
}

// PastSigner is a signature of the image compared with.
type PastSigner struct {
	Identity string `json:"identity"`
	Issuer   string `json:"issuer"`
	Key      string `json:"key"` // sha256:… of the public key's DER
	Status   Status `json:"status"`
	Reason   string `json:"reason"`
}

// PastBuild is a statement about how the image compared with was built.
type PastBuild struct {
	Builder string `json:"builder"`
	Source  string `json:"source"`
	Commit  string `json:"commit"`
	Signed  bool   `json:"signed"`
	Status  Status `json:"status"`
	Reason  string `json:"reason"`
}

// PackageDiff lists packages that came, went or changed.
type PackageDiff struct {
	Added   []Package       `json:"added"`
	Removed []Package       `json:"removed"`
	Changed []PackageChange `json:"changed"`
}

// PackageChange is a package with another version.
type PackageChange struct {
	Type   string `json:"type"`
	Name   string `json:"name"`
	From   string `json:"from"`
	To     string `json:"to"`
	PURL   string `json:"purl"`
	Change string `json:"change"` // upgrade, downgrade, changed
	Layer  int    `json:"layer"`
}

// FileDiff counts regular files by content; List holds the at most 1,000 that matter most.
type FileDiff struct {
	Added     int          `json:"added"`
	Removed   int          `json:"removed"`
	Changed   int          `json:"changed"`
	Truncated bool         `json:"truncated"`
	List      []FileChange `json:"list"`
}

// FileChange is one path of a FileDiff. From and To are sha256 hex, or link targets.
type FileChange struct {
	Path       string    `json:"path"`
	Change     string    `json:"change"` // added, removed, changed
	Type       EntryType `json:"type"`
	From       string    `json:"from"`
	To         string    `json:"to"`
	Layer      int       `json:"layer"`
	Executable bool      `json:"executable"`
}

// LayerDiff counts the layers that both images have, and those that only this one has.
type LayerDiff struct {
	Shared int `json:"shared"`
	Added  int `json:"added"`
}

// merge takes over the parts that d carries.
func (d *Diff) merge(next Diff) {
	if next.KnownGood != nil {
		d.KnownGood = next.KnownGood
	}
	if next.Packages != nil {
		d.Packages = next.Packages
	}
	if next.Files != nil {
		d.Files = next.Files
	}
	if next.Layers != nil {
		d.Layers = next.Layers
	}
	if next.Settings != nil {
		d.Settings = next.Settings
	}
	if next.Signers != nil {
		d.Signers = next.Signers
	}
	if next.Provenance != nil {
		d.Provenance = next.Provenance
	}
	if next.Past != nil {
		d.Past = next.Past
	}
}

// FactKind is the fact's JSON name.
func (Candidate) FactKind() string { return "candidate" }

// fold: the key is digest and reference.
func (k Candidate) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Candidates, k, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Reference, b.Reference))
	})
}

// FactKind is the fact's JSON name.
func (Diff) FactKind() string { return "diff" }

// fold takes over the parts that the fact carries.
func (d Diff) fold(c *Case, e Event) {
	i := c.imageFor(e.Container)
	next := Diff{}
	if i.Diff != nil {
		next = *i.Diff
	}
	next.merge(d)
	i.Diff = &next
}
