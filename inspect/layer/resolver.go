package layer

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Bounds of Linux and of containerd on names that are unpacked. Past one of them the layer is refused.
const (
	maxName        = 255 // bytes of one component, NAME_MAX
	maxKernelLinks = 40  // that the kernel follows in one path, ELOOP past it
	maxLinksWalked = 255 // that containerd follows in one path
)

// refusal is why containerd stops to unpack a layer.
type refusal struct{ path, why string }

// Error quotes the path: it is a foreign string.
func (r *refusal) Error() string { return fmt.Sprintf("%q %s", r.path, r.why) }

// tooLong refuses a name past maxName or a path past registry.MaxPath (PATH_MAX).
func tooLong(p string) *refusal { return &refusal{p, "is longer than Linux lets a name be"} }

// errNotExist is that of a path at which there is nothing.
var errNotExist = errors.New("there is nothing at this path")

// linkResolver follows symbolic links as containerd does before it unpacks a member: RootPath of
// github.com/containerd/continuity/fs. It walks the path from its beginning and replaces each link by its target, one
// level a round, until a round meets no link. What lies behind links that it has not replaced yet is looked up by the
// kernel, which follows an absolute link out of the tree: there is nothing then. An attacker chooses the links, so that
// each look-up is paid from the budget of the image.
type linkResolver struct {
	find   func(p string) *inspect.Node
	budget *budget
	memo   map[string]string
	at     int // state of the tree that the memo is about
}

// directory resolves the clean path of a directory. changed is the state of the tree: results are remembered until it
// is another. Errors: *refusal, *registry.LimitError. Layers put thousands of files into one directory behind a link;
// without the memo each would walk the links again.
func (r *linkResolver) directory(dir string, changed int) (string, error) {
	if r.memo == nil || r.at != changed {
		r.memo, r.at = map[string]string{}, changed
	}
	if real, ok := r.memo[dir]; ok {
		return real, nil
	}
	real, err := r.rootPath(dir[1:] + "/")
	if err == nil {
		r.memo[dir] = real
	}
	return real, err
}

// rootPath resolves all of a path, which need not be clean. It ends: each round either meets a link, of which
// maxLinksWalked are followed, or only cleans the path. The path may grow with each link, so that what is looked up is
// bounded by bytes too (MaxLookup).
func (r *linkResolver) rootPath(p string) (string, error) {
	if p == "" {
		return "/", nil
	}
	walked := 0
	for {
		before := walked
		next, err := r.walkLinks(p, &walked)
		if err != nil {
			return "", err
		}
		p = next
		if before != walked {
			continue
		}
		if next = path.Join("/", next); next == p {
			return p, nil
		}
		p = next
	}
}

// walkLinks replaces the links of a path by their targets, one level. next may be relative, absolute or unclean;
// rootPath goes on until it no longer changes.
func (r *linkResolver) walkLinks(p string, walked *int) (string, error) {
	dir, file := path.Split(p)
	switch {
	case dir == "":
		next, _, err := r.walkLink(file, walked)
		return next, err
	case file == "" && dir == "/":
		return dir, nil
	case file == "":
		return r.walkLinks(dir[:len(dir)-1], walked)
	}
	above, err := r.walkLinks(dir, walked)
	if err != nil {
		return "", err
	}
	next, link, err := r.walkLink(path.Join(above, file), walked)
	if err != nil || !link || path.IsAbs(next) {
		return next, err
	}
	return path.Join(above, next), nil
}

// walkLink gives the target of a link, and what is none as it is. link reports whether p was one. What is not there is
// no link: later entries may make it.
func (r *linkResolver) walkLink(p string, walked *int) (next string, link bool, err error) {
	if *walked > maxLinksWalked {
		return "", false, &refusal{p, fmt.Sprintf("leads through more than %d links", maxLinksWalked)}
	}
	if p = path.Join("/", p); p == "/" {
		return p, false, nil
	}
	n, err := r.lstat(p)
	switch {
	case errors.Is(err, errNotExist):
		return p, false, nil
	case err != nil:
		return "", false, err
	case n.Type != inspect.EntrySymlink:
		return p, false, nil
	}
	*walked++
	return n.Link, true, nil
}

// lstat looks a clean path up as the kernel does, which follows links in all components but the last. Errors:
// errNotExist, *refusal, *registry.LimitError.
func (r *linkResolver) lstat(p string) (*inspect.Node, error) {
	if err := r.budget.lookUp(len(p)); err != nil {
		return nil, err
	}
	if n := r.find(p); n != nil {
		return n, nil
	}
	if n := r.find(path.Dir(p)); n != nil && n.Type == inspect.EntryDir && len(path.Base(p)) <= maxName {
		return nil, errNotExist
	}
	if len(p) >= registry.MaxPath {
		return nil, tooLong(p)
	}
	return r.walk(p)
}

// walk is the slow way of lstat: name by name from the root directory. ".." at the root would leave the tree in which
// the snapshotter's directory lies, and there nothing of the image is.
func (r *linkResolver) walk(p string) (*inspect.Node, error) {
	at, links := r.find("/"), 0
	rest := strings.Split(p[1:], "/")
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		if at.Type != inspect.EntryDir {
			return nil, &refusal{at.Path, "is no directory, and something is looked for in it"}
		}
		switch {
		case name == "" || name == ".":
			continue
		case name == ".." && at.Path == "/":
			return nil, errNotExist // outside
		case name == "..":
			at = r.find(path.Dir(at.Path))
			continue
		case len(name) > maxName:
			return nil, tooLong(name)
		}
		next := join(at.Path, name)
		if err := r.budget.lookUp(len(next)); err != nil {
			return nil, err
		}
		n := r.find(next)
		switch {
		case n == nil:
			return nil, errNotExist
		case n.Type != inspect.EntrySymlink || len(rest) == 0:
			at = n
		case links == maxKernelLinks:
			return nil, &refusal{p, fmt.Sprintf("leads through more than %d links", maxKernelLinks)}
		case strings.HasPrefix(n.Link, "/"):
			return nil, errNotExist // outside
		default:
			links++
			rest = append(strings.Split(n.Link, "/"), rest...)
		}
	}
	return at, nil
}
