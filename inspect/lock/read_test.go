package lock

import (
	"fmt"
	"strings"
	"testing"
)

// show writes what was read of each package: name, version, place, source, and flags.
func show(entries []entry) string {
	var lines []string
	for _, e := range entries {
		flags := ""
		for _, f := range []struct {
			on   bool
			word string
		}{{e.script, "script"}, {e.link, "link"}, {e.spare, "spare"}} {
			if f.on {
				flags += " " + f.word
			}
		}
		lines = append(
			lines,
			strings.TrimRight(fmt.Sprintf("%s %s %s %s%s", e.name, e.version, e.place, e.resolved, flags), " "),
		)
	}
	return strings.Join(lines, "\n")
}

func TestReaders(t *testing.T) {
	for what, test := range map[string]struct {
		read       func([]byte) ([]entry, error)
		text, want string
	}{
		"npm 3": {
			readNPM, `{"lockfileVersion":3,"packages":{"":{"name":"app"},"packages/ui":{"version":"1.0.0"},
			"node_modules/ui":{"resolved":"packages/ui","link":true},
			"node_modules/@a/b":{
				"version":"1.0.0", "resolved":"https://registry.npmjs.org/@a/b/-/b-1.0.0.tgz", "hasInstallScript":true,
				"os":["linux"]
			},
			"node_modules/alias":{"name":"real","version":"2.0.0","dev":true},
			"node_modules/x/node_modules/y":{"version":"3.0.0","cpu":"x64"}}}`,
			"@a/b 1.0.0 node_modules/@a/b https://registry.npmjs.org/@a/b/-/b-1.0.0.tgz script spare\nreal 2.0.0 node_modules/alias  spare\nui  node_modules/ui packages/ui link\ny 3.0.0 node_modules/x/node_modules/y  spare",
		},
		"npm 1": {
			readNPM, `{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","resolved":"https://r/a","dependencies":{"b":{"version":"2.0.0","optional":true}}},
			"g":{"version":"git+https://github.com/x/g.git#abc"},"l":{"version":"file:../l"}}}`,
			"a 1.0.0 node_modules/a https://r/a\nb 2.0.0 node_modules/a/node_modules/b  spare\ng  node_modules/g git+https://github.com/x/g.git#abc\nl file:../l node_modules/l  link",
		},
		"pnpm 9": {
			readPNPM, "lockfileVersion: '9.0'\npackages:\n  '@a/b@1.0.0':\n    resolution: {integrity: sha512-x}\n  c@2.0.0(peer@1.0.0):\n    resolution: {integrity: sha512-y, tarball: https://evil.example/c.tgz}\n    os: [linux]\n  g@https://codeload.github.com/x/g/tar.gz/abc:\n    resolution: {tarball: https://codeload.github.com/x/g/tar.gz/abc}\n    version: 1.1.0\n",
			"@a/b 1.0.0\nc 2.0.0  https://evil.example/c.tgz spare\ng 1.1.0  https://codeload.github.com/x/g/tar.gz/abc",
		},
		"pnpm 5": {
			readPNPM,
			"lockfileVersion: 5.4\npackages:\n  /@a/b/1.0.0_peer@2.0.0:\n    resolution: {integrity: sha512-x}\n    requiresBuild: true\n    dev: true\n",
			"@a/b 1.0.0   script spare",
		},
		"yarn 1": {
			readYarn, "# yarn lockfile v1\n\n\n\"@a/b@^1.0.0\", \"@a/b@1.x\":\n  version \"1.0.1\"\n  resolved \"https://registry.yarnpkg.com/@a/b/-/b-1.0.1.tgz#abc\"\n  integrity sha512-x\n  dependencies:\n    version \"9\"\n\nms@2:\n  version \"2.1.3\"\n",
			"@a/b 1.0.1  https://registry.yarnpkg.com/@a/b/-/b-1.0.1.tgz#abc\nms 2.1.3",
		},
		"yarn berry": {
			readYarn, "__metadata:\n  version: 8\n\n\"@a/b@npm:^1.0.0\":\n  version: 1.0.1\n  resolution: \"@a/b@npm:1.0.1\"\n  checksum: 10c0/abc\n  linkType: hard\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n  linkType: soft\n\n\"g@https://github.com/x/g.git\":\n  version: 1.0.0\n  resolution: \"g@https://github.com/x/g.git#commit=abc\"\n  linkType: hard\n",
			"@a/b 1.0.1\napp 0.0.0-use.local   link\ng 1.0.0  https://github.com/x/g.git#commit=abc",
		},
		"bun": {
			readBun, "{\n \"lockfileVersion\": 1,\n \"packages\": {\n  \"a\": [\"a@1.0.0\", \"\", {\"os\": \"linux\"}, \"sha512-x,\"],\n  \"b\": [\"b@2.0.0\", \"https://evil.example/b.tgz\", {}, \"sha512-y\",],\n  \"w\": [\"w@workspace:packages/w\"],\n },\n}",
			"a 1.0.0   spare\nb 2.0.0  https://evil.example/b.tgz\nw   workspace:packages/w link",
		},
		"uv": {
			readTOML, "version = 1\n[[package]]\nname = \"Foo_Bar\"\nversion = \"1.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n[[package]]\nname = \"app\"\nversion = \"0.1\"\nsource = { editable = \".\" }\n[[package]]\nname = \"g\"\nversion = \"2\"\nsource = { git = \"https://github.com/x/g?rev=abc\" }\n",
			"app 0.1   link\nfoo-bar 1.0  https://pypi.org/simple\ng 2  git+https://github.com/x/g?rev=abc",
		},
		"poetry": {
			readTOML, "[[package]]\nname = \"a\"\nversion = \"1.0\"\noptional = true\n[[package]]\nname = \"g\"\nversion = \"2\"\n[package.source]\ntype = \"git\"\nurl = \"https://github.com/x/g.git\"\nresolved_reference = \"abc\"\n",
			"a 1.0   spare\ng 2  git+https://github.com/x/g.git#abc",
		},
		"pipfile": {
			readPipfile, `{"_meta":{"sources":[{"name":"pypi","url":"https://pypi.org/simple"}]},"default":{"requests":{"version":"==2.32.3","index":"pypi"}},"develop":{"pytest":{"version":"==8"}}}`,
			"pytest 8   spare\nrequests 2.32.3  https://pypi.org/simple",
		},
		"requirements": {
			readRequirements, "-i https://pypi.org/simple\nrequests[socks]==2.32.3 ; python_version >= '3' \\\n    --hash=sha256:aa\nmine @ https://files.example/mine-1.0.whl --hash=sha256:bb\n# other==1\n",
			"mine   https://files.example/mine-1.0.whl\nrequests 2.32.3  https://pypi.org/simple spare",
		},
		"wishes": {readRequirements, "requests==2.32.3\n", ""},
		"gemfile": {
			readGemfile, "GIT\n  remote: https://github.com/x/g.git\n  revision: abc\n  specs:\n    g (1.0)\n      rack\n\nPATH\n  remote: .\n  specs:\n    app (0.1)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (1.18.3-x86_64-linux)\n    rack (3.1.12)\n\nDEPENDENCIES\n  rack\n\nBUNDLED WITH\n   2.6.3\n",
			"app 0.1  . link\ng 1.0  git+https://github.com/x/g.git#abc\nnokogiri 1.18.3  https://rubygems.org/ spare\nrack 3.1.12  https://rubygems.org/",
		},
		"composer": {
			readComposer, `{"packages":[{"name":"A/b","version":"v1.0.0","dist":{"url":"https://api.github.com/x","reference":"abc"}}],"packages-dev":[{"name":"c/d","version":"2"}]}`,
			"a/b v1.0.0  https://api.github.com/x\nc/d 2   spare",
		},
		"go": {
			readGoSum, "github.com/a/b v1.0.0 h1:x=\ngithub.com/a/b v1.0.0/go.mod h1:y=\n",
			"github.com/a/b v1.0.0   spare",
		},
	} {
		got, err := test.read([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if show(got) != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", what, show(got), test.want)
		}
	}
}

func TestReadersRefuse(t *testing.T) {
	for name, f := range forms {
		for _, text := range []string{"\x00\xff{", "[1,2", "plain text\n"} {
			entries, err := f.read([]byte(text))
			if err == nil && len(entries) > 0 {
				t.Errorf("%s: %q gives %+v", name, text, entries)
			}
		}
	}
	if _, err := readNPM([]byte(`{"name":"x"}`)); err == nil {
		t.Error("a package.json was read as a lock")
	}
}

// Locks of an application are read, and those that packages bring of their own development are not.
func TestFormOf(t *testing.T) {
	for p, want := range map[string]bool{
		"/app/package-lock.json": true, "/yarn.lock": true, "/app/node_modules/.package-lock.json": true,
		"/app/node_modules/x/package-lock.json": false, "/app/node_modules/x/node_modules/.package-lock.json": false,
		"/app/.package-lock.json": false, "/usr/local/bundle/gems/x-1/Gemfile.lock": false,
		"/usr/lib/python3/dist-packages/x/requirements.txt": false, "/var/www/html/vendor/a/b/composer.lock": false, "/app/go.sum": true,
		"/app/package.json": false,
	} {
		if _, got := formOf(p); got != want {
			t.Errorf("%s: %v", p, got)
		}
	}
}

func FuzzReaders(f *testing.F) {
	for _, s := range []string{
		`{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1"}}}`, "# yarn lockfile v1\na@1:\n  version \"1\"\n",
		"lockfileVersion: 9\npackages:\n  a@1: {}\n", "GEM\n  specs:\n    a (1)\n", "[[package]]\nname='a'\n", `{"lockfileVersion":1,"packages":{"a":["a@1",],}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, form := range forms {
			if entries, err := form.read(data); err == nil && len(entries) > maxEntries {
				t.Errorf("%s: %d entries", name, len(entries))
			}
		}
		originOf(string(data))
		storeName(string(data))
		pnpmKey(string(data))
		yarnName(string(data))
	})
}

// A lock that is nothing but brackets ends in an error, and does not end the program.
func TestHostileTOML(t *testing.T) {
	for what, text := range map[string]string{
		"deep array":       "a=" + strings.Repeat("[", 8<<20),
		"deep in strings":  "a=" + strings.Repeat(`["]",`, 1<<20),
		"deep table":       "a=" + strings.Repeat("{a=", 4<<20),
		"deep in packages": "[[package]]\na=" + strings.Repeat("[", maxBlock-64) + "\n",
		"many packages":    strings.Repeat("[[package]]\n", maxEntries+1),
	} {
		if list, err := readTOML([]byte(text)); err == nil {
			t.Errorf("%s: %d packages", what, len(list))
		}
	}
	text := "version = 1\n\n[[package]]\nname = \"a\"\nversion = \"1\"\n[package.metadata]\nx = 1\n\n[[package]]\nname = \"b\"\nversion = \"2\"\n" +
		"[metadata.files]\na = [" + strings.Repeat(
		"\"0123456789\",",
		maxBlock/10,
	) + "]\n"
	if list, err := readTOML([]byte(text)); err != nil || len(list) != 2 || list[0].version != "1" ||
		list[1].name != "b" {
		t.Errorf("%+v, %v", list, err)
	}
}
