package main

import (
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/backtrail/backtrail/"

// allowed says which of our own packages a package may import: imports only go down.
var allowed = map[string][]string{
	"registry":           {},
	"kube":               {},
	"inspect":            {},
	"tui":                {"inspect", "tui/widget"},
	"tui/widget":         {"inspect"}, // for Clean only
	"inspect/alert":      {"inspect", "registry", "kube"},
	"inspect/answer":     {"inspect"},
	"inspect/cluster":    {"inspect", "registry", "kube"},
	"inspect/evidence":   {"inspect", "registry", "kube", "inspect/report"},
	"inspect/files":      {"inspect", "registry", "kube"},
	"inspect/policy":     {"inspect", "registry", "kube"},
	"inspect/provenance": {"inspect", "registry", "kube", "inspect/signature"},
	"inspect/report":     {"inspect"},
	"inspect/sbom":       {"inspect", "registry", "kube", "inspect/files"},
	"inspect/signature":  {"inspect", "registry", "kube"},
	"inspect/subject":    {"inspect", "registry", "kube"},
	"inspect/triage":     {"inspect", "kube", "inspect/alert"},
	"inspect/demo":       nil, // what it needs, but not the program
	"cmd/backtrail":      nil, // everything
}

func TestImportsOnlyGoDown(t *testing.T) {
	for _, dir := range packageDirs(t) {
		pkg, err := build.ImportDir(filepath.Join("../..", dir), 0)
		if err != nil {
			t.Fatal(err)
		}
		may, known := allowed[dir]
		if !known {
			t.Errorf("package %s is not in the plan of the house: add it to allowed, and to CONTRIBUTING.md", dir)
			continue
		}
		for _, path := range pkg.Imports {
			ours, is := strings.CutPrefix(path, module)
			switch {
			case !is && dir == "inspect" && strings.Contains(path, "."):
				t.Errorf("inspect imports %s: it may import the standard library only", path)
			case is && may != nil && !slices.Contains(may, ours):
				t.Errorf("%s imports %s: imports only go down, see CONTRIBUTING.md", dir, ours)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, dir := range packageDirs(t) {
		pkg, err := build.ImportDir(filepath.Join("../..", dir), 0)
		if err != nil {
			t.Fatal(err)
		}
		if pkg.Doc == "" {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

// topLevel is all that may stand at the root of the project besides dotfiles.
var topLevel = []string{
	"cmd", "tui", "inspect", "kube", "registry", "testdata", "go.mod", "go.sum", "README.md", "LICENSE", "CONTRIBUTING.md", "SECURITY.md",
	"CHANGELOG.md", "Makefile",
}

func TestNothingElseAtTheTop(t *testing.T) {
	entries, err := filepath.Glob("../../*")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := filepath.Base(e)
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) && name != "bin" && name != "dist" {
			t.Errorf("%s stands at the top level", name)
		}
	}
}

// packageDirs lists the folders with Go files of this module, from its root.
func packageDirs(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		dir, err := filepath.Rel("../..", path)
		if err != nil {
			return err
		}
		if name := d.Name(); dir != "." && (name == "testdata" || strings.HasPrefix(name, ".") || name == "bin") {
			return filepath.SkipDir
		}
		if found, _ := filepath.Glob(filepath.Join(path, "*.go")); len(found) > 0 {
			dirs = append(dirs, filepath.ToSlash(dir))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}
