package vuln

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/vuln/vulntest"
)

// testArchive is the database of vulntest as it is published.
func testArchive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := vulntest.Archive(testFolder(t), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImport(t *testing.T) {
	from := t.TempDir()
	write := func(name string, data []byte) string {
		t.Helper()
		path := filepath.Join(from, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain, err := os.ReadFile(databaseFile(testFolder(t)))
	if err != nil {
		t.Fatal(err)
	}
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write([]byte("no tar"))
	_ = w.Close()
	for name, tt := range map[string]struct {
		file  string
		taken bool
		err   string
	}{
		"an archive": {write("a.tar.zst", testArchive(t)), true, ""},
		"a database": {write("vulnerability.db", plain), true, ""},
		"no tar":     {write("b.tar.gz", gz.Bytes()), true, "unexpected EOF"},
		"another database": {
			write("other.db", append([]byte("SQLite format 3\x00"), make([]byte, 200)...)), true,
			"no database of grype",
		},
		"something else":        {write("c.txt", []byte("text")), false, "no database of SQLite"},
		"nothing":               {write("d", nil), false, "no database of SQLite"},
		"a file that is absent": {filepath.Join(from, "none"), false, "no such file"},
	} {
		dir := t.TempDir()
		if taken := IsDatabase(tt.file); taken != tt.taken {
			t.Errorf("%s: taken %v, want %v", name, taken, tt.taken)
		}
		err := Import(dir, tt.file)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: the error is %v, want %q", name, err, tt.err)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
				t.Errorf("%s: it left %q", name, left)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		data := NewData(dir, "")
		if s, err := data.Status(); err != nil || s.Data.Date.Time != built {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		_ = data.Close()
	}
}

// TestUpdate fetches from a server with the layout of grype's, and again where there is nothing newer.
func TestUpdate(t *testing.T) {
	archive := testArchive(t)
	sum := sha256.Sum256(archive)
	var checksum, requests string
	mux := http.NewServeMux()
	mux.HandleFunc("/databases/v6/latest.json", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			requests += "listing "
		}
		fmt.Fprintf(w, `{"status":"active","schemaVersion":"v6.1.10","built":%q,"path":"db.tar.zst","checksum":%q}`,
			built.Format("2006-01-02T15:04:05Z"), checksum)
	})
	mux.HandleFunc("/databases/v6/db.tar.zst", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			requests += "archive "
		}
		_, _ = w.Write(archive)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	dir := t.TempDir()

	checksum = "sha256:" + strings.Repeat("0", 64)
	if _, err := Update(dir, server.URL+"/databases", "backtrail"); err == nil {
		t.Error("an archive with another digest was taken")
	}
	checksum = "sha256:" + hex.EncodeToString(sum[:])
	for n, want := range []bool{true, false} {
		changed, err := Update(dir, server.URL+"/databases", "backtrail")
		if err != nil || changed != want {
			t.Errorf("update %d: changed %v, %v", n, changed, err)
		}
	}
	if requests != "listing archive listing archive listing " {
		t.Errorf("the requests were %q", requests)
	}
	data := NewData(dir, "")
	defer data.Close()
	if s, err := data.Status(); err != nil || s.Data.Date.Time != built {
		t.Errorf("the database is %+v, %v", s, err)
	}
	if _, err := Update(dir, "http://127.0.0.1:1/databases", "backtrail"); err == nil {
		t.Error("a server that is not there gave an update")
	}
}
