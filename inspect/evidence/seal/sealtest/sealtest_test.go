package sealtest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/backtrail/backtrail/inspect/evidence/seal"
	"github.com/backtrail/backtrail/inspect/evidence/seal/sealtest"
)

const (
	alice     = "alice@example.com"
	statement = "application/vnd.in-toto+json"
	payload   = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"` +
		`ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}],"predicateType":"x","predicate":{}}`
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keyless is a signer at an instance.
func keyless(s *sealtest.Instance, token string) seal.Keyless {
	return seal.Keyless{
		Fulcio: s.Fulcio, Rekor: s.Rekor,
		Token: func(context.Context) (string, error) { return token, nil },
	}
}

// check verifies as any other client of Sigstore does: by the trust root and an identity alone.
func check(t *testing.T, trusted, signature []byte, identity string) error {
	t.Helper()
	r, err := root.NewTrustedRootFromJSON(trusted)
	must(t, err)
	v, err := verify.NewVerifier(r, verify.WithTransparencyLog(1), verify.WithIntegratedTimestamps(1))
	must(t, err)
	var b bundle.Bundle
	must(t, b.UnmarshalJSON(signature))
	who, err := verify.NewShortCertificateIdentity(sealtest.Issuer, "", identity, "")
	must(t, err)
	_, err = v.Verify(&b, verify.NewPolicy(verify.WithArtifact(bytes.NewReader([]byte("abc"))),
		verify.WithCertificateIdentity(who)))
	return err
}

// What is signed at the instance verifies by its root, and by no other.
func TestAnInstanceSignsForItsOwnRoot(t *testing.T) {
	s, other := sealtest.New(t), sealtest.New(t)
	signature, err := keyless(s, s.Token(alice)).Sign(t.Context(), []byte(payload), statement)
	must(t, err)
	must(t, check(t, s.Root(), signature, alice))
	if err := check(t, s.Root(), signature, "bob@example.com"); err == nil {
		t.Error("it is taken for the signature of another identity")
	}
	if err := check(t, other.Root(), signature, alice); err == nil {
		t.Error("another instance vouches for it")
	}
	changed := bytes.Replace(signature, []byte(`"integratedTime":"`), []byte(`"integratedTime":"1`), 1)
	if err := check(t, s.Root(), changed, alice); err == nil {
		t.Error("the time of the log is another, and it holds")
	}
	if want := []string{"POST /api/v2/signingCert", "POST /api/v1/log/entries"}; !slices.Equal(s.Requests, want) {
		t.Errorf("requests %q", s.Requests)
	}
	if s.Token(alice) == s.Token("bob@example.com") {
		t.Error("two people have one token")
	}
}

// The authority stamps by its own chain.
func TestAnInstanceStampsForItsOwnChain(t *testing.T) {
	s, other := sealtest.New(t), sealtest.New(t)
	response, stated, err := seal.Authority{URL: s.Authority}.Timestamp(t.Context(), sha256.Sum256([]byte("abc")))
	must(t, err)
	mine, err := seal.Certificates(s.Chain())
	must(t, err)
	got, err := seal.Verify(response, []byte("abc"), mine)
	must(t, err)
	if !got.Time.Equal(stated.Time) || got.Digest != stated.Digest || len(mine) != 2 {
		t.Errorf("%+v, stated %+v, %d certificates", got, stated, len(mine))
	}
	theirs, err := seal.Certificates(other.Chain())
	must(t, err)
	if _, err := seal.Verify(response, []byte("abc"), theirs); err == nil {
		t.Error("another chain vouches for it")
	}
}

// An instance can be made to fail, or to send a client elsewhere.
func TestAnInstanceThatFails(t *testing.T) {
	s := sealtest.New(t)
	s.Break = func(path string) (int, string) {
		if path == "/tsa" {
			return http.StatusTeapot, "no"
		}
		return 0, ""
	}
	post := func(url string) *http.Response {
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		r, err := client.Post(url, "text/plain", strings.NewReader(""))
		must(t, err)
		must(t, r.Body.Close())
		return r
	}
	if r := post(s.Authority); r.StatusCode != http.StatusTeapot {
		t.Error(r.Status)
	}
	if r := post(s.Fulcio + "/nothing"); r.StatusCode != http.StatusNotFound {
		t.Error(r.Status)
	}
	s.Redirect = "http://elsewhere.example/"
	if r := post(s.Authority); r.StatusCode != http.StatusTemporaryRedirect || r.Header.Get("Location") != s.Redirect {
		t.Error(r.Status, r.Header)
	}
	// A test can name what was requested, in its order, refused requests among them.
	if want := []string{"POST /tsa", "POST /nothing", "POST /tsa"}; !slices.Equal(s.Requests, want) {
		t.Errorf("requests %q", s.Requests)
	}
}

// The root is what a person would be given, and reads as one.
func TestTheRootOfAnInstance(t *testing.T) {
	s := sealtest.New(t)
	r, err := root.NewTrustedRootFromJSON(s.Root())
	must(t, err)
	if len(r.FulcioCertificateAuthorities()) != 1 || len(r.RekorLogs()) != 1 || len(r.CTLogs()) != 0 {
		t.Errorf("%d authorities, %d logs, %d CT logs", len(r.FulcioCertificateAuthorities()), len(r.RekorLogs()),
			len(r.CTLogs()))
	}
	if !bytes.Contains(s.Chain(), []byte("BEGIN CERTIFICATE")) {
		t.Errorf("%s", s.Chain())
	}
}
