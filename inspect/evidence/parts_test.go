package evidence

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

func TestNamesOfExhibitsStayInsideTheBag(t *testing.T) {
	for path, want := range map[string]string{
		"cluster/pod.json":          "data/cluster/pod.json",
		"logs/abc.log":              "data/logs/abc.log",
		"alerts/../../etc/passwd":   "data/alerts/etc/passwd",
		"trust/trusted_root.json":   "data/trust/trusted_root.json",
		"elsewhere/x":               "data/exhibits/elsewhere/x",
		"plain":                     "data/exhibits/plain",
		"logs/a b\x1b[31m":          "data/logs/a_b__31m",
		"logs/.hidden.":             "data/logs/hidden",
		"cluster/pod-a:b@mark.json": "data/cluster/pod-a_b_mark.json",
	} {
		if got := exhibitName(path); got != want || bagit.BadPath(got) != "" {
			t.Errorf("%q became %q, want %q", path, got, want)
		}
	}
	for _, path := range []string{"logs/..", "logs/", "logs/" + strings.Repeat("a/", bagit.MaxName)} {
		if got := exhibitName(path); !strings.HasPrefix(got, "data/logs/unnamed-") {
			t.Errorf("%q became %q", path[:min(len(path), 40)], got)
		}
	}
}

func TestTheChainOfCustodyBreaksWhereItIsChanged(t *testing.T) {
	var b bytes.Buffer
	c := &custody{w: &b}
	must(t, c.event(inspect.Event{Fact: inspect.Header{Target: inspect.Target{Name: "x"}, Started: began}}))
	must(t, c.event(inspect.Event{Fact: inspect.Session{Operator: "ada", Host: "laptop"}}))
	for n := range 3 {
		must(t, c.event(inspect.Event{Fact: inspect.Request{Method: "GET", URL: fmt.Sprintf("https://h/%d", n), Status: 200}}))
	}
	must(t, c.event(inspect.Event{Fact: inspect.Layer{}})) // is no line
	whole := b.String()
	if last, lines, err := checkCustody(strings.NewReader(whole)); err != nil || lines != 5 || last != c.last {
		t.Fatalf("%s %d %v", last, lines, err)
	}
	list := strings.SplitAfter(strings.TrimSuffix(whole, "\n"), "\n")
	for name, text := range map[string]string{
		"altered":  strings.Replace(whole, "https://h/1", "https://h/9", 1),
		"removed":  strings.Join(append(append([]string{}, list[:2]...), list[3:]...), ""),
		"swapped":  list[0] + list[2] + list[1] + list[3] + list[4],
		"repeated": whole + list[4],
		"no JSON":  whole + "x\n",
	} {
		last, _, err := checkCustody(strings.NewReader(text))
		if err == nil && last == c.last {
			t.Errorf("%s: the chain holds", name)
		}
	}
	if !strings.Contains(whole, `"who":"ada@laptop"`) || strings.Contains(list[0], "ada") {
		t.Errorf("who did it: %s", whole)
	}
}

func TestListingsSurviveTheBag(t *testing.T) {
	entries := []inspect.Entry{
		{Path: "/a", Type: inspect.EntryFile, Mode: 0o4755, Size: 3, SHA256: strings.Repeat("0", 64), Xattrs: map[string]string{"security.capability": "x"}},
		{Path: "/b\n", Type: inspect.EntrySymlink, Link: "/a"},
		{Path: "/c", Type: inspect.EntryWhiteout},
	}
	packed, err := packListing(entries)
	must(t, err)
	if again, _ := packListing(entries); !bytes.Equal(packed, again) {
		t.Error("the same listing has other bytes")
	}
	got, err := readListing(t.Context(), bytes.NewReader(packed))
	must(t, err)
	if differs := differingEntry(got, entries); differs != "" {
		t.Error(differs)
	}
	for name, data := range map[string][]byte{"cut": packed[:len(packed)-9], "no gzip": []byte("x"), "empty": nil} {
		if _, err := readListing(t.Context(), bytes.NewReader(data)); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
}

func TestDocumentsAreManifestsAndIndexesOnly(t *testing.T) {
	for text, want := range map[string]string{
		`{"config":{"digest":"sha256:1"},"layers":[{"digest":"sha256:2"}]}`: ociManifest,
		`{"manifests":[]}`: ociIndex,
		`{"mediaType":"` + dockerManifest + `","config":{"digest":"sha256:1"}}`: dockerManifest,
		`{"mediaType":"text/plain","config":{"digest":"sha256:1"}}`:             "",
		`{"config":{"Env":[]},"rootfs":{}}`:                                     "",
		`[]`:                                                                    "",
		`{`:                                                                     "",
	} {
		d, ok := parseDocument([]byte(text))
		if ok != (want != "") || ok && d.MediaType != want {
			t.Errorf("%s gave %v %s", text, ok, d.MediaType)
		}
	}
	d, _ := parseDocument([]byte(`{"config":{"digest":"sha256:1"},"layers":[{"digest":"sha256:2"}]}`))
	if c := d.children(); len(c) != 2 || c[0].Digest != "sha256:1" || c[1].Digest != "sha256:2" {
		t.Errorf("%v", c)
	}
}

// TestWhichLayersAreSuspect shows for each reason the layer that is carried by default.
func TestWhichLayersAreSuspect(t *testing.T) {
	layers := []inspect.Layer{{Number: 0, Digest: "d0", DiffID: "i0"}, {Number: 1, Position: 1, Digest: "d1", DiffID: "i1"}}
	for name, tt := range map[string]struct {
		change func(*inspect.Case)
		want   bool
	}{
		"nothing":                 {func(*inspect.Case) {}, false},
		"bytes that do not match": {func(c *inspect.Case) { c.Images[0].Layers[1].Status = inspect.Failed }, true},
		"a medium program":        {func(c *inspect.Case) { c.Images[0].Binaries = []inspect.Binary{{Layer: 1, Severity: inspect.Medium}} }, true},
		"a low program":           {func(c *inspect.Case) { c.Images[0].Binaries = []inspect.Binary{{Layer: 1, Severity: inspect.Low}} }, false},
		"an alerted program": {func(c *inspect.Case) {
			c.Images[0].Binaries = []inspect.Binary{{Layer: 1, Severity: inspect.Low, Codes: []string{"alerted"}}}
		}, true},
		"a program as packaged": {func(c *inspect.Case) {
			c.Images[0].Binaries = []inspect.Binary{{Layer: 1, Severity: inspect.High, Status: inspect.RowVerified}}
		}, false},
		"an altered file": {func(c *inspect.Case) { c.Images[0].Altered = []inspect.Altered{{Layer: 1, Severity: inspect.High}} }, true},
		"the file of an alert": {func(c *inspect.Case) {
			c.Alerts = []inspect.Alert{{Subject: "web", Match: inspect.MatchPod, File: inspect.AlertFile{Layer: 1, SHA256: "x"}}}
		}, true},
		"an alert of another": {func(c *inspect.Case) {
			c.Alerts = []inspect.Alert{{Subject: "db", Match: inspect.MatchPod, File: inspect.AlertFile{Layer: 1, SHA256: "x"}}}
		}, false},
		"an alert that fits no pod": {func(c *inspect.Case) {
			c.Alerts = []inspect.Alert{{Subject: "web", Match: inspect.MatchNone, File: inspect.AlertFile{Layer: 1, SHA256: "x"}}}
		}, false},
		"evidence of a finding": {func(c *inspect.Case) {
			c.Findings = []inspect.Finding{{Severity: inspect.High, Evidence: []inspect.Evidence{{Kind: "layer", Digest: "d1"}}}}
		}, true},
		"evidence of a low one": {func(c *inspect.Case) {
			c.Findings = []inspect.Finding{{Severity: inspect.Low, Evidence: []inspect.Evidence{{Kind: "layer", Digest: "d1"}}}}
		}, false},
		"a secret in the image": {func(c *inspect.Case) {
			c.Findings = []inspect.Finding{{Code: "secret", Severity: inspect.Medium, Evidence: []inspect.Evidence{{Kind: "layer", Digest: "d1"}}}}
		}, false},
	} {
		c := inspect.Case{Images: []inspect.Image{{ImageHead: inspect.ImageHead{Container: "web"}, Layers: append([]inspect.Layer{}, layers...)}}}
		tt.change(&c)
		if got := suspectLayers(c); got["d1"] != tt.want || got["d0"] || got[""] {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheWorstStatusOfChecksCounts(t *testing.T) {
	check := func(list ...inspect.Status) (out []BagCheck) {
		for _, s := range list {
			out = append(out, BagCheck{Status: s})
		}
		return out
	}
	for _, tt := range []struct {
		checks []BagCheck
		want   inspect.Status
	}{
		{check(), inspect.Absent},
		{check(inspect.Absent), inspect.Absent},
		{check(inspect.Absent, inspect.Verified), inspect.Verified},
		{check(inspect.Verified, inspect.Unknown), inspect.Unknown},
		{check(inspect.Unknown, inspect.Failed, inspect.Verified), inspect.Failed},
	} {
		if got := worst(tt.checks); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.checks, got, tt.want)
		}
	}
}

func TestSecretsInAConfiguration(t *testing.T) {
	for config, want := range map[string]int{
		`{"config":{"Env":["PATH=/bin","GREETING=hello you","PYTHON_VERSION=3.12.1"],"Cmd":["nginx","-g","daemon off;"]}}`: 0,
		`{"config":{"Env":["DB_PASSWORD=abcdef"]}}`:                          1,
		`{"config":{"Entrypoint":["/app","--token","abcdef"]}}`:              1,
		`{"config":{"Labels":{"deploy-token":"abcdef","maintainer":"web"}}}`: 1,
		`{"history":[{"created_by":"RUN NPM_TOKEN=abcdef npm ci"}]}`:         1,
		`{"config":{"Env":["DATABASE_URL=postgres://u:abcdef@db/x"]}}`:       1,
		`[]`: 0,
	} {
		if got := secretsIn([]byte(config)); got != want {
			t.Errorf("%s: %d, want %d", config, got, want)
		}
	}
}

func TestWhatIsShownOfAValueIsBounded(t *testing.T) {
	if got := shown(strings.Repeat("ä", 200)); len(got) > maxShown+8 {
		t.Errorf("%d bytes", len(got))
	}
	if got := shown("a\x1bb"); strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}
