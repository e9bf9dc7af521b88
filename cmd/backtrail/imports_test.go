package main

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/backtrail/backtrail/"

// check is what every package of a check may import.
var check = []string{"inspect", "inspect/engine", "inspect/redact", "inspect/text", "registry", "kube"}

// allowed lists the packages of ours that a package may import beside the rules: imports only go down.
var allowed = map[string][]string{
	"registry":               {},
	"kube":                   {},
	"inspect":                {"inspect/text"},
	"inspect/text":           {},
	"inspect/redact":         {},
	"inspect/ledger":         {"inspect", "inspect/redact", "inspect/text", "inspect/verdict"},
	"inspect/engine":         {"inspect", "inspect/text", "inspect/ledger"},
	"inspect/verdict":        {"inspect/threshold", "inspect", "inspect/text"},
	"inspect/respond":        {"inspect", "inspect/text", "inspect/verdict"},
	"inspect/alert":          check,
	"inspect/triage":         append([]string{"inspect/alert"}, check...),
	"inspect/answer":         {"inspect", "inspect/engine", "inspect/text", "inspect/respond"},
	"inspect/cluster":        check,
	"inspect/layer":          append([]string{"inspect/memo"}, check...),
	"inspect/memo":           {},
	"inspect/journal":        {"inspect", "inspect/text", "registry"},
	"inspect/where":          {"inspect", "inspect/advisory", "inspect/journal", "inspect/text"},
	"inspect/owner":          append([]string{"inspect/layer", "inspect/memo"}, check...),
	"inspect/command":        {},
	"inspect/settings":       {},
	"inspect/content":        {},
	"inspect/elfread":        {},
	"inspect/binary":         append([]string{"inspect/command", "inspect/layer", "inspect/owner", "inspect/autorun", "inspect/content", "inspect/elfread"}, check...),
	"inspect/advisory":       append([]string{"inspect/layer", "inspect/sbom"}, check...),
	"inspect/lock":           append([]string{"inspect/layer"}, check...),
	"inspect/autorun":        append([]string{"inspect/layer", "inspect/owner", "inspect/content"}, check...),
	"inspect/evidence":       append([]string{"inspect/threshold", "inspect/evidence/bagit", "inspect/evidence/seal", "inspect/report", "inspect/ledger", "inspect/verdict"}, check...),
	"inspect/policy":         check,
	"inspect/evidence/bagit": {"inspect", "inspect/text"},
	"inspect/provenance":     append([]string{"inspect/signature"}, check...),
	"inspect/report":         {"inspect/threshold", "inspect/headline", "inspect", "inspect/text", "inspect/verdict", "inspect/respond"},
	"inspect/headline":       {"inspect", "inspect/text", "inspect/verdict", "inspect/respond"},
	"inspect/threshold":      {"inspect", "inspect/text"},
	"inspect/vuln":           append([]string{"inspect/memo", "inspect/sbom", "inspect/threshold"}, check...),
	"inspect/vuln/vulntest":  {},
	"inspect/audit":          append([]string{"inspect/journal", "inspect/threshold", "inspect/layer", "inspect/subject"}, check...),
	"inspect/auditbag":       {"inspect", "inspect/audit", "inspect/evidence", "inspect/evidence/bagit", "inspect/policy", "inspect/text", "inspect/threshold"},
	// over evidence, and knows nothing of it
	"inspect/evidence/seal":          {"inspect/text"},
	"inspect/evidence/seal/sealtest": {},
	// owner: the rpm databases that syft reads are looked through before, since its library trusts them
	"inspect/sbom":            append([]string{"inspect/layer", "inspect/owner"}, check...),
	"inspect/signature":       append([]string{"inspect/trustroot"}, check...),
	"inspect/trustroot":       {},
	"inspect/subject":         check,
	"inspect/recompute":       nil,   // it composes the checks, as the program does
	"inspect/demo":            nil,   // what it needs, but not the program
	"inspect/layer/layertest": check, // what tests are made of
	"inspect/inspecttest":     {"inspect"},
	"cmd/backtrail":           nil,                         // everything
	"tui/widget":              {"inspect", "inspect/text"}, // for Clean only
	"tui/fleet":               append([]string{"inspect/audit", "inspect/where"}, screens...),
}

// screens are the packages of the terminal UI: they know the case and no source of it.
var screens = []string{
	"inspect", "inspect/headline", "inspect/text", "inspect/engine", "inspect/threshold",
	"inspect/verdict", "inspect/respond", "inspect/elfread",
}

// mayImport lists what a package may import; known is false for one that is not in the plan.
func mayImport(dir string) (may []string, known bool) {
	may, known = allowed[dir]
	if !known && (dir == "tui" || strings.HasPrefix(dir, "tui/")) {
		return screens, true
	}
	return may, known
}

func TestImportsOnlyGoDown(t *testing.T) {
	for _, dir := range packageDirs(t) {
		pkg, err := build.ImportDir(filepath.Join("../..", dir), 0)
		if err != nil {
			t.Fatal(err)
		}
		may, known := mayImport(dir)
		if !known {
			t.Errorf("package %s is not in the plan: add it to allowed, and to CONTRIBUTING.md", dir)
			continue
		}
		for _, path := range pkg.Imports {
			ours, is := strings.CutPrefix(path, module)
			switch {
			case !is && dir == "inspect" && strings.Contains(path, "."):
				t.Errorf("inspect imports %s: it may import the standard library only", path)
			case is && strings.HasPrefix(dir, "tui") && strings.HasPrefix(ours, "tui/"):
			case is && may != nil && !slices.Contains(may, ours):
				t.Errorf("%s imports %s: imports only go down, see CONTRIBUTING.md", dir, ours)
			}
		}
	}
}

// A package that CONTRIBUTING.md does not describe is one that the next maintainer does not find.
func TestEveryPackageStandsInTheGuide(t *testing.T) {
	guide, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range packageDirs(t) {
		if !strings.Contains(string(guide), "`"+dir+"`") {
			t.Errorf("CONTRIBUTING.md does not list %s", dir)
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
	"CHANGELOG.md", "Makefile", "packaging",
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
