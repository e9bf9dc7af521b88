package redact

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// mixed, digits and bot are parts of tokens as the services make them.
var (
	mixed  = repeat("aB3dE5gH7jK9mN1pQ", 96)
	digits = repeat("1234567890", 32)
)

// services are the secrets of each service in the places where an incident shows them, and look-alikes of the same
// service that stay: names, addresses, identifiers that are public.
var services = map[string]struct {
	secrets [][2]string // a text, and what must not be left of it
	calm    []string
}{
	"Sentry": {
		[][2]string{
			{"SENTRY_DSN=https://" + hexes[:32] + "@o12.ingest.sentry.io/345", hexes[:32]},
			{"dsn: https://" + hexes[:32] + ":" + x + "@sentry.example/2", x},
			{"sntrys_" + mixed[:60], mixed[:60]},
			{"sntryu_" + hexes, hexes},
		},
		[]string{"https://o12.ingest.sentry.io/345", "sentry-cli releases list", "see https://docs.sentry.io/product/"},
	},
	"Twilio": {
		[][2]string{
			{"SK" + hexes[:32], hexes[:32]},
			{"TWILIO_AUTH_TOKEN=" + hexes[:32], hexes[:32]},
			{"https://AC" + hexes[:32] + ":" + x + "@api.twilio.com/2010-04-01", x},
			{"curl https://api.twilio.com -u AC" + hexes[:32] + ":" + x, x},
		},
		[]string{"https://api.twilio.com/2010-04-01/Accounts", "SKU 4711", "account AC" + hexes[:32]},
	},
	"SendGrid": {
		[][2]string{
			{"SG." + mixed[:22] + "." + mixed[:43], mixed[:43]},
			{"Authorization: Bearer SG." + mixed[:22] + "." + mixed[:43], mixed[:43]},
		},
		[]string{"https://api.sendgrid.com/v3/mail/send", "SG.UN", "eu-west-1.SG.example"},
	},
	"DigitalOcean": {
		[][2]string{
			{"dop_v1_" + hexes, hexes},
			{"doo_v1_" + hexes, hexes},
			{"dor_v1_" + hexes, hexes},
			{"doctl auth init -t dop_v1_" + hexes, hexes},
		},
		[]string{"doctl compute droplet list", "https://cloud.digitalocean.com/droplets", "dop_v1_example"},
	},
	"Azure": {
		[][2]string{
			{"https://a.blob.core.windows.net/c?sv=2022-11-02&ss=b&se=2026&sig=" + mixed[:40] + "%3D", mixed[:40]},
			{"SharedAccessSignature=sv=2022-11-02&ss=b&sig=" + mixed[:40] + "%3D", mixed[:40]},
			{"DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + mixed[:86] + "==;EndpointSuffix=core.windows.net", mixed[:86]},
			{
				"Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=" + mixed[:43] + "=",
				mixed[:43],
			},
			{"HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey=" + mixed[:43] + "=", mixed[:43]},
			{"Server=tcp:h.database.windows.net;User ID=sa;Password=" + x + ";Encrypt=True", x},
			{"InstrumentationKey=" + x + ";IngestionEndpoint=https://h/", x},
			{"az storage blob list --sas-token 'sv=2022&sig=" + x + "'", x},
		},
		[]string{
			"https://a.blob.core.windows.net/c/b?comp=list", "AccountName=a;EndpointSuffix=core.windows.net",
			"az account show", "SharedAccessKeyName=RootManageSharedAccessKey",
		},
	},
	"Google": {
		[][2]string{
			{`{"type":"service_account","private_key_id":"` + hexes[:40] + `","private_key":"-----BEGIN PRIVATE KEY-----\n` + mixed +
				`\n-----END PRIVATE KEY-----\n","client_email":"a@p.iam.gserviceaccount.com"}`, mixed},
			{"AIza" + mixed[:35], mixed[:35]},
			{"ya29." + mixed[:60], mixed[:60]},
			{"GOCSPX-" + mixed[:28], mixed[:28]},
		},
		[]string{
			"gcloud auth list", `{"type":"service_account","client_email":"a@p.iam.gserviceaccount.com"}`,
			"https://www.googleapis.com/oauth2/v1/certs",
		},
	},
	"Vault": {
		[][2]string{
			{"hvs." + mixed[:24], mixed[:24]},
			{"hvb." + mixed[:90], mixed[:90]},
			{
				"X-Vault-Token: s." + mixed[:24],
				mixed[:24],
			},
			{"VAULT_TOKEN=s." + mixed[:24], mixed[:24]},
			{"vault write auth/approle/login role_id=r secret_id=" + x, x},
			{"Unseal Key 1: " + mixed[:43] + "=", mixed[:43]},
			{
				"vault operator unseal " + mixed[:43] + "=",
				mixed[:43],
			},
		},
		[]string{
			"vault status", "vault kv get secret/db", "https://vault.example:8200/v1/sys/health", "hvs.example",
			"vault operator unseal -address=https://vault:8200", "Unseal Key Shares: 5",
		},
	},
	"package indexes": {
		[][2]string{
			{"pypi-AgEIcHlwaS5vcmcC" + mixed[:80], mixed[:80]},
			{
				"twine upload -u __token__ -p pypi-" + mixed[:60],
				mixed[:60],
			},
			{"twine upload -u ada -p " + x + " dist/*", x},
			{"dckr_pat_" + mixed[:27], mixed[:27]},
			{"dckr_oat_" + mixed[:32], mixed[:32]},
			{"npm_" + mixed[:36], mixed[:36]},
			{"https://__token__:" + x + "@upload.pypi.org/legacy/", x},
		},
		[]string{
			"pip install pypi-simple", "https://pypi.org/simple/", "docker pull docker.io/library/nginx:1",
			"twine upload -r testpypi dist/*", "npm_config_cache",
		},
	},
	"Telegram": {
		[][2]string{
			{"110201543:AAH" + mixed[:32], mixed[:32]},
			{"https://api.telegram.org/bot110201543:AAH" + mixed[:32] + "/sendMessage", mixed[:32]},
			{"curl -s https://api.telegram.org/bot5110201543:AAH" + mixed[:32] + "/getUpdates", mixed[:32]},
		},
		[]string{"https://api.telegram.org/", "https://t.me/backtrail_bot", "12345678:AA", "robot1102015"},
	},
	"Discord": {
		[][2]string{
			{"https://discord.com/api/webhooks/" + digits[:18] + "/" + mixed[:68], mixed[:68]},
			{"https://discordapp.com/api/webhooks/" + digits[:18] + "/" + mixed[:68], mixed[:68]},
			{"https://canary.discord.com/api/v10/webhooks/" + digits[:18] + "/" + mixed[:68], mixed[:68]},
			{"client.run('MTE" + mixed[:23] + "." + mixed[:6] + "." + mixed[:38] + "')", mixed[:38]},
		},
		[]string{"https://discord.com/channels/1/2", "https://discord.com/api/v10/gateway", "MTE.example.com"},
	},
	"GitHub and GitLab": {
		[][2]string{
			{"ghp_" + mixed[:36], mixed[:36]},
			{"github_pat_" + mixed[:22] + "_" + mixed[:59], mixed[:59]},
			{"glpat-" + mixed[:20], mixed[:20]},
			{
				"https://oauth2:glpat-" + mixed[:20] + "@gitlab.example/g/r.git",
				mixed[:20],
			},
			{
				"git -c http.extraHeader='Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("u:"+x)) + "' fetch",
				base64.StdEncoding.EncodeToString([]byte("u:" + x)),
			},
		},
		[]string{"ghcr.io/o/r", "glpat-", "gh pr list", "https://github.com/o/r/commit/" + hexes[:40]},
	},
}

// Every secret is removed wherever it stands: alone, in a sentence, in JSON, in the words of a command, in a build step
// and in a variable. Its look-alikes stay in each of these places.
func TestSecretsOfServices(t *testing.T) {
	for service, tt := range services {
		for _, c := range tt.secrets {
			text, secret := c[0], c[1]
			quoted, _ := json.Marshal(map[string]string{"message": text})
			line, _ := Line(string(quoted))
			words, _ := Words(strings.Fields(text))
			inner, _ := Words([]string{"sh", "-c", text})
			plain, kinds := Text(text)
			sentence, _ := Text("2026-03-01T08:00:00Z web: got " + text + " (user=root)")
			prose, _ := Prose("a build step runs: " + text)
			for place, clean := range map[string]string{
				"alone": plain, "in a line of a log": sentence, "in JSON": line, "in prose": prose,
				"over the words of a command": strings.Join(words, " "), "in a script": strings.Join(inner, " "),
			} {
				if strings.Contains(clean, secret) {
					t.Errorf("%s, %s: %q is left in %q", service, place, secret, clean)
				}
			}
			if len(kinds) == 0 {
				t.Errorf("%s: %q has no kind", service, text)
			}
		}
		for _, text := range tt.calm {
			if clean, found := Text(text); clean != text {
				t.Errorf("%s: the look-alike %q became %q: %v", service, text, clean, found)
			}
			if clean, _ := Words(strings.Fields(text)); !slices.Equal(clean, strings.Fields(text)) {
				t.Errorf("%s: the words of %q became %q", service, text, clean)
			}
		}
	}
}

// A value may stand in the word behind its name, and the sign between them in either or in one of its own.
func TestValuesSplitOverWords(t *testing.T) {
	for _, words := range [][]string{
		{"app", "--password", x},
		{"app", "--password=" + x},
		{"app", "--password=", x},
		{"app", "--password", "=", x},
		{"app", "password=", x},
		{"app", "password", "=", x},
		{"app", "DB_PASSWORD:", x},
		{"app", "-api-key", x},
		{"curl", "-H", "X-Vault-Token:", x},
		{"curl", "-H", "Authorization:", "Bearer", x},
		{"curl", "-HAuthorization: Bearer " + x, "https://h"},
		{"curl", "--header", "PRIVATE-TOKEN: " + x},
		{"curl", "--oauth2-bearer", x},
		{"wget", "--header=Authorization: Bearer " + x},
		{
			"env", "PGPASSWORD=" + x,
			"psql",
		},
		{"mysql", "--password", x},
		{"docker", "run", "-e", "API_TOKEN=" + x, "web"},
		{
			"sh", "-c", "export",
			"TOKEN=" + x,
		},
	} {
		clean, found := Words(words)
		if len(clean) != len(words) || slices.ContainsFunc(clean, func(w string) bool {
			return strings.Contains(w,
				x)
		}) {
			t.Errorf("%q became %q", words, clean)
		}
		if len(found) == 0 {
			t.Errorf("nothing was found in %q", words)
		}
	}
	for _, words := range [][]string{
		{"app", "--password", "--verbose"},
		{"app", "--password=", "--verbose"},
		{"app", "name", "=", "web"},
		{"test", "$token", "=", ""},
		{"grep", "-c", "password:", "/etc/app.conf"},
		{"app", "--token-ttl", "3600"},
		{"docker", "run", "-e", "API_TOKEN", "web"},
		{"curl", "-H", "Accept:", "text/html"},
	} {
		if clean, found := Words(words); !slices.Equal(clean, words) {
			t.Errorf("%q became %q: %v", words, clean, found)
		}
	}
}

// What is removed does not depend on how often it is looked for, nor on what stands around it.
func TestRemovingTwiceRemovesNoMore(t *testing.T) {
	for service, tt := range services {
		for _, c := range tt.secrets {
			once, _ := Text(c[0])
			if twice, more := Text(once); twice != once || len(more) > 0 {
				t.Errorf("%s: %q changes again, to %q", service, once, twice)
			}
			both, _ := Text(c[0] + "\n" + c[0])
			if both != once+"\n"+once && strings.Contains(both, c[1]) {
				t.Errorf("%s: twice in a text it became %q", service, both)
			}
		}
	}
}

// Values in which structures end early: brackets, quotes that are not closed, lists below a name.
func TestValuesThatEndInOddPlaces(t *testing.T) {
	for text, want := range map[string]string{
		"f(password=" + x + ")":            "f(password=REDACTED)",
		"[token=" + x + "]":                "[token=REDACTED]",
		"{secret:" + x + "}":               "{secret:REDACTED}",
		"password=a(b)c" + x + " next":     "password=REDACTED next",
		"password='" + x:                   "password='REDACTED",
		`password="` + x + `\"y" user=web`: `password="REDACTED" user=web`,
		"token: " + x + ".":                "token: REDACTED.",
		"a=1&password=" + x + "&b=2":       "a=1&password=REDACTED&b=2",
		"password: wrong":                  "password: wrong",
		"password: very wrong indeed":      "password: very wrong indeed",
		"password: " + x + " user: web":    "password: REDACTED user: web",
		"password==" + x:                   "password==" + x, // a comparison, as in a script
		"x":                                "x",
		"":                                 "",
	} {
		if got, _ := Text(text); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
	}
	if got, secrets := Prose("x=1"); got != "x=1" || secrets != nil {
		t.Errorf("a text that is too short became %q", got)
	}
}

// Lists below the name of a secret: texts are removed, and a list with anything else is looked at item by item.
func TestListsBelowASecretName(t *testing.T) {
	for text, want := range map[string]string{
		`{"passwords":["` + x + `"]}`:   `{"passwords":["REDACTED"]}`,
		`{"passwords":["` + x + `",1]}`: `{"passwords":["` + x + `",1]}`,
		// no kind of list that is known
		`{"passwords":["$(DB)"]}`:                        `{"passwords":["$(DB)"]}`,
		`{"apiKeys":{"a":"` + x + `","name":"b"}}`:       `{"apiKeys":{"a":"REDACTED","name":"b"}}`,
		`{"list":[["--token","` + x + `"],{"a":"b"}]}`:   `{"list":[["--token","REDACTED"],{"a":"b"}]}`,
		`{"list":["https://u:` + x + `@h/",{"n":true}]}`: `{"list":["https://u:REDACTED@h/",{"n":true}]}`,
	} {
		clean, _, err := Object([]byte(text))
		if err != nil || string(clean) != want {
			t.Errorf("%s became %s, %v", text, clean, err)
		}
	}
}
