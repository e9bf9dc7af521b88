package cluster

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestRedactLog(t *testing.T) {
	tests := []struct{ line, want, kind string }{
		{"2026-03-01T08:00:00Z listening on :8080", "2026-03-01T08:00:00Z listening on :8080", ""},
		{"db password=hunter2 user=web", "db password=REDACTED user=web", "value of a secret name (1)"},
		{`{"api_key":"abc123","n":1}`, `{"api_key":"REDACTED","n":1}`, "value of a secret name (1)"},
		{"Authorization: Bearer abc.def", "Authorization: Bearer REDACTED", "authorization (1)"},
		{"postgres://web:hunter2@db:5432/shop", "postgres://web:REDACTED@db:5432/shop", "password in a URL (1)"},
		{"key AKIAIOSFODNN7EXAMPLE used", "key REDACTED used", "access key (1)"},
		{"-----BEGIN RSA PRIVATE KEY-----\n2026Z abc\n-----END RSA PRIVATE KEY-----", "REDACTED", "private key (1)"},
		{"got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc", "got REDACTED", "JSON web token (1)"},
		{"stratum+tcp://pool.example:3333", "stratum+tcp://pool.example:3333", ""},
	}
	for _, tt := range tests {
		got, kinds := redactLog([]byte(tt.line))
		if string(got) != tt.want || tt.kind != "" && !slices.Contains(kinds, tt.kind) || tt.kind == "" && len(kinds) > 0 {
			t.Errorf("%q\nbecame %q, %q\nwant %q", tt.line, got, kinds, tt.want)
		}
	}
}

func TestBareID(t *testing.T) {
	for id, want := range map[string]string{
		"containerd://db90540bf124": "db90540bf124", "db90": "db90", "x://../../etc": "etc", "docker://" + strings.Repeat("a", 99): strings.Repeat("a", 64),
	} {
		if got := bareID(id); got != want {
			t.Errorf("%s became %s, want %s", id, got, want)
		}
	}
}

func FuzzRedactLog(f *testing.F) {
	f.Add([]byte("password=x token: y https://a:b@c"))
	f.Fuzz(func(t *testing.T, text []byte) {
		redactLog(text)
	})
}

func TestRedactTheLineOfAnAlert(t *testing.T) {
	line := `{"rule":"Shell","output":"curl -H Authorization: Bearer abcdefghijklmnop1234 http://u:hunter2@host password=hunter2 (container_id=0123456789ab)"}`
	got, kinds := Redact(line)
	if strings.Contains(got, "hunter2") || strings.Contains(got, "abcdefghijklmnop1234") || !strings.Contains(got, "0123456789ab") || len(kinds) == 0 {
		t.Errorf("%s, %v", got, kinds)
	}
	if !json.Valid([]byte(got)) {
		t.Errorf("no JSON any more: %s", got)
	}
}
