package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/inspect/vuln/vulntest"
)

func TestAgeOfData(t *testing.T) {
	now := time.Now().UTC()
	for name, c := range map[string]struct {
		at   time.Time
		want string
	}{
		"unknown":      {time.Time{}, "an unknown date"},
		"now":          {now, now.Format(time.DateOnly) + " (today)"},
		"a day":        {now.Add(-25 * time.Hour), now.Add(-25*time.Hour).Format(time.DateOnly) + " (1 day old)"},
		"several days": {now.Add(-49 * time.Hour), now.Add(-49*time.Hour).Format(time.DateOnly) + " (2 days old)"},
	} {
		if got := dated(inspect.At(c.at)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A database that is not there, one that cannot be read and one that is old have words of their own: only a current one
// is given by its date alone.
func TestWordsOfTheVulnerabilityDatabase(t *testing.T) {
	at := inspect.At(opened)
	for want, r := range map[string]vulnReport{
		"none, so nothing is known about them": {Status: inspect.StoreEmpty},
		"the database could not be read":       {Status: inspect.StoreUnreachable, Reason: "x", Date: at},
		"; old: backtrail db update fetches":   {Status: inspect.StoreFound, Old: true, Date: at},
		"of 2026-03-01 (":                      {Status: inspect.StoreFound, Date: at},
		"of an unknown date":                   {Status: inspect.StoreFound},
	} {
		if got := r.words(); !strings.Contains(got, want) || strings.Contains(got, "old:") != r.Old {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}

// dbStatusOf is what db status prints as JSON.
func dbStatusOf(t *testing.T, code int) (r dbReport) {
	t.Helper()
	o := call(t, "db", "status", "-o", "json")
	o.wants(t, code)
	if err := json.Unmarshal([]byte(o.out), &r); err != nil {
		t.Fatalf("%v: %s", err, o.out)
	}
	return r
}

// Without data, with data of each kind, and with data that was damaged: these are three things, never two.
func TestDataFromFiles(t *testing.T) {
	home := newHome(t)
	r := dbStatusOf(t, exitPassed)
	if r.Records != 0 || r.Packs == 0 || r.Vulnerabilities.Status != inspect.StoreEmpty {
		t.Errorf("before anything was imported: %+v", r)
	}
	record := fileIn(t, "MAL-2025-1.json", `{"id":"MAL-2025-1","published":"2025-01-01T00:00:00Z",
		"modified":"2025-01-02T00:00:00Z",
		"affected":[{"package":{"ecosystem":"npm","name":"evil"},"versions":["1.0.0"]}]}`)
	for range 2 { // again is the same
		o := call(t, "db", "import", record)
		o.wants(t, exitPassed)
		if again := dbStatusOf(t, exitPassed); again.Records != 1 || again.Date.Format(time.DateOnly) != "2025-01-02" {
			t.Errorf("after an import: %+v (%s)", again, o.out)
		}
	}
	folder := filepath.Join(t.TempDir(), "db")
	layertest.Must(t, vulntest.Write(folder, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), vulntest.Entries()...))
	archive := filepath.Join(home, "db.tar.zst")
	file, err := os.Create(archive)
	layertest.Must(t, err)
	layertest.Must(t, vulntest.Archive(folder, file))
	layertest.Must(t, file.Close())
	o := call(t, "db", "import", archive)
	o.wants(t, exitPassed)
	v := dbStatusOf(t, exitPassed).Vulnerabilities
	if v.Status != inspect.StoreFound || v.Digest == "" || v.Date.Format(time.DateOnly) != "2026-01-01" {
		t.Errorf("%s: %+v", o.out, v)
	}
	var database string
	layertest.Must(t, filepath.WalkDir(v.Folder, func(p string, _ os.DirEntry, err error) error {
		if filepath.Base(p) == "vulnerability.db" {
			database = p
		}
		return err
	}))
	layertest.Must(t, os.WriteFile(database, []byte("no database any more"), 0o600))
	o = call(t, "db", "status", "-o", "json")
	layertest.Must(t, json.Unmarshal([]byte(o.out), &r))
	if v = r.Vulnerabilities; v.Status != inspect.StoreUnreachable || v.Reason == "" || v.Digest != "" {
		t.Errorf("damaged: %+v", v)
	}
	call(t, "db").wants(t, exitCouldNotRun, "hint: db update or db import replaces the database")
	// What could not be compared is no "none": neither in a case nor in its exit code where thresholds need it.
	thresholds := fileIn(t, "strict.yaml", "block:\n  - {name: everything, vulnerability: {}}\n")
	o = call(t, "inspect", calmImage(t), "--offline", "--no-journal", "--thresholds", thresholds)
	o.wants(t, exitIncomplete, "vulnerabilities could not be checked")
}

// What is refused leaves what was there.
func TestImportsOfDataThatAreRefused(t *testing.T) {
	newHome(t)
	for name, content := range map[string]string{
		"records.json": `{"id": 7}`, "pack.yaml": "id: mine\ncolour: red\n", "all.zip": "PK\x03\x04 but cut off",
		"database.tar.zst": "\x28\xb5\x2f\xfd but cut off", "vulnerability.db": "no database",
		"README": "hello\n", "empty.json": "",
	} {
		o := call(t, "db", "import", fileIn(t, name, content))
		o.wants(t, exitCouldNotRun, "hint: db import takes")
		if o.out != "" {
			t.Errorf("%s: stdout %s", name, o.out)
		}
	}
	call(t, "db", "import", filepath.Join(t.TempDir(), "missing")).wants(t, exitCouldNotRun, "missing")
	if r := dbStatusOf(t, exitPassed); r.Records != 0 || r.Vulnerabilities.Status != inspect.StoreEmpty {
		t.Errorf("something was taken: %+v", r)
	}
}

// With one source named, nothing else is fetched; a mirror that has nothing is an error with its address, and no
// password of an address is printed.
func TestUpdateFromAMirror(t *testing.T) {
	newHome(t)
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		http.NotFound(w, r)
	}))
	defer server.Close()
	o := call(t, "db", "update", "--vulnerabilities", server.URL+"/databases")
	o.wants(t, exitCouldNotRun, "hint: db import takes the archives from files")
	if len(paths) == 0 || !strings.HasPrefix(paths[0], "/databases") || strings.Contains(o.err, "osv") {
		t.Errorf("requests %v: %s", paths, o.err)
	}
	paths = nil
	o = call(t, "db", "update", "--source", server.URL+"/osv")
	if len(paths) == 0 || strings.Contains(strings.Join(paths, " "), "databases") {
		t.Errorf("requests %v: %s", paths, o.err)
	}
	if r := dbStatusOf(t, exitPassed); r.Records != 0 {
		t.Errorf("records out of nothing: %+v", r)
	}
	o = call(t, "db", "update", "--source", "ftp://user:hunter2@mirror.example/")
	o.wants(t, exitUsage, "begins with https")
	if strings.Contains(o.err, "hunter2") {
		t.Errorf("the password is printed: %s", o.err)
	}
}
