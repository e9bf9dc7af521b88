package inspect

// Package is an installed package. Type is in syft's words: deb, apk, rpm, go-module, python.
type Package struct {
	Type      string   `json:"type"`
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	PURL      string   `json:"purl"`
	Layer     int      `json:"layer"`
	Locations []string `json:"locations"`
}

// Packages is a batch of an image's packages, at most PackageBatch of them. Offset is its key.
type Packages struct {
	Offset int       `json:"offset"`
	List   []Package `json:"list"`
}

// PackageBatch is the largest number of packages in one fact.
const PackageBatch = 1000

// maxPackages bounds what a saved ledger, which is foreign bytes, may claim of one image.
const maxPackages = 1_000_000

// FactKind is the fact's JSON name.
func (Packages) FactKind() string { return "packages" }

// fold copies the batch to its offset. A batch past the bounds is ignored.
func (p Packages) fold(c *Case, e Event) {
	i := c.imageFor(e.Container)
	if p.Offset < 0 || p.Offset > len(i.Packages)+maxPackages/2 || p.Offset+len(p.List) > maxPackages {
		return
	}
	if end := p.Offset + len(p.List); end > len(i.Packages) {
		i.Packages = append(i.Packages, make([]Package, end-len(i.Packages))...)
	}
	copy(i.Packages[p.Offset:], p.List)
}
