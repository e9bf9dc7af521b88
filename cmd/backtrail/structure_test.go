package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// The limits of the structure.
const (
	maxFiles    = 35  // of a package, without tests
	maxMethods  = 40  // of a type
	maxFunction = 60  // lines
	maxWidth    = 120 // columns

	minComments  = 0.12 // comment lines of all lines, over everything
	minTests     = 0.60 // lines of tests per line of code, over everything
	minAreaTests = 0.50 // the same in each of testedAreas

	tabWidth = 4
)

// testedAreas need tests of their own size; an area is a folder with all that is below it.
var testedAreas = []string{"inspect/report", "tui", "inspect/evidence", "inspect/answer", "inspect/policy", "cmd"}

// count is what is counted of one package.
type count struct {
	dir                    string
	files                  int
	code, comments, tests  int // lines; code includes comments and blank lines
	methods                int // of the type that has most
	largest                string
	longest, widest, above int // lines of the longest function, columns of the widest line, lines above maxWidth
}

func TestStructure(t *testing.T) {
	var counts []count
	var long []string
	for _, dir := range packageDirs(t) {
		c, tooLong := countPackage(t, dir)
		counts = append(counts, c)
		long = append(long, tooLong...)
	}
	t.Log("\n" + structureTable(counts))
	for _, c := range counts {
		limit(t, c.files <= maxFiles, "%s has %d files, at most %d", c.dir, c.files, maxFiles)
		limit(t, c.methods <= maxMethods, "%s.%s has %d methods, at most %d", c.dir, c.largest, c.methods, maxMethods)
		limit(t, c.above == 0, "%s has %d lines wider than %d columns", c.dir, c.above, maxWidth)
	}
	limit(t, len(long) == 0, "functions longer than %d lines: %s", maxFunction, strings.Join(long, ", "))

	all := sum("all", counts, func(string) bool { return true })
	limit(t, all.commentShare() >= minComments,
		"%.1f %% of the lines are comments, at least %.0f %%", 100*all.commentShare(), 100*minComments)
	limit(t, all.testShare() >= minTests,
		"%.2f lines of tests per line of code, at least %.2f", all.testShare(), minTests)
	for _, area := range testedAreas {
		c := sum(area, counts, func(dir string) bool { return dir == area || strings.HasPrefix(dir, area+"/") })
		limit(t, c.testShare() >= minAreaTests,
			"%s: %.2f lines of tests per line of code, at least %.2f", area, c.testShare(), minAreaTests)
	}
}

// limit fails the test where a limit is not met.
func limit(t *testing.T, met bool, format string, args ...any) {
	t.Helper()
	if !met {
		t.Errorf(format, args...)
	}
}

// countPackage counts the files of one folder, leaving out generated ones. tooLong names its functions of more than maxFunction lines.
func countPackage(t *testing.T, dir string) (c count, tooLong []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	c.dir = dir
	methods := map[string]int{}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, src, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case ast.IsGenerated(file):
		case strings.HasSuffix(path, "_test.go"):
			c.tests += bytes.Count(src, []byte("\n"))
		default:
			c.files++
			c.countLines(src)
			tooLong = append(tooLong, c.countFunctions(fset, file, methods)...)
		}
	}
	for name, n := range methods {
		if n > c.methods || n == c.methods && name < c.largest {
			c.methods, c.largest = n, name
		}
	}
	return c, tooLong
}

// countLines adds the lines of one file of code.
func (c *count) countLines(src []byte) {
	for line := range bytes.Lines(src) {
		text := strings.TrimRight(string(line), "\n")
		c.code++
		if strings.HasPrefix(strings.TrimSpace(text), "//") {
			c.comments++
		}
		width := columns(text)
		c.widest = max(c.widest, width)
		if width > maxWidth {
			c.above++
		}
	}
}

// countFunctions adds the functions of one file, counts the methods of each type, and names the functions that are too long.
func (c *count) countFunctions(fset *token.FileSet, file *ast.File, methods map[string]int) (tooLong []string) {
	for _, d := range file.Decls {
		f, is := d.(*ast.FuncDecl)
		if !is {
			continue
		}
		if f.Recv != nil {
			methods[receiver(f.Recv.List[0].Type)]++
		}
		lines := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1
		c.longest = max(c.longest, lines)
		if lines > maxFunction {
			tooLong = append(tooLong, fmt.Sprintf("%s.%s (%d)", c.dir, f.Name.Name, lines))
		}
	}
	return tooLong
}

// receiver is the name of the type of a receiver.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	}
	return "?"
}

// columns is the width of a line in which a tab goes to the next multiple of tabWidth.
func columns(line string) int {
	n := 0
	for _, r := range line {
		if r == '\t' {
			n += tabWidth - n%tabWidth
		} else {
			n++
		}
	}
	return n
}

// sum adds up the packages whose folders fit.
func sum(name string, counts []count, fits func(dir string) bool) count {
	total := count{dir: name}
	for _, c := range counts {
		if !fits(c.dir) {
			continue
		}
		total.files += c.files
		total.code += c.code
		total.comments += c.comments
		total.tests += c.tests
		total.above += c.above
		total.longest, total.widest = max(total.longest, c.longest), max(total.widest, c.widest)
		if c.methods > total.methods {
			total.methods, total.largest = c.methods, c.largest
		}
	}
	return total
}

func (c count) commentShare() float64 { return float64(c.comments) / float64(max(1, c.code)) }
func (c count) testShare() float64    { return float64(c.tests) / float64(max(1, c.code)) }

// structureTable is a row for each package, the largest first, and one for all of them.
func structureTable(counts []count) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "package\tfiles\tlines\tcomments\ttests/code\tmethods\tlongest func\twidest\t>120\t")
	sorted := slices.SortedFunc(slices.Values(counts), func(a, b count) int { return cmp.Compare(b.code, a.code) })
	for _, c := range append(sorted, sum("all", counts, func(string) bool { return true })) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.1f %%\t%.2f\t%s %d\t%d\t%d\t%d\t\n", c.dir, c.files, c.code, 100*c.commentShare(), c.testShare(),
			c.largest, c.methods, c.longest, c.widest, c.above)
	}
	w.Flush()
	return b.String()
}

func TestColumnsCountsTabsAsFour(t *testing.T) {
	for line, want := range map[string]int{"": 0, "\tx": 5, "ab\tx": 5, "päckchen": 8} {
		if got := columns(line); got != want {
			t.Errorf("columns(%q) = %d, want %d", line, got, want)
		}
	}
}
