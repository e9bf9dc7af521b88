package binary

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/owner"
)

// packageOf makes dpkg's files of one package by hand: what stands in status, list and md5sums. nil leaves a file out.
func packageOf(name, more string, list, sums []string) []member {
	all := []member{file("var/lib/dpkg/status", "Package: "+name+"\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"+more+"\n")}
	if list != nil {
		all = append(all, file("var/lib/dpkg/info/"+name+".list", "/.\n"+strings.Join(list, "\n")+"\n"))
	}
	if sums != nil {
		all = append(all, file("var/lib/dpkg/info/"+name+".md5sums", strings.Join(sums, "\n")+"\n"))
	}
	return all
}

func sum(content, path string) string { return md5Of(content) + "  " + path }

// What must not be reported, trap by trap: each image is clean.
func TestTrapsOfPackageDatabases(t *testing.T) {
	so, tool := program("so"), program("tool")
	list := func(paths ...string) []string { return paths }
	for name, members := range map[string][]member{
		"dpkg: a list with its architecture": append(packageOf("libz", "Multi-Arch: same\n", nil, nil),
			file("var/lib/dpkg/info/libz:amd64.list", "/.\n/usr/lib/libz.so\n"), file("var/lib/dpkg/info/libz:amd64.md5sums", sum(so, "usr/lib/libz.so")+"\n"), exe("usr/lib/libz.so", so)),
		"dpkg: a list and no digests": append(packageOf("old", "", list("/usr/bin/tool"), nil), exe("usr/bin/tool", tool)),
		"dpkg: digests and no list":   append(packageOf("odd", "", nil, []string{sum(tool, "usr/bin/tool")}), exe("usr/bin/tool", tool)),
		"dpkg: a link to a directory in the path": append(packageOf("x", "", list("/lib/x/tool"), []string{sum(tool, "lib/x/tool")}),
			symlink("lib", "usr/lib"), exe("usr/lib/x/tool", tool)),
		"dpkg: both names of a merged /usr": append(packageOf("x", "", list("/bin/tool", "/usr/sbin/tool2"), []string{sum(tool, "bin/tool"), sum(so, "usr/sbin/tool2")}),
			symlink("bin", "usr/bin"), symlink("usr/sbin", "bin"), exe("usr/bin/tool", tool), exe("usr/bin/tool2", so)),
		"dpkg: conffiles that were changed and deleted": append(packageOf("x", "Conffiles:\n /etc/x.conf "+md5Of("theirs")+"\n /etc/gone.conf "+md5Of("g")+"\n /etc/old.conf "+md5Of("o")+" obsolete\n /etc/new.conf newconffile\n",
			list("/etc/x.conf", "/etc/gone.conf", "/usr/bin/tool"), []string{sum(tool, "usr/bin/tool")}), file("etc/x.conf", "mine"), exe("usr/bin/tool", tool)),
		"dpkg: a diverted file": append(packageOf("x", "", list("/usr/bin/tool"), []string{sum(tool, "usr/bin/tool")}),
			file("var/lib/dpkg/diversions", "/usr/bin/tool\n/usr/bin/tool.distrib\n:\n/sbin/initctl\n/sbin/initctl.distrib\n:\n"), exe("usr/bin/tool.distrib", tool), symlink("usr/bin/tool", "/bin/true"), symlink("sbin/initctl", "/bin/true")),
		"dpkg: a file that its package diverts": append(packageOf("x", "", list("/usr/bin/tool"), []string{sum(tool, "usr/bin/tool")}),
			file("var/lib/dpkg/diversions", "/usr/bin/tool\n/usr/bin/tool.real\nx\n"), exe("usr/bin/tool", tool)),
		"dpkg: a mode that statoverride asks for": append(packageOf("x", "", list("/usr/bin/tool"), []string{sum(tool, "usr/bin/tool")}),
			file("var/lib/dpkg/statoverride", "root root 4755 /usr/bin/tool\n"), exe("usr/bin/tool", tool).WithMode(0o4755)),
		"dpkg: alternatives": append(packageOf("x", "", list("/usr/bin/tool.x"), []string{sum(tool, "usr/bin/tool.x")}),
			exe("usr/bin/tool.x", tool), symlink("usr/bin/tool", "/etc/alternatives/tool"), symlink("etc/alternatives/tool", "/usr/bin/tool.x"), file("var/lib/dpkg/alternatives/tool", "auto\n/usr/bin/tool\n\n/usr/bin/tool.x\n")),
		"dpkg: what image builders add": append(packageOf("x", "", list("/usr/bin/tool"), []string{sum(tool, "usr/bin/tool")}), exe("usr/bin/tool", tool),
			exe("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n"), file("etc/apt/apt.conf.d/docker-clean", "x"), file("etc/dpkg/dpkg.cfg.d/docker-apt-speedup", "x")),
		"dpkg: caches that scripts of packages make": append(packageOf("x", "", list("/usr/lib/python3/x.py", "/usr/lib/locale", "/usr/lib/x/__pycache__/x.pyc"), []string{sum("p", "usr/lib/python3/x.py"), sum("c", "usr/lib/x/__pycache__/x.pyc")}), file("usr/lib/python3/x.py", "p"),
			file("usr/lib/python3/__pycache__/x.cpython-313.pyc", "c"), file("etc/ld.so.cache", "c"), file("etc/ssl/certs/ca-certificates.crt", "c"), file("usr/lib/locale/locale-archive", "l"), file("var/cache/ldconfig/aux-cache", "a")),
		"dpkg: documentation that was cut": append(packageOf("x", "", list("/usr/bin/tool", "/usr/share/doc/x/copyright", "/usr/share/man/man1/x.1.gz", "/usr/share/locale/de/x.mo"),
			[]string{sum(tool, "usr/bin/tool"), sum("c", "usr/share/doc/x/copyright"), sum("m", "usr/share/man/man1/x.1.gz"), sum("l", "usr/share/locale/de/x.mo")}), exe("usr/bin/tool", tool)),
		"dpkg: a package that was removed": {
			file("var/lib/dpkg/status", "Package: x\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: y\nStatus: install ok installed\nVersion: 1\n"),
			file("var/lib/dpkg/info/x.list", "/.\n/usr/bin/tool\n"), file("var/lib/dpkg/info/x.md5sums", sum(tool, "usr/bin/tool")+"\n"), file("var/lib/dpkg/info/y.list", "/.\n/usr/y\n"), file("usr/y", ""),
		},
		"distroless: os-release that was edited": {file("var/lib/dpkg/status.d/base-files", "Package: base-files\nVersion: 1\n"), file("var/lib/dpkg/status.d/base-files.md5sums", sum("theirs", "usr/lib/os-release")+"\n"), file("usr/lib/os-release", "mine")},
		"distroless: no digests":                 {file("var/lib/dpkg/status.d/base", "Package: base\nVersion: 1\n"), exe("usr/lib/libz.so", so), exe("usr/bin/tool", tool)},
		"apk: busybox and its links":             {file("lib/apk/db/installed", "P:busybox\nV:1\nF:bin\nR:busybox\nZ:"+apkSumOf(tool)+"\n\n"), exe("bin/busybox", tool), symlink("bin/ls", "/bin/busybox"), symlink("usr/bin/awk", "/bin/busybox"), hardlink("bin/sh", "bin/busybox")},
		"apk: etc/shadow":                        {file("lib/apk/db/installed", "P:baselayout\nV:1\nF:etc\nR:shadow\na:0:42:640\nZ:"+apkSumOf("theirs")+"\n\n"), file("etc/shadow", "root:!::\n").WithMode(0o640)},
		"apk: a link that it lists":              {file("lib/apk/db/installed", "P:ssl\nV:1\nF:etc/ssl\nR:cert.pem\na:0:0:777\nZ:"+apkSumOf("certs/ca-certificates.crt")+"\n\n"), symlink("etc/ssl/cert.pem", "certs/ca-certificates.crt"), file("etc/ssl/certs/ca-certificates.crt", "made anew")},
		"apk: a link to a program that it lists": {file("lib/apk/db/installed", "P:x\nV:1\nF:usr/lib\nR:x.so\na:0:0:777\nZ:"+apkSumOf("x.so.1")+"\nR:x.so.1\nZ:"+apkSumOf(so)+"\n\n"), symlink("usr/lib/x.so", "x.so.1"), exe("usr/lib/x.so.1", so)},
		"apk: the second place":                  {file("usr/lib/apk/db/installed", "P:tool\nV:1\nF:usr/bin\nR:tool\nZ:"+apkSumOf(tool)+"\n\n"), exe("usr/bin/tool", tool)},
		"python: RECORD and what has no digest": {
			file(site+"x/__init__.py", "p"), file(site+"x/__pycache__/x.pyc", "c"), exe(site+"x/_x.so", so),
			file(site+"x-1.dist-info/RECORD", record("x/__init__.py", "p")+record("x/_x.so", so)+"x/__pycache__/x.pyc,,\nx-1.dist-info/RECORD,,\n"),
		},
		"python: what pip took out again":  {file(site+"x-1.dist-info/RECORD", record("x/tests/test_x.py", "t")+record("x/_gone.so", so))},
		"python: an installation in place": {file(site+"__editable__.app-1.pth", "/app/src\n"), file(site+"app-1.dist-info/RECORD", record("__editable__.app-1.pth", "/app/src\n")+"app-1.dist-info/direct_url.json,,\n"), file(site+"app-1.dist-info/direct_url.json", `{"dir_info":{"editable":true},"url":"file:///app"}`)},
		"python: an egg's list":            {exe(site+"old/_old.so", so), file(site+"old-1.2-py3.13.egg-info/installed-files.txt", "../old/_old.so\nPKG-INFO\n../../../../bin/old\n"), exe("usr/local/bin/old", "#!/usr/bin/python3\n"), file(site+"old-1.2-py3.13.egg-info/PKG-INFO", "x")},
		"python: an egg":                   {exe(site+"old-1.2-py3.13-linux-x86_64.egg/old/_old.so", so), dir(site + "old-1.2-py3.13-linux-x86_64.egg/EGG-INFO/"), file(site+"old-1.2-py3.13-linux-x86_64.egg/EGG-INFO/PKG-INFO", "x")},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "python") { // beside packages of the system, so that it is known what belongs to nobody
				members = append(members, packageOf("base", "", []string{"/usr/base"}, nil)...)
				members = append(members, file("usr/base", ""))
			}
			c := newBench(t).examine(t, imageOf(t, v1.Config{Entrypoint: []string{"/x"}}, step("base", members...)), nil)
			i := c.Images[0]
			if known := i.Files.Ownership == owner.Known; known == slices.Contains([]string{"distroless: no digests", "dpkg: a list and no digests"}, name) {
				t.Errorf("ownership %s: %s", i.Files.Ownership, i.Files.Detail)
			}
			for _, f := range c.Findings {
				t.Errorf("%s %s: %s", f.Severity, f.Code, f.Title)
			}
			for _, b := range i.Binaries {
				if b.Severity != inspect.Info {
					t.Errorf("row %s %s %v: %s", b.Severity, b.Path, b.Codes, b.Detail)
				}
			}
			for _, a := range i.Altered {
				if a.Severity != inspect.Low || !strings.HasPrefix(a.Path, "/etc/") && a.Path != "/usr/lib/os-release" {
					t.Errorf("altered %+v", a)
				}
			}
			for _, m := range i.Missing {
				t.Errorf("missing %+v", m)
			}
		})
	}
}

// What must be reported in spite of all that.
func TestWhatIsNoTrap(t *testing.T) {
	tool := program("tool")
	for name, test := range map[string]struct {
		members []member
		want    string // of the rows, and of what is missing
	}{
		"a program that lost its digest, and is still its package's": {append(packageOf("x", "", []string{"/usr/bin/tool"}, []string{}), exe("usr/bin/tool", program("evil"))), ""},
		"a program in a diverted place":                              {append(packageOf("x", "", []string{"/usr/bin/tool"}, []string{sum(tool, "usr/bin/tool")}), file("var/lib/dpkg/diversions", "/usr/bin/tool\n/usr/bin/tool.distrib\n:\n"), exe("usr/bin/tool.distrib", tool), exe("usr/bin/tool", program("evil"))), "medium /usr/bin/tool x1 unowned"},
		"a changed program in a diverted place":                      {append(packageOf("x", "", []string{"/usr/bin/tool"}, []string{sum(tool, "usr/bin/tool")}), file("var/lib/dpkg/diversions", "/usr/bin/tool\n/usr/bin/tool.distrib\n:\n"), exe("usr/bin/tool.distrib", program("evil"))), "high /usr/bin/tool.distrib x1 altered"},
		"a missing program":                                          {packageOf("x", "", []string{"/usr/bin/tool"}, []string{sum(tool, "usr/bin/tool")}), "missing /usr/bin/tool"},
		"alternatives that lead elsewhere":                           {append(packageOf("x", "", []string{"/usr/bin/tool.x"}, []string{sum(tool, "usr/bin/tool.x")}), exe("usr/bin/tool.x", tool), symlink("usr/bin/tool", "/etc/alternatives/tool"), symlink("etc/alternatives/tool", "/opt/.x/tool"), exe("opt/.x/tool", tool)), "high /opt/.x/tool x1 hidden-path unowned"},
		"a hard link to busybox under a name of its own":             {[]member{file("lib/apk/db/installed", "P:busybox\nV:1\nF:bin\nR:busybox\nZ:"+apkSumOf(tool)+"\n\n"), exe("bin/busybox", program("evil"))}, "high /bin/busybox x1 altered"},
	} {
		c := newBench(t).examine(t, imageOf(t, v1.Config{}, step("base", test.members...)), nil)
		got := binaryRows(c.Images[0])
		for _, m := range c.Images[0].Missing {
			got = append(got, "missing "+m.Path)
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// Weak digests are named: for what does not fit, and for what an alert names and only such a digest vouches for.
func TestWeakDigestsAreNamed(t *testing.T) {
	_, base := debian()
	c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("RUN x", exe("usr/bin/top", program("evil")))), nil, inspect.Alert{ID: "1", Rule: "r", Path: "/usr/bin/ls", Flags: []string{inspect.FlagLower}})
	i := c.Images[0]
	if len(i.Altered) != 1 || !strings.Contains(i.Altered[0].Detail, "compared by a weak digest, MD5") {
		t.Errorf("altered %+v", i.Altered)
	}
	at := slices.IndexFunc(i.Binaries, func(b inspect.Binary) bool { return b.Path == "/usr/bin/ls" })
	if at < 0 || !strings.Contains(i.Binaries[at].Detail, "its content is that of package coreutils, by a weak digest, MD5") {
		t.Errorf("rows %+v", i.Binaries)
	}
	if !slices.ContainsFunc(c.Findings, func(f inspect.Finding) bool {
		return slices.ContainsFunc(f.Evidence, func(e inspect.Evidence) bool { return e.Kind == "package-database" && strings.Contains(e.Text, "weak") })
	}) {
		t.Errorf("findings %+v", c.Findings)
	}
}
