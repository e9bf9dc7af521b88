package layertest

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rpmdb "github.com/anchore/go-rpmdb/pkg"
)

// packagesOf reads a database with the library that backtrail reads them with.
func packagesOf(t *testing.T, data string) []*rpmdb.PackageInfo {
	t.Helper()
	name := filepath.Join(t.TempDir(), "Packages")
	Must(t, os.WriteFile(name, []byte(data), 0o600))
	db, err := rpmdb.Open(name)
	Must(t, err)
	defer db.Close()
	list, err := db.ListPackages()
	Must(t, err)
	return list
}

// The three forms hold the same packages: a test of one is a test of all.
func TestDatabasesOfRPM(t *testing.T) {
	_, headers := Fedora(t)
	for form, data := range map[string]string{
		"SQLite": SQLite(t, headers...), "ndb": NDB(headers...), "Berkeley DB": BDB(binary.LittleEndian, headers...),
		"Berkeley DB, the other order": BDB(binary.BigEndian, headers...),
		"Berkeley DB, small pages":     BDBOfPages(1024, binary.LittleEndian, headers...),
	} {
		var got []string
		for _, p := range packagesOf(t, data) {
			got = append(got, fmt.Sprintf("%s-%s-%s of %d files", p.Name, p.Version, p.Release, len(p.BaseNames)))
		}
		slices.Sort(got)
		want := []string{
			"bash-1.0-1.el9 of 306 files", "coreutils-1.0-1.el9 of 1 files", "gpg-pubkey-1.0-1.el9 of 0 files",
			"old-1.0-1.el9 of 1 files",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", form, got)
		}
	}
}

// Files come back with the directory, digest and flags that they were given, whatever directories they share.
func TestFilesOfAHeader(t *testing.T) {
	files := []RPMFile{
		{"/usr/bin/a", strings.Repeat("a", 64), 0},
		{"/etc/b", strings.Repeat("b", 64), rpmdb.RPMFILE_CONFIG},
		{"/usr/bin/c", "", rpmdb.RPMFILE_GHOST},
		{"/d", strings.Repeat("d", 64), 0},
	}
	list := packagesOf(t, SQLite(t, RPMHeader("p", 8, files...)))
	if len(list) != 1 {
		t.Fatalf("%d packages", len(list))
	}
	p := list[0]
	if p.DigestAlgorithm != rpmdb.PGPHASHALGO_SHA256 || len(p.BaseNames) != len(files) {
		t.Fatalf("%+v", p)
	}
	for i, f := range files {
		at := filepath.Join(p.DirNames[p.DirIndexes[i]], p.BaseNames[i])
		if at != f.Path || p.FileDigests[i] != f.Digest || p.FileFlags[i] != f.Flags {
			t.Errorf("%s comes back as %s %s %d", f.Path, at, p.FileDigests[i], p.FileFlags[i])
		}
	}
	old := packagesOf(t, NDB(RPMHeader("old", 0, files[0])))[0]
	if old.DigestAlgorithm != 0 {
		t.Errorf("a header without the tag has the algorithm %v", old.DigestAlgorithm)
	}
}

// A header is larger than a page: overflow pages are chained, and the last one is not full.
func TestHeadersOfManyPages(t *testing.T) {
	for _, n := range []int{1, 50, 2000} {
		var files []RPMFile
		for i := range n {
			files = append(files, RPMFile{fmt.Sprintf("/usr/share/f%d", i), strings.Repeat("0", 64), 0})
		}
		header := RPMHeader("many", 8, files...)
		for _, size := range []int{512, 4096} {
			list := packagesOf(t, BDBOfPages(size, binary.LittleEndian, RPMHeader("first", 8), header))
			if len(list) != 2 || len(list[1].BaseNames) != n {
				t.Errorf("%d files in pages of %d bytes: %d packages", n, size, len(list))
			}
		}
	}
}

// The image has what its packages own, and one file that no package can vouch for.
func TestFedora(t *testing.T) {
	members, headers := Fedora(t)
	there := map[string]string{}
	for _, m := range members {
		there["/"+strings.TrimSuffix(m.Name, "/")] = m.Content
	}
	var altered, missing []string
	for _, p := range packagesOf(t, NDB(headers...)) {
		for i, base := range p.BaseNames {
			path := filepath.Join(p.DirNames[p.DirIndexes[i]], base)
			content, ok := there[strings.Replace(path, "/bin/bash", "/usr/bin/bash", 1)]
			switch {
			case !ok && p.FileFlags[i] == 0:
				missing = append(missing, path)
			case p.FileDigests[i] != "" && ok && p.DigestAlgorithm == rpmdb.PGPHASHALGO_SHA256 &&
				p.FileDigests[i] != SHA256([]byte(content))[7:]:
				altered = append(altered, path)
			}
		}
	}
	if got := strings.Join(missing, " "); got != "/usr/bin/gone" {
		t.Errorf("missing %s", got)
	}
	if got := strings.Join(altered, " "); got != "/etc/bashrc /var/log/lastlog" {
		t.Errorf("altered %s", got)
	}
}
