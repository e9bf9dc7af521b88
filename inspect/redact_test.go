package inspect

import (
	"slices"
	"testing"
)

func TestAssignmentsOfSecretsAreRedacted(t *testing.T) {
	for text, want := range map[string]string{
		"|1 NPM_TOKEN=abc123 /bin/sh -c npm ci":       "|1 NPM_TOKEN=REDACTED /bin/sh -c npm ci",
		`ENV DB_PASSWORD="a b" PORT=80`:               "ENV DB_PASSWORD=REDACTED PORT=80",
		"RUN API_KEY='x y' ./build && echo done":      "RUN API_KEY=REDACTED ./build && echo done",
		"RUN TOKEN=$(cat /run/secrets/t) ./build":     "RUN TOKEN=$(cat /run/secrets/t) ./build",
		"RUN export SECRET=\"$S\"":                    "RUN export SECRET=\"$S\"",
		"ENV PATH=/usr/bin TOKEN=":                    "ENV PATH=/usr/bin TOKEN=",
		"RUN useradd web":                             "RUN useradd web",
		"ENV MY_SECRET=REDACTED":                      "ENV MY_SECRET=REDACTED",
		"RUN curl 'https://x/?token=abc&y=1' | tar x": "RUN curl 'https://x/?token=REDACTED&y=1' | tar x",
	} {
		got, names := RedactAssignments(text)
		if got != want || (len(names) > 0) != (got != text) {
			t.Errorf("%q\n got %q %q\nwant %q", text, got, names, want)
		}
		if again, _ := RedactAssignments(got); again != got {
			t.Errorf("again %q", again)
		}
	}
	env := []string{"TOKENIZERS_PARALLELISM=x", "DB_PASSWORD_FILE=/run/secrets/db", "TOKEN_SECONDS=3600", "SHOW_PASSWORDS=false", "PATH=/bin", "AWS_SECRET_ACCESS_KEY=abc", "GPG_KEY=7169", "TOKEN=", "X"}
	got, names := RedactEnv(env)
	if !slices.Equal(got, []string{"TOKENIZERS_PARALLELISM=x", "DB_PASSWORD_FILE=/run/secrets/db", "TOKEN_SECONDS=3600", "SHOW_PASSWORDS=false", "PATH=/bin", "AWS_SECRET_ACCESS_KEY=REDACTED", "GPG_KEY=7169", "TOKEN=", "X"}) || !slices.Equal(names, []string{"AWS_SECRET_ACCESS_KEY"}) || env[5] == got[5] {
		t.Errorf("%q %q", got, names)
	}
}
