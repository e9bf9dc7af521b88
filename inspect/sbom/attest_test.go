package sbom

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	stereoscope "github.com/anchore/stereoscope/pkg/file"
	"github.com/anchore/syft/syft/file"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

func TestPredicatesThatAreSBOMs(t *testing.T) {
	for predicate, want := range map[string]bool{
		"https://spdx.dev/Document":         true,
		"https://spdx.dev/Document/v2.3":    true,
		"https://cyclonedx.org/bom":         true,
		"https://cyclonedx.org/bom/v1.6":    true,
		"https://syft.dev/bom":              true,
		"https://spdx.dev/Documents":        false,
		"https://spdx.dev/Document.evil":    false,
		"https://evil.example/spdx.dev":     false,
		"https://slsa.dev/provenance/v1":    false,
		"https://cyclonedx.org/vex":         false,
		"http://spdx.dev/Document":          false,
		"":                                  false,
		"https://cosign.sigstore.dev/attes": false,
	} {
		if got := IsSBOM(predicate); got != want {
			t.Errorf("%q: %v", predicate, got)
		}
	}
	for kind, want := range map[string]string{
		"application/vnd.cyclonedx+json": formatCycloneDX, "application/vnd.cyclonedx+xml": formatCycloneDXXML,
		"application/vnd.syft+json": formatSyft, "text/spdx": formatSPDX, "": formatSPDX,
	} {
		if got := formatOf(kind); got != want {
			t.Errorf("%q is %s, want %s", kind, got, want)
		}
	}
	for kind, want := range map[string]bool{
		"text/spdx+json": true, "application/vnd.cyclonedx+xml": true, "application/vnd.syft+json": true,
		"application/vnd.oci.image.layer.v1.tar": false, "": false,
	} {
		if got := isMediaType(kind); got != want {
			t.Errorf("%q is the type of an SBOM: %v", kind, got)
		}
	}
}

// What a statement carries is worth what its signature is worth, and nothing where it cannot be read.
func TestAttestedSBOMs(t *testing.T) {
	b := newBench(t)
	put := func(text string) string {
		digest := registrySum(text)
		if err := b.client.Store().Put(digest, []byte(text)); err != nil {
			t.Fatal(err)
		}
		return digest
	}
	good := put(`{"predicate": {"spdxVersion": "SPDX-2.3", "packages": [{}, {}]}}`)
	bad := put(`{"predicate": 7}`)
	const spdx, cdx = "https://spdx.dev/Document", "https://cyclonedx.org/bom"
	for name, test := range map[string]struct {
		signature inspect.Signature
		want      string
	}{
		"verified": {
			inspect.Signature{PredicateType: spdx, Status: inspect.Verified, Digest: good}, "spdx-json 2 verified ",
		},
		"a bad signature": {
			inspect.Signature{PredicateType: spdx, Status: inspect.Failed, Reason: "invalid", Digest: good},
			"spdx-json 2 failed invalid",
		},
		"not checked": {
			inspect.Signature{PredicateType: spdx, Status: inspect.Unknown, Reason: "no-key", Digest: good},
			"spdx-json 2 unknown no-key",
		},
		"another form": {
			inspect.Signature{PredicateType: cdx, Status: inspect.Verified, Digest: good}, "spdx-json 2 verified ",
		},
		"not readable": {
			inspect.Signature{PredicateType: cdx, Status: inspect.Verified, Digest: bad},
			"cyclonedx-json 0 unknown unreadable",
		},
		"not there": {
			inspect.Signature{PredicateType: spdx, Status: inspect.Verified, Digest: registrySum("x")},
			"spdx-json 0 unknown unreadable",
		},
		"not there, failed": {
			inspect.Signature{PredicateType: spdx, Status: inspect.Failed, Reason: "invalid", Digest: ""},
			"spdx-json 0 failed invalid",
		},
		"in a bundle": {
			inspect.Signature{
				PredicateType: spdx, Status: inspect.Verified, Digest: bad,
				Raw: []inspect.RawPart{{Name: "bundle", Digest: bad}, {Name: "statement", Digest: good}},
			},
			"spdx-json 2 verified ",
		},
		"provenance is none": {
			inspect.Signature{PredicateType: "https://slsa.dev/provenance/v1", Status: inspect.Verified, Digest: good},
			"",
		},
	} {
		got := ""
		for _, r := range attested(b.client.Store(), []inspect.Signature{test.signature}) {
			got += fmt.Sprintf("%s %d %s %s", r.Format, r.Packages, r.Status, r.Reason)
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestWhatAStatementIsAbout(t *testing.T) {
	const image, index = "sha256:aa", "sha256:bb"
	for text, want := range map[string]bool{
		`{"subject":[{"digest":{"sha256":"aa"}}]}`:                            true,
		`{"subject":[{"digest":{"sha256":"zz"}},{"digest":{"sha256":"bb"}}]}`: true,
		`{"subject":[{"digest":{"sha256":"AA"}}]}`:                            false,
		`{"subject":[{"digest":{"sha512":"aa"}}]}`:                            false,
		`{"subject":[{"digest":{"sha256":""}}]}`:                              false,
		`{"subject":[]}`:                                                      false,
		`{"subject":[{"name":"sha256:aa"}]}`:                                  false,
		`no JSON`:                                                             false,
		``:                                                                    false,
		`{"subject":[{"digest":{"sha256":"cc"}}],"predicate":{"sha256":"aa"}}`: false,
	} {
		if got := about([]byte(text), image, index, ""); got != want {
			t.Errorf("%s is about the image: %v", text, got)
		}
	}
}

// The document is taken out of a statement in each of the ways in which tools wrap it; what is no statement is the
// document itself.
func TestTheDocumentInAStatement(t *testing.T) {
	const doc = `{"spdxVersion":"SPDX-2.3"}`
	for text, want := range map[string]string{
		`{"predicate":` + doc + `}`:                          doc,
		`{"predicate":"SPDXVersion: SPDX-2.3"}`:              "SPDXVersion: SPDX-2.3",
		`{"predicate":{"Data":` + doc + `,"Timestamp":"x"}}`: doc,
		`{"predicate":{"Data":"SPDXVersion: SPDX-2.3"}}`:     "SPDXVersion: SPDX-2.3",
		doc:                     doc,
		"SPDXVersion: SPDX-2.3": "SPDXVersion: SPDX-2.3",
		"":                      "",
	} {
		if got := string(plainDocument([]byte(text))); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for _, bad := range []string{`{}`, `{"predicate":7}`, `[]`, `{"predicate":""}`, strings.Repeat(" ", MaxDocument+1)} {
		if format, n, err := countPredicate([]byte(bad)); err == nil {
			t.Errorf("%.40q: %s, %d packages", bad, format, n)
		}
	}
	if _, _, err := countStatement(newBench(t).client.Store(), "sha256:zz"); err == nil {
		t.Error("a statement that is not there is counted")
	}
}

func TestPlacesOfPackageDatabases(t *testing.T) {
	for p, want := range map[string]bool{
		"/var/lib/dpkg/status":               true,
		"/var/lib/dpkg/status-old":           false,
		"/var/lib/dpkg/status.d/tz":          true,
		"/var/lib/dpkg/status.d/x.md5sums":   false,
		"/var/lib/chisel/manifest.wall":      true,
		"/nix/var/nix/db/db.sqlite":          true,
		"/lib/apk/db/installed":              true,
		"/usr/lib/apk/db/installed":          true,
		"/lib/apk/db/scripts.tar":            false,
		"/var/lib/rpm/Packages":              true,
		"/usr/lib/sysimage/rpm/rpmdb.sqlite": true,
		"/usr/share/rpm/Packages.db":         true,
		"/var/lib/rpm/Name":                  false,
		"/srv/var/lib/dpkg/status":           false,
	} {
		if got := isDatabase(p); got != want {
			t.Errorf("%s: %v", p, got)
		}
	}
	for p, want := range map[string][2]bool{
		"/var/lib/rpm/Packages": {true, false}, "/opt/rpm/rpmdb.sqlite": {true, false}, "/var/lib/rpms/Packages": {
			false, false,
		},
		"/nix/var/nix/db/db.sqlite": {false, true}, "/opt/nix/var/nix/db/db.sqlite": {false, true}, "/db.sqlite": {
			false, false,
		},
	} {
		if got := [2]bool{rpmDatabase(p), nixDatabase(p)}; got != want {
			t.Errorf("%s: rpm and Nix %v, want %v", p, got, want)
		}
	}
}

// Each type and mode of an entry is syft's of the same meaning.
func TestFilesAreDescribedAsSyftDoes(t *testing.T) {
	for kind, test := range map[inspect.EntryType]struct {
		want stereoscope.Type
		mode fs.FileMode
		file bool
	}{
		inspect.EntryFile:     {stereoscope.TypeRegular, 0, true},
		inspect.EntryDir:      {stereoscope.TypeDirectory, fs.ModeDir, false},
		inspect.EntrySymlink:  {stereoscope.TypeSymLink, fs.ModeSymlink, false},
		inspect.EntryChar:     {stereoscope.TypeCharacterDevice, fs.ModeDevice | fs.ModeCharDevice, true},
		inspect.EntryBlock:    {stereoscope.TypeBlockDevice, fs.ModeDevice, true},
		inspect.EntryFIFO:     {stereoscope.TypeFIFO, fs.ModeNamedPipe, true},
		inspect.EntryHardlink: {stereoscope.TypeHardLink, 0, false},
		inspect.EntryOpaque:   {stereoscope.TypeIrregular, 0, true},
	} {
		n := &inspect.Node{Entry: inspect.Entry{
			Path: "/usr/bin/x", Type: kind, Mode: 0o4751, Size: 7, UID: 1, GID: 2, Link: "y",
			ModTime: 1_700_000_000, MIME: "text/plain",
		}}
		m := metadata(n)
		if m.Type != test.want || isFile(n) != test.file || m.Name() != "x" || m.UserID != 1 || m.GroupID != 2 {
			t.Errorf("%s: %+v, a file %v", kind, m, isFile(n))
		}
		if want := test.mode | fs.ModeSetuid | 0o751; m.Mode() != want ||
			!m.ModTime().Equal(time.Unix(1_700_000_000, 0)) {
			t.Errorf("%s: mode %s, want %s", kind, m.Mode(), want)
		}
	}
	second := &inspect.Node{
		Entry: inspect.Entry{Path: "/b", Type: inspect.EntryHardlink, Link: "a", SHA256: "aa", Mode: 0o3644},
	}
	if m := metadata(second); m.Type != stereoscope.TypeRegular || m.LinkDestination != "" || !isFile(second) ||
		m.Mode() != fs.ModeSetgid|fs.ModeSticky|0o644 {
		t.Errorf("a second name of a file: %+v", m)
	}
}

// syft is given what is in the image, and an error for what is not: it must not take one for the other.
func TestWhatSyftIsGiven(t *testing.T) {
	r := resolverOf(t, newBench(t), []member{
		dir("d/"), textFile("d/a", "content"), symlink("l", "d/a"), symlink("gone", "nowhere"), symlink("dir", "d"),
		hardlink("h", "d/a"), textFile("LICENSE", "a long text"),
		{path: "pipe", kind: '6'},
	})
	for p, want := range map[string]bool{"/d/a": true, "/l": true, "/gone": true, "/d": true, "/dir/a": true, "/x": false, "/gone/x": false} {
		if got := r.HasPath(p); got != want {
			t.Errorf("there is something at %s: %v", p, got)
		}
	}
	for p, want := range map[string]string{
		"/d/a": "content", "/l": "content", "/h": "content", "/dir/a": "content", "/LICENSE": "",
		"/pipe": "",
	} {
		found, err := r.FilesByPath(p)
		if err != nil || len(found) != 1 {
			t.Errorf("%s: %v, %v", p, found, err)
			continue
		}
		c, err := r.FileContentsByLocation(found[0])
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		data := make([]byte, 100)
		n, _ := c.Read(data)
		if string(data[:n]) != want {
			t.Errorf("%s holds %q, want %q", p, data[:n], want)
		}
		if m, err := r.FileMetadataByLocation(found[0]); err != nil || m.Path != found[0].RealPath {
			t.Errorf("%s: %+v, %v", p, m, err)
		}
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	for _, p := range []string{"/d", "/gone", "/x", ""} {
		if found, err := r.FilesByPath(p); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", p, found, err)
		}
	}
	if _, err := r.FilesByGlob("[unclosed"); err == nil {
		t.Error("a pattern that is none finds something")
	}
	other := resolverOf(t, newBench(t), []member{textFile("d/a", "other")})
	found, err := other.FilesByPath("/d/a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.FileContentsByLocation(found[0]); err == nil {
		t.Error("the location of another image is opened")
	}
	if _, err := r.FileMetadataByLocation(found[0]); err == nil {
		t.Error("the location of another image is described")
	}
	for _, l := range allOf(t, r) {
		if _, err := r.FileContentsByLocation(l); (err != nil) != slices.Contains(
			[]string{"/d", "/dir", "/gone"},
			l.RealPath,
		) {
			t.Errorf("%s: %v", l.RealPath, err)
		}
	}
}

// What has no content is empty, whoever reads it.
func TestNothingHasNoContent(t *testing.T) {
	c := newContents(nothing{}, nothing{})
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || c.Size() != 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := (nothing{}).ReadAt(make([]byte, 1), 0); n != 0 || err == nil || c.Close() != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// Layers that could not be read are named, and steps without a layer are none.
func TestLayersThatAreMissing(t *testing.T) {
	all := []inspect.Layer{{Number: 0, Status: inspect.Verified}, {Number: -1, Empty: true}, {
		Number: 1, Status: inspect.Unknown,
		Reason: "missing-blob",
	}, {Number: 2, Status: inspect.Failed, Reason: "malformed"}}
	of := ofManifest(all)
	if len(of) != 3 || !anyHolds(of) || anyHolds(of[1:]) {
		t.Errorf("%d layers", len(of))
	}
	if got := missing(of); got != "layer 1 (missing-blob), layer 2 (malformed) could not be read" {
		t.Errorf("%q", got)
	}
	if got := missing(of[:1]); got != "" || missing(nil) != "" {
		t.Errorf("nothing is missing: %q", got)
	}
}

// A directory of a zip is estimated from above before it is held: what it claims is not believed.
func TestDirectoriesOfArchivesAreEstimated(t *testing.T) {
	plain := jar(t, "org.example", "a", "1")
	if n := DirectoryEntries(strings.NewReader(string(plain)), int64(len(plain))); n < 2 ||
		n > int64(len(plain))/zipEntry {
		t.Errorf("%d entries for 2", n)
	}
	for name, data := range map[string]string{
		"nothing": "", "a text": "hello", "an end that is cut": "PK\x05\x06" + strings.Repeat("\x00", 10),
	} {
		if n := DirectoryEntries(strings.NewReader(data), int64(len(data))); n != 0 {
			t.Errorf("%s: %d entries", name, n)
		}
	}
	claims := "PK\x05\x06" + strings.Repeat("\x00", 8) + strings.Repeat("\xff", 8) + "\x00\x00"
	if n := DirectoryEntries(strings.NewReader(claims), int64(len(claims))); n > 1 {
		t.Errorf("a directory of 4 GiB in %d bytes: %d entries", len(claims), n)
	}
	zip64 := "PK\x06\x07\x00\x00\x00\x00" + strings.Repeat("\xff", 8) + "\x01\x00\x00\x00" + claims
	if n := DirectoryEntries(strings.NewReader(zip64), int64(len(zip64))); n > 2 {
		t.Errorf("a locator that leads out of the file: %d entries", n)
	}
}

// Names in braces are what they stand for; braces within braces are left to the matching.
func TestAlternativesOfAName(t *testing.T) {
	for name, want := range map[string][]string{
		"a": {"a"}, "{a,b}": {"a", "b"}, "x.{jar,war}y": {"x.jary", "x.wary"}, "{a": {"{a"}, "a}": {"a}"}, "{a,{b,c}}": {
			"{a,{b,c}}",
		},
		"{}": {""}, "{a}{b}": {"{a}{b}"}, "": {""},
	} {
		if got := alternatives(name); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for pattern, want := range map[string][3]string{
		"abc": {"abc", "", "false"}, "a*c": {"a", "*c", "true"}, "*": {"", "*", "true"}, "a[b]": {"a", "[b]", "true"}, "": {
			"", "", "false",
		},
	} {
		start, rest, wildcard := cut(pattern)
		if got := [3]string{start, rest, fmt.Sprint(wildcard)}; got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

// registrySum is the digest of a text.
func registrySum(text string) string { return layertest.SHA256([]byte(text)) }

// allOf lists every location of a resolver.
func allOf(t *testing.T, r *resolver) []file.Location {
	t.Helper()
	var all []file.Location
	for l := range r.AllLocations(t.Context()) {
		all = append(all, l)
	}
	return all
}
