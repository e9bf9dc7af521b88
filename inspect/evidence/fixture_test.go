package evidence

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// memoryStore is an inspect.Store of what a test puts into it.
type memoryStore struct {
	blobs   map[string][]byte
	indexes map[string][]inspect.Entry
	tars    map[string][]byte // uncompressed layers by diff ID
}

func newMemoryStore() *memoryStore {
	return &memoryStore{blobs: map[string][]byte{}, indexes: map[string][]inspect.Entry{}, tars: map[string][]byte{}}
}

func (s *memoryStore) put(data []byte) string {
	d := bagit.Digest(data)
	s.blobs[d] = data
	return d
}

func (s *memoryStore) Index(_ context.Context, diffID string) ([]inspect.Entry, error) {
	if list, ok := s.indexes[diffID]; ok {
		return list, nil
	}
	return nil, inspect.ErrNotKept
}

func (s *memoryStore) Catalogue(context.Context, string) ([]inspect.Package, error) {
	return nil, inspect.ErrNotKept
}

func (s *memoryStore) Open(_ context.Context, diffID string, e inspect.Entry) (inspect.Content, error) {
	layer, ok := s.tars[diffID]
	if !ok {
		return nil, inspect.ErrNotKept
	}
	return bagit.PartContent{SectionReader: io.NewSectionReader(bytes.NewReader(layer), e.Offset, e.Size)}, nil
}

func (s *memoryStore) Blob(_ context.Context, digest string) (io.ReadCloser, error) {
	if b, ok := s.blobs[digest]; ok {
		return io.NopCloser(bytes.NewReader(b)), nil
	}
	return nil, fmt.Errorf("blob %s: %w", digest, inspect.ErrNotKept)
}

// layer keeps a gzipped tar of the files, with its listing, and gives digest, diff ID and size.
func (s *memoryStore) layer(t *testing.T, files ...[2]string) inspect.Layer {
	t.Helper()
	var raw bytes.Buffer
	tw := tar.NewWriter(&raw)
	var entries []inspect.Entry
	for _, f := range files {
		must(t, tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f[0][1:], Mode: 0o755, Size: int64(len(f[1]))}))
		at := int64(raw.Len())
		_, err := tw.Write([]byte(f[1]))
		must(t, err)
		entries = append(entries, inspect.Entry{Path: f[0], Type: inspect.EntryFile, Mode: 0o755, Size: int64(len(f[1])), Offset: at, SHA256: bagit.HexOf(bagit.Digest([]byte(f[1])))})
	}
	must(t, tw.Close())
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	_, err := zw.Write(raw.Bytes())
	must(t, err)
	must(t, zw.Close())
	diffID := bagit.Digest(raw.Bytes())
	s.indexes[diffID], s.tars[diffID] = entries, raw.Bytes()
	return inspect.Layer{
		Digest: s.put(packed.Bytes()), DiffID: diffID, Size: int64(packed.Len()), Status: inspect.Verified,
		MediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
	}
}

func (s *memoryStore) json(t *testing.T, v any) (digest string, size int64) {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return s.put(b), int64(len(b))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// miner stands for the dropped program; it is a text that nothing can run.
const miner = "\x7fELF not really a program"

// incident is a complete case made by hand: an image of two layers with a dropped program, its signature under a tag and
// an attestation that refers to it, a known-good, a damaged blob, a pod, an alert and a log.
type incident struct {
	store  *memoryStore
	events []inspect.Event
	image  inspect.Image
	layers []inspect.Layer
}

var began = inspect.At(time.Date(2026, 11, 23, 3, 12, 4, 0, time.UTC))

func newIncident(t *testing.T) *incident {
	t.Helper()
	in := &incident{store: newMemoryStore()}
	base := in.store.layer(t, [2]string{"/var/lib/dpkg/status", "Package: base-files\n"}, [2]string{"/usr/bin/top", "top"})
	top := in.store.layer(t, [2]string{"/var/tmp/.x/kdev", miner})
	base.CreatedBy, top.CreatedBy, top.Position, top.Number, base.Base = "ADD rootfs.tar /", "COPY . /", 1, 1, true
	in.layers = []inspect.Layer{base, top}
	manifest, config := in.imageOf(t, base, top)
	good, goodConfig := in.imageOf(t, base)
	in.image = inspect.Image{
		ImageHead: inspect.ImageHead{
			Container: "web", Reference: "registry.example/shop/web:1", Location: "registry.example/shop/web@" + manifest,
			Digest: manifest, Config: config, Platform: "linux/amd64", Status: inspect.Verified,
		},
	}
	in.say(inspect.Event{Fact: inspect.Header{
		Schema: inspect.Schema, Tool: inspect.Tool{Name: "backtrail", Version: "0.1.0"}, Started: began,
		Target: inspect.Target{Kind: inspect.TargetPod, Name: "pod/web-7d9f", Namespace: "shop", Context: "prod"},
	}})
	in.say(inspect.Event{Fact: inspect.Session{Operator: "ada", Host: "laptop", Started: began}})
	in.cluster()
	i := in.image
	in.say(inspect.Event{Check: "subject", Container: "web", Fact: i.ImageHead})
	in.say(inspect.Event{Check: "subject", Fact: inspect.Request{Method: "GET", URL: "https://registry.example/v2/shop/web/manifests/1", Status: 200, Bytes: 500}})
	in.blob(manifest, "manifest", ociManifest, "")
	in.blob(config, "config", "application/vnd.oci.image.config.v1+json", "")
	for _, l := range in.layers {
		in.say(inspect.Event{Check: "layers", Container: "web", Fact: l})
		in.blob(l.Digest, roleLayer, l.MediaType, "")
	}
	in.signatures(t, manifest)
	damaged := in.store.put([]byte("these are not the bytes"))
	in.say(inspect.Event{Check: "signatures", Container: "web", Fact: inspect.Blob{
		Digest: bagit.Digest([]byte("what should be there")), Role: "referrer", State: blobDamaged, Actual: damaged, Of: ofImage,
	}})
	in.say(inspect.Event{Check: "diff", Container: "web", Fact: inspect.Diff{
		KnownGood: &inspect.KnownGood{Reference: "registry.example/shop/web:0", Digest: good, Config: goodConfig, Why: "previous revision 1", Confidence: "high"},
		Packages:  &inspect.PackageDiff{Changed: []inspect.PackageChange{{Type: "deb", Name: "libc6", From: "2.36", To: "2.35", Change: "downgrade"}}},
		Files:     &inspect.FileDiff{Added: 1, List: []inspect.FileChange{{Path: "/var/tmp/.x/kdev", Change: "added", Layer: 1}}},
	}})
	in.say(inspect.Event{Check: "diff", Container: "web", Fact: inspect.Blob{Digest: good, Role: "manifest", MediaType: ociManifest, State: blobCarried, Of: ofKnownGood}})
	in.say(inspect.Event{Check: "diff", Container: "web", Fact: inspect.Blob{Digest: goodConfig, Role: "config", State: blobCarried, Of: ofKnownGood}})
	in.say(inspect.Event{Check: "diff", Container: "web", Fact: inspect.Blob{Digest: base.Digest, Role: roleLayer, State: blobCarried, Of: ofKnownGood}})
	in.findings()
	for _, check := range []string{inspect.CheckLayers, inspect.CheckSignatures, inspect.CheckProvenance} {
		in.say(inspect.Event{Check: check, Container: "web", Fact: inspect.End{Status: inspect.CheckDone}})
	}
	in.say(inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}})
	return in
}

func (in *incident) say(e inspect.Event) {
	e.Seq = uint64(len(in.events) + 1)
	e = e.Stamped(inspect.At(began.Add(time.Duration(e.Seq) * time.Second)))
	in.events = append(in.events, e)
}

func (in *incident) blob(digest, role, mediaType, tag string) {
	in.say(inspect.Event{Check: "layers", Container: "web", Fact: inspect.Blob{
		Digest: digest, Role: role, MediaType: mediaType, Size: int64(len(in.store.blobs[digest])), State: blobCarried, Of: ofImage, Tag: tag,
	}})
}

// imageOf makes config and manifest of some layers.
func (in *incident) imageOf(t *testing.T, layers ...inspect.Layer) (manifest, config string) {
	t.Helper()
	diffIDs, list := []string{}, []descriptor{}
	for _, l := range layers {
		diffIDs = append(diffIDs, l.DiffID)
		list = append(list, descriptor{MediaType: l.MediaType, Digest: l.Digest, Size: l.Size})
	}
	config, size := in.store.json(t, map[string]any{"os": "linux", "architecture": "amd64", "rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs}})
	manifest, _ = in.store.json(t, map[string]any{
		"schemaVersion": 2, "mediaType": ociManifest, "layers": list,
		"config": descriptor{MediaType: "application/vnd.oci.image.config.v1+json", Digest: config, Size: size},
	})
	return manifest, config
}

// signatures makes a cosign signature under its tag, and a bundle that refers to the image.
func (in *incident) signatures(t *testing.T, manifest string) {
	t.Helper()
	payload := in.store.put([]byte(`{"critical":{}}`))
	empty := descriptor{MediaType: "application/vnd.oci.empty.v1+json", Digest: bagit.Digest([]byte(emptyJSON)), Size: 2}
	sig, _ := in.store.json(t, map[string]any{
		"schemaVersion": 2, "mediaType": ociManifest, "config": empty,
		"layers": []descriptor{{MediaType: "application/vnd.dev.cosign.simplesigning.v1+json", Digest: payload, Size: 15}},
	})
	bundle := in.store.put([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`))
	referrer, _ := in.store.json(t, map[string]any{
		"schemaVersion": 2, "mediaType": ociManifest, "config": empty, "artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json",
		"layers":  []descriptor{{MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", Digest: bundle, Size: 61}},
		"subject": descriptor{MediaType: ociManifest, Digest: manifest, Size: int64(len(in.store.blobs[manifest]))},
	})
	in.blob(sig, "signature", ociManifest, "sha256-"+bagit.HexOf(manifest)+".sig")
	in.blob(referrer, "referrer", ociManifest, "")
	root := in.store.put([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`))
	in.say(inspect.Event{Fact: inspect.Trust{Kind: trustSigstore, Origin: inspect.TrustFile, Name: "trusted_root.json", Digest: root}})
	in.say(inspect.Event{Check: "signatures", Container: "web", Fact: inspect.Signature{
		ID: "s1", Kind: "cosign", Store: "tag", Digest: sig, Subject: manifest, Status: inspect.Verified, Identity: "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main",
		Issuer: "https://token.actions.githubusercontent.com", LogIndex: 7,
		Steps: []inspect.Step{{Name: inspect.StepIntegrity, Status: inspect.Verified}, {Name: inspect.StepCertificate, Status: inspect.Verified, Detail: "chains to the root"}},
		Raw:   []inspect.RawPart{{Name: "payload", Digest: payload}},
	}})
	statement := in.store.put([]byte(`{"_type":"https://in-toto.io/Statement/v1"}`))
	in.say(inspect.Event{Check: "provenance", Container: "web", Fact: inspect.Provenance{
		ID: "p1", PredicateType: "https://slsa.dev/provenance/v1", Builder: "https://builder.example", Source: "git+https://github.com/acme/shop", Commit: "6cf671f47f",
		Signed: true, Signature: "s1", Status: inspect.Verified, Raw: []inspect.RawPart{{Name: "statement", Digest: statement}},
	}})
}

func (in *incident) cluster() {
	in.say(inspect.Event{Check: "cluster", Fact: inspect.Pod{
		Name: "web-7d9f", Namespace: "shop", Owner: []inspect.Owner{{Kind: "ReplicaSet", Name: "web-7d"}, {Kind: "Deployment", Name: "web"}},
		Containers: []inspect.Container{{Name: "web", Type: inspect.ContainerMain, Reference: "registry.example/shop/web:1"}}, Others: []string{"shop/web-aaaa"},
	}})
	for path, text := range map[string]string{
		"cluster/pod.json":          `{"kind":"Pod"}`,
		"alerts/falco.jsonl":        `{"rule":"Drop and execute new binary in container"}`,
		"logs/../../etc/passwd.log": "log of an oddly named container",
		"logs/ETC":                  "a name that is another's folder",
	} {
		digest := in.store.put([]byte(text))
		in.say(inspect.Event{Check: "cluster", Fact: inspect.Exhibit{Path: path, Digest: digest, Size: int64(len(text)), Source: "GET /api/v1/…", Redacted: []string{"spec.containers[0].env"}}})
	}
	in.say(inspect.Event{Check: "alerts", Fact: inspect.Alert{
		ID: "a1", Source: "falco", Rule: "Drop and execute new binary in container", Priority: "Critical", Time: began, Match: inspect.MatchContainer, Subject: "web",
		Path: "/var/tmp/.x/kdev", File: inspect.AlertFile{Path: "/var/tmp/.x/kdev", Origin: inspect.OriginImage, Layer: 1, SHA256: bagit.HexOf(bagit.Digest([]byte(miner)))}, Count: 3,
	}})
}

func (in *incident) findings() {
	sum := bagit.HexOf(bagit.Digest([]byte(miner)))
	in.say(inspect.Event{Check: "binaries", Container: "web", Fact: inspect.Binary{
		Path: "/var/tmp/.x/kdev", Kind: inspect.KindELF, SHA256: sum, Size: int64(len(miner)), Mode: "0755", Layer: 1, Count: 1,
		Status: inspect.RowFailed, Severity: inspect.Critical, Codes: []string{"alerted", "hidden-path", "unowned"}, Detail: "an unowned program in a hidden folder ran",
	}})
	in.say(inspect.Event{Check: "binaries", Container: "web", Fact: inspect.Finding{
		ID: "f1", Check: "binaries", Code: "unexpected-binary", Status: inspect.RowFailed, Severity: inspect.Critical, Subject: "web:/var/tmp/.x/kdev",
		Title: "an unowned program in a hidden folder ran", Evidence: []inspect.Evidence{{Kind: "file", Digest: "sha256:" + sum, Path: "/var/tmp/.x/kdev"}, {Kind: "layer", Digest: in.layers[1].Digest}},
	}})
	in.say(inspect.Event{Check: "binaries", Container: "web", Fact: inspect.Begin{}})
	in.say(inspect.Event{Check: "binaries", Container: "web", Fact: inspect.End{Status: inspect.CheckDone}})
	in.say(inspect.Event{Check: "answers", Fact: inspect.Answer{Question: inspect.WhereFrom, Status: inspect.Answered, Text: "from layer 1, COPY . /", Findings: []string{"f1"}}})
}

// opener gives the events as a saved stream.
func (in *incident) opener(t *testing.T) func() (io.ReadCloser, error) {
	t.Helper()
	var b bytes.Buffer
	prev := ""
	for n, e := range in.events {
		e.Seq, e.Prev = uint64(n+1), prev
		line, err := json.Marshal(e)
		must(t, err)
		prev = bagit.Digest(line)
		b.Write(append(line, '\n'))
	}
	data := b.Bytes()
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

var options = Options{Who: "ada@laptop", Layers: LayersAll}

// export writes the incident's bundle below a temporary directory.
func (in *incident) export(t *testing.T, name string, o Options) Result {
	t.Helper()
	r, err := Export(context.Background(), in.opener(t), in.store, filepath.Join(t.TempDir(), name), o)
	must(t, err)
	return r
}

// trusting are options of a person who takes the bag's root and whose checks come to the same.
func trusting() VerifyOptions {
	return VerifyOptions{AcceptBag: true, Rerun: func(_ context.Context, _ *Bag, c inspect.Case) (Again, error) { return Again{Case: c}, nil }}
}

func verify(t *testing.T, path string, o VerifyOptions) Verification {
	t.Helper()
	v, err := Verify(context.Background(), path, o)
	must(t, err)
	return v
}

// failures are the checks that failed, as "subject: detail".
func failures(v Verification) []string {
	var list []string
	for _, c := range v.Checks {
		if c.Status == inspect.Failed {
			list = append(list, c.Subject+": "+c.Detail)
		}
	}
	return list
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}
