package sbom

import (
	"slices"

	"github.com/anchore/syft/syft/cpe"
	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/pkg"

	"github.com/backtrail/backtrail/inspect"
)

// maxOwned bounds how many files of a package are asked for their layer. The files of one package come in one layer,
// so a sample shows which.
const maxOwned = 256

// convert puts a package of syft into the words of a case. Metadata of the cataloger is left out, which is large and
// differs from version to version of syft.
func convert(p pkg.Package, r *resolver) inspect.Package {
	at := evidence(p)
	paths := make([]string, 0, len(at))
	for _, l := range at {
		paths = append(paths, l.RealPath)
	}
	slices.Sort(paths)
	return inspect.Package{
		Type: string(p.Type), Name: p.Name, Version: p.Version, PURL: p.PURL,
		Layer: layerOf(p, at, r), Locations: slices.Compact(paths), CPEs: declaredCPEs(p),
	}
}

// maxCPEs bounds the CPEs of a package; classifiers declare one or two.
const maxCPEs = 8

// declaredCPEs are the CPEs that a cataloguer states, as formatted strings (CPE 2.3).
func declaredCPEs(p pkg.Package) []string {
	var list []string
	for _, c := range p.CPEs {
		if c.Source == cpe.DeclaredSource && len(list) < maxCPEs {
			list = append(list, c.Attributes.BindToFmtString())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// evidence are the locations that prove a package; those that only add to it (licences, checksums) are left
// out where syft marks the others as primary.
func evidence(p pkg.Package) []file.Location {
	all := p.Locations.ToSlice()
	primary := slices.DeleteFunc(slices.Clone(all), func(l file.Location) bool {
		return l.Annotations[pkg.EvidenceAnnotationKey] != pkg.PrimaryEvidenceAnnotation
	})
	if len(primary) > 0 {
		return primary
	}
	return all
}

// layerOf describes which layer brought a package. The database of a distribution is written anew by each layer that
// installs anything, so the layer of its entry proves nothing: what counts is the layer that holds most of the
// package's files, the lowest of several. -1 where none of its places is in the image. The layer is derived from where
// files lie and not from any claim of the package.
func layerOf(p pkg.Package, at []file.Location, r *resolver) int {
	if owner, ok := p.Metadata.(pkg.FileOwner); ok {
		if layer, ok := layerOfFiles(owner.OwnedFiles(), r); ok {
			return layer
		}
	}
	layer := -1
	for _, l := range at {
		// By its path: a package that was remembered has its locations from another image.
		if node := r.tree.Get(l.RealPath); node != nil && (layer < 0 || node.Layer < layer) {
			layer = node.Layer
		}
	}
	return layer
}

// layerOfFiles is the layer that has most of a package's files, the lowest of several: single files may have been
// changed later. ok is false where none is in the image.
func layerOfFiles(paths []string, r *resolver) (layer int, ok bool) {
	count, asked := map[int]int{}, 0
	for _, p := range paths {
		node := r.tree.Resolve(p)
		if node == nil || node.Type != inspect.EntryFile {
			continue
		}
		count[node.Layer]++
		if asked++; asked == maxOwned {
			break
		}
	}
	best := -1
	for l, n := range count {
		if best < 0 || n > count[best] || n == count[best] && l < best {
			best = l
		}
	}
	return best, best >= 0
}
