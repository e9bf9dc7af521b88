package sbom

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	stereoscope "github.com/anchore/stereoscope/pkg/file"
	"github.com/anchore/syft/syft/file"
	"github.com/bmatcuk/doublestar/v4"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// resolver lets syft search and read the merged tree of an image, with the meaning of syft's own resolver for the
// squashed scope: paths and globs follow links and give files only, each file once.
type resolver struct {
	ctx    context.Context // of the run: syft's interface has none
	tree   *layer.Tree
	search *search

	nested *archiveBudget

	mu      sync.Mutex
	refs    map[*inspect.Node]stereoscope.Reference // of the files that were found
	refused map[string]string                       // paths of files that cataloguers were not given, with the reasons
}

var _ file.Resolver = (*resolver)(nil)

// HasPath reports whether there is anything at a path.
func (r *resolver) HasPath(p string) bool {
	real, _ := r.tree.Place(layer.CleanPath(p))
	return r.tree.Get(real) != nil
}

// FilesByPath finds the files that paths lead to.
func (r *resolver) FilesByPath(paths ...string) ([]file.Location, error) {
	var found locations
	for _, p := range paths {
		if n := r.follow(p); n != nil {
			found.add(r.location(p, n))
		}
	}
	return found.list, nil
}

// follow finds the file that a path leads to; nil where there is none, or a directory. stereoscope cleans a path by its
// letters before it follows links, unlike the kernel, and cataloguers rely on that: they join names with "..".
func (r *resolver) follow(p string) *inspect.Node {
	if n := r.tree.Resolve(layer.CleanPath(p)); n != nil && isFile(n) {
		return n
	}
	return nil
}

// FilesByGlob finds the files whose path, or a path that links to them, fits a pattern. Errors: a pattern that is none.
// The order is that of search.glob.
func (r *resolver) FilesByGlob(patterns ...string) ([]file.Location, error) {
	var found locations
	for _, p := range patterns {
		if !doublestar.ValidatePattern(p) {
			return nil, fmt.Errorf("searching %q: it is no pattern", p)
		}
		for _, at := range r.search.glob(p) {
			if n := r.follow(at); n != nil {
				found.add(r.location(at, n))
			}
		}
	}
	return found.list, nil
}

// FilesByMIMEType finds the files whose content is of a type, in the words of stereoscope's MIMEType.
func (r *resolver) FilesByMIMEType(types ...string) ([]file.Location, error) {
	var found locations
	for _, t := range types {
		for _, n := range r.search.byType[t] {
			found.add(r.location(n.Path, n))
		}
	}
	slices.SortFunc(found.list, func(a, b file.Location) int { return strings.Compare(a.RealPath, b.RealPath) })
	return found.list, nil
}

// RelativeFileByPath finds the file at a path. In the squashed scope it does not matter what it is relative to.
func (r *resolver) RelativeFileByPath(_ file.Location, path string) *file.Location {
	return first(r.FilesByPath(path))
}

// first is the first location, nil for none.
func first(found []file.Location, err error) *file.Location {
	if err != nil || len(found) == 0 {
		return nil
	}
	return &found[0]
}

// AllLocations gives every path, links not followed. The channel is closed at the end or when the context ends; whoever
// stops reading has to end the context. Directories and links are among them, as syft's own resolver has it.
func (r *resolver) AllLocations(ctx context.Context) <-chan file.Location {
	all := make(chan file.Location)
	go func() {
		defer close(all)
		for n := range r.tree.All() {
			if n.Path == "/" {
				continue
			}
			select {
			case all <- r.location(n.Path, n):
			case <-ctx.Done():
				return
			}
		}
	}()
	return all
}

// FileMetadataByLocation describes a file.
func (r *resolver) FileMetadataByLocation(l file.Location) (file.Metadata, error) {
	n := r.node(l)
	if n == nil {
		return file.Metadata{}, fmt.Errorf("describing %q: it is not in the image", l.RealPath)
	}
	return metadata(n), nil
}

// FileContentsByLocation opens a file. The result is an io.ReaderAt and io.Seeker too: without them the cataloguers of
// programs and archives read the whole file into memory. Errors: inspect.ErrNotKept, errArchive, and those of the
// checks of databases. The caller closes what it gets.
func (r *resolver) FileContentsByLocation(l file.Location) (io.ReadCloser, error) {
	n := r.node(l)
	if n != nil && n.Type == inspect.EntrySymlink {
		n = r.follow(l.RealPath)
	}
	switch {
	case n == nil:
		return nil, fmt.Errorf("opening %q: it is not in the image, or a link that leads nowhere", l.RealPath)
	case n.Type == inspect.EntryDir:
		return nil, fmt.Errorf("opening %q: it is a directory", l.RealPath)
	case n.Type != inspect.EntryFile && n.Type != inspect.EntryHardlink, isLicence(n):
		return newContents(nothing{}, nothing{}), nil // devices and the like have no bytes in an image
	}
	c, err := r.tree.Open(r.ctx, n)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", l.RealPath, err)
	}
	safe, closed, err := r.guard(c, n, l)
	if err != nil {
		_ = closed.Close()
		return nil, fmt.Errorf("opening %q: %w", l.RealPath, err)
	}
	return newContents(safe, closed), nil
}

// location names a file, with the layer that holds it as its file system. NewLocationFromDirectory is the constructor
// that takes both a file system and a reference.
func (r *resolver) location(access string, n *inspect.Node) file.Location {
	l := file.NewLocationFromDirectory(n.Path, r.tree.DiffID(n.Layer), r.reference(n))
	l.AccessPath = access
	return l
}

// reference gives a file the identity that syft compares locations by: always the same.
func (r *resolver) reference(n *inspect.Node) stereoscope.Reference {
	r.mu.Lock()
	defer r.mu.Unlock()
	ref, ok := r.refs[n]
	if !ok {
		ref = *stereoscope.NewFileReference(stereoscope.Path(n.Path))
		r.refs[n] = ref
	}
	return ref
}

// node is what stands at a location, nil where this resolver did not give it. A location from another image has another
// reference, although its path may be here too.
func (r *resolver) node(l file.Location) *inspect.Node {
	n := r.tree.Get(l.RealPath)
	r.mu.Lock()
	defer r.mu.Unlock()
	if ref, ok := r.refs[n]; n == nil || !ok || ref.ID() != referenceID(l) {
		return nil
	}
	return n
}

// referenceID is the number by which a location is found again.
func referenceID(l file.Location) stereoscope.ID {
	ref := l.Reference()
	return ref.ID()
}

// locations is a list in which each file stands once.
type locations struct {
	list []file.Location
	seen map[stereoscope.ID]bool
}

// add lists a location once.
func (s *locations) add(l file.Location) {
	if s.seen == nil {
		s.seen = map[stereoscope.ID]bool{}
	}
	if id := referenceID(l); !s.seen[id] {
		s.seen[id] = true
		s.list = append(s.list, l)
	}
}
