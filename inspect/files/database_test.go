package files

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestStatusStanzas(t *testing.T) {
	got := parseStatus([]byte(`Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2-1
Conffiles:
 /etc/bash.bashrc 0123456789abcdef0123456789abcdef
 /etc/old 0123456789abcdef0123456789abcdef obsolete
 /etc/new newconffile
Description: shell
 Conffiles:
 /not/one 0123456789abcdef0123456789abcdef

Package: gone
Status: deinstall ok config-files

Package: distroless
Version: 1
`))
	if len(got) != 3 || !got[0].installed || got[1].installed || !got[2].installed || got[0].version != "5.2-1" || got[0].arch != "amd64" {
		t.Fatalf("stanzas: %+v", got)
	}
	want := []claim{
		{path: "/etc/bash.bashrc", owner: "bash", sum: "md5:0123456789abcdef0123456789abcdef", config: true},
		{path: "/etc/old", owner: "bash", sum: "md5:0123456789abcdef0123456789abcdef", config: true},
		{path: "/etc/new", owner: "bash", config: true},
	}
	if !slices.Equal(got[0].conffiles, want) {
		t.Errorf("conffiles: %+v", got[0].conffiles)
	}
}

func TestSumLines(t *testing.T) {
	sum := strings.Repeat("ab", 16)
	got := parseSums([]byte(sum+"  usr/bin/a b\n"+strings.ToUpper(sum)+" */usr/bin/c\nbroken\n"+sum+"\n"+sum+"  ../../etc/x\n"), "p")
	want := []claim{
		{path: "/usr/bin/a b", owner: "p", sum: "md5:" + sum}, {path: "/usr/bin/c", owner: "p", sum: "md5:" + sum}, {path: "/etc/x", owner: "p", sum: "md5:" + sum},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestApkLines(t *testing.T) {
	db := parseApk([]byte("C:Q1x\nP:musl\nV:1.2-r0\nF:lib\nM:0:0:1777\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1Kja2+POZKxEkUOZqwSjC6kmaED4=\nR:plain\nF:etc\nR:conf\nZ:Q1broken\nR:../evil\n\n" +
		"R:nobody\n\nP:two\nF:\nR:root\nZ:00000000000000000000000000000000\n"))
	got := fmt.Sprint(db.claims)
	want := fmt.Sprint([]claim{
		{path: "/lib/ld-musl-x86_64.so.1", owner: "musl", version: "1.2-r0", sum: "sha1:2a36b6f8f3992b112450e66ac128c2ea499a103e", config: false},
		{path: "/lib/plain", owner: "musl", version: "1.2-r0", sum: "", config: false},
		{path: "/etc/conf", owner: "musl", version: "1.2-r0", sum: "", config: true},
		{path: "/root", owner: "two", version: "", sum: "md5:00000000000000000000000000000000", config: false},
	})
	if got != want || db.packages != 2 {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// own makes an image of one layer and asks whose its files are.
func ownOf(t *testing.T, members ...member) (*Tree, *ownership) {
	t.Helper()
	tree := treeOfLayers(t, members)
	o, err := tree.own(t.Context())
	must(t, err)
	return tree, o
}

func TestOwnership(t *testing.T) {
	ls := exe("usr/bin/ls", program("ls"))
	db := slices.Clip(dpkgOf(map[string][]member{"coreutils": {ls}, "dash": {exe("bin/sh", program("dash"))}}, "coreutils", "dash"))
	stanza := func(name string) string { return "Package: " + name + "\nVersion: 1\n" }
	for name, test := range map[string]struct {
		members []member
		level   string
		owned   string // path owner, of regular files
		altered string
	}{
		"dpkg": {append(db, ls, exe("bin/sh", program("dash"))), ownershipKnown, "/bin/sh=dash /usr/bin/ls=coreutils", ""},
		"dpkg with a merged /usr": {
			append(db, ls, symlink("bin", "usr/bin"), exe("usr/bin/sh", program("dash"))), ownershipKnown,
			"/usr/bin/ls=coreutils /usr/bin/sh=dash", "",
		},
		"dpkg without a merged /usr: the other path is nobody's": {
			append(db, ls, exe("bin/sh", program("dash")), exe("usr/bin/sh", program("dash"))), ownershipKnown,
			"/bin/sh=dash /usr/bin/ls=coreutils", "",
		},
		"a diverted file": {
			append(db, exe("usr/bin/ls", program("other ls")), exe("usr/bin/ls.distrib", program("ls")), exe("bin/sh", program("dash")),
				file("var/lib/dpkg/diversions", "/usr/bin/ls\n/usr/bin/ls.distrib\nother\n")), ownershipKnown,
			"/bin/sh=dash /usr/bin/ls.distrib=coreutils", "",
		},
		"a link in the place of a packaged file, to the same content": {append(db, symlink("usr/bin/ls", "ls.real"), exe("usr/bin/ls.real", program("ls"))), ownershipKnown, "", ""},
		"a link in the place of a packaged file, to other content":    {append(db, symlink("usr/bin/ls", "/opt/ls"), exe("opt/ls", program("evil"))), ownershipKnown, "", "/usr/bin/ls"},
		"distroless": {
			[]member{file("var/lib/dpkg/status.d/tz", stanza("tz")), file("var/lib/dpkg/status.d/tz.md5sums", md5Of("z")+"  usr/share/z\n"), file("usr/share/z", "z")},
			ownershipKnown, "/usr/share/z=tz", "",
		},
		"distroless without digests": {[]member{file("var/lib/dpkg/status.d/tz", stanza("tz")), file("usr/share/z", "z")}, ownershipUnknown, "", ""},
		"distroless with some digests": {[]member{
			file("var/lib/dpkg/status.d/tz", stanza("tz")), file("var/lib/dpkg/status.d/x", stanza("x")),
			file("var/lib/dpkg/status.d/tz.md5sums", md5Of("z")+"  usr/share/z\n"), file("usr/share/z", "y"),
		}, ownershipPartial, "/usr/share/z=tz", "/usr/share/z"},
		"apk in the second place": {
			[]member{file("usr/lib/apk/db/installed", "P:a\nF:usr/bin\nR:a\nR:missing\n"), exe("usr/bin/a", "x"), exe("usr/bin/b", "x")},
			ownershipKnown, "/usr/bin/a=a", "",
		},
		"an empty database": {[]member{file("var/lib/dpkg/status", "")}, ownershipUnknown, "", ""},
		"none":              {[]member{file("a", "")}, ownershipUnknown, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tree, o := ownOf(t, test.members...)
			var owned, altered []string
			for n := range tree.All() {
				if c, ok := o.owner[n.Path]; ok && isRegular(n) {
					owned = append(owned, n.Path+"="+c.owner)
				}
				if o.altered(n.Path) {
					altered = append(altered, n.Path)
				}
			}
			if o.level != test.level || (o.level != ownershipKnown) != (o.detail != "") {
				t.Errorf("level %s (%s)", o.level, o.detail)
			}
			if got := strings.Join(owned, " "); got != test.owned {
				t.Errorf("owned %s, want %s", got, test.owned)
			}
			if got := strings.Join(altered, " "); got != test.altered {
				t.Errorf("altered %s, want %s", got, test.altered)
			}
		})
	}
}

func TestSeverity(t *testing.T) {
	for _, test := range []struct {
		codes     string
		path      string
		ownership string
		confirmed bool
		want      inspect.Severity
	}{
		{"unowned alerted", "/app", "known", false, inspect.Critical},
		{"unowned alerted entrypoint known-good", "/app", "known", true, inspect.Critical},
		{"ownership-unknown alerted", "/app", "unknown", false, inspect.Critical},
		{"altered alerted", "/usr/bin/top", "known", false, inspect.Critical},
		{"alerted", "/usr/bin/bash", "known", false, inspect.Medium},
		{"altered", "/usr/bin/top", "known", false, inspect.High},
		{"altered known-good", "/usr/bin/top", "known", true, inspect.High},
		{"unowned loader-hijack", "/lib/x.so", "known", false, inspect.High},
		{"unowned miner-string entrypoint", "/app", "known", false, inspect.High},
		{"unowned tmp-path", "/tmp/x", "known", false, inspect.High},
		{"ownership-unknown hidden-path", "/.x", "unknown", false, inspect.Medium},
		{"ownership-unknown hidden-path packed", "/.x", "unknown", false, inspect.High},
		{"unowned setuid", "/opt/x/su", "known", false, inspect.Medium},
		{"unowned setuid packed", "/opt/x/su", "known", false, inspect.High},
		{"unowned setuid not-in-known-good", "/opt/x/su", "known", false, inspect.High},
		{"unowned packed entrypoint", "/app", "known", false, inspect.Medium},
		{"unowned packed entrypoint changed-since-known-good", "/app", "known", false, inspect.Medium},
		{"unowned", "/usr/bin/x", "known", false, inspect.Medium},
		{"unowned", "/usr/bin/x", "partial", false, inspect.Low},
		{"unowned not-in-known-good", "/usr/bin/x", "known", false, inspect.High},
		{"unowned known-good", "/usr/bin/x", "known", true, inspect.Info},
		{"unowned known-good", "/usr/bin/x", "known", false, inspect.Medium},
		{"unowned", "/opt/x/bin/x", "known", false, inspect.Low},
		{"unowned static-stripped go-module", "/opt/x/bin/x", "known", false, inspect.Low},
		{"unowned not-in-known-good", "/opt/x/bin/x", "known", false, inspect.Medium},
		{"unowned entrypoint", "/app", "known", false, inspect.Info},
		{"unowned entrypoint static-stripped go-module changed-since-known-good", "/app", "known", false, inspect.Info},
		{"ownership-unknown static-stripped go-module", "/app", "unknown", false, inspect.Info},
		{"static-stripped", "/usr/bin/x", "known", false, inspect.Info},
		{"go-module", "/app", "known", false, inspect.Info},
		{"static-stripped go-module not-in-known-good", "/app", "known", false, inspect.Info},
		{"altered entrypoint", "/usr/bin/x", "known", false, inspect.High},
		{"altered entrypoint known-good", "/usr/bin/x", "known", true, inspect.High},
		{"altered alerted known-good entrypoint", "/usr/bin/x", "known", true, inspect.Critical},
		{"alerted known-good", "/usr/bin/bash", "known", true, inspect.Medium},
		{"unowned tmp-path known-good", "/tmp/x", "known", true, inspect.Info},
		{"unowned miner-string known-good", "/opt/x", "known", true, inspect.High},
		{"unowned loader-hijack known-good", "/lib/x.so", "known", true, inspect.High},
		{"unowned entrypoint tmp-path", "/tmp/x", "known", false, inspect.High},
		{"deleted unowned tmp-path", "/tmp/x", "known", false, inspect.Medium},
		{"deleted unowned miner-string", "/opt/x", "known", false, inspect.Medium},
		{"deleted unowned setuid", "/opt/x", "known", false, inspect.Low},
		{"deleted unowned alerted", "/opt/x", "known", false, inspect.Critical},
		{"unowned runtime", "/app", "known", false, inspect.Medium},
		{"unowned obfuscated runtime", "/run.sh", "known", false, inspect.High},
		{"unowned arch-mismatch", "/opt/x", "known", false, inspect.Low},
		{"unowned world-writable", "/opt/x", "known", false, inspect.Low},
	} {
		s := signs{path: test.path, kind: inspect.KindELF, codes: strings.Fields(test.codes), ownership: test.ownership, confirmed: test.confirmed}
		if got := severityOf(s); got != test.want {
			t.Errorf("%s %s (%s, confirmed %v) is %s, want %s", test.path, test.codes, test.ownership, test.confirmed, got, test.want)
		}
	}
}

func TestSeverityOfAltered(t *testing.T) {
	for _, test := range []struct {
		path   string
		kind   inspect.Kind
		mode   uint32
		config bool
		want   inspect.Severity
	}{
		{"/usr/bin/top", inspect.KindELF, 0o755, false, inspect.High},
		{"/usr/lib/libz.so.1", inspect.KindELF, 0o644, false, inspect.High},
		{"/usr/bin/ldd", inspect.KindScript, 0o755, false, inspect.High},
		{"/usr/lib/node_modules/npm/bin/x.js", inspect.KindScript, 0o755, false, inspect.Medium},
		{"/usr/lib/python3/os.py", "", 0o644, false, inspect.Medium},
		{"/usr/lib/x/data", "", 0o644, false, inspect.Low},
		{"/etc/init.d/x", inspect.KindScript, 0o755, true, inspect.Low},
		{"/etc/shadow", "", 0o640, false, inspect.Low},
		{"/usr/lib/os-release", "", 0o644, false, inspect.Low},
		{"/usr/share/doc/x/run.py", "", 0o644, false, inspect.Low},
	} {
		n := &inspect.Node{Entry: inspect.Entry{Path: test.path, Kind: test.kind, Mode: test.mode, Type: inspect.EntryFile}}
		if got := severityOfAltered(n, claim{config: test.config}); got != test.want {
			t.Errorf("%s is %s, want %s", test.path, got, test.want)
		}
	}
}

// npm renews itself over the packaged files: many altered files, one finding.
func TestAlteredFilesOfAPackageAreOneFinding(t *testing.T) {
	packages := map[string][]member{"npm": {file("usr/lib/npm/a.js", "1"), file("usr/lib/npm/b.js", "1"), file("usr/lib/npm/c.js", "1")}}
	c := newBench(t).examine(t, imageOf(t, v1.Config{}, step("base", append(packages["npm"], dpkgOf(packages, "npm")...)...),
		step("RUN npm i -g npm", file("usr/lib/npm/a.js", "2"), file("usr/lib/npm/b.js", "2"))), nil)
	if len(c.Findings) != 1 || c.Findings[0].Code != "altered-file" || c.Findings[0].Severity != inspect.Medium || len(c.Findings[0].Evidence) != 4 {
		t.Errorf("findings %+v", c.Findings)
	}
	if len(c.Images[0].Altered) != 2 || len(c.Images[0].Binaries) != 0 {
		t.Errorf("altered %+v, rows %q", c.Images[0].Altered, binaryRows(c.Images[0]))
	}
}

func TestHiddenPaths(t *testing.T) {
	for p, want := range map[string]bool{
		"/var/tmp/.font/x": true, "/usr/bin/.x": true, "/opt/.. /x": true, "/usr/lib/ /x": true, "/usr/bin/ls ": true, "/usr/bin/\u202efdp.exe": true,
		"/app/.venv/lib/x.so": false, "/root/.local/bin/x": false, "/usr/lib/python3/numpy/.libs/x.so": false, "/usr/bin/ls": false, "/opt/my app/x": false,
		"/tmp/.cache/x": true, "/usr/bin/.cache": true, "/usr/lib/.build-id/ab/cd": false, "/dev/...": true, "/usr/bin/l\xffs": true, "/usr/bin/\u200bls": true,
	} {
		if got := hiddenPath(p); got != want {
			t.Errorf("%q hidden: %v", p, got)
		}
	}
}

func apkSumOf(content string) string {
	sum, _ := hex.DecodeString(hashOf("sha1", content))
	return "Q1" + base64.StdEncoding.EncodeToString(sum)
}

func TestCleanImagesAreCalm(t *testing.T) {
	_, base := debian()
	red, redHeaders := fedora(t)
	red = slices.DeleteFunc(red, func(m member) bool { return m.Name == "usr/bin/ghost" })
	for name, layers := range map[string][]layerSpec{
		"a JDK and Node from tarballs": {base, step("RUN tar", exe("opt/jdk-21/bin/java", program("java")), exe("opt/jdk-21/lib/libjvm.so", program("jvm")),
			exe("usr/local/bin/node", program("node")), symlink("usr/local/bin/npx", "../lib/node_modules/npm/bin/npx-cli.js"), exe("usr/local/lib/node_modules/npm/bin/npx-cli.js", "#!/usr/bin/env node\n"))},
		"node_modules with native addons": {base, step("RUN npm ci", exe("app/node_modules/esbuild/bin/esbuild", elfOf(amd64, false, "\xff Go buildinf:")),
			exe("app/node_modules/.bin/x", "#!/usr/bin/env node\n"), exe("app/node_modules/bcrypt/prebuilds/linux-arm64/bcrypt.node", elfOf(183, true, "a")))},
		"a virtual environment": {base, step("RUN pip", symlink("app/.venv/bin/python", "/usr/bin/python3"), exe("app/.venv/lib/python3.13/site-packages/x/_x.so", program("x")),
			exe("app/.venv/bin/pip", "#!/app/.venv/bin/python\n"))},
		"buildpacks":    {base, step("", exe("cnb/lifecycle/launcher", elfOf(amd64, false, "\xff Go buildinf:")), exe("layers/paketo_jre/jre/bin/java", program("j")))},
		"Nix":           {step("", exe("nix/store/abc-hello/bin/hello", program("h")), symlink("bin/hello", "/nix/store/abc-hello/bin/hello"))},
		"conda":         {base, step("", exe("opt/conda/bin/python3.12", program("p")), exe("opt/conda/lib/libz.so.1", program("z")), exe("opt/conda/bin/su-exec", program("s")))},
		"Go on scratch": {step("COPY", exe("server", elfOf(amd64, false, "\xff Go buildinf:")))},
		"Debian":        {base},
		"Alpine": {step("ADD alpine.tar", exe("bin/busybox", program("bb")), symlink("bin/sh", "/bin/busybox"), exe("lib/ld-musl-x86_64.so.1", program("musl")),
			file("etc/shadow", "root:!::0:::::\n"), exe("etc/crontabs/root", "# periodic\n"), file("lib/apk/db/installed",
				"P:busybox\nV:1\nF:bin\nR:busybox\na:0:0:755\nZ:"+apkSumOf(program("bb"))+"\n\nP:musl\nV:1\nF:lib\nR:ld-musl-x86_64.so.1\nZ:"+apkSumOf(program("musl"))+
					"\n\nP:baselayout\nV:1\nF:etc\nR:shadow\nZ:"+apkSumOf("other")+"\n\n"), file("etc/apk/keys/alpine@example.rsa.pub", "k"))},
		"distroless": {step("", file("var/lib/dpkg/status.d/base", "Package: base\nVersion: 1\n"), file("var/lib/dpkg/status.d/base.md5sums", md5Of("x")+"  usr/lib/os-release\n"+
			md5Of(program("z"))+"  usr/lib/libz.so\n"), file("usr/lib/os-release", "edited"), exe("usr/lib/libz.so", program("z"))), step("COPY server /server", exe("server", program("s")))},
		"distroless without digests": {step("", file("var/lib/dpkg/status.d/base", "Package: base\nVersion: 1\n"), exe("usr/lib/libz.so", program("z")))},
		"Jib":                        {base, step("jib-gradle-plugin:3.4", file("app/libs/guava.jar", "PK\x03\x04"+strings.Repeat("\x00", 40))), step("jib-gradle-plugin:3.4", file("app/classes/Main.class", "\xca\xfe\xba\xbe\x00\x00\x00\x41"))},
		"RPM":                        {step("ADD rootfs", append(red, file("var/lib/rpm/rpmdb.sqlite", sqliteOf(t, redHeaders...)))...)},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{Entrypoint: []string{"/server"}}, layers...), nil)
			for _, f := range c.Findings {
				t.Errorf("%s %s: %s", f.Severity, f.Code, f.Title)
			}
			for _, b := range c.Images[0].Binaries {
				if b.Severity.Rank() < inspect.Low.Rank() {
					t.Errorf("%s %s %v", b.Severity, b.Path, b.Codes)
				}
			}
			if len(c.Images[0].Binaries) > 3 {
				t.Errorf("%d rows", len(c.Images[0].Binaries))
			}
		})
	}
}

func FuzzDpkgStatus(f *testing.F) {
	f.Add([]byte("Package: a\nStatus: install ok installed\nConffiles:\n /etc/a 0123456789abcdef0123456789abcdef\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range parseStatus(data) {
			for _, c := range p.conffiles {
				if !strings.HasPrefix(c.path, "/") {
					t.Errorf("path %q", c.path)
				}
			}
		}
		parseDiversions(data).apply([]claim{{path: "/a"}})
	})
}

func FuzzMD5Sums(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef  usr/bin/a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range parseSums(data, "p") {
			if !strings.HasPrefix(c.path, "/") || len(c.sum) != 36 {
				t.Errorf("claim %+v", c)
			}
		}
	})
}

func FuzzApk(f *testing.F) {
	f.Add([]byte("P:a\nF:bin\nR:a\nZ:Q1Kja2+POZKxEkUOZqwSjC6kmaED4=\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range parseApk(data).claims {
			if !strings.HasPrefix(c.path, "/") || c.owner == "" {
				t.Errorf("claim %+v", c)
			}
		}
	})
}

func FuzzExamine(f *testing.F) {
	f.Add([]byte(program("x")))
	f.Add([]byte(elfOf(183, false, "UPX!")))
	f.Add([]byte(elfWith(segment{1, 7, "code memfd_create"}) + "behind"))
	f.Add([]byte(withRunpath(29, "/tmp")))
	f.Fuzz(func(_ *testing.T, data []byte) {
		examine(inspect.KindELF, data, "amd64")
		examine(inspect.KindScript, data, "amd64")
	})
}

// Where many claims lie is found as it is for each of them.
func TestPlacesAreThoseOfTheTree(t *testing.T) {
	tree := treeOfLayers(t, []member{
		dir("usr/bin"), file("usr/bin/a", "a"), symlink("bin", "usr/bin"), symlink("lib", "/usr/lib"), dir("usr/lib"), symlink("usr/lib/x", "../bin"), symlink("loop", "loop"), symlink("up", "../usr"), symlink("f", "usr/bin/a"),
	})
	at := places{tree: tree, dirs: map[string]placed{}}
	for range 2 {
		for _, p := range []string{"/", "/usr", "/bin/a", "/bin/b", "/lib/x/a", "/lib/x", "/lib/y/z", "/loop/a", "/up/bin/a", "/f/a", "/usr/bin/a/b", "/none/b", "/bin", "/usr/bin/"} {
			want, wantOK := tree.Place(p)
			if got, ok := at.of(p); got != want || ok != wantOK {
				t.Errorf("%s lies at %s (%t), not %s (%t)", p, got, ok, want, wantOK)
			}
		}
	}
}
