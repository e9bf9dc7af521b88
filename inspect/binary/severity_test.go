package binary

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/owner"
)

func TestSeverity(t *testing.T) {
	for _, test := range []struct {
		codes     string
		path      string
		ownership string
		confirmed bool
		want      inspect.Severity
	}{
		{"unowned alerted", "/app", "known", false, inspect.Critical},
		{"unowned alerted entrypoint known-good", "/app", "known", true, inspect.Low},
		{"unowned alerted known-good", "/opt/x", "known", true, inspect.Critical},
		{"unowned alerted used known-good", "/usr/local/bin/node", "known", true, inspect.Info},
		{"unowned alerted used changed-since-known-good", "/usr/local/bin/node", "known", true, inspect.High},
		{"unowned alerted used", "/usr/local/bin/node", "known", false, inspect.Medium},
		{"unowned alerted used miner-string", "/usr/local/bin/node", "known", false, inspect.Critical},
		{"altered alerted used", "/usr/bin/perl", "known", false, inspect.Critical},
		{"alerted used", "/usr/bin/perl", "known", false, inspect.Info},
		{"unowned ran-by-alert", "/srv/x.py", "known", false, inspect.Info},
		{"unowned ran-by-alert obfuscated", "/srv/x.py", "known", false, inspect.High},
		{"unowned ran-by-alert not-in-known-good", "/srv/x.py", "known", true, inspect.High},
		{"unowned ran-by-alert not-in-known-good", "/srv/x.py", "known", false, inspect.Medium},
		{"unowned ran-by-alert known-good", "/srv/x.py", "known", true, inspect.Info},
		{"unowned entrypoint changed-since-known-good changed-same-version", "/app", "known", true, inspect.High},
		{"unowned entrypoint changed-since-known-good changed-same-version", "/app", "known", false, inspect.Medium},
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
		{"/etc/init.d/x", inspect.KindScript, 0o755, true, inspect.Medium},
		{"/etc/shadow", "", 0o640, false, inspect.Low},
		{"/usr/lib/os-release", "", 0o644, false, inspect.Low},
		{"/usr/share/doc/x/run.py", "", 0o644, false, inspect.Low},
	} {
		n := &inspect.Node{Entry: inspect.Entry{Path: test.path, Kind: test.kind, Mode: test.mode, Type: inspect.EntryFile}}
		if got := severityOfAltered(n, owner.Claim{Config: test.config}); got != test.want {
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
		if got := autorun.Hidden(p); got != want {
			t.Errorf("%q hidden: %v", p, got)
		}
	}
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
