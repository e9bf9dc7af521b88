package audit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
)

// sample is a report with a row of each kind, and names that would draw on a screen or run in a page.
func sample() *audit.Report {
	yes, no := true, false
	digest := "sha256:" + strings.Repeat("ab", 32)
	return &audit.Report{
		Schema: audit.Schema,
		Scope:  audit.Scope{Contexts: []string{"prod"}, Depth: audit.Identity},
		Rows: []audit.Row{
			{
				Cluster: "prod", Namespace: "shop", Workload: "deployment/web", Container: "web", Reference: "reg.example/web:1",
				Digest: digest, Injected: &no, TagMoved: &no, Signature: inspect.Verified, Signer: "ci@shop.example",
				Provenance: inspect.Verified, SBOM: inspect.Absent, Admission: inspect.GatePassed, Allowed: audit.Yes,
				State: audit.Done, Type: "container", Pods: 3,
				Base: audit.Base{Distribution: "debian 10 (os-release)", EndOfLife: day("2024-06-30")},
			},
			{
				Cluster: "prod", Namespace: "shop", Workload: "deployment/web", Container: "proxy", Reference: "=cmd|x\x1b[31m",
				Injected: &yes, TagMoved: &yes, TagMeans: digest, Signature: inspect.Absent, Provenance: inspect.Absent,
				Allowed: audit.No, Admission: inspect.GateRefused, State: audit.Done, Level: audit.Block,
				Reason: "<script>alert(1)</script>", Crossed: []string{"<script>alert(1)</script> [a](b)"},
				Advisories: []string{"MAL-2026-1"},
			},
			{
				Cluster: "prod", Namespace: "ops", Workload: "cronjob/backup", Container: "run", Reference: "reg.example/b:1",
				Allowed: audit.Unknown, Signature: inspect.Unknown, Provenance: inspect.Unknown, SBOM: inspect.Unknown,
				State: audit.NotChecked, Reason: "reg.example refuses access (401)",
			},
		},
		Changes:     []audit.Change{{Kind: audit.MovedTag, Namespace: "shop", Workload: "deployment/web", Container: "proxy", From: digest, To: digest}},
		NotLookedAt: []audit.Gap{{What: "layers", Reason: "depth identity"}},
		Books:       audit.Books{Listed: 3, Done: 2, NotChecked: 1},
	}
}

func day(text string) inspect.Time {
	t, _ := time.Parse(time.DateOnly, text)
	return inspect.At(t)
}

func written(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	must(t, write(&b))
	return b.String()
}

func TestTableFitsTheWidth(t *testing.T) {
	now := day("2026-03-01").Time
	for _, columns := range []int{80, 100, 140, 0} {
		got := written(t, func(b *bytes.Buffer) error {
			return sample().Table(b, audit.Style{Width: columns, Now: now})
		})
		for line := range strings.Lines(got) {
			if n := len([]rune(strings.TrimSpace(line))); columns > 0 && n > columns {
				t.Errorf("a line of %d columns in a terminal of %d: %s", n, columns, line)
			}
		}
		if strings.Contains(got, "\x1b") {
			t.Error("foreign text draws on the terminal")
		}
	}
	got := written(t, func(b *bytes.Buffer) error { return sample().Table(b, audit.Style{Now: now}) })
	for _, want := range []string{
		"debian 10, end of life 2024-06-30", "proxy (injected)", "moved", "verified: ci@shop.example",
		"not checked: reg.example refuses access (401)", "listed 3 = done 2", "its tag means sha256:abababababab",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestCSVIsInertInASpreadsheet(t *testing.T) {
	got := written(t, func(b *bytes.Buffer) error { return sample().CSV(b) })
	records, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil || len(records) != 4 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	at := func(row int, column string) string {
		for n, name := range records[0] {
			if name == column {
				return records[row][n]
			}
		}
		t.Fatalf("no column %s", column)
		return ""
	}
	if v := at(2, "reference"); !strings.HasPrefix(v, "'=") || strings.Contains(v, "\x1b") {
		t.Errorf("reference %q", v)
	}
	if at(1, "vulnerabilities block") != "" || at(3, "injected") != "unknown" || at(2, "injected") != "yes" {
		t.Error("what is not known has a value")
	}
}

func TestPageNeedsNoNetworkAndRunsNoForeignText(t *testing.T) {
	got := written(t, func(b *bytes.Buffer) error { return sample().HTML(b, audit.Style{Now: day("2026-03-01").Time}) })
	if strings.Contains(got, "<script>alert") || !strings.Contains(got, "&lt;script&gt;alert") {
		t.Error("foreign text is not escaped")
	}
	if found := regexp.MustCompile(`(?i)(src|href)\s*=|url\(|@import|https?://`).FindString(got); found != "" {
		t.Errorf("the page may ask the network: %s", found)
	}
	for _, tag := range []string{"script", "style"} {
		m := regexp.MustCompile(`(?s)<` + tag + `>(.*?)</` + tag + `>`).FindStringSubmatch(got)
		if m == nil {
			t.Fatalf("no %s", tag)
		}
		sum := sha256.Sum256([]byte(m[1]))
		hash := "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
		if !strings.Contains(got, hash) && !strings.Contains(strings.ReplaceAll(got, "&#43;", "+"), hash) {
			t.Errorf("the policy does not allow the page's own %s", tag)
		}
	}
	for _, want := range []string{"default-src", "prefers-color-scheme: dark", "@media print", "MAL-2026-1"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in the page", want)
		}
	}
}

func TestMarkdownMakesNoMarkup(t *testing.T) {
	got := written(t, func(b *bytes.Buffer) error { return sample().Markdown(b, audit.Style{}) })
	for _, bad := range []string{"<script>", " [a](b)"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is markup in\n%s", bad, got)
		}
	}
	if !strings.Contains(got, "| deployment/web | web |") || !strings.Contains(got, "## Not looked at") {
		t.Errorf("got\n%s", got)
	}
}

func TestOpenMetricsHasNoSampleForWhatIsNotKnown(t *testing.T) {
	got := written(t, func(b *bytes.Buffer) error { return sample().OpenMetrics(b) })
	for _, want := range []string{
		"backtrail_audit_containers{state=\"not-checked\"} 1\n", "backtrail_audit_balanced 1\n",
		"backtrail_audit_allowed{allowed=\"no\"} 1\n", "\n# EOF\n",
		`backtrail_workload_blocked{namespace="shop",workload="deployment/web",container="proxy"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "backtrail_workload_signed") && strings.Contains(line, "cronjob") ||
			strings.HasPrefix(line, "backtrail_workload_vuln") {
			t.Errorf("a sample for what is not known: %s", line)
		}
	}
}

func TestSARIFAndPolicyReports(t *testing.T) {
	var log struct {
		Version string
		Runs    []struct {
			Results []struct{ RuleID, Level string }
		}
	}
	must(t, json.Unmarshal([]byte(written(t, func(b *bytes.Buffer) error { return sample().SARIF(b, "1") })), &log))
	levels := map[string]string{}
	for _, r := range log.Runs[0].Results {
		levels[r.RuleID] = r.Level
	}
	want := map[string]string{
		"known-compromise": "error", "not-allowed": "error", "moved-tag": "note",
		"injected-container": "note", "not-checked": "note",
	}
	for rule, level := range want {
		if levels[rule] != level {
			t.Errorf("%s is %q, want %q", rule, levels[rule], level)
		}
	}

	got := written(t, func(b *bytes.Buffer) error { return sample().PolicyReports(b) })
	documents := strings.Split(got, "---\n")[1:]
	if len(documents) != 2 {
		t.Fatalf("%d documents for 2 namespaces", len(documents))
	}
	var shop struct {
		Kind    string
		Summary struct{ Pass, Fail, Error int }
	}
	must(t, yaml.Unmarshal([]byte(documents[0]), &shop))
	if shop.Kind != "PolicyReport" || shop.Summary.Pass != 1 || shop.Summary.Fail != 1 {
		t.Errorf("got %+v", shop)
	}
}
