package owner

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// apkInstalled are the places of apk's database; the second one is that of a merged /usr.
func apkInstalled() []string { return []string{"/lib/apk/db/installed", "/usr/lib/apk/db/installed"} }

// readApk reads apk's list of installed packages. Errors: a file past MaxDatabase. The list is one file, of which every
// layer that installs something has a new copy: the one of the merged tree counts, and what differs in it from that
// of a lower layer is for tamper.go. The format is that of https://wiki.alpinelinux.org/wiki/Apk_spec.
func readApk(ctx context.Context, t *layer.Tree) (*Database, error) {
	for _, place := range apkInstalled() {
		data, err := readSmall(ctx, t, place)
		if err != nil {
			return nil, err
		}
		if data != nil {
			db := parseApk(data)
			db.File = place
			return db, nil
		}
	}
	return nil, nil
}

// parseApk reads the lines of apk's database (https://wiki.alpinelinux.org/wiki/Apk_spec): P: package, F: directory, R:
// file in it, Z: its checksum, a blank line between packages. Files in /etc are protected like conffiles.
// An example:
//
//	P:musl
//	V:1.2.5-r0
//	F:lib
//	R:ld-musl-x86_64.so.1
//	Z:Q1Kja2+POZKxEkUOZqwSjC6kmaED4=
//
// A file before any package, and a name with a slash, count for nothing: R: names one component.
func parseApk(data []byte) *Database {
	db := &Database{Name: "apk"}
	owner, version, dir := "", "", ""
	last := -1
	layer.Lines(data, func(line string) {
		if line == "" {
			if owner != "" {
				db.install(packageKey{owner, version, ""}, true)
			}
			owner, version, dir, last = "", "", "", -1
			return
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || len(db.claims) > MaxClaims {
			return
		}
		switch key {
		case "P":
			owner = value
		case "V":
			version = value
		case "F":
			dir, last = layer.CleanPath(value), -1
		case "R":
			if owner == "" || value == "" || strings.Contains(value, "/") {
				last = -1
				return
			}
			last = len(db.claims)
			p := layer.Join(layer.CleanPath(dir), value)
			db.claims = append(db.claims, Claim{
				Path: p, Package: owner, Version: version,
				Config: strings.HasPrefix(p, "/etc/"),
			})
		case "Z":
			if last >= 0 {
				db.claims[last].Sum = apkSum(value)
			}
		}
	})
	if owner != "" {
		db.install(packageKey{owner, version, ""}, true)
	}
	return db
}

// apkSum reads a checksum: Q1 and base64 of a SHA-1, Q2 of a SHA-256, or the hex of an MD5 in very old databases. apk
// has nothing stronger than SHA-1 for files up to version 2, see Claim.Weakness. Q1Kja2+POZKxEkUOZqwSjC6kmaED4= is an
// example. "" for what is none of these: the content is then unproven.
func apkSum(text string) string {
	if isHex(text, 32) {
		return "md5:" + strings.ToLower(text)
	}
	for prefix, algorithm := range map[string]string{"Q1": "sha1:", "Q2": "sha256:"} {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			sum, err := base64.StdEncoding.DecodeString(rest)
			if err != nil || len(sum) != 20 && len(sum) != 32 {
				return ""
			}
			return algorithm + hex.EncodeToString(sum)
		}
	}
	return ""
}
