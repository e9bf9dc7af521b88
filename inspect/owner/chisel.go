package owner

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/registry"
)

// chiselManifest is where chisel keeps the list of the files that it cut out of Ubuntu's packages.
const chiselManifest = "/var/lib/chisel/manifest.wall"

// readChisel reads chisel's manifest (https://documentation.ubuntu.com/chisel/en/latest/reference/manifest/): JSON
// lines, packed by zstd. A manifest that cannot be unpacked leaves the ownership partial.
func readChisel(ctx context.Context, t *layer.Tree) (*Database, error) {
	data, err := readSmall(ctx, t, chiselManifest)
	if data == nil || err != nil {
		return nil, err
	}
	text, err := unpackChisel(data)
	if err != nil {
		return nil, err
	}
	return parseChisel(text), nil
}

// unpackChisel unpacks a manifest of chisel (zstd). More than MaxDatabase bytes are an error. The bound is on the
// unpacked bytes, since a few kilobytes of zstd may unpack to gigabytes.
func unpackChisel(data []byte) ([]byte, error) {
	z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(MaxDatabase))
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", chiselManifest, err)
	}
	defer z.Close()
	text, err := io.ReadAll(io.LimitReader(z, MaxDatabase+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", chiselManifest, err)
	}
	if len(text) > MaxDatabase {
		return nil, fmt.Errorf("unpacking %s: %w", chiselManifest,
			&registry.LimitError{What: "file of a package database", Limit: MaxDatabase})
	}
	return text, nil
}

// ChiselPackage is a package of Ubuntu that chisel cut files out of.
type ChiselPackage struct {
	Name, Version, Arch string
	Files               []string
}

// ChiselPackages lists the packages of a packed manifest of chisel, by name, with their files. It is what catalogues of
// packages need; ownership reads the same manifest through the tree. A package without files is listed with none.
func ChiselPackages(manifest io.Reader) ([]ChiselPackage, error) {
	data, err := io.ReadAll(io.LimitReader(manifest, MaxDatabase+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", chiselManifest, err)
	}
	if len(data) > MaxDatabase {
		return nil, fmt.Errorf("reading %s: %w", chiselManifest,
			&registry.LimitError{What: "file of a package database", Limit: MaxDatabase})
	}
	text, err := unpackChisel(data)
	if err != nil {
		return nil, err
	}
	db := parseChisel(text)
	files := map[string][]string{}
	for _, c := range db.claims {
		files[c.Package] = append(files[c.Package], c.Path)
	}
	var all []ChiselPackage
	for k := range db.keys {
		all = append(all, ChiselPackage{k.name, k.version, k.arch, files[k.name]})
	}
	slices.SortFunc(all, func(a, b ChiselPackage) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}

// chiselLine is a line of the manifest: of a package, or of a path with the slices that brought it.
type chiselLine struct {
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Arch    string   `json:"arch"`
	Path    string   `json:"path"`
	Slices  []string `json:"slices"` // PACKAGE_SLICE
	SHA256  string   `json:"sha256"`
	Final   string   `json:"final_sha256"` // after chisel's own scripts changed the file
}

// parseChisel lists the packages and the paths. Lines that cannot be read are passed over, as are paths whose slice is
// of no package that is listed.
// Lines look like
//
//	{"kind":"package","name":"bash","version":"5.2","arch":"amd64"}
//	{"kind":"path","path":"/usr/bin/bash","slices":["bash_bins"],"sha256":"…"}
func parseChisel(data []byte) *Database {
	db := &Database{Name: "chisel", File: chiselManifest}
	packages := map[string]chiselLine{}
	var paths []chiselLine
	layer.Lines(data, func(line string) {
		var l chiselLine
		if json.Unmarshal([]byte(line), &l) != nil {
			return
		}
		switch {
		case l.Kind == "package" && l.Name != "" && len(packages) < MaxDatabaseFiles:
			packages[l.Name] = l
		case l.Kind == "path" && strings.HasPrefix(l.Path, "/") && len(paths) <= MaxClaims:
			paths = append(paths, l)
		}
	})
	for _, p := range packages {
		db.install(packageKey{p.Name, p.Version, p.Arch}, true)
	}
	for _, l := range paths {
		at := slices.IndexFunc(l.Slices, func(s string) bool { return packages[sliceOwner(s)].Name != "" })
		if at < 0 {
			continue
		}
		p := packages[sliceOwner(l.Slices[at])]
		c := Claim{Path: layer.CleanPath(l.Path), Package: p.Name, Version: p.Version, arch: p.Arch}
		if sum := cmp.Or(l.Final, l.SHA256); isHex(sum, 64) {
			c.Sum = "sha256:" + strings.ToLower(sum)
		}
		db.claims = append(db.claims, c)
	}
	return db
}

// sliceOwner names the package of a slice; a package's name has no underscore.
func sliceOwner(slice string) string {
	name, _, _ := strings.Cut(slice, "_")
	return name
}
