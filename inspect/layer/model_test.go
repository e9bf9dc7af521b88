package layer

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// model is what the image specification says of a layer, in as few words as it can be written
// (https://github.com/opencontainers/image-spec/blob/main/layer.md): the files of a tree by path, changed by one layer
// after the other. It knows regular files and directories that are there because something is in them.
type model struct {
	files map[string]string // content by path
	from  map[string]int    // number of the layer that holds it
	lost  map[string]int    // number of the layer that took the file away that was last at a path
}

// lay lays a layer over the model, and counts what it added, modified and removed.
func (m *model) lay(number int, members []member) [3]int {
	before := maps.Clone(m.files)
	gone := func(hidden func(p string) bool) {
		for p := range m.files {
			if hidden(p) && m.from[p] != number {
				delete(m.files, p)
				m.lost[p] = number
			}
		}
	}
	for _, w := range members { // whiteouts first, wherever they stand in the tar
		dir, base := path.Split("/" + w.Name)
		switch name, is := strings.CutPrefix(base, whiteoutPrefix); {
		case base == opaqueMarker:
			gone(func(p string) bool { return within(p, path.Clean(dir)) })
		case is:
			gone(func(p string) bool { return p == dir+name || within(p, dir+name) })
		}
	}
	for _, f := range members {
		if !strings.HasPrefix(path.Base(f.Name), whiteoutPrefix) && f.Typeflag == 0 {
			m.files["/"+f.Name], m.from["/"+f.Name] = f.Content, number
			delete(m.lost, "/"+f.Name)
		}
	}
	var counts [3]int
	for p := range m.files {
		if _, was := before[p]; m.from[p] == number && was {
			counts[1]++
		} else if m.from[p] == number {
			counts[0]++
		}
	}
	for p := range before {
		if _, is := m.files[p]; !is {
			counts[2]++
		}
	}
	return counts
}

// randomLayer makes a layer that all runtimes agree about: no name twice, and no whiteout of what the layer holds.
// Names of directories and of files differ, so that none takes the place of the other.
func randomLayer(r *rand.Rand, number int) []member {
	dirs := []string{"", "d/", "d/e/", "d/e/g/", "h/"}
	used := map[string]bool{}
	var list []member
	for i := range 1 + r.IntN(10) {
		dir := dirs[r.IntN(len(dirs))]
		name := fmt.Sprintf("f%d", r.IntN(6))
		if used[dir+name] {
			continue
		}
		used[dir+name] = true
		if r.IntN(3) == 0 {
			list = append(list, whiteout(dir+whiteoutPrefix+name))
			continue
		}
		list = append(list, file(dir+name, fmt.Sprintf("%d.%d", number, i)))
	}
	if r.IntN(3) == 0 { // a directory that is emptied, with its own files behind the marker
		dir := dirs[1+r.IntN(len(dirs)-1)]
		list = slices.Insert(list, 0, layerDir(dir), whiteout(dir+opaqueMarker))
	}
	return list
}

func layerDir(name string) member { return dir(name) }

// Whatever the layers, the merged tree, its counts and what it shadows are those of the model.
func TestTreesAreThoseOfTheSpecification(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		m := model{map[string]string{}, map[string]int{}, map[string]int{}}
		var layers [][]member
		var counts [][3]int
		for n := range 2 + r.IntN(4) {
			layers = append(layers, randomLayer(r, n))
			counts = append(counts, m.lay(n, layers[n]))
		}
		tree := treeOfLayers(t, layers...)
		var want []string
		for _, p := range slices.SortedFunc(maps.Keys(m.files), comparePaths) {
			want = append(want, p+"="+m.files[p])
		}
		if got := regular(t, tree); !slices.Equal(got, want) {
			t.Fatalf("seed %d: the tree has\n%q\nwant\n%q", seed, got, want)
		}
		for n := range layers {
			if a, mod, rm := tree.Changes(n); [3]int{a, mod, rm} != counts[n] {
				t.Errorf("seed %d: layer %d changes %d %d %d, want %v", seed, n, a, mod, rm, counts[n])
			}
			if odd := tree.Oddness(n); odd.Refused != "" || odd.Stopped != "" || odd.Limit != "" {
				t.Errorf("seed %d: layer %d is odd: %+v", seed, n, odd)
			}
		}
		for p, by := range m.lost {
			was, layer := tree.Lost(p)
			if was == nil || layer != by {
				t.Errorf("seed %d: %s was lost to layer %d, want %d", seed, p, layer, by)
			}
		}
	}
}

// Each prefix of the layers is an image of its own: Before gives it without merging again.
func TestBeforeIsTheImageOfTheLowerLayers(t *testing.T) {
	all := func(*inspect.Node) bool { return true }
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 4))
		layers := [][]member{randomLayer(r, 0), randomLayer(r, 1), randomLayer(r, 2), randomLayer(r, 3)}
		tree := treeOfLayers(t, layers...)
		for n := 1; n <= len(layers); n++ {
			want := regular(t, treeOfLayers(t, layers[:n]...))
			if got := regular(t, tree.Before(n, all)); !slices.Equal(got, want) {
				t.Errorf("seed %d: before layer %d there were\n%q\nwant\n%q", seed, n, got, want)
			}
		}
		if rest := regular(t, tree.Before(2, func(*inspect.Node) bool { return false })); len(rest) > 0 {
			t.Errorf("seed %d: files that are not kept: %q", seed, rest)
		}
	}
}

// The order of members that have nothing to do with each other is of no account: an attacker gains nothing by it.
func TestTheOrderOfSiblingsDoesNotMatter(t *testing.T) {
	low := []member{dir("etc/"), file("etc/a", "low a"), file("etc/b", "low b"), dir("opt/"), file("opt/x", "low x")}
	top := []member{
		file("etc/a", "top a"), whiteout("etc/.wh.b"), file("etc/c", "top c"), whiteout("opt/.wh.x"),
		exe("opt/y", program("y")), symlink("etc/d", "c"),
	}
	want := strings.Join(regular(t, treeOfLayers(t, low, top)), " ")
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		mixed := slices.Clone(top)
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		tree := treeOfLayers(t, low, mixed)
		if got := strings.Join(regular(t, tree), " "); got != want {
			t.Fatalf("in the order of seed %d the tree has\n%s\nwant\n%s", seed, got, want)
		}
		if odd := tree.Oddness(1); odd.Refused != "" || len(odd.Differs) > 0 {
			t.Fatalf("in the order of seed %d the layer is odd: %+v", seed, odd)
		}
	}
}

// Merging the same layers a second time changes nothing, and the same layer on top of itself adds nothing.
func TestALayerOverItselfChangesNothing(t *testing.T) {
	for seed := range uint64(10) {
		base := slices.DeleteFunc(randomLayer(rand.New(rand.NewPCG(seed, 6)), 0), func(m member) bool {
			return strings.HasPrefix(path.Base(m.Name), whiteoutPrefix)
		})
		once, twice := treeOfLayers(t, base), treeOfLayers(t, base, base)
		if a, b := regular(t, once), regular(t, twice); !slices.Equal(a, b) {
			t.Errorf("seed %d: once %q, twice %q", seed, a, b)
		}
		if added, _, removed := twice.Changes(1); added != 0 || removed != 0 {
			t.Errorf("seed %d: %d added, %d removed", seed, added, removed)
		}
		if d := Compare(twice, once); d.Added+d.Removed+d.Changed != 0 || len(d.List) > 0 {
			t.Errorf("seed %d: the two differ in %+v", seed, d)
		}
		if shadowed := twice.Shadowed(); len(shadowed) > 0 {
			t.Errorf("seed %d: copies are called shadowed: %+v", seed, shadowed)
		}
	}
}
