package auditbag_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/auditbag"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// exported writes a bag into a new folder, with changes to the audit before.
func exported(t *testing.T, change func(a *audited)) string {
	t.Helper()
	a := newAudited(t)
	if change != nil {
		change(a)
	}
	path := filepath.Join(t.TempDir(), "bag")
	a.export(t, path)
	return path
}

// overwritten replaces a file of a bag, and makes its manifests anew.
func overwritten(t *testing.T, dir, name, content string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	reseal(t, dir)
}

func TestPartsThatCannotBeReadEndAsChecks(t *testing.T) {
	for name, part := range map[string]struct{ file, content, want string }{
		"a report of another form": {"data/audit.json", "[]", "cannot be read"},
		"a report that is empty":   {"data/audit.json", "", "cannot be read"},
		"a basis that breaks off":  {"data/basis.json", `{"schema": "back`, "cannot be read"},
		"a basis of nothing":       {"data/basis.json", `{}`, "another version wrote it"},
		"a count below zero":       {"data/listing.json", `{"skipped": -1}`, "out of bounds"},
		"no images":                {"data/images.jsonl", "", "has no line of it"},
		"one image too long":       {"data/images.jsonl", strings.Repeat("x", 64<<20+1), "cannot be read"},
		"an image without facts": {
			"data/images.jsonl", `{"unit":"x","facts":"../../etc/passwd"}`, "not named by a sha256",
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := exported(t, nil)
			overwritten(t, path, part.file, part.content)
			v := verified(t, path, program)
			if v.Status != inspect.Failed || !strings.Contains(failures(v), part.want) {
				t.Errorf("it is %s:\n%s", v.Status, failures(v))
			}
		})
	}
}

func TestChangesFollowFromTheEarlierReport(t *testing.T) {
	path := exported(t, func(a *audited) {
		a.content.Before = &audit.Report{Schema: audit.Schema, Rows: []audit.Row{{
			Cluster: "prod", Namespace: "shop", Workload: "deployment/old", Container: "app", Digest: "sha256:1",
			State: audit.Done,
		}}}
	})
	report, err := os.ReadFile(filepath.Join(path, "data/audit.json"))
	must(t, err)
	if !strings.Contains(string(report), "deployment/old") {
		t.Fatal("the workload that is gone is not among the changes")
	}
	if v := verified(t, path, program); v.Status != inspect.Verified {
		t.Fatalf("it is %s:\n%s", v.Status, failures(v))
	}
	before, err := os.ReadFile(filepath.Join(path, "data/before.json"))
	must(t, err)
	overwritten(t, path, "data/before.json", strings.ReplaceAll(string(before), "deployment/old", "deployment/web"))
	if v := verified(t, path, program); !strings.Contains(failures(v), "not those against the earlier report") {
		t.Errorf("it is %s:\n%s", v.Status, failures(v))
	}
	overwritten(t, path, "data/before.json", "no JSON")
	if v := verified(t, path, program); v.Status != inspect.Failed {
		t.Errorf("with an earlier report that cannot be read it is %s", v.Status)
	}
}

// Thresholds that are called the default are compared with those of the program.
func TestADefaultThatIsNoneFails(t *testing.T) {
	plain := func(a *audited) {
		a.content.Basis.Thresholds, a.known.Thresholds = threshold.Default(), threshold.Default()
	}
	if v := verified(t, exported(t, plain), program); v.Status != inspect.Verified {
		t.Fatalf("with the default it is %s:\n%s", v.Status, failures(v))
	}
	path := exported(t, func(a *audited) {
		plain(a)
		weak := threshold.Default()
		weak.Rules = nil
		a.content.Basis.Thresholds, a.known.Thresholds = weak, weak
	})
	v := verified(t, path, program)
	if v.Status != inspect.Failed || !strings.Contains(failures(v), "are not the default") {
		t.Errorf("without its rules it is %s:\n%s", v.Status, failures(v))
	}
}

func TestVulnerabilitiesOfDataThatTheReportDoesNotName(t *testing.T) {
	path := exported(t, func(a *audited) {
		older := a.known.Vulnerable
		a.known.Vulnerable = func(i inspect.Image) ([]inspect.Vuln, bool, error) {
			rows, ok, err := older(i)
			for n := range rows {
				rows[n].Data.Digest = "sha256:" + strings.Repeat("e", 64)
			}
			return rows, ok, err
		}
	})
	if v := verified(t, path, program); !strings.Contains(failures(v), "names data of") {
		t.Errorf("it is %s:\n%s", v.Status, failures(v))
	}
}

// What an auditor reads first has all that an audit is about: scope, data with its age, exceptions, and what is
// missing.
func TestTheReadmeNamesWhatTheAuditRestsOn(t *testing.T) {
	path := exported(t, nil)
	raw, err := os.ReadFile(filepath.Join(path, "README.txt"))
	must(t, err)
	for _, want := range []string{
		"Audit of prod", "vulnerabilities of 2026-03-01", "CVE-2026-1 until 2026-04-02 by ann@example.com, in force",
		"- nodes: one was silent", "listed 5", "sha256sum --check",
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("README.txt does not have %q:\n%s", want, raw)
		}
	}
	if strings.Contains(string(raw), "\x1b") {
		t.Error("it draws on a terminal")
	}
}

func TestAnAuditWithoutDataSaysSo(t *testing.T) {
	a := newAudited(t)
	a.content.Basis.Thresholds.Waivers, a.known.Thresholds.Waivers = nil, nil
	path := filepath.Join(t.TempDir(), "bag")
	c, err := auditbag.Begin(path, "x")
	must(t, err)
	defer func() { must(t, c.Close()) }()
	a.content.Report = &audit.Report{Schema: audit.Schema, Scope: audit.Scope{Contexts: []string{"prod"}}}
	_, err = c.Export(t.Context(), path, a.content)
	must(t, err)
	raw, err := os.ReadFile(filepath.Join(path, "README.txt"))
	must(t, err)
	if !strings.Contains(string(raw), "no data about compromises") || !strings.Contains(string(raw), "- none") {
		t.Errorf("README.txt is\n%s", raw)
	}
	// and what the report leaves out of the listing is found
	if v := verified(t, path, program); v.Status != inspect.Failed {
		t.Errorf("a report without rows is %s", v.Status)
	}
}

func TestASignatureIsAskedForLast(t *testing.T) {
	a := newAudited(t)
	var signed []byte
	a.content.Sign = func(_ context.Context, manifest []byte) ([]byte, error) {
		signed = manifest
		return []byte("{}\n"), nil
	}
	path := filepath.Join(t.TempDir(), "bag")
	a.export(t, path)
	manifest, err := os.ReadFile(filepath.Join(path, "tagmanifest-sha256.txt"))
	must(t, err)
	if string(manifest) != string(signed) {
		t.Error("what was signed is not the tag manifest")
	}
	must(t, os.Remove(filepath.Join(path, "tagmanifest-sha256.txt.sigstore.json")))
	if v := verified(t, path, program); v.Authentic != inspect.Failed {
		t.Errorf("a bag whose signature was taken away is %s", v.Authentic)
	}
}

func TestWhatEndsAnExportLeavesNothing(t *testing.T) {
	refused := errors.New("the key is on another machine")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, end := range map[string]struct {
		ctx  context.Context
		sign evidence.Signer
	}{
		"no signature": {t.Context(), func(context.Context, []byte) ([]byte, error) { return nil, refused }},
		"interrupted":  {gone, nil},
	} {
		a := newAudited(t)
		path := filepath.Join(t.TempDir(), "bag")
		c, err := auditbag.Begin(path, "x")
		must(t, err)
		a.content.Report, a.content.Sign = &audit.Report{Schema: audit.Schema}, end.sign
		if _, err := c.Export(end.ctx, path, a.content); err == nil ||
			!strings.Contains(err.Error(), "nothing was left there") {
			t.Errorf("%s: %v", name, err)
		}
		must(t, c.Close())
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: something is at the path", name)
		}
	}
}

// Names come from whoever may create objects in the cluster: none draws on the terminal of an auditor.
func TestNamesOfForeignTextLeaveNoTrace(t *testing.T) {
	path := exported(t, func(a *audited) {
		for n := range a.listing.Places {
			a.listing.Places[n].Workload = "deployment/\x1b[2J" + a.listing.Places[n].Workload[len("pod/"):]
		}
	})
	v := verified(t, path, program)
	if v.Status != inspect.Verified {
		t.Fatalf("it is %s:\n%s", v.Status, failures(v))
	}
	for _, name := range []string{"README.txt", "data/audit.md", "data/audit.csv", "data/audit.html", "bag-info.txt"} {
		raw, err := os.ReadFile(filepath.Join(path, name))
		must(t, err)
		if strings.Contains(string(raw), "\x1b") {
			t.Errorf("%s draws on a terminal", name)
		}
	}
}
