package sbom

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Where only the name is open, what stands in the directory is what stereoscope finds by looking everywhere.
func TestSiblingsAreWhatSearchingFinds(t *testing.T) {
	compared := 0
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := resolverOf(t, newBench(t), tangle(random))
		for _, dir := range tangled {
			for _, name := range []string{"*", "a*", "?", "*.x", "b.*", "a"} {
				pattern := dir + "/" + name
				quick, ok := r.siblings(pattern)
				if !ok {
					continue
				}
				compared += len(quick)
				if d := cmp.Diff(located(t, r, must(r.searched(pattern))), located(t, r, quick)); d != "" {
					t.Errorf("seed %d, %s (-searched +siblings):\n%s", seed, pattern, d)
				}
			}
		}
	}
	if compared < 2000 {
		t.Errorf("only %d siblings were compared", compared)
	}
}

// tangled are the directories of a tangle.
var tangled = []string{"/a", "/b", "/a/b", "/a/a", "/b/a", "/a/b/c"}

// tangle is a layer in which directories, files and links of few names stand at random.
func tangle(random *rand.Rand) []member {
	names := []string{"a", "b", "c", "a.x", "b.x", "ab"}
	var members []member
	for _, d := range tangled {
		for _, name := range names {
			p := d[1:] + "/" + name
			switch target := tangled[random.IntN(len(tangled))]; random.IntN(6) {
			case 0, 1:
				members = append(members, text(p, fmt.Sprint(random.Int())))
			case 2:
				members = append(members, symlink(p, target+"/"+names[random.IntN(len(names))]))
			case 3:
				members = append(members, symlink(p, names[random.IntN(len(names))]))
			case 4:
				if random.IntN(3) == 0 {
					members = append(members, symlink(p, target))
				}
			}
		}
	}
	return members
}

func located(t *testing.T, r *resolver, paths []string) []string {
	t.Helper()
	at, err := r.FilesByPath(paths...)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, l := range at {
		list = append(list, l.RealPath)
	}
	slices.Sort(list)
	return list
}
