package layer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

func TestManyChangesAreCutAndCounted(t *testing.T) {
	var members []member
	for i := range MaxChanges + 10 {
		members = append(members, file("d/"+itoa(i), "x"))
	}
	d := Compare(treeOfLayers(t, append(members, exe("z", program("z")))), treeOfLayers(t, []member{dir("d/")}))
	if d.Added != MaxChanges+11 || !d.Truncated || len(d.List) != MaxChanges || d.List[0].Path != "/z" {
		t.Errorf("%d added, truncated %v, %d listed, first %+v", d.Added, d.Truncated, len(d.List), d.List[0])
	}
}

// A list that just fits is not called cut.
func TestTheBoundOfChanges(t *testing.T) {
	for n, want := range map[int]bool{MaxChanges - 1: false, MaxChanges: false, MaxChanges + 1: true} {
		now := treeOfLayers(t, many(n, func(i int) member { return file(fmt.Sprintf("f%d", i), "") }))
		d := Compare(now, treeOfLayers(t, []member{dir("d/")}))
		if d.Truncated != want || d.Added != n || len(d.List) != min(n, MaxChanges) {
			t.Errorf("%d changes: truncated %v, %d added, %d listed", n, d.Truncated, d.Added, len(d.List))
		}
	}
}

func TestCompare(t *testing.T) {
	short := func(content string) string { return sumOf([]byte(content))[7:] }
	for name, test := range map[string]struct {
		before, now []member
		counts      [3]int // added, changed, removed
		list        []string
	}{
		"nothing":       {nil, nil, [3]int{}, nil},
		"the same file": {[]member{file("a", "1")}, []member{file("a", "1")}, [3]int{}, nil},
		"an added file": {nil, []member{file("a", "1")}, [3]int{1, 0, 0}, []string{"added /a  " + short("1")}},
		"a removed one": {[]member{file("a", "1")}, nil, [3]int{0, 0, 1}, []string{"removed /a " + short("1") + " "}},
		"other content": {
			[]member{file("a", "1")},
			[]member{file("a", "2")},
			[3]int{0, 1, 0},
			[]string{"changed /a " + short("1") + " " + short("2")},
		},
		"a link that leads elsewhere": {
			[]member{symlink("sh", "bash")},
			[]member{symlink("sh", "evil")},
			[3]int{},
			[]string{"changed /sh bash evil"},
		},
		"a link that leads to the same": {
			[]member{symlink("sh", "bash")}, []member{symlink("sh", "bash")}, [3]int{}, nil,
		},
		"a link in the place of a file": {
			[]member{file("sh", "1")},
			[]member{symlink("sh", "evil")},
			[3]int{0, 0, 1},
			[]string{"changed /sh " + short("1") + " evil"},
		},
		"a file in the place of a link": {
			[]member{symlink("sh", "bash")},
			[]member{file("sh", "1")},
			[3]int{1, 0, 0},
			[]string{"changed /sh bash " + short("1")},
		},
		"a directory in the place of a file": {
			[]member{file("a", "1")},
			[]member{dir("a")},
			[3]int{0, 0, 1},
			[]string{"changed /a " + short("1") + " "},
		},
		"directories alone":      {[]member{dir("a")}, []member{dir("b")}, [3]int{}, nil},
		"a device is no content": {nil, []member{device("null", 1, 3)}, [3]int{}, nil},
		"a further name of a file": {
			[]member{file("a", "1")},
			[]member{file("a", "1"), hardlink("b", "a")},
			[3]int{1, 0, 0},
			[]string{"added /b  " + short("1")},
		},
		"a hard link in the place of the same file": {
			[]member{file("a", "1"), file("b", "1")},
			[]member{file("a", "1"), hardlink("b", "a")},
			[3]int{},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := Compare(treeOfLayers(t, test.now), treeOfLayers(t, test.before))
			if got := [3]int{d.Added, d.Changed, d.Removed}; got != test.counts {
				t.Errorf("added, changed, removed: %v, want %v", got, test.counts)
			}
			var list []string
			for _, c := range d.List {
				list = append(list, strings.Join([]string{c.Change, c.Path, c.From, c.To}, " "))
			}
			if !slices.Equal(list, test.list) {
				t.Errorf("listed %q\nwant   %q", list, test.list)
			}
		})
	}
}

// Compared the other way round, what was added is removed, and nothing else differs.
func TestCompareHasTwoSides(t *testing.T) {
	one := treeOfLayers(t, []member{file("a", "1"), file("b", "1"), file("c", "1"), symlink("l", "a")})
	two := treeOfLayers(t, []member{file("b", "2"), file("c", "1"), file("d", "1"), symlink("l", "d")})
	there, back := Compare(two, one), Compare(one, two)
	if there.Added != back.Removed || there.Removed != back.Added || there.Changed != back.Changed {
		t.Errorf("there %+v\nback %+v", there, back)
	}
	for _, c := range there.List {
		i := slices.IndexFunc(back.List, func(o inspect.FileChange) bool { return o.Path == c.Path })
		if i < 0 || back.List[i].From != c.To || back.List[i].To != c.From {
			t.Errorf("%+v has no other side", c)
		}
	}
}

// What an attacker gains most by stands first; what package managers write about themselves stands last, so that it
// cannot push a program off the list.
func TestTheOrderOfChanges(t *testing.T) {
	before := []member{exe("usr/bin/gone", program("g")), file("opt/note", "n"), symlink("usr/bin/sh", "bash")}
	now := []member{
		exe(
			"usr/bin/tool",
			program("x"),
		), exe("opt/run.sh", "#!/bin/sh\n"), file("srv/data", "d"), file("etc/passwd", "p"),
		file("var/lib/dpkg/status", "s"), file("usr/share/doc/x/copyright", "c"), file("usr/lib/x.pyc", "p"),
		symlink("usr/bin/sh", "dash"),
	}
	d := Compare(treeOfLayers(t, now), treeOfLayers(t, before))
	var got []string
	for _, c := range d.List {
		got = append(got, c.Path)
	}
	want := []string{
		"/opt/run.sh", "/usr/bin/tool", "/srv/data", "/etc/passwd", "/usr/bin/gone", "/usr/bin/sh", "/opt/note",
		"/usr/lib/x.pyc", "/usr/share/doc/x/copyright", "/var/lib/dpkg/status",
	}
	if !slices.Equal(got, want) {
		t.Errorf("order %q\nwant  %q", got, want)
	}
}

func TestFilesThatImagesRewrite(t *testing.T) {
	for p, want := range map[string]bool{
		"/etc/hosts":                             true,
		"/usr/lib/os-release":                    true,
		"/etc/ld.so.cache":                       true,
		"/usr/share/doc/bash/copyright":          true,
		"/usr/share/man/man1/ls.1.gz":            true,
		"/usr/share/zoneinfo/UTC":                true,
		"/usr/local/share/locale/de/x.mo":        true,
		"/usr/lib/python3/__pycache__/x.pyc":     true,
		"/var/cache/apt/pkgcache.bin":            true,
		"/var/lib/dpkg/status":                   true,
		"/usr/bin/ls":                            false,
		"/usr/lib/x86_64-linux-gnu/libc.so.6":    false,
		"/usr/share/docs/x":                      false,
		"/usr/share/doc":                         false,
		"/opt/usr/share/doc/x":                   false,
		"/usr/bin/os-release.sh":                 false,
		"/var/libs/x":                            false,
		"/usr/lib/python3/x.py":                  false,
		"/usr/lib/python3/x.pyc.so":              false,
		"/usr/lib/ssl/certs/ca-certificates.crt": true,
	} {
		if got := OftenRewritten(p); got != want {
			t.Errorf("%s: %v", p, got)
		}
	}
}

func TestLayersAreSharedByTheirContent(t *testing.T) {
	row := func(id string) inspect.Layer { return inspect.Layer{DiffID: id} }
	empty := inspect.Layer{Empty: true}
	for name, test := range map[string]struct {
		now, before   []inspect.Layer
		shared, added int
	}{
		"the same": {
			[]inspect.Layer{row("a"), row("b")}, []inspect.Layer{row("a"), row("b")}, 2, 0,
		},
		"one more": {[]inspect.Layer{row("a"), row("b")}, []inspect.Layer{row("a")}, 1, 1},
		"another order": {
			[]inspect.Layer{row("b"), row("a")}, []inspect.Layer{row("a"), row("b")}, 2, 0,
		},
		"steps without a layer":           {[]inspect.Layer{empty, row("a")}, []inspect.Layer{empty}, 0, 1},
		"two layers that were not read":   {[]inspect.Layer{row("")}, []inspect.Layer{row("")}, 0, 1},
		"nothing to compare with":         {[]inspect.Layer{row("a")}, nil, 0, 1},
		"a layer that was removed counts": {nil, []inspect.Layer{row("a")}, 0, 0},
	} {
		if d := CompareLayers(test.now, test.before); d.Shared != test.shared || d.Added != test.added {
			t.Errorf("%s: %d shared, %d added, want %d and %d", name, d.Shared, d.Added, test.shared, test.added)
		}
	}
}

// A layer that could hold more than what is shown of it keeps an image from being called compared.
func TestWhichLayersAreIncomplete(t *testing.T) {
	for name, test := range map[string]struct {
		layer inspect.Layer
		want  bool
	}{
		"read":                       {inspect.Layer{DiffID: "a", Status: inspect.Verified}, false},
		"no layer at all":            {inspect.Layer{Empty: true, Status: inspect.Unknown}, false},
		"not read":                   {inspect.Layer{Status: inspect.Unknown}, true},
		"damaged":                    {inspect.Layer{Status: inspect.Failed}, true},
		"read up to a defect":        {inspect.Layer{DiffID: "a", Status: inspect.Failed, Reason: "malformed"}, true},
		"past a bound":               {inspect.Layer{DiffID: "a", Status: inspect.Unknown, Reason: "limit"}, true},
		"whole, with another diffID": {inspect.Layer{DiffID: "a", Status: inspect.Failed, Reason: inspect.ReasonDiffIDMismatch}, false},
		"whole, with another size": {
			inspect.Layer{DiffID: "a", Status: inspect.Failed, Reason: string(registry.ProblemSize)}, false,
		},
	} {
		test.layer.Number, test.layer.Detail = 3, "why"
		if Incomplete(test.layer) != test.want {
			t.Errorf("%s: incomplete %v", name, !test.want)
		}
		why := Unread([]inspect.Layer{{Empty: true}, {DiffID: "x", Status: inspect.Verified}, test.layer})
		if want := map[bool]string{true: "layer 3: why"}[test.want]; why != want {
			t.Errorf("%s: unread %q, want %q", name, why, want)
		}
	}
}
