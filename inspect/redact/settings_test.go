package redact

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// Commands and settings that take a secret as a plain word, each with a twin of the same program that has none.
func TestSecretsThatNoNameStandsBefore(t *testing.T) {
	for text, calm := range map[string]string{
		"aws configure set aws_secret_access_key " + x:            "aws configure set region eu-central-1",
		"rclone config create b s3 secret_access_key " + x:        "rclone config create b s3 provider AWS",
		"sqlplus -S scott/" + x + "@db":                           "sqlplus / as sysdba",
		"expdp system/" + x + " full=y":                           "sqlplus /nolog",
		"requirepass " + x:                                        "maxmemory 100mb",
		"masterauth \"" + x + "\"":                                "appendonly yes",
		"SET PASSWORD FOR 'app'@'%' = '" + x + "'":                "SET PASSWORD POLICY strict",
		"echo 'root:" + x + "' | chpasswd":                        "chpasswd --help",
		"echo app:" + x + " | sudo /usr/sbin/chpasswd":            "cat users.txt | chpasswd",
		"usermod -p " + x + " root":                               "usermod -a -G docker app",
		"useradd -m -p " + x + " app":                             "useradd -m app",
		"curl -s -b 'session=" + x + "' https://h":                "curl -s -b /tmp/jar https://h",
		"curl --cookie sid=" + x + " https://h":                   "curl --compressed https://h",
		"mc alias set minio http://minio:9000 admin " + x:         "mc ls minio/bucket",
		"POST /login?body=password%3D" + x + "%26a%3D1":           "GET /search?q=password%20reset",
		"http http://h/ -a u:" + x:                                "http http://h/ -v",
		"kubectl create secret generic db --from-literal=pw=" + x: "kubectl create secret generic db --from-file=./pw",
	} {
		clean, found := Text(text)
		if strings.Contains(clean, x) || len(found) == 0 {
			t.Errorf("%q became %q", text, clean)
		}
		if clean, found := Text(calm); clean != calm {
			t.Errorf("the calm twin %q became %q: %v", calm, clean, found)
		}
	}
}

// A text of several lines that YAML gives to a name is removed to its end, and nothing behind it.
func TestBlocksOfYAML(t *testing.T) {
	for text, want := range map[string]string{
		"password: |\n  " + x + "\nuser: web\n":              "password: |\n  REDACTED\nuser: web\n",
		"password: |\n  " + x + "\n  " + x + "\nuser: web\n": "password: |\n  REDACTED\nuser: web\n",
		"db:\n  password: >-\n    " + x + "\n  user: web\n":  "db:\n  password: >-\n    REDACTED\n  user: web\n",
		"password: |\n  " + x + "\n\n  " + x + "\nuser: web": "password: |\n  REDACTED\nuser: web",
		"- token: |2-\n    " + x + "\n- name: web\n":         "- token: |2-\n    REDACTED\n- name: web\n",
		"password: |\n":             "password: |\n",
		"password: |":               "password: |",
		"script: |\n  echo ready\n": "script: |\n  echo ready\n",
		"password: |\nuser: web\n":  "password: |\nuser: web\n",
	} {
		if got, _ := Text(text); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
	}
}

// Objects: a secret under its name as a text, a number, a list or a field below; as a pair of name and value in either
// spelling; in a Secret at any depth, and in JSON or YAML within a text.
func TestSecretsInObjects(t *testing.T) {
	for name, text := range map[string]string{
		"a text":                    `{"password":"` + x + `"}`,
		"a list":                    `{"passwords":["` + x + `","b` + x + `"]}`,
		"a field below":             `{"passwords":{"root":"` + x + `"}}`,
		"a pair":                    `{"env":[{"name":"DB_PASSWORD","value":"` + x + `"}]}`,
		"a pair of a cloud":         `{"Tags":[{"Key":"DbPassword","Value":"` + x + `"}]}`,
		"a pair in small letters":   `{"settings":[{"key":"api_key","value":"` + x + `"}]}`,
		"a Secret":                  `{"kind":"Secret","data":{"a":"` + x + `"},"stringData":{"b":"` + x + `"}}`,
		"a Secret in a List":        `{"kind":"List","items":[{"kind":"Pod"},{"kind":"Secret","data":{"a":"` + x + `"}}]}`,
		"JSON in a text":            `{"config":"{\"password\":\"` + x + `\"}"}`,
		"YAML in a text":            `{"data":{"app.yaml":"db:\n  password: ` + x + `\n"}}`,
		"a block of YAML in a text": `{"data":{"app.yaml":"db:\n  password: |\n    ` + x + `\n"}}`,
		"the copy of kubectl":       `{"metadata":{"annotations":{"` + lastApplied + `":"{\"data\":\"` + x + `\"}"}}}`,
		"arguments":                 `{"args":["--token","` + x + `"]}`,
		"a command line":            `{"proc.cmdline":"mysql -uroot -p` + x + `"}`,
		"a list of variables":       `{"Env":["DB_PASSWORD=` + x + `"]}`,
		"deeper than is looked at": strings.Repeat(`{"a":`, maxObjectDepth+3) + `"` + x + `"` + strings.Repeat("}",
			maxObjectDepth+3),
	} {
		clean, fields, err := Object([]byte(text))
		if err != nil || strings.Contains(string(clean), x) || len(fields) == 0 {
			t.Errorf("%s: %s, %q, %v", name, clean, fields, err)
		}
		if !json.Valid(clean) {
			t.Errorf("%s: no JSON is left: %s", name, clean)
		}
		again, more, err := Object(clean)
		if err != nil || len(more) > 0 || string(again) != string(clean) {
			t.Errorf("%s: what is clean changes again: %s, %q", name, again, more)
		}
	}
}

func TestNumbersUnderASecretName(t *testing.T) {
	for text, want := range map[string]string{
		`{"password":12345678}`:                         `{"password":"REDACTED"}`,
		`{"env":[{"name":"DB_PASSWORD","value":1234}]}`: `{"env":[{"name":"DB_PASSWORD","value":"REDACTED"}]}`,
		`{"max_tokens":4096}`:                           `{"max_tokens":4096}`,
		`{"tokenExpirationSeconds":3600}`:               `{"tokenExpirationSeconds":3600}`,
		`{"port":5432}`:                                 `{"port":5432}`,
	} {
		if clean, _, err := Object([]byte(text)); err != nil || string(clean) != want {
			t.Errorf("%s became %s, %v", text, clean, err)
		}
	}
}

// What a cluster names after secrets and is none stays: references, lists of names, switches. An object in which
// nothing is removed is the very bytes that came.
func TestObjectsThatOnlyNameSecrets(t *testing.T) {
	for _, text := range []string{
		`{"imagePullSecrets":[{"name":"pull"}]}`,
		`{"volumes":[{"name":"db","secret":{"secretName":"db-password","defaultMode":420}}]}`,
		`{"env":[{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}]}`,
		`{"passwordFrom":{"name":"db","key":"password"}}`,
		`{"secrets":[{"name":"default-token-x"}]}`,
		`{"serviceAccountToken":{"path":"token","expirationSeconds":3607}}`,
		`{"tolerations":[{"key":"dedicated","operator":"Equal","value":"gpu"}]}`,
		`{"password":"$(DB_PASSWORD)"}`,
		`{"automountServiceAccountToken":true,"n":1.50,"big":12345678901234567890}`,
		`{ "a" : [ ] }`,
	} {
		clean, fields, err := Object([]byte(text))
		if err != nil || string(clean) != text || len(fields) > 0 {
			t.Errorf("%s became %s, %q, %v", text, clean, fields, err)
		}
	}
	for _, text := range []string{"", "[]", "{", `"x"`, "null x"} {
		if _, _, err := Object([]byte(text)); err == nil && text != "null x" {
			t.Errorf("%q was read as an object", text)
		}
	}
}

// The variables of interpreters and tools stay, since they decide what runs. A name that only begins with the same
// letters is any other: what nothing shows to be harmless is withheld.
func TestNamesThatBeginLikeHarmlessOnes(t *testing.T) {
	for name, kept := range map[string]bool{
		"R_HOME": true, "R": true, "RCON": false, "RDS_LOGIN": false, "RABBIT": false,
		"GOPATH": true, "GOFLAGS": true, "GOOGLE_LOGIN": false, "GODADDY": false,
		"PYTHONPATH": true, "PY_COLORS": true, "PYRO": false, "PGHOST": true, "PGX": false,
		"NV_CUDA_LIB": true, "NVX": false, "MIX_ENV": true, "MIXPANEL": false, "GIT_EDITOR": true, "GITX": false,
		"SSH_AUTH_SOCK": true, "SSHX": false, "NODE_OPTIONS": true, "LD_PRELOAD": true, "OTEL_SERVICE_NAME": true,
		"OTEL_EXPORTER_OTLP_HEADERS": false, "BUNDLE_GEMS__CONTRIBSYS__COM": false, "BUNDLE_WITHOUT": true,
		"APP_VERSION": true, "APP_MOTTO": false,
	} {
		const value = "wink wink"
		want := map[bool]string{true: value, false: Withheld}[kept]
		if got, _ := Env(name, value); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The headers of an exporter and a login of bundler's are not kept, whatever form their secret has.
func TestVariablesThatHoldLogins(t *testing.T) {
	for _, e := range []string{
		"OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=" + x, "OTEL_EXPORTER_OTLP_TRACES_HEADERS=api-key=" + x,
		"BUNDLE_GEMS__CONTRIBSYS__COM=user:" + x, "COMPOSER_AUTH={\"http-basic\":{\"h\":{\"password\":\"" + x + "\"}}}",
		"NPM_CONFIG__AUTH=" + x, "REDISCLI_AUTH=" + x, "PGPASSWORD=" + x, "PIP_INDEX_URL=https://u:" + x + "@h/simple",
		"GOPROXY=https://u:" + x + "@proxy.corp.example", "GIT_CONFIG_VALUE_0=AUTHORIZATION: basic " + x,
	} {
		clean, found := Environ([]string{e})
		if strings.Contains(clean[0], x) || len(found) == 0 {
			t.Errorf("%s became %s", e, clean[0])
		}
	}
}

// A build step keeps what it does and loses what was given to it.
func TestBuildStepsKeepTheirInstruction(t *testing.T) {
	for step, want := range map[string]string{
		"/bin/sh -c #(nop)  ENV DB_PASSWORD=" + x:   "/bin/sh -c #(nop)  ENV DB_PASSWORD=REDACTED",
		"ENV A=1 API_TOKEN=\"" + x + "\" PATH=/bin": "ENV A=1 API_TOKEN=REDACTED PATH=/bin",
		"ARG TOKEN=" + x: "ARG TOKEN=REDACTED",
		"RUN |1 NPM_TOKEN=" + x + " /bin/sh -c npm ci":        "RUN |1 NPM_TOKEN=REDACTED /bin/sh -c npm ci",
		"RUN curl -u u:" + x + " https://h/x":                 "RUN curl -u u:REDACTED https://h/x",
		"COPY --chown=app . /app # buildkit":                  "COPY --chown=app . /app # buildkit",
		"LABEL maintainer=web@example.com":                    "LABEL maintainer=web@example.com",
		"/bin/sh -c #(nop)  CMD [\"app\" \"--token\" \"$T\"]": "/bin/sh -c #(nop)  CMD [\"app\" \"--token\" \"$T\"]",
	} {
		if got, _ := BuildStep(step); got != want {
			t.Errorf("%q\n got %q\nwant %q", step, got, want)
		}
	}
}

// Names of secrets in the spellings of shells, Java, Go and YAML, with names about secrets that are none.
func TestWhichNamesAreThoseOfSecrets(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "dbPassword": true, "DBPassword": true, "DB_PASSWORD": true, "db.password": true,
		"PGPASSWORD": true,
		"MYSQLPWD":   true, "api-key": true, "apiKey": true, "X-Api-Key": true, "client_secret": true, "secret_id": true,
		"sessionId": true, "SIGNING_KEY": true, "token2": true, "sentry.dsn": true, "slackWebhookUrl": true,
		"auth": true, "AUTH_TOKEN": true,
		"connectionString": true, "ACCOUNT_SK": true,
		"passwordFile": false, "password_policy": false, "tokenTTL": false, "secretName": false, "public_key": false,
		"sort-key": false,
		"cacheKey": false, "auth_basic_realm": false, "key": false, "bypass": false, "compass": false,
		"user_id": false, "tokenizer": false,
		"authUrl": false, "keys": false, "": false, "---": false, "skip": false, "SK_LEARN": false,
	} {
		if got := Name(name); got != want {
			t.Errorf("%q is the name of a secret: %v", name, got)
		}
	}
}

// The number of words stays, whatever is removed, and a secret over several words leaves none of them.
func TestWordsStayAsManyAsTheyWere(t *testing.T) {
	for _, words := range [][]string{
		{"sh", "-c", "echo 'root:" + x + "' | chpasswd"},
		{"redis-server", "--requirepass", x},
		{
			"app",
			"Authorization:", "Bearer", x,
		},
		{"mysql", "-p" + x, "shop"},
		{"app", "", "--token=" + x, ""},
		{"app", "--password", "a b " + x},
		{
			"curl", "-b",
			"sid=" + x, "h",
		},
		{"app", "-----BEGIN PRIVATE KEY-----", x, "-----END PRIVATE KEY-----"},
	} {
		before := slices.Clone(words)
		clean, found := Words(words)
		if len(clean) != len(words) || strings.Contains(strings.Join(clean, " "), x) || len(found) == 0 {
			t.Errorf("%q became %q", words, clean)
		}
		if !slices.Equal(words, before) {
			t.Errorf("the list itself was changed: %q", words)
		}
	}
}

// A line of a sensor is JSON or text; a line that only begins like JSON is text.
func TestLinesOfSensors(t *testing.T) {
	for line, want := range map[string]string{
		`{"output":"mysql -p` + x + `"}`:   `{"output":"mysql -pREDACTED"}`,
		"12:00 Notice mysql -p" + x:        "12:00 Notice mysql -pREDACTED",
		`{"output":"token=` + x + ` cut o`: `{"output":"token=REDACTED cut o`,
		"nothing of the kind":              "nothing of the kind",
	} {
		clean, kinds := Line(line)
		if clean != want || (len(kinds) == 0) != (line == want) {
			t.Errorf("%q became %q, %q", line, clean, kinds)
		}
	}
}
