package sbom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/anchore/syft/syft"
	"github.com/anchore/syft/syft/cataloging"
	"github.com/anchore/syft/syft/sbom"
	"github.com/anchore/syft/syft/source"
	_ "github.com/glebarez/go-sqlite" // syft reads newer RPM databases by the SQL driver "sqlite", and fails where there is none

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/files"
)

// catalogue is the packages of an image, and what kept syft from finding all.
type catalogue struct {
	packages []inspect.Package
	unread   []string // package databases that could not be read, in words
}

// load gives the packages of an image: from the cache where the image was catalogued before, else by syft. whole says
// that every byte of the image was proven to be its digest's; only then does the digest name the packages.
func load(ctx context.Context, cache *files.Cache, key string, layers []inspect.Layer, whole bool) (catalogue, error) {
	if whole && key != "" {
		kept, err := cache.Catalogue(ctx, key)
		if err == nil {
			return catalogue{packages: kept}, nil
		}
		if !errors.Is(err, inspect.ErrNotKept) {
			return catalogue{}, err
		}
	}
	tree, err := cache.Tree(ctx, layers)
	if err != nil {
		return catalogue{}, fmt.Errorf("merging the layers: %w", err)
	}
	made, err := run(ctx, key, layers, tree)
	if err != nil {
		return catalogue{}, err
	}
	if whole && key != "" && len(made.unread) == 0 {
		if err := cache.PutCatalogue(ctx, key, made.packages); err != nil {
			return catalogue{}, fmt.Errorf("keeping the catalogue of %s: %w", key, err)
		}
	}
	return made, nil
}

// run lets syft catalogue a tree.
func run(ctx context.Context, key string, layers []inspect.Layer, tree *files.Tree) (catalogue, error) {
	src, err := newSource(ctx, key, layers, tree)
	if err != nil {
		return catalogue{}, err
	}
	found, broken, err := create(ctx, src)
	if err != nil {
		return catalogue{}, err
	}
	if err := ctx.Err(); err != nil {
		return catalogue{}, err // cataloguers that were stopped may have ended without an error
	}
	made := catalogue{unread: append(unread(found), broken...)}
	for p := range found.Artifacts.Packages.Enumerate() {
		made.packages = append(made.packages, convert(p, src.resolver))
	}
	slices.SortFunc(made.packages, comparePackages)
	return made, nil
}

// maxBroken is how many cataloguers may break over one image before it is given up.
const maxBroken = 5

var brokenTask = regexp.MustCompile(`panic in task "([a-z0-9-]+)"`)

// create lets syft run, and again without a cataloguer that broke: one hostile file must not hide all other packages.
// It says in words which broke.
func create(ctx context.Context, src source.Source) (found *sbom.SBOM, broken []string, err error) {
	scan, err := withScanner(ctx)
	if err != nil {
		return nil, nil, err
	}
	cfg := config()
	for {
		found, err := syft.CreateSBOM(scan, src, cfg)
		if err == nil {
			return found, broken, nil
		}
		m := brokenTask.FindStringSubmatch(err.Error())
		if m == nil || len(broken) == maxBroken || ctx.Err() != nil {
			return nil, nil, fmt.Errorf("cataloguing with syft: %w", err)
		}
		broken = append(broken, "syft's "+m[1]+" broke")
		cfg = cfg.WithCatalogerSelection(cfg.CatalogerSelection.WithRemovals(m[1]))
	}
}

// config is that of syft's command line as far as it decides which packages there are. What the index knows already
// (files, their digests and owners) is left out, and so are guessed CPEs.
func config() *syft.CreateSBOMConfig {
	cfg := syft.DefaultCreateSBOMConfig().WithoutFiles().WithParallelism(2 * runtime.GOMAXPROCS(0))
	cfg.DataGeneration = cataloging.DataGenerationConfig{}
	cfg.Relationships.PackageFileOwnership = false
	cfg.Unknowns.IncludeExecutablesWithoutPackages = false
	cfg.Unknowns.IncludeUnexpandedArchives = false
	return cfg
}

// unread lists the package databases that syft could not read. What else it could not read (a program without build
// information, a broken archive) says little about what is installed.
func unread(found *sbom.SBOM) []string {
	var list []string
	for at, reasons := range found.Artifacts.Unknowns {
		if isDatabase(at.RealPath) && len(reasons) > 0 {
			list = append(list, fmt.Sprintf("%s: %s", at.RealPath, reasons[0]))
		}
	}
	slices.Sort(list)
	return list
}

// isDatabase says that a path is that of a package database of a distribution.
func isDatabase(p string) bool {
	dir, base := path.Split(p)
	switch dir {
	case "/var/lib/dpkg/":
		return base == "status"
	case "/var/lib/dpkg/status.d/":
		return !strings.HasSuffix(base, ".md5sums")
	case "/lib/apk/db/", "/usr/lib/apk/db/":
		return base == "installed"
	case "/var/lib/rpm/", "/usr/lib/sysimage/rpm/", "/usr/share/rpm/":
		return base == "Packages" || base == "Packages.db" || base == "rpmdb.sqlite"
	default:
		return false
	}
}

func comparePackages(a, b inspect.Package) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.PURL, b.PURL), slices.Compare(a.Locations, b.Locations), cmp.Compare(a.Layer, b.Layer))
}
