package vuln

import (
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// document is an OpenVEX document with one statement.
func document(vulnerability, product, rest string) Document {
	return Document{
		"vex.json",
		[]byte(fmt.Sprintf(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"Ann",
		"timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":%s,"products":[%s],%s}]}`,
			vulnerability, product, rest)),
	}
}

const investigated = `"status":"under_investigation"`

func TestStatements(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	image := inspect.Image{
		ImageHead: inspect.ImageHead{Reference: "docker.io/library/web:1", Digest: digest},
		Packages:  []inspect.Package{packages[0], packages[3]},
	}
	row := inspect.Vuln{
		ID: "CVE-1", Package: packages[0].Name, Version: packages[0].Version, Type: "deb",
		Record: `{"aliases":["CVE-2"]}`,
	}
	oci := `"pkg:oci/web@sha256%3A` + strings.Repeat("a", 64)
	for name, tt := range map[string]struct {
		vulnerability, product string
		want                   bool
	}{
		"package":               {`{"name":"CVE-1"}`, `{"@id":"pkg:deb/debian/libssl3"}`, true},
		"alias of the record":   {`{"name":"CVE-2"}`, `{"@id":"pkg:deb/debian/libssl3"}`, true},
		"alias of the document": {`{"name":"X","aliases":["CVE-1"]}`, `{"@id":"pkg:deb/debian/libssl3"}`, true},
		"another vulnerability": {`{"name":"CVE-3"}`, `{"@id":"pkg:deb/debian/libssl3"}`, false},
		"another package":       {`{"name":"CVE-1"}`, `{"@id":"pkg:deb/debian/openssl"}`, false},
		"another version":       {`{"name":"CVE-1"}`, `{"@id":"pkg:deb/debian/libssl3@1.0"}`, false},
		"image":                 {`{"name":"CVE-1"}`, `{"@id":` + oci + `"}`, true},
		"image by repository": {
			`{"name":"CVE-1"}`,
			`{"@id":` + oci + `?repository_url=index.docker.io/library/web"}`, true,
		},
		"image elsewhere":    {`{"name":"CVE-1"}`, `{"@id":` + oci + `?repository_url=example.com/web"}`, false},
		"image by reference": {`{"name":"CVE-1"}`, `{"@id":"docker.io/library/web:1"}`, true},
		"part of the image": {
			`{"name":"CVE-1"}`,
			`{"@id":` + oci + `","subcomponents":[{"@id":"pkg:deb/debian/libssl3"}]}`, true,
		},
		"another part": {
			`{"name":"CVE-1"}`,
			`{"@id":` + oci + `","subcomponents":[{"@id":"pkg:npm/left-pad"}]}`, false,
		},
		"another image": {`{"name":"CVE-1"}`, `{"@id":"pkg:oci/web@sha256%3A00"}`, false},
		"no product":    {`{"name":"CVE-1"}`, `{}`, false},
	} {
		s, err := ReadStatements(document(tt.vulnerability, tt.product, investigated))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := s.about(row, image); (got == "under_investigation (Ann, vex.json)") != tt.want ||
			(got != "") != tt.want {
			t.Errorf("%s: the statement is %q", name, got)
		}
	}
}

func TestNewestStatementCounts(t *testing.T) {
	product := `{"@id":"pkg:npm/left-pad"}`
	older := document(`{"name":"CVE-1"}`, product, `"status":"fixed","timestamp":"2025-01-01T00:00:00Z"`)
	newer := document(`{"name":"CVE-1"}`, product,
		`"status":"affected","action_statement":"update\n it","timestamp":"2025-06-01T00:00:00Z"`)
	s, err := ReadStatements(newer, older)
	if err != nil {
		t.Fatal(err)
	}
	row := inspect.Vuln{ID: "CVE-1", Package: "left-pad", Version: "1.3.0", Type: "npm"}
	if got := s.about(row, inspect.Image{Packages: packages}); got != "affected: update it (Ann, vex.json)" {
		t.Errorf("the statement is %q", got)
	}
	if got := (*Statements)(nil).about(row, inspect.Image{Packages: packages}); got != "" {
		t.Errorf("without statements there is %q", got)
	}
}

func TestStatementsThatAreRefused(t *testing.T) {
	product := `{"@id":"pkg:npm/left-pad"}`
	for name, d := range map[string]Document{
		"no JSON":           {"x", []byte("{")},
		"another format":    {"x", []byte(`{"@context":"https://example.com"}`)},
		"no status":         document(`{"name":"CVE-1"}`, product, `"status_notes":"x"`),
		"no justification":  document(`{"name":"CVE-1"}`, product, `"status":"not_affected"`),
		"an unknown status": document(`{"name":"CVE-1"}`, product, `"status":"fine"`),
		"too large":         {"x", make([]byte, MaxStatements+1)},
	} {
		if _, err := ReadStatements(d); err == nil || !strings.Contains(err.Error(), "reading the OpenVEX document") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

func FuzzReadStatements(f *testing.F) {
	f.Add(document(`{"name":"CVE-1"}`, `{"@id":"pkg:npm/left-pad"}`, investigated).Data)
	f.Add(document(`{"@id":"CVE-1"}`, `{"@id":"x","subcomponents":[{"@id":"pkg:"}]}`, `"status":"fixed"`).Data)
	f.Add([]byte(`{"@context":"https://openvex.dev/ns","statements":[{}]}`))
	row := inspect.Vuln{
		ID: "CVE-1", Package: "left-pad", Version: "1.3.0", Type: "npm",
		Record: `{"aliases":["CVE-1"]}`,
	}
	image := inspect.Image{ImageHead: inspect.ImageHead{Reference: "web:1", Digest: "sha256:00"}, Packages: packages}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadStatements(Document{"fuzz", data})
		if err != nil {
			return
		}
		if text := s.about(row, image); text != "" && strings.ContainsAny(text, "\n\r") {
			t.Errorf("the statement %q has several lines", text)
		}
	})
}
