package owner

import (
	"context"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// opkgDirs are the places of opkg's database: OpenWrt's, Yocto's and Entware's.
func opkgDirs() []string { return []string{"/usr/lib/opkg", "/var/lib/opkg", "/opt/lib/opkg"} }

// readOpkg reads opkg's status, which has dpkg's form, and info/*.list. It has digests of configuration only
// (https://git.yoctoproject.org/opkg). The first directory with a status counts. Programs are a package's by name only
// then, and the ownership is partial.
func readOpkg(ctx context.Context, t *layer.Tree) (*Database, error) {
	for _, dir := range opkgDirs() {
		status, err := readSmall(ctx, t, path.Join(dir, "status"))
		if err != nil {
			return nil, err
		}
		if status == nil {
			continue
		}
		db := &Database{Name: "opkg", File: path.Join(dir, "status")}
		for _, p := range parseStatus(status) {
			if !p.installed || len(db.claims) > MaxClaims {
				continue
			}
			list, err := readSmall(ctx, t, path.Join(dir, "info", p.name+".list"))
			if err != nil {
				return nil, err
			}
			if list == nil {
				db.bare = append(db.bare, p.name)
			}
			db.install(packageKey{p.name, p.version, p.arch}, list != nil)
			db.claims = append(db.claims, dpkgClaims(p, opkgList(list), nil)...)
		}
		return db, nil
	}
	return nil, nil
}

// opkgList cuts off what newer versions write behind a path: a tab and the mode of the file.
func opkgList(list []byte) []byte {
	var b strings.Builder
	layer.Lines(list, func(line string) {
		p, _, _ := strings.Cut(line, "\t")
		b.WriteString(p)
		b.WriteByte('\n')
	})
	return []byte(b.String())
}
