package sbom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/anchore/syft/syft"
	"github.com/anchore/syft/syft/cataloging"
	"github.com/anchore/syft/syft/cataloging/pkgcataloging"
	"github.com/anchore/syft/syft/sbom"
	"github.com/anchore/syft/syft/source"

	// syft reads newer RPM databases by the SQL driver "sqlite", and fails where there is none
	_ "github.com/glebarez/go-sqlite"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// catalogue is the packages of an image, and what kept syft from finding all.
type catalogue struct {
	packages []inspect.Package
	unread   []string // package databases that could not be read, in words
}

// Cataloguer catalogues images by syft. It keeps catalogues in the cache, and remembers what it found while it lives,
// so that two images that are much alike cost little more than one. It is safe for concurrent use. Catalogers of syft
// run in parallel within one run.
type Cataloguer struct {
	cache  *layer.Cache
	memory memory
}

// NewCataloguer returns a Cataloguer of the images whose layers a cache holds.
func NewCataloguer(cache *layer.Cache) *Cataloguer { return &Cataloguer{cache: cache} }

// load gives the packages of an image: from the cache where the image was catalogued before, else by syft. whole states
// that every byte of the image was proven to be its digest's; only then does the digest name the packages. A catalog
// that is not complete is not kept: the next run looks again. Errors: those of the cache, the context and syft as a
// whole. Without whole the key would be a claim: an image whose bytes do not match its digest would poison the
// catalogue of the genuine one.
func (c *Cataloguer) load(ctx context.Context, key string, layers []inspect.Layer, whole bool) (catalogue, error) {
	if whole && key != "" {
		kept, err := c.cache.Catalogue(ctx, key)
		if err == nil {
			return catalogue{packages: kept}, nil
		}
		if !errors.Is(err, inspect.ErrNotKept) {
			return catalogue{}, err
		}
	}
	tree, err := c.cache.Tree(ctx, layers)
	if err != nil {
		return catalogue{}, fmt.Errorf("merging the layers: %w", err)
	}
	made, err := c.run(ctx, key, layers, tree)
	if err != nil {
		return catalogue{}, err
	}
	if whole && key != "" && len(made.unread) == 0 {
		if err := c.cache.PutCatalogue(ctx, key, made.packages); err != nil {
			return catalogue{}, fmt.Errorf("keeping the catalogue of %s: %w", key, err)
		}
	}
	return made, nil
}

// run lets syft catalogue a tree. Errors are those of syft as a whole and of the context; a database that could not be
// read is in unread.
func (c *Cataloguer) run(ctx context.Context, key string, layers []inspect.Layer, tree *layer.Tree) (catalogue, error) {
	src := newSource(ctx, key, layers, tree)
	found, broken, err := c.create(ctx, src)
	if err != nil {
		return catalogue{}, err
	}
	if err := ctx.Err(); err != nil {
		return catalogue{}, err // cataloguers that were stopped may have ended without an error
	}
	made := catalogue{unread: append(src.resolver.unread(found), broken...)}
	for p := range found.Artifacts.Packages.Enumerate() {
		if !twice(p, found.Artifacts.Packages) {
			made.packages = append(made.packages, convert(p, src.resolver))
		}
	}
	slices.SortFunc(made.packages, comparePackages)
	return made, nil
}

// create lets syft run. It names the cataloguers that broke. The chisel cataloger is ours; the others are syft's,
// each wrapped so that it remembers and cannot end the run.
func (c *Cataloguer) create(ctx context.Context, src source.Source) (found *sbom.SBOM, broken []string, err error) {
	scan, err := withoutLicences(ctx)
	if err != nil {
		return nil, nil, err
	}
	cfg, broke := config(), &breakages{}
	for _, each := range append(cataloguers(cfg.Packages), newChiselCataloger()) {
		cfg.WithCatalogers(pkgcataloging.NewCatalogerReference(remembering{each, &c.memory, broke},
			[]string{pkgcataloging.ImageTag}))
	}
	found, err = syft.CreateSBOM(scan, src, cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("cataloguing with syft: %w", err)
	}
	return found, broke.list(), nil
}

// config is that of syft's command line as far as it decides which packages there are, without its cataloguers. What
// the index has already (files, their digests and owners) is left out, and so are guessed CPEs.
func config() *syft.CreateSBOMConfig {
	cfg := syft.DefaultCreateSBOMConfig().WithoutFiles().WithoutCatalogers().WithParallelism(2 * runtime.GOMAXPROCS(0))
	cfg.DataGeneration = cataloging.DataGenerationConfig{}
	cfg.Relationships.PackageFileOwnership = false
	cfg.Unknowns.IncludeExecutablesWithoutPackages = false
	cfg.Unknowns.IncludeUnexpandedArchives = false
	return cfg
}

// isDatabase reports whether a path is that of a package database of a distribution. Only of these it is reported that
// they could not be read: a broken jar hides itself, a broken database hides a system. The paths are those of the
// package managers themselves. A database elsewhere in the image may be anything, such as that of a chroot.
func isDatabase(p string) bool {
	dir, base := path.Split(p)
	switch dir {
	case "/var/lib/dpkg/":
		return base == "status"
	case "/var/lib/dpkg/status.d/":
		return !strings.HasSuffix(base, ".md5sums")
	case "/var/lib/chisel/":
		return base == "manifest.wall"
	case "/nix/var/nix/db/":
		return base == "db.sqlite"
	case "/lib/apk/db/", "/usr/lib/apk/db/":
		return base == "installed"
	case "/var/lib/rpm/", "/usr/lib/sysimage/rpm/", "/usr/share/rpm/":
		return base == "Packages" || base == "Packages.db" || base == "rpmdb.sqlite"
	default:
		return false
	}
}

// comparePackages orders packages by type, name, version and place, so that the order of syft's goroutines does not
// show.
func comparePackages(a, b inspect.Package) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.PURL, b.PURL), slices.Compare(a.Locations, b.Locations), cmp.Compare(a.Layer, b.Layer))
}
