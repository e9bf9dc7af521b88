package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
	"github.com/backtrail/backtrail/testdata/stack/terminal"
)

// form is a way in which cosign's command line signs, and how it and backtrail are asked about it.
type form struct {
	name        string
	sign        []string // verb and flags; the reference follows
	verify      []string
	expect      []string // backtrail's flags
	kind        string
	attestation bool
	bundle      bool
	// What backtrail says of an altered copy. A signature of a managed key that no key at hand verifies may be somebody else's:
	// unknown, where cosign has one word for both. The case fails all the same: the expected signature is not there.
	altered string
}

const signerName = "release@shop.example"

// TestSigningForms has cosign sign in each form, against the real registry with and without the referrers API, and asks both for a
// verdict: of what was signed, of a copy that was altered, and of a signature that was hung to another image. Where the words
// differ, the table says so.
func TestSigningForms(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	o := newOffice(ctx, t)
	for host, api := range map[string]string{stack.Registry.Host: "referrers-tag", stack.Referrers.Host: "referrers"} {
		for _, f := range o.forms() {
			t.Run(f.name+", "+api, func(t *testing.T) {
				repository := fmt.Sprintf("%s/forms/%s", host, strings.ReplaceAll(f.name, " ", "-"))
				reference := repository + "@" + push(t, repository+":1", image.Good)
				o.must(ctx, t, append(f.sign, reference)...)
				store := api
				if !f.bundle {
					store = "tag"
				}
				passed := exitPassed
				if f.attestation { // an attestation is no signature of the image
					passed = exitIncomplete
				}
				o.agree(ctx, t, f, reference, passed, "verified", store)

				altered := copyAltered(t, f, repository, repository+"-altered", strings.TrimPrefix(reference, repository+"@"))
				o.agree(ctx, t, f, altered, exitFailed, f.altered, store)

				other := repository + "-other@" + push(t, repository+"-other:1", image.Edition("other"))
				graft(t, f, reference, other)
				o.agree(ctx, t, f, other, exitFailed, "failed subject-mismatch", store)
			})
		}
	}
}

// agree asks cosign and backtrail about a reference: the one says yes exactly where the other says verified.
func (o *office) agree(ctx context.Context, t *testing.T, f form, reference string, exit int, want, store string) {
	t.Helper()
	verdict, err := o.cosign.Run(ctx, append(append([]string{}, f.verify...), reference)...)
	must(t, err)
	if yes := verdict.Code == 0; yes != (want == "verified") {
		t.Errorf("cosign says exit %d, and backtrail should say %s\n%s", verdict.Code, want, verdict)
	}
	img := newResponder(t, env.Nobody).inspect(exit, append([]string{reference}, f.expect...)...).Images[0]
	if len(img.Signatures) != 1 {
		t.Fatalf("signatures %+v; want one", img.Signatures)
	}
	s := img.Signatures[0]
	if got := strings.TrimSpace(s.Status + " " + s.Reason); got != want || s.Kind != f.kind || s.Store != store {
		t.Errorf("backtrail says %s of a %s from %s, want %s of a %s from %s: %+v", got, s.Kind, s.Store, want, f.kind, store, s.Steps)
	}
	if f.attestation && (len(img.Provenance) != 1 || img.Provenance[0].Status != s.Status || img.Provenance[0].Reason != s.Reason) {
		t.Errorf("provenance %+v, want what its signature says: %s", img.Provenance, want)
	}
}

// office is who signs: a key pair, and a certificate of the shop's own authority for a second one.
type office struct {
	cosign          *terminal.Program
	dir             string
	key, public     string
	ownKey, ownCert string
	chain, root     string
	predicate       string
	empty           string
	trusted         string // a trusted root with the shop's authority
}

func newOffice(ctx context.Context, t *testing.T) *office {
	t.Helper()
	dir := t.TempDir()
	o := &office{dir: dir, cosign: &terminal.Program{Path: cosign.Path, Dir: dir, Env: []string{
		"COSIGN_PASSWORD=forms", "COSIGN_YES=true", "HOME=" + dir, "DOCKER_CONFIG=" + dir, "HTTPS_PROXY=http://127.0.0.1:9",
	}}}
	o.must(ctx, t, "generate-key-pair")
	o.key, o.public = filepath.Join(dir, "cosign.key"), filepath.Join(dir, "cosign.pub")
	o.certify(t)
	o.must(ctx, t, "import-key-pair", "--key", o.write(t, "own.pem", o.ownKeyPEM(t)), "--output-key-prefix", "own")
	o.ownKey = filepath.Join(dir, "own.key")
	body, err := json.Marshal(slsaV1())
	must(t, err)
	o.predicate = o.write(t, "predicate.json", body)
	o.empty = o.write(t, "empty-root.json", []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`))
	o.trusted = filepath.Join(dir, "trusted.json")
	o.must(ctx, t, "trusted-root", "create", "--fulcio=url=https://ca.shop.example,certificate-chain="+o.chain, "--out", o.trusted)
	return o
}

func (o *office) must(ctx context.Context, t *testing.T, args ...string) {
	t.Helper()
	_, err := o.cosign.Must(ctx, args...)
	must(t, err)
}

func (o *office) write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(o.dir, name)
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

func (o *office) ownKeyPEM(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(o.dir, "own-key.pem"))
	must(t, err)
	return data
}

// certify makes an authority with something between it and the signer's certificate, which lives for a year.
func (o *office) certify(t *testing.T) {
	t.Helper()
	now := time.Now().Add(-time.Hour)
	authority := func(n int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, NotBefore: now, NotAfter: now.AddDate(5, 0, 0),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	rootKey, betweenKey, key := newKey(t), newKey(t), newKey(t)
	root := certificate(t, authority(1, "shop root"), nil, rootKey, rootKey)
	between := certificate(t, authority(2, "shop signing"), root, betweenKey, rootKey)
	leaf := certificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(3), EmailAddresses: []string{signerName}, NotBefore: now, NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}, between, key, betweenKey)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	o.write(t, "own-key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	o.ownCert = o.write(t, "own.crt", certificatePEM(leaf))
	o.chain = o.write(t, "chain.pem", append(certificatePEM(between), certificatePEM(root)...))
	o.root = o.write(t, "root.pem", certificatePEM(root))
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func certificate(t *testing.T, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return cert
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// forms are those that need neither Fulcio nor Rekor: there is no network.
func (o *office) forms() []form {
	unlogged := "--tlog-upload=false"
	byKey := []string{"--key", o.public, "--insecure-ignore-tlog=true"}
	who := []string{"--certificate-identity", signerName, "--certificate-oidc-issuer-regexp", ".*"}
	unasked := append([]string{"--insecure-ignore-tlog=true", "--insecure-ignore-sct=true"}, who...)
	byRoot := append([]string{"--ca-roots", o.root}, unasked...)
	byOwnRoot := append([]string{harness.Bundles, "--trusted-root", o.trusted}, unasked...)
	own := []string{"--key", o.ownKey, "--certificate", o.ownCert, "--certificate-chain", o.chain, unlogged}
	slsa := []string{"--type", "slsaprovenance1"}
	expectKey := []string{"--key", o.public}
	expectRoot, expectChain := append([]string{"--ca-roots", o.root}, who...), append([]string{"--ca-roots", o.chain}, who...)
	join := func(verb string, lists ...[]string) []string {
		all := []string{verb}
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	signKey, predicate := []string{"--key", o.key, unlogged}, []string{"--predicate", o.predicate}
	bundles, noRoot := []string{harness.Bundles}, []string{"--trusted-root", o.empty}
	return []form{
		{
			name: "key", kind: "cosign", sign: join("sign", signKey), verify: join("verify", byKey), expect: expectKey,
			altered: "unknown unknown-key", // nothing in it names the key
		},
		{
			name: "key attestation", kind: "cosign", attestation: true, sign: join("attest", signKey, slsa, predicate), verify: join("verify-attestation", byKey, slsa),
			expect: expectKey, altered: "unknown unknown-key",
		},
		{
			name: "key bundle", kind: "bundle", bundle: true, sign: join("sign", signKey, bundles), verify: join("verify", byKey, bundles, noRoot), expect: expectKey,
			altered: "failed invalid-signature", // a bundle says whose it is
		},
		{
			name: "key bundle attestation", kind: "bundle", bundle: true, attestation: true, sign: join("attest", signKey, slsa, predicate, bundles),
			verify: join("verify-attestation", byKey, slsa, bundles, noRoot), expect: expectKey, altered: "failed invalid-signature",
		},
		{
			name: "own certificate", kind: "cosign", sign: join("sign", own), verify: join("verify", byRoot), expect: expectRoot,
			altered: "failed invalid-signature",
		},
		{
			name: "own certificate attestation", kind: "cosign", attestation: true, sign: join("attest", own, slsa, predicate),
			verify: join("verify-attestation", byRoot, slsa), expect: expectRoot, altered: "failed invalid-signature",
		},
		// A bundle has no room for the chain: cosign wants it as a trusted root of its own, backtrail as --ca-roots.
		{
			name: "own certificate bundle", kind: "bundle", bundle: true, sign: join("sign", own, bundles), verify: join("verify", byOwnRoot), expect: expectChain,
			altered: "failed invalid-signature",
		},
		{
			name: "own certificate bundle attestation", kind: "bundle", bundle: true, attestation: true, sign: join("attest", own, slsa, predicate, bundles),
			verify: join("verify-attestation", byOwnRoot, slsa), expect: expectChain, altered: "failed invalid-signature",
		},
	}
}

// signed are the manifests of signatures about an image: cosign's tags, or referrers.
func signed(t *testing.T, f form, reference string) []*remote.Descriptor {
	t.Helper()
	digest, err := name.NewDigest(reference)
	must(t, err)
	if !f.bundle {
		suffix := ".sig"
		if f.attestation {
			suffix = ".att"
		}
		d, err := remote.Get(digest.Context().Tag(strings.Replace(digest.DigestStr(), ":", "-", 1) + suffix))
		must(t, err)
		return []*remote.Descriptor{d}
	}
	index, err := remote.Referrers(digest)
	must(t, err)
	list, err := index.IndexManifest()
	must(t, err)
	var all []*remote.Descriptor
	for _, m := range list.Manifests {
		d, err := remote.Get(digest.Context().Digest(m.Digest.String()))
		must(t, err)
		all = append(all, d)
	}
	return all
}

// copyAltered copies an image into another repository, with its signatures; what they signed is altered on the way.
func copyAltered(t *testing.T, f form, from, to, digest string) string {
	t.Helper()
	img, err := remote.Image(mustDigest(t, from+"@"+digest))
	must(t, err)
	must(t, remote.Write(mustDigest(t, to+"@"+digest), img))
	for _, d := range signed(t, f, from+"@"+digest) {
		repost(t, f, d, from, to+"@"+digest, func(data []byte) []byte { return alter(t, data) })
	}
	return to + "@" + digest
}

// graft hangs the signatures of one image to another, as they are.
func graft(t *testing.T, f form, from, to string) {
	t.Helper()
	for _, d := range signed(t, f, from) {
		repost(t, f, d, strings.Split(from, "@")[0], to, func(data []byte) []byte { return data })
	}
}

// repost writes a signature's manifest about another image, with its layers changed.
func repost(t *testing.T, f form, d *remote.Descriptor, from, to string, change func([]byte) []byte) {
	t.Helper()
	target := mustDigest(t, to)
	m, err := v1.ParseManifest(bytes.NewReader(d.Manifest))
	must(t, err)
	must(t, remote.WriteLayer(target.Context(), static.NewLayer(blobOf(t, from, m.Config.Digest), m.Config.MediaType)))
	for i := range m.Layers {
		layer := static.NewLayer(change(blobOf(t, from, m.Layers[i].Digest)), m.Layers[i].MediaType)
		must(t, remote.WriteLayer(target.Context(), layer))
		m.Layers[i].Digest, err = layer.Digest()
		must(t, err)
		m.Layers[i].Size, err = layer.Size()
		must(t, err)
	}
	var raw map[string]any
	must(t, json.Unmarshal(d.Manifest, &raw))
	raw["layers"] = m.Layers
	if m.Subject != nil {
		about, err := remote.Head(target)
		must(t, err)
		raw["subject"] = about
	}
	data, err := json.Marshal(raw)
	must(t, err)
	post(t, f, d, target, data)
}

func post(t *testing.T, f form, d *remote.Descriptor, about name.Digest, data []byte) {
	t.Helper()
	m := manifest{data, d.MediaType}
	if f.bundle {
		hash, _, err := v1.SHA256(bytes.NewReader(data))
		must(t, err)
		must(t, remote.Put(about.Context().Digest(hash.String()), m))
		return
	}
	suffix := ".sig"
	if f.attestation {
		suffix = ".att"
	}
	must(t, remote.Put(about.Context().Tag(strings.Replace(about.DigestStr(), ":", "-", 1)+suffix), m))
}

// manifest is bytes that a registry takes as a manifest.
type manifest struct {
	data      []byte
	mediaType types.MediaType
}

func (m manifest) RawManifest() ([]byte, error)        { return m.data, nil }
func (m manifest) MediaType() (types.MediaType, error) { return m.mediaType, nil }

func mustDigest(t *testing.T, reference string) name.Digest {
	t.Helper()
	d, err := name.NewDigest(reference)
	must(t, err)
	return d
}

func blobOf(t *testing.T, repository string, digest v1.Hash) []byte {
	t.Helper()
	layer, err := remote.Layer(mustDigest(t, repository+"@"+digest.String()))
	must(t, err)
	r, err := layer.Compressed()
	must(t, err)
	defer r.Close()
	data, err := io.ReadAll(r)
	must(t, err)
	return data
}

// alter changes what was signed and leaves alone what it is about: a member more in a payload, in the statement of an envelope,
// or in that of a bundle's envelope.
func alter(t *testing.T, data []byte) []byte {
	t.Helper()
	var o map[string]any
	must(t, json.Unmarshal(data, &o))
	switch {
	case o["dsseEnvelope"] != nil:
		alterEnvelope(t, o["dsseEnvelope"].(map[string]any))
	case o["payload"] != nil:
		alterEnvelope(t, o)
	default:
		o["altered"] = true
	}
	changed, err := json.Marshal(o)
	must(t, err)
	return changed
}

func alterEnvelope(t *testing.T, envelope map[string]any) {
	t.Helper()
	body, err := base64.StdEncoding.DecodeString(envelope["payload"].(string))
	must(t, err)
	var statement map[string]any
	must(t, json.Unmarshal(body, &statement))
	statement["altered"] = true
	body, err = json.Marshal(statement)
	must(t, err)
	envelope["payload"] = base64.StdEncoding.EncodeToString(body)
}
