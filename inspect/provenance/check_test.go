package provenance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

const (
	workflow = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
	issuer   = "https://token.actions.githubusercontent.com"
)

// scene is a store with what the checks before this one have left: an image and its signatures.
type scene struct {
	t      *testing.T
	client *registry.Client
	image  inspect.Image
	events []inspect.Event
	ended  error // how the signature check ended
}

func newScene(t *testing.T) *scene {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return &scene{t: t, client: client, image: inspect.Image{ImageHead: inspect.ImageHead{
		Container: "web",
		Reference: "registry.example/app:1", Location: "registry.example/app@" + digestOf("image"),
		Digest: digestOf("image"), Status: inspect.Verified,
	}}}
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// statement writes SLSA v0.2 provenance of a subject.
func statement(subject, builder, repo string) string {
	return fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2","subject":[{"name":"app","digest":{"sha256":%q}}],
		"predicate":{"builder":{"id":%q},"invocation":{"configSource":{"uri":"git+%s@refs/heads/main","digest":{"sha1":"%s"}}},"metadata":{"buildStartedOn":"2024-01-02T03:04:05Z"},
		"materials":[{"uri":"git+%s@refs/heads/main","digest":{"sha1":"%s"}}]}}`, strings.TrimPrefix(subject, "sha256:"), builder, repo, ones, repo, ones)
}

// sign stores a statement and says that a signature carries it.
func (s *scene) sign(text string, change func(*inspect.Signature)) inspect.Signature {
	s.t.Helper()
	if err := s.client.Store().Put(digestOf(text), []byte(text)); err != nil {
		s.t.Fatal(err)
	}
	sig := inspect.Signature{
		ID: digestOf(text)[7:23], PredicateType: PredicateSLSA02, Status: inspect.Verified, Identity: workflow,
		Issuer: issuer,
		Raw:    []inspect.RawPart{{Name: "statement", Digest: digestOf(text)}},
	}
	if change != nil {
		change(&sig)
	}
	s.events = append(s.events, inspect.Event{Fact: sig})
	return sig
}

func (s *scene) run(e inspect.Expected, checks ...engine.Check) inspect.Case {
	s.t.Helper()
	all := []engine.Check{
		{Name: "start", Scope: engine.PerCase, Resolves: true, Run: func(_ context.Context, _ engine.On,
			emit func(inspect.Event),
		) error {
			emit(inspect.Event{Container: "web", Fact: s.image.ImageHead})
			return nil
		}},
		{Name: inspect.CheckSignatures, Run: func(_ context.Context, _ engine.On, emit func(inspect.Event)) error {
			for _, e := range s.events {
				emit(e)
			}
			return s.ended
		}},
		{Name: "known-good", Run: func(context.Context, engine.On, func(inspect.Event)) error { return nil }},
		Check(s.client),
	}
	source, err := engine.NewSource(engine.Plan{
		Header:  inspect.Header{Schema: inspect.Schema},
		Opening: []inspect.Event{{Fact: e}}, Checks: append(all, checks...),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	var c inspect.Case
	if err := source(context.Background(), c.Apply); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *scene) gate(c inspect.Case) inspect.GateStatus {
	s.t.Helper()
	for _, g := range c.Images[0].Gates {
		if g.Name == inspect.GateProvenance {
			return g.Status
		}
	}
	s.t.Fatalf("there is no gate of provenance: %+v", c.Checks)
	return ""
}

func TestCheck(t *testing.T) {
	image := digestOf("image")
	good := statement(image, workflow, "https://github.com/acme/app")
	fits := inspect.Expected{SourceURIs: []string{"github.com/acme/app"}}
	other := inspect.Expected{SourceURIs: []string{"github.com/acme/other"}}
	unasked := inspect.Event{Fact: inspect.StoreReply{
		Store: "referrers", Status: inspect.StoreUnreachable,
		Detail: "503",
	}}
	for _, c := range []struct {
		name    string
		arrange func(*scene)
		flags   inspect.Expected
		status  inspect.Status // of the row
		reason  string
		gate    inspect.Status
		finding string // code of the worst finding
	}{
		{
			"verified, nothing expected", func(s *scene) { s.sign(good, nil) },
			inspect.Expected{},
			inspect.Verified, "",
			inspect.Verified, "",
		},
		{
			"verified, as expected", func(s *scene) { s.sign(good, nil) }, fits, inspect.Verified, "", inspect.Verified,
			"",
		},
		{
			"other source", func(s *scene) { s.sign(good, nil) }, other, inspect.Failed, inspect.ReasonSourceMismatch, inspect.Failed,
			inspect.ReasonSourceMismatch,
		},
		{
			"about another image", func(s *scene) {
				s.sign(statement(digestOf("other"), workflow,
					"https://github.com/acme/app"), nil)
			}, fits,
			inspect.Failed, inspect.ReasonSubjectMismatch, inspect.Failed, inspect.ReasonSubjectMismatch,
		},
		{"about the index", func(s *scene) {
			s.image.Index = digestOf("index")
			s.sign(statement(digestOf("index"), workflow, "https://github.com/acme/app"), nil)
		}, fits, inspect.Verified, "", inspect.Verified, ""},
		{
			"malformed", func(s *scene) { s.sign(`{"_type":`, nil) }, fits, inspect.Failed, inspect.ReasonMalformed,
			inspect.Failed, inspect.ReasonMalformed,
		},
		{"of a version that is not known here", func(s *scene) {
			s.sign(strings.Replace(good, "provenance/v0.2", "provenance/v9", 1),
				func(g *inspect.Signature) { g.PredicateType = "https://slsa.dev/provenance/v9" })
		}, fits, inspect.Unknown, inspect.ReasonMalformed, inspect.Unknown, ""},
		{"nobody said who signs", func(s *scene) {
			s.sign(good, func(g *inspect.Signature) { g.Status, g.Reason = inspect.Unknown, "no-expectation" })
		}, fits, inspect.Unknown, "no-expectation", inspect.Unknown, ""},
		{"nobody said who signs, and another source", func(s *scene) {
			s.sign(good, func(g *inspect.Signature) { g.Status, g.Reason = inspect.Unknown, "no-expectation" })
		}, other, inspect.Unknown, "no-expectation", inspect.Unknown, ""},
		{"the signature does not hold", func(s *scene) {
			s.sign(good, func(g *inspect.Signature) { g.Status, g.Reason = inspect.Failed, "invalid-signature" })
		}, fits, inspect.Failed, "invalid-signature", inspect.Failed, ""},
		{"none, none expected", func(*scene) {}, inspect.Expected{}, "", "", inspect.Absent, ""},
		{"none, one expected", func(*scene) {}, fits, "", "", inspect.Failed, "provenance-missing"},
		{"none, one expected, a store that could not be asked", func(s *scene) {
			s.events = append(s.events,
				unasked)
		}, fits, "", "", inspect.Unknown, ""},
		{
			"none, the signature check broke", func(s *scene) { s.ended = errors.New("broken") }, fits, "", "",
			inspect.Unknown, "",
		},
		{"one that fits, a store that could not be asked", func(s *scene) {
			s.sign(good,
				nil)
			s.events = append(s.events, unasked)
		}, fits, inspect.Verified, "", inspect.Verified, ""},
		{"an SBOM is no provenance", func(s *scene) {
			s.sign(good, func(g *inspect.Signature) { g.PredicateType = "https://spdx.dev/Document" })
		}, inspect.Expected{}, "", "", inspect.Absent, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t)
			c.arrange(s)
			got := s.run(c.flags)
			rows := got.Images[0].Provenance
			if c.status == "" && len(rows) > 0 || c.status != "" && (len(rows) != 1 || rows[0].Status != c.status ||
				rows[0].Reason != c.reason) {
				t.Errorf("rows are %+v, want %s %s", rows, c.status, c.reason)
			}
			if g := s.gate(got); g.Tone() != c.gate {
				t.Errorf("gate is %s, want %s: %+v", g, c.gate, got.Images[0].Gates)
			}
			code := ""
			if len(got.Findings) > 0 {
				code = got.Findings[0].Code
			}
			if code != c.finding {
				t.Errorf("finding is %q, want %q", code, c.finding)
			}
		})
	}
}

func TestWhatARowSays(t *testing.T) {
	s := newScene(t)
	sig := s.sign(statement(s.image.Digest, workflow, "https://github.com/acme/app"), nil)
	c := s.run(inspect.Expected{})
	p := c.Images[0].Provenance[0]
	if !p.Signed || p.Signature != sig.ID || p.Builder != workflow || p.Source != "git+https://github.com/acme/app" ||
		p.Ref != "refs/heads/main" || p.Commit != ones || p.Subject != s.image.Digest {
		t.Errorf("row is %+v", p)
	}
	if len(c.Timeline) != 1 || c.Timeline[0].What != "build started" || c.Timeline[0].Trust != inspect.BySignature {
		t.Errorf("timeline is %+v", c.Timeline)
	}
}

// One statement that fits is enough; another one that does not is worth a line.
func TestOneOfTwoFits(t *testing.T) {
	s := newScene(t)
	s.sign(statement(s.image.Digest, workflow, "https://github.com/acme/app"), nil)
	s.sign(statement(s.image.Digest, workflow, "https://github.com/acme/mirror"), nil)
	c := s.run(inspect.Expected{SourceURIs: []string{"github.com/acme/app"}})
	if s.gate(c) != inspect.GatePassed || len(c.Findings) != 1 || c.Findings[0].Severity != inspect.Low ||
		c.Findings[0].Status != inspect.RowObserved {
		t.Errorf("gate %s, findings %+v", s.gate(c), c.Findings)
	}
}

// The certificate is the identity provider's word, the statement that of whoever ran the workflow.
func TestCertificateAgainstStatement(t *testing.T) {
	certificate := func(extensions map[string]string) func(*inspect.Signature) {
		return func(s *inspect.Signature) {
			s.Certificate = &inspect.Certificate{Subject: []string{workflow}, Extensions: extensions}
		}
	}
	ours := map[string]string{
		"buildSignerURI": workflow, "sourceRepositoryURI": "https://github.com/acme/app",
		"sourceRepositoryRef": "refs/heads/main", "sourceRepositoryDigest": ones,
	}
	evil := map[string]string{"buildSignerURI": workflow, "sourceRepositoryURI": "https://github.com/evil/app"}
	old := map[string]string{"githubWorkflowRepository": "evil/app"}
	const generator = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml"
	for _, c := range []struct {
		name       string
		builder    string
		extensions map[string]string
		flags      inspect.Expected
		reason     string
		note       string
	}{
		{"they agree", workflow, ours, inspect.Expected{SourceURIs: []string{"github.com/acme/app"}}, "", ""},
		{
			"other source, nothing expected", workflow, evil,
			inspect.Expected{},
			"",
			"the certificate names source https://github.com/evil/app",
		},
		{
			"other source, one expected", workflow, evil,
			inspect.Expected{SourceURIs: []string{"github.com/acme/app"}},
			inspect.ReasonSourceMismatch, "the certificate names https://github.com/evil/app",
		},
		{
			"other source in an old certificate", workflow, old,
			inspect.Expected{SourceURIs: []string{"github.com/acme/app"}},
			inspect.ReasonSourceMismatch, "evil/app",
		},
		{
			"a builder that did not sign, nothing expected", generator + "@refs/tags/v1.8.0", ours,
			inspect.Expected{},
			"", "the statement names the builder " + generator,
		},
		{
			"a builder that did not sign, expected", generator + "@refs/tags/v1.8.0", ours,
			inspect.Expected{BuilderIDs: []string{generator}},
			inspect.ReasonBuilderMismatch, "",
		},
		{
			"a builder that lets a delegator sign", generator + "@refs/tags/v1.8.0",
			map[string]string{"buildSignerURI": delegator + "generic_slsa3.yml@refs/tags/v1.8.0"},
			inspect.Expected{BuilderIDs: []string{generator}},
			"", "",
		},
	} {
		s := newScene(t)
		s.sign(statement(s.image.Digest, c.builder, "https://github.com/acme/app"), certificate(c.extensions))
		p := s.run(c.flags).Images[0].Provenance[0]
		if p.Reason != c.reason {
			t.Errorf("%s: %s %q, notes %q", c.name, p.Status, p.Reason, p.Notes)
		}
		if c.note != "" && !strings.Contains(strings.Join(p.Notes, "\n"), c.note) {
			t.Errorf("%s: notes are %q, want %q", c.name, p.Notes, c.note)
		}
	}
}

// withBuildKit writes a layout with an index as BuildKit makes it: an image, and beside it a manifest of attestations.
func (s *scene) withBuildKit(text func(digest string) string) {
	s.t.Helper()
	img, err := random.Image(64, 1)
	if err != nil {
		s.t.Fatal(err)
	}
	hash, err := img.Digest()
	if err != nil {
		s.t.Fatal(err)
	}
	claim := static.NewLayer([]byte(text(hash.String())), types.MediaType("application/vnd.in-toto+json"))
	att, err := mutate.Append(empty.Image, mutate.Addendum{
		Layer:       claim,
		Annotations: map[string]string{registry.AnnotationPredicateType: PredicateSLSA02},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{
			OS:           "linux",
			Architecture: "amd64",
		}}},
		mutate.IndexAddendum{Add: att, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{
				"vnd.docker.reference.type":   "attestation-manifest",
				"vnd.docker.reference.digest": hash.String(),
			},
		}})
	d := s.t.TempDir()
	p, err := layout.Write(d, empty.Index)
	if err == nil {
		err = p.AppendIndex(index)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	indexHash, err := index.Digest()
	if err != nil {
		s.t.Fatal(err)
	}
	s.image.Location, s.image.Digest, s.image.Index = "oci:"+d+"@"+hash.String(), hash.String(), indexHash.String()
}

func TestBuildKitsClaimsAreUnsigned(t *testing.T) {
	s := newScene(t)
	s.withBuildKit(func(digest string) string { return statement(digest, "", "https://github.com/acme/app") })
	c := s.run(inspect.Expected{SourceURIs: []string{"github.com/acme/other"}})
	rows := c.Images[0].Provenance
	if len(rows) != 1 || rows[0].Signed || rows[0].Status != inspect.Unknown ||
		rows[0].Reason != inspect.ReasonUnsigned {
		t.Fatalf("rows are %+v", rows)
	}
	notes := strings.Join(rows[0].Notes, "\n")
	if !strings.Contains(notes, "names no builder") || !strings.Contains(notes,
		"expected source github.com/acme/other") {
		t.Errorf("notes are %q", notes)
	}
	if s.gate(c) != inspect.GateRefused || c.Findings[0].Code != "provenance-missing" {
		t.Errorf("an unsigned claim is no provenance: gate %s, findings %+v", s.gate(c), c.Findings)
	}
	if c.Timeline[0].Trust != inspect.ByClaim {
		t.Errorf("timeline is %+v", c.Timeline)
	}
	if r := c.Images[0].Stores; len(r) != 1 || r[0].Store != "buildkit" || r[0].Found != 1 {
		t.Errorf("stores are %+v", r)
	}
	for _, b := range c.Blobs {
		if !s.client.Store().Has(b.Digest) || b.Role != "attestation" || b.Of != "image" {
			t.Errorf("blob %+v is not kept", b)
		}
	}
	if len(c.Blobs) != 3 { // manifest, config and statement: a layout with them is closed
		t.Errorf("blobs are %+v", c.Blobs)
	}
}

func TestBuildKitsClaimsAboutAnotherImage(t *testing.T) {
	s := newScene(t)
	s.withBuildKit(func(string) string { return statement(digestOf("other"), "", "https://github.com/acme/app") })
	p := s.run(inspect.Expected{}).Images[0].Provenance[0]
	if p.Status != inspect.Unknown || p.Reason != inspect.ReasonUnsigned || !strings.Contains(strings.Join(p.Notes, "\n"),
		"not about this image") {
		t.Errorf("row is %+v", p)
	}
}

func TestSummariesAreShownAndDecideNothing(t *testing.T) {
	s := newScene(t)
	text := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/verification_summary/v1","subject":[{"digest":{"sha256":%q}}],
		"predicate":{"verifier":{"id":"https://example.com/verifier"},"timeVerified":"2024-01-02T03:04:05Z","resourceUri":"pkg:oci/app","verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_3"]}}`, s.image.Digest[7:])
	s.sign(text, func(g *inspect.Signature) { g.PredicateType = "https://slsa.dev/verification_summary/v1" })
	c := s.run(inspect.Expected{SourceURIs: []string{"github.com/acme/app"}})
	p := c.Images[0].Provenance[0]
	if p.Status != inspect.Verified || !strings.Contains(p.Notes[0],
		"https://example.com/verifier verified pkg:oci/app: PASSED, SLSA_BUILD_LEVEL_3") {
		t.Errorf("row is %+v", p)
	}
	if s.gate(c) != inspect.GateRefused {
		t.Errorf("gate is %s", s.gate(c))
	}
}
