package evidence

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// packagePlaces are where package databases lie. One that ends with a slash means all below it that its suffixes fit.
var packagePlaces = []struct {
	path     string
	suffixes []string
}{
	{"/var/lib/dpkg/status", nil},
	{"/var/lib/dpkg/diversions", nil},
	{"/var/lib/dpkg/statoverride", nil},
	{"/var/lib/dpkg/status.d/", []string{""}},
	{"/var/lib/dpkg/info/", []string{".md5sums", ".list", ".conffiles"}},
	{"/lib/apk/db/installed", nil},
	{"/usr/lib/apk/db/installed", nil},
	{"/var/lib/rpm/", []string{"Packages", "Packages.db", "rpmdb.sqlite"}},
	{"/usr/lib/sysimage/rpm/", []string{"Packages", "Packages.db", "rpmdb.sqlite"}},
}

// isPackageFile reports whether a path is that of a package database, or of a file of one.
func isPackageFile(path string) bool {
	for _, p := range packagePlaces {
		if path == p.path {
			return true
		}
		rest, below := strings.CutPrefix(path, p.path)
		if below && strings.HasSuffix(p.path, "/") && slices.ContainsFunc(p.suffixes,
			func(s string) bool { return strings.HasSuffix(rest, s) }) {
			return true
		}
	}
	return false
}

// packageFile is an item of data/packages/index.json. Its bytes lie under their digest: no path of an image is a name
// on the disk.
type packageFile struct {
	Image  string `json:"image"`
	Path   string `json:"path"`
	Layer  int    `json:"layer"`
	DiffID string `json:"diffID"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	State  string `json:"state"` // carried, left-out, missing
	Detail string `json:"detail,omitempty"`
	entry  inspect.Entry
}

// packageFiles follows the package databases of a tree through its layers.
type packageFiles struct {
	image   string
	found   map[string]packageFile
	written []packageFile
	bytes   int64
}

// newPackageFiles begins a list that is written as [] where nothing is found.
func newPackageFiles() *packageFiles { return &packageFiles{written: []packageFile{}} }

// begin starts the tree of another image; what was written stays.
func (p *packageFiles) begin(image string) { p.image, p.found = image, map[string]packageFile{} }

// layer takes a layer's entries: whiteouts first, since they hide only what lies below.
// What a whiteout hides is decided by OCI's image-spec, layer.md, "Whiteouts": files of lower layers, and an opaque
// one only the children of its directory.
func (p *packageFiles) layer(number int, diffID string, entries []inspect.Entry) {
	for _, e := range entries {
		if e.Type == inspect.EntryWhiteout || e.Type == inspect.EntryOpaque {
			maps.DeleteFunc(p.found, func(path string, _ packageFile) bool {
				return path == e.Path && e.Type == inspect.EntryWhiteout || strings.HasPrefix(path,
					strings.TrimSuffix(e.Path, "/")+"/")
			})
		}
	}
	for _, e := range entries {
		if e.Type == inspect.EntryFile && isPackageFile(e.Path) {
			p.found[e.Path] = packageFile{
				Image: p.image, Path: e.Path, Layer: number, DiffID: diffID,
				SHA256: e.SHA256, Size: e.Size, entry: e,
			}
		}
	}
}

// writePackageFiles writes the databases of the tree that was followed.
// They are carried in whatever layers are: without them it could not be checked again which package owns a file.
func (x *export) writePackageFiles(p *packageFiles) error {
	files := slices.SortedFunc(maps.Values(p.found), func(a, b packageFile) int { return cmp.Compare(a.Path, b.Path) })
	for _, f := range files {
		if len(p.written) >= maxPackageFiles || p.bytes+f.Size > maxPackageBytes {
			x.note("the package databases of %s are too large to be all in it", p.image)
			break
		}
		f.State = blobCarried
		reason, err := x.writeContent("data/packages/"+f.SHA256, f.DiffID, f.entry)
		if err != nil {
			return err
		}
		if reason != "" {
			f.State, f.Detail = blobMissing, reason
		}
		p.bytes += f.Size
		p.written = append(p.written, f)
	}
	return nil
}
