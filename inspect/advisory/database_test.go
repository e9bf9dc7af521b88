package advisory

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

const osvExample = `{"id":"MAL-2025-1","published":"2025-09-15T10:00:00Z","modified":"2025-09-20T00:00:00Z","affected":[
 {"package":{"ecosystem":"npm","name":"@ctrl/tinycolor"},"versions":["4.1.1","4.1.2"]},
 {"package":{"ecosystem":"PyPI","name":"Evil.Package"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]},
 {"package":{"ecosystem":"npm","name":"spanned"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"last_affected":"2.1.0"}]}]},
 {"package":{"ecosystem":"Haiku","name":"unknown"}}]}`

func TestReduce(t *testing.T) {
	lines, modified, err := reduce([]byte(osvExample))
	if err != nil || modified != "2025-09-20" {
		t.Fatal(err, modified)
	}
	want := []string{
		"npm/@ctrl/tinycolor\tMAL-2025-1\t2025-09-15\t-\t=4.1.1,=4.1.2",
		"pypi/evil-package\tMAL-2025-1\t2025-09-15\t-\t*",
		"npm/spanned\tMAL-2025-1\t2025-09-15\t-\t>=1.0.0 <1.2.0,>=2.0.0 <=2.1.0",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
	for _, other := range []string{
		`{"id":"GHSA-1","affected":[{"package":{"ecosystem":"npm","name":"x"}}]}`,
		`{"id":"MAL-1","affected":[{"package":{"ecosystem":"npm","name":"a\tb"}}]}`,
	} {
		if lines, _, err := reduce([]byte(other)); len(lines) != 0 || err != nil {
			t.Errorf("%s: %q, %v", other, lines, err)
		}
	}
}

func record1(n int, name, affected string) string {
	return fmt.Sprintf(`{"id":"MAL-2025-%d","modified":"2025-01-02T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":%q},"versions":[%q]}]}`, n, name, affected)
}

// Each record is found by its key, and neighbors with the same beginning are not.
func TestDatabaseFinds(t *testing.T) {
	var b Builder
	for n := range 500 {
		if err := b.Add([]byte(record1(n, fmt.Sprintf("evil-%d", n), "1.0.0"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Add([]byte("{")); err != nil || b.Broken != 1 {
		t.Errorf("a broken record: %v, %d", err, b.Broken)
	}
	dir := t.TempDir()
	if err := b.Save(dir); err != nil {
		t.Fatal(err)
	}
	db, err := OpenDatabase(dir)
	if err != nil {
		t.Fatal(err)
	}
	if db.Records != 500 || db.Date.Format("2006-01-02") != "2025-01-02" || !strings.HasPrefix(db.Digest, "sha256:") {
		t.Errorf("%d records of %v, %s", db.Records, db.Date, db.Digest)
	}
	for n := range 500 {
		got := db.find(fmt.Sprintf("npm/evil-%d", n))
		if len(got) != 1 || got[0].id != fmt.Sprintf("MAL-2025-%d", n) || !got[0].affects("npm", "1.0.0") || got[0].affects("npm", "1.0.1") {
			t.Fatalf("evil-%d: %+v", n, got)
		}
	}
	for _, missing := range []string{"npm/evil-", "npm/evil-5000", "npm/", "", "zzz", "npm/evil-49 "} {
		if got := db.find(missing); len(got) != 0 {
			t.Errorf("%q: %+v", missing, got)
		}
	}
	if got := (*Database)(nil).find("npm/x"); got != nil {
		t.Errorf("without a database: %+v", got)
	}
	// Records of other ecosystems stay when one of them is fetched anew.
	var again Builder
	_ = again.Keep(db, "pypi")
	if again.Len() != 500 {
		t.Errorf("kept %d", again.Len())
	}
	again = Builder{}
	_ = again.Keep(db, "npm")
	if again.Len() != 0 {
		t.Errorf("kept %d", again.Len())
	}
}

func TestReadDatabaseRefuses(t *testing.T) {
	for _, bad := range []string{
		"", "hello\n", databaseHeader + "\t2025-01-01\t1\n", databaseHeader + "\tsoon\t0\n", databaseHeader + "\t-\t-1\n",
		databaseHeader + "\t-\t1\nnpm/x\tMAL-1\t-\t-\t*", databaseHeader + " \t-\t0\n",
	} {
		if _, err := ReadDatabase([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if db, err := OpenDatabase(t.TempDir()); db != nil || err != nil {
		t.Errorf("without a file: %v, %v", db, err)
	}
}

// A folder, a single record and osv.dev's archive are imported alike.
func TestImport(t *testing.T) {
	dir := t.TempDir()
	one := filepath.Join(dir, "MAL-2025-1.json")
	write(t, one, osvExample)
	write(t, filepath.Join(dir, "GHSA-2.json"), `{"id":"GHSA-2"}`)
	write(t, filepath.Join(dir, "README.md"), "no record")
	archive := filepath.Join(t.TempDir(), "all.zip")
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range map[string]string{"MAL-2025-1.json": osvExample, "GHSA-2.json": "not even JSON"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, path := range []string{dir, one, archive} {
		var b Builder
		if err := b.AddPath(path); err != nil || b.Len() != 3 || b.Broken != 0 {
			t.Errorf("%s: %d records, %d broken, %v", path, b.Len(), b.Broken, err)
		}
	}
	var b Builder
	if err := b.AddPath(filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing path: no error")
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestImportPack(t *testing.T) {
	dir, from := t.TempDir(), filepath.Join(t.TempDir(), "mine.yaml")
	write(t, from, goodPack)
	if _, err := ImportPack(dir, from); err != nil {
		t.Fatal(err)
	}
	status, err := NewData(dir).Status()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range status.Packs {
		found = found || p.ID == "example-2026-01"
	}
	if !found || status.Database != nil {
		t.Errorf("the imported pack is not there: %d packs", len(status.Packs))
	}
	write(t, from, "id: [")
	if _, err := ImportPack(dir, from); err == nil {
		t.Error("a broken pack was imported")
	}
}

// An image of 2,300 packages is compared with a database of the size of npm's in milliseconds.
func BenchmarkPackages(b *testing.B) {
	var build Builder
	for n := range 200_000 {
		_ = build.Add([]byte(record1(n, fmt.Sprintf("evil-%d", n), "1.0.0")))
	}
	db, err := ReadDatabase(build.Bytes())
	if err != nil {
		b.Fatal(err)
	}
	packs, err := EmbeddedPacks()
	if err != nil {
		b.Fatal(err)
	}
	var image inspect.Image
	for n := range 2300 {
		name := fmt.Sprintf("package-%d", n)
		image.Packages = append(image.Packages, inspect.Package{Type: "npm", Name: name, Version: "1.0.0", PURL: "pkg:npm/" + name + "@1.0.0"})
	}
	x := newIndex(packs, db)
	for b.Loop() {
		m := newMatches(x, image)
		m.packages()
		m.windows()
		if len(m.rows) != 0 {
			b.Fatal(m.rows)
		}
	}
}

func FuzzReadDatabase(f *testing.F) {
	f.Add([]byte(databaseHeader+"\t2025-01-01\t1\nnpm/x\tMAL-1\t-\t-\t=1.0.0,>=2 <3\n"), "npm/x", "1.0.0")
	f.Fuzz(func(t *testing.T, data []byte, key, version string) {
		db, err := ReadDatabase(data)
		if err != nil {
			return
		}
		for _, r := range db.find(key) {
			r.affects("npm", version)
		}
	})
}

func FuzzReduce(f *testing.F) {
	f.Add([]byte(osvExample))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, _, _ := reduce(data)
		for _, l := range lines {
			if _, ok := parseRecord(l); !ok || strings.Contains(l, "\n") {
				t.Errorf("%q cannot be read again", l)
			}
		}
	})
}

// What a record affects is never widened: events out of order are ordered, and a version that cannot be written makes
// the record unreadable.
func TestReduceNeverWidens(t *testing.T) {
	record := func(affected string) []byte {
		return []byte(`{"id":"MAL-1","affected":[{"package":{"ecosystem":"npm","name":"x"},` + affected + `}]}`)
	}
	for affected, want := range map[string]string{
		`"ranges":[{"type":"SEMVER","events":[{"fixed":"1.2.0"},{"introduced":"0"}]}]`:              "<1.2.0",
		`"ranges":[{"type":"SEMVER","events":[{"last_affected":"1.10.0"},{"introduced":"1.9.0"}]}]`: ">=1.9.0 <=1.10.0",
		`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1 2"}]}]`:                "",
		`"versions":["1.0, 2"]`: "",
		`"ranges":[{"type":"GIT","events":[{"introduced":"abc"}]}]`: "",
		`"versions":[]`: "*",
	} {
		lines, _, err := reduce(record(affected))
		if want == "" {
			if err == nil {
				t.Errorf("%s: %q", affected, lines)
			}
			continue
		}
		if err != nil || len(lines) != 1 || !strings.HasSuffix(lines[0], "\t"+want) {
			t.Errorf("%s: %q, %v", affected, lines, err)
		}
	}
}

// A Builder stops at what the reduced file may hold, and at what archives may unpack to.
func TestBuilderBounds(t *testing.T) {
	if err := (&Builder{size: maxDatabase}).Add([]byte(osvExample)); err == nil {
		t.Error("records past the size of the reduced file: no error")
	}
	name := filepath.Join(t.TempDir(), "all.zip")
	write(t, name, string(archiveOf(t, map[string]string{"MAL-2025-1.json": osvExample})))
	if err := (&Builder{unpacked: maxUnpacked}).AddPath(name); err == nil {
		t.Error("an archive that unpacks to more than the bound: no error")
	}
}
