package owner

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// pacmanLocal is the directory that has one of its own for each package that pacman installed: NAME-VERSION-RELEASE
// with desc, files and mtree.
const pacmanLocal = "/var/lib/pacman/local"

// readPacman reads desc, files and mtree of each package (https://man.archlinux.org/man/pacman.8, alpm's local
// database). A package without a name is left out; one without files is bare. mtree is packed with gzip.
func readPacman(ctx context.Context, t *layer.Tree) (*Database, error) {
	root := t.Resolve(pacmanLocal)
	if root == nil {
		return nil, nil
	}
	db := &Database{Name: "pacman", File: pacmanLocal}
	for _, n := range t.Children(root.Path) {
		if n.Type != inspect.EntryDir || len(db.claims) > MaxClaims || db.packages > MaxDatabaseFiles {
			continue
		}
		desc, err := readSmall(ctx, t, layer.Join(n.Path, "desc"))
		if err != nil {
			return nil, err
		}
		files, err := readSmall(ctx, t, layer.Join(n.Path, "files"))
		if err != nil {
			return nil, err
		}
		packed, err := readSmall(ctx, t, layer.Join(n.Path, "mtree"))
		if err != nil {
			return nil, err
		}
		sums, err := unpackMtree(packed)
		if err != nil {
			return nil, fmt.Errorf("unpacking mtree of %s: %w", path.Base(n.Path), err)
		}
		about := pacmanFields(desc)
		name, version := first(about["NAME"]), first(about["VERSION"])
		if name == "" {
			continue
		}
		db.install(packageKey{name, version, ""}, files != nil)
		if files == nil {
			db.bare = append(db.bare, name)
		}
		db.claims = append(db.claims, pacmanClaims(name, version, pacmanFields(files), parseMtree(sums))...)
	}
	if db.packages == 0 {
		return nil, nil
	}
	return db, nil
}

// unpackMtree unpacks an mtree(5) file that is packed with gzip, up to MaxDatabase bytes; others are taken as they are.
// A file that unpacks to more is cut there: the digests behind are missing, and the files without one are not proven.
func unpackMtree(packed []byte) ([]byte, error) {
	if !bytes.HasPrefix(packed, []byte{0x1f, 0x8b}) {
		return packed, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(io.LimitReader(z, MaxDatabase))
}

// first is the first of a list, or "".
func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// pacmanFields reads the fields of a file of the local database: %NAME% on a line, then the values, then a blank line.
// At most MaxDatabaseFiles values are kept; a field that stands twice has the values of both.
func pacmanFields(data []byte) map[string][]string {
	fields, name, values := map[string][]string{}, "", 0
	layer.Lines(data, func(line string) {
		switch {
		case line == "":
			name = ""
		case name == "" && len(line) > 2 && line[0] == '%' && line[len(line)-1] == '%':
			name = line[1 : len(line)-1]
		case name != "" && values < MaxDatabaseFiles:
			fields[name] = append(fields[name], line)
			values++
		}
	})
	return fields
}

// pacmanClaims joins the list of a package's files with their digests; what stands in BACKUP is configuration.
// Directories stand in FILES with a slash at their end.
func pacmanClaims(name, version string, files map[string][]string, sums map[string]string) []Claim {
	config := map[string]bool{}
	for _, line := range files["BACKUP"] {
		p, _, _ := strings.Cut(line, "\t")
		config[layer.CleanPath(p)] = true
	}
	var claims []Claim
	for _, p := range files["FILES"] {
		clean := layer.CleanPath(p)
		claims = append(claims, Claim{
			Path: clean, Package: name, Version: version, Sum: sums[clean],
			Config: config[clean],
		})
	}
	return claims
}

// parseMtree reads the digests of an mtree (https://man.archlinux.org/man/mtree.5): a path that begins with ./, and
// keywords. Digests of other algorithms are left out: pacman writes SHA-256 beside MD5. "./usr/bin/ls time=1700000000.0
// size=137752 sha256digest=…" is an example. /set lines name defaults and no digest.
func parseMtree(data []byte) map[string]string {
	sums := map[string]string{}
	layer.Lines(data, func(line string) {
		words := strings.Fields(line)
		if len(words) < 2 || !strings.HasPrefix(words[0], "./") || len(sums) > MaxDatabaseFiles {
			return
		}
		for _, w := range words[1:] {
			if sum, ok := strings.CutPrefix(w, "sha256digest="); ok && isHex(sum, 64) {
				sums[layer.CleanPath(unescapeMtree(words[0]))] = "sha256:" + strings.ToLower(sum)
			}
		}
	})
	return sums
}

// unescapeMtree puts the characters back that stand as a backslash and three octal digits.
func unescapeMtree(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1:i+4]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// isOctal reports whether a text has octal digits only.
func isOctal(s string) bool { return strings.Trim(s, "01234567") == "" }
