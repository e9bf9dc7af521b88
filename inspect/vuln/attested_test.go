package vuln

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// kept is Blobs of a test.
type kept map[string]string

func (k kept) Read(digest string, most int64) ([]byte, error) {
	text, ok := k[digest]
	if !ok || int64(len(text)) > most {
		return nil, errors.New("not kept")
	}
	return []byte(text), nil
}

// Only verified attestations count: anybody can attach a statement that an image is not affected.
func TestAttestedStatements(t *testing.T) {
	doc := document(`{"name":"CVE-1"}`, `{"@id":"pkg:npm/left-pad"}`, `"status":"fixed"`)
	blobs := kept{
		"sha256:1": fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","predicate":%s}`, doc.Data),
		"sha256:2": "{", "sha256:3": `{"predicate":{}}`,
	}
	row := inspect.Vuln{ID: "CVE-1", Package: "left-pad", Version: "1.3.0", Type: "npm"}
	image := inspect.Image{Packages: packages}
	signed := func(change func(*inspect.Signature)) inspect.Signature {
		s := inspect.Signature{
			PredicateType: "https://openvex.dev/ns/v0.2.0", Status: inspect.Verified,
			Identity: "ann@example.com",
			Digest:   "sha256:0", Raw: []inspect.RawPart{{Name: "statement", Digest: "sha256:1"}},
		}
		change(&s)
		return s
	}
	for name, tt := range map[string]struct {
		change func(*inspect.Signature)
		want   string
		err    string
	}{
		"verified": {func(*inspect.Signature) {}, "fixed (Ann, attested by ann@example.com)", ""},
		"with a key": {
			func(s *inspect.Signature) { s.Identity, s.Key = "", "sha256:k" },
			"fixed (Ann, attested with key sha256:k)", "",
		},
		"without version": {
			func(s *inspect.Signature) { s.PredicateType = "https://openvex.dev/ns" },
			"fixed (Ann, attested by ann@example.com)", "",
		},
		"unknown signer":   {func(s *inspect.Signature) { s.Status = inspect.Unknown }, "", ""},
		"failed":           {func(s *inspect.Signature) { s.Status = inspect.Failed }, "", ""},
		"another kind":     {func(s *inspect.Signature) { s.PredicateType = "https://openvex.dev/nsx" }, "", ""},
		"not kept":         {func(s *inspect.Signature) { s.Raw = nil }, "", "sha256:0: not kept"},
		"no JSON":          {func(s *inspect.Signature) { s.Raw[0].Digest = "sha256:2" }, "", "sha256:2"},
		"no OpenVEX in it": {func(s *inspect.Signature) { s.Raw[0].Digest = "sha256:3" }, "", "@context"},
	} {
		all, err := attested(blobs, []inspect.Signature{signed(tt.change)})
		if got := all.about(row, image); got != tt.want {
			t.Errorf("%s: the statement is %q, want %q", name, got, tt.want)
		}
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: the error is %v, want %q", name, err, tt.err)
		}
	}
}

// A newer statement of a file counts before an older one that is attested.
func TestStatementsOfBothCount(t *testing.T) {
	product := `{"@id":"pkg:npm/left-pad"}`
	file, err := ReadStatements(document(`{"name":"CVE-1"}`, product,
		`"status":"under_investigation","timestamp":"2026-06-01T00:00:00Z"`))
	if err != nil {
		t.Fatal(err)
	}
	other, err := ReadStatements(document(`{"name":"CVE-1"}`, product, `"status":"fixed"`),
		document(`{"name":"CVE-2"}`, product, `"status":"fixed"`))
	if err != nil {
		t.Fatal(err)
	}
	both := file.with(other)
	for id, want := range map[string]string{"CVE-1": "under_investigation", "CVE-2": "fixed", "CVE-3": ""} {
		row := inspect.Vuln{ID: id, Package: "left-pad", Version: "1.3.0", Type: "npm"}
		if got := both.about(row, inspect.Image{Packages: packages}); !strings.HasPrefix(got, want) || want == "" &&
			got != "" {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	if file.with(nil) != file || (*Statements)(nil).with(file) != file {
		t.Error("with nothing else the statements are others")
	}
}
