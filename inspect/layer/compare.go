package layer

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Compare counts the regular files that came, went or have other content since an earlier tree, and lists those that
// matter most, at most MaxChanges of them; the counts are complete. Changed symbolic links are listed and not counted.
// Modes and owners are not compared here: what may be run as another user is looked for in each image by itself. Both
// trees are walked once, in the order of their paths. now and before are not changed.
func Compare(now, before *Tree) *inspect.FileDiff {
	d := &inspect.FileDiff{}
	var all []inspect.FileChange
	i, j := 0, 0
	for i < len(now.nodes) || j < len(before.nodes) {
		var a, b *inspect.Node
		switch order := nextPath(now.nodes, i, before.nodes, j); {
		case order < 0:
			a = now.nodes[i]
			i++
		case order > 0:
			b = before.nodes[j]
			j++
		default:
			a, b = now.nodes[i], before.nodes[j]
			i++
			j++
		}
		if c, ok := count(d, a, b); ok {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b inspect.FileChange) int {
		return cmp.Or(cmp.Compare(changeRank(a), changeRank(b)), comparePaths(a.Path, b.Path))
	})
	d.Truncated = len(all) > MaxChanges
	d.List = all[:min(len(all), MaxChanges)]
	return d
}

// nextPath orders the next nodes of two sorted lists; a list that is at its end comes last.
func nextPath(a []*inspect.Node, i int, b []*inspect.Node, j int) int {
	switch {
	case i == len(a):
		return 1
	case j == len(b):
		return -1
	default:
		return comparePaths(a[i].Path, b[j].Path)
	}
}

// count takes in a path that either tree has, and gives the change where there is one. Nodes are nil where a tree has
// nothing at the path. A file in the place of a link counts as added, a link in the place of a file as removed: the
// counts are of files.
func count(d *inspect.FileDiff, now, before *inspect.Node) (inspect.FileChange, bool) {
	is, was := now != nil && isRegular(now), before != nil && isRegular(before)
	switch {
	case is && was && now.SHA256 == before.SHA256, !is && !was && !linksDiffer(now, before):
		return inspect.FileChange{}, false
	case is && was:
		d.Changed++
	case is:
		d.Added++
	case was:
		d.Removed++
	}
	c := inspect.FileChange{Change: "changed", Layer: -1, To: contentOf(now), From: contentOf(before)}
	if before == nil {
		c.Change = "added"
	}
	if now == nil {
		c.Change, c.Path, c.Type = "removed", before.Path, before.Type
		c.Executable = before.Executable() && before.Kind != ""
		return c, true
	}
	c.Path, c.Type, c.Layer = now.Path, now.Type, now.Layer
	c.Executable = now.Executable() && now.Kind != ""
	return c, true
}

// linksDiffer reports whether a path is a link on either side, and leads elsewhere or is no link on the other.
func linksDiffer(now, before *inspect.Node) bool {
	link := func(n *inspect.Node) bool { return n != nil && n.Type == inspect.EntrySymlink }
	return (link(now) || link(before)) && contentOf(now) != contentOf(before)
}

// contentOf is what a change shows of a side: the digest of a file, the target of a link.
func contentOf(n *inspect.Node) string {
	switch {
	case n == nil:
		return ""
	case isRegular(n):
		return n.SHA256
	default:
		return n.Link
	}
}

// changeRank orders changes by how much they matter: programs first, what package managers write about themselves last.
// An attacker can add any number of files to make the list long; programs cannot be pushed off it by anything but
// programs.
func changeRank(c inspect.FileChange) int {
	switch {
	case c.Executable && c.Change != "removed":
		return 0
	case strings.HasPrefix(c.Path, "/etc/"):
		return 2
	case OftenRewritten(c.Path):
		return 5
	case c.Executable, c.Type == inspect.EntrySymlink:
		return 3
	case c.Change == "removed":
		return 4
	default:
		return 1
	}
}

// OftenRewritten recognizes files that a package holds and that images change nevertheless: distroless edits
// os-release, maintainer scripts make caches, slim images cut documentation. It decides about the order of a list and
// how loud a difference is, never whether something is a finding: /etc is among these places.
func OftenRewritten(p string) bool {
	base := path.Base(p)
	switch {
	case strings.HasPrefix(p, "/etc/"), documentation(p):
		return true
	case base == "os-release", base == "ld.so.cache", base == "ca-certificates.crt", base == "locale-archive":
		return true
	}
	return strings.HasSuffix(p, ".pyc") || strings.HasPrefix(p, "/var/cache/") || strings.HasPrefix(p, "/var/lib/")
}

// documentation recognizes what slim images leave out.
func documentation(p string) bool {
	for _, dir := range []string{
		"doc", "man", "locale", "info", "lintian", "linda", "doc-base", "help", "i18n",
		"groff", "gtk-doc", "bug", "licenses",
	} {
		if within(p, "/usr/share/"+dir) || within(p, "/usr/local/share/"+dir) {
			return true
		}
	}
	return within(p, "/usr/share/zoneinfo") || within(p, "/usr/share/icons")
}

// CompareLayers counts by content, so that the same layer in other packing is shared. A layer that was not read has no
// diff ID and is shared with nothing.
func CompareLayers(now, before []inspect.Layer) *inspect.LayerDiff {
	d := &inspect.LayerDiff{}
	for _, l := range now {
		switch {
		case l.Empty:
		case slices.ContainsFunc(before, func(b inspect.Layer) bool {
			return !b.Empty && b.DiffID == l.DiffID &&
				l.DiffID != ""
		}):
			d.Shared++
		default:
			d.Added++
		}
	}
	return d
}

// Unread names the first layer that was not read to its end, and why; "" where all were. It is what a comparison needs
// before it calls anything equal.
func Unread(layers []inspect.Layer) string {
	for _, l := range layers {
		if Incomplete(l) {
			return fmt.Sprintf("layer %d: %s", l.Number, l.Detail)
		}
	}
	return ""
}

// Incomplete reports whether there may be more in a layer than what is shown of it. A layer that is whole and is not
// what the config claims is not incomplete: all of it is shown.
func Incomplete(l inspect.Layer) bool {
	return !l.Empty && (l.DiffID == "" || l.Status == inspect.Unknown || l.Reason == string(registry.ProblemMalformed))
}
