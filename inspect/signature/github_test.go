package signature

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/backtrail/backtrail/inspect"
)

// gitHubRoot is the trusted root of an instance like GitHub's own for private repositories, as a file holds it: authority and
// timestamp authority, no log of any kind.
func (s *studio) gitHubRoot() []byte {
	s.t.Helper()
	r, err := root.NewTrustedRoot(root.TrustedRootMediaType01, s.ca.FulcioCertificateAuthorities(), nil,
		s.ca.TimestampingAuthorities(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := r.MarshalJSON()
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// gitHubBundle is a statement with a certificate and a timestamp, and no log entry.
func (s *studio) gitHubBundle(c credential, statement []byte, stamped bool) object {
	s.t.Helper()
	data, sig := s.envelope(c, statement)
	var envelope object
	if err := json.Unmarshal(data, &envelope); err != nil {
		s.t.Fatal(err)
	}
	material := object{"certificate": object{"rawBytes": b64(c.cert.Raw)}}
	if stamped {
		stamp, err := s.ca.TimestampResponse(sig)
		if err != nil {
			s.t.Fatal(err)
		}
		material["timestampVerificationData"] = object{"rfc3161Timestamps": []any{object{"signedTimestamp": b64(stamp)}}}
	}
	return object{"mediaType": bundleV03, "verificationMaterial": material, "dsseEnvelope": envelope}
}

func TestGitHubInstance(t *testing.T) {
	s, other := newStudio(t), newStudio(t)
	c := s.keyless(alice)
	time.Sleep(time.Until(c.cert.NotBefore.Add(time.Second))) // certificates count whole seconds, timestamps too
	statement := statementOf(t, digestOf(blob))
	for _, test := range []struct {
		name   string
		root   []byte
		bundle object
		alter  func(object)
		want   string
	}{
		{"certificate and timestamp", s.gitHubRoot(), s.gitHubBundle(c, statement, true), nil, "verified "},
		{
			"without the timestamp nothing says when", s.gitHubRoot(), s.gitHubBundle(c, statement, false), nil,
			"failed no-timestamp",
		},
		{
			"another instance's root", other.gitHubRoot(), s.gitHubBundle(c, statement, true), nil,
			"failed untrusted-root",
		},
		{
			"about another file", s.gitHubRoot(), s.gitHubBundle(c, statementOf(t, digestOf(nil)), true), nil,
			"failed subject-mismatch",
		},
		{"payload altered", s.gitHubRoot(), s.gitHubBundle(c, statement, true), func(o object) {
			dig(o, "dsseEnvelope")["payload"] = b64([]byte(strings.Replace(string(statement), `"app"`, `"evil"`, 1)))
		}, "failed invalid-signature"},
		{"the timestamp of another signature", s.gitHubRoot(), s.gitHubBundle(c, statement, true), func(o object) {
			dig(o, "verificationMaterial")["timestampVerificationData"] = dig(s.gitHubBundle(c, statement, true),
				"verificationMaterial")["timestampVerificationData"]
		}, "failed no-timestamp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.alter != nil {
				test.alter(test.bundle)
			}
			roots, err := ReadRoots(test.root, inspect.TrustFile, "github.json")
			if err != nil {
				t.Fatal(err)
			}
			b, err := readBundle(encode(t, test.bundle))
			if err != nil {
				t.Fatal(err)
			}
			o := b.verify(roots, file(t, blob), expectAlice(t))
			if status, reason := o.verdict(); string(status)+" "+reason != test.want {
				t.Errorf("got %s %s, want %s: %+v", status, reason, test.want, o.steps)
			}
			agree(t, o)
		})
	}
}

// gh prints the trusted roots of two instances, one a line.
func TestSeveralRootsInOneFile(t *testing.T) {
	a, b := newStudio(t).gitHubRoot(), newStudio(t).gitHubRoot()
	var line object
	if err := json.Unmarshal(a, &line); err != nil {
		t.Fatal(err)
	}
	two := append(append(encode(t, line), '\n'), b...)
	roots, err := ReadRoots(two, inspect.TrustFile, "both.jsonl")
	if err != nil || len(roots) != 2 || roots[0].Record.Digest == roots[1].Record.Digest {
		t.Fatalf("%d roots, %v", len(roots), err)
	}
	one, err := ReadRoots(a, inspect.TrustFile, "one.json")
	if err != nil || len(one) != 1 || one[0].Record.Digest != digestOf(a) {
		t.Errorf("one file is not its own digest: %+v, %v", one, err)
	}
	for _, bad := range []string{"", "{", "[]", string(a) + "x"} {
		if _, err := ReadRoots([]byte(bad), inspect.TrustFile, "bad"); err == nil {
			t.Errorf("%.20q is taken for a trusted root", bad)
		}
	}
}

// gitHub is a server that answers as GitHub's interface does, and remembers who asked.
type gitHub struct {
	*httptest.Server
	bundles map[string][][]byte // by OWNER/REPO
	status  int                 // instead of an answer
	asked   []string
	tokens  map[string]string // by path
}

func newGitHub(t *testing.T) *gitHub {
	g := &gitHub{bundles: map[string][][]byte{}, tokens: map[string]string{}}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

func (g *gitHub) serve(w http.ResponseWriter, r *http.Request) {
	g.asked = append(g.asked, r.URL.Path)
	g.tokens[r.URL.Path] = r.Header.Get("Authorization")
	parts := strings.Split(r.URL.Path, "/")
	switch {
	case g.status != 0:
		w.Header().Set("X-Ratelimit-Remaining", "0")
		w.WriteHeader(g.status)
	case parts[1] == "stored":
		_, _ = w.Write(s2.EncodeSnappy(nil, g.bundles["stored"][0]))
	case len(parts) != 6 || g.bundles[parts[2]+"/"+parts[3]] == nil:
		w.WriteHeader(http.StatusNotFound)
	default:
		g.page(w, r, g.bundles[parts[2]+"/"+parts[3]])
	}
}

// page answers with one bundle a page, as if they were many.
func (g *gitHub) page(w http.ResponseWriter, r *http.Request, all [][]byte) {
	n := 0
	_, _ = fmt.Sscan(r.URL.Query().Get("after"), &n)
	if n+1 < len(all) {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?after=%d>; rel="next", <x>; rel="last"`, g.URL, r.URL.Path, n+1))
	}
	bundle := json.RawMessage(all[n])
	address := ""
	if string(bundle) == "null" {
		address = g.URL + "/stored/1?sig=secret"
	}
	_ = json.NewEncoder(w).Encode(object{"attestations": []any{object{
		"bundle": bundle, "bundle_url": address,
		"repository_id": 1,
	}}})
}

func (g *gitHub) attestations(t *testing.T, repositories ...string) *Attestations {
	t.Helper()
	a, err := NewAttestations(AttestationOptions{
		Base: g.URL, Token: "secret-token", UserAgent: "backtrail/test",
		Repositories: repositories,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// lookOn runs the check with GitHub's store among the others.
func (s *shop) lookOn(a *Attestations, trust *Trust, label string, expected inspect.Expected) inspect.Case {
	s.t.Helper()
	return run(s.t, Options{Client: s.client, Store: s.store, Trust: trust, GitHub: a}, expected, inspect.Image{
		ImageHead: inspect.ImageHead{
			Container: "image", Location: s.repo.Name() + "@" + s.digest, Digest: s.digest,
			Config:   digestOf(nil),
			Settings: inspect.ImageConfig{Labels: map[string]string{labelSource: label}},
		},
	})
}

func TestGitHubStore(t *testing.T) {
	studio := newStudio(t)
	byAlice := studio.keyless(alice)
	time.Sleep(time.Until(byAlice.cert.NotBefore.Add(time.Second)))
	shop := newShop(t, nil)
	roots, err := ReadRoots(studio.gitHubRoot(), inspect.TrustFile, "github.json")
	if err != nil {
		t.Fatal(err)
	}
	g := newGitHub(t)
	first := encode(t, studio.gitHubBundle(byAlice, statementOf(t, shop.digest), true))
	second := encode(t, studio.gitHubBundle(byAlice, []byte(strings.Replace(string(statementOf(t, shop.digest)),
		"provenance/v1", "other/v1", 1)), true))
	g.bundles["acme/app"] = [][]byte{first, []byte("null")}
	g.bundles["stored"] = [][]byte{second}
	expected := inspect.Expected{Identities: []string{alice}, Issuers: []string{issuer}}

	got := shop.lookOn(g.attestations(t), FixedTrust(roots...), "https://github.com/acme/app", expected)
	rows := got.Images[0].Signatures
	if len(rows) != 2 {
		t.Fatalf("%d rows, want two: %+v; asked %v", len(rows), got.Images[0].Stores, g.asked)
	}
	for _, r := range rows {
		if r.Store != StoreGitHub || r.Kind != KindBundle || r.Status != inspect.Verified || !shop.store.Has(r.Digest) {
			t.Errorf("row: %+v", r)
		}
	}
	if path := "/repos/acme/app/attestations/" + shop.digest; g.tokens[path] != "Bearer secret-token" {
		t.Errorf("the token was not sent to %s: %v", path, g.tokens)
	}
	if reply := gitHubReply(got); reply.Status != inspect.StoreFound || reply.Found != 2 {
		t.Errorf("reply: %+v", reply)
	}
	again := shop.lookOn(KeptAttestations(map[string][][]byte{shop.digest: {first, second}}), FixedTrust(roots...), "",
		expected)
	if len(again.Images[0].Signatures) != 2 || again.Images[0].Signatures[0].ID != rows[0].ID {
		t.Errorf("kept bundles do not give the same rows: %+v", again.Images[0].Signatures)
	}
}

func gitHubReply(c inspect.Case) inspect.StoreReply {
	for _, r := range c.Images[0].Stores {
		if r.Store == AskedGitHub {
			return r
		}
	}
	return inspect.StoreReply{}
}

func TestWhereGitHubIsAsked(t *testing.T) {
	studio, shop, g := newStudio(t), newShop(t, nil), newGitHub(t)
	for _, c := range []struct {
		name, label string
		flags       []string
		status      int
		asked       string // repository
		want        inspect.Status
		words       string
	}{
		{"by the label", "https://github.com/acme/app.git", nil, 0, "acme/app", inspect.Absent, "that we may see"},
		{
			"by the flag, not the label", "https://github.com/acme/app",
			[]string{"acme/other"},
			0, "acme/other",
			inspect.Absent, "acme/other",
		},
		{"nothing says where", "", nil, 0, "", inspect.Unknown, "--github=OWNER/REPO"},
		{
			"another host's label", "https://github.com.evil.example/acme/app", nil, 0, "", inspect.Unknown,
			"--github=OWNER/REPO",
		},
		{
			"a label that leaves the path", "https://github.com/../user", nil, 0, "", inspect.Unknown,
			"--github=OWNER/REPO",
		},
		{
			"no right", "https://github.com/acme/app", nil, http.StatusForbidden, "acme/app", inspect.Unknown,
			"asked for too often",
		},
		{
			"a server that is down", "https://github.com/acme/app", nil, http.StatusBadGateway, "acme/app",
			inspect.Unknown, "502",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			g.asked, g.status = nil, c.status
			reply := gitHubReply(shop.lookOn(g.attestations(t, c.flags...), studio.trust(), c.label,
				inspect.Expected{}))
			if reply.Status.Tone() != c.want || !strings.Contains(reply.Detail, c.words) {
				t.Errorf("reply %+v, want %s with %q", reply, c.want, c.words)
			}
			if asked := strings.Join(g.asked, " "); c.asked == "" && asked != "" || !strings.Contains(asked, c.asked) {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
		})
	}
}

// What GitHub answers is foreign too.
func TestGitHubAnswersThatAreNone(t *testing.T) {
	for _, c := range []struct{ name, answer, words string }{
		{"no JSON", "<html>", "reading the answer"},
		{"neither bundle nor address", `{"attestations":[{}]}`, "neither"},
		{
			"an address without https", `{"attestations":[{"bundle":null,"bundle_url":"http://127.0.0.1:1/x"}]}`,
			"not https",
		},
		{"an address that is none", `{"attestations":[{"bundle_url":":"}]}`, "reading an attestation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_,
					_ = w.Write([]byte(c.answer))
			}))
			defer server.Close()
			a, err := NewAttestations(AttestationOptions{Base: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.bundles(context.Background(), "acme/app", digestOf(blob)); err == nil ||
				!strings.Contains(err.Error(), c.words) {
				t.Errorf("got %v, want words about %s", err, c.words)
			}
		})
	}
	for _, base := range []string{"api.github.com", "ftp://x", "https://"} {
		if _, err := NewAttestations(AttestationOptions{Base: base}); err == nil {
			t.Errorf("%q is taken for an address", base)
		}
	}
	for _, name := range []string{"acme", "acme/app/x", "../app", "acme/..", "acme/a?b", ""} {
		if isRepository(name) {
			t.Errorf("%q is taken for a repository", name)
		}
	}
}

// FuzzGitHubAnswer reads whatever a server in GitHub's place may answer.
func FuzzGitHubAnswer(f *testing.F) {
	f.Add([]byte(`{"attestations":[{"bundle":{"mediaType":"x"},"bundle_url":""}]}`))
	f.Add([]byte(`{"attestations":[{"bundle":null,"bundle_url":"https://example.com/x"}]}`))
	f.Add(s2.EncodeSnappy(nil, []byte("{}")))
	answer := []byte{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = w.Write(answer)
	}))
	f.Cleanup(server.Close)
	a, err := NewAttestations(AttestationOptions{Base: server.URL})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		answer = data
		if strings.Contains(string(data), "://") {
			return // nobody is asked but the test's server
		}
		_, _ = a.bundles(context.Background(), "acme/app", digestOf(blob))
		_, _ = a.bundle(context.Background(), nil, server.URL+"/stored")
	})
}

func FuzzTrustedRoots(f *testing.F) {
	f.Add(newStudio(f).gitHubRoot())
	f.Add([]byte("{}\n{}"))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = ReadRoots(data, inspect.TrustFile, "root.json") })
}
