package journal

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Lookup finds images by what they have.
type Lookup struct{ j *Journal }

// Lookup returns what finds images by what they have.
func (j *Journal) Lookup() Lookup { return Lookup{j} }

// StoredPackage is a package that is in at least one image.
type StoredPackage struct {
	ID int64
	inspect.Package
}

// Hit is something that an image has, and where in it.
type Hit struct {
	// the number of a row, valid in this journal only
	Image int64  // see StoredImage
	What  string // the package and its version, the digest or the path
	Path  string // empty where it is at no path
	Layer int    // its number in the manifest; -1 where it is in no one layer
}

// StoredImage is what is known of an image without decoding its facts.
type StoredImage struct {
	ID              int64
	Digest          string
	Depth           Depth
	Current         bool // the facts are of this program's version
	Created         inspect.Time
	Collected       inspect.Time
	Advisories      inspect.Time // when it was compared with known compromises; zero: never
	Vulnerabilities inspect.Time // of the data about vulnerabilities that it was compared with; zero: never
	Layers          []inspect.Layer
}

// maxNumbers bounds how many numbers stand in one statement.
// SQLite's default is 1,000,000 bytes of a statement (SQLITE_MAX_SQL_LENGTH), at most 19 digits and a comma each: this
// is far below, and the plan stays a series of index lookups.
const maxNumbers = 500

// PackagesNamed lists the packages whose name, or whose source package's name, has the spelling of a name: upper and
// lower case, dashes, underscores and dots do not matter. A name without slashes also finds those whose last part it
// is.
func (l Lookup) PackagesNamed(ctx context.Context, name string) ([]StoredPackage, error) {
	// UNION, not OR: each part uses an index of its own, and a package that two of them find is given once.
	const columns = "SELECT id, type, name, version, purl FROM package WHERE "
	s := spelling(name)
	return l.packages(ctx, columns+"spelling = ? UNION "+columns+"upstream = ? AND upstream <> '' UNION "+
		columns+"base = ? AND base <> ''", s, s, s)
}

func (l Lookup) packages(ctx context.Context, text string, args ...any) ([]StoredPackage, error) {
	var all []StoredPackage
	err := l.j.query(ctx, "looking up packages", func(r *sql.Rows) error {
		var p StoredPackage
		err := r.Scan(&p.ID, &p.Type, &p.Name, &p.Version, &p.PURL)
		all = append(all, p)
		return err
	}, text, args...)
	return all, err
}

// EachPackage gives every package that is in at least one image, once each: what a re-check compares with new data.
// It ends at the first error of f.
func (l Lookup) EachPackage(ctx context.Context, f func(StoredPackage) error) error {
	return l.j.query(ctx, "reading all packages", func(r *sql.Rows) error {
		var p StoredPackage
		if err := r.Scan(&p.ID, &p.Type, &p.Name, &p.Version, &p.PURL); err != nil {
			return err
		}
		return f(p)
	}, "SELECT id, type, name, version, purl FROM package")
}

// ImagesWith finds the images that have one of some packages.
func (l Lookup) ImagesWith(ctx context.Context, packages []StoredPackage) ([]Hit, error) {
	var all []Hit
	for len(packages) > 0 {
		some := packages[:min(len(packages), maxNumbers)] // SQLite bounds the length of a statement
		packages = packages[len(some):]
		names, numbers := map[int64]string{}, make([]string, 0, len(some))
		for _, p := range some {
			names[p.ID] = strings.TrimSpace(p.Name + " " + p.Version)
			numbers = append(numbers, fmt.Sprint(p.ID)) // numbers of ours: nothing foreign stands in the statement
		}
		err := l.j.query(ctx, "looking up images by packages", func(r *sql.Rows) error {
			var h Hit
			var id int64
			err := r.Scan(&h.Image, &h.Layer, &id, &h.Path)
			h.What = names[id]
			all = append(all, h)
			return err
		}, `SELECT i.image, i.layer, pp.package, path.value FROM part_package pp
			JOIN image_part i ON i.part = pp.part JOIN path ON path.id = pp.path
			WHERE pp.package IN (`+strings.Join(numbers, ",")+")")
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// filesQuery finds files by a condition on path, content c or both.
const filesQuery = `SELECT i.image, i.layer, path.value FROM part_file f JOIN image_part i ON i.part = f.part
	JOIN path ON path.id = f.path JOIN content c ON c.id = f.content WHERE `

// ImagesWithPath finds the images that have an executable, a library or a start-up hook at a path, or a package there.
// One that does not begin with a slash is the end of a path.
func (l Lookup) ImagesWithPath(ctx context.Context, path string) ([]Hit, error) {
	if !strings.HasPrefix(path, "/") {
		end := "/" + path
		// The end of a path is found by reading all distinct paths, some 100,000 of a fleet: substr compares characters
		// as they are, where LIKE would read % and _ of a file's name as a pattern.
		return l.hits(ctx, path, filesQuery+"substr(path.value, -length(?1)) = ?1", end)
	}
	hits, err := l.hits(ctx, path, filesQuery+`path.value = ? UNION SELECT i.image, i.layer, path.value
		FROM path JOIN part_package pp ON pp.path = path.id JOIN image_part i ON i.part = pp.part
		WHERE path.value = ?`, path, path)
	return hits, err
}

// ImagesWithContent finds the images that have an executable, a library or a start-up hook with a content, by its
// sha256 in hex.
func (l Lookup) ImagesWithContent(ctx context.Context, sum string) ([]Hit, error) {
	b := bytesOf(sum)
	if b == nil {
		return nil, nil
	}
	return l.hits(ctx, sum, filesQuery+"c.sha256 = ?", b)
}

// ImagesWithDigest finds the images whose manifest, index, config or one of whose layers has a digest.
func (l Lookup) ImagesWithDigest(ctx context.Context, digest string) ([]Hit, error) {
	// A layer is found by the digest of its compressed bytes, which registries name, and by its diff ID, which the
	// config names.
	return l.hits(ctx, digest, `SELECT image, -1, '' FROM alias WHERE digest = ?1
		UNION SELECT image, number, '' FROM layer WHERE digest = ?1
		UNION SELECT image, number, '' FROM layer WHERE diff_id = ?1`, digest)
}

// ImagesWithLead finds the images that an advisory or a vulnerability was found to match when they were looked into.
// Upper and lower case do not matter.
func (l Lookup) ImagesWithLead(ctx context.Context, id string) ([]Hit, error) {
	var all []Hit
	err := l.j.query(ctx, "looking up images by advisory", func(r *sql.Rows) error {
		var h Hit
		err := r.Scan(&h.Image, &h.Layer, &h.What)
		all = append(all, h)
		return err
	}, "SELECT image, layer, subject FROM lead WHERE id = ?", id)
	return all, err
}

// LeadSince is the date of the oldest data in which a vulnerability was found to match an image; zero where it never
// was. Images that were compared with the same data or newer and do not have it are not affected.
func (l Lookup) LeadSince(ctx context.Context, id string) (inspect.Time, error) {
	var first int64
	err := l.j.db.QueryRowContext(ctx, `SELECT coalesce(min(i.vulnerabilities), 0) FROM lead JOIN image i
		ON i.id = lead.image WHERE lead.id = ? AND i.vulnerabilities > 0`, id).Scan(&first)
	if err != nil {
		return inspect.Time{}, fmt.Errorf("looking up %s: %w", id, damage(err))
	}
	return timeOf(first), nil
}

// hits reads rows of image, layer and path.
func (l Lookup) hits(ctx context.Context, what, text string, args ...any) ([]Hit, error) {
	var all []Hit
	err := l.j.query(ctx, "looking up "+what, func(r *sql.Rows) error {
		h := Hit{What: what}
		err := r.Scan(&h.Image, &h.Layer, &h.Path)
		all = append(all, h)
		return err
	}, text, args...)
	return all, err
}

// Stored lists all images with facts, and by which digests they are found. When their layers were built is read where
// that is wanted.
func (l Lookup) Stored(ctx context.Context, layers bool) (images map[int64]*StoredImage, byDigest map[string][]int64,
	err error,
) {
	images, byDigest = map[int64]*StoredImage{}, map[string][]int64{}
	err = l.j.query(ctx, "reading which images are stored", func(r *sql.Rows) error {
		i, version := &StoredImage{}, 0
		var created, collected, advisories, vulnerabilities int64
		err := r.Scan(&i.ID, &i.Digest, &i.Depth, &version, &created, &collected, &advisories, &vulnerabilities)
		i.Created, i.Collected, i.Current = timeOf(created), timeOf(collected), version >= FactsVersion
		i.Advisories, i.Vulnerabilities = timeOf(advisories), timeOf(vulnerabilities)
		images[i.ID] = i
		return err
	}, "SELECT id, digest, depth, version, created, collected, advisories, vulnerabilities FROM image")
	if err != nil {
		return nil, nil, err
	}
	err = l.j.query(ctx, "reading which images are stored", func(r *sql.Rows) error {
		var digest string
		var image int64
		err := r.Scan(&digest, &image)
		byDigest[digest] = append(byDigest[digest], image)
		return err
	}, "SELECT digest, image FROM alias")
	if err != nil || !layers {
		return images, byDigest, err
	}
	err = l.j.query(ctx, "reading when layers were built", func(r *sql.Rows) error {
		var image, created int64
		var of inspect.Layer
		err := r.Scan(&image, &of.Number, &created)
		of.Created = timeOf(created)
		if i := images[image]; i != nil {
			i.Layers = append(i.Layers, of)
		}
		return err
	}, "SELECT image, number, created FROM layer WHERE created > 0 ORDER BY image, number")
	return images, byDigest, err
}

// EachFacts gives the facts of every image of this program's version, without its packages, as they are stored. It ends
// at the first error of f.
func (l Lookup) EachFacts(ctx context.Context, f func(image int64, i inspect.Image) error) error {
	return l.j.query(ctx, "reading the facts of all images", func(r *sql.Rows) error {
		var image int64
		var packed []byte
		if err := r.Scan(&image, &packed); err != nil {
			return err
		}
		var i inspect.Image
		if err := decode(packed, &i); err != nil {
			return fmt.Errorf("decoding facts: %w", err)
		}
		return f(image, i)
	}, "SELECT id, facts FROM image WHERE version >= ?", FactsVersion)
}
