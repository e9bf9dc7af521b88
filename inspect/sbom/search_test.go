package sbom

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/anchore/stereoscope/pkg/filetree"
	"github.com/anchore/syft/syft/file"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// peer is a tree in stereoscope's own form, searched as syft's resolver for the squashed scope does.
type peer struct {
	tree   *filetree.FileTree
	search filetree.Searcher
	isDir  map[string]bool
}

func newPeer(t *testing.T, tree *layer.Tree) peer {
	t.Helper()
	p := peer{tree: filetree.New(), isDir: map[string]bool{"/": true}}
	index := filetree.NewIndex()
	build := filetree.NewBuilder(p.tree, index)
	for n := range tree.All() {
		if n.Path == "/" {
			continue
		}
		if _, err := build.Add(metadata(n)); err != nil {
			t.Fatal(err)
		}
		p.isDir[n.Path] = n.Type == inspect.EntryDir
	}
	p.search = filetree.NewSearchContext(p.tree, index)
	return p
}

// path gives the file that a path leads to.
func (p peer) path(t *testing.T, at string) (real string, ok bool) {
	t.Helper()
	hit, err := p.search.SearchByPath(at, filetree.FollowBasenameLinks)
	if err != nil {
		t.Fatal(err)
	}
	if !hit.HasReference() || p.isDir[string(hit.RealPath)] {
		return "", false
	}
	_, target, err := p.tree.File(hit.RealPath, filetree.FollowBasenameLinks)
	if filetree.IsUnresolvableLink(err) || err == nil && !target.HasReference() {
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(target.RealPath), true
}

// glob gives the files that fit a pattern, each once, and the path by which it was found.
func (p peer) glob(t *testing.T, pattern string) map[string]string {
	t.Helper()
	hits, err := p.search.SearchByGlob(pattern, filetree.FollowBasenameLinks)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, hit := range hits {
		if !hit.HasReference() || p.isDir[string(hit.RealPath)] {
			continue
		}
		if real, ok := p.path(t, string(hit.RequestPath)); ok && found[real] == "" {
			found[real] = string(hit.RequestPath)
		}
	}
	return found
}

func located(list []file.Location, err error) map[string]string {
	if err != nil {
		panic(err)
	}
	found := map[string]string{}
	for _, l := range list {
		found[l.RealPath] = l.AccessPath
	}
	return found
}

// However links are tangled, we find by paths and patterns what stereoscope finds, and nothing that is not there.
func TestSearchIsThatOfStereoscope(t *testing.T) {
	patterns := []string{
		"/a/*", "/a/b/*.x", "/b/a/a*", "**/a", "**/a.x", "**/*.x", "**/b*", "**/?", "**/b/*", "**/a/b/*", "**/{a,b}", "**/{a.x,b.x}", "/**/c", "**/a/**/c",
		"/a/**/b.x", "a/b/c", "/a/b/c/a", "**/{a/b,b}/a", "/{a,b}/a", "/a/*/a", "**/b/?", "**/l/a",
	}
	compared := 0
	for seed := range uint64(60) {
		r := resolverOf(t, newBench(t), tangle(rand.New(rand.NewPCG(seed, 1))))
		p := newPeer(t, r.tree)
		for _, pattern := range patterns {
			want, got := p.glob(t, pattern), located(r.FilesByGlob(pattern))
			compared += len(want)
			for real, at := range want {
				if got[real] == "" {
					t.Errorf("seed %d, %s: stereoscope finds %s as %s, we do not", seed, pattern, real, at)
				}
			}
			// Of several paths through links stereoscope takes any, and where they are tangled it gives up too early.
			for real, at := range got {
				if to, ok := p.path(t, at); !ok || to != real || real != at && want[real] == real ||
					!r.search.fits(pattern, at) && pattern[0] != 'a' {
					t.Errorf(
						"seed %d, %s: %s was found as %s, with stereoscope as %s",
						seed,
						pattern,
						real,
						at,
						want[real],
					)
				}
			}
		}
		for n := range r.tree.All() {
			for _, at := range []string{n.Path, n.Path + "/a", n.Path + "/../a"} {
				real, ok := p.path(t, at)
				if got := located(r.FilesByPath(at)); ok && got[real] != at || !ok && len(got) > 0 {
					t.Errorf("seed %d, %s leads to %v, with stereoscope to %q", seed, at, got, real)
				}
			}
		}
	}
	if compared < 2500 {
		t.Errorf("only %d files were compared", compared)
	}
}

// tangle is a layer in which directories, files and links of few names stand at random.
func tangle(random *rand.Rand) []member {
	dirs := []string{"/a", "/b", "/a/b", "/a/a", "/b/a", "/a/b/c"}
	names := []string{"a", "b", "c", "a.x", "b.x", "ab"}
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	members := []member{symlink("l", pick(dirs)), symlink("b/l", "/l"), symlink("up", "a/..")}
	for _, d := range dirs {
		for _, name := range names {
			p := d[1:] + "/" + name
			switch random.IntN(8) {
			case 0, 1, 2:
				members = append(members, textFile(p, fmt.Sprint(random.Int())))
			case 3:
				members = append(members, symlink(p, pick(dirs)+"/"+pick(names)))
			case 4:
				members = append(members, symlink(p, pick(names)))
			case 5:
				members = append(members, symlink(p, pick([]string{"/l", "../l", "/up/b", "/nowhere"})+"/"+pick(names)))
			case 6:
				if random.IntN(4) == 0 {
					members = append(members, symlink(p, pick(dirs)))
				}
			}
		}
	}
	return members
}
