package ledger

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// facts are facts of many kinds, each with the secret hunter2hunter2 somewhere.
var facts = map[string]inspect.Fact{
	"an image's environment": inspect.ImageHead{
		Reference: "x",
		Settings:  inspect.ImageConfig{Env: []string{"PATH=/bin", "DB_PASSWORD=hunter2hunter2"}},
	},
	"its command": inspect.ImageHead{Reference: "x", Settings: inspect.ImageConfig{Cmd: []string{
		"/app",
		"--token", "hunter2hunter2",
	}}},
	"its labels": inspect.ImageHead{
		Reference: "x",
		Settings:  inspect.ImageConfig{Labels: map[string]string{"deploy-token": "hunter2hunter2"}},
	},
	"its health check": inspect.ImageHead{
		Reference: "x",
		Settings:  inspect.ImageConfig{Health: []string{"CMD-SHELL", "curl -u a:hunter2hunter2 h"}},
	},
	"a build step":   inspect.Layer{CreatedBy: "|1 NPM_TOKEN=hunter2hunter2 /bin/sh -c npm ci"},
	"an alert":       inspect.Alert{ID: "a", Output: "mysql -phunter2hunter2 -e x"},
	"a command line": inspect.Session{Command: []string{"backtrail", "pods", "--token", "hunter2hunter2"}},
	"a request":      inspect.Request{URL: "https://h/?token=hunter2hunter2"},
	"a finding": inspect.Finding{
		ID: "f", Title: "runs curl -H 'X-Auth: hunter2hunter2'",
		Evidence: []inspect.Evidence{{Text: "https://u:hunter2hunter2@h/"}},
	},
	"a moment":     inspect.Moment{What: "password=hunter2hunter2"},
	"a difference": inspect.Diff{Settings: []string{"environment now has TOKEN=hunter2hunter2"}},
	"a revision": inspect.Pod{
		Name:      "p",
		Revisions: []inspect.Revision{{Cause: "kubectl set env API_TOKEN=hunter2hunter2"}},
	},
	"a note": inspect.Note{Text: "the password=hunter2hunter2 was in the log"},
}

func TestNoFactKeepsASecret(t *testing.T) {
	for name, f := range facts {
		l, err := Create(t.TempDir(), inspect.Header{Schema: inspect.Schema, Target: inspect.Target{Name: "x"}},
			inspect.Session{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var heard []inspect.Event
		l.Listen(func(e inspect.Event) { heard = append(heard, e) })
		if _, err := l.Append("c", "web", f); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(l.Dir(), eventsFile))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "hunter2") {
			t.Errorf("%s: recorded: %s", name, text)
		}
		data, err := verdict.Encode(l.Case())
		if err != nil || strings.Contains(string(data), "hunter2") {
			t.Errorf("%s: folded: %v", name, err)
		}
		if len(heard) < 2 {
			t.Errorf("%s: no redaction was recorded: %v", name, heard)
		}
		for _, r := range l.Case().Redactions {
			if !strings.HasPrefix(r.Original, "hmac-sha256:") || r.Kind == "" || r.Container != "web" {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatTheCheckHasStaysAsItIs(t *testing.T) {
	env := []string{"DB_PASSWORD=hunter2hunter2"}
	l := New(nil)
	if _, err := l.Append("", "web", inspect.ImageHead{
		Reference: "x",
		Settings:  inspect.ImageConfig{Env: env},
	}); err != nil {
		t.Fatal(err)
	}
	evidence := []inspect.Evidence{{Text: "password=hunter2hunter2"}}
	if _, err := l.Append("", "web", inspect.Finding{ID: "f", Evidence: evidence}); err != nil {
		t.Fatal(err)
	}
	if env[0] != "DB_PASSWORD=hunter2hunter2" || evidence[0].Text != "password=hunter2hunter2" {
		t.Errorf("a check's own value changed: %q %q", env, evidence)
	}
}

func TestASecretThatIsQuotedOftenIsRecordedOnce(t *testing.T) {
	dir := t.TempDir()
	l, err := Create(dir, inspect.Header{Schema: inspect.Schema, Target: inspect.Target{Name: "x"}},
		inspect.Session{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	step := inspect.Layer{CreatedBy: "RUN A_TOKEN=hunter2hunter2 make"}
	for range 3 {
		if _, err := l.Append("layers", "web", step); err != nil {
			t.Fatal(err)
		}
	}
	first := slices.Clone(l.Case().Redactions)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Resume(t.Context(), dir, l.ID(), inspect.Session{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Append("layers", "web", step); err != nil {
		t.Fatal(err)
	}
	if got := again.Case().Redactions; len(first) != 1 || !slices.Equal(got, first) {
		t.Errorf("%v, after reopening %v", first, got)
	}
}

func TestTheSaltStaysBesideTheCaseAndDiffers(t *testing.T) {
	digests := map[string]bool{}
	for range 2 {
		l, err := Create(t.TempDir(), inspect.Header{Schema: inspect.Schema, Target: inspect.Target{Name: "x"}},
			inspect.Session{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(l.Dir(), saltFile))
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() != saltSize {
			t.Errorf("%v %v", info, err)
		}
		if _, err := l.Append("", "", inspect.Exhibit{
			Path: "logs/x.log", Digest: "sha256:1",
			Original: "sha256:2",
		}); err != nil {
			t.Fatal(err)
		}
		original := l.Case().Exhibits[0].Original
		if !strings.HasPrefix(original, "hmac-sha256:") {
			t.Errorf("the digest of the original is not salted: %s", original)
		}
		digests[original] = true
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(digests) != 2 {
		t.Error("two cases have one salt")
	}
}

func TestADamagedSaltIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, saltFile), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readSalt(dir); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v", err)
	}
}
