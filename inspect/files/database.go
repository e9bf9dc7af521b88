package files

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// claim is what a package database says of one path.
type claim struct {
	path    string // as the database names it
	owner   string // package
	version string // of the package
	sum     string // algorithm:hex of the content, empty where the database has none
	config  bool   // a file that is meant to be changed
	ghost   bool   // a file that the package knows and does not bring (rpm's %ghost): no program is vouched for by it
	from    *database

	also     string // what other packages of the same database say that its content may be, with a blank before each
	recalled int    // number of the layer that changed what the database says of it: sum is what it said before; 0 for none
}

// fits says that a digest is one that the content may have.
func (c claim) fits(sum string) bool {
	return sum == c.sum || strings.Contains(c.also+" ", " "+sum+" ")
}

// weakness names the digest that vouches for a file where it is a weak one: whoever makes both files can give them the
// same MD5 or SHA-1. "" for the others.
func (c claim) weakness() string {
	switch algorithm, _, _ := strings.Cut(c.sum, ":"); algorithm {
	case "md5", "sha1":
		return "by a weak digest, " + strings.ToUpper(algorithm)
	default:
		return ""
	}
}

// rewritten says in words what a layer did to the database; "" where none did.
func (c claim) rewritten() string {
	if c.recalled == 0 {
		return ""
	}
	return fmt.Sprintf("layer %d changed what the package database says of it, for the same version of package %s", c.recalled, c.owner)
}

// database is what one package database says.
type database struct {
	name     string // dpkg, apk, rpm, python
	file     string // that holds the list of packages, as evidence
	claims   []claim
	packages int
	bare     []string // installed packages whose files it does not list
	shared   bool     // several of its packages may hold a path with different contents, of which one is there (rpm's multilib)
	language bool     // of a language's package manager: it says nothing about the rest of the image
}

// source reads one kind of package database. A new kind is one file and one line in sources. It returns nil where the
// image has none of its kind. What is in an image is foreign: a source is bounded, and skips what it cannot read.
type source func(ctx context.Context, t *Tree) (*database, error)

func sources() []source { return append(systemSources(), readConda, readPython) }

// systemSources are those of the package managers that make the system itself.
func systemSources() []source { return []source{readDpkg, readDistroless, readApk, readRPM} }

// readSmall reads a file of a package database, nil where there is none. Links are followed.
func (t *Tree) readSmall(ctx context.Context, p string) ([]byte, error) {
	n := t.Resolve(p)
	if n == nil || !isRegular(n) {
		return nil, nil
	}
	if n.Size > MaxDatabase {
		return nil, fmt.Errorf("reading %s: %w", p, &registry.LimitError{What: "file of a package database", Limit: MaxDatabase})
	}
	c, err := t.Open(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", p, err)
	}
	defer c.Close()
	data, err := io.ReadAll(io.NewSectionReader(c, 0, min(c.Size(), MaxDatabase)))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", p, err)
	}
	return data, nil
}

// list gives the regular files of a directory by name.
func (t *Tree) list(dir string) map[string]*inspect.Node {
	real := t.Resolve(dir)
	if real == nil {
		return nil
	}
	found := map[string]*inspect.Node{}
	for _, n := range t.Children(real.Path) {
		if isRegular(n) && len(found) < MaxDatabaseFiles {
			found[path.Base(n.Path)] = n
		}
	}
	return found
}

// maxLine is where a line of a package database is cut, in bytes: no path is longer.
const maxLine = 16 << 10

// lines gives a text line by line; very long lines are cut. The lines share the memory of the text.
func lines(data []byte, each func(line string)) {
	text := string(data)
	for len(text) > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		line = strings.TrimSuffix(line, "\r")
		each(line[:min(len(line), maxLine)])
	}
}
