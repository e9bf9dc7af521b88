package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/registry"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect/answer"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/kube"
)

// The answers name the checks that they wait for by their names: each of them is there, and the plan can be run.
func TestTheAnswersWaitForChecksThatAreThere(t *testing.T) {
	s, err := newSession(&flags{cache: t.TempDir(), offline: true}, streams{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.checkpoint = &layer.Checkpoint{}
	cluster, err := kube.ParseSnapshot("x", []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"}}`))
	if err != nil {
		t.Fatal(err)
	}
	checks := s.checks(subject.Options{Client: s.client, Cluster: cluster, Pod: &corev1.Pod{}, Choice: s.choice})
	if _, err := engine.NewSource(engine.Plan{Checks: checks}); err != nil {
		t.Fatal(err)
	}
	names := []string{inspect.CheckWatch} // runs beside the plan, for as long as the case is open
	for _, check := range checks {
		names = append(names, check.Name)
		for _, name := range check.Needs {
			if !slices.Contains(inspect.CheckNames, name) {
				t.Errorf("%s needs %q, which is no check", check.Name, name)
			}
		}
	}
	for _, name := range inspect.CheckNames {
		if !slices.Contains(names, name) {
			t.Errorf("%q is named as a check, and no check of a pod has the name", name)
		}
	}
	for _, name := range names {
		if !slices.Contains(inspect.CheckNames, name) {
			t.Errorf("check %q is missing in inspect.CheckNames", name)
		}
	}
	last := checks[len(checks)-1]
	if last.Name != inspect.CheckAnswers || !last.Follows {
		t.Fatalf("the last check is %s", last.Name)
	}
	for _, name := range answer.Needs() {
		if !slices.Contains(last.Needs, name) {
			t.Errorf("the answers need %q, and no check has that name", name)
		}
	}
}

// A part that does not hold has its problem as the reason of the image or layer: each is one of the reasons.
func TestProblemsOfPartsAreReasons(t *testing.T) {
	for problem, reason := range map[registry.Problem]string{
		registry.ProblemDigest: inspect.ReasonDigestMismatch, registry.ProblemSize: inspect.ReasonSizeMismatch,
		registry.ProblemMissing: inspect.ReasonMissingBlob, registry.ProblemMalformed: inspect.ReasonMalformed,
		registry.ProblemLimit: inspect.ReasonLimit, registry.ProblemLayerCount: inspect.ReasonLayerCountMismatch,
		registry.ProblemForm: inspect.ReasonUnsupported,
	} {
		if string(problem) != reason {
			t.Errorf("problem %q has reason %q", problem, reason)
		}
	}
}

// Signs of contents become codes of rows; package content imports nothing of ours.
func TestSignsAreCodes(t *testing.T) {
	for sign, code := range map[content.Sign]string{
		content.RunsDownload: inspect.CodeRunsDownload, content.Mines: inspect.CodeMinerString,
	} {
		if string(sign) != code {
			t.Errorf("sign %q has code %q", sign, code)
		}
	}
}

// Codes, reasons and names of checks are written once, in inspect/codes.go. A literal elsewhere could be misspelt, and
// what compares it would silently never match.
func TestCodesAreWrittenOnce(t *testing.T) {
	// Roles of images, types of packages, kinds of evidence and of gates have some of the same words.
	words := []string{"known-good", "go-module", "helm-release", "static-pod"}
	coded := map[string]string{} // value to name; those of one word are words of other things too
	codes := parseFile(t, "../../inspect/codes.go")
	for _, decl := range codes.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, spec := range decl.Specs {
			spec := spec.(*ast.ValueSpec)
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			name := spec.Names[0].Name
			kind := strings.TrimRight(name[:strings.IndexFunc(name[1:], unicode.IsUpper)+1], "s")
			if other := coded[kind+value]; other != "" {
				t.Errorf("%s and %s are both %q", other, name, value)
			}
			coded[kind+value] = name
			if strings.Contains(value, "-") && !slices.Contains(words, value) {
				coded[value] = name
			}
		}
	}
	if len(coded) < 200 {
		t.Fatalf("only %d codes were read", len(coded))
	}
	for _, root := range []string{"../../inspect", "../../tui", "../../cmd"} {
		err := filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") ||
				strings.HasSuffix(p, "inspect/codes.go") || strings.HasSuffix(p, "content/scan.go") {
				return err
			}
			ast.Inspect(parseFile(t, p), func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if value, err := strconv.Unquote(lit.Value); err == nil && coded[value] != "" {
						t.Errorf("%s: %s is inspect.%s", p, lit.Value, coded[value])
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func parseFile(t *testing.T, p string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
