package vuln

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/vulnerability"
	syft "github.com/anchore/syft/syft/pkg"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/memo"
)

// ErrNone is the error where there is no database.
// It is compared with errors.Is.
var ErrNone = errors.New("no vulnerability database")

// Folder is where the grype command keeps its databases: $GRYPE_DB_CACHE_DIR, else grype/db in the user's cache.
// The database is shared with the grype command: neither has to fetch it twice.
func Folder() (string, error) {
	if dir := os.Getenv("GRYPE_DB_CACHE_DIR"); dir != "" {
		return dir, nil
	}
	dir, err := UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding grype's cache folder: %w", err)
	}
	return filepath.Join(dir, "grype", "db"), nil
}

// UserCacheDir is os.UserCacheDir, which fails where $XDG_CACHE_HOME is a relative path. The XDG Base Directory
// Specification has such a value ignored, as grype does: then it is ~/.cache.
func UserCacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if relative := os.Getenv("XDG_CACHE_HOME"); err == nil || relative == "" || filepath.IsAbs(relative) {
		return dir, err
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".cache"), err
}

// databaseFile is the database in a folder.
// The subfolder is the major version of the schema: grype keeps an older one beside it.
func databaseFile(folder string) string {
	return filepath.Join(folder, strconv.Itoa(v6.ModelVersion), v6.VulnerabilityDBFileName)
}

// Data is the vulnerability database of a folder. It is opened when it is first needed, and stays open while the
// program runs. It is safe for concurrent use.
type Data struct {
	folder string
	memo   string // file that keeps the digest of the database; empty: none

	once sync.Once
	db   *database
	err  error
}

// NewData returns the data of a folder, which need not exist. The digest of the database, whose file has more than a
// gigabyte, is kept in the folder cache.
func NewData(folder, cache string) *Data {
	d := &Data{folder: folder}
	if cache != "" {
		d.memo = filepath.Join(cache, "vulnerability-database.json")
	}
	return d
}

// database is an open database.
type database struct {
	reader   v6.Reader
	provider vulnerability.Provider
	data     inspect.AdvisoryData

	matchers map[syft.Type][]match.Matcher // by the types of packages that they are for
	others   []match.Matcher               // for all other types
	memo     *memo.Cache[matched]          // by the keys of packages

	mu sync.Mutex
	// guarded by mu
	published map[string]inspect.Time // by CVE, of NVD's records
}

// open opens the database. The error is ErrNone where there is none.
func (d *Data) open() (*database, error) {
	d.once.Do(func() { d.db, d.err = openDatabase(databaseFile(d.folder), d.memo) })
	return d.db, d.err
}

// It is opened for reading only; nothing here migrates or repairs it.
func openDatabase(path, digests string) (*database, error) {
	before, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("opening the vulnerability database: %w", err)
	}
	if strings.ContainsAny(path, "?#%") { // SQLite reads them as parts of an address
		return nil, fmt.Errorf("opening the vulnerability database: %q has one of the characters ?#%%", path)
	}
	reader, err := v6.NewReader(v6.Config{DBDirPath: filepath.Dir(path)})
	if err != nil {
		return nil, fmt.Errorf("opening the vulnerability database: %w", err)
	}
	db := &database{reader: reader, provider: v6.NewVulnerabilityProvider(reader), published: map[string]inspect.Time{}}
	db.matchers, db.others = index(matchers())
	db.memo = memo.New(memo.Bounds{Count: maxMemo, Bytes: maxMemoBytes}, matched.size)
	if err := db.describe(path, digests, before); err != nil {
		_ = reader.Close()
		return nil, fmt.Errorf("reading the vulnerability database: %w", err)
	}
	return db, nil
}

// describe reads the date and the digest of the database.
// The digest has to be of the file that is open. A file that was replaced in between is an error, and the next run
// opens the new one.
func (db *database) describe(path, memo string, before fs.FileInfo) error {
	meta, err := db.reader.GetDBMetadata()
	if err != nil {
		return err
	}
	if meta == nil || meta.BuildTimestamp == nil {
		return errors.New("it has no date")
	}
	digest, err := digestOf(path, memo, before)
	if err != nil {
		return err
	}
	after, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() {
		return errors.New("it was replaced meanwhile")
	}
	db.data = inspect.AdvisoryData{Digest: digest, Date: inspect.At(*meta.BuildTimestamp)}
	return nil
}

// keptDigest is the digest of a file that has not changed since.
type keptDigest struct {
	Path     string    `json:"path"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Digest   string    `json:"digest"`
}

// digestOf gives the sha256 of a file, from the memo where the file is the same by size and time.
// Whoever can write the memo can also write the database: it saves seconds, and protects from nothing.
func digestOf(path, memo string, info fs.FileInfo) (string, error) {
	want := keptDigest{Path: path, Size: info.Size(), Modified: info.ModTime().UTC()}
	var have keptDigest
	if b, err := os.ReadFile(memo); memo != "" && err == nil && json.Unmarshal(b, &have) == nil {
		digest := have.Digest
		if have.Digest = ""; have == want && strings.HasPrefix(digest, "sha256:") {
			return digest, nil
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	want.Digest = "sha256:" + hex.EncodeToString(h.Sum(nil))
	if b, err := json.Marshal(want); err == nil && memo != "" && os.MkdirAll(filepath.Dir(memo), 0o700) == nil {
		_ = os.WriteFile(memo, b, 0o600) // without it, the file is hashed again
	}
	return want.Digest, nil
}

// Status describes the database for a person.
type Status struct {
	Data   inspect.AdvisoryData
	Folder string
}

// Status opens the database and describes it. The error is ErrNone where there is none.
func (d *Data) Status() (Status, error) {
	db, err := d.open()
	if err != nil {
		return Status{Folder: d.folder}, err
	}
	return Status{Data: db.data, Folder: d.folder}, nil
}

// Close closes the database, where it was opened.
// After it, open returns ErrNone where it was not open before.
func (d *Data) Close() error {
	d.once.Do(func() { d.err = ErrNone })
	if d.db == nil {
		return nil
	}
	return d.db.reader.Close()
}

// publishedBy gives the date on which NVD published a CVE; zero where it is not known.
// A failed query counts as not known, and is not made again: the date only orders and never decides.
func (db *database) publishedBy(cve string) inspect.Time {
	db.mu.Lock()
	defer db.mu.Unlock()
	if t, ok := db.published[cve]; ok {
		return t
	}
	var t inspect.Time
	found, err := db.reader.GetVulnerabilities(&v6.VulnerabilitySpecifier{Name: cve, Providers: []string{"nvd"}}, nil)
	if err == nil && len(found) > 0 && found[0].PublishedDate != nil {
		t = inspect.At(*found[0].PublishedDate)
	}
	db.published[cve] = t
	return t
}
