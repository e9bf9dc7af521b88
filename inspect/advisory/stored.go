package advisory

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Matcher compares stored images with some packs and records, without their layers.
type Matcher struct{ *index }

// MatchPacks returns a Matcher of packs.
func MatchPacks(packs ...*Pack) Matcher { return Matcher{newIndex(packs, nil)} }

// Matcher returns a Matcher of the one pack, or of the records, that have an ID; upper and lower case do not matter. ok
// is false where the data has no such ID. An error names what of the data could not be read.
func (d *Data) Matcher(id string) (m Matcher, ok bool, err error) {
	x, err := d.load()
	// packs first: their IDs are chosen by hand, and never look like MAL-2026-1
	for _, p := range x.packs {
		if strings.EqualFold(p.ID, id) {
			return MatchPacks(p), true, err
		}
	}
	db := x.db.withID(id)
	return Matcher{newIndex(nil, db)}, db != nil, err
}

// withID is a database of the records with an ID; nil where there are none.
func (d *Database) withID(id string) *Database {
	if d == nil {
		return nil
	}
	some := *d
	some.lines, some.Records = nil, 0
	for line := range strings.Lines(string(d.lines)) {
		if r, ok := parseRecord(strings.TrimSuffix(line, "\n")); ok && strings.EqualFold(r.id, id) {
			some.lines = append(some.lines, line...)
			some.Records++
		}
	}
	if some.Records == 0 {
		return nil
	}
	return &some
}

// Names are the names of packages that can match, without their namespaces: what to look up before Packages decides.
func (m Matcher) Names() []string {
	seen := map[string]bool{}
	var all []string
	add := func(key string) {
		_, name, _ := strings.Cut(key, "/")
		for _, n := range []string{name, lastPart(name)} {
			if n != "" && !seen[n] {
				seen[n] = true
				all = append(all, n)
			}
		}
	}
	// the last part too: people and databases name @scope/left-pad left-pad, and Affects decides by the full name
	for key := range m.index.packages {
		add(key)
	}
	if m.db != nil {
		for line := range strings.Lines(string(m.db.lines)) {
			key, _, _ := strings.Cut(line, "\t")
			add(key)
		}
	}
	return all
}

// Affects reports whether a package is one that a pack or record names, in an affected version.
func (m Matcher) Affects(p inspect.Package) bool {
	found := newMatches(m.index, inspect.Image{Packages: []inspect.Package{p}})
	found.packages()
	return len(found.rows) > 0
}

// Files are the contents, as sha256 in hex, and the paths by which an image matches. A path that does not begin with a
// slash is the end of one.
func (m Matcher) Files() (sums, paths []string) {
	for _, p := range m.packs {
		sums, paths = append(sums, p.Files...), append(paths, p.Paths...)
	}
	return sums, paths
}

// Match compares an image by its digests, signers, statements, commands and build steps. Packages, files and times are
// not compared.
func (m Matcher) Match(i inspect.Image) []inspect.Advisory {
	found := newMatches(m.index, i)
	found.digests()
	found.identities()
	found.strings()
	return found.rows
}

// Heads reports whether there is anything that Match compares.
func (m Matcher) Heads() bool {
	for _, p := range m.packs {
		if len(p.References)+len(p.Repositories)+len(p.Images)+len(p.Layers)+len(p.Strings)+len(p.Hosts)+
			len(p.Identities)+len(p.Commits) > 0 {
			return true
		}
	}
	return false
}

// Windows are the times of exposure of the packs that were not withdrawn.
func (m Matcher) Windows() iter.Seq[*Window] {
	return func(yield func(*Window) bool) {
		for _, p := range m.packs {
			if p.Window != nil && p.Withdrawn == "" && !yield(p.Window) {
				return
			}
		}
	}
}

// Whole returns nil where an image that matches nothing stored is certain not to match. A pack that names no packages
// but files is compared with all files of an image, of which only some are stored. It is about what a journal stores,
// which is executables, libraries and start-up hooks of an image's files.
func (m Matcher) Whole() error {
	for _, p := range m.packs {
		if len(p.Packages) == 0 && len(p.Files)+len(p.Paths) > 0 {
			return fmt.Errorf("the incident %s is recognized by files, and not all files of an image are stored", p.ID)
		}
	}
	return nil
}

// PURL returns what decides whether a package is the one of a package URL, of the same version where the URL has one,
// and the name to look it up by.
func PURL(purl string) (name string, is func(inspect.Package) bool, err error) {
	want, err := parsePURL(purl)
	if err != nil {
		return "", nil, err
	}
	return lastPart(want.name), func(p inspect.Package) bool {
		c, ok := coordinatesOf(p)
		return ok && (c.key() == want.key() || slices.Contains(c.upstreamKeys(), want.key())) &&
			(want.space == "" || want.space == c.space) && (want.version == "" || want.version == p.Version)
	}, nil
}

// DataOf is the data of the records that matched an image before, and of no others: with it the check gives these rows
// again, or does not. Records that cannot be read are left out, so that their rows do not come out again. Rows of OSV
// name the whole data that their record is from, by its digest, which cannot be computed from the record.
func DataOf(rows []inspect.Advisory) *Data {
	var packs []*Pack
	var db Database
	seen, lines := map[string]bool{}, []string{}
	for _, r := range rows {
		if seen[r.Record] {
			continue
		}
		seen[r.Record] = true
		if p, err := ReadPack([]byte(r.Record)); r.Source == SourcePack && err == nil {
			packs = append(packs, p)
		}
		if _, is := parseRecord(r.Record); r.Source == SourceOSV && is && !strings.Contains(r.Record, "\n") {
			lines = append(lines, r.Record)
			db.Date, db.Digest = r.Data.Date, r.Data.Digest
		}
	}
	slices.Sort(lines)
	for _, l := range lines {
		db.lines = append(append(db.lines, l...), '\n')
		db.Records++
	}
	d := &Data{}
	d.once.Do(func() {
		d.all = newIndex(packs, nil)
		if db.Records > 0 {
			d.all = newIndex(packs, &db)
		}
	})
	return d
}
