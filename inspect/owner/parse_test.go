package owner

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// claimed lists claims as "path package digest", with a mark for configuration.
func claimed(claims []Claim) []string {
	var all []string
	for _, c := range claims {
		line := fmt.Sprintf("%s %s %.10s", c.Path, c.Package, c.Sum)
		if c.Config {
			line += " config"
		}
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	return all
}

// Stanzas of dpkg's status (deb822): what is not installed has no files, a stanza without a status is of distroless.
func TestStanzasOfDpkg(t *testing.T) {
	all := parseStatus([]byte(strings.Join([]string{
		"Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\nConffiles:\n /etc/skel/.bashrc " + md5Of(
			"x",
		) + "\n /etc/old " + md5Of(
			"y",
		) + " obsolete\nDescription: a\n /not/a/conffile " + md5Of(
			"z",
		),
		"Package: gone\nStatus: deinstall ok config-files\nVersion: 1",
		"Package: half\nStatus: install ok half-installed\nVersion: 1",
		"Package: tz\nVersion: 2024\n",
		"Version: 1\nStatus: install ok installed",
	}, "\n\n")))
	var got []string
	for _, p := range all {
		got = append(got, fmt.Sprintf("%s %s %s %v %d", p.name, p.version, p.arch, p.installed, len(p.conffiles)))
	}
	want := []string{"bash 5.2 amd64 true 2", "gone 1  false 0", "half 1  false 0", "tz 2024  true 0"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	for _, c := range all[0].conffiles {
		if c.Package != "bash" || !c.Config || !strings.HasPrefix(c.Sum, "md5:") {
			t.Errorf("%+v", c)
		}
	}
}

func TestLinesOfConffiles(t *testing.T) {
	for line, want := range map[string]string{
		" /etc/a " + md5Of("x"):               "/etc/a md5:" + md5Of("x"),
		" /etc/a " + md5Of("x") + " obsolete": "/etc/a md5:" + md5Of("x"),
		" /etc/a newconffile":                 "/etc/a ", // dpkg writes that while it unpacks
		" /etc/../a " + md5Of("x"):            "/a md5:" + md5Of("x"),
		" etc/a " + md5Of("x"):                "",
		" /etc/a":                             "",
		"":                                    "",
	} {
		got := ""
		if c, ok := parseConffile(line); ok {
			got = c.Path + " " + c.Sum
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// Digests in a .md5sums file, in the spellings that packages have.
func TestLinesOfSums(t *testing.T) {
	md5, sha := md5Of("x"), strings.Repeat("ab", 32)
	for line, want := range map[string]string{
		md5 + "  usr/bin/a":                  "/usr/bin/a p md5:" + md5[:6],
		md5 + " usr/bin/a":                   "/usr/bin/a p md5:" + md5[:6],
		md5 + "  /usr/bin/a":                 "/usr/bin/a p md5:" + md5[:6],
		md5 + " *usr/bin/a b":                "/usr/bin/a b p md5:" + md5[:6],
		strings.ToUpper(md5) + "  usr/bin/a": "/usr/bin/a p md5:" + md5[:6],
		sha + "  usr/bin/a":                  "/usr/bin/a p sha256:aba",
		md5 + "  ../../etc/passwd":           "/etc/passwd p md5:" + md5[:6],
		md5[1:] + "  usr/bin/a":              "",
		strings.Repeat("g", 32) + "  usr/a":  "",
		md5:                                  "",
		"":                                   "",
	} {
		if got := strings.Join(claimed(parseSums([]byte(line+"\n"), "p")), ""); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// What the list, the sums and the conffiles of a package state together. A digest in the sums is not replaced by the
// one of a conffile: whoever declares a program a configuration later would have it excused.
func TestWhatThreeFilesOfDpkgState(t *testing.T) {
	p := dpkgPackage{name: "p", version: "1", arch: "amd64", conffiles: []Claim{
		{Path: "/etc/p", Package: "p", Sum: "md5:11", Config: true}, {
			Path: "/usr/bin/p", Package: "p", Sum: "md5:22", Config: true,
		},
	}}
	sums := []byte(md5Of("x") + "  usr/bin/p\n" + md5Of("y") + "  usr/bin/taken\n")
	list := []byte("/.\n/etc\n/etc/p\n/usr/bin/p\n")
	got := claimed(dpkgClaims(p, list, sums))
	want := []string{"/etc p", "/etc/p p md5:11 config", "/usr/bin/p p md5:" + md5Of("x")[:6]}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if got := claimed(dpkgClaims(p, nil, sums)); !slices.Contains(got, "/usr/bin/taken p md5:"+md5Of("y")[:6]) {
		t.Errorf("without a list the sums count: %q", got)
	}
}

// A diversion moves the file of every package but the one that diverts.
func TestDiversions(t *testing.T) {
	d := parseDiversions(
		[]byte("/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/a\n/usr/bin/a.real\n:\nrelative\n/x\np\n/cut/off\n/y\n"),
	)
	for name, tt := range map[string]struct {
		claim Claim
		want  string
	}{
		"of another package":   {Claim{Path: "/bin/sh", Package: "bash"}, "/bin/sh.distrib"},
		"of the one that does": {Claim{Path: "/bin/sh", Package: "dash"}, "/bin/sh"},
		"by a person":          {Claim{Path: "/usr/bin/a", Package: "a"}, "/usr/bin/a.real"},
		"of another path":      {Claim{Path: "/usr/bin/b", Package: "a"}, "/usr/bin/b"},
		"relative":             {Claim{Path: "relative", Package: "a"}, "relative"},
		"cut off":              {Claim{Path: "/cut/off", Package: "a"}, "/cut/off"},
	} {
		if got := d.apply([]Claim{tt.claim})[0].Path; got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// Checksums of apk: Q1 with SHA-1, Q2 with SHA-256, and MD5 in old databases. Anything else is no checksum.
func TestChecksumsOfApk(t *testing.T) {
	sum := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for text, want := range map[string]string{
		"Q1" + sum(20): "sha1:" + strings.Repeat("00", 20), "Q2" + sum(32): "sha256:" + strings.Repeat("00", 32),
		strings.Repeat("A1", 16): "md5:" + strings.Repeat("a1", 16),
		"Q1" + sum(19):           "", "Q1!": "", "Q3" + sum(20): "", "": "", "Q1": "",
	} {
		if got := apkSum(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Lines of apk's database: a file belongs to the directory and the package above it, and files in /etc are meant to be
// changed. A name with a slash, or one before any package, is none.
func TestLinesOfApk(t *testing.T) {
	db := parseApk(
		[]byte("R:orphan\nP:a\nV:1\nF:usr/bin\nR:a\nZ:Q1" + base64.StdEncoding.EncodeToString(make([]byte, 20)) +
			"\nR:b\nR:../../etc/passwd\nZ:Q1x\nF:etc\nR:a.conf\nF:../../root\nR:x\n\nF:usr/lib\nR:nobody\n\nP:c\nV:2\nF:\nR:top"),
	)
	want := []string{"/usr/bin/a a sha1:00000", "/usr/bin/b a", "/etc/a.conf a config", "/root/x a", "/top c"}
	if got := claimed(db.claims); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if db.packages != 2 {
		t.Errorf("%d packages", db.packages)
	}
}

// A package of conda counts for its own environment, and for no program of the system. The digest after the prefix was
// written into a file is the one of the file; where there is only the one from before, the content is not compared.
func TestPackagesOfConda(t *testing.T) {
	sha := strings.Repeat("ab", 32)
	entry := func(path, sum, inPrefix, mark string) map[string]string {
		return map[string]string{"_path": path, "sha256": sum, "sha256_in_prefix": inPrefix, "prefix_placeholder": mark}
	}
	data, err := json.Marshal(
		map[string]any{
			"name":    "num",
			"version": "1.2",
			"files":   []string{"ignored"},
			"paths_data": map[string]any{"paths": []any{
				entry(
					"bin/num",
					sha,
					"",
					"",
				), entry("lib/a.py", strings.Repeat("00", 32), sha, "/opt/old"), entry("lib/b.py", sha, "", "/opt/old"),
				entry("../../usr/bin/sh", sha, "", ""), entry("/etc/passwd", "zz", "", ""),
			}},
		},
	)
	must(t, err)
	want := []string{
		"/opt/conda/bin/num conda num sha256:aba", "/opt/conda/lib/a.py conda num sha256:aba", "/opt/conda/lib/b.py conda num",
		"/opt/conda/etc/passwd conda num",
	}
	if got := claimed(parseConda(data, "/opt/conda")); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	for _, c := range parseConda(data, "/usr") {
		if SystemProgram(c.Path) {
			t.Errorf("a program of the system: %+v", c)
		}
	}
	if got := claimed(parseConda([]byte(`{"name":"old","version":"1","files":["bin/x"]}`), "/opt/conda")); !slices.Equal(
		got,
		[]string{"/opt/conda/bin/x conda old"},
	) {
		t.Errorf("a package without digests: %q", got)
	}
	for _, text := range []string{"", "{", "[]", `{"files":["bin/x"]}`} {
		if got := parseConda([]byte(text), "/opt/conda"); len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
	if got := (prefixes{"/opt", "/opt/conda"}).of("/opt/conda/bin/x"); got != "/opt/conda" {
		t.Errorf("the environment of a path is %s", got)
	}
}

// Lists of older installers count for what a RECORD would count for, and have no digests.
func TestListsOfEggs(t *testing.T) {
	got := claimed(
		parseInstalled(
			[]byte("../num/a.py\n../../../../bin/num\n../../../../../etc/cron.d/x\n/etc/passwd\n\nPKG-INFO\n"),
			"/usr/local/lib/python3.9/site-packages/num-1.2-py3.9.egg-info",
		),
	)
	want := []string{
		"/usr/local/lib/python3.9/site-packages/num/a.py python num", "/usr/local/bin/num python num",
		"/usr/local/lib/python3.9/site-packages/num-1.2-py3.9.egg-info/PKG-INFO python num",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	for sum, want := range map[string]string{
		"sha256=" + strings.Repeat("A", 43): "sha256:" + strings.Repeat("00", 32), "sha256=" + strings.Repeat("A", 43) + "=": "sha256:" + strings.Repeat("00", 32),
		"sha512=AAAA": "", "sha256=AAAA": "", "sha256=!": "", "": "",
	} {
		if got := recordSum(sum); got != want {
			t.Errorf("%q: %q", sum, got)
		}
	}
}

// Which programs of an environment its packages may own: those of the prefix, never those of the system.
func TestProgramsOfAnEnvironment(t *testing.T) {
	const venv, system = "/opt/venv/lib/python3.13/site-packages", "/usr/lib/python3/dist-packages"
	for p, want := range map[string]bool{
		"/opt/venv/bin/x": true, "/opt/venv/share/man/x": true, "/opt/venv/x": false, "/opt/bin/x": false, "/opt/venvs/bin/x": false,
	} {
		if got := environmentProgram(p, venv); got != want {
			t.Errorf("%s belongs to %s: %v", p, venv, got)
		}
	}
	for _, p := range []string{"/usr/bin/x", "/bin/x", "/usr/share/x", "/etc/x"} {
		if environmentProgram(p, system) || environmentProgram(p, "/lib/python3/site-packages") {
			t.Errorf("%s belongs to a package of Python", p)
		}
	}
}

func TestNamesInAnMtree(t *testing.T) {
	sha := strings.Repeat("ab", 32)
	got := parseMtree(
		[]byte(
			"#mtree\n/set type=file\n./a\\040b sha256digest=" + sha + "\n./c time=1 sha256digest=" + strings.ToUpper(
				sha,
			) +
				"\n./d md5digest=00\n../e sha256digest=" + sha + "\n./f sha256digest=zz\n./\\057g sha256digest=" + sha + "\n",
		),
	)
	want := map[string]string{"/a b": "sha256:" + sha, "/c": "sha256:" + sha, "/g": "sha256:" + sha}
	if !maps.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for text, want := range map[string]string{`\101`: "A", `a\1`: `a\1`, `\999`: `\999`, `\\`: `\\`, "": ""} {
		if got := unescapeMtree(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got, err := unpackMtree([]byte("#mtree\n")); err != nil || string(got) != "#mtree\n" {
		t.Errorf("a plain one: %q, %v", got, err)
	}
	if _, err := unpackMtree([]byte("\x1f\x8bnot gzip")); err == nil {
		t.Error("a broken one was unpacked")
	}
}

func TestFieldsOfPacman(t *testing.T) {
	got := pacmanFields([]byte("%NAME%\nbash\n\n%FILES%\nusr/\nusr/bin/bash\n%NOT%\n\nstray\n%%\n%VERSION%\n5\n"))
	if fmt.Sprint(got) != "map[FILES:[usr/ usr/bin/bash %NOT%] NAME:[bash] VERSION:[5]]" {
		t.Errorf("%v", got)
	}
	claims := claimed(
		pacmanClaims(
			"p",
			"1",
			map[string][]string{"FILES": {"etc/a", "../x"}, "BACKUP": {"etc/a\t00", ""}},
			map[string]string{"/etc/a": "sha256:00"},
		),
	)
	if !slices.Equal(claims, []string{"/etc/a p sha256:00 config", "/x p"}) {
		t.Errorf("%q", claims)
	}
}

// The manifest of chisel lists the packages with their files. Bytes that are no Zstandard, or more than the bound, are
// an error and no empty list.
func TestPackagesOfChisel(t *testing.T) {
	text := []byte(
		`{"kind":"package","name":"b","version":"2","arch":"amd64"}` + "\n" + `{"kind":"package","name":"a","version":"1","arch":"amd64"}` + "\n" +
			`{"kind":"path","path":"/usr/bin/b","slices":["b_bins"]}` + "\n" + `{"kind":"path","path":"relative","slices":["b_bins"]}` + "\n",
	)
	all, err := ChiselPackages(bytes.NewReader(zstdOf(t, text)))
	must(t, err)
	if fmt.Sprint(all) != "[{a 1 amd64 []} {b 2 amd64 [/usr/bin/b]}]" {
		t.Errorf("%v", all)
	}
	for _, data := range []string{"", "not zstd"} {
		if all, err := ChiselPackages(strings.NewReader(data)); len(all) > 0 || err == nil && data != "" {
			t.Errorf("%q: %v, %v", data, all, err)
		}
	}
}

// Whose directory a file lies in, where the package manager left what makes it one. A directory of that name alone is
// nobody's.
func TestOwnersByPlace(t *testing.T) {
	tree := treeOfLayers(t, []member{
		file(
			"app/node_modules/a/package.json",
			"{}",
		), file("app/node_modules/a/x.js", ""), file("app/node_modules/@s/b/package.json", "{}"),
		file(
			"app/node_modules/@s/b/x.js",
			"",
		), file("app/node_modules/bare/x.js", ""), file("app/node_modules/a/node_modules/c/package.json", "{}"),
		file(
			"b/gems/puma-6.6.1/x.rb",
			"",
		), file("b/specifications/puma-6.6.1.gemspec", ""), file("b/gems/other-1/x.rb", ""),
		file(
			"p/num-1.2-py3.egg/EGG-INFO/PKG-INFO",
			"",
		), file("p/num-1.2-py3.egg/x.py", ""), file("p/fake.egg/x.py", ""),
	})
	const nix = "/nix/store/0123456789abcdef0123456789abcdef-hello-2.12/bin/hello"
	for p, want := range map[string]string{
		"/app/node_modules/a/x.js": "npm a", "/app/node_modules/@s/b/x.js": "npm @s/b", "/app/node_modules/bare/x.js": "",
		"/app/node_modules/a/node_modules/c/y.js": "npm c", "/b/gems/puma-6.6.1/x.rb": "gem puma-6.6.1", "/b/gems/other-1/x.rb": "",
		"/b/extensions/x86_64-linux/3.3.0/puma-6.6.1/puma/x.so": "gem puma-6.6.1", "/b/extensions/x86_64-linux/3.3.0/other-1/x.so": "",
		"/p/num-1.2-py3.egg/x.py": "python num", "/p/fake.egg/x.py": "", nix: "nix hello-2.12", "/nix/store/short/x": "", "/usr/bin/x": "",
	} {
		if got := ByPlace(tree, p); got != want {
			t.Errorf("%s belongs to %q, want %q", p, got, want)
		}
	}
	for p, want := range map[string]string{
		"/app/node_modules/@s/b/x.js": "/app/node_modules/@s/b", "/app/node_modules/bare/x.js": "", "/usr/x": "",
	} {
		if got, ok := NpmDirectory(tree, p); got != want || ok != (want != "") {
			t.Errorf("%s: %q %v", p, got, ok)
		}
	}
}

// A match by MD5 or SHA-1 is named as one; where a layer rewrote the database at the same version, that is named too.
func TestWhatVouchesForAFile(t *testing.T) {
	for sum, want := range map[string]string{"md5:00": "by a weak digest, MD5", "sha1:00": "by a weak digest, SHA1", "sha256:00": "", "": ""} {
		if got := (Claim{Sum: sum}).Weakness(); got != want {
			t.Errorf("%q: %q", sum, got)
		}
	}
	if got := (Claim{Package: "p"}).Rewritten(); got != "" {
		t.Errorf("no layer changed it: %q", got)
	}
	if got := (Claim{Package: "p", Recalled: 3}).Rewritten(); !strings.Contains(got, "layer 3") ||
		!strings.Contains(got, "package p") {
		t.Error(got)
	}
	c := Claim{Sum: "md5:1", also: " md5:2 md5:3"}
	for sum, want := range map[string]bool{"md5:1": true, "md5:2": true, "md5:3": true, "md5:4": false, "md5:": false} {
		if c.fits(sum) != want {
			t.Errorf("%s is one of its digests: %v", sum, !want)
		}
	}
}
