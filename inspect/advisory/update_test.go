package advisory

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// source serves one archive with a tag, and nothing for other ecosystems.
func source(t *testing.T, tag *string) *httptest.Server {
	t.Helper()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	w, err := z.Create("MAL-2025-1.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(osvExample)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/PyPI/all.zip":
			http.Error(w, "broken", http.StatusBadGateway)
		case r.URL.Path != "/npm/all.zip":
			http.NotFound(w, r)
		case r.Header.Get("If-None-Match") == *tag:
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("ETag", *tag)
			_, _ = w.Write(archive.Bytes())
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// An update asks with the tag of what is here; ecosystems that cannot be fetched are named, and hide no other.
func TestUpdate(t *testing.T) {
	tag, dir := `"one"`, t.TempDir()
	server := source(t, &tag)
	var reports []Updated
	u := &Updater{Client: server.Client(), Source: server.URL, Dir: dir, Report: func(r Updated) { reports = append(reports, r) }}
	err := u.Update(t.Context())
	if err == nil || !strings.Contains(err.Error(), "PyPI") || strings.Contains(err.Error(), "npm:") {
		t.Errorf("error %v", err)
	}
	db, err := OpenDatabase(dir)
	if err != nil || db == nil || db.Records != 3 || len(db.find("npm/@ctrl/tinycolor")) != 1 {
		t.Fatalf("%+v, %v", db, err)
	}
	_ = u.Update(t.Context())
	tag = `"two"`
	_ = u.Update(t.Context())
	changed := []bool{}
	for _, r := range reports {
		if !r.Missing {
			changed = append(changed, r.Changed)
		}
	}
	if !slices.Equal(changed, []bool{true, false, true}) {
		t.Errorf("%+v", reports)
	}
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	u.Source = nothing.URL
	if err := u.Update(t.Context()); err == nil {
		t.Error("a source without any records: no error")
	}
}

func TestImportOfEverything(t *testing.T) {
	dir, from := t.TempDir(), t.TempDir()
	write(t, filepath.Join(from, "mine.yaml"), goodPack)
	write(t, filepath.Join(from, "MAL-2025-1.json"), osvExample)
	got, err := Import(dir, from)
	if err != nil || len(got.Packs) != 1 || got.Records != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err := Import(dir, filepath.Join(from, "mine.yaml")); err != nil || len(got.Packs) != 1 || got.Records != 0 {
		t.Errorf("a pack: %+v, %v", got, err)
	}
	// The reduced file itself crosses an air gap.
	other := t.TempDir()
	if got, err := Import(other, DatabasePath(dir)); err != nil || got.Records != 3 {
		t.Errorf("the reduced file: %+v, %v", got, err)
	}
	if db, err := OpenDatabase(other); err != nil || db.Records != 3 {
		t.Errorf("%+v, %v", db, err)
	}
	write(t, filepath.Join(from, "broken.tsv"), "hello")
	empty := t.TempDir()
	for _, bad := range []string{filepath.Join(from, "broken.tsv"), filepath.Join(from, "missing"), empty} {
		if _, err := Import(dir, bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// An update replaces the records of an ecosystem by those of its source, and keeps what a person imported, whatever the
// ecosystem and however it was imported. Of a record that both have, the source's form counts.
func TestAnUpdateKeepsWhatWasImported(t *testing.T) {
	own := strings.NewReplacer("MAL-2025-1", "MAL-2099-7", "@ctrl/tinycolor", "ours-only").Replace(osvExample)
	for name, form := range map[string]func(t *testing.T) string{
		"a record": func(t *testing.T) string {
			p := filepath.Join(t.TempDir(), "MAL-2099-7.json")
			write(t, p, own)
			return p
		},
		"a reduced file": func(t *testing.T) string {
			var b Builder
			if err := b.Add([]byte(own)); err != nil {
				t.Fatal(err)
			}
			p := filepath.Join(t.TempDir(), "ours.tsv")
			write(t, p, string(b.Bytes()))
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			tag, dir := `"one"`, t.TempDir()
			server := source(t, &tag)
			if _, err := Import(dir, form(t)); err != nil {
				t.Fatal(err)
			}
			u := &Updater{Client: server.Client(), Source: server.URL, Dir: dir, Report: func(Updated) {}}
			for _, tag = range []string{`"one"`, `"two"`} {
				_ = u.Update(t.Context()) // PyPI is broken there
				db, err := OpenDatabase(dir)
				if err != nil || len(db.find("npm/ours-only")) != 1 || len(db.find("npm/@ctrl/tinycolor")) != 1 {
					t.Errorf("%s: %+v, %v", tag, db, err)
				}
			}
		})
	}
}

func TestAge(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	if days, ok := Age(now.Add(-50*time.Hour), now); days != 2 || !ok {
		t.Errorf("%d %v", days, ok)
	}
	if days, _ := Age(now.Add(time.Hour), now); days != 0 {
		t.Errorf("a date to come: %d", days)
	}
	if _, ok := Age(now.AddDate(900, 0, 0), now); ok {
		t.Error("data of a date to come has an age")
	}
	if _, ok := Age(time.Time{}, now); ok {
		t.Error("an unknown date has an age")
	}
}

func archiveOf(t *testing.T, records map[string]string) []byte {
	t.Helper()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, text := range records {
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
	return archive.Bytes()
}

// An archive without records does not take the place of those that are here, and is asked for again.
func TestUpdateKeepsWhatAnEmptyArchiveLacks(t *testing.T) {
	archive := archiveOf(t, map[string]string{"MAL-2025-1.json": osvExample})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/npm/all.zip" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(archive)
	}))
	defer server.Close()
	u := &Updater{Client: server.Client(), Source: server.URL, Dir: t.TempDir(), Report: func(Updated) {}}
	if err := u.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	archive = archiveOf(t, map[string]string{"MAL-2025-1.json": "not JSON"})
	if err := u.Update(t.Context()); err == nil {
		t.Error("an archive without any record: no error")
	}
	if db, err := OpenDatabase(u.Dir); err != nil || len(db.find("npm/@ctrl/tinycolor")) != 1 {
		t.Errorf("the records that were here: %+v, %v", db, err)
	}
}

// A reduced file takes the place of what an update fetched, so that the next update must fetch it again.
func TestUpdateAfterReducedFile(t *testing.T) {
	tag, dir := `"one"`, t.TempDir()
	server := source(t, &tag)
	u := &Updater{Client: server.Client(), Source: server.URL, Dir: dir, Report: func(Updated) {}}
	_ = u.Update(t.Context())
	reduced := filepath.Join(t.TempDir(), "other.tsv")
	write(t, reduced, databaseHeader+"\t2025-01-01\t1\nnpm/x\tMAL-1\t-\t-\t*\n")
	if _, err := Import(dir, reduced); err != nil {
		t.Fatal(err)
	}
	_ = u.Update(t.Context())
	if db, err := OpenDatabase(dir); err != nil || len(db.find("npm/@ctrl/tinycolor")) != 1 {
		t.Errorf("after the update: %+v, %v", db, err)
	}
}

// Errors have no password of the source.
func TestUpdateHidesPasswords(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer server.Close()
	address := strings.Replace(server.URL, "http://", "http://user:hunter2@", 1)
	u := &Updater{Client: server.Client(), Source: address, Dir: t.TempDir(), Report: func(Updated) {}}
	if err := u.Update(t.Context()); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}

func TestCheckSource(t *testing.T) {
	for address, want := range map[string]bool{
		DefaultSource: true, "https://mirror.example/osv": true, "http://127.0.0.1:8080": true,
		"http://localhost": true, "http://127.0.0.1.evil.example": false, "http://localhost.evil.example/": false,
		"http://127.0.0.1@evil.example": false, "http://evil.example": false, "ftp://x": false, "https://": false,
	} {
		if err := CheckSource(address); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	from := []*http.Request{httptest.NewRequest(http.MethodGet, "https://mirror.example/npm/all.zip", nil)}
	for address, want := range map[string]bool{
		"https://cdn.example/all.zip": true, "http://cdn.example/all.zip": false, "http://127.0.0.1/all.zip": false,
	} {
		if err := CheckRedirect(httptest.NewRequest(http.MethodGet, address, nil), from); (err == nil) != want {
			t.Errorf("redirect to %s: %v", address, err)
		}
	}
}

// A reduced file out of order, in which records would not be found, is refused.
func TestReadDatabaseRefusesDisorder(t *testing.T) {
	head := databaseHeader + "\t2025-01-01\t2\n"
	for _, lines := range []string{
		"npm/b\tMAL-1\t-\t-\t*\nnpm/a\tMAL-2\t-\t-\t*\n", "npm/a\tMAL-2\t*\nnpm/b\tMAL-1\t-\t-\t*\n",
	} {
		if _, err := ReadDatabase([]byte(head + lines)); err == nil {
			t.Errorf("no error for %q", lines)
		}
	}
}
