package advisory

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Bounds of the reduced file.
const (
	// all records of all ecosystems are some 25 MB in this form
	maxDatabase = 256 << 20 // bytes
	// a name has one record, a few where it was taken down and published again
	maxRecords = 200 // of one package that are read
)

// databaseHeader begins the first line of the reduced file.
const databaseHeader = "backtrail-advisories 1"

// Database is the reduced file of OSV's malicious-package records in memory, searched where it lies. It does not change
// and is safe for concurrent use. The nil Database has no records.
type Database struct {
	lines   []byte // the records, each with its line break
	Date    inspect.Time
	Digest  string // of the whole file
	Records int
}

// record is one line of the reduced file.
type record struct {
	key, id              string
	published, withdrawn string // dates, empty where there is none
	affected             string // *, or constraints
	line                 string
}

// DatabasePath is where the reduced file lies below the folder of the data.
func DatabasePath(dir string) string { return filepath.Join(dir, "osv-malicious.tsv") }

// OpenDatabase reads the reduced file of a folder. Without one it returns nil and no error.
func OpenDatabase(dir string) (*Database, error) { return openReduced(DatabasePath(dir)) }

// openReduced reads a reduced file; nil and no error where there is none.
func openReduced(name string) (*Database, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the advisories: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxDatabase+1))
	if err != nil {
		return nil, fmt.Errorf("reading the advisories: %w", err)
	}
	db, err := ReadDatabase(data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	return db, nil
}

// ReadDatabase reads the reduced file from memory, and keeps it there.
func ReadDatabase(data []byte) (*Database, error) {
	if len(data) > maxDatabase {
		return nil, fmt.Errorf("the file of advisories is larger than %d bytes", maxDatabase)
	}
	head, lines, ok := bytes.Cut(data, []byte("\n"))
	fields := strings.Split(string(head), "\t")
	if !ok || len(fields) != 3 || fields[0] != databaseHeader {
		return nil, errors.New("it is no file of advisories")
	}
	date, err := dateOf(fields[1])
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(fields[2])
	// The number of lines stands in the head, so that a file that was cut off at the end of a line is found too.
	if err != nil || n < 0 || len(lines) > 0 && lines[len(lines)-1] != '\n' || bytes.Count(lines, []byte("\n")) != n {
		return nil, errors.New("the file of advisories is not complete")
	}
	if !sound(lines) {
		return nil, errors.New("the file of advisories is not sorted, or has lines that are no records")
	}
	sum := sha256.Sum256(data)
	return &Database{lines: lines, Date: date, Digest: "sha256:" + hex.EncodeToString(sum[:]), Records: n}, nil
}

// sound reports whether all lines are records in their order: one out of its place would not be found.
func sound(lines []byte) bool {
	var before []byte
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, []byte("\n"))
		// strictly rising: the same line twice is no file of ours
		if bytes.Count(line, []byte("\t")) != 4 || before != nil && bytes.Compare(before, line) >= 0 {
			return false
		}
		before, lines = line, rest
	}
	return true
}

// has reports whether there is any record of a purl type.
func (d *Database) has(kind string) bool {
	if d == nil {
		return false
	}
	prefix := []byte(kind + "/")
	return bytes.HasPrefix(d.lines[d.search(prefix):], prefix)
}

// find returns the records of a package by its key, at most maxRecords of them.
func (d *Database) find(key string) []record {
	if d == nil {
		return nil
	}
	prefix := []byte(key + "\t")
	var found []record
	for at := d.search(prefix); at < len(d.lines) && len(found) < maxRecords; {
		line, _, _ := bytes.Cut(d.lines[at:], []byte("\n"))
		if !bytes.HasPrefix(line, prefix) {
			break
		}
		if r, ok := parseRecord(string(line)); ok {
			found = append(found, r)
		}
		at += len(line) + 1
	}
	return found
}

// search returns the offset of the first line that is not below a prefix.
func (d *Database) search(prefix []byte) int {
	low, high := 0, len(d.lines) // both at the beginning of a line
	for low < high {
		// The beginning of the line that the middle byte is in. It may be low itself; then the line is compared, and
		// low moves past it.
		middle := bytes.LastIndexByte(d.lines[low:low+(high-low)/2], '\n') + 1 + low
		line, _, _ := bytes.Cut(d.lines[middle:high], []byte("\n"))
		if bytes.Compare(line, prefix) < 0 {
			low = middle + len(line) + 1
		} else {
			high = middle
		}
	}
	return low
}

// parseRecord reads a line; ok is false for what is none.
func parseRecord(line string) (r record, ok bool) {
	fields := strings.Split(line, "\t")
	if len(fields) != 5 {
		return record{}, false
	}
	return record{fields[0], fields[1], dash(fields[2]), dash(fields[3]), fields[4], line}, true
}

// dash is a text, or a dash for none.
func dash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// affects reports whether a version of a purl type is one of those of the record.
func (r record) affects(kind, version string) bool {
	if r.affected == "*" {
		return true
	}
	for alternative := range strings.SplitSeq(r.affected, ",") {
		all, err := parseConstraints(alternative)
		if err == nil && allHold(all, kind, version) {
			return true
		}
	}
	return false
}

// row is the row of a match.
func (d *Database) row(r record, subject string) inspect.Advisory {
	// the zero time where the record has no date, which is shown as such
	published, _ := dateOf(r.published)
	return finished(inspect.Advisory{
		ID: r.id, Source: SourceOSV, Kind: inspect.AdvisoryPackage, Subject: subject,
		Title:     "a malicious package by the records of OSV",
		Published: published, Data: inspect.AdvisoryData{Digest: d.Digest, Date: d.Date},
		Withdrawn: r.withdrawn != "", Layer: -1,
		// a link for a person; nothing is fetched from it
		Sources: []string{"https://osv.dev/vulnerability/" + r.id}, Severity: inspect.High, Record: r.line,
	})
}
