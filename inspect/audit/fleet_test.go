package audit_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/provenance"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/threshold"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// fleet is a registry on the loopback interface with images, and the pods that run them.
type fleet struct {
	t    testing.TB
	host string

	mu       sync.Mutex
	requests int
	refuse   func(*http.Request) int // status to answer with in place of the registry; 0: none

	key    *ecdsa.PrivateKey
	images []fleetImage
	pods   []map[string]any
}

// fleetImage is an image of the fleet.
type fleetImage struct {
	reference string // with its tag
	digest    string
}

// newFleet starts the registry.
func newFleet(t testing.TB) *fleet {
	t.Helper()
	f := &fleet{t: t}
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(true))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.requests++
		refuse := f.refuse
		f.mu.Unlock()
		if refuse != nil {
			if status := refuse(r); status != 0 {
				w.WriteHeader(status)
				return
			}
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	f.host = strings.TrimPrefix(server.URL, "http://")
	var err error
	f.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused lets requests whose path contains a text be answered with a status; no text: none.
func (f *fleet) refused(text string, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = nil
	if text != "" {
		f.refuse = func(r *http.Request) int {
			if strings.Contains(r.URL.Path, text) {
				return status
			}
			return 0
		}
	}
}

func (f *fleet) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// push makes an image of one layer and pushes it under a tag of a repository.
func (f *fleet) push(repository, tag, content string) fleetImage {
	f.t.Helper()
	img := f.build(content)
	return f.pushImage(repository, tag, img)
}

func (f *fleet) build(content string) v1.Image {
	f.t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for path, text := range map[string]string{"app": content} {
		must(f.t, w.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(text))}))
		_, err := w.Write([]byte(text))
		must(f.t, err)
	}
	release := "ID=debian\nVERSION_ID=\"11\"\n"
	must(f.t, w.WriteHeader(&tar.Header{Name: "etc/os-release", Mode: 0o644, Size: int64(len(release))}))
	_, err := w.Write([]byte(release))
	must(f.t, err)
	must(f.t, w.Close())
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	must(f.t, err)
	img, err := mutate.Append(empty.Image, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: "COPY app /"}})
	must(f.t, err)
	config, err := img.ConfigFile()
	must(f.t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Created = v1.Time{Time: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	config.Config.Labels = map[string]string{"org.opencontainers.image.base.name": "docker.io/library/debian:11"}
	img, err = mutate.ConfigFile(img, config)
	must(f.t, err)
	return img
}

func (f *fleet) pushImage(repository, tag string, img v1.Image) fleetImage {
	f.t.Helper()
	ref, err := name.NewTag(f.host + "/" + repository + ":" + tag)
	must(f.t, err)
	must(f.t, remote.Write(ref, img))
	digest, err := img.Digest()
	must(f.t, err)
	i := fleetImage{reference: ref.String(), digest: digest.String()}
	f.images = append(f.images, i)
	return i
}

// sign stores a signature of cosign's simple form by the fleet's key beside an image.
func (f *fleet) sign(i fleetImage) {
	f.t.Helper()
	payload := fmt.Sprintf(`{"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":%q},`+
		`"type":"cosign container image signature"},"optional":null}`, i.digest)
	sum := sha256.Sum256([]byte(payload))
	sig, err := ecdsa.SignASN1(rand.Reader, f.key, sum[:])
	must(f.t, err)
	l := static.NewLayer([]byte(payload), "application/vnd.dev.cosign.simplesigning.v1+json")
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img, err = mutate.Append(img, mutate.Addendum{Layer: l, Annotations: map[string]string{
		"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(sig),
	}})
	must(f.t, err)
	must(f.t, remote.Write(f.signatureOf(i), img))
}

// signatureOf is the tag that cosign stores the signature of an image under.
func (f *fleet) signatureOf(i fleetImage) name.Tag {
	f.t.Helper()
	repository, _, _ := strings.Cut(strings.TrimPrefix(i.reference, f.host+"/"), ":")
	ref, err := name.NewTag(f.host + "/" + repository + ":" + strings.Replace(i.digest, ":", "-", 1) + ".sig")
	must(f.t, err)
	return ref
}

// unsign deletes the signature of an image.
func (f *fleet) unsign(i fleetImage) {
	f.t.Helper()
	must(f.t, remote.Delete(f.signatureOf(i)))
}

// expected is what a flag --key with the fleet's key expects.
func (f *fleet) expected() inspect.Expected {
	f.t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&f.key.PublicKey)
	must(f.t, err)
	key, err := signature.ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	must(f.t, err)
	return inspect.Expected{Keys: []inspect.ExpectedKey{key}}
}

// run adds a pod that runs an image.
func (f *fleet) run(namespace, pod string, i fleetImage, owner ...map[string]any) {
	repository, _, _ := strings.Cut(i.reference[strings.LastIndexByte(i.reference, '/'):], ":")
	repository = i.reference[:strings.LastIndexByte(i.reference, '/')] + repository
	f.pods = append(f.pods, map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{
			"namespace": namespace, "name": pod, "creationTimestamp": "2026-03-01T03:00:00Z",
			"labels": map[string]any{"app": pod}, "ownerReferences": owner,
		},
		"spec": map[string]any{"nodeName": "node", "containers": []any{map[string]any{"name": "app", "image": i.reference}}},
		"status": map[string]any{"phase": "Running", "containerStatuses": []any{map[string]any{
			"name":  "app",
			"image": i.reference, "imageID": repository + "@" + i.digest,
			"state": map[string]any{"running": map[string]any{"startedAt": "2026-03-01T03:00:05Z"}},
		}}},
	})
}

// snapshot is the dump of the cluster that runs the fleet.
func (f *fleet) snapshot(more ...map[string]any) *kube.Snapshot {
	f.t.Helper()
	items := append(append([]map[string]any{}, f.pods...), more...)
	items = append(items, map[string]any{
		"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "node"},
		"status": map[string]any{"nodeInfo": map[string]any{"operatingSystem": "linux", "architecture": "amd64"}},
	})
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	must(f.t, err)
	s, err := kube.ParseSnapshot("dump.json", raw)
	must(f.t, err)
	return s
}

// bench is what one machine has: its cache and its facts.
type bench struct {
	t      testing.TB
	client *registry.Client
	cache  *layer.Cache
	cat    *sbom.Cataloguer
	store  *audit.Store
	known  audit.Known
	depth  audit.Depth
	// is called where an image is examined deeper than identity
	reading func()
}

func newBench(t testing.TB) *bench {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	cache := layer.NewCache(store)
	return &bench{
		t: t, client: client, cache: cache, cat: sbom.NewCataloguer(cache),
		store: audit.OpenStore(t.TempDir()), depth: audit.Identity,
		known: audit.Known{Thresholds: threshold.Default(), At: inspect.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))},
	}
}

// runner audits with the checks that the verb runs at the first two depths.
func (b *bench) runner(l audit.Listing) *audit.Runner {
	b.t.Helper()
	world, err := audit.World(audit.Units(l.Places))
	must(b.t, err)
	requirements := func(inspect.Image) []inspect.PolicyRequirement {
		if d, ok := audit.FlagRequirement(b.known.Expected); ok {
			return []inspect.PolicyRequirement{d}
		}
		return nil
	}
	trust := signature.NewTrust(signature.TrustOptions{Offline: true, CacheDir: b.t.TempDir()})
	x := &audit.Examiner{
		Client: b.client, Cache: b.cache, World: world, Expected: b.known.Expected, Now: time.Now,
		Keys: func(audit.Unit) []string { return audit.KeysOf(requirements(inspect.Image{})) },
		Checks: func(o subject.Options, _ audit.Unit, d audit.Depth) []engine.Check {
			checks := []engine.Check{
				subject.Check(o),
				signature.Check(signature.Options{
					Client: b.client, Store: b.client.Store(), Trust: trust, Now: time.Now,
					Requirements: requirements,
				}),
				provenance.Check(b.client), sbom.Attached(b.client),
			}
			if d.Covers(audit.Packages) {
				checks = append(checks, layer.Layers(b.client, b.cache), sbom.Packages(b.cat))
			}
			return checks
		},
	}
	return &audit.Runner{
		Store: b.store, Known: &b.known, Depth: b.depth, Parallel: 16, Fresh: time.Now(),
		Examine: func(ctx context.Context, u audit.Unit, d audit.Depth) (audit.Facts, error) {
			if b.reading != nil && d != audit.Identity {
				b.reading()
			}
			return x.Examine(registry.AtOnce(ctx), u, d)
		},
	}
}

// audit lists and examines all of a dump.
func (b *bench) audit(s *kube.Snapshot) audit.Report {
	b.t.Helper()
	l, err := audit.List(b.t.Context(), s, audit.Selection{})
	must(b.t, err)
	report, err := b.runner(l).Run(b.t.Context(), l)
	must(b.t, err)
	return report
}
