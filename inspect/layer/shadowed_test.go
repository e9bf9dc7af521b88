package layer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestShadowedFiles(t *testing.T) {
	for name, test := range map[string]struct {
		layers [][]member
		want   []string // path, layer, by which layer, whether it was replaced
	}{
		"nothing is hidden": {[][]member{{file("a", "1")}, {file("b", "2")}}, nil},
		"deleted":           {[][]member{{file("a", "1")}, {whiteout(".wh.a")}}, []string{"/a 0 1 false"}},
		"replaced":          {[][]member{{file("a", "1")}, {file("a", "2")}}, []string{"/a 0 1 true"}},
		"replaced twice": {
			[][]member{{file("a", "1")}, {file("a", "2")}, {file("a", "3")}},
			[]string{"/a 0 1 true", "/a 1 2 true"},
		},
		"deleted and made again": {
			[][]member{{file("a", "1")}, {whiteout(".wh.a")}, {file("a", "2")}}, []string{"/a 0 1 false"},
		},
		"made again as it was": {[][]member{{file("a", "1")}, {whiteout(".wh.a")}, {file("a", "1")}}, nil},
		"only the mode changed": {
			[][]member{{file("a", "1")}, {file("a", "1").WithMode(0o4755)}}, nil,
		},
		"deleted with its directory": {
			[][]member{{file("d/a", "1"), file("d/e/b", "2")}, {whiteout(".wh.d")}},
			[]string{"/d/a 0 1 false", "/d/e/b 0 1 false"},
		},
		"hidden by an opaque directory": {
			[][]member{{file("d/a", "1")}, {dir("d"), whiteout("d/" + opaqueMarker), file("d/b", "2")}},
			[]string{"/d/a 0 1 false"},
		},
		"an empty file is no evidence": {[][]member{{file("a", "")}, {whiteout(".wh.a")}}, nil},
		"a link is no evidence":        {[][]member{{symlink("a", "b")}, {whiteout(".wh.a")}}, nil},
		"a file below a new file":      {[][]member{{file("a/b", "1")}, {file("a", "2")}}, []string{"/a/b 0 1 false"}},
		"both names of a file": {
			[][]member{{file("a", "1"), hardlink("b", "a")}, {whiteout(".wh.a"), whiteout(".wh.b")}},
			[]string{"/a 0 1 false", "/b 0 1 false"},
		},
		"one name of a file": {
			[][]member{{file("a", "1"), hardlink("b", "a")}, {whiteout(".wh.a")}}, []string{"/a 0 1 false"},
		},
		"dropped in one layer and deleted in the next": {
			[][]member{{file("keep", "k")}, {exe("tmp/x", program("x"))}, {whiteout("tmp/.wh.x")}},
			[]string{"/tmp/x 1 2 false"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := treeOfLayers(t, test.layers...)
			var got []string
			for _, s := range tree.Shadowed() {
				got = append(got, fmt.Sprint(s.Node.Path, " ", s.Node.Layer, " ", s.By, " ", s.Replaced))
				if content := read(t, tree, s.Node); content == "" {
					t.Errorf("%s has no content any more", s.Node.Path)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// nodesOf lists what an iterator gives as path and layer.
func nodesOf(all func(func(*inspect.Node) bool)) string {
	var list []string
	for n := range all {
		list = append(list, fmt.Sprint(n.Path, "@", n.Layer))
	}
	return strings.Join(list, " ")
}

func TestWhatEachLayerHoldsAndHides(t *testing.T) {
	tree := treeOfLayers(t,
		[]member{file("a", "1"), file("d/b", "1"), file("d/c", "1")},
		[]member{file("a", "2"), whiteout("d/.wh.b")},
		[]member{whiteout(".wh.d"), file("e", "3")},
	)
	for number, test := range map[int]struct{ entries, hidden string }{
		0: {"/@0 /a@0 /d@0 /d/b@0 /d/c@0", ""},
		1: {"/@1 /a@1 /d@1", "/d/b@0"}, // a file that is replaced is not taken away
		2: {"/@2 /e@2", "/d@0 /d/c@0"},
		9: {"", ""},
	} {
		entries, hidden := nodesOf(tree.Entries(number)), nodesOf(tree.Hidden(number))
		if entries != test.entries || hidden != test.hidden {
			t.Errorf(
				"layer %d holds %q and hides %q, want %q and %q",
				number,
				entries,
				hidden,
				test.entries,
				test.hidden,
			)
		}
	}
	if got := fmt.Sprint(tree.Numbers()); got != "[0 1 2]" {
		t.Errorf("layers %s", got)
	}
	if tree.LayerNodes(9) != nil || tree.DiffID(9) != "" || tree.Layer(9) != (inspect.Layer{}) {
		t.Error("a layer that is not there")
	}
	if a, m, r := tree.Changes(9); a+m+r != 0 || tree.Oddness(9).Refused != "" {
		t.Error("a layer that is not there changes something")
	}
}

func TestWhatStoodAtAPathBefore(t *testing.T) {
	tree := treeOfLayers(t, []member{exe("sh", "1")}, []member{file("other", "x")}, []member{exe("sh", "3")},
		[]member{exe("sh", "4"), file("new", "x")})
	now := tree.Get("/sh")
	for n, want := now, 2; want >= 0; want -= 2 {
		if n = tree.Previous(n); n == nil || n.Layer != want {
			t.Fatalf("before it stood %+v, want one of layer %d", n, want)
		}
	}
	if tree.Previous(tree.Get("/new")) != nil || tree.Previous(tree.Get("/other")) != nil {
		t.Error("something stood where nothing was")
	}
	if was, _ := tree.Lost("/nothing"); was != nil {
		t.Errorf("lost %+v", was)
	}
}

// What was lost twice is named with the layer that took it away last: that is why a container does not see it.
func TestTheLastLayerThatTookAFileAway(t *testing.T) {
	tree := treeOfLayers(t, []member{file("a", "1")}, []member{whiteout(".wh.a")}, []member{file("a", "2")},
		[]member{whiteout(".wh.a")})
	was, by := tree.Lost("/a")
	if was == nil || by != 3 || read(t, tree, was) != "2" {
		t.Errorf("lost %+v by %d", was, by)
	}
}
