package audit_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
)

// hostile are names that a cluster, a registry or a certificate could hold, each of which means something to a program
// that reads a report: a spreadsheet, a browser, a terminal, Prometheus, GitHub.
var hostile = []string{
	"=HYPERLINK(\"http://evil.example\",\"ok\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1",
	"</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "&lt;b&gt;", "[a](http://evil.example)",
	"![a](http://evil.example/x.png)", "www.evil.example", "https://evil.example", "| a | b |", "`code`", "# heading",
	"a\"} 1\nbacktrail_workload_blocked{x=\"", "a\\", "a\n---\nkind: Secret", "\x1b[31mred\x1b[0m", "\u202egnp.exe",
	"a\u200bb", "\xff\xfe", "{{.}}", "key: value", "- item", "* item", "", strings.Repeat("長", 300),
}

// hostileReport has every one of the names in every text of a row, a change and a gap.
func hostileReport() *audit.Report {
	r := &audit.Report{Schema: audit.Schema, Scope: audit.Scope{Depth: audit.Identity}}
	moved := true
	for n, h := range hostile {
		r.Scope.Contexts = append(r.Scope.Contexts, h)
		r.Rows = append(r.Rows, audit.Row{
			Cluster: h, Namespace: h, Workload: "deployment/" + h, Container: h,
			Reference: h, Digest: h, Injected: &moved, Base: audit.Base{Name: h, Distribution: h}, TagMoved: &moved,
			TagMeans: h, Signer: h, Signature: inspect.Verified, Provenance: inspect.Failed, Source: h, KnownGood: h,
			SBOM: inspect.Absent, Advisories: []string{h}, Admission: inspect.GateRefused, Allowed: audit.No,
			State: audit.Done, Reason: h, Type: h, Pods: n, Platform: h, Level: audit.Block, Crossed: []string{h},
		})
		r.Changes = append(r.Changes, audit.Change{
			Kind: audit.ChangedSigner, Namespace: h, Workload: h, Container: h,
			From: h, To: h,
		})
		r.NotLookedAt = append(r.NotLookedAt, audit.Gap{What: h, Reason: h})
		r.Data = append(r.Data, audit.Data{Source: h, Digest: h})
	}
	r.Books = audit.Books{Listed: len(r.Rows), Done: len(r.Rows)}
	return r
}

// forms are the outputs of a report by name.
func forms(r *audit.Report) map[string]func(*bytes.Buffer) error {
	return map[string]func(*bytes.Buffer) error{
		"table":        func(b *bytes.Buffer) error { return r.Table(b, audit.Style{Width: 100}) },
		"wide":         func(b *bytes.Buffer) error { return r.Table(b, audit.Style{Wide: true}) },
		"csv":          func(b *bytes.Buffer) error { return r.CSV(b) },
		"sarif":        func(b *bytes.Buffer) error { return r.SARIF(b, "1") },
		"markdown":     func(b *bytes.Buffer) error { return r.Markdown(b, audit.Style{}) },
		"html":         func(b *bytes.Buffer) error { return r.HTML(b, audit.Style{}) },
		"openmetrics":  func(b *bytes.Buffer) error { return r.OpenMetrics(b) },
		"policyreport": func(b *bytes.Buffer) error { return r.PolicyReports(b) },
	}
}

func TestNoFormDrawsOnATerminal(t *testing.T) {
	for name, write := range forms(hostileReport()) {
		for _, c := range written(t, write) {
			if c != '\n' && !(c == '\t' && name == "html") && (unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Cf, c)) || c == unicode.ReplacementChar {
				t.Errorf("%s: %U is written as it is", name, c)
				break
			}
		}
	}
}

func TestEveryCellOfACSVIsInert(t *testing.T) {
	records, err := csv.NewReader(strings.NewReader(written(t, forms(hostileReport())["csv"]))).ReadAll()
	if err != nil || len(records) != len(hostile)+1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, record := range records[1:] {
		for n, cell := range record {
			if start := strings.TrimLeft(cell, " "); start != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(start)[0]) {
				t.Errorf("%s: %q is computed", records[0][n], cell)
			}
		}
	}
}

// sampleLine is a sample of OpenMetrics: a name, labels whose values escape quotes and backslashes, and a number.
var sampleLine = regexp.MustCompile(`^[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? \d+$`)

func TestOpenMetricsIsWellFormedAndHasNoSampleTwice(t *testing.T) {
	r := hostileReport()
	r.Rows = append(r.Rows, r.Rows[0], r.Rows[0]) // two rows that differ in nothing a label has
	got := written(t, forms(r)["openmetrics"])
	seen, family := map[string]bool{}, ""
	for line := range strings.Lines(strings.TrimSuffix(got, "# EOF\n")) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			family, _, _ = strings.Cut(rest, " ")
			continue
		}
		if strings.HasPrefix(line, "# HELP "+family+" ") {
			continue
		}
		if !sampleLine.MatchString(line) || !strings.HasPrefix(line, family) {
			t.Errorf("no sample of %s: %q", family, line)
			continue
		}
		if labels := line[:strings.LastIndexByte(line, ' ')]; seen[labels] {
			t.Errorf("twice, and Prometheus refuses all of it: %s", labels)
		} else {
			seen[labels] = true
		}
	}
	if !strings.HasSuffix(got, "# EOF\n") || strings.Count(got, "# EOF") != 1 {
		t.Error("it has no end, or more than one")
	}
}

func TestYAMLAndJSONKeepTheirShape(t *testing.T) {
	r := hostileReport()
	for n, document := range strings.Split(written(t, forms(r)["policyreport"]), "---\n")[1:] {
		var p struct {
			Kind    string
			Results []struct{ Result string }
		}
		if err := yaml.UnmarshalStrict([]byte(document), &map[string]any{}); err != nil {
			t.Fatalf("document %d: %v", n, err)
		}
		must(t, yaml.Unmarshal([]byte(document), &p))
		if p.Kind != "PolicyReport" || len(p.Results) == 0 || p.Results[0].Result != "fail" {
			t.Errorf("document %d: %+v", n, p)
		}
	}
	var log struct {
		Runs []struct {
			Results []struct {
				Locations    []any
				Fingerprints map[string]string `json:"partialFingerprints"`
			}
		}
	}
	must(t, json.Unmarshal([]byte(written(t, forms(r)["sarif"])), &log))
	prints := map[string]bool{}
	for _, one := range log.Runs[0].Results {
		if len(one.Locations) != 1 || one.Fingerprints["backtrail/v1"] == "" {
			t.Errorf("a result without a place or a fingerprint: %+v", one)
		}
		prints[one.Fingerprints["backtrail/v1"]] = true
	}
	if len(prints) != len(log.Runs[0].Results) {
		t.Errorf("%d fingerprints of %d results", len(prints), len(log.Runs[0].Results))
	}
}

func TestMarkdownShowsForeignTextAsItIs(t *testing.T) {
	got := written(t, forms(hostileReport())["markdown"])
	for _, markup := range []string{"://", "www.", "<script", "<img", "](", "![", "&lt;", "\n# heading", "\n- item"} {
		at := strings.Index(got, markup)
		if at >= 0 && !(at > 0 && got[at-1] == '\\') {
			t.Errorf("%q is markup: %q", markup, got[max(0, at-20):min(len(got), at+40)])
		}
	}
	table := got[strings.Index(got, "\n| ")+1 : strings.Index(got, "## Why")]
	columns := 0
	for line := range strings.Lines(strings.TrimSpace(table)) {
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns == 0 {
			columns = n
		}
		if n != columns {
			t.Errorf("a line of %d cells in a table of %d: %.80s", n, columns, line)
		}
	}
}

func TestPageHasNoElementOfForeignText(t *testing.T) {
	got := written(t, forms(hostileReport())["html"])
	for _, element := range []string{"<img", "<script>alert", "onerror=alert(1)>"} {
		if strings.Contains(got, element) {
			t.Errorf("%q stands in the page", element)
		}
	}
	if n := strings.Count(got, "<script"); n != 1 {
		t.Errorf("%d scripts", n)
	}
}

// A container that policies refuse and a waiver lets go on is no pass: the sign, the reason and each form show that it
// would not be let in.
func TestAWaivedRefusalIsNoPass(t *testing.T) {
	for name, level := range map[string]audit.Level{"waived": audit.Log, "with a deadline": audit.Warn} {
		t.Run(name, func(t *testing.T) {
			r := &audit.Report{Rows: []audit.Row{{
				Namespace: "shop", Workload: "deployment/web", Container: "app",
				Reference: "reg.example/web:1", State: audit.Done, Allowed: audit.No, Level: level, Reason: "p: unsigned",
				Crossed: []string{"policies would not let it in: p: unsigned (waived by ops)"},
			}}}
			outputs := forms(r)
			if got := written(t, outputs["policyreport"]); !strings.Contains(got, "result: warn") ||
				strings.Contains(got, "would let it in") {
				t.Errorf("policy report\n%s", got)
			}
			if got := written(t, outputs["sarif"]); !strings.Contains(got, `"ruleId": "not-allowed"`) ||
				strings.Contains(got, `"level": "error"`) {
				t.Errorf("SARIF\n%s", got)
			}
			for _, form := range []string{"table", "markdown"} {
				if got := written(t, outputs[form]); !strings.Contains(got, "waived by ops") {
					t.Errorf("%s gives no reason:\n%s", form, got)
				}
			}
		})
	}
}

func TestFormsOfAnEmptyReport(t *testing.T) {
	for name, write := range forms(&audit.Report{}) {
		got := written(t, write)
		switch name {
		case "table", "wide":
			if !strings.HasPrefix(got, "no running containers\n") {
				t.Errorf("%s: %q", name, got)
			}
		case "sarif":
			if !strings.Contains(got, `"results": []`) {
				t.Errorf("%s: a list is null: %s", name, got)
			}
		case "csv":
			if strings.Count(got, "\n") != 1 {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}

// full is a disk without room: every form hands its error on.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, fmt.Errorf("no space left on device") }

func TestAFullDiskIsAnError(t *testing.T) {
	r := sample()
	for name, err := range map[string]error{
		"table": r.Table(full{}, audit.Style{}), "csv": r.CSV(full{}), "sarif": r.SARIF(full{}, "1"),
		"markdown": r.Markdown(full{}, audit.Style{}), "html": r.HTML(full{}, audit.Style{}),
		"openmetrics": r.OpenMetrics(full{}), "policyreport": r.PolicyReports(full{}),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "writing ") || !strings.Contains(err.Error(), "no space") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever names there are, no line of the table is wider than the terminal, nothing of a text is lost, and what goes
// into a pipe is one line for each item.
func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	r := hostileReport()
	r.NotLookedAt = append(r.NotLookedAt, audit.Gap{What: "layers", Reason: strings.Repeat("a long reason ", 40) + strings.Repeat("x", 300)})
	for _, columns := range []int{72, 80, 120} {
		got := written(t, func(b *bytes.Buffer) error { return r.Table(b, audit.Style{Width: columns}) })
		for line := range strings.Lines(got) {
			if n := ansi.StringWidth(strings.TrimSuffix(line, "\n")); n > columns {
				t.Errorf("%d columns in a terminal of %d: %.60q", n, columns, line)
			}
		}
		if n := strings.Count(strings.Join(strings.Fields(got), " "), "a long reason"); n < 35 {
			t.Errorf("the reason stands %d times", n)
		}
		if strings.Count(got, "x") < 300 {
			t.Error("a long word is cut, not broken")
		}
	}
	piped := written(t, func(b *bytes.Buffer) error { return r.Table(b, audit.Style{}) })
	if !strings.Contains(piped, "  layers: "+strings.Repeat("a long reason ", 40)+strings.Repeat("x", 300)+"\n") {
		t.Error("a line is broken that nobody reads on a terminal")
	}
}
