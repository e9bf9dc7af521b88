package autorun

import (
	"archive/zip"
	"bytes"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// Which file is a hook by its path alone, with twins that look like one and are none.
func TestWhichPathsAreHooks(t *testing.T) {
	for name, tt := range map[string]struct {
		match func(p, base string) bool
		yes   []string
		no    []string
	}{
		"pth": {
			isPth,
			[]string{
				"/usr/lib/python3/dist-packages/a.pth", "/usr/local/lib/python3.13/site-packages/a.pth",
				"/root/.local/lib/python3.12/site-packages/x.pth",
			},
			[]string{
				"/srv/model.pth", "/usr/lib/python3/dist-packages/torch/weights.pth",
				"/usr/lib/python3/dist-packages/a.pth.txt",
			},
		},
		"site modules": {
			isPythonSite,
			[]string{
				"/usr/lib/python3.12/sitecustomize.py", "/usr/lib/python3/dist-packages/usercustomize.py", "/etc/python3.12/sitecustomize.py",
				"/usr/lib/python3/dist-packages/sitecustomize/__init__.py", "/usr/lib/python3/dist-packages/sitecustomize.cpython-312-x86_64-linux-gnu.so",
			},
			[]string{
				"/srv/sitecustomize.py", "/usr/lib/python3/dist-packages/a/sitecustomize.py",
				"/usr/lib/python3/dist-packages/sitecustomize.txt",
			},
		},
		"package.json": {
			isPackageJSON,
			[]string{
				"/app/node_modules/a/package.json", "/app/node_modules/@s/a/package.json",
				"/n/node_modules/.pnpm/a@1/node_modules/a/package.json",
			},
			[]string{
				"/app/package.json", "/app/node_modules/a/test/package.json", "/app/node_modules/@s/package.json",
				"/app/node_modules/a/lib/x/package.json",
			},
		},
		"settings of Node.js": {
			isNodeConfig,
			[]string{
				"/app/.npmrc", "/app/.yarnrc.yml", "/app/.pnpmfile.cjs", "/app/bunfig.toml",
				"/app/.yarn/plugins/@yarnpkg/p.cjs",
			},
			[]string{"/app/node_modules/a/.npmrc", "/app/yarn.lock", "/app/.yarn/releases/yarn.cjs"},
		},
		"gemspecs": {
			isGemspec,
			[]string{"/usr/local/bundle/specifications/a-1.gemspec"},
			[]string{"/usr/local/bundle/gems/a-1/a.gemspec", "/usr/local/bundle/specifications/default/x.rb"},
		},
		"plugins of RubyGems": {
			isGemPlugin,
			[]string{
				"/g/gems/a-1/lib/rubygems_plugin.rb", "/usr/lib/ruby/vendor_ruby/rubygems/defaults/operating_system.rb",
				"/var/lib/gems/3.1.0/plugins/a_plugin.rb",
			},
			[]string{"/srv/operating_system.rb", "/srv/plugins/a_plugin.rb"},
		},
		"composer": {
			isComposerList,
			[]string{"/srv/vendor/composer/installed.json"},
			[]string{"/srv/installed.json", "/srv/vendor/composer/x/installed.json"},
		},
		"php": {
			isPHPSettings,
			[]string{
				"/usr/local/etc/php/php.ini", "/etc/php/8.2/fpm/conf.d/10-x.ini", "/var/www/.user.ini",
				"/var/www/.htaccess", "/usr/local/etc/php-fpm.d/www.conf",
			},
			[]string{"/srv/config.ini", "/etc/nginx/conf.d/php.conf"},
		},
		"maintainer scripts": {
			isMaintainerScript,
			[]string{
				"/var/lib/dpkg/info/a.postinst", "/var/lib/dpkg/info/a:amd64.prerm", "/var/lib/dpkg/info/a.config",
			},
			[]string{"/var/lib/dpkg/info/a.md5sums", "/srv/a.postinst"},
		},
		"scripts of apk": {
			isAPKScripts,
			[]string{"/lib/apk/db/scripts.tar", "/usr/lib/apk/db/scripts.tar.gz"},
			[]string{"/lib/apk/db/installed"},
		},
		"preload": {isPreload, []string{"/etc/ld.so.preload"}, []string{"/srv/etc/ld.so.preload"}},
	} {
		for _, p := range tt.yes {
			if !tt.match(p, path.Base(p)) {
				t.Errorf("%s: %s is not taken for one", name, p)
			}
		}
		for _, p := range tt.no {
			if tt.match(p, path.Base(p)) {
				t.Errorf("%s: %s is taken for one", name, p)
			}
		}
	}
	if !IsMaintainerScript("/var/lib/dpkg/info/a.postinst") || IsMaintainerScript("/var/lib/dpkg/info/a.list") {
		t.Error("scripts of packages are not told from their lists")
	}
}

// The places of the system, each with a neighbor that starts nothing.
func TestWhichPlacesStartSomething(t *testing.T) {
	for p, want := range map[string]string{
		"/root/.ssh/authorized_keys":                            KindKeys,
		"/home/a/.ssh/authorized_keys2":                         KindKeys,
		"/home/a/.ssh/known_hosts":                              "",
		"/etc/crontab":                                          KindCron,
		"/etc/cron.hourly/x":                                    KindCron,
		"/etc/cron.d/.placeholder":                              "",
		"/etc/crontabs/root":                                    KindCron,
		"/etc/periodic/15min/x":                                 KindCron,
		"/var/spool/cron/crontabs/root":                         KindCron,
		"/etc/cronology":                                        "",
		"/usr/lib/systemd/system/a.service":                     KindUnit,
		"/usr/lib/systemd/system/a.slice":                       "",
		"/etc/systemd/system/a.service.d/b.conf":                KindUnit,
		"/etc/systemd/system/multi-user.target.wants/a.service": KindUnit,
		"/usr/lib/systemd/system-generators/g":                  KindUnit,
		"/srv/a.service":                                        "",
		"/docker-entrypoint-initdb.d/1.sql":                     KindEntrypointFolder,
		"/etc/s6-overlay/s6-rc.d/a/run":                         KindEntrypointFolder,
		"/srv/docker-entrypoint.d/1.sh":                         "",
		"/etc/init.d/x":                                         KindInit,
		"/etc/rc3.d/S01x":                                       KindInit,
		"/etc/rc.local":                                         KindInit,
		"/etc/inittab":                                          KindInit,
		"/etc/update-motd.d/00":                                 KindInit,
		"/etc/ssh/sshrc":                                        KindInit,
		"/etc/ssh/sshd_config":                                  "",
		"/lib/security/pam_x.so":                                KindPAM,
		"/etc/pam.d/common-auth":                                KindPAM,
		"/etc/pam.conf":                                         KindPAM,
		"/etc/udev/rules.d/1.rules":                             KindUdev,
		"/etc/udev/rules.d/README":                              "",
		"/root/.bashrc":                                         KindProfile,
		"/etc/skel/.bashrc":                                     "",
		"/etc/environment":                                      KindProfile,
		"/etc/fish/conf.d/x.fish":                               KindProfile,
		"/etc/ld.so.conf":                                       KindLoader,
		"/etc/ld-musl-x86_64.path":                              KindLoader,
		"/etc/ld.so.cache":                                      "",
		"/etc/apt/apt.conf.d/99x":                               KindPackageHook,
		"/usr/share/libalpm/hooks/x.hook":                       KindPackageHook,
		"/usr/share/libalpm/hooks/x.txt":                        "",
		"/etc/apk/commit_hooks.d/x":                             KindPackageHook,
		"/usr/bin/ls":                                           "",
	} {
		spot, ok := Place(p)
		if spot.Kind != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", p, spot.Kind, want)
		}
		if ok && (spot.Does == "" || spot.Severity.Rank() < inspect.Medium.Rank()) {
			t.Errorf("%s: a place alone is %s, and %q", p, spot.Severity, spot.Does)
		}
	}
}

// A name that is made not to be seen, and the dot directories that tools make as a matter of course.
func TestHiddenNames(t *testing.T) {
	for p, want := range map[string]bool{
		"/var/lib/.x/miner":          true,
		"/usr/bin/.ls":               true,
		"/usr/bin/...":               true,
		"/usr/bin/ ":                 true,
		"/usr/bin/ls ":               true,
		"/usr/bin/\u202esl":          true,
		"/usr/bin/l\u200bs":          true,
		"/usr/bin/l\ts":              true,
		"/usr/bin/\xff":              true,
		"/app/.venv/bin/python":      false,
		"/root/.cargo/bin/rg":        false,
		"/tmp/.cache/x":              true, // a tool's folder where everyone may write
		"/root/.local":               true, // a program by the name of a folder
		"/usr/lib/debug/.build-id/a": false,
		"/usr/bin/ls":                false,
		"/usr/bin/a.b":               false,
	} {
		if got := Hidden(p); got != want {
			t.Errorf("%q is hidden: %v", p, got)
		}
	}
	for p, want := range map[string]bool{
		"/tmp/x": true, "/var/tmp/x": true, "/dev/shm/x": true, "/run/x": true, "/var/run/x": true,
		"/tmpx/x": false, "/var/lib/tmp/x": false, "/usr/bin/x": false,
	} {
		if got := Temporary(p); got != want {
			t.Errorf("everybody may write %s: %v", p, got)
		}
	}
}

// ld.so(8) splits lists at blanks and colons, and replaces $LIB, $PLATFORM and $ORIGIN with and without braces.
func TestWhereALibraryIsLookedFor(t *testing.T) {
	if got := libraryNames(" a.so:b.so\tc.so\n:: d.so"); !slices.Equal(got, []string{"a.so", "b.so", "c.so", "d.so"}) {
		t.Errorf("%q", got)
	}
	if got := libraryPaths("x.so", []string{"/lib", "/opt"}); !slices.Equal(got, []string{"/lib/x.so", "/opt/x.so"}) {
		t.Errorf("a name: %q", got)
	}
	if got := libraryPaths("/opt/x.so", []string{"/lib"}); !slices.Equal(got, []string{"/opt/x.so"}) {
		t.Errorf("a path: %q", got)
	}
	for name, want := range map[string]string{
		"/usr/$LIB/x.so": "/usr/lib/x86_64-linux-gnu/x.so", "/usr/${LIB}/x.so": "/usr/lib64/x.so",
		"$ORIGIN/x.so": "/usr/bin/x.so", "/a/${PLATFORM}/x.so": "/a/aarch64/x.so",
	} {
		if got := libraryPaths(name, nil); !slices.Contains(got, want) || !slices.IsSorted(got) {
			t.Errorf("%s: %q lacks %s", name, got, want)
		}
	}
}

// A hook is found again in the next release by its path without versions.
func TestVersionsAreLeftOutOfNames(t *testing.T) {
	for a, b := range map[string]string{
		"/l/python3.12/site-packages/a-1.0.8-nspkg.pth": "/l/python3.13/site-packages/a-1.0.9-nspkg.pth",
		"/g/gems/puma-6.6.0/ext":                        "/g/gems/puma-6.6.1.rc1/ext",
	} {
		if versionless(a) != versionless(b) {
			t.Errorf("%s and %s", versionless(a), versionless(b))
		}
	}
	if versionless("/a/x1/y") == versionless("/a/x2/y") {
		t.Error("numbers that are no versions are left out")
	}
	for dir, want := range map[string]string{
		"/app/node_modules/.pnpm/sharp@0.34.1/node_modules/sharp": "/app/node_modules/.pnpm/node_modules/sharp",
		"/app/node_modules/sharp":                                 "/app/node_modules/sharp",
	} {
		if got := npmPlace(dir); got != want {
			t.Errorf("%s: %s", dir, got)
		}
	}
}

func TestReleasesOfApk(t *testing.T) {
	for full, want := range map[string][2]string{
		"busybox-1.37.0-r12":      {"busybox", "1.37.0-r12"},
		"py3-requests-2.31.0-r0":  {"py3-requests", "2.31.0-r0"},
		"musl":                    {"musl", ""},
		"-r":                      {"-r", ""},
		"ca-certificates-2024-r1": {"ca-certificates", "2024-r1"},
	} {
		if name, version := cutRelease(full); name != want[0] || version != want[1] {
			t.Errorf("%s: %q %q", full, name, version)
		}
	}
}

// Which lines of a unit, of udev's rules, of apt's settings and of dpkg's start something. Comments do not.
func TestLinesThatStartSomething(t *testing.T) {
	for text, want := range map[string]string{
		"[Service]\nExecStart=/bin/x\n#ExecStop=/bin/y\nUser=a\n": "ExecStart=/bin/x",
		"[Timer]\nUnit=x.service\n":                               "Unit=x.service",
		"SUBSYSTEM==\"usb\", RUN+=\"/bin/x\"\n":                   "SUBSYSTEM==\"usb\", RUN+=\"/bin/x\"",
		"KERNEL==\"sda\", NAME=\"x\"\n":                           "",
	} {
		if got := started([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"DPkg::Post-Invoke { \"x\"; };\n// DPkg::Pre-Invoke { \"y\"; };\nAPT::Get::Assume-Yes \"1\";\n": "DPkg::Post-Invoke { \"x\"; };",
		"Acquire::http::Proxy-Auto-Detect \"/bin/x\";\n":                                                "Acquire::http::Proxy-Auto-Detect \"/bin/x\";",
		"Acquire::GzipIndexes \"true\";\n":                                                              "",
	} {
		if got := invocations("/etc/apt/apt.conf.d/1", []byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := invocations("/etc/apk/commit_hooks.d/x", []byte("#!/bin/sh\necho x\n")); got != "echo x" {
		t.Errorf("a hook of apk: %q", got)
	}
}

// The keys themselves identify persons: a row names their types and comments.
func TestKeysAreNamedNotShown(t *testing.T) {
	const key = "AAAAC3NzaC1lZDI1NTE5AAAAIFakeKeyBytes"
	got := keyNames(
		[]byte("# comment\nfrom=\"*\" ssh-ed25519 " + key + " ada@laptop\necdsa-sha2-nistp256 " + key + "\n\n"),
	)
	if got != "ssh-ed25519 ada@laptop; ecdsa-sha2-nistp256" || strings.Contains(got, key) {
		t.Errorf("%q", got)
	}
}

func TestControlsOfPAM(t *testing.T) {
	for line, want := range map[string][2]string{
		"sufficient pam_permit.so":             {"sufficient", "pam_permit.so"},
		"[success=done default=ignore] x.so a": {"success=done default=ignore", "x.so a"},
		"[unclosed x.so":                       {"unclosed x.so", ""},
		"":                                     {"", ""},
	} {
		if control, rest := cutControl(line); control != want[0] || rest != want[1] {
			t.Errorf("%q: %q %q", line, control, rest)
		}
	}
}

// PATH is that of the image's environment, the last one that is set, and absolute directories only.
func TestWhereACommandIsLookedFor(t *testing.T) {
	if got := searchPath(nil); !slices.Contains(got, "/usr/local/bin") {
		t.Errorf("without PATH: %q", got)
	}
	if got := searchPath([]string{"PATH=/a", "X=1", "PATH=/b:.:c:/b:/d"}); !slices.Equal(got, []string{"/b", "/d"}) {
		t.Errorf("%q", got)
	}
}

// The first lines of a text that are no comments, on one line and within its bound; broken UTF-8 is replaced.
func TestExcerptsAreBoundedText(t *testing.T) {
	for text, want := range map[string]string{
		"#!/bin/sh\n\n  set -e\n// x\necho  a\n": "set -e; echo a",
		"":                                       "",
		"# only a comment":                       "",
		"a\xffb":                                 "a�b",
	} {
		if got := excerpt([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := excerpt(bytes.Repeat([]byte("ä"), MaxCommand)); len(got) > MaxCommand+len("…") ||
		!strings.HasSuffix(got, "…") ||
		strings.ContainsRune(got, '�') {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// A jar is known by what its build wrote into it: a name alone, which anybody gives, is none.
func TestWhoseAJarIs(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want string
	}{
		"coordinates": {
			jar("Premain-Class: a", "META-INF/maven/io.x/agent/pom.properties", "groupId=io.x\nartifactId=agent\n"),
			"maven io.x:agent",
		},
		"a title and a version":    {jar("Implementation-Title: agent\r\nImplementation-Version: 1"), "jar agent"},
		"a title alone":            {jar("Implementation-Title: agent"), ""},
		"a bundle":                 {jar("Bundle-SymbolicName: org.x\r\nBundle-Version: 1"), "jar org.x"},
		"coordinates without name": {jar("X: 1", "META-INF/maven/a/b/pom.properties", "groupId=a\n"), ""},
		"nothing":                  {jar("Premain-Class: a"), ""},
	} {
		z, err := zip.NewReader(strings.NewReader(tt.data), int64(len(tt.data)))
		must(t, err)
		if got := identity(z); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// Both forms of composer's list, and what is neither.
func TestListsOfComposer(t *testing.T) {
	for text, want := range map[string]int{
		`{"packages": [{"name": "a/b"}, {"name": "c/d"}]}`: 2, `[{"name": "a/b"}]`: 1, `{}`: 0, `"x"`: 0, `{"packages": 1}`: 0, "": 0,
	} {
		if got := composerPackages([]byte(text)); len(got) != want {
			t.Errorf("%s: %d packages", text, len(got))
		}
	}
}

// Python's site module ends a line at more characters than a text editor shows.
func TestLinesOfAPth(t *testing.T) {
	got := pthLines([]byte("\ufeffa\x0bb\x0cc\x1cd\u0085e\u2028f\r\ng"))
	if !slices.Equal(got, []string{"a", "b", "c", "d", "e", "f", "g"}) {
		t.Errorf("%q", got)
	}
}

// Options that load something, with those that set memory: the second are in nearly every image.
func TestOptionsThatLoad(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        bool
	}{
		{"NODE_OPTIONS", "--max-old-space-size=4096", false},
		{"NODE_OPTIONS", "--max-old-space-size=1 --require=/x.js", true},
		{"NODE_OPTIONS", "-r /x.js", true},
		{"JAVA_TOOL_OPTIONS", "-XX:MaxRAMPercentage=75", false},
		{"JAVA_TOOL_OPTIONS", "-Xmx1g -javaagent:/x.jar", true},
		{"JAVA_TOOL_OPTIONS", "@/etc/java.opts", true},
		{"RUBYOPT", "-W0", false},
		{"RUBYOPT", "-r/x.rb", true},
	} {
		at := slices.IndexFunc(variables(), func(v variable) bool { return v.name == tt.name })
		if got := hasOption(tt.value, variables()[at].words); got != tt.want {
			t.Errorf("%s=%s loads something: %v", tt.name, tt.value, got)
		}
	}
}
