package seal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect/evidence/seal"
	"github.com/backtrail/backtrail/inspect/evidence/seal/sealtest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// token is a token with these claims.
func token(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestWhatATokenStates(t *testing.T) {
	now := time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		token, subject, issuer, wrong string
	}{
		"a person":         {token(`{"sub":"1","email":"a@b.example","iss":"https://i"}`), "a@b.example", "https://i", ""},
		"a job":            {token(`{"sub":"repo:o/r:ref:x","iss":"https://ci","exp":1900000000}`), "repo:o/r:ref:x", "https://ci", ""},
		"expired":          {token(`{"sub":"1","exp":1700000000}`), "", "", "expired at 2023-11-14T22:13:20Z"},
		"an absurd expiry": {token(`{"sub":"1","exp":1e300}`), "1", "", ""},
		"no subject":       {token(`{"iss":"https://i"}`), "", "", "names no subject"},
		"draws":            {token(`{"sub":"a\u001b[31mb"}`), "a�[31mb", "", ""},
		"no token":         {"hello", "", "", "not a JSON web token"},
		"no base64":        {"a.%%.c", "", "", "not base64url"},
		"no JSON":          {token("x"), "", "", "not JSON"},
		"too long":         {token(strings.Repeat("x", 1<<17)), "", "", "not a JSON web token"},
	} {
		id, err := seal.IdentityOf(tt.token, now)
		if tt.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wrong) || strings.Contains(err.Error(), tt.token) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || strings.ContainsRune(id.Subject, '\x1b') || id.Issuer != tt.issuer ||
			name != "draws" && id.Subject != tt.subject {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
	}
}

// Where a service fails, the error names it and what it answered, and nothing is signed.
func TestServicesThatFail(t *testing.T) {
	for name, tt := range map[string]struct {
		path, body string
		status     int
		want       string
	}{
		"no certificate":     {"/api/v2/signingCert", "\x1b[31mwho are you", http.StatusForbidden, "(Fulcio) answered 403 Forbidden"},
		"down":               {"/api/v2/signingCert", "", http.StatusBadGateway, "(Fulcio) answered 502"},
		"no entry":           {"/api/v1/log/entries", `{"code":400,"message":"no"}`, http.StatusBadRequest, "(Rekor) answered 400"},
		"no certificates":    {"/api/v2/signingCert", `{}`, http.StatusOK, "no certificates"},
		"half an entry":      {"/api/v1/log/entries", `{"a":{"body":"e30=","integratedTime":1,"logIndex":1,"logID":"00"}}`, http.StatusCreated, "incomplete"},
		"an endless answer":  {"/api/v2/signingCert", strings.Repeat("x", 2<<20), http.StatusOK, "more than 1048576 bytes"},
		"an entry of others": {"/api/v1/log/entries", `{}`, http.StatusCreated, "incomplete"},
	} {
		s := sealtest.New(t)
		s.Break = func(path string) (int, string) {
			if path == tt.path {
				return tt.status, tt.body
			}
			return 0, ""
		}
		k := seal.Keyless{
			Fulcio: s.Fulcio, Rekor: s.Rekor,
			Token: func(context.Context) (string, error) { return s.Token("a@b.example"), nil },
		}
		b, err := k.Sign(t.Context(), []byte("{}"), "application/vnd.in-toto+json")
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\x1b") || b != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A token goes to the authority that it is for, and nowhere else: no redirect is followed.
func TestATokenIsNotSentOn(t *testing.T) {
	asked := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer thief.Close()
	s := sealtest.New(t)
	s.Redirect = thief.URL
	var seen []string
	k := seal.Keyless{
		Fulcio: s.Fulcio, Rekor: s.Rekor, Token: func(context.Context) (string, error) { return s.Token("a@b.example"), nil },
		Log: func(method, url string, status int, _ int64) {
			seen = append(seen, fmt.Sprint(method, " ", url, " ", status))
		},
	}
	_, err := k.Sign(t.Context(), []byte("{}"), "x")
	if err == nil || !strings.Contains(err.Error(), "307") || asked != 0 {
		t.Errorf("%v, the other host had %d requests", err, asked)
	}
	if len(seen) != 1 || !strings.HasSuffix(seen[0], "/api/v2/signingCert 307") {
		t.Errorf("recorded %q", seen)
	}
	k.Token = func(context.Context) (string, error) { return "", errors.New("none is set") }
	if _, err := k.Sign(t.Context(), nil, "x"); err == nil || !strings.Contains(err.Error(), "none is set") {
		t.Errorf("%v", err)
	}
	if _, _, err := (seal.Authority{URL: s.Authority}).Timestamp(t.Context(), [32]byte{}); err == nil ||
		!strings.Contains(err.Error(), "307") || asked != 0 {
		t.Errorf("%v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := (seal.Authority{URL: s.Authority}).Timestamp(ctx, [32]byte{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestTheTokenOfAJob(t *testing.T) {
	var got *http.Request
	answer := `{"value":"a.b.c"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		fmt.Fprint(w, answer)
	}))
	defer server.Close()
	value, err := seal.GitHubToken(t.Context(), server.URL+"/token?api-version=2", "secret", nil)
	if err != nil || value != "a.b.c" || got.URL.Query().Get("audience") != "sigstore" ||
		got.Header.Get("Authorization") != "Bearer secret" || got.URL.Query().Get("api-version") != "2" {
		t.Errorf("%q, %v, %v", value, err, got.URL)
	}
	answer = "{}"
	if _, err := seal.GitHubToken(t.Context(), server.URL, "secret", nil); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	if _, err := seal.GitHubToken(t.Context(), "http://elsewhere.example", "secret", nil); err == nil {
		t.Error("a token is asked for without TLS")
	}
}

func TestAddresses(t *testing.T) {
	for address, tt := range map[string]struct{ secret, open bool }{
		"https://a.example": {true, true}, "http://127.0.0.1:3": {true, true}, "http://localhost": {true, true},
		"http://[::1]:4/x": {true, true}, "http://a.example": {false, true}, "ftp://a.example": {}, "https://": {},
		"https://me:pw@a.example": {}, "a.example": {}, "\x00": {}, "http://127.0.0.1.a.example": {false, true},
	} {
		if err := seal.CheckURL(address, true); (err == nil) != tt.secret {
			t.Errorf("%q with a secret: %v", address, err)
		}
		if err := seal.CheckURL(address, false); (err == nil) != tt.open {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// stamped is a timestamp over a message, with the certificates that lead to it.
func stamped(t *testing.T, message string) ([]byte, seal.Stamp, []*x509.Certificate, *sealtest.Instance) {
	t.Helper()
	s := sealtest.New(t)
	response, stamp, err := seal.Authority{URL: s.Authority}.Timestamp(t.Context(), sha256.Sum256([]byte(message)))
	must(t, err)
	chain, err := seal.Certificates(s.Chain())
	must(t, err)
	return response, stamp, chain, s
}

func TestATimestampHoldsForItsMessageOnly(t *testing.T) {
	response, stamp, chain, s := stamped(t, "abc")
	if want := "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; stamp.Digest != want ||
		stamp.Time.IsZero() {
		t.Errorf("%+v", stamp)
	}
	if read, err := seal.Read(response); err != nil || read != stamp {
		t.Errorf("%+v, %v", read, err)
	}
	for name, tt := range map[string]struct {
		message string
		chain   []*x509.Certificate
		holds   bool
	}{
		"by its chain": {"abc", chain, true}, "another message": {"abd", chain, false}, "no chain": {"abc", nil, false},
		"by the intermediate": {"abc", chain[:1], true}, "by the root": {"abc", chain[1:], true}, // the response has the rest
	} {
		if _, err := seal.Verify(response, []byte(tt.message), tt.chain); (err == nil) != tt.holds {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Each byte is under the signature, or makes it no response: none can be changed to another time or digest.
	for at := 0; at < len(response); at += 7 {
		changed := bytes.Clone(response)
		changed[at] ^= 1
		if got, err := seal.Verify(changed, []byte("abc"), chain); err == nil && got.Time != stamp.Time {
			t.Errorf("byte %d is another, and the time %s holds", at, got.Time)
		}
	}
	s.Break = func(string) (int, string) { return http.StatusOK, string(response) }
	if _, _, err := (seal.Authority{URL: s.Authority}).Timestamp(t.Context(), sha256.Sum256([]byte("abc"))); err == nil ||
		!strings.Contains(err.Error(), "answers another request") {
		t.Errorf("an old response is taken: %v", err)
	}
}

// openssl verifies it too: that is the line of README.txt.
func TestOpenSSLVerifiesATimestamp(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not here")
	}
	response, _, _, s := stamped(t, "abc")
	dir := t.TempDir()
	for name, data := range map[string][]byte{"data": []byte("abc"), "data.tsr": response, "ca.pem": s.Chain()} {
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	cmd := exec.Command(openssl, "ts", "-verify", "-data", "data", "-in", "data.tsr", "-CAfile", "ca.pem")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Verification: OK") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCertificatesInPEM(t *testing.T) {
	s := sealtest.New(t)
	for name, tt := range map[string]struct {
		data string
		n    int
	}{
		"a chain": {string(s.Chain()), 2}, "nothing": {"", 0}, "no PEM": {"hello", 0},
		"a key":  {"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", 0},
		"broken": {"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", 0},
		"many":   {strings.Repeat(string(s.Chain()), 30), 0},
	} {
		list, err := seal.Certificates([]byte(tt.data))
		if len(list) != tt.n || (err == nil) != (tt.n > 0) {
			t.Errorf("%s: %d, %v", name, len(list), err)
		}
	}
}

// FuzzRead gives any bytes to the parsers of timestamps.
func FuzzRead(f *testing.F) {
	s := sealtest.New(f)
	response, _, err := seal.Authority{URL: s.Authority}.Timestamp(context.Background(), [32]byte{1})
	if err != nil {
		f.Fatal(err)
	}
	chain, err := seal.Certificates(s.Chain())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(response)
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x02})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := seal.Read(b); err == nil {
			_, _ = seal.Verify(b, []byte("abc"), chain)
		}
		if _, err := seal.IdentityOf(string(b), time.Time{}); err != nil && len(b) > 40 && strings.Contains(err.Error(), string(b)) {
			t.Error("an error quotes a token")
		}
	})
}
