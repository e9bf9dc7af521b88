package layer

import (
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
)

// randomPaths makes clean absolute paths whose names contain bytes below and above the slash.
func randomPaths(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	names := []string{"a", "b", "a-", "a.b", "a b", "ab", "A", "~", "!", "\x01", "\xff", "abcdefgh", "abcdefghi"}
	list := make([]string, n)
	for i := range list {
		for range 1 + r.IntN(4) {
			list[i] += "/" + names[r.IntN(len(names))]
		}
	}
	return append(list, "/")
}

// Paths are compared as their lists of names are: that order keeps a directory and all in it together, which binary
// searches and Below rest on.
func TestPathsAreOrderedNameByName(t *testing.T) {
	names := func(p string) []string {
		if p == "/" {
			return nil
		}
		return strings.Split(p[1:], "/")
	}
	sign := func(n int) int { return max(-1, min(1, n)) }
	paths := randomPaths(1, 150)
	for _, a := range paths {
		for _, b := range paths {
			want := slices.Compare(names(a), names(b))
			if got := ComparePaths(a, b); sign(got) != want || sign(ComparePaths(b, a)) != -want {
				t.Fatalf("%q and %q compare as %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestWhatIsInADirectoryFollowsIt(t *testing.T) {
	paths := randomPaths(2, 400)
	slices.SortFunc(paths, ComparePaths)
	paths = slices.Compact(paths)
	for i, dir := range paths {
		inside := true // until the first path that is not below
		for _, p := range paths[i+1:] {
			if below := Within(p, dir); below && !inside {
				t.Fatalf("%q is below %q, and something else stands between them", p, dir)
			} else if !below {
				inside = false
			}
		}
	}
}

func TestWithin(t *testing.T) {
	for _, test := range []struct {
		path, dir string
		want      bool
	}{
		{"/a/b", "/a", true},
		{"/a/b/c", "/a", true},
		{"/a", "/", true},
		{"/a", "/a", false},
		{"/", "/", false},
		{"/ab", "/a", false},
		{"/a-b", "/a", false},
		{"/etc.d/x", "/etc", false},
		{"/usr/local/lib", "/usr/lib", false},
	} {
		if got := Within(test.path, test.dir); got != test.want {
			t.Errorf("%s within %s: %v", test.path, test.dir, got)
		}
	}
}

// Whatever a member is called, its path is clean, absolute and within the root.
func TestNamesOfMembersStayInTheRoot(t *testing.T) {
	for name, want := range map[string]string{
		"":                      "/",
		".":                     "/",
		"..":                    "/",
		"/":                     "/",
		"///":                   "/",
		"./etc//passwd":         "/etc/passwd",
		"../../../etc/passwd":   "/etc/passwd",
		"a/../../../b":          "/b",
		"a/./b/.":               "/a/b",
		"/etc/cron.d/../passwd": "/etc/passwd",
		"...":                   "/...",
		"a/..b":                 "/a/..b",
		`c:\windows\system32`:   `/c:\windows\system32`,
		"name\nwith a line":     "/name\nwith a line",
	} {
		got := CleanPath(name)
		if got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
		if again := CleanPath(got); again != got {
			t.Errorf("%q becomes %q the second time", got, again)
		}
	}
}

// Names that go up are noted, those that only look like it are not.
func TestWhichNamesLeaveTheImage(t *testing.T) {
	for name, want := range map[string]bool{
		"../x": true, "x/..": true, "a/../b": true, "..": true, "/..": true,
		"..x": false, "x..": false, "a/..b/c": false, "...": false, "a/b": false, "": false,
	} {
		if got := leaves(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// A link may go up as far as the root; further up it is an attempt to leave.
func TestWhichLinksClimbOut(t *testing.T) {
	for _, test := range []struct {
		dir, link string
		want      bool
	}{
		{"/usr/bin", "../lib/x", false},
		{"/usr/bin", "../../lib/x", false},
		{"/usr/bin", "../../../lib/x", true},
		{"/", "x", false},
		{"/", "..", true},
		{"/a", "b/../../c", false},
		{"/a", "b/../../../c", true},
		{"/usr/bin", "/etc/../../x", true},
		{"/usr/bin", "/etc/../x", false},
		{"/usr", "./.././x", false},
		{"/usr", "..x/..y", false},
	} {
		if got := climbs(test.dir, test.link); got != test.want {
			t.Errorf("%s in %s climbs out: %v", test.link, test.dir, got)
		}
	}
}

func TestJoinKeepsPathsClean(t *testing.T) {
	for _, dir := range randomPaths(3, 30) {
		for _, name := range []string{"x", "x y", "..x"} {
			if got := Join(dir, name); got != path.Join(dir, name) || !Within(got, dir) {
				t.Errorf("%q below %q is %q", name, dir, got)
			}
		}
	}
}

// FuzzPaths holds what every reader of a tree rests on, for names that a tar can contain.
func FuzzPaths(f *testing.F) {
	f.Add("/a/b", "/a-b")
	f.Add("../..", "\x00")
	f.Add("a//b", "a/./b")
	f.Fuzz(func(t *testing.T, x, y string) {
		a, b := CleanPath(x), CleanPath(y)
		if !strings.HasPrefix(a, "/") || slices.Contains(strings.Split(a, "/"), "..") {
			t.Errorf("%q leaves the root as %q", x, a)
		}
		if order := ComparePaths(a, b); (order == 0) != (a == b) || (order < 0) != (ComparePaths(b, a) > 0) {
			t.Errorf("%q and %q have no order", a, b)
		}
		if Within(a, b) && ComparePaths(a, b) <= 0 {
			t.Errorf("%q is within %q and stands before it", a, b)
		}
	})
}
