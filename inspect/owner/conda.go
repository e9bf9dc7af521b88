package owner

import (
	"bytes"
	"context"
	"encoding/json"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// condaMeta is the directory of a conda environment that holds a file for each package.
const condaMeta = "conda-meta"

// prefixes are the roots of environments.
type prefixes []string

// of finds the environment that a path lies in, "" for none.
func (all prefixes) of(p string) string {
	found := ""
	for _, prefix := range all {
		if layer.Within(p, prefix) && len(prefix) > len(found) {
			found = prefix
		}
	}
	return found
}

// condaPrefixes finds the environments by their conda-meta folders: an image may have several. The root directory and
// /usr are none: whoever makes such a folder there would claim the files of the whole system. The order is that of the
// tree, and of environments within each other the innermost counts for a path.
func condaPrefixes(t *layer.Tree) prefixes {
	var all prefixes
	for n := range t.All() {
		if path.Base(n.Path) != condaMeta || len(all) >= MaxEnvironments {
			continue
		}
		if prefix := path.Dir(n.Path); prefix != "/" && prefix != "/usr" {
			all = append(all, prefix)
		}
	}
	return all
}

// condaPackage is the part of a file of conda-meta that is read here. paths_data has digests; files is the plain list
// of older versions, and counts only without it.
type condaPackage struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Files   []string `json:"files"`
	Paths   struct {
		Paths []struct {
			Path     string `json:"_path"`
			SHA256   string `json:"sha256"`
			InPrefix string `json:"sha256_in_prefix"` // after the prefix was written into it
			Mark     string `json:"prefix_placeholder"`
		} `json:"paths"`
	} `json:"paths_data"`
}

// readConda reads conda-meta/*.json of each environment
// (https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html). Files of conda-meta that are no
// JSON, as its history, have no claims.
func readConda(ctx context.Context, t *layer.Tree) (*Database, error) {
	db := &Database{Name: "conda", Language: true}
	for _, prefix := range condaPrefixes(t) {
		dir := layer.Join(prefix, condaMeta)
		for name := range t.Files(dir, MaxDatabaseFiles) {
			if path.Ext(name) != ".json" || len(db.claims) > MaxClaims {
				continue
			}
			data, err := readSmall(ctx, t, layer.Join(dir, name))
			if err != nil {
				return nil, err
			}
			db.packages++
			db.claims = append(db.claims, parseConda(data, prefix)...)
		}
		db.File = dir
	}
	if db.packages == 0 {
		return nil, nil
	}
	return db, nil
}

// parseConda lists the files of a package. It counts only for what lies in its environment. A name may climb out of the
// environment; so may a list be dropped by anybody, so that programs of the system are left out even where they lie
// within it. Sums are sha256 of the file as it was installed, after the prefix was written into it where paths_data has
// sha256_in_prefix.
func parseConda(data []byte, prefix string) []Claim {
	var p condaPackage
	if json.NewDecoder(bytes.NewReader(data)).Decode(&p) != nil || p.Name == "" {
		return nil
	}
	var claims []Claim
	add := func(name, sum string) {
		c := Claim{Path: path.Join(prefix, name), Package: "conda " + p.Name, Version: p.Version}
		if isHex(sum, 64) {
			c.Sum = "sha256:" + strings.ToLower(sum)
		}
		if layer.Within(c.Path, prefix) && !SystemProgram(c.Path) {
			claims = append(claims, c)
		}
	}
	for _, f := range p.Paths.Paths {
		sum := f.InPrefix
		if sum == "" && f.Mark == "" {
			sum = f.SHA256
		}
		add(f.Path, sum)
	}
	if len(p.Paths.Paths) == 0 {
		for _, name := range p.Files {
			add(name, "")
		}
	}
	return claims
}
