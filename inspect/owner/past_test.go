package owner

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/layer"
)

// What one package took over from another stands in the sums of both, and in the list of one (Replaces).
func TestAFileThatAnotherPackageTookOver(t *testing.T) {
	_, o := ownOf(
		t,
		exe("usr/bin/which", program("new")),
		file(
			"var/lib/dpkg/status",
			"Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: install ok installed\nVersion: 1\n\n",
		),
		file(
			"var/lib/dpkg/info/a.list",
			"/.\n/usr\n",
		),
		file("var/lib/dpkg/info/a.md5sums", md5Of(program("old"))+"  usr/bin/which\n"),
		file(
			"var/lib/dpkg/info/b.list",
			"/.\n/usr/bin/which\n",
		),
		file("var/lib/dpkg/info/b.md5sums", md5Of(program("new"))+"  usr/bin/which\n"),
	)
	if c := o.Claims["/usr/bin/which"]; c.Package != "b" || o.Altered("/usr/bin/which") {
		t.Errorf("owned by %q, altered %v", c.Package, o.Altered("/usr/bin/which"))
	}
}

// What was deleted below is not part of the past either, nor what is as it was.
func TestThePastOfAnImage(t *testing.T) {
	tree := treeOfLayers(t,
		[]member{
			symlink("bin", "usr/bin"), exe("usr/bin/a", "a"), file("var/lib/dpkg/status", "1"),
			file("var/lib/dpkg/info/a.list", "a"), file("var/lib/dpkg/info/b.list", "b"), file("srv/x", "x"),
		},
		[]member{file("var/lib/dpkg/status", "2"), whiteout("var/lib/dpkg/info/.wh.a.list")},
		[]member{file("var/lib/dpkg/status", "3"), file("var/lib/dpkg/info/a.list", "again")})
	for below, want := range map[int]string{1: "/var/lib/dpkg/info/a.list=a /var/lib/dpkg/status=1", 2: "/var/lib/dpkg/status=2", 3: "/var/lib/dpkg/status=3"} {
		past := before(tree, below)
		var got []string
		for n := range past.All() {
			if layer.IsRegular(n) {
				got = append(got, n.Path+"="+read(t, past, n))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("below %d: %q, want %q", below, got, want)
		}
		if p, ok := past.Place("/bin/a"); p != "/usr/bin/a" || !ok {
			t.Errorf("below %d: /bin/a is at %s, %v", below, p, ok)
		}
	}
}
