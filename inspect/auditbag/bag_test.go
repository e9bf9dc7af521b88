package auditbag_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/auditbag"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// program is the one that writes the bags of these tests, and verifies them.
var program = inspect.Tool{Name: "backtrail", Version: "9.9.9"}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clusterPolicy asks for a keyless signature of everything in the registry of these tests.
const clusterPolicy = `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: signed
spec:
  images:
  - glob: "reg.example/**"
  authorities:
  - keyless:
      identities:
      - issuer: https://issuer.example
        subject: ci@example.com
`

// audited is an audit of three images, of which one is affected by a vulnerability and a compromise, one has a package
// with a waiver, and one could not be checked.
type audited struct {
	listing audit.Listing
	known   *audit.Known
	content auditbag.Content
	runner  audit.Runner
}

// data is the vulnerability database of the tests, as rows name it.
var data = inspect.AdvisoryData{
	Digest: "sha256:" + strings.Repeat("d", 64), Date: inspect.At(time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)),
}

func newAudited(t *testing.T) *audited {
	t.Helper()
	at := inspect.At(time.Date(2026, 3, 2, 2, 17, 0, 0, time.UTC))
	a := &audited{listing: audit.Listing{Context: "prod", Skipped: 1}}
	a.listing.Gaps = append(audit.DepthGaps(audit.Packages), audit.Gap{What: "nodes", Reason: "one was silent"})
	store := audit.OpenStore(t.TempDir())
	for n, name := range []string{"web", "db", "lost"} {
		unit := fmt.Sprintf("reg.example/%s@sha256:%064x linux/amd64", name, n)
		f := audit.Facts{
			Form: audit.FactsForm, Unit: unit, Depth: audit.Packages, State: audit.Done, Collected: at,
		}
		f.Image.Location, f.Image.Digest = "reg.example/"+name, fmt.Sprintf("sha256:%064x", n)
		f.Image.Packages = []inspect.Package{
			{Type: "deb", Name: "xz-utils", Version: fmt.Sprintf("5.%d", n), PURL: "pkg:deb/xz-utils"},
			{Type: "npm", Name: "left-pad", Version: "1.0.0", PURL: "pkg:npm/left-pad@1.0.0"},
		}
		if name != "lost" {
			must(t, store.Put(f))
		}
		a.listing.Places = append(a.listing.Places, audit.Place{
			Cluster: "prod", Namespace: "shop", Workload: "deployment/" + name, Container: "app", Pods: 2, Unit: unit,
			Reference: "reg.example/" + name + ":1", Platform: "linux/amd64",
		})
	}
	a.listing.Places = append(a.listing.Places, audit.Place{
		Cluster: "prod", Namespace: "shop", Workload: "pod/new", Container: "app", Reference: "reg.example/new:1",
		Problem: "the node has not reported what it runs",
	})
	thresholds := threshold.Default()
	thresholds.Waivers = []inspect.Waiver{{
		ID: "CVE-2026-1", Owner: "ann@example.com", Reason: "not reachable",
		Until: inspect.At(at.AddDate(0, 1, 0)),
	}}
	thresholds.Digest = "sha256:" + strings.Repeat("a", 64)
	set := &policy.Set{}
	must(t, set.Add(policy.Source{Bytes: []byte(clusterPolicy), Name: "signed", Origin: inspect.TrustCluster}))
	a.known = &audit.Known{
		Digest: "sha256:known", At: at, Thresholds: thresholds, Requirements: set.Requirements,
		Advisories: compromised, Vulnerable: vulnerable,
		Good: func(p audit.Place, _ string) (string, inspect.Time) {
			return "sha256:" + strings.Repeat("9", 64), inspect.At(at.AddDate(0, 0, -len(p.Workload)))
		},
	}
	a.runner = audit.Runner{Store: store, Known: a.known, Depth: audit.Packages, Parallel: 2, Recheck: true}
	a.content = auditbag.Content{
		Listing: &a.listing, Sources: set.Sources(), Exported: at,
		Basis: auditbag.Basis{Tool: program, Operator: "ann@desk", At: at, Thresholds: thresholds},
	}
	return a
}

// compromised finds the second version of a package in an incident pack.
func compromised(i inspect.Image) ([]inspect.Advisory, []inspect.Finding, error) {
	for _, p := range i.Packages {
		if p.Name == "xz-utils" && p.Version == "5.1" {
			advisory := inspect.Advisory{
				ID: "xz-2024", Source: "incident-pack", Kind: inspect.AdvisoryPackage, Subject: "xz-utils 5.1",
				Severity: inspect.Critical,
			}
			finding := inspect.Finding{
				ID: "advisory-xz", Check: inspect.CheckAdvisories, Severity: inspect.Critical,
				Status: inspect.RowFailed, Title: "xz-utils 5.1 is compromised",
			}
			return []inspect.Advisory{advisory}, []inspect.Finding{finding}, nil
		}
	}
	return nil, nil, errors.New("the records of OSV are not here")
}

func vulnerable(i inspect.Image) ([]inspect.Vuln, bool, error) {
	return []inspect.Vuln{
		{ID: "CVE-2026-1", Severity: inspect.Critical, Package: "left-pad", Version: "1.0.0", KEV: true, Data: data},
		{
			ID: "CVE-2026-2", Severity: inspect.Medium, Package: "xz-utils", Version: i.Packages[0].Version, Data: data,
			Record: "a row that is not carried",
		},
	}, true, nil
}

// export runs the audit and writes its bag.
func (a *audited) export(t *testing.T, path string) evidence.Result {
	t.Helper()
	c, err := auditbag.Begin(path, "20260302-audit-prod")
	must(t, err)
	defer func() { must(t, c.Close()) }()
	a.runner.Collect = c.Keep
	report, err := a.runner.Run(t.Context(), a.listing)
	must(t, err)
	report.Data = []audit.Data{{Source: "vulnerabilities", Digest: data.Digest, Date: data.Date}}
	report.Scope.Contexts = []string{"prod"}
	if a.content.Before != nil {
		report.Changes = audit.Compare(a.content.Before, &report)
	}
	a.content.Report = &report
	result, err := c.Export(t.Context(), path, a.content)
	must(t, err)
	return result
}

// verified verifies a bag.
func verified(t *testing.T, path string, tool inspect.Tool) evidence.Verification {
	t.Helper()
	v, err := evidence.Verify(t.Context(), path, evidence.VerifyOptions{
		Tool: tool, Kinds: []evidence.Kind{auditbag.Kind(tool)},
	})
	must(t, err)
	return v
}

// failures are the checks that did not pass, in words.
func failures(v evidence.Verification) string {
	var b strings.Builder
	for _, c := range v.Checks {
		if c.Status == inspect.Failed || c.Status == inspect.Unknown {
			fmt.Fprintf(&b, "%s %s: %s\n", c.Name, c.Subject, c.Detail)
		}
	}
	return b.String()
}

func TestABagOfAnAuditVerifies(t *testing.T) {
	for _, name := range []string{"bag", "bag.tar.gz", "bag.tar.zst"} {
		a := newAudited(t)
		before := audit.Report{Schema: audit.Schema}
		a.content.Before = &before
		path := filepath.Join(t.TempDir(), name)
		result := a.export(t, path)
		v := verified(t, path, program)
		if v.Status != inspect.Verified || v.Reproduced != inspect.Verified || v.Claims.Failed != 0 {
			t.Fatalf("%s: %+v\n%s", name, v, failures(v))
		}
		if v.TagManifest != result.TagManifest || v.Case.Kind != "audit" || v.Case.ID != "20260302-audit-prod" ||
			v.Case.Status != inspect.CaseFailed || v.Case.Complete {
			t.Errorf("%s is called %+v", name, v.Case)
		}
		// 4 rows, books, gaps, changes, waivers, four renderings; what the registry and the databases had is claimed
		if v.Claims.Recomputed != 12 || v.Claims.Claimed != 10 {
			t.Errorf("%s: claims %+v", name, v.Claims)
		}
	}
}

func TestTwoExportsOfOneAuditHaveOnePayload(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		newAudited(t).export(t, filepath.Join(dir, name))
	}
	one, err := os.ReadFile(filepath.Join(dir, "a", "manifest-sha256.txt"))
	must(t, err)
	other, err := os.ReadFile(filepath.Join(dir, "b", "manifest-sha256.txt"))
	must(t, err)
	if !bytes.Equal(one, other) {
		t.Errorf("manifests differ:\n%s\n%s", one, other)
	}
}

func TestThePathIsTriedBeforeTheAudit(t *testing.T) {
	there := t.TempDir()
	must(t, os.WriteFile(filepath.Join(there, "notes.txt"), []byte("mine"), 0o600))
	if _, err := auditbag.Begin(there, "x"); err == nil {
		t.Error("a folder with files was taken for a place of a bag")
	}
	if raw, err := os.ReadFile(filepath.Join(there, "notes.txt")); err != nil || string(raw) != "mine" {
		t.Errorf("what was there is now %q, %v", raw, err)
	}
	path := filepath.Join(t.TempDir(), "bag")
	c, err := auditbag.Begin(path, "x")
	must(t, err)
	must(t, c.Close())
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an audit that was given up left %v", err)
	}
}

// An adversary who has this program rewrites all documents and manifests. What the bytes in the bag determine cannot be
// changed in one place alone.
func TestHostileEditsFail(t *testing.T) {
	for name, edit := range map[string]struct {
		file, old, with, want string
	}{
		"a row that allows":      {"data/audit.json", `"allowed": "no"`, `"allowed": "yes"`, "does not follow"},
		"a level":                {"data/audit.json", `"level": "block"`, `"level": "log"`, "does not follow"},
		"another workload":       {"data/audit.json", `"deployment/web"`, `"deployment/shop"`, "at this place"},
		"a count":                {"data/audit.json", `"listed": 5`, `"listed": 4`, "the counts are"},
		"a gap that is left out": {"data/audit.json", `"one was silent"`, `"all were asked"`, "does not name it"},
		"newer data": {
			"data/audit.json", `"date": "2026-03-01`, `"date": "2026-03-02`, "names data of",
		},
		"changes against nothing": {
			"data/audit.json", `"changes": []`, `"changes": [{"kind":"new-digest"}]`, "not in the bag",
		},
		"a waiver that has ended": {
			"data/basis.json", `"inForce": true`, `"inForce": false`, "not those of the thresholds",
		},
		"thresholds": {"data/basis.json", `"level": "block"`, `"level": "log"`, "does not follow"},
		"expectations": {
			"data/basis.json", `"keys": []`, `"keys": [{"digest": "sha256:5"}]`, "does not follow",
		},
		"a listing with fewer":    {"data/listing.json", `"skipped": 1`, `"skipped": 0`, "the counts are"},
		"a place of another name": {"data/listing.json", `"deployment/db"`, `"deployment/dx"`, "at this place"},
		"a graver vulnerability":  {"data/images.jsonl", `"medium"`, `"critical"`, "does not follow"},
		"a package that is not there": {
			"data/images.jsonl", `"package":"left-pad"`, `"package":"right-pad"`, "do not have",
		},
		"a compromise elsewhere": {"data/images.jsonl", `"xz-utils 5.1"`, `"xz-utils 4.0"`, "do not have"},
		"a line that is no JSON": {"data/images.jsonl", `{"unit"`, `["unit"`, "reading a line"},
		"a line of another image": {
			"data/images.jsonl", `{"unit":"reg.example/db`, `{"unit":"reg.example/dx`, "has no line of it",
		},
		"a page that was retouched":   {"data/audit.html", "<body", "<body class=calm", "not what this program draws"},
		"a README that was retouched": {"README.txt", "Not looked at:", "Looked at:", "not what this program draws"},
		"a status in bag-info.txt":    {"bag-info.txt", "Status: failed", "Status: passed", "the report is failed"},
		"a policy of other bytes": {
			"data/policies/*", "ci@example.com", "me@example.com", "not the digest in its name",
		},
		"facts of other bytes": {"data/facts/*", "xz-utils", "yz-utils", "not the digest in its name"},
		"another schema":       {"data/audit.json", "audit/v1", "audit/v2", "another version wrote it"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bag")
			newAudited(t).export(t, path)
			names, err := filepath.Glob(filepath.Join(path, edit.file))
			must(t, err)
			changed := 0
			for _, n := range names {
				raw, err := os.ReadFile(n)
				must(t, err)
				if bytes.Contains(raw, []byte(edit.old)) {
					changed++
					must(t, os.WriteFile(n, bytes.ReplaceAll(raw, []byte(edit.old), []byte(edit.with)), 0o600))
				}
			}
			if changed == 0 {
				t.Fatalf("%s does not have %s", edit.file, edit.old)
			}
			reseal(t, path)
			v := verified(t, path, program)
			if v.Status != inspect.Failed || !strings.Contains(failures(v), edit.want) {
				t.Errorf("it is %s:\n%s", v.Status, failures(v))
			}
		})
	}
}

func TestFilesThatAreMissingOrExtraFail(t *testing.T) {
	for name, edit := range map[string]func(dir string) error{
		"facts":     func(dir string) error { return os.RemoveAll(filepath.Join(dir, "data/facts")) },
		"the basis": func(dir string) error { return os.Remove(filepath.Join(dir, "data/basis.json")) },
		"policies":  func(dir string) error { return os.RemoveAll(filepath.Join(dir, "data/policies")) },
		"extra": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "data/attestation.pdf"), []byte("all is well"), 0o600)
		},
	} {
		path := filepath.Join(t.TempDir(), "bag")
		newAudited(t).export(t, path)
		must(t, edit(path))
		reseal(t, path)
		if v := verified(t, path, program); v.Status != inspect.Failed {
			t.Errorf("%s: it is %s", name, v.Status)
		}
	}
}

// A file that only bags of audits have must not keep the claims of a case from being computed again.
func TestABagOfACaseIsNoAudit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bag")
	newAudited(t).export(t, path)
	must(t, os.WriteFile(filepath.Join(path, "data/case.json"), []byte("{}"), 0o600))
	reseal(t, path)
	if v := verified(t, path, program); v.Status != inspect.Failed || v.Case.Kind == "audit" {
		t.Errorf("it is %s, a bag of %q", v.Status, v.Case.Kind)
	}
}

// Another version may draw the report otherwise: the rows are compared all the same.
func TestAnotherVersionLeavesTheRenderingsOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bag")
	newAudited(t).export(t, path)
	html := filepath.Join(path, "data/audit.html")
	raw, err := os.ReadFile(html)
	must(t, err)
	must(t, os.WriteFile(html, append(raw, ' '), 0o600))
	reseal(t, path)
	newer := program
	newer.Version = "10.0.0"
	if v := verified(t, path, newer); v.Status != inspect.Unknown || v.Claims.Failed != 0 {
		t.Errorf("it is %s:\n%s", v.Status, failures(v))
	}
}

// A row that rests on a key is only as good as whoever vouches for the key.
func TestKeysOfTheBagAloneLeaveItOpen(t *testing.T) {
	a := newAudited(t)
	key := "sha256:" + strings.Repeat("5", 64)
	unit := a.listing.Places[0].Unit
	f, ok, err := a.runner.Store.Facts(unit, audit.Packages)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	f.Image.Signatures = []inspect.Signature{{
		ID: "1", Status: inspect.Unknown, Reason: inspect.ReasonNoExpectation, Key: key,
		Subject: f.Image.Digest,
	}}
	if !f.Image.Signatures[0].Holds() {
		t.Fatal("the signature does not hold")
	}
	must(t, a.runner.Store.Put(f))
	path := filepath.Join(t.TempDir(), "bag")
	a.export(t, path)
	v := verified(t, path, program)
	if v.Status != inspect.Unknown || !strings.Contains(failures(v), "only the bag vouches for it") {
		t.Errorf("it is %s:\n%s", v.Status, failures(v))
	}
	yours, err := evidence.Verify(t.Context(), path, evidence.VerifyOptions{
		Tool: program, Kinds: []evidence.Kind{auditbag.Kind(program)}, Keys: []string{key},
	})
	if must(t, err); yours.Status != inspect.Verified {
		t.Errorf("with the key it is %s:\n%s", yours.Status, failures(yours))
	}
}

// FuzzImages feeds lines of images to the verification: whatever they are, they end as checks.
func FuzzImages(f *testing.F) {
	f.Add([]byte(`{"unit":"a","facts":"sha256:00"}`))
	f.Add([]byte(`{"earlier":[{}],"advisories":[{"kind":"package"}],"facts":"sha256:` + strings.Repeat("0", 64) + `"}`))
	f.Add([]byte("\n\n[]"))
	f.Fuzz(func(t *testing.T, line []byte) {
		image, err := auditbag.ParseImage(line)
		if err == nil {
			if _, err := json.Marshal(image); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// oxum is the label of bag-info.txt with bytes and files of the payload.
var oxum = regexp.MustCompile(`Payload-Oxum: .*`)

// reseal makes the manifests of a bag anew, as an adversary would.
func reseal(t *testing.T, dir string) {
	t.Helper()
	var payload, tags []string
	size := 0
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		switch {
		case strings.HasPrefix(name, "data/"):
			payload = append(payload, name)
			raw, err := os.ReadFile(path)
			size += len(raw)
			return err
		case !strings.Contains(name, "manifest-"):
			tags = append(tags, name)
		}
		return err
	}))
	info := filepath.Join(dir, "bag-info.txt")
	raw, err := os.ReadFile(info)
	must(t, err)
	line := fmt.Sprintf("Payload-Oxum: %d.%d", size, len(payload))
	must(t, os.WriteFile(info, oxum.ReplaceAll(raw, []byte(line)), 0o600))
	manifest := func(name string, files []string, with func() hash.Hash) string {
		var b strings.Builder
		slices.Sort(files)
		for _, f := range files {
			raw, err := os.ReadFile(filepath.Join(dir, f))
			must(t, err)
			h := with()
			h.Write(raw)
			fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(h.Sum(nil)), f)
		}
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(b.String()), 0o600))
		return name
	}
	tags = append(tags, manifest("manifest-sha256.txt", payload, sha256.New),
		manifest("manifest-sha512.txt", payload, sha512.New))
	manifest("tagmanifest-sha256.txt", slices.Clone(tags), sha256.New)
	manifest("tagmanifest-sha512.txt", slices.Clone(tags), sha512.New)
}
