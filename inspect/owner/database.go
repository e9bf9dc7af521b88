package owner

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// Claim is what a package database has of one path. It is no more than a claim until the content was compared with Sum,
// see Ownership.Intact. An example: /usr/bin/curl of package curl 8.5.0-2, Sum "md5:0123…", From the database of dpkg.
type Claim struct {
	Path    string // as the database names it
	Package string // package
	Version string // of the package
	Sum     string // algorithm:hex of the content, empty where the database has none
	Config  bool   // a file that is meant to be changed
	ghost   bool   // a file that the package lists and does not bring (rpm's %ghost): it vouches for no program
	From    *Database

	also string // what other packages of the same database have as its content, with a blank before each
	arch string // of the package, where the database tells packages of several apart
	// it stands among a package's configuration files and not in the list of its files, which names those too
	unlisted bool
	diverted string // the path that the package's list has, where a diversion leads elsewhere; else empty
	// number of the layer that changed what the database has of it: Sum is what it had before; 0 for none
	Recalled int
}

// fits reports whether a digest is one that the content may have. Several digests may be right for one path where a
// database has packages of several architectures.
func (c Claim) fits(sum string) bool {
	return sum == c.Sum || strings.Contains(c.also+" ", " "+sum+" ")
}

// Weakness names the digest that vouches for a file where it is a weak one: whoever makes both files can give them the
// same MD5 or SHA-1. "" for the others.
func (c Claim) Weakness() string {
	switch algorithm, _, _ := strings.Cut(c.Sum, ":"); algorithm {
	case "md5", "sha1":
		return "by a weak digest, " + strings.ToUpper(algorithm)
	default:
		return ""
	}
}

// Rewritten words what a layer did to the database about this file; "" where none did anything.
func (c Claim) Rewritten() string {
	if c.Recalled == 0 {
		return ""
	}
	return fmt.Sprintf("layer %d changed what the package database has of it, for the same version of package %s",
		c.Recalled, c.Package)
}

// Database is what one package database holds. A kind of database that an image has twice, as dpkg's in two places, is
// one of them: the first place that has it counts. It is filled by one source and does not change after it was taken
// into an Ownership. All of it is foreign text: names and versions may hold anything that the format permits.
type Database struct {
	Name     string // dpkg, apk, rpm, python
	File     string // that holds the list of packages, as evidence
	claims   []Claim
	packages int
	keys     map[packageKey]bool // installed packages; true where their list of files was read
	bare     []string            // installed packages whose files it does not list
	// several of its packages may hold a path with different contents, of which one is there (rpm's multilib)
	shared   bool
	Language bool   // of a language's package manager: it covers nothing of the rest of the image
	gap      string // what stands beside it and was not applied, in words
}

// packageKey names a package as it was installed: its list may
// change only with its version. arch is empty where a database has one package of a name.
type packageKey struct{ name, version, arch string }

// key names the package of a claim.
func (c Claim) key() packageKey { return packageKey{c.Package, c.Version, c.arch} }

// install counts an installed package. listed reports whether the list of its files was read; a package that stands
// twice has a list if either has. The number of packages counts each stanza, and keys each name once.
func (d *Database) install(key packageKey, listed bool) {
	if d.keys == nil {
		d.keys = map[packageKey]bool{}
	}
	d.packages++
	d.keys[key] = listed || d.keys[key]
}

// source reads one kind of package database. A new kind is one file and one line in sources. It returns nil where the
// image has none of its kind. What is in an image is foreign: a source is bounded, and skips what it cannot read.
type source func(ctx context.Context, t *layer.Tree) (*Database, error)

// sources are all kinds of databases, those of the system first: a file that both name belongs to the system.
func sources() []source { return append(systemSources(), readConda, readPython) }

// systemSources are those of the package managers that make the system itself.
func systemSources() []source {
	return []source{readDpkg, readDistroless, readApk, readRPM, readChisel, readPacman, readOpkg}
}

// readSmall reads a file of a package database, nil where there is none. Links are followed. Errors:
// *registry.LimitError past MaxDatabase, and those of the store.
func readSmall(ctx context.Context, t *layer.Tree, p string) ([]byte, error) {
	return t.ReadFile(ctx, p, MaxDatabase)
}

// SystemProgram reports whether a path is where packages put their programs. Both sides of a merged /usr count, since
// databases name either.
func SystemProgram(p string) bool {
	return slices.Contains([]string{"/bin", "/sbin", "/usr/bin", "/usr/sbin"}, path.Dir(p))
}
