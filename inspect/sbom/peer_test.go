package sbom

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/anchore/stereoscope"
	"github.com/anchore/syft/syft"
	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/pkg"
	syftsbom "github.com/anchore/syft/syft/sbom"
	"github.com/anchore/syft/syft/source"
	"github.com/anchore/syft/syft/source/stereoscopesource"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const osRelease = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n"

// mixed is an image with packages of many kinds, and with what makes finding them hard: a merged /usr, links to
// directories and files, hard links, a layer that upgrades, one that deletes, one that hides a directory.
func mixed(t *testing.T) v1.Image {
	base := makeLayer(
		t,
		dir(
			"etc/",
		),
		textFile("etc/os-release", osRelease),
		dir("usr/"),
		dir("usr/bin/"),
		dir("usr/lib/"),
		symlink("bin", "usr/bin"),
		symlink("lib", "usr/lib"),
		dir(
			"var/lib/dpkg/",
		),
		textFile(
			"var/lib/dpkg/status",
			dpkgStatus("base-files", "12.4+deb12u1", "libc6", "2.36-9", "curl", "7.88.1-10"),
		),
		textFile(
			"var/lib/dpkg/info/base-files.list",
			"/.\n/etc\n/etc/debian_version\n",
		),
		textFile("etc/debian_version", "12.1\n"),
		textFile("var/lib/dpkg/info/base-files.md5sums", "1f7b8bc15a8fc9ac2b9ad4d4c8eebd57  etc/debian_version\n"),
		dir(
			"usr/lib/apk/db/",
		),
		textFile("usr/lib/apk/db/installed", apkInstalled("musl", "1.2.4-r2", "zlib", "1.2.13-r1")),
		textFile("opt/java/lib/"+"guava.jar", string(jar(t, "com.google.guava", "guava", "31.1-jre"))),
	)
	app := makeLayer(
		t,
		textFile(
			"var/lib/dpkg/status",
			dpkgStatus("base-files", "12.4+deb12u1", "libc6", "2.36-9+deb12u3", "curl", "7.88.1-10"),
		),
		dir("usr/lib/python3/dist-packages/requests-2.31.0.dist-info/"),
		textFile(
			"usr/lib/python3/dist-packages/requests-2.31.0.dist-info/METADATA",
			"Metadata-Version: 2.1\nName: requests\nVersion: 2.31.0\nLicense: Apache 2.0\n\n",
		),
		textFile(
			"usr/lib/python3/dist-packages/requests-2.31.0.dist-info/RECORD",
			"requests/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n",
		),
		textFile("usr/lib/python3/dist-packages/requests/__init__.py", ""),
		textFile(
			"usr/lib/python3/dist-packages/gone-1.0.dist-info/METADATA",
			"Metadata-Version: 2.1\nName: gone\nVersion: 1.0\n\n",
		),
		textFile(
			"srv/app/node_modules/left-pad/package.json",
			`{"name":"left-pad","version":"1.3.0","license":"WTFPL"}`,
		),
		textFile("srv/app/node_modules/hidden/package.json", `{"name":"hidden","version":"0.0.1"}`),
		symlink("app", "srv/app"),
		symlink("srv/loop", "loop"),
		symlink("etc/dead", "/nowhere"),
		textFile("store/chalk/package.json", `{"name":"chalk","version":"5.3.0"}`),
		hardlink("srv/app/node_modules/chalk/package.json", "store/chalk/package.json"),
		program(
			"usr/bin/shop",
			goProgram(t),
		),
		hardlink("usr/bin/shop-too", "usr/bin/shop"),
		symlink("usr/local/shop", "/usr/bin/shop"),
	)
	top := makeLayer(
		t,
		textFile("usr/lib/python3/dist-packages/.wh.gone-1.0.dist-info", ""),
		dir("srv/app/node_modules/hidden/"),
		textFile("srv/app/node_modules/hidden/.wh..wh..opq", ""),
		textFile(
			"srv/gems/specifications/rake-13.0.6.gemspec",
			"Gem::Specification.new do |s|\n  s.name = \"rake\".freeze\n  s.version = \"13.0.6\"\nend\n",
		),
		textFile(
			"vendor/composer/installed.json",
			`{"packages":[{"name":"psr/log","version":"3.0.0","type":"library"}]}`,
		),
	)
	return imageOf(t, base, app, top)
}

// bySyft catalogues a layout with syft's own source, which unpacks the image for itself, and syft's own settings.
func bySyft(t *testing.T, dir string) *syftsbom.SBOM {
	t.Helper()
	ctx := context.Background()
	img, err := stereoscope.GetImageFromSource(ctx, dir, "oci-dir")
	if err != nil {
		t.Fatal(err)
	}
	src := stereoscopesource.New(img, stereoscopesource.ImageConfig{Reference: dir})
	defer src.Close()
	return catalogueWith(t, src, syft.DefaultCreateSBOMConfig())
}

func catalogueWith(t *testing.T, src source.Source, cfg *syft.CreateSBOMConfig) *syftsbom.SBOM {
	t.Helper()
	ctx, err := withoutLicences(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	found, err := syft.CreateSBOM(ctx, src, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// listed writes what syft found, package by package, with every location.
func listed(found *syftsbom.SBOM) []string {
	var list []string
	for p := range found.Artifacts.Packages.Enumerate() {
		line := fmt.Sprintf("%s %s %s %s by %s", p.Type, p.Name, p.Version, p.PURL, p.FoundBy)
		for _, l := range p.Locations.ToSlice() {
			line += fmt.Sprintf(
				"\n  %s via %s in %s (%s)",
				l.RealPath,
				l.AccessPath,
				l.FileSystemID,
				l.Annotations[pkg.EvidenceAnnotationKey],
			)
		}
		list = append(list, line)
	}
	slices.Sort(list)
	return list
}

// ours catalogues a layout through our index.
func ours(t *testing.T, b bench, c *Cataloguer, dir string) []string {
	t.Helper()
	layers, img, tree := b.read(t, "oci:"+dir)
	src := newSource(context.Background(), img.Digest(), layers, tree)
	found, broken, err := c.create(context.Background(), src)
	if err != nil || len(broken) > 0 {
		t.Fatal(err, broken)
	}
	return listed(found)
}

// Through our index syft finds what it finds through its own: no package less, none more, at the same places in the
// same layers.
func TestSyftFindsTheSameThroughOurIndex(t *testing.T) {
	dir := save(t, mixed(t))
	want := listed(bySyft(t, dir))
	b := newBench(t)
	if d := cmp.Diff(want, ours(t, b, NewCataloguer(b.cache), dir)); d != "" {
		t.Errorf("packages differ (-syft +ours):\n%s", d)
	}
	if len(want) < 12 {
		t.Errorf("the fixture is too thin to prove anything: %q", want)
	}
}

// The cataloguers are those that syft itself chooses for an image.
func TestCataloguersAreThoseOfSyft(t *testing.T) {
	found := bySyft(t, save(t, small(t, dpkgStatus("curl", "1"))))
	raw, err := json.Marshal(found.Descriptor.Configuration)
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Catalogers struct{ Used []string }
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(said.Catalogers.Used, func(name string) bool { return strings.HasPrefix(name, "file-") })
	var got []string
	for _, c := range cataloguers(config().Packages) {
		got = append(got, c.Name())
	}
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("cataloguers differ (-syft +ours):\n%s", d)
	}
}

// breaking is a source whose search for one pattern breaks the cataloguer that asks.
type breaking struct {
	source.Source
	pattern string
}

type breakingResolver struct {
	file.Resolver
	pattern string
}

func (b breaking) FileResolver(s source.Scope) (file.Resolver, error) {
	r, err := b.Source.FileResolver(s)
	return breakingResolver{r, b.pattern}, err
}

func (b breakingResolver) FilesByGlob(patterns ...string) ([]file.Location, error) {
	if slices.Contains(patterns, b.pattern) {
		panic("hostile")
	}
	return b.Resolver.FilesByGlob(patterns...)
}

// A cataloguer that breaks is named and left out; the others find what they find.
func TestACataloguerThatBreaks(t *testing.T) {
	layers, img, tree := newBench(t).read(t, "oci:"+save(t, small(t, dpkgStatus("curl", "1"))))
	src := newSource(context.Background(), img.Digest(), layers, tree)
	found, broken, err := new(Cataloguer).create(context.Background(), breaking{src, "**/package.json"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(broken, []string{"syft's javascript-package-cataloger broke"}) {
		t.Errorf("broken: %q", broken)
	}
	if n := found.Artifacts.Packages.PackageCount(); n != 1 {
		t.Errorf("%d packages, want 1", n)
	}
}

// The scanner of licenses that syft would make is replaced by functions of an internal package: their effect must be
// seen where syft uses it, in the licenses of a package whose metadata has the text of one.
func TestNoLicenceIsLookedFor(t *testing.T) {
	b := newBench(t)
	text := "MIT License\n        \n        Permission is hereby granted, free of charge, to any person"
	layers, _, tree := b.read(t, "oci:"+save(t, imageOf(t, makeLayer(t,
		textFile("usr/lib/python3/dist-packages/x-1.dist-info/METADATA",
			"Metadata-Version: 2.1\nName: x\nVersion: 1\nLicense: "+text+"\n"),
	))))
	src := newSource(t.Context(), "", layers, tree)
	found, broken, err := NewCataloguer(b.cache).create(t.Context(), src)
	if err != nil || len(broken) != 0 {
		t.Fatal(err, broken)
	}
	list := found.Artifacts.Packages.Sorted()
	if len(list) != 1 || list[0].Name != "x" {
		t.Fatalf("packages: %v", list)
	}
	for _, l := range list[0].Licenses.ToSlice() {
		if l.SPDXExpression == "MIT" {
			t.Errorf("syft scanned the text of a license: %v", l)
		}
	}
}
