package binary

import (
	"archive/tar"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// patient bounds how long a small hostile image may take.
const patient = 20 * time.Second

// Whole images whose layers are made to break their readers: each check ends, with the tree that a runtime would make of
// it, nothing outside of the root, and in words where something was left out.
func TestHostileImages(t *testing.T) {
	deep := strings.Repeat("d/", 1500)
	for name, test := range map[string]struct {
		layers [][]member
		want   string // of the merged tree's regular files, at most the first five
		odd    string // in the words about a layer
	}{
		"names that lead out":       {[][]member{{file("../../etc/passwd", "x"), file("/abs", "x"), file("a/../../b", "x")}}, "/abs /b /etc/passwd", "leads out of the image"},
		"links that lead out":       {[][]member{{symlink("etc", "../../../host"), file("etc/x", "y"), hardlink("h", "../../etc/shadow")}}, "/host/x", "leads out"},
		"links in a circle":         {[][]member{{symlink("a", "b"), symlink("b", "a"), file("a/x", "y"), symlink("self", "self"), file("self/x", "y")}}, "/a/x /self/x", ""},
		"links through each other":  {[][]member{append(many(80, func(i int) member { return symlink(fmt.Sprintf("l%d", i), fmt.Sprintf("l%d", i+1)) }), file("l0/x", "y"))}, "/l80/x", ""},
		"links that double":         {[][]member{append(many(60, func(i int) member { return symlink(fmt.Sprintf("d%d", i), fmt.Sprintf("d%d/../d%d", i+1, i+1)) }), file("d0/x", "y"))}, "/d60/x", ""},
		"depth":                     {[][]member{{file(deep+"x", "y"), file(deep+deep+"x", "y")}}, "/" + deep + "x", "longer than any path"},
		"one name many times":       {[][]member{many(5000, func(i int) member { return file("same", fmt.Sprint(i)) })}, "/same", ""},
		"a file that is a folder":   {[][]member{{file("x", "1"), file("x/y", "2"), file("x", "3"), file("x/z", "4")}}, "/x/z", ""},
		"links to a link in circle": {[][]member{{hardlink("a", "b"), hardlink("b", "a")}}, "", ""},
		"devices and pipes":         {[][]member{{special("dev0", tar.TypeBlock), special("dev1", tar.TypeChar), special("pipe", tar.TypeFifo)}}, "", ""},
		"unknown types":             {[][]member{{special("v", 'V'), file("x", "y")}}, "/x", "unknown type"},
		"whiteouts of all":          {[][]member{{file("x", "y")}, {whiteout(".wh..wh..opq"), whiteout(".wh."), whiteout(".wh..."), file("z", "y")}}, "/x /z", "names no file"},
		"whiteouts through links":   {[][]member{{file("real/x", "y"), file("keep", "y")}, {symlink("to", "/"), whiteout("to/.wh.keep")}}, "/real/x", ""},
		"many whiteouts":            {[][]member{{file("x", "y")}, many(20000, func(i int) member { return whiteout(fmt.Sprintf("%s.wh.%d", strings.Repeat("n/", i%40), i)) })}, "/x", ""},
		"names of bytes":            {[][]member{{file("a\xff\xfe", "x"), file("b\x1b[31m", "x"), file("c\u202etxt", "x")}}, "/a\xff\xfe /b\x1b[31m /c\u202etxt", ""},
		"databases that are links":  {[][]member{{symlink("var/lib/dpkg/status", "status"), symlink("lib/apk/db/installed", "/../../../etc/passwd"), symlink("var/lib/rpm/Packages", "/dev/zero")}}, "", ""},
		"a database of nonsense":    {[][]member{{file("var/lib/dpkg/status", strings.Repeat("Package: \x00\nConffiles:\n / \n\n", 5000)), file("var/lib/dpkg/info/\x01.list", "/\n/..\n//\n")}}, "/var/lib/dpkg/info/\x01.list /var/lib/dpkg/status", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var layers []layerSpec
			for n, members := range test.layers {
				layers = append(layers, step(fmt.Sprintf("step %d", n), members...))
			}
			b := newBench(t)
			started := time.Now()
			c := b.examine(t, imageOf(t, v1.Config{}, layers...), nil)
			if took := time.Since(started); took > patient {
				t.Errorf("it took %v", took)
			}
			for _, s := range c.Checks {
				if strings.Contains(s.Reason, "defect") {
					t.Errorf("%s: %s", s.Name, s.Reason)
				}
			}
			i := c.Images[0]
			last := i.Layers[len(i.Layers)-1]
			if last.Status != inspect.Verified || !strings.Contains(last.Detail, test.odd) {
				t.Fatalf("layer: %s %q", last.Status, last.Detail)
			}
			var got []string
			for n := range mustTree(t, b, c).All() {
				if layer.IsRegular(n) && len(got) < 5 {
					got = append(got, n.Path)
				}
				if slices.Contains(strings.Split(n.Path, "/"), "..") {
					t.Errorf("path %q", n.Path)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got  %.200q\nwant %.200q", strings.Join(got, " "), test.want)
			}
		})
	}
}
