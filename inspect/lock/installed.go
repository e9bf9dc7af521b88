package lock

import (
	"context"
	"encoding/json"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// maxManifest bounds a package.json, in bytes; maxModules the folders of node_modules that are walked.
const (
	maxManifest = 1 << 20
	maxModules  = 200_000
)

// installed is a package as it lies in the tree.
type installed struct {
	name, version string
	path          string // of its manifest
	layer         int
}

// tree is the merged tree of an image with the packages that were found in it. It is used by one goroutine.
type tree struct {
	*layer.Tree
	ctx      context.Context // of the check: the comparisons have none
	byPath   map[string]installed
	byName   map[string][]installed // by ecosystem and name
	manifest map[string]manifest    // by path, those that were read
}

// ecosystems are syft's types of packages by the ecosystems of locks.
var ecosystems = map[string]string{
	"npm": "npm", "python": "python", "gem": "gem", "php-composer": "composer",
	"go-module": "go",
}

// newTree indexes the packages of an image by place and by name. A package with several locations is one at each of
// them. Packages of other ecosystems than those of locks are left out.
func newTree(ctx context.Context, t *layer.Tree, packages []inspect.Package) *tree {
	all := &tree{
		Tree: t, ctx: ctx, byPath: map[string]installed{}, byName: map[string][]installed{},
		manifest: map[string]manifest{},
	}
	for _, p := range packages {
		eco, ok := ecosystems[p.Type]
		if !ok {
			continue
		}
		name := p.Name
		if eco == "python" {
			name = pythonName(name)
		}
		for _, at := range p.Locations {
			i := installed{name: name, version: p.Version, path: at, layer: p.Layer}
			if eco == "npm" {
				all.byPath[at] = i
			}
			all.byName[eco+" "+name] = append(all.byName[eco+" "+name], i)
		}
	}
	return all
}

// manifest is the part of a package.json that is compared.
type manifest struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Scripts map[string]string `json:"scripts"`
	there   bool
}

// installScripts run when a package is installed (docs.npmjs.com, "scripts").
var installScripts = []string{"preinstall", "install", "postinstall"}

// script returns the install script of the package in a folder; empty where it has none. A binding.gyp is built
// without one.
func (t *tree) script(dir string) string {
	m := t.read(dir)
	for _, name := range installScripts {
		if s := m.Scripts[name]; s != "" {
			return name + ": " + s
		}
	}
	if t.Get(dir+"/binding.gyp") != nil {
		return "install: node-gyp rebuild"
	}
	return ""
}

// read reads the package.json of a folder. What cannot be read is as if it were not there. Fields of the wrong type, as
// old packages have them, are as if they were missing; the others count. Results are kept, as several comparisons read
// one manifest.
func (t *tree) read(dir string) manifest {
	at := dir + "/package.json"
	if m, ok := t.manifest[at]; ok {
		return m
	}
	var m manifest
	if data, err := t.ReadFile(t.ctx, at, maxManifest); err == nil && data != nil {
		var loose struct {
			Name    any            `json:"name"`
			Version any            `json:"version"`
			Scripts map[string]any `json:"scripts"`
		}
		if json.Unmarshal(data, &loose) == nil {
			m.Name, _ = loose.Name.(string)
			m.Version, _ = loose.Version.(string)
			m.Scripts, m.there = map[string]string{}, true
			for name, s := range loose.Scripts {
				if text, ok := s.(string); ok {
					m.Scripts[name] = text
				}
			}
		}
	}
	t.manifest[at] = m
	return m
}

// at returns the npm package in a folder; ok is false where none is, and for a link. The catalog of the image goes
// first, as its version is the one that other checks show. Name and version of a package that the catalog does not have
// are those of its manifest, which an attacker may write.
func (t *tree) at(dir string) (installed, bool) {
	if p, ok := t.byPath[dir+"/package.json"]; ok {
		return p, true
	}
	n := t.Get(dir + "/package.json")
	if n == nil {
		return installed{}, false
	}
	m := t.read(dir)
	return installed{name: m.Name, version: m.Version, path: n.Path, layer: n.Layer}, m.there
}

// modules lists the folders of packages in a node_modules folder and in those below it, each by its place below root.
// Folders that begin with a dot are the package managers' own, and links lead to packages of a workspace. At most
// maxModules, and maxDepth deep. An attacker could nest node_modules without end, which maxDepth bounds.
func (t *tree) modules(root string) []string {
	var places []string
	var walk func(dir string, depth int)
	walk = func(dir string, depth int) {
		if depth > maxDepth || len(places) > maxModules {
			return
		}
		for _, n := range t.packagesIn(dir) {
			places = append(places, strings.TrimPrefix(n, root+"/"))
			walk(n+"/node_modules", depth+1)
		}
	}
	walk(layer.Join(root, "node_modules"), 0)
	return places
}

// packagesIn lists the folders of packages directly in a node_modules folder, scopes opened. Folders whose name begins
// with a dot are none of npm: .bin and .cache hold links and what tools keep. A scope without a package in it counts
// for nothing.
func (t *tree) packagesIn(dir string) []string {
	var list []string
	for _, n := range t.Children(dir) {
		base := path.Base(n.Path)
		switch {
		case n.Type != inspect.EntryDir || base[0] == '.':
		case base[0] == '@':
			for _, c := range t.Children(n.Path) {
				if c.Type == inspect.EntryDir {
					list = append(list, c.Path)
				}
			}
		default:
			list = append(list, n.Path)
		}
	}
	return list
}
