package owner

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/layer"
)

// Where dpkg keeps its database (dpkg(1), FILES), and where distroless images have theirs.
const (
	dpkgStatus     = "/var/lib/dpkg/status"
	dpkgInfo       = "/var/lib/dpkg/info"
	dpkgStatusD    = "/var/lib/dpkg/status.d"
	dpkgDiversions = "/var/lib/dpkg/diversions"
	dpkgUpdates    = "/var/lib/dpkg/updates" // stanzas that dpkg has not merged into status yet
)

// dpkgPackage is a stanza of dpkg's status file. arch is needed for the names of its files; installed is false for
// packages of which only the configuration is left.
type dpkgPackage struct {
	name, arch, version string
	installed           bool
	conffiles           []Claim
}

// readDpkg reads status, info/*.list and info/*.md5sums. Packages of several architectures have NAME:ARCH in the names
// of their files. Errors: a file past MaxDatabase.
func readDpkg(ctx context.Context, t *layer.Tree) (*Database, error) {
	status, err := readSmall(ctx, t, dpkgStatus)
	if status == nil || err != nil {
		return nil, err
	}
	db := &Database{Name: "dpkg", File: dpkgStatus}
	info := t.Files(dpkgInfo, MaxDatabaseFiles)
	diverted, err := readDiversions(ctx, t)
	if err != nil {
		return nil, err
	}
	packages, err := withUpdates(ctx, t, parseStatus(status))
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		if !p.installed || len(db.claims) > MaxClaims {
			continue
		}
		base := p.name
		if info[base+".list"] == nil && info[base+":"+p.arch+".list"] != nil {
			base += ":" + p.arch
		}
		list, err := readSmall(ctx, t, path.Join(dpkgInfo, base+".list"))
		if err != nil {
			return nil, err
		}
		sums, err := readSmall(ctx, t, path.Join(dpkgInfo, base+".md5sums"))
		if err != nil {
			return nil, err
		}
		if list == nil && sums == nil {
			db.bare = append(db.bare, p.name)
		}
		db.install(packageKey{p.name, p.version, p.arch}, list != nil)
		db.claims = append(db.claims, diverted.apply(dpkgClaims(p, list, sums))...)
	}
	return db, nil
}

// withUpdates applies dpkg's journal: files whose names are digits, each with stanzas that replace those of status, in
// the order of their names. dpkg merges them the next time that it runs, and lists the packages as if it had.
func withUpdates(ctx context.Context, t *layer.Tree, packages []dpkgPackage) ([]dpkgPackage, error) {
	found := t.Files(dpkgUpdates, MaxDatabaseFiles)
	if len(found) == 0 {
		return packages, nil
	}
	at := make(map[packageKey]int, len(packages))
	for i, p := range packages {
		at[packageKey{name: p.name, arch: p.arch}] = i
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if strings.Trim(name, "0123456789") != "" {
			continue
		}
		data, err := readSmall(ctx, t, path.Join(dpkgUpdates, name))
		if err != nil {
			return nil, err
		}
		for _, p := range parseStatus(data) {
			key := packageKey{name: p.name, arch: p.arch}
			if i, known := at[key]; known {
				packages[i] = p
				continue
			}
			at[key] = len(packages)
			packages = append(packages, p)
		}
	}
	return packages, nil
}

// dpkgClaims joins what the three places have of a package's files:
//
//	info/NAME.list      every path, "/." first
//	info/NAME.md5sums   digests of what is no configuration
//	status, Conffiles   configuration with the digest that it was installed with
//
// list is nil where there is none. A path that only md5sums has counts where there is no list, as in distroless; else
// another package took it over (Replaces).
func dpkgClaims(p dpkgPackage, list, sums []byte) []Claim {
	all := map[string]Claim{}
	layer.Lines(list, func(line string) {
		if strings.HasPrefix(line, "/") && line != "/." {
			all[path.Clean(line)] = Claim{Path: path.Clean(line), Package: p.name}
		}
	})
	for _, c := range parseSums(sums, p.name) {
		// What another package took over (Replaces) stands in the list no more, and in the sums still.
		if _, listed := all[c.Path]; listed || list == nil {
			all[c.Path] = c
		}
	}
	for _, c := range p.conffiles {
		// No package has a path in its digests that is configuration: whoever declares it one later is not believed.
		if old, listed := all[c.Path]; old.Sum == "" {
			c.unlisted = !listed
			all[c.Path] = c
		}
	}
	claims := make([]Claim, 0, len(all))
	for _, c := range all {
		c.Version, c.arch = p.version, p.arch
		claims = append(claims, c)
	}
	slices.SortFunc(claims, func(a, b Claim) int { return strings.Compare(a.Path, b.Path) })
	return claims
}

// readDistroless reads status.d, where each package is a file and has its .md5sums beside it, and no .list.
// (https://github.com/GoogleContainerTools/distroless). What is read of one package is bounded like dpkg's own files.
func readDistroless(ctx context.Context, t *layer.Tree) (*Database, error) {
	found := t.Files(dpkgStatusD, MaxDatabaseFiles)
	if len(found) == 0 {
		return nil, nil
	}
	db := &Database{Name: "dpkg (distroless)", File: dpkgStatusD}
	names := make([]string, 0, len(found))
	for name := range found {
		if !strings.HasSuffix(name, ".md5sums") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		status, err := readSmall(ctx, t, path.Join(dpkgStatusD, name))
		if err != nil {
			return nil, err
		}
		for _, p := range parseStatus(status) {
			if len(db.claims) > MaxClaims {
				break
			}
			list, sums, err := distrolessLists(ctx, t, name, p.name)
			if err != nil {
				return nil, err
			}
			if list == nil && sums == nil {
				db.bare = append(db.bare, p.name)
			}
			db.install(packageKey{p.name, p.version, p.arch}, list != nil || sums != nil)
			db.claims = append(db.claims, dpkgClaims(p, list, sums)...)
		}
	}
	return db, nil
}

// distrolessLists reads the digests beside a file of status.d, and what some builders keep in dpkg's info instead.
func distrolessLists(ctx context.Context, t *layer.Tree, file, name string) (list, sums []byte, err error) {
	if sums, err = readSmall(ctx, t, path.Join(dpkgStatusD, file+".md5sums")); err != nil || sums != nil {
		return nil, sums, err
	}
	if list, err = readSmall(ctx, t, path.Join(dpkgInfo, name+".list")); err != nil {
		return nil, nil, err
	}
	sums, err = readSmall(ctx, t, path.Join(dpkgInfo, name+".md5sums"))
	return list, sums, err
}

// parseStatus reads the stanzas of a status file (deb822). A stanza without Status is installed: distroless has none.
// Continued lines begin with a blank; only those of Conffiles are read, so that a description that looks like them
// declares nothing.
func parseStatus(data []byte) []dpkgPackage {
	var all []dpkgPackage
	p, field := dpkgPackage{installed: true}, ""
	end := func() {
		if p.name != "" {
			for i := range p.conffiles {
				p.conffiles[i].Package = p.name
			}
			all = append(all, p)
		}
		p, field = dpkgPackage{installed: true}, ""
	}
	layer.Lines(data, func(line string) {
		switch {
		case strings.TrimSpace(line) == "":
			end()
		case line[0] == ' ' || line[0] == '\t':
			if field == "Conffiles" {
				if c, ok := parseConffile(line); ok {
					p.conffiles = append(p.conffiles, c)
				}
			}
		default:
			name, value, _ := strings.Cut(line, ":")
			field, value = name, strings.TrimSpace(value)
			switch name {
			case "Package":
				p.name = value
			case "Version":
				p.version = value
			case "Architecture":
				p.arch = value
			case "Status":
				p.installed = strings.HasSuffix(value, " installed")
			}
		}
	})
	end()
	return all
}

// parseConffile reads " /etc/foo 0123…" with an optional word such as obsolete behind it. A digest that is none, as
// newconffile, leaves the content unproven.
func parseConffile(line string) (Claim, bool) {
	words := strings.Fields(line)
	if len(words) < 2 || !strings.HasPrefix(words[0], "/") {
		return Claim{}, false
	}
	c := Claim{Path: path.Clean(words[0]), Config: true}
	c.Sum = hexSum(words[1])
	return c, true
}

// parseSums reads a .md5sums file: 32 hex digits, two blanks, and a path without the leading slash. Some packages
// have the 64 digits of SHA-256 there (docker/desktop-linux#264), one blank, or the slash.
func parseSums(data []byte, owner string) []Claim {
	var all []Claim
	layer.Lines(data, func(line string) {
		digest, name, _ := strings.Cut(line, " ")
		sum := hexSum(digest)
		if name = strings.TrimPrefix(strings.TrimLeft(name, " "), "*"); name == "" || sum == "" {
			return
		}
		all = append(all, Claim{Path: layer.CleanPath(name), Package: owner, Sum: sum})
	})
	return all
}

// hexSum gives a digest with its algorithm, by its length; "" for what is none. Other lengths are those of
// algorithms that no database has here.
func hexSum(digest string) string {
	switch {
	case isHex(digest, 32):
		return "md5:" + strings.ToLower(digest)
	case isHex(digest, 64):
		return "sha256:" + strings.ToLower(digest)
	default:
		return ""
	}
}

// isHex reports whether s has n hexadecimal digits, in either case.
func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// diversions is which package's file lies elsewhere: by the path that others would have it at.
type diversions map[string]diversion

// diversion is a line of dpkg-divert(1): the file of a package lies under another name, by the package given.
type diversion struct{ to, by string }

// readDiversions reads /var/lib/dpkg/diversions: three lines for each, the path, where it lies now, and by whom (":"
// for a person). An attacker can divert a path to make a foreign program look unowned or owned by another package.
func readDiversions(ctx context.Context, t *layer.Tree) (diversions, error) {
	data, err := readSmall(ctx, t, dpkgDiversions)
	return parseDiversions(data), err
}

// parseDiversions reads three lines for each diversion: from, to, and the package that diverts, ":" for the local
// administrator (dpkg-divert(1)).
func parseDiversions(data []byte) diversions {
	all := diversions{}
	var three []string
	layer.Lines(data, func(line string) {
		if three = append(three, line); len(three) == 3 {
			if strings.HasPrefix(three[0], "/") && strings.HasPrefix(three[1], "/") {
				all[path.Clean(three[0])] = diversion{path.Clean(three[1]), three[2]}
			}
			three = nil
		}
	})
	return all
}

// apply moves the claims of a package to where its files really lie. The package that diverts keeps the path for its
// own file. A path that a person diverted (":") moves for every package. The slice is changed in place.
func (d diversions) apply(claims []Claim) []Claim {
	for i, c := range claims {
		if to, ok := d[c.Path]; ok && to.by != c.Package {
			claims[i].Path, claims[i].diverted = to.to, c.Path
		}
	}
	return claims
}
