package redact

import (
	"slices"
	"strings"
	"testing"
)

// x is a part of a planted secret: none of it may be left.
const x = "q7Zx4Rw9Tn2Vb8Kd"

// repeat makes n characters of an alphabet, which is what most tokens are.
func repeat(alphabet string, n int) string { return strings.Repeat(alphabet, n/len(alphabet)+1)[:n] }

var (
	alnum = repeat("a1B2c3D4e5", 64)
	hexes = repeat("0123456789abcdef", 64)
	upper = repeat("A1B2C3D4", 64)
)

// planted are texts and the secrets in them, by the form of the secret.
var planted = map[string][][2]string{
	"password in a URL": {
		{"postgres://web:" + x + "@db:5432/shop", x},
		{"redis://:" + x + "@cache/0", x},
		{
			"https://u:p@" + x + "@h/",
			x,
		},
		{"amqp://svc:" + x + "@mq//", x},
		{"mongodb+srv://app:" + x + "@c0.example/?retryWrites=true", x},
		{`{"dsn":"mysql:\/\/r:` + x + `@h\/d"}`, x},
		{"https://" + alnum[:20] + "@sentry.example/12", alnum[:20]},
		{"app:" + x + "@tcp(db:3306)/shop", x},
		{"jdbc:oracle:thin:scott/" + x + "@//db:1521/x", x},
		{"git clone https://x-access-token:" + x + "@github.com/o/r", x},
		{"ftp://u:" + x + "@h", x},
	},
	"bearer and basic": {
		{"Authorization: Bearer " + x, x},
		{"authorization: basic dXNlcjpwYXNz", "dXNlcjpwYXNz"},
		{"curl -H 'Authorization: Bearer " + x + "' https://h", x},
		{`"Authorization": "Token ` + x + `"`, x},
		{"sent Bearer " + x + " to the API", x},
		{"Proxy-Authorization: Basic dTpwYXNz", "dTpwYXNz"},
		{"Authorization: " + x, x},
		{`headers={"authorization": "Bearer ` + x + `"}`, x},
		{"X-Auth-Token: " + x, x},
		{"X-Api-Key: " + x, x},
		{"PRIVATE-TOKEN: " + x, x},
		{"X-Vault-Token=" + x, x},
		{"Cookie: session=" + x + "; theme=dark", x},
		{"Set-Cookie: sid=" + x + "; HttpOnly", x},
	},
	"commands within a command": {
		{"sh -c 'mysql -uroot -p" + x + " shop'", x},
		{`command=bash -c "redis-cli -a ` + x + ` ping"`, x},
		{"sh -c 'cd /tmp && sshpass -p " + x + " ssh h'", x},
	},
	"database statements": {
		{`mysql -e "ALTER USER 'app' IDENTIFIED BY '` + x + `'"`, x},
		{"create user app identified by '" + x + "'", x},
		{"CREATE USER a IDENTIFIED WITH caching_sha2_password BY '" + x + "'", x},
		{`psql -c "ALTER ROLE app WITH LOGIN PASSWORD '` + x + `'"`, x},
		{"create role app password '" + x + "'", x},
	},
	"JSON Web Token": {
		{"got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + x, x},
		{"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ" + x + "In0.", x},
		{"eyJhbGciOiJSU0EifQ." + x + "." + x + "." + x + "." + x, x},
	},
	"private key": {
		{"-----BEGIN RSA PRIVATE KEY-----\n" + x + "\n-----END RSA PRIVATE KEY-----", x},
		{"-----BEGIN PRIVATE KEY-----\n" + x + "\n-----END PRIVATE KEY-----", x},
		{"-----BEGIN EC PRIVATE KEY-----\n" + x + "\n" + x, x},
		{"-----BEGIN OPENSSH PRIVATE KEY-----\\n" + x + "\\n-----END OPENSSH PRIVATE KEY-----", x},
		{"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" + x + "\n-----END PGP PRIVATE KEY BLOCK-----", x},
		{"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + x + "\n-----END ENCRYPTED PRIVATE KEY-----", x},
		{"PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n" + x + "\n", x},
		{"AGE-SECRET-KEY-1" + upper[:58], upper[:58]},
		{"data LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBL" + x, x},
		{"root:$6$saltsalt$" + alnum[:40] + ":19000:", alnum[:40]},
		{"u:$2b$12$" + alnum[:53], alnum[:53]},
		{"u:$apr1$abcdefgh$" + alnum[:22], alnum[:22]},
	},
	"cloud": {
		{"key AKIA" + upper[:16] + " used", upper[:16]},
		{"ASIA" + upper[:16], upper[:16]},
		{"aws_secret_access_key = " + x + "/+abc", x},
		{"AWS_SESSION_TOKEN=" + x, x},
		{"AIza" + alnum[:35], alnum[:35]},
		{"ya29." + alnum[:40], alnum[:40]},
		{"GOCSPX-" + alnum[:28], alnum[:28]},
		{"1//0" + alnum[:40], alnum[:40]},
		{"AccountName=a;AccountKey=" + x + "==;EndpointSuffix=core", x},
		{"SharedAccessKey=" + x, x},
		{"abc8Q~" + alnum[:34], alnum[:34]},
		{"dop_v1_" + hexes, hexes},
		{"LTAI" + alnum[:20], alnum[:20]},
		{"hvs." + alnum[:24], alnum[:24]},
		{"sk-ant-" + alnum[:30], alnum[:30]},
		{"sk-proj-" + alnum[:30], alnum[:30]},
		{"hf_" + alnum[:34], alnum[:34]},
		{"dapi" + hexes[:32], hexes[:32]},
		{"tskey-auth-" + alnum[:20], alnum[:20]},
	},
	"forges and package indexes": {
		{"ghp_" + alnum[:36], alnum[:36]},
		{"gho_" + alnum[:36], alnum[:36]},
		{"ghs_" + alnum[:36], alnum[:36]},
		{"github_pat_" + alnum[:60], alnum[:60]},
		{"glpat-" + alnum[:20], alnum[:20]},
		{
			"glrt-" + alnum[:20],
			alnum[:20],
		},
		{"npm_" + alnum[:36], alnum[:36]},
		{"//registry.npmjs.org/:_authToken=" + x, x},
		{"_auth=" + x, x},
		{"pypi-AgEIcHlwaS5vcmc" + alnum[:30], alnum[:30]},
		{"rubygems_" + hexes[:48], hexes[:48]},
		{"dckr_pat_" + alnum[:27], alnum[:27]},
		{"machine h login u password " + x, x},
		{
			"ATATT3" + alnum[:40],
			alnum[:40],
		},
	},
	"services": {
		{"xoxb-123456789012-" + alnum[:24], alnum[:24]},
		{"xapp-1-" + alnum[:30], alnum[:30]},
		{"https://hooks.slack.com/services/T0/B0/" + x, x},
		{"https://discord.com/api/webhooks/123/" + x, x},
		{"https://x.webhook.office.com/webhookb2/" + x, x},
		{"sk_live_" + alnum[:24], alnum[:24]},
		{"rk_test_" + alnum[:24], alnum[:24]},
		{"whsec_" + alnum[:32], alnum[:32]},
		{
			"sntrys_" + alnum[:40],
			alnum[:40],
		},
		{"SG." + alnum[:22] + "." + alnum[:43], alnum[:43]},
		{"key-" + hexes[:32], hexes[:32]},
		{
			"SK" + hexes[:32],
			hexes[:32],
		},
		{"110201543:AA" + alnum[:33], alnum[:33]},
		{"glsa_" + alnum[:32], alnum[:32]},
		{
			"NRAK-" + upper[:27],
			upper[:27],
		},
		{"shpat_" + hexes[:32], hexes[:32]},
		{"lin_api_" + alnum[:40], alnum[:40]},
	},
	"signed URLs": {
		{"https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=" + hexes, hexes},
		{"https://a.blob.core.windows.net/c/b?sv=2022&sig=" + x + "%3D", x},
		{"https://h/x?token=" + x + "&y=1", x},
		{"https://storage.googleapis.com/b/o?X-Goog-Signature=" + hexes, hexes},
		{"GET /cb?code=" + x + " 200", x},
		{"https://maps.example/js?key=" + x, x},
		{"/login?user=a&password=" + x, x},
	},
	"kubeconfig and docker": {
		{"    client-key-data: " + x, x},
		{"    token: " + x, x},
		{"    password: " + x, x},
		{`{"auths":{"ghcr.io":{"auth":"` + x + `"}}}`, x},
		{`"identitytoken": "` + x + `"`, x},
	},
	"names": {
		{"db password=" + x + " user=web", x},
		{`{"api_key":"` + x + `","n":1}`, x},
		{
			`"{\"password\":\"` + x + `\"}"`,
			x,
		},
		{"ENV DB_PASSWORD='a " + x + "'", x},
		{"PGPASSWORD=" + x + " psql", x},
		{"export GH_TOKEN=" + x, x},
		{"Server=h;User Id=sa;Password=" + x + ";Encrypt=true", x},
		{"secret: " + x, x},
		{"clientSecret: \"" + x + "\"", x},
		{"password: hunter", "hunter"},
		{"ENCRYPTION_KEY=" + x, x},
		{"signing-key: " + x, x},
		{
			"dbpass => '" + x + "'",
			x,
		},
		{"<password>" + x + "</password>", x},
		{`<add key="ClearTextPassword" value="` + x + `"/>`, x},
		{`<property name="javax.password" value="` + x + `"/>`, x},
		{"django.SECRET_KEY = '" + x + "'", x},
		{"spring.datasource.password=" + x, x},
		{"password=12345", "12345"},
		{"config.accessToken=" + x, x},
	},
	"command lines": {
		{"mysql -uroot -p" + x + " -e 'select 1'", x},
		{"mysqldump --password=" + x + " shop", x},
		{"app --password " + x, x},
		{"sshpass -p " + x + " ssh root@h", x},
		{"redis-cli -h cache -a " + x + " ping", x},
		{"curl -u web:" + x + " https://h", x},
		{"curl --user=web:" + x + " https://h", x},
		{"curl -uweb:" + x + " https://h", x},
		{
			"sudo -u db mysql -p" + x,
			x,
		},
		{"docker login -u web -p " + x + " ghcr.io", x},
		{"openssl rsa -passin pass:" + x, x},
		{"unzip -P " + x + " a.zip", x},
		{"ldapsearch -x -D cn=a -w " + x, x},
		{"smbclient //h/s -U 'u%" + x + "'", x},
		{"htpasswd -nbB admin " + x, x},
		{"java -jar a.jar -password " + x, x},
		{"cd /x && mongo -u a -p " + x, x},
		{"vault login token=" + x, x},
		{"helm install a b --set db.password=" + x, x},
		{"az login --service-principal -u a -p " + x, x},
		{"sqlcmd -S h -U sa -P " + x, x},
		{"skopeo copy --src-creds u:" + x + " docker://a oci:b", x},
		{"keytool -storepass " + x, x},
	},
}

func TestPlantedSecrets(t *testing.T) {
	n := 0
	for form, cases := range planted {
		for _, c := range cases {
			n++
			clean, secrets := Text(c[0])
			if strings.Contains(clean, c[1]) || len(secrets) == 0 || !strings.Contains(clean, Mark) {
				t.Errorf("%s: %q became %q", form, c[0], clean)
			}
			if again, more := Text(clean); again != clean || len(more) > 0 {
				t.Errorf("%s: what is clean changes again: %q to %q", form, clean, again)
			}
		}
	}
	if n < 120 {
		t.Errorf("%d planted secrets", n)
	}
}

// calm are texts of the same kinds without a secret: they stay readable.
var calm = []string{
	"2026-03-01T08:00:00Z listening on :8080", "stratum+tcp://pool.example:3333", "TOKENIZERS_PARALLELISM=x",
	"token: rejected by the server", "invalid password: not found", "the token is expired", "secret not found: shop/db",
	"RUN TOKEN=$(cat /run/secrets/t) ./build", `RUN export SECRET="$S"`, "ENV PATH=/usr/bin TOKEN=", "RUN useradd web",
	"docker run -p 8080:80 -e MODE=x web", "mkdir -p /var/lib/app", "tar -xpf a.tar", "ssh -p 22 root@h", "cp -p a b",
	"https://host:8080/npm/@scope/pkg", "registry.example/app:v1@sha256:" + hexes, "git@github.com:o/r.git",
	"--password-file=/run/secrets/db", "--token-ttl 3600", "tokenExpirationSeconds: 3607", "secretName: db-password",
	"imagePullSecrets", "--pull-secrets demo", "DB_PASSWORD_FILE=/run/secrets/db", "password: ${DB_PASSWORD}",
	"publicKey: ssh-ed25519", "cache_key=user:1", "bearer token authentication is required",
	"Basic authentication failed",
	"HTTP/1.1 401 Unauthorized", "sha256:" + hexes, "commit " + hexes[:40],
	"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
	"-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----", "psql -U web -h db", "mysql -u root -P 3306 shop",
	"curl -sSL https://h/install.sh | sh", "kubectl -n shop get pod", "authorization mode: RBAC,Node",
	"if token == nil",
	"a key: the value of it", "SHOW_PASSWORDS=false", "auth_mode=oidc", "go test -run TestToken ./...",
	"secret/db mounted",
	"uid=1000 gid=1000", "max_tokens_limit=4096", "https://hooks.example/docs", "skopeo copy docker://a oci:b",
	"sh -c 'ls -p /tmp && ps -a'", "the user is identified by its uid", "create user 'app' with no password",
}

func TestHarmlessTextsStay(t *testing.T) {
	for _, s := range calm {
		if clean, secrets := Text(s); clean != s {
			t.Errorf("%q became %q: %v", s, clean, secrets)
		}
		if clean, _ := Prose(s); clean != s {
			t.Errorf("as prose %q became %q", s, clean)
		}
	}
}

func TestProseKeepsExplanationsAndRemovesSecrets(t *testing.T) {
	for in, want := range map[string]string{
		"cannot read Secret shop/db: forbidden":             "cannot read Secret shop/db: forbidden",
		"token: unknown issuer":                             "token: unknown issuer",
		"a build step runs: curl -H 'X-Auth: " + x + "' h":  "a build step runs: curl -H 'X-Auth: REDACTED' h",
		"/usr/bin/x was started with --password=" + x:       "/usr/bin/x was started with --password=REDACTED",
		"environment now has DB=postgres://u:" + x + "@db/": "environment now has DB=postgres://u:REDACTED@db/",
	} {
		if got, _ := Prose(in); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestSecretsSplitOverWords(t *testing.T) {
	tests := map[string]struct{ in, want []string }{
		"the next word": {[]string{"/app", "--token", x}, []string{"/app", "--token", Mark}},
		"the same word": {[]string{"/app", "--password=" + x}, []string{"/app", "--password=" + Mark}},
		"a switch with that name": {[]string{"/app", "--no-password", "--verbose"}, []string{
			"/app", "--no-password",
			"--verbose",
		}},
		"a header": {
			[]string{"curl", "-H", "Authorization: Bearer " + x, "h"},
			[]string{"curl", "-H", "Authorization: Bearer " + Mark, "h"},
		},
		"a header over words": {[]string{"app", "Authorization:", "Bearer", x}, []string{
			"app", "Authorization:",
			"Bearer", Mark,
		}},
		"a script": {[]string{"sh", "-c", "mysql -p" + x + " -e x"}, []string{
			"sh", "-c",
			"mysql -p" + Mark + " -e x",
		}},
		"a short option": {[]string{"redis-cli", "-a", x}, []string{"redis-cli", "-a", Mark}},
		"a short word":   {[]string{"/app", "--password", "abc"}, []string{"/app", "--password", Mark}},
		"a path": {[]string{"/app", "--password", "/run/secrets/db"}, []string{
			"/app", "--password",
			"/run/secrets/db",
		}},
		"a variable": {[]string{"/app", "--password", "$(DB_PASSWORD)"}, []string{
			"/app", "--password",
			"$(DB_PASSWORD)",
		}},
		"nothing": {[]string{"/app", "serve", "--port", "8080"}, []string{
			"/app", "serve", "--port",
			"8080",
		}},
		"none": {nil, nil},
	}
	for name, tt := range tests {
		before := slices.Clone(tt.in)
		got, _ := Words(tt.in)
		if !slices.Equal(got, tt.want) || !slices.Equal(tt.in, before) {
			t.Errorf("%s: %q became %q", name, before, got)
		}
	}
}

func TestKindsCounts(t *testing.T) {
	_, secrets := Text("password=a1 token=b2\npostgres://u:" + x + "@h/")
	if got := Kinds(secrets); !slices.Equal(got, []string{"password in a URL (1)", "value of a secret name (2)"}) {
		t.Errorf("%q", got)
	}
}

func FuzzText(f *testing.F) {
	for _, cases := range planted {
		f.Add(cases[0][0])
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean, secrets := Text(s)
		if len(secrets) == 0 && clean != s {
			t.Errorf("%q changed to %q without a secret", s, clean)
		}
		Prose(s)
		Words(strings.Fields(s))
		BuildStep(s)
	})
}
