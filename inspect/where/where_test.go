package where

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/journal"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func digest(name string) string { return "sha256:" + strings.Repeat(name, 64) }

// fleet is a journal with five workloads: web has log4j and a library, api has another version of log4j, db has none,
// job was looked into to depth identity only, and nothing is stored of old.
func fleet(t testing.TB) *journal.Journal {
	t.Helper()
	ctx := context.Background()
	j, err := journal.Open(ctx, journal.Path(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	log4j := func(version string) inspect.Package {
		return inspect.Package{
			Type: "java-archive", Name: "log4j-core", Version: version, Layer: 2,
			PURL:      "pkg:maven/org.apache.logging.log4j/log4j-core@" + version,
			Locations: []string{"/app/lib/log4j-core-" + version + ".jar"},
		}
	}
	lzma := inspect.Package{
		Type: "deb", Name: "liblzma5", Version: "5.6.1-1",
		PURL: "pkg:deb/debian/liblzma5@5.6.1-1?arch=amd64&upstream=xz-utils",
	}
	yaml := inspect.Package{Type: "python", Name: "PyYAML", Version: "6.0", PURL: "pkg:pypi/pyyaml@6.0", Layer: 1}
	put := func(name, workload string, depth journal.Depth, built time.Time, packages ...inspect.Package) {
		i := inspect.Image{
			ImageHead: inspect.ImageHead{
				Digest: digest(name), Created: inspect.At(built),
				Location: "registry.example/" + workload + "@" + digest(name),
			}, Packages: packages,
			Layers: []inspect.Layer{{Number: 0, Digest: digest("0"), DiffID: digest("1")}},
		}
		if workload == "web" {
			i.Vulns = []inspect.Vuln{{
				ID: "GHSA-jfh8-c2jp-5v3q", Package: "log4j-core", Version: "2.14.1",
				Record: `{"aliases":["CVE-2021-44228"]}`,
			}}
			i.Signatures = []inspect.Signature{{Status: inspect.Verified, Identity: "evil@builders.example"}}
		}
		f := journal.Facts{Image: i, Depth: depth, Collected: inspect.At(noon), Files: []journal.File{
			{Path: "/usr/bin/" + workload, Layer: 1, SHA256: strings.Repeat(name, 64), Kind: journal.FileExecutable},
		}}
		if workload != "db" {
			f.Vulnerabilities = inspect.At(noon)
		}
		if err := j.Put(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	put("a", "web", journal.Full, noon, log4j("2.14.1"), lzma)
	put("b", "api", journal.Full, noon.AddDate(0, -6, 0), log4j("2.17.0"))
	put("c", "db", journal.Full, time.Unix(0, 0), yaml)
	put("d", "job", journal.Identity, noon.AddDate(-1, 0, 0))
	for n, workload := range []string{"web", "api", "db", "job", "old"} {
		for _, day := range []int{0, n} {
			err := j.See(ctx, []journal.Sighting{{
				Cluster: "prod", Namespace: "shop", Workload: "deployment/" + workload,
				Container: "app", Reference: "registry.example/" + workload + ":1", Digest: digest("abcde"[n : n+1]),
				At: noon.AddDate(0, 0, day),
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return j
}

// outcomes writes a result as outcome:workload, sorted, and the number of those that are not affected.
func outcomes(r Result) string {
	var all []string
	add := func(outcome, workload string) {
		if s := outcome + ":" + strings.TrimPrefix(workload, "deployment/"); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	for _, m := range r.Matches {
		add("hit", m.Workload)
	}
	for _, m := range r.Window {
		add("window", m.Workload)
	}
	for _, m := range r.NotChecked {
		add("unchecked", m.Workload)
	}
	slices.Sort(all)
	return fmt.Sprintf("%s, %d not affected", strings.Join(all, " "), r.NotAffected)
}

func TestEachWorkloadHasOneOfFourOutcomes(t *testing.T) {
	j, data := fleet(t), advisory.NewData(t.TempDir())
	for what, want := range map[string]string{
		"log4j-core":        "hit:api hit:web unchecked:job unchecked:old, 1 not affected",
		"LOG4J_core":        "hit:api hit:web unchecked:job unchecked:old, 1 not affected",
		"log4j-core@2.14.1": "hit:web unchecked:job unchecked:old, 2 not affected",
		"pkg:maven/org.apache.logging.log4j/log4j-core":        "hit:api hit:web unchecked:job unchecked:old, 1 not affected",
		"pkg:maven/org.apache.logging.log4j/log4j-core@2.17.0": "hit:api unchecked:job unchecked:old, 2 not affected",
		"pkg:pypi/PyYAML":                   "hit:db unchecked:job unchecked:old, 2 not affected",
		"xz-utils":                          "hit:web unchecked:job unchecked:old, 2 not affected", // by the source package
		"left-pad":                          "unchecked:job unchecked:old, 3 not affected",
		"/usr/bin/api":                      "hit:api unchecked:job unchecked:old, 2 not affected",
		"/app/lib/log4j-core-2.14.1.jar":    "hit:web unchecked:job unchecked:old, 2 not affected",
		"/usr/lib/libnone.so.1":             "unchecked:job unchecked:old, 3 not affected",
		"/etc/passwd":                       "unchecked:api unchecked:db unchecked:job unchecked:old unchecked:web, 0 not affected",
		digest("b"):                         "hit:api unchecked:old, 3 not affected",
		digest("e"):                         "hit:old unchecked:api unchecked:db unchecked:job unchecked:web, 0 not affected",
		digest("0"):                         "hit:api hit:db hit:job hit:web unchecked:old, 0 not affected",
		"CVE-2021-44228":                    "hit:web unchecked:db unchecked:job unchecked:old, 1 not affected",
		"cve-2021-44228":                    "hit:web unchecked:db unchecked:job unchecked:old, 1 not affected",
		"GHSA-jfh8-c2jp-5v3q":               "hit:web unchecked:db unchecked:job unchecked:old, 1 not affected",
		"CVE-2099-1":                        "unchecked:api unchecked:db unchecked:job unchecked:old unchecked:web, 0 not affected",
		"xz-2024-03":                        "hit:web unchecked:job unchecked:old, 2 not affected",
		"sha256:" + strings.Repeat("9", 64): "unchecked:api unchecked:db unchecked:job unchecked:old unchecked:web, 0 not affected",
	} {
		r, err := Search(t.Context(), j, data, Query{What: what})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if got := outcomes(r); got != want {
			t.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
	}
}

func TestAMatchIsPlacedInItsImageAndInTime(t *testing.T) {
	r, err := Search(t.Context(), fleet(t), advisory.NewData(t.TempDir()), Query{What: "log4j-core@2.17.0"})
	if err != nil || len(r.Matches) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	want := Match{
		Cluster: "prod", Namespace: "shop", Workload: "deployment/api", Container: "app", Digest: digest("b"),
		What: "log4j-core 2.17.0", Path: "/app/lib/log4j-core-2.17.0.jar", Layer: 2,
		FirstSeen: inspect.At(noon), LastSeen: inspect.At(noon.AddDate(0, 0, 1)),
	}
	if r.Matches[0] != want {
		t.Errorf("got %+v", r.Matches[0])
	}
}

func TestWhatWasBuiltInAWindowIsNamed(t *testing.T) {
	j, data := fleet(t), advisory.NewData(t.TempDir())
	w, err := advisory.ParseWindow("2026-02-28,2026-03-02")
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{
		"log4j-core@2.17.0": "hit:api unchecked:job unchecked:old window:web, 1 not affected",
		"":                  "unchecked:db unchecked:old window:web, 2 not affected", // 1970 is no time of a build
	} {
		r, err := Search(t.Context(), j, data, Query{What: what, Window: w})
		if err != nil || outcomes(r) != want {
			t.Errorf("%q: got %s, %v, want %s", what, outcomes(r), err, want)
		}
	}
}

func TestAnIncidentIsFoundByAllThatItIsRecognizedBy(t *testing.T) {
	j, data := fleet(t), advisory.NewData(t.TempDir())
	head := "id: test\ntitle: a test\nseverity: high\npublished: 2026-01-02\nsources: [https://example.com]\n"
	for yaml, want := range map[string]string{
		"packages: [{purl: 'pkg:maven/org.apache.logging.log4j/log4j-core', range: '<2.15'}]": "hit:web unchecked:job unchecked:old, 2 not affected",
		"identities: [evil@builders.example]":                                                 "hit:web unchecked:job unchecked:old, 2 not affected",
		"repositories: [registry.example/api]":                                                "hit:api unchecked:job unchecked:old, 2 not affected",
		"files: [" + strings.Repeat("c", 64) + "]":                                            "hit:db unchecked:api unchecked:job unchecked:old unchecked:web, 0 not affected",
		"paths: [bin/api]":                "hit:api unchecked:db unchecked:job unchecked:old unchecked:web, 0 not affected",
		"layers: ['" + digest("0") + "']": "hit:api hit:db hit:job hit:web unchecked:old, 0 not affected",
		"packages: [{purl: pkg:npm/none}]\nwindow: {from: 2026-02-28T00:00:00Z, to: 2026-03-02T00:00:00Z}": "unchecked:job unchecked:old window:web, 2 not affected",
	} {
		p, err := advisory.ReadPack([]byte(head + yaml + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Search(t.Context(), j, data, Query{Pack: p})
		if err != nil || outcomes(r) != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", yaml, outcomes(r), err, want)
		}
	}
}

func TestARecordOfTodayIsComparedWithWhatWasStoredBefore(t *testing.T) {
	dir := t.TempDir()
	record := filepath.Join(dir, "MAL-2026-1.json")
	err := os.WriteFile(record, []byte(`{"id":"MAL-2026-1","modified":"2026-05-02T00:00:00Z",
		"affected":[{"package":{"ecosystem":"PyPI","name":"pyyaml"},"versions":["6.0"]}]}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := advisory.Import(dir, record); err != nil {
		t.Fatal(err)
	}
	r, err := Search(t.Context(), fleet(t), advisory.NewData(dir), Query{What: "mal-2026-1"})
	if want := "hit:db unchecked:job unchecked:old, 2 not affected"; err != nil || outcomes(r) != want {
		t.Errorf("got %s, %v, want %s", outcomes(r), err, want)
	}
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	j, data := fleet(t), advisory.NewData(t.TempDir())
	for _, what := range []string{"", "  ", "sha256:12", "sha256:" + strings.Repeat("z", 64), "pkg:nothing", strings.Repeat("x", maxWhat+1)} {
		if r, err := Search(t.Context(), j, data, Query{What: what}); err == nil {
			t.Errorf("%.20q: %+v", what, r)
		}
	}
}

func FuzzWhat(f *testing.F) {
	for _, seed := range []string{"log4j-core", "pkg:npm/@a/b@1?x=y", "/usr/lib/../x", "sha256:" + strings.Repeat("a", 64), "CVE-1", "a@", "@"} {
		f.Add(seed)
	}
	j, data := fleet(f), advisory.NewData(f.TempDir())
	f.Fuzz(func(t *testing.T, what string) {
		r, err := Search(t.Context(), j, data, Query{What: what})
		if err == nil && len(r.Matches)+len(r.NotChecked)+len(r.Window)+r.NotAffected < 5 {
			t.Errorf("an image that ran has no outcome: %+v", r)
		}
	})
}
