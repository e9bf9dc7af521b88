package owner

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	rpmdb "github.com/anchore/go-rpmdb/pkg"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/registry"
)

// rpmSQLite is the file of rpm's database in SQLite.
const rpmSQLite = "rpmdb.sqlite"

// rpmPlaces are the places of rpm's database, newest form first: /usr/lib/sysimage/rpm is that of Fedora 36 and SUSE,
// /usr/share/rpm that of ostree.
func rpmPlaces() []string {
	var all []string
	for _, dir := range []string{"/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm"} {
		for _, name := range []string{rpmSQLite, "Packages.db", "Packages"} {
			all = append(all, layer.Join(dir, name))
		}
	}
	return all
}

// readRPM reads rpm's database in whichever of its three forms it is: Berkeley DB, ndb or SQLite. A link from one place
// to another, as of /var/lib/rpm to the sysimage, is followed; the first place that holds something counts.
func readRPM(ctx context.Context, t *layer.Tree) (*Database, error) {
	for _, place := range rpmPlaces() {
		n := t.Resolve(place)
		if n == nil || !layer.IsRegular(n) || n.Size == 0 {
			continue
		}
		packages, gap, err := rpmPackages(ctx, t, n)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", place, err)
		}
		db := &Database{Name: "rpm", File: place, shared: true, gap: gap}
		for _, p := range packages {
			if len(db.claims) > MaxClaims {
				break
			}
			db.install(packageKey{p.Name, p.Version + "-" + p.Release, p.Arch}, true)
			db.claims = append(db.claims, rpmClaims(p)...)
		}
		return db, nil
	}
	return nil, nil
}

// rpmPackages reads an rpm database of any form. Its library trusts offsets and lengths, so the file is looked
// through before (rpmsound.go), and a panic is an error. gap is what stands beside it and is not applied.
func rpmPackages(ctx context.Context, t *layer.Tree, n *inspect.Node) (
	all []*rpmdb.PackageInfo, gap string, err error,
) {
	c, gap, err := openRPM(ctx, t, n)
	if err != nil {
		return nil, "", err
	}
	defer c.Close()
	all, err = parseRPM(c)
	return all, gap, err
}

// openRPM opens an rpm database with what its write-ahead log has, where it is SQLite's.
func openRPM(ctx context.Context, t *layer.Tree, n *inspect.Node) (c inspect.Content, gap string, err error) {
	if n.Size > MaxRPM {
		return nil, "", &registry.LimitError{What: "rpm database", Limit: MaxRPM}
	}
	if c, err = t.Open(ctx, n); err != nil || path.Base(n.Path) != rpmSQLite {
		return c, "", err
	}
	whole, gap, err := SQLiteContent(ctx, t, n, c)
	if err != nil {
		_ = c.Close()
		return nil, "", err
	}
	return whole, gap, nil
}

// parseRPM hands a database to go-rpmdb, which reads files only: a copy of it lies under a name of ours while it is
// read. go-rpmdb trusts what it reads, so that it is given the plain form. Errors: errUnsound, errNoSQLite,
// *registry.LimitError, and those of the library.
func parseRPM(c inspect.Content) (all []*rpmdb.PackageInfo, err error) {
	c, err = PlainRPM(c)
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("", "backtrail-rpm-*")
	if err != nil {
		return nil, fmt.Errorf("making room for a copy: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := io.Copy(f, io.NewSectionReader(c, 0, c.Size())); err != nil {
		return nil, fmt.Errorf("copying it: %w", err)
	}
	err = layer.Guarded(func() error {
		db, err := rpmdb.Open(f.Name())
		if err != nil {
			return err
		}
		defer db.Close()
		all, err = db.ListPackages()
		return err
	})
	return all, err
}

// rpmClaims lists the files of a package. The three lists that name them may contradict each other: what has no name is
// left out. RPMFILE_MISSINGOK marks files that may be deleted, which is as good as configuration here. Directories and
// links have no digest, and a file of size 0 may have none either.
func rpmClaims(p *rpmdb.PackageInfo) []Claim {
	claims := make([]Claim, 0, len(p.BaseNames))
	algorithm := rpmAlgorithm(p.DigestAlgorithm)
	for i, base := range p.BaseNames {
		if i >= len(p.DirIndexes) || p.DirIndexes[i] < 0 || int(p.DirIndexes[i]) >= len(p.DirNames) || base == "" {
			continue
		}
		c := Claim{
			Path: layer.CleanPath(path.Join(p.DirNames[p.DirIndexes[i]], base)), Package: p.Name,
			Version: p.Version + "-" + p.Release, arch: p.Arch,
		}
		if i < len(p.FileDigests) && algorithm != "" && isHex(p.FileDigests[i], len(p.FileDigests[i])) &&
			p.FileDigests[i] != "" {
			c.Sum = algorithm + ":" + strings.ToLower(p.FileDigests[i])
		}
		if i < len(p.FileFlags) {
			c.ghost = p.FileFlags[i]&rpmdb.RPMFILE_GHOST != 0
			c.Config = p.FileFlags[i]&(rpmdb.RPMFILE_CONFIG|rpmdb.RPMFILE_MISSINGOK) != 0 || c.ghost
		}
		if c.ghost {
			c.Sum = ""
		}
		claims = append(claims, c)
	}
	return claims
}

// rpmAlgorithm names a digest algorithm by its OpenPGP number (RFC 4880, 9.4), MD5 where the header has no such tag;
// "" for those that are not computed here. 1 is MD5, 2 SHA-1, 8 SHA-256, 9 SHA-384, 10 SHA-512.
func rpmAlgorithm(a rpmdb.DigestAlgorithm) string {
	switch a {
	case 0, rpmdb.PGPHASHALGO_MD5:
		return "md5"
	case rpmdb.PGPHASHALGO_SHA1:
		return "sha1"
	case rpmdb.PGPHASHALGO_SHA256:
		return "sha256"
	case rpmdb.PGPHASHALGO_SHA384:
		return "sha384"
	case rpmdb.PGPHASHALGO_SHA512:
		return "sha512"
	case rpmdb.PGPHASHALGO_SHA224:
		return "sha224"
	default:
		return ""
	}
}
