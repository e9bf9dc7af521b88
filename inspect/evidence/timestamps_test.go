package evidence

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/evidence/seal"
	"github.com/backtrail/backtrail/inspect/evidence/seal/sealtest"
)

// stamping are options of an export with a timestamp of an instance.
func stamping(s *sealtest.Instance) Options {
	o := options
	o.Timestamp = func(ctx context.Context, digest [32]byte) ([]byte, error) {
		response, _, err := seal.Authority{URL: s.Authority}.Timestamp(ctx, digest)
		return response, err
	}
	return o
}

// lineOf is an entry of the record as it is written.
func (in *incident) lineOf(t *testing.T, entry int) []byte {
	t.Helper()
	prev := ""
	for n, e := range in.events {
		e.Seq, e.Prev = uint64(n+1), prev
		line, err := json.Marshal(e)
		must(t, err)
		if n+1 == entry {
			return line
		}
		prev = bagit.Digest(line)
	}
	t.Fatal("no such entry")
	return nil
}

// stampRecord adds a timestamp over an entry of the record, as it is made at the start of a case.
func (in *incident) stampRecord(t *testing.T, s *sealtest.Instance, entry int) {
	t.Helper()
	line := in.lineOf(t, entry)
	response, stated, err := seal.Authority{URL: s.Authority}.Timestamp(t.Context(), sha256.Sum256(line))
	must(t, err)
	in.say(inspect.Event{Fact: inspect.Timestamp{
		Entry: uint64(entry), Head: bagit.Digest(line), Authority: s.Authority, At: inspect.At(stated.Time),
		Response: response,
	}})
}

// authorities are the certificates of an instance, as a person names them.
func authorities(t *testing.T, s *sealtest.Instance) VerifyOptions {
	t.Helper()
	chain, err := seal.Certificates(s.Chain())
	must(t, err)
	o := trusting()
	o.Authorities, o.TimestampRequired = chain, true
	return o
}

func TestTimestampsAreVerifiedOffline(t *testing.T) {
	s, other := sealtest.New(t), sealtest.New(t)
	in := newIncident(t)
	sign, public := signerOf(t, ecdsaKey(t, elliptic.P256()))
	signed := stamping(s)
	signed.Sign = sign
	both, plain := in.export(t, "signed", signed).Path, in.export(t, "plain", stamping(s)).Path
	bare := in.export(t, "bare", options).Path
	for _, tt := range []struct {
		name   string
		from   string
		change func(dir string) error
		o      VerifyOptions
		want   inspect.Status
		word   string
	}{
		{"over the signature", both, nil, authorities(t, s), inspect.Verified, "the signature of the bag existed at"},
		{"over the tag manifest", plain, nil, authorities(t, s), inspect.Verified, "the bag existed at"},
		{"nobody is trusted", plain, nil, trusting(), inspect.Unknown, "--timestamp-certificate-chain FILE"},
		{"another authority is trusted", plain, nil, authorities(t, other), inspect.Failed, "none of the authorities"},
		{"one is required", bare, nil, authorities(t, s), inspect.Failed, "one is required"},
		{"it was taken away", plain, remove(bagit.TimestampFile), trusting(), inspect.Failed, "there is none"},
		{"the signature was taken away", both, remove(bagit.SignatureFile), authorities(t, s), inspect.Failed, "it is not over the bag"},
		{"that of another bag", plain, copyFrom(both, bagit.TimestampFile), authorities(t, s), inspect.Failed, "it is not over the bag"},
		{"no timestamp", plain, replaceBy(bagit.TimestampFile, "hello"), authorities(t, s), inspect.Failed, "cannot be read"},
	} {
		dir := filepath.Join(t.TempDir(), "copy")
		must(t, os.CopyFS(dir, os.DirFS(tt.from)))
		if tt.change != nil {
			must(t, tt.change(dir))
		}
		// That a bag existed at a time does not make it anyone's.
		if v := verify(t, tt.from, tt.o); tt.from == plain && v.Authentic != inspect.Absent {
			t.Errorf("%s: an unsigned bag is authentic: %s", tt.name, v.Authentic)
		}
		if tt.from == both {
			tt.o.Signers = []SignerKey{public}
		}
		v := verify(t, dir, tt.o)
		detail := details(v, "timestamp")
		if v.Fits != inspect.Verified || v.Timestamp != tt.want || !strings.Contains(detail, tt.word) {
			t.Errorf("%s: fits %s, timestamp %s: %s", tt.name, v.Fits, v.Timestamp, detail)
		}
	}
}

func remove(name string) func(string) error {
	return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
}

func replaceBy(name, content string) func(string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600) }
}

func copyFrom(other, name string) func(string) error {
	return func(dir string) error {
		b, err := os.ReadFile(filepath.Join(other, name))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), b, 0o600)
	}
}

// details are those of the checks of a name.
func details(v Verification, name string) string {
	var b strings.Builder
	for _, c := range v.Checks {
		if c.Name == name {
			b.WriteString(string(c.Status) + " " + c.Subject + ": " + c.Detail + "\n")
		}
	}
	return b.String()
}

// The record is stamped while the case is open: that it did not begin later is verified by the authority, and a
// timestamp that was taken from elsewhere, or is told otherwise, is found.
func TestTimestampsOverTheRecord(t *testing.T) {
	s := sealtest.New(t)
	in := newIncident(t)
	in.stampRecord(t, s, 2)
	in.say(inspect.Event{Fact: inspect.Timestamp{Entry: 3, Authority: "https://tsa.example", Error: "no answer"}})
	at := len(in.events) - 2
	honest := in.events[at].Fact.(inspect.Timestamp)
	for _, tt := range []struct {
		name   string
		change func(x *inspect.Timestamp)
		want   string
	}{
		{"as it was", nil, ""},
		{"an earlier time", func(x *inspect.Timestamp) { x.At = began }, "at is"},
		{"another entry", func(x *inspect.Timestamp) { x.Entry = 4 }, "entry 4 has another digest"},
		{"no such entry", func(x *inspect.Timestamp) { x.Entry = 4000 }, "entry 4000 has another digest"},
		{"another head", func(x *inspect.Timestamp) { x.Head = bagit.Digest(nil) }, "head is"},
		{"no response", func(x *inspect.Timestamp) { x.Response = []byte("hello") }, "cannot be read"},
	} {
		x := honest
		if tt.change != nil {
			tt.change(&x)
		}
		in.events[at].Fact = x
		v := verify(t, in.export(t, "bundle", options).Path, authoritiesOptional(t, s))
		got := details(v, "timestamp")
		if tt.want == "" && (v.Reproduced != inspect.Verified || !strings.Contains(got, "verified data/timestamps/2.tsr: the record up to entry 2 existed")) ||
			tt.want != "" && (v.Reproduced != inspect.Failed || !strings.Contains(got, tt.want)) {
			t.Errorf("%s: reproduced %s: %s\n%v", tt.name, v.Reproduced, got, failures(v))
		}
	}
}

// authoritiesOptional trusts an instance, and requires no timestamp of the bag.
func authoritiesOptional(t *testing.T, s *sealtest.Instance) VerifyOptions {
	t.Helper()
	o := authorities(t, s)
	o.TimestampRequired = false
	return o
}

// The lines of README.txt about timestamps run with openssl.
func TestTheTimestampLinesOfTheReadmeRun(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not here")
	}
	s := sealtest.New(t)
	in := newIncident(t)
	in.stampRecord(t, s, 2)
	sign, _ := signerOf(t, ecdsaKey(t, elliptic.P256()))
	o := stamping(s)
	o.Sign = sign
	dir := in.export(t, "bundle", o).Path
	must(t, os.WriteFile(filepath.Join(dir, "TSA.pem"), s.Chain(), 0o600))
	readme := bytes.ReplaceAll(read(t, filepath.Join(dir, readmeFile)), []byte("\\\n"), nil)
	run := 0
	for line := range strings.Lines(string(readme)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "openssl ts") {
			continue
		}
		run++
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Verification: OK") {
			t.Errorf("%s: %v: %s", line, err, out)
		}
	}
	if run != 2 {
		t.Errorf("%d lines ran:\n%s", run, readme)
	}
}

// An interruption that comes when the bundle is whole takes nothing away: what is reported is what is there.
func TestAnInterruptionThatComesTooLate(t *testing.T) {
	in := newIncident(t)
	ctx, stop := context.WithCancel(t.Context())
	o := options
	o.Progress = func(p inspect.Progress) {
		if p.Text == bagit.TagManifest512 { // the last file of an unsigned bag
			stop()
		}
	}
	to := filepath.Join(t.TempDir(), "bundle")
	r, err := Export(ctx, in.opener(t), in.store, to, o)
	if err != nil || r.TagManifest == "" {
		t.Fatalf("%v", err)
	}
	if v := verify(t, to, trusting()); v.Fits != inspect.Verified || v.TagManifest != r.TagManifest {
		t.Errorf("%+v", v)
	}
}

// A bundle whose timestamp cannot be had is not written: whoever asked for one counts on it.
func TestNoBundleWithoutItsTimestamp(t *testing.T) {
	in := newIncident(t)
	o := options
	o.Timestamp = func(context.Context, [32]byte) ([]byte, error) { return nil, errors.New("no answer") }
	to := filepath.Join(t.TempDir(), "bundle")
	if _, err := Export(t.Context(), in.opener(t), in.store, to, o); err == nil || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		t.Error("something is left")
	}
}

// A keyless signature is verified by the instance's root; README.txt explains it by identity.
func TestAKeylessSignature(t *testing.T) {
	s := sealtest.New(t)
	in := newIncident(t)
	o := options
	o.Keyless, o.Sign = true, StatementSigner(seal.Keyless{
		Fulcio: s.Fulcio, Rekor: s.Rekor,
		Token: func(context.Context) (string, error) { return s.Token("alice@example.com"), nil },
	}.Sign)
	dir := in.export(t, "bundle", o).Path
	if !bytes.Contains(read(t, filepath.Join(dir, readmeFile)), []byte("--certificate-identity IDENTITY")) {
		t.Error("README.txt does not explain the signature")
	}
	v := verify(t, dir, trusting())
	if v.Authentic != inspect.Unknown || !strings.Contains(details(v, "signer"), "an identity that it names itself") {
		t.Errorf("%s: %s", v.Authentic, details(v, "signer"))
	}
}
