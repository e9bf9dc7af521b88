package sbom

import (
	"context"
	"fmt"
	"io"
	"path"

	stereoscope "github.com/anchore/stereoscope/pkg/file"
	"github.com/anchore/stereoscope/pkg/filetree"
	"github.com/anchore/syft/syft/file"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/files"
)

// resolver lets syft search and read the merged tree of an image, with the meaning of syft's own resolver for the
// squashed scope: paths and globs follow links and give files only, each file once.
type resolver struct {
	ctx    context.Context // of the run: syft's interface has none
	tree   *files.Tree
	squash *squash
}

var _ file.Resolver = (*resolver)(nil)

// HasPath says whether there is anything at a path.
func (r *resolver) HasPath(p string) bool {
	return r.squash.tree.HasPath(stereoscope.Path(p))
}

// FilesByPath finds the files that paths lead to.
func (r *resolver) FilesByPath(paths ...string) ([]file.Location, error) {
	var found locations
	for _, p := range paths {
		if l, plain := r.plain(p); plain {
			found.add(l)
			continue
		}
		target, err := r.follow(p)
		if err != nil {
			return nil, err
		}
		if target != nil {
			found.add(r.location(p, *target.Reference))
		}
	}
	return found.list, nil
}

// follow finds the file that a path leads to; nil where there is none, or a directory.
func (r *resolver) follow(path string) (*stereoscope.Resolution, error) {
	hit, err := r.squash.search.SearchByPath(path, filetree.FollowBasenameLinks)
	if err != nil {
		return nil, fmt.Errorf("searching %q: %w", path, err)
	}
	if !hit.HasReference() || r.isDir(*hit.Reference) {
		return nil, nil
	}
	_, target, err := r.squash.tree.File(hit.RealPath, filetree.FollowBasenameLinks)
	if filetree.IsUnresolvableLink(err) {
		return nil, nil // links that go round are the image's, not an error of ours
	}
	if err != nil {
		return nil, fmt.Errorf("following %q: %w", path, err)
	}
	if !target.HasReference() {
		return nil, nil
	}
	return target, nil
}

// FilesByGlob finds the files whose path, or a path that links to them, fits a pattern.
func (r *resolver) FilesByGlob(patterns ...string) ([]file.Location, error) {
	var found locations
	for _, p := range patterns {
		paths, ok := r.siblings(p)
		if !ok {
			var err error
			if paths, err = r.searched(p); err != nil {
				return nil, err
			}
		}
		at, err := r.FilesByPath(paths...)
		if err != nil {
			return nil, err
		}
		for _, l := range at {
			found.add(l)
		}
	}
	return found.list, nil
}

// searched lists the paths of files that fit a pattern, as stereoscope finds them.
func (r *resolver) searched(pattern string) ([]string, error) {
	hits, err := r.squash.search.SearchByGlob(pattern, filetree.FollowBasenameLinks)
	if err != nil {
		return nil, fmt.Errorf("searching %q: %w", pattern, err)
	}
	var paths []string
	for _, hit := range hits {
		if hit.HasReference() && !r.isDir(*hit.Reference) {
			paths = append(paths, string(hit.RequestPath))
		}
	}
	return paths, nil
}

// FilesByMIMEType finds the files whose content is of a type, in the words of stereoscope's MIMEType.
func (r *resolver) FilesByMIMEType(types ...string) ([]file.Location, error) {
	hits, err := r.squash.search.SearchByMIMEType(types...)
	if err != nil {
		return nil, fmt.Errorf("searching MIME types %q: %w", types, err)
	}
	var found locations
	for _, hit := range hits {
		if hit.HasReference() {
			found.add(r.location(string(hit.RequestPath), *hit.Reference))
		}
	}
	return found.list, nil
}

// RelativeFileByPath finds the file at a path. In the squashed scope it does not matter what it is relative to.
func (r *resolver) RelativeFileByPath(_ file.Location, path string) *file.Location {
	return first(r.FilesByPath(path))
}

func first(found []file.Location, err error) *file.Location {
	if err != nil || len(found) == 0 {
		return nil
	}
	return &found[0]
}

// AllLocations gives every path, links not followed.
func (r *resolver) AllLocations(ctx context.Context) <-chan file.Location {
	all := make(chan file.Location)
	go func() {
		defer close(all)
		for _, ref := range r.squash.tree.AllFiles(stereoscope.AllTypes()...) {
			select {
			case all <- r.location(string(ref.RealPath), ref):
			case <-ctx.Done():
				return
			}
		}
	}()
	return all
}

// FileMetadataByLocation describes a file.
func (r *resolver) FileMetadataByLocation(l file.Location) (file.Metadata, error) {
	entry, err := r.squash.index.Get(l.Reference())
	if err != nil {
		return file.Metadata{}, fmt.Errorf("describing %q: %w", l.RealPath, err)
	}
	return entry.Metadata, nil
}

// FileContentsByLocation opens a file. The result is an io.ReaderAt and io.Seeker too: without them the cataloguers of
// programs and archives read the whole file into memory.
func (r *resolver) FileContentsByLocation(l file.Location) (io.ReadCloser, error) {
	entry, err := r.squash.index.Get(l.Reference())
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", l.RealPath, err)
	}
	ref := l.Reference()
	switch entry.Type {
	case stereoscope.TypeSymLink, stereoscope.TypeHardLink:
		target, err := r.follow(l.RealPath)
		if err != nil {
			return nil, err
		}
		if target == nil {
			return nil, fmt.Errorf("opening %q: the link leads nowhere", l.RealPath)
		}
		ref = *target.Reference
	case stereoscope.TypeDirectory:
		return nil, fmt.Errorf("opening %q: it is a directory", l.RealPath)
	default:
	}
	return r.open(ref)
}

func (r *resolver) open(ref stereoscope.Reference) (io.ReadCloser, error) {
	node, ok := r.squash.nodes[ref.ID()]
	if !ok {
		return nil, fmt.Errorf("opening %q: not in the tree", ref.RealPath)
	}
	if isLicence(node) {
		return newContents(nothing{}), nil
	}
	if node.Type != inspect.EntryFile && node.Type != inspect.EntryHardlink {
		return newContents(nothing{}), nil // devices and the like have no bytes in an image
	}
	c, err := r.tree.Open(r.ctx, node)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", ref.RealPath, err)
	}
	if rpmDatabase(string(ref.RealPath)) {
		// go-rpmdb trusts what it reads: a hostile database would end the program from a goroutine of its own.
		if err := files.SoundRPM(c); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("opening %q: %w", ref.RealPath, err)
		}
	}
	return newContents(c), nil
}

// rpmDatabase says that syft takes a path for an rpm database, wherever it is in the image.
func rpmDatabase(p string) bool {
	base := path.Base(p)
	return path.Base(path.Dir(p)) == "rpm" && (base == "Packages" || base == "Packages.db" || base == "rpmdb.sqlite")
}

func (r *resolver) isDir(ref stereoscope.Reference) bool {
	if ref.RealPath == "/" {
		return true
	}
	entry, err := r.squash.index.Get(ref)
	return err == nil && entry.Type == stereoscope.TypeDirectory
}

// plain gives the location of a path at which a file is, without any link on the way or at its end: of most.
func (r *resolver) plain(p string) (file.Location, bool) {
	node := r.tree.Get(p)
	if node == nil || node.Type != inspect.EntryFile {
		return file.Location{}, false
	}
	return r.location(p, r.squash.refs[node]), true
}

// location names a file, with the layer that holds it as its file system. NewLocationFromDirectory is the constructor
// that takes both a file system and a reference.
func (r *resolver) location(access string, ref stereoscope.Reference) file.Location {
	layer := ""
	if node, ok := r.squash.nodes[ref.ID()]; ok {
		layer = r.tree.DiffID(node.Layer)
	}
	l := file.NewLocationFromDirectory(string(ref.RealPath), layer, ref)
	l.AccessPath = access
	return l
}

// locations is a list in which each file stands once.
type locations struct {
	list []file.Location
	seen map[stereoscope.ID]bool
}

func (s *locations) add(l file.Location) {
	if s.seen == nil {
		s.seen = map[stereoscope.ID]bool{}
	}
	ref := l.Reference()
	if id := ref.ID(); !s.seen[id] {
		s.seen[id] = true
		s.list = append(s.list, l)
	}
}
