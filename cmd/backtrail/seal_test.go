package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/evidence/seal/sealtest"
)

// sealed is an instance with the files that a person would have of it, and a home without anything else.
type sealed struct {
	*sealtest.Instance
	dir, image string
}

func newSealed(t *testing.T) sealed {
	t.Helper()
	s := sealed{sealtest.New(t), t.TempDir(), calmImage(t)}
	for name, data := range map[string][]byte{
		"root.json": s.Root(), "tsa.pem": s.Chain(), "token": []byte(s.Token("alice@example.com") + "\n"),
	} {
		if err := os.WriteFile(s.file(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(name, filepath.Join(s.dir, "home"))
	}
	for _, name := range []string{tokenVariable, "ACTIONS_ID_TOKEN_REQUEST_URL"} {
		t.Setenv(name, "")
	}
	return s
}

func (s sealed) file(name string) string { return filepath.Join(s.dir, name) }

// run runs a command line and gives its exit code with both outputs.
func (s sealed) run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{in: strings.NewReader(""), out: &o, err: &e})
	return code, o.String(), e.String()
}

// A bundle is signed by an identity and stamped by an authority, and both are verified offline by whoever knows whose
// they should be.
func TestABundleThatIsSignedKeyless(t *testing.T) {
	s := newSealed(t)
	bag := s.file("bag")
	code, _, errs := s.run(t, "inspect", s.image, "--no-journal", "-o", "brief", "--export", bag, "--sign-keyless",
		"--identity-token", s.file("token"), "--fulcio-url", s.Fulcio, "--rekor-url", s.Rekor, "--yes-publish",
		"--timestamp-url", s.Authority)
	if code != exitPassed || !strings.Contains(errs, "alice@example.com ("+sealtest.Issuer+")") ||
		!strings.Contains(errs, "for ever") {
		t.Fatalf("exit %d: %s", code, errs)
	}
	want := "POST /tsa POST /api/v2/signingCert POST /api/v1/log/entries POST /tsa"
	if got := strings.Join(s.Requests, " "); got != want {
		t.Errorf("requests %s", got)
	}
	named := []string{
		"--signer-identity", "alice@example.com", "--signer-issuer", sealtest.Issuer,
		"--trusted-root", s.file("root.json"), "--timestamp-certificate-chain", s.file("tsa.pem"),
	}
	code, out, errs := s.run(t, append([]string{"verify", bag, "--offline"}, named...)...)
	for _, part := range []string{
		"authentic    ✓ verified", "timestamp    ✓ verified", "signed by this identity", "the signature of the bag existed at",
		"the record up to entry 2 existed at",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q (exit %d): %s\n%s", part, code, out, errs)
		}
	}
	named[1] = "mallory@example.com"
	if code, _, errs = s.run(t, append([]string{"verify", bag}, named...)...); code != exitFailed ||
		!strings.Contains(errs, "the signature is not by mallory@example.com") {
		t.Errorf("exit %d: %s", code, errs)
	}
	// The public root of Sigstore does not lead to this instance, and a signature alone names whom it likes.
	if code, _, errs = s.run(t, "verify", bag, "--signer-identity", "alice@example.com", "--signer-issuer",
		sealtest.Issuer); code != exitFailed || !strings.Contains(errs, "signer tagmanifest-sha256.txt.sigstore.json") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, _ = s.run(t, "verify", bag); code != exitIncomplete {
		t.Errorf("exit %d where nobody is named", code)
	}
}

// Nothing is published that nobody agreed to, and no flag is taken that would do nothing.
func TestWhatKeylessSigningRefuses(t *testing.T) {
	s := newSealed(t)
	token, keyless := s.file("token"), []string{"--sign-keyless", "--fulcio-url", s.Fulcio, "--rekor-url", s.Rekor}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{append([]string{"--identity-token", token}, keyless...), "--yes-publish agrees to the above"},
		{append([]string{"--yes-publish"}, keyless...), "needs an identity token"},
		{append([]string{"--yes-publish", "--offline", "--identity-token", token}, keyless...), "--offline (and the demo) forbids"},
		{append([]string{"--sign-key", token}, keyless...), "one signature"},
		{append([]string{"--yes-publish", "--identity-token", s.file("root.json")}, keyless...), "not a JSON web token"},
		{[]string{"--sign-keyless", "--fulcio-url", "http://a.example", "--identity-token", token}, "not encrypted"},
		{[]string{"--yes-publish"}, "about --sign-keyless"},
		{[]string{"--timestamp-url", "ftp://a.example"}, "reading --timestamp-url"},
		{[]string{"--timestamp-url", s.Authority, "--offline"}, "--offline (and the demo) forbids"},
	} {
		code, _, errs := s.run(t, append([]string{"inspect", s.image, "--no-journal", "--export", s.file("bag")},
			tt.args...)...)
		if code != exitUsage || !strings.Contains(errs, tt.want) {
			t.Errorf("%q: exit %d: %s", tt.args, code, errs)
		}
	}
	if len(s.Requests) != 0 {
		t.Errorf("requests %q", s.Requests)
	}
	if _, err := os.Stat(s.file("bag")); err == nil {
		t.Error("a bundle was written")
	}
}

// Where the authority is silent the case goes on and states that it has no timestamp; a bundle that was to have one is
// not written without.
func TestAnAuthorityThatIsSilent(t *testing.T) {
	s := newSealed(t)
	s.Break = func(path string) (int, string) { return 503, "later" }
	code, out, errs := s.run(t, "inspect", s.image, "--no-journal", "--timestamp-url", s.Authority)
	if code != exitPassed || !strings.Contains(out, "the start of the case has no timestamp") {
		t.Errorf("exit %d: %s\n%s", code, out, errs)
	}
	code, _, errs = s.run(t, "inspect", s.image, "--no-journal", "--timestamp-url", s.Authority, "--export",
		s.file("bag"))
	if code != exitCouldNotRun || !strings.Contains(errs, "the timestamp authority answered 503") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs = s.run(t, "verify", s.file("bag"), "--timestamp-certificate-chain", s.file("token")); code == exitPassed ||
		!strings.Contains(errs, "--timestamp-certificate-chain") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// The lines of README.txt about the signatures of the images run with cosign and jq, without a network.
func TestTheSignatureLinesOfTheReadmeRun(t *testing.T) {
	s := newSealed(t)
	if code, _, errs := s.run(t, "demo", "--plain", "--export", s.file("bag")); code != exitFailed {
		t.Fatalf("exit %d: %s", code, errs)
	}
	readme, err := os.ReadFile(filepath.Join(s.file("bag"), "README.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for line := range strings.Lines(string(readme)) {
		command := strings.TrimSpace(line)
		if begins := strings.HasPrefix(command, "jq "); begins || script.Len() > 0 && strings.HasPrefix(line, "    ") {
			script.WriteString(line)
		} else if script.Len() > 0 && command != "" {
			break
		}
	}
	// Its own folder in place of /tmp: several runs of this test may be under way.
	commands := strings.ReplaceAll(script.String(), "/tmp/signature.json", s.file("signature.json"))
	if got := strings.Count(commands, "cosign verify-blob --offline"); got != 2 {
		t.Errorf("%d signatures are explained:\n%s", got, readme)
	}
	for _, tool := range []string{"cosign", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here", tool)
		}
	}
	for name, script := range map[string]string{
		"as they are":          "set -e\n" + commands,
		"of another identity":  "set -e\n" + strings.ReplaceAll(commands, "certificate-identity ", "certificate-identity x"),
		"by another authority": "set -e\n" + strings.ReplaceAll(commands, "SIGSTORE_ROOT_FILE=data/trust/fulcio.pem", "SIGSTORE_ROOT_FILE="+s.file("tsa.pem")),
	} {
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir = s.file("bag")
		if out, err := cmd.CombinedOutput(); (err == nil) != (name == "as they are") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
