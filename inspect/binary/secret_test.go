package binary

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// value is what must never be said.
const value = "hunter2-Zq7Kx93Lw0"

// privatePEM makes a private key in the form of PKCS #8.
func privatePEM(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// openSSH makes what a private key of OpenSSH begins with, locked where a cipher is named.
func openSSH(cipher string) string {
	body := "openssh-key-v1\x00" + "\x00\x00\x00" + string(rune(len(cipher))) + cipher + strings.Repeat("k", 200)
	return string(pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: []byte(body)}))
}

func secretsOf(i inspect.Image) []string {
	var list []string
	for _, s := range i.Notable {
		if strings.HasSuffix(s.Code, "secret") {
			what, step, _ := strings.Cut(s.Detail, " (build step: ")
			if step == "" {
				what += " without a build step"
			}
			list = append(list, fmt.Sprintf("%s %s %s", s.Severity, s.Code, what))
		}
	}
	return list
}

// Secrets are said by kind, file, layer and step, and never by themselves.
func TestSecretsThatStand(t *testing.T) {
	_, base := debian()
	key := privatePEM(t)
	basic := base64.StdEncoding.EncodeToString([]byte("me:" + value))
	for name, test := range map[string]struct {
		file member
		want string // severity and kind, empty for nothing
	}{
		"a private key":               {file("app/tls/server.key", key), "medium a private key"},
		"a key in a pem":              {file("app/tls/all.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"+key), "medium a private key"},
		"a certificate":               {file("app/tls/ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), ""},
		"a public key":                {file("app/tls/pub.key", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"), ""},
		"a locked key":                {file("app/tls/server.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"+strings.Repeat("A", 100)+"\n-----END ENCRYPTED PRIVATE KEY-----\n"), "low a private key that a password locks"},
		"a key of old, locked":        {file("app/tls/server.key", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"+strings.Repeat("A", 100)), "low a private key that a password locks"},
		"a text about keys":           {file("app/readme.key", "It begins with -----BEGIN PRIVATE KEY-----\n"), ""},
		"ssh":                         {file("root/.ssh/id_ed25519", openSSH("none")), "medium a private key"},
		"ssh, locked":                 {file("root/.ssh/id_ed25519", openSSH("aes256-ctr")), "low a private key that a password locks"},
		"ssh, under another name":     {file("root/.ssh/deploy", openSSH("none")).WithMode(0o600), "medium a private key"},
		"ssh, the public half":        {file("root/.ssh/id_rsa.pub", "ssh-rsa AAAA me"), ""},
		"a server of ssh":             {file("etc/ssh/ssh_host_ed25519_key", openSSH("none")).WithMode(0o600), "low the private key of an SSH server"},
		"PuTTY":                       {file("root/x.ppk", "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPrivate-Lines: 1\nAAAA\n"), "medium a private key"},
		"OpenPGP":                     {file("root/k.priv", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n"+strings.Repeat("A", 100)), "medium a private key of OpenPGP"},
		"npm":                         {file("root/.npmrc", "//registry.npmjs.org/:_authToken="+value+"\n"), "medium a token of an npm registry"},
		"npm, from the environment":   {file("root/.npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\nfund=false\n"), ""},
		"yarn":                        {file("app/.yarnrc.yml", "npmAuthToken: "+value+"\n"), "medium a token of an npm registry"},
		"PyPI":                        {file("root/.pypirc", "[pypi]\nusername = __token__\npassword = "+value+"\n"), "medium a password of a Python package index"},
		"netrc":                       {file("root/.netrc", "machine x login me password "+value+"\n"), "medium a password for a host"},
		"git":                         {file("root/.git-credentials", "https://me:"+value+"@example.org\n"), "medium a password in a URL"},
		"pip":                         {file("etc/pip.conf", "[global]\nindex-url = https://me:"+value+"@pypi.example.org/simple\n"), "medium a password in a URL"},
		"pip, without":                {file("etc/pip.conf", "[global]\nindex-url = https://pypi.example.org/simple\n"), ""},
		"docker":                      {file("root/.docker/config.json", `{"auths":{"x.example":{"auth":"`+basic+`"}}}`), "medium a login for a registry"},
		"docker, by a helper":         {file("root/.docker/config.json", `{"auths":{"x.example":{}},"credsStore":"pass"}`), ""},
		"docker of old":               {file("root/.dockercfg", `{"x.example":{"auth":"`+basic+`"}}`), "medium a login for a registry"},
		"podman":                      {file("run/containers/0/auth.json", `{"auths":{"x.example":{"auth":"`+basic+`"}}}`), "medium a login for a registry"},
		"AWS":                         {file("root/.aws/credentials", "[default]\naws_access_key_id = AKIA1\naws_secret_access_key = "+value+"\n"), "medium a secret key of AWS"},
		"AWS, settings":               {file("root/.aws/config", "[default]\nregion = eu-central-1\n"), ""},
		"Google":                      {file("app/service-account.json", `{"type":"service_account","private_key":"`+strings.ReplaceAll(key, "\n", `\n`)+`"}`), "medium the key of a service account"},
		"Google, of a person":         {file("root/.config/gcloud/application_default_credentials.json", `{"refresh_token": "`+value+`"}`), "medium a token of a cloud"},
		"a cluster":                   {file("root/.kube/config", "users:\n- user:\n    client-key-data: "+value+"\n"), "medium a credential for a cluster"},
		"a cluster, by a plugin":      {file("root/.kube/config", "users:\n- user:\n    exec: {command: aws}\n"), ""},
		"a database":                  {file("root/.pgpass", "db:5432:*:me:"+value+"\n"), "medium a password of a database"},
		"Vault":                       {file("root/.vault-token", value+"\n"), "medium a token of Vault"},
		"cargo":                       {file("root/.cargo/credentials.toml", "[registry]\ntoken = \""+value+"\"\n"), "medium a token of a package index"},
		"Maven":                       {file("root/.m2/settings.xml", "<server><password>"+value+"</password></server>"), "medium a password of a package index"},
		"Maven, from the environment": {file("root/.m2/settings.xml", "<server><password>${env.P}</password></server>"), ""},
		"settings":                    {file("app/.env", "# all\nDB_PASSWORD="+value+"\nexport API_KEY='"+value+"'\nPORT=8080\nTOKEN=\n"), "low values for DB_PASSWORD, API_KEY"},
		"settings to fill in":         {file("app/.env", "DB_PASSWORD=changeme\nAPI_KEY=<your key>\nSECRET_KEY=${SECRET}\n"), ""},
		"settings as an example":      {file("app/.env.example", "DB_PASSWORD="+value+"\n"), ""},
		"a test of a Node package":    {file("app/node_modules/https/test/key.pem", key), ""},
		"a test of a Python package":  {file("usr/local/lib/python3.13/site-packages/tornado/test/test.key", key), ""},
		"a test of one's own":         {file("app/tests/server.key", key), ""},
		"an example of Debian":        {file("usr/share/doc/openssl/server.pem", key), ""},
		"a key of Debian's for tries": {file("etc/ssl/private/ssl-cert-snakeoil.key", key).WithMode(0o640), ""},
		"a text for its owner":        {file("root/notes", "nothing").WithMode(0o600), ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("COPY . /", test.file)), nil)
			got := secretsOf(c.Images[0])
			if test.want == "" {
				if len(got) > 0 {
					t.Errorf("got %q", got)
				}
				return
			}
			severity, what, _ := strings.Cut(test.want, " ")
			at := "/" + test.file.Name + " in layer 1 contains "
			if len(got) != 1 || !strings.HasPrefix(got[0], severity+" secret "+at+what) {
				t.Fatalf("got %q", got)
			}
			i := slices.IndexFunc(c.Findings, func(f inspect.Finding) bool { return f.Code == "secret" })
			if i < 0 || c.Findings[i].Detail != "COPY . /" || string(c.Findings[i].Severity) != severity || c.Findings[i].Subject != "image:/"+test.file.Name {
				t.Errorf("findings %+v", c.Findings)
			}
			if verdict.Of(&c).Status != inspect.CasePassed {
				t.Errorf("the case is %s", verdict.Of(&c).Status)
			}
			unsaid(t, c, value, basic, test.file.Content)
		})
	}
}

// unsaid fails if an event holds one of the texts.
func unsaid(t *testing.T, c inspect.Case, texts ...string) {
	t.Helper()
	data, err := json.Marshal(c.Events())
	must(t, err)
	for _, s := range texts {
		if strings.Contains(string(data), s) {
			t.Errorf("the case says %q", s)
		}
	}
}

// What a later layer deleted or replaced is still in the image.
func TestSecretsThatWereTakenAway(t *testing.T) {
	packages, base := debian()
	key, old := privatePEM(t), privatePEM(t)
	packages["tests"] = []member{file("srv/lib/key.pem", key)}
	for name, test := range map[string]struct {
		layers []layerSpec
		want   []string
	}{
		"deleted": {
			[]layerSpec{base, step("COPY id_rsa /root/.ssh/", file("root/.ssh/id_rsa", key)), step("RUN rm", whiteout("root/.ssh/.wh.id_rsa"))},
			[]string{"medium hidden-secret /root/.ssh/id_rsa in layer 1 contains a private key; layer 2 deleted it, and it is still in the image"},
		},
		"deleted with its directory": {
			[]layerSpec{base, step("COPY", file("src/.npmrc", "_authToken="+value)), step("RUN rm -r /src", whiteout(".wh.src"))},
			[]string{"medium hidden-secret /src/.npmrc in layer 1 contains a token of an npm registry; layer 2 deleted it, and it is still in the image"},
		},
		"below an opaque directory": {
			[]layerSpec{base, step("COPY", file("src/.npmrc", "_authToken="+value)), step("COPY", whiteout("src/.wh..wh..opq"), file("src/a", "a"))},
			[]string{"medium hidden-secret /src/.npmrc in layer 1 contains a token of an npm registry; layer 2 deleted it, and it is still in the image"},
		},
		"replaced by nothing secret": {
			[]layerSpec{base, step("COPY", file("root/.npmrc", "_authToken="+value)), step("RUN", file("root/.npmrc", "fund=false\n"))},
			[]string{"medium hidden-secret /root/.npmrc in layer 1 contains a token of an npm registry; layer 2 replaced it, and it is still in the image"},
		},
		"replaced by another": {
			[]layerSpec{base, step("COPY", file("app/k.pem", old)), step("COPY", file("app/k.pem", key))},
			[]string{"medium hidden-secret /app/k.pem in layer 1 contains a private key; layer 2 replaced it, and it is still in the image", "medium secret /app/k.pem in layer 2 contains a private key"},
		},
		"only its mode was changed": {
			[]layerSpec{base, step("COPY", file("app/k.pem", key)), step("RUN chmod", file("app/k.pem", key).WithMode(0o600))},
			[]string{"medium secret /app/k.pem in layer 2 contains a private key"},
		},
		"of a package": {[]layerSpec{step("base", append(dpkgOf(packages, "tests"), packages["tests"]...)...), step("RUN rm", whiteout("srv/lib/.wh.key.pem"))}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{}, test.layers...), nil)
			if got := secretsOf(c.Images[0]); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			for _, f := range c.Findings {
				layer := c.Images[0].Layers[1]
				if f.Code == "hidden-secret" && !slices.ContainsFunc(f.Evidence, func(e inspect.Evidence) bool {
					return e.Kind == "layer" && e.Digest == layer.Digest && e.Text == layer.CreatedBy
				}) {
					t.Errorf("evidence %+v", f.Evidence)
				}
			}
			unsaid(t, c, value, key, old)
		})
	}
}

func FuzzSecret(f *testing.F) {
	f.Add(".npmrc", []byte("_authToken=abc"))
	f.Add("id_rsa", []byte(openSSH("none")))
	f.Add(".docker/config.json", []byte(`{"auths":{"x":{"auth":"eA=="}}}`))
	f.Add("x.env", []byte("API_KEY=abcdefgh\n"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if s := secretIn(layer.CleanPath(name), data); (s.what == "") != (s.severity == "") {
			t.Errorf("secret %+v", s)
		}
	})
}
