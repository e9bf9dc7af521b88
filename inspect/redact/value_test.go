package redact

import (
	"slices"
	"testing"
)

func TestEnvKeepsOnlyWhatIsKnownToBeHarmless(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"PATH", "/usr/local/bin:/usr/bin", "/usr/local/bin:/usr/bin"},
		{"NODE_OPTIONS", "--require /tmp/x.js", "--require /tmp/x.js"},
		{"JAVA_TOOL_OPTIONS", "-javaagent:/x.jar -Ddb.password=abc1", "-javaagent:/x.jar -Ddb.password=" + Mark},
		{"LD_PRELOAD", "/lib/evil.so", "/lib/evil.so"},
		{"PYTHON_VERSION", "3.12.1", "3.12.1"},
		{"GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D", "A035C8C19219BA821ECEA86B64E628F8D684696D"},
		{"HTTP_PROXY", "http://u:" + x + "@proxy:3128", "http://u:" + Mark + "@proxy:3128"},
		{"LANG", "C.UTF-8", "C.UTF-8"},
		{"PORT", "8080", "8080"},
		{"DEBUG", "false", "false"},
		{
			"CONFIG",
			"/etc/app.yaml", "/etc/app.yaml",
		},
		{"LOG", "info", "info"},
		{"WAIT", "30s", "30s"},
		{"POD_IP", "10.0.0.7", "10.0.0.7"},
		{
			"NAME", "$(OTHER)",
			"$(OTHER)",
		},
		{"DB_PASSWORD", "12345", Mark},
		{"DB_PASSWORD", "", ""},
		{
			"DB_PASSWORD_FILE", "/run/secrets/db",
			"/run/secrets/db",
		},
		{"API_TOKEN", x, Mark},
		{"STRIPE_SK", "sk_live_" + x, Mark},
		{"GH_PAT", "ghp_" + x, Mark},
		{
			"JWT",
			"eyJhbGciOiJIUzI1NiJ9.e30.x", Mark,
		},
		{"SLACK_WEBHOOK", "https://hooks.slack.example/services/T0/B0/" + x, Mark},
		{
			"SSH_KEY",
			"-----BEGIN RSA PRIVATE KEY-----\nx", Mark,
		},
		{"DATABASE_URL", "postgres://u:" + x + "@db/x", Mark},
		{"GREETING", "hunter2 is mine", Withheld},
		{
			"ADMIN",
			"hunter2", Withheld,
		},
		{"KEYFILE", "/" + x + "/" + x, Withheld},
		{"SHOW_PASSWORDS", "false", "false"},
		{
			"TOKEN_SECONDS", "3600",
			"3600",
		},
	} {
		got, secrets := Env(tt.name, tt.value)
		if got != tt.want || (got != tt.value) != (len(secrets) > 0) {
			t.Errorf("%s=%s became %s, want %s (%v)", tt.name, tt.value, got, tt.want, secrets)
		}
		if again, _ := Env(tt.name, got); again != got {
			t.Errorf("%s=%s became %s again", tt.name, got, again)
		}
	}
	env := []string{"PATH=/bin", "TOKEN=abc", "X"}
	clean, secrets := Environ(env)
	if !slices.Equal(clean, []string{"PATH=/bin", "TOKEN=" + Mark, "X"}) || len(secrets) != 1 || env[1] != "TOKEN=abc" {
		t.Errorf("%q %v %q", clean, secrets, env)
	}
}

func TestNamesOfSecrets(t *testing.T) {
	for _, name := range []string{
		"PASSWORD", "DB_PASSWORD", "dbPassword", "PGPASSWORD", "MYSQL_PWD", "API_KEY", "apiKey", "APIKEY",
		"AWS_SECRET_ACCESS_KEY", "GH_TOKEN",
		"client_secret", "clientSecret", "SSH_KEY", "ENCRYPTION_KEY", "SENTRY_DSN", "secret_id", "--password",
		"smtp.pass", "AccountKey",
		"connectionString", "NPM_TOKEN", "JWT", "WEBHOOK_URL", "client-key-data", "access_token", "PASSWORD2", "auth",
	} {
		if !Name(name) {
			t.Errorf("%s is the name of a secret", name)
		}
	}
	for _, name := range []string{
		"", "PATH", "MODE", "TOKENIZERS_PARALLELISM", "PASSWORD_FILE", "TOKEN_TTL", "secretName", "secretKeyRef",
		"PUBLIC_KEY", "cache_key", "key",
		"author", "compass", "passenger", "AUTH_MODE", "monkey", "tokenExpirationSeconds", "SECRET_NAME", "keyboard",
		"passwordPolicy", "BYPASS",
	} {
		if Name(name) {
			t.Errorf("%s is the name of no secret", name)
		}
	}
}

func TestBuildSteps(t *testing.T) {
	for step, want := range map[string]string{
		"|1 NPM_TOKEN=abc123 /bin/sh -c npm ci":               "|1 NPM_TOKEN=REDACTED /bin/sh -c npm ci",
		`ENV DB_PASSWORD="a b" PORT=80`:                       "ENV DB_PASSWORD=REDACTED PORT=80",
		"/bin/sh -c #(nop)  ENV TOKEN=abc":                    "/bin/sh -c #(nop)  ENV TOKEN=REDACTED",
		"ENV GREETING=hunter2 NGINX_VERSION=1.27.0":           "ENV GREETING=NOT-KEPT NGINX_VERSION=1.27.0",
		"RUN API_KEY='x y' ./build && echo done":              "RUN API_KEY='REDACTED' ./build && echo done",
		"RUN TOKEN=$(cat /run/secrets/t) ./build":             "RUN TOKEN=$(cat /run/secrets/t) ./build",
		"RUN curl 'https://x/?token=abc1&y=1' | tar x":        "RUN curl 'https://x/?token=REDACTED&y=1' | tar x",
		"COPY app /app # buildkit":                            "COPY app /app # buildkit",
		`CMD ["nginx" "-g" "daemon off;"]`:                    `CMD ["nginx" "-g" "daemon off;"]`,
		"ENV MY_SECRET=REDACTED":                              "ENV MY_SECRET=REDACTED",
		"RUN /bin/sh -c pip install flask==3.0.0 # buildkit":  "RUN /bin/sh -c pip install flask==3.0.0 # buildkit",
		"LABEL org.opencontainers.image.source=https://x/o/r": "LABEL org.opencontainers.image.source=https://x/o/r",
	} {
		if got, _ := BuildStep(step); got != want {
			t.Errorf("%q\n got %q\nwant %q", step, got, want)
		}
	}
}

func TestLabelsByName(t *testing.T) {
	if got, _ := Named("deploy-token", "abc"); got != Mark {
		t.Errorf("%q", got)
	}
	if got, _ := Named("app", "web"); got != "web" {
		t.Errorf("%q", got)
	}
}
