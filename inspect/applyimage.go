package inspect

import (
	"cmp"
	"slices"
)

// foldImage folds an event about an image into that image. An event of a subject that no Image event has named yet
// makes the image: checks may overtake each other.
func (c *Case) foldImage(e Event) {
	i := c.imageFor(e.Subject)
	switch {
	case e.Image != nil:
		i.replace(*e.Image)
	case e.Store != nil:
		upsert(&i.Stores, *e.Store, func(a, b StoreReply) int {
			return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Subject, b.Subject))
		})
	case e.Layer != nil:
		upsert(&i.Layers, *e.Layer, func(a, b Layer) int { return cmp.Compare(a.Position, b.Position) })
	case e.Signature != nil:
		upsert(&i.Signatures, *e.Signature, func(a, b Signature) int { return cmp.Compare(a.ID, b.ID) })
	case e.Provenance != nil:
		upsert(&i.Provenance, *e.Provenance, func(a, b Provenance) int { return cmp.Compare(a.ID, b.ID) })
	case e.SBOM != nil:
		upsert(&i.SBOMs, *e.SBOM, func(a, b SBOM) int {
			return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Format, b.Format), cmp.Compare(a.Digest, b.Digest))
		})
	case e.Packages != nil:
		i.addPackages(*e.Packages)
	case e.Diff != nil:
		i.addDiff(*e.Diff)
	case e.Sharing != nil:
		i.Sharing = e.Sharing
	default:
		i.foldFiles(e)
	}
}

func (i *Image) foldFiles(e Event) {
	switch {
	case e.Files != nil:
		i.Files = *e.Files
	case e.Binary != nil:
		i.Binaries = slices.DeleteFunc(i.Binaries, func(o Binary) bool { return o.Path == e.Binary.Path })
		upsert(&i.Binaries, *e.Binary, func(a, b Binary) int {
			return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), -cmp.Compare(weight(a), weight(b)), cmp.Compare(a.Path, b.Path))
		})
	case e.Altered != nil:
		upsert(&i.Altered, *e.Altered, func(a, b Altered) int { return cmp.Compare(a.Path, b.Path) })
	case e.Missing != nil:
		upsert(&i.Missing, *e.Missing, func(a, b Missing) int { return cmp.Compare(a.Path, b.Path) })
	case e.Setting != nil:
		upsert(&i.Notable, *e.Setting, func(a, b Setting) int { return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Detail, b.Detail)) })
	case e.Vuln != nil:
		upsert(&i.Vulns, *e.Vuln, func(a, b Vuln) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Version, b.Version))
		})
	case e.Candidate != nil:
		upsert(&i.Candidates, *e.Candidate, func(a, b Candidate) int {
			return cmp.Or(cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Reference, b.Reference))
		})
	case e.Gate != nil:
		upsert(&i.Gates, *e.Gate, func(a, b Gate) int { return cmp.Compare(a.Name, b.Name) })
	}
}

// weight orders rows of the same severity: the one that an alert names first, then the one with more signs.
func weight(b Binary) int {
	w := len(b.Codes)
	if slices.Contains(b.Codes, "alerted") {
		w += 100
	}
	return w
}

func (c *Case) imageFor(subject string) *Image {
	at, found := slices.BinarySearchFunc(c.Images, subject, func(i Image, s string) int { return cmp.Compare(i.Subject, s) })
	if !found {
		c.Images = slices.Insert(c.Images, at, Image{Subject: subject, Status: Unknown, Reason: Running})
	}
	return &c.Images[at]
}

// replace takes over the image's own fields and keeps its lists, which come as events of their own.
func (i *Image) replace(n Image) {
	n.Subject = i.Subject
	n.Stores, n.Layers, n.Signatures, n.Provenance, n.SBOMs, n.Packages = i.Stores, i.Layers, i.Signatures, i.Provenance, i.SBOMs, i.Packages
	n.Files, n.Binaries, n.Altered, n.Missing, n.Notable = i.Files, i.Binaries, i.Altered, i.Missing, i.Notable
	n.Vulns, n.Candidates, n.Diff, n.Gates, n.Sharing = i.Vulns, i.Candidates, i.Diff, i.Gates, i.Sharing
	*i = n
}

// maxPackages bounds what a stream may claim: a saved stream is foreign bytes.
const maxPackages = 1_000_000

func (i *Image) addPackages(p Packages) {
	if p.Offset < 0 || p.Offset > len(i.Packages)+maxPackages/2 || p.Offset+len(p.List) > maxPackages {
		return
	}
	if end := p.Offset + len(p.List); end > len(i.Packages) {
		i.Packages = append(i.Packages, make([]Package, end-len(i.Packages))...)
	}
	copy(i.Packages[p.Offset:], p.List)
}

func (i *Image) addDiff(d Diff) {
	next := Diff{}
	if i.Diff != nil {
		next = *i.Diff
	}
	next.merge(d)
	i.Diff = &next
}
