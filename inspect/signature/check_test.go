package signature

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	layers "github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/notaryproject/notation-core-go/signature/cose"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// shop is a registry with one image in an index, as a person would push it.
type shop struct {
	t      *testing.T
	repo   name.Repository
	index  v1.ImageIndex
	digest string // of the manifest
	list   string // of the index
	store  *registry.Store
	client *registry.Client
}

func newShop(t *testing.T, wrap func(http.Handler) http.Handler, options ...ggcr.Option) *shop {
	t.Helper()
	handler := ggcr.New(append(options, ggcr.Logger(log.New(io.Discard, "", 0)))...)
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	repo, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/app")
	if err != nil {
		t.Fatal(err)
	}
	image, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, repo: repo}
	s.index = mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add:        image,
		Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
	})
	if err := remote.WriteIndex(repo.Tag("v1"), s.index); err != nil {
		t.Fatal(err)
	}
	s.digest, s.list = digestText(t, image), digestText(t, s.index)
	if s.store, err = registry.OpenStore(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if s.client, err = registry.New(registry.Options{Store: s.store}); err != nil {
		t.Fatal(err)
	}
	return s
}

func digestText(t *testing.T, d interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	h, err := d.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// attach puts signatures under cosign's tag of a digest.
func (s *shop) attach(digest, suffix, mediaType string, payload []byte, annotations map[string]string) {
	s.t.Helper()
	image, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layers.NewLayer(payload,
		types.MediaType(mediaType)), Annotations: annotations, MediaType: types.MediaType(mediaType)})
	if err != nil {
		s.t.Fatal(err)
	}
	image = mutate.MediaType(image, types.OCIManifestSchema1)
	if err := remote.Write(s.repo.Tag(strings.Replace(digest, ":", "-", 1)+"."+suffix), image); err != nil {
		s.t.Fatal(err)
	}
}

// refer pushes a referrer of the index, as cosign does with its newer bundles. Without the referrers API the client
// keeps the referrers tag.
func (s *shop) refer(mediaType string, data []byte) {
	s.t.Helper()
	image, err := mutate.AppendLayers(empty.Image, layers.NewLayer(data, types.MediaType(mediaType)))
	if err != nil {
		s.t.Fatal(err)
	}
	image = mutate.ConfigMediaType(mutate.MediaType(image, types.OCIManifestSchema1), types.MediaType(mediaType))
	subject, err := remote.Head(s.repo.Tag("v1"))
	if err != nil {
		s.t.Fatal(err)
	}
	image = mutate.Subject(image, *subject).(v1.Image)
	if err := remote.Write(s.repo.Digest(digestText(s.t, image)), image); err != nil {
		s.t.Fatal(err)
	}
}

// look runs the check as the engine does.
func (s *shop) look(trust *Trust, expected inspect.Expected) inspect.Case {
	s.t.Helper()
	location := s.repo.Digest(s.list).String()
	return run(s.t, Options{Client: s.client, Store: s.store, Trust: trust}, expected, inspect.Image{
		ImageHead: inspect.ImageHead{
			Container: "web", Reference: location, Location: location, Index: s.list,
			Digest: s.digest, Config: digestOf(nil),
		},
	})
}

func run(t *testing.T, o Options, expected inspect.Expected, image inspect.Image) inspect.Case {
	t.Helper()
	return runChecks(t, expected, image, Check(o))
}

func nothing(context.Context, engine.On, func(inspect.Event)) error { return nil }

func runChecks(t *testing.T, expected inspect.Expected, image inspect.Image, checks ...engine.Check) inspect.Case {
	t.Helper()
	source, err := engine.NewSource(engine.Plan{
		Opening: []inspect.Event{{Fact: expected}, {Container: image.Container, Fact: image.ImageHead}},
		Checks:  checks,
	})
	if err != nil {
		t.Fatal(err)
	}
	var c inspect.Case
	if err := source(context.Background(), func(e inspect.Event) { c.Apply(e) }); err != nil {
		t.Fatal(err)
	}
	return c
}

func gateOf(t *testing.T, c inspect.Case) inspect.Gate {
	t.Helper()
	if len(c.Images) != 1 || len(c.Images[0].Gates) != 1 || c.Images[0].Gates[0].Name != inspect.GateSignature {
		t.Fatalf("want one gate of signatures: %+v", c.Images)
	}
	return c.Images[0].Gates[0]
}

func replyOf(t *testing.T, c inspect.Case, store, subject string) inspect.StoreReply {
	t.Helper()
	for _, r := range c.Images[0].Stores {
		if r.Store == store && r.Subject == subject {
			return r
		}
	}
	t.Fatalf("%s was not asked for %s: %+v", store, subject, c.Images[0].Stores)
	return inspect.StoreReply{}
}

func TestEveryStoreIsAskedAndTheUnionTaken(t *testing.T) {
	for _, api := range []bool{true, false} {
		studio := newStudio(t)
		s := newShop(t, nil, ggcr.WithReferrersSupport(api))
		c := studio.keyless(alice)
		payload := simplePayload(t, s.list)
		s.attach(s.list, "sig", mediaSimple, payload, studio.annotations(c, payload, false, true))
		envelope, _ := studio.envelope(c, statementOf(t, s.digest))
		s.attach(s.digest, "att", mediaEnvelope, envelope, studio.annotations(c, envelope, true, true))
		s.refer(bundleV03, encode(t, studio.statementBundle(c, statementOf(t, s.list), "dsse")))

		got := s.look(studio.trust(), inspect.Expected{Identities: []string{alice}, Issuers: []string{issuer}})
		image := got.Images[0]
		if len(image.Signatures) != 3 {
			t.Fatalf("with the API %v: %d signatures, want 3: %+v", api, len(image.Signatures), image.Stores)
		}
		for _, row := range image.Signatures {
			if row.Status != inspect.Verified || row.Identity != alice || row.Certificate == nil ||
				row.Certificate.Extensions["issuer"] != issuer {
				t.Errorf("with the API %v: %s in %s is %s %s: %s", api, row.Kind, row.Store, row.Status, row.Reason,
					Why(row))
			}
			for _, raw := range row.Raw {
				if !s.store.Has(raw.Digest) {
					t.Errorf("%s of %s is not kept", raw.Name, row.ID)
				}
			}
		}
		if g := gateOf(t, got); g.Status != inspect.GatePassed {
			t.Errorf("gate is %+v", g)
		}
		if r := replyOf(t, got, AskedCosignTag, s.digest); r.Found != 1 || r.Status != inspect.StoreFound {
			t.Errorf("reply is %+v", r)
		}
		where := map[bool]string{true: AskedReferrers, false: AskedReferrersTag}[api]
		if r := replyOf(t, got, where, s.list); r.Found != 1 {
			t.Errorf("reply is %+v", r)
		}
		if len(got.Findings) != 0 || len(got.Timeline) != 2 && len(got.Timeline) != 3 {
			t.Errorf("findings %+v, timeline %+v", got.Findings, got.Timeline)
		}
		for _, b := range got.Blobs {
			if b.State != "carried" || !s.store.Has(b.Digest) {
				t.Errorf("blob %+v is not kept", b)
			}
		}
	}
}

func TestUnsignedIsCalm(t *testing.T) {
	s := newShop(t, nil)
	got := s.look(newStudio(t).trust(), inspect.Expected{})
	if g := gateOf(t, got); g.Status != inspect.GateAbsent {
		t.Errorf("gate is %+v", g)
	}
	for _, f := range got.Findings {
		if f.Severity != inspect.Info || f.Status == inspect.RowFailed {
			t.Errorf("finding %+v", f)
		}
	}
}

func TestExpectedAndMissing(t *testing.T) {
	s := newShop(t, nil)
	got := s.look(newStudio(t).trust(), inspect.Expected{Identities: []string{alice}})
	if g := gateOf(t, got); g.Status != inspect.GateAbsent {
		t.Errorf("gate is %+v", g)
	}
	if len(got.Findings) != 1 || got.Findings[0].Code != inspect.CodeSignatureExpected || got.Findings[0].Status != inspect.RowFailed ||
		got.Findings[0].Severity != inspect.High {
		t.Errorf("findings %+v", got.Findings)
	}
}

func TestOneThatFitsIsEnough(t *testing.T) {
	studio := newStudio(t)
	s := newShop(t, nil)
	payload := simplePayload(t, s.list)
	s.attach(s.list, "sig", mediaSimple, payload, studio.annotations(studio.keyless(alice), payload, false, true))
	s.attach(s.digest, "sig", mediaSimple, payload, studio.annotations(studio.keyless("bob@example.com"), payload,
		false, true))
	got := s.look(studio.trust(), inspect.Expected{Identities: []string{alice}})
	if g := gateOf(t, got); g.Status != inspect.GatePassed {
		t.Errorf("gate is %+v", g)
	}
	if len(got.Images[0].Signatures) != 2 || len(got.Findings) != 0 {
		t.Errorf("signatures %+v, findings %+v", got.Images[0].Signatures, got.Findings)
	}
}

func TestGraftedIsLoud(t *testing.T) {
	studio := newStudio(t)
	s := newShop(t, nil)
	payload := simplePayload(t, digestOf([]byte("another image")))
	s.attach(s.list, "sig", mediaSimple, payload, studio.annotations(studio.keyless(alice), payload, false, true))
	got := s.look(studio.trust(), inspect.Expected{})
	row := got.Images[0].Signatures[0]
	if row.Status != inspect.Failed || row.Reason != inspect.ReasonSubjectMismatch {
		t.Errorf("got %s %s", row.Status, row.Reason)
	}
	if len(got.Findings) != 1 || got.Findings[0].Code != inspect.CodeSignatureBroken ||
		got.Findings[0].Severity != inspect.High {
		t.Errorf("findings %+v", got.Findings)
	}
}

// The same bytes in two stores are one row; a tampered copy beside it is a row of its own.
func TestSameBytesAreOneRow(t *testing.T) {
	studio := newStudio(t)
	s := newShop(t, nil)
	payload := simplePayload(t, s.list)
	annotations := studio.annotations(studio.keyless(alice), payload, false, true)
	s.attach(s.list, "sig", mediaSimple, payload, annotations)
	s.attach(s.digest, "sig", mediaSimple, payload, annotations)
	if got := s.look(studio.trust(), inspect.Expected{}); len(got.Images[0].Signatures) != 1 {
		t.Errorf("signatures: %+v", got.Images[0].Signatures)
	}
	altered := map[string]string{}
	for k, v := range annotations {
		altered[k] = v
	}
	altered["dev.cosignproject.cosign/signature"] = b64([]byte("not it"))
	s.attach(s.digest, "sig", mediaSimple, payload, altered)
	if got := s.look(studio.trust(), inspect.Expected{}); len(got.Images[0].Signatures) != 2 {
		t.Errorf("signatures: %+v", got.Images[0].Signatures)
	}
}

func TestStoreThatFailsHidesNoOther(t *testing.T) {
	studio := newStudio(t)
	broken := false
	s := newShop(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if broken && strings.HasSuffix(r.URL.Path, ".att") {
				http.Error(w, "no", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	payload := simplePayload(t, s.list)
	s.attach(s.list, "sig", mediaSimple, payload, studio.annotations(studio.keyless(alice), payload, false, true))
	broken = true
	got := s.look(studio.trust(), inspect.Expected{Identities: []string{"bob@example.com"}})
	if len(got.Images[0].Signatures) != 1 {
		t.Fatalf("signatures: %+v", got.Images[0].Signatures)
	}
	if r := replyOf(t, got, AskedCosignTag, s.list); r.Status != inspect.StoreUnreachable || r.Found != 1 {
		t.Errorf("reply %+v", r)
	}
	if g := gateOf(t, got); g.Status != inspect.GateUnknown {
		t.Errorf("none fits and a store is silent: gate is %+v", g)
	}
	if got.Checks[0].Status != inspect.CheckBlocked {
		t.Errorf("check is %+v", got.Checks[0])
	}
	got = s.look(studio.trust(), inspect.Expected{Identities: []string{alice}})
	if g := gateOf(t, got); g.Status != inspect.GatePassed || got.Checks[0].Status != inspect.CheckDone {
		t.Errorf("one fits: gate is %+v, check is %+v", g, got.Checks[0])
	}
}

func TestNotationIsShown(t *testing.T) {
	s := newShop(t, nil, ggcr.WithReferrersSupport(true))
	h := newHouse(t, "acme")
	s.referNotation(cose.MediaTypeEnvelope, h.sign(cose.MediaTypeEnvelope, h.request(s.target())))
	got := s.look(newStudio(t).trust(), inspect.Expected{})
	if rows := got.Images[0].Signatures; len(rows) != 1 || rows[0].Kind != KindNotation ||
		rows[0].Reason != inspect.ReasonUnknownKey || !strings.Contains(rows[0].Identity, "CN=release") {
		t.Errorf("signatures %+v", rows)
	}
}

func TestDockerSaveCannotBeSigned(t *testing.T) {
	s := newShop(t, nil)
	o := Options{Client: s.client, Store: s.store, Trust: newStudio(t).trust()}
	image := inspect.Image{ImageHead: inspect.ImageHead{
		Container: "image", Reference: "x.tar",
		Location: "docker-archive:x.tar", Config: digestOf(nil),
	}}
	got := run(t, o, inspect.Expected{}, image)
	if g := gateOf(t, got); g.Status != inspect.GateAbsent || got.Checks[0].Status != inspect.CheckSkipped {
		t.Errorf("gate %+v, check %+v", g, got.Checks[0])
	}
	if g := gateOf(t, run(t, o, inspect.Expected{Identities: []string{alice}}, image)); g.Status != inspect.GateAbsent {
		t.Errorf("gate %+v", g)
	}
}

// A signature of an index that the pod does not name counts, if that index contains the image.
func TestIndexThatContainsTheImage(t *testing.T) {
	studio := newStudio(t)
	s := newShop(t, nil)
	payload := simplePayload(t, s.list)
	s.attach(s.digest, "sig", mediaSimple, payload, studio.annotations(studio.keyless(alice), payload, false, true))
	var kept []inspect.Blob
	rows, err := Examine(context.Background(), Options{Client: s.client, Store: s.store, Trust: studio.trust()},
		s.repo.Digest(s.digest).String(), "", s.digest, inspect.Expected{Identities: []string{alice}},
		func(b inspect.Blob) { kept = append(kept, b) })
	if len(kept) == 0 || kept[0].Role != "signature" {
		t.Errorf("kept %+v", kept)
	}
	if err != nil || len(rows) != 1 || rows[0].Status != inspect.Verified || rows[0].Subject != s.list {
		t.Errorf("rows %+v, %v", rows, err)
	}
}

// COSIGN_REPOSITORY keeps signatures in a repository of their own.
func TestSignaturesInARepositoryOfTheirOwn(t *testing.T) {
	studio := newStudio(t)
	s := newShop(t, nil)
	payload := simplePayload(t, s.digest)
	image := s.repo
	s.repo = image.Registry.Repo("signatures")
	s.attach(s.digest, "sig", mediaSimple, payload, studio.annotations(studio.keyless(alice), payload, false, true))
	o := Options{Client: s.client, Store: s.store, Trust: studio.trust(), Repository: s.repo.String()}
	rows, err := Examine(context.Background(), o, image.Digest(s.digest).String(), "", s.digest,
		inspect.Expected{Identities: []string{alice}}, nil)
	if err != nil || len(rows) != 1 || rows[0].Status != inspect.Verified {
		t.Errorf("rows %+v, %v", rows, err)
	}
}
