package files

import (
	"bytes"
	"context"
	"encoding/json"
	"path"
	"strings"
)

// condaMeta is the directory of a conda environment that holds a file for each package.
const condaMeta = "conda-meta"

// prefixes are the roots of environments.
type prefixes []string

// of finds the environment that a path lies in, "" for none.
func (all prefixes) of(p string) string {
	found := ""
	for _, prefix := range all {
		if within(p, prefix) && len(prefix) > len(found) {
			found = prefix
		}
	}
	return found
}

func (t *Tree) condaPrefixes() prefixes {
	var all prefixes
	for n := range t.All() {
		if path.Base(n.Path) == condaMeta && len(all) < MaxRows {
			all = append(all, path.Dir(n.Path))
		}
	}
	return all
}

// condaPackage is the part of a file of conda-meta that is read here.
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
// (https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html).
func readConda(ctx context.Context, t *Tree) (*database, error) {
	db := &database{name: "conda", language: true}
	for _, prefix := range t.condaPrefixes() {
		dir := join(prefix, condaMeta)
		for name := range t.list(dir) {
			if path.Ext(name) != ".json" || len(db.claims) > MaxClaims {
				continue
			}
			data, err := t.readSmall(ctx, join(dir, name))
			if err != nil {
				return nil, err
			}
			db.packages++
			db.claims = append(db.claims, parseConda(data, prefix)...)
		}
		db.file = dir
	}
	if db.packages == 0 {
		return nil, nil
	}
	return db, nil
}

// parseConda lists the files of a package. It counts only for what lies in its environment.
func parseConda(data []byte, prefix string) []claim {
	var p condaPackage
	if json.NewDecoder(bytes.NewReader(data)).Decode(&p) != nil || p.Name == "" {
		return nil
	}
	var claims []claim
	add := func(name, sum string) {
		c := claim{path: path.Join(prefix, name), owner: "conda " + p.Name, version: p.Version}
		if isHex(sum, 64) {
			c.sum = "sha256:" + strings.ToLower(sum)
		}
		if within(c.path, prefix) && !systemProgram(c.path) {
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
