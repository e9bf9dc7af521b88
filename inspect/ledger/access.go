package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/redact"
)

// What an Access was.
const (
	Opened     = "opened"
	ExportedTo = "exported"
)

// Access is one line of the access log of a case: who opened or exported it, and when. The log is a chain of its own
// beside the record, and never part of a bundle's payload.
type Access struct {
	Number      int          `json:"number"` // from 1
	Time        inspect.Time `json:"time"`
	Who         string       `json:"who"`  // operator@host
	Tool        string       `json:"tool"` // name, version and revision
	What        string       `json:"what"` // opened, exported
	Path        string       `json:"path,omitempty"`
	TagManifest string       `json:"tagManifest,omitempty"` // sha256:… of the exported bag
	Prev        string       `json:"prev"`                  // sha256:… of the line before; empty in the first
}

// Exported is one export of a case.
type Exported struct {
	Time        inspect.Time `json:"time"`
	Path        string       `json:"path"`
	TagManifest string       `json:"tagManifest"`
}

// LogAccess adds a line to the access log of the case in a folder, and gives the log's new head. Number and Prev are
// filled in; secrets are removed from the other fields as from those of the record. Several processes may log at once:
// each waits for the others. A last line that a crash cut off is put aside.
func LogAccess(dir string, a Access) (head string, err error) {
	path := filepath.Join(dir, accessFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return "", fmt.Errorf("opening the access log of the case: %w", err)
	}
	defer f.Close()
	if err := lockWait(f); err != nil {
		return "", fmt.Errorf("locking the access log of the case: %w", err)
	}
	if err := endLine(f, filepath.Join(dir, accessCutFile)); err != nil {
		return "", fmt.Errorf("reading the access log of the case: %w", err)
	}
	a = a.redacted()
	a.Number, a.Prev, err = accessHead(dir)
	if err != nil {
		return "", err
	}
	a.Number++
	line, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("encoding a line of the access log: %w", err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return "", writeError("writing the access log of the case", err)
	}
	return hashLine(line), nil
}

// redacted is the access without secrets: a path may be an address with a password, a name that of --operator.
func (a Access) redacted() Access {
	for _, field := range []*string{&a.Who, &a.Tool, &a.What, &a.Path} {
		*field, _ = redact.Prose(*field)
	}
	return a
}

// AccessHead is the hash of the newest line of the access log of a case; empty where there is none.
func AccessHead(dir string) string {
	_, head, err := accessHead(dir)
	if err != nil {
		return ""
	}
	return head
}

func accessHead(dir string) (number int, head string, err error) {
	err = eachAccess(dir, func(a Access, line []byte) { number, head = a.Number, hashLine(line) })
	return number, head, err
}

// exports are the exports that the access log of a case names.
func exports(dir string) []Exported {
	list := []Exported{}
	_ = eachAccess(dir, func(a Access, _ []byte) { // a log that cannot be read names none
		if a.What == ExportedTo {
			list = append(list, Exported{a.Time, a.Path, a.TagManifest})
		}
	})
	return list
}

// eachAccess reads the access log. A line that is not JSON is an error, but for the last one where it lacks its break:
// a crash cut that off.
func eachAccess(dir string, take func(a Access, line []byte)) error {
	b, err := readSmall(filepath.Join(dir, accessFile), maxSmall)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range bytes.Lines(b) {
		line, whole := bytes.CutSuffix(line, []byte("\n"))
		var a Access
		if json.Unmarshal(line, &a) != nil {
			if !whole {
				return nil
			}
			return fmt.Errorf("reading the access log of the case: a line is not JSON")
		}
		take(a, line)
	}
	return nil
}
