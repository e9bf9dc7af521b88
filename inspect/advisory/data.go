package advisory

import (
	"errors"
	"sync"

	"github.com/backtrail/backtrail/inspect"
)

// Where an advisory comes from.
const (
	SourcePack = "incident-pack"
	SourceOSV  = "osv"
	SourceFlag = "flag" // a window that a person named
)

// Data is all that images are compared with: the packs of the program, those that were imported, and the reduced file
// of OSV's records. It is read once, when it is first needed, and is safe for concurrent use.
type Data struct {
	// Window is what a person named as the time of exposure; nil without. It is set before the first image is compared.
	Window *Window

	dir string

	once sync.Once
	all  *index
	err  error
}

// NewData returns the data of a folder, which need not exist.
func NewData(dir string) *Data { return &Data{dir: dir} }

// load reads the data. An error names what of it could not be read; the rest is there.
func (d *Data) load() (*index, error) {
	d.once.Do(func() {
		// All errors are kept, and all that can be read is used: a broken file that was imported must not switch off
		// what came with the program.
		own, errOwn := EmbeddedPacks()
		imported, errImported := importedPacks(d.dir)
		db, errDB := OpenDatabase(d.dir)
		d.all, d.err = newIndex(merged(own, imported), db), errors.Join(errOwn, errImported, errDB)
	})
	return d.all, d.err
}

// candidate is a package of a pack.
type candidate struct {
	pack     *Pack
	affected Affected
	space    string // namespace of the distribution; empty: any
}

// index finds packs by what they name. It does not change.
// Each lookup is by a key: an image with 5,000 packages and 100,000 files is compared in one pass over them, whatever
// the number of packs.
type index struct {
	packs    []*Pack
	db       *Database
	packages map[string][]candidate // by the key of a package
	files    map[string][]*Pack     // by sha256
	paths    map[string][]pathOf    // by the last part of the path
	names    *names

	// folded are the last parts of all names that packs and records have, see mayName. It is made when it is first
	// needed, since a database has some hundred thousand.
	foldOnce sync.Once
	folded   map[string]struct{}
}

// pathOf is a path with the pack that names it.
type pathOf struct {
	pack *Pack
	path string
}

// newIndex indexes packs and database by what an image is looked up with.
func newIndex(packs []*Pack, db *Database) *index {
	x := &index{
		packs: packs, db: db, packages: map[string][]candidate{}, files: map[string][]*Pack{},
		paths: map[string][]pathOf{}, names: newNames(),
	}
	for _, p := range packs {
		for _, a := range p.Packages {
			if c, err := parsePURL(a.PURL); err == nil {
				x.packages[c.key()] = append(x.packages[c.key()], candidate{p, a, c.space})
			}
		}
		for _, f := range p.Files {
			x.files[f] = append(x.files[f], p)
		}
		for _, path := range p.Paths {
			x.paths[lastPart(path)] = append(x.paths[lastPart(path)], pathOf{p, path})
		}
	}
	return x
}

// Status describes the data for a person.
type Status struct {
	Packs    []*Pack
	Database *Database // nil where none was imported
}

// Status reads the data and describes it.
func (d *Data) Status() (Status, error) {
	x, err := d.load()
	return Status{Packs: x.packs, Database: x.db}, err
}

// Date is when the facts of a pack were last changed.
func (p *Pack) Date() inspect.Time { return p.date() }
