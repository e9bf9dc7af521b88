package advisory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// served is an Updater of a source that a handler plays for npm; there is nothing of other ecosystems.
func served(t *testing.T, npm http.HandlerFunc) *Updater {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/npm/all.zip" {
			http.NotFound(w, r)
			return
		}
		npm(w, r)
	}))
	t.Cleanup(server.Close)
	return &Updater{
		Client: &http.Client{CheckRedirect: CheckRedirect}, Source: server.URL, Dir: t.TempDir(),
		Report: func(Updated) {},
	}
}

// Whatever a source answers, what was there before stays, and the error names the ecosystem and what it answered.
func TestAnswersOfASource(t *testing.T) {
	archive := archiveOf(t, map[string]string{"MAL-2025-1.json": osvExample})
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("a redirect carries the credentials of the source to another host")
		}
		_, _ = w.Write(archive)
	}))
	defer elsewhere.Close()
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		err    string
	}{
		"an archive":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) }, ""},
		"not permitted":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "401"},
		"too many requests": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, "429"},
		"broken":            {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "500"},
		"no archive":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "zip"},
		"half an archive":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive[:len(archive)/2]) }, "zip"},
		"a connection that breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
			_, _ = w.Write(archive[:10])
		}, "unexpected EOF"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		}, ""},
		"a redirect to where nobody may answer for it": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://mirror.example/all.zip", http.StatusFound)
		}, "https://"},
		"redirects without end": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?x", http.StatusFound)
		}, "redirects"},
	} {
		t.Run(name, func(t *testing.T) {
			u := served(t, tt.answer)
			u.Source = strings.Replace(u.Source, "http://", "http://user:hunter2@", 1)
			var b Builder
			if err := errors.Join(b.Add([]byte(record1(1, "before", "1.0.0"))), b.Save(u.Dir)); err != nil {
				t.Fatal(err)
			}
			err := u.Update(t.Context())
			switch {
			case tt.err == "" && err != nil:
				t.Error(err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), "npm") ||
				strings.Contains(err.Error(), "hunter2")):
				t.Errorf("got %v, want %q", err, tt.err)
			}
			db, err := OpenDatabase(u.Dir)
			if err != nil || len(db.find("npm/before")) != map[bool]int{true: 0, false: 1}[tt.err == ""] {
				t.Errorf("what was there before: %+v, %v", db, err)
			}
			if left, _ := filepath.Glob(filepath.Join(u.Dir, ".new-*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestAnUpdateThatIsInterruptedChangesNothing(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	u := served(t, func(http.ResponseWriter, *http.Request) { stop() })
	if err := u.Update(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if db, err := OpenDatabase(u.Dir); db != nil || err != nil {
		t.Errorf("%+v, %v", db, err)
	}
}

func TestTagsThatAreBrokenFetchAnew(t *testing.T) {
	archive, conditional := archiveOf(t, map[string]string{"MAL-2025-1.json": osvExample}), false
	u := served(t, func(w http.ResponseWriter, r *http.Request) {
		conditional = r.Header.Get("If-None-Match") != ""
		w.Header().Set("ETag", `"1"`)
		_, _ = w.Write(archive)
	})
	for name, tt := range map[string]struct {
		tags string
		want bool
	}{"no JSON": {"<html>", false}, "a list": {"[1]", false}, "cut off": {`{"npm":"\"1`, false}, "sound": {`{"npm":"\"1\""}`, true}} {
		if err := u.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(u.tagsPath(), []byte(tt.tags), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := u.Update(t.Context()); err != nil || conditional != tt.want {
			t.Errorf("%s: asked with a tag %v, %v", name, conditional, err)
		}
	}
}

// What is imported may have any names, and records among what is none.
func TestWhatAnArchiveMayHold(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		entries         map[string]string
		records, broken int
	}{
		"a record":              {map[string]string{"MAL-1.json": record1(1, "a", "1")}, 1, 0},
		"in a folder":           {map[string]string{"npm/x/MAL-1.json": record1(1, "a", "1")}, 1, 0},
		"of other advisories":   {map[string]string{"GHSA-1.json": record1(1, "a", "1"), "MAL-1.txt": "x"}, 0, 0},
		"of a name that climbs": {map[string]string{"../../MAL-1.json": record1(1, "a", "1")}, 1, 0},
		"broken ones":           {map[string]string{"MAL-1.json": "{", "MAL-2.json": record1(2, "b", "1"), "MAL-3.json": ""}, 1, 2},
		"one that is too large": {map[string]string{"MAL-1.json": `{"x":"` + strings.Repeat("x", maxOSVRecord) + `"}`}, 0, 1},
	} {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".zip")
		write(t, path, string(archiveOf(t, tt.entries)))
		var b Builder
		if err := b.AddPath(path); err != nil || b.Len() != tt.records || b.Broken != tt.broken {
			t.Errorf("%s: %d records, %d broken, %v", name, b.Len(), b.Broken, err)
		}
	}
	if up, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "MAL-*")); err != nil || len(up) > 0 {
		t.Errorf("an entry was written outside: %q", up)
	}
	if err := (&Builder{}).AddPath(filepath.Join(dir, "missing.json")); err == nil || !strings.Contains(err.Error(), "importing advisories") {
		t.Errorf("a path where nothing is: %v", err)
	}
}

func TestDataIsReadOnceAndNamesWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	write(t, DatabasePath(dir), "no database")
	if err := os.MkdirAll(PackFolder(dir), 0o750); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(PackFolder(dir), "broken.yaml"), "{")
	d := NewData(dir)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			s, err := d.Status()
			if err == nil || !strings.Contains(err.Error(), "osv-malicious.tsv") || !strings.Contains(err.Error(), "broken.yaml") {
				t.Errorf("error %v", err)
			}
			if len(s.Packs) < 20 || s.Database != nil {
				t.Errorf("%d packs; those of the program are there all the same", len(s.Packs))
			}
		})
	}
	all.Wait()
	rows, found, err := d.Match(inspect.Image{Packages: []inspect.Package{{
		Type: "deb", Name: "xz-utils", Version: "5.6.1-1",
		PURL: "pkg:deb/debian/xz-utils@5.6.1-1",
	}}})
	if err == nil || len(rows) == 0 || len(found) == 0 {
		t.Errorf("an image is compared with what can be read, and the rest is named: %d rows, %v", len(rows), err)
	}
}

// An image is compared with what came with the program: here with the backdoor in xz.
func ExampleData_Match() {
	rows, findings, err := NewData("").Match(inspect.Image{Packages: []inspect.Package{{
		Type: "deb", Name: "liblzma5",
		Version: "5.6.1-1", PURL: "pkg:deb/debian/liblzma5@5.6.1-1?upstream=xz-utils",
	}}})
	if err != nil {
		panic(err)
	}
	fmt.Println(rows[0].ID, "matches", rows[0].Subject)
	fmt.Println(findings[0].Severity, findings[0].Code)
	// Output:
	// xz-2024-03 matches liblzma5 5.6.1-1
	// critical known-compromise
}
