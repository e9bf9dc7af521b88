package layer

import (
	"archive/tar"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// refusing is a member that the overlayfs snapshotter stops at: with it a layer is shown as without overlayfs.
func refusing() member { return hardlink("refused", "no/such/file") }

// Without overlayfs a layer is unpacked over those below it: whiteouts remove, and an opaque marker removes what the
// layer itself has not named before it.
func TestUnpackWithoutOverlayfs(t *testing.T) {
	low := []member{dir("d"), file("d/a", "1"), dir("d/e"), file("d/e/b", "2"), file("f", "3"), symlink("l", "d")}
	for name, test := range map[string]struct {
		layer []member
		want  string
	}{
		"nothing more":     {nil, "/d/a /d/e/b /f"},
		"a whiteout":       {[]member{whiteout("d/.wh.a")}, "/d/e/b /f"},
		"a whiteout twice": {[]member{whiteout("d/.wh.a"), whiteout("d/.wh.a")}, "/d/e/b /f"},
		"of a directory":   {[]member{whiteout(".wh.d")}, "/f"},
		"of nothing":       {[]member{whiteout(".wh.z"), whiteout("z/.wh.z")}, "/d/a /d/e/b /f"},
		"of its own file":  {[]member{file("x", ""), whiteout(".wh.x")}, "/d/a /d/e/b /f"},
		"an opaque marker": {[]member{whiteout("d/" + opaqueMarker)}, "/f"},
		"in the root":      {[]member{file("x", ""), whiteout(opaqueMarker)}, "/x"},
		"before its files": {[]member{whiteout("d/" + opaqueMarker), file("d/c", "")}, "/d/c /f"},
		"behind its files": {[]member{file("d/c", ""), whiteout("d/" + opaqueMarker)}, "/d/c /f"},
		"twice, with a file": {
			[]member{whiteout("d/" + opaqueMarker), file("d/c", ""), whiteout("d/" + opaqueMarker)}, "/d/c /f",
		},
		"behind a directory that it names": {
			[]member{dir("d/e"), whiteout("d/" + opaqueMarker)}, "/f",
		},
		"behind a file in a directory that it names": {
			[]member{dir("d/e"), file("d/e/n", ""), whiteout("d/" + opaqueMarker)}, "/d/e/n /f",
		},
		"a file through a link":              {[]member{file("l/x", "")}, "/d/a /d/e/b /d/x /f"},
		"a file in the place of a directory": {[]member{file("d", "")}, "/d /f"},
		"a hard link to a lower file":        {[]member{hardlink("h", "f")}, "/d/a /d/e/b /f /h"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := treeOfLayers(t, low, append(slices.Clone(test.layer), refusing()))
			var got []string
			for n := range tree.All() {
				if isRegular(n) {
					got = append(got, n.Path)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if odd := tree.Oddness(1); odd.Refused == "" || odd.Stopped == "" {
				t.Errorf("the layer is not called refused: %+v", odd)
			}
		})
	}
}

// A directory that is listed again has the last mode, and keeps what is in it, whatever the snapshotter.
func TestADirectoryThatIsListedAgain(t *testing.T) {
	wide := dir("d").WithMode(0o1777)
	for name, layers := range map[string][][]member{
		"in one layer":           {{dir("d"), file("d/a", "1"), wide}},
		"in the next layer":      {{dir("d"), file("d/a", "1")}, {wide}},
		"without overlayfs":      {{dir("d"), file("d/a", "1")}, {wide, refusing()}},
		"in a layer of its own":  {{file("z", "")}, {dir("d"), file("d/a", "1"), wide}},
		"after being made for a": {{file("z", "")}, {file("d/a", "1"), wide}},
	} {
		tree := treeOfLayers(t, layers...)
		if n := tree.Get("/d"); n == nil || n.Mode != 0o1777 || tree.Get("/d/a") == nil {
			t.Errorf("%s: %+v", name, n)
		}
		if odd := tree.Oddness(len(layers) - 1).Differs; len(odd) > 0 {
			t.Errorf("%s: runtimes differ in %q", name, odd)
		}
	}
}

// setuid that a later layer gives to a lower file is in the tree, and in what that layer changed: content alone would
// not show it.
func TestALaterLayerThatSetsModesIsSeen(t *testing.T) {
	base := []member{exe("usr/bin/sh", program("sh")), exe("usr/bin/ls", program("ls"))}
	for name, test := range map[string]struct {
		layer   []member
		mode    uint32
		changes string
	}{
		"the file again":         {[]member{exe("usr/bin/sh", program("sh")).WithMode(0o4755)}, 0o4755, "0 1 0"},
		"setgid":                 {[]member{exe("usr/bin/sh", program("sh")).WithMode(0o2755)}, 0o2755, "0 1 0"},
		"writable for all":       {[]member{exe("usr/bin/sh", program("sh")).WithMode(0o777)}, 0o777, "0 1 0"},
		"as it was":              {[]member{exe("usr/bin/sh", program("sh"))}, 0o755, "0 1 0"},
		"another file":           {[]member{exe("usr/bin/ls", program("ls")).WithMode(0o4755)}, 0o755, "0 1 0"},
		"its directory":          {[]member{dir("usr/bin").WithMode(0o4777)}, 0o755, "0 0 0"},
		"bits beyond permission": {[]member{exe("usr/bin/sh", program("sh")).WithMode(0o104755)}, 0o4755, "0 1 0"},
	} {
		tree := treeOfLayers(t, base, test.layer)
		if n := tree.Get("/usr/bin/sh"); n.Mode != test.mode {
			t.Errorf("%s: mode %o, want %o", name, n.Mode, test.mode)
		}
		if a, m, r := tree.Changes(1); fmt.Sprint(a, m, r) != test.changes {
			t.Errorf("%s: changes %d %d %d", name, a, m, r)
		}
	}
}

// Names that Linux does not have are refused, not cut: a cut name could be another file's.
func TestNamesThatLinuxDoesNotHave(t *testing.T) {
	long := strings.Repeat("n", maxName)
	for name, test := range map[string]struct {
		layer []member
		want  string
	}{
		"a name at the bound":        {[]member{file(long, "")}, ""},
		"a name past the bound":      {[]member{file(long+"n", "")}, "longer than Linux lets a name be"},
		"a directory past the bound": {[]member{file(long+"n/x", "")}, "longer than Linux lets a name be"},
		"a link to nothing": {
			[]member{{Header: tar.Header{Name: "l", Typeflag: tar.TypeSymlink}}}, "is a link to nothing",
		},
		"a directory below a lower file":  {[]member{file("f/x/y", "")}, "is no directory in a lower layer"},
		"a name below a lower file":       {[]member{file("f/x", "")}, ""},
		"a file below its own file":       {[]member{file("n", ""), file("n/x", "")}, "is no directory"},
		"a directory removed by its file": {[]member{dir("n"), file("n", "")}, ""},
	} {
		tree := treeOfLayers(t, []member{file("f", "1")}, append([]member{file("good", "1")}, test.layer...))
		if odd := tree.Oddness(1); !strings.Contains(odd.Refused, test.want) || test.want == "" && odd.Refused != "" {
			t.Errorf("%s: refused %q, want %q", name, odd.Refused, test.want)
		}
		if tree.Get("/good") == nil {
			t.Errorf("%s: what came before is not shown", name)
		}
	}
}

// Each kind of doubt is named once, with the first path: a layer of a thousand of them is still one line.
func TestDoubtsAreNamedOnce(t *testing.T) {
	var d doubts
	if len(d.lines()) != 0 {
		t.Errorf("doubts about nothing: %q", d.lines())
	}
	for _, p := range []string{"/a", "/b\x1b[31m", "/c"} {
		d.add(doubtDevice, p)
		d.add(doubtRoot, p)
	}
	want := []string{`"/a": ` + string(doubtDevice), `"/a": ` + string(doubtRoot)}
	if got := d.lines(); !slices.Equal(got, want) || d.more != 4 {
		t.Errorf("%q and %d more", got, d.more)
	}
	one := doubts{kinds: []doubt{doubtHidden}, paths: []string{"/\x1b[31m"}}
	if got := one.lines()[0]; strings.Contains(got, "\x1b") {
		t.Errorf("a path reaches the terminal as %q", got)
	}
}

// Differences in what files there are outrank those in modes: only the first can hide a program from a reader.
func TestWhichDoubtsHideFiles(t *testing.T) {
	for kind, hides := range map[doubt]bool{
		doubtRoot: true, doubtReplaced: true, doubtDevice: true, doubtLink: true, doubtUnnamed: true, doubtGlobal: true,
		doubtLinkMode: false, doubtHidden: false, doubtMerged: false,
	} {
		var d doubts
		d.add(doubtLinkMode, "/first")
		d.add(kind, "/x")
		list := Oddness{Differs: d.lines()}.findings("web", inspect.Layer{Number: 1})
		want := map[bool]inspect.Severity{true: inspect.Medium, false: inspect.Low}[hides]
		if len(list) != 1 || list[0].Severity != want || list[0].Status != want.RowStatus() {
			t.Errorf("%.40s: %+v", kind, list)
		}
	}
}
