package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	nsignature "github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/backtrail/backtrail/inspect"
)

// workshop is a shop with a certificate authority of its own: it signs as cosign does with an own certificate, as
// notation does, and keeps an attestation at GitHub.
type workshop struct {
	t         *testing.T
	dir       string
	root      *x509.Certificate
	leaf      *x509.Certificate
	key       *ecdsa.PrivateKey
	reference string // by digest
	digest    v1.Hash
	repo      name.Repository
	image     v1.Image
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{t: t, dir: t.TempDir()}
	w.certify()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	var err error
	w.repo, err = name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/acme/app")
	w.check(err)
	img, err := smallImage()
	w.check(err)
	w.image = mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON)
	w.check(remote.Write(w.repo.Tag("1"), w.image))
	w.digest, err = w.image.Digest()
	w.check(err)
	w.reference = w.repo.Digest(w.digest.String()).String()
	return w
}

func (w *workshop) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *workshop) certify() {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.check(err)
	w.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.check(err)
	from := time.Now().Add(-time.Hour)
	subject := func(name string) pkix.Name {
		return pkix.Name{CommonName: name, Organization: []string{"acme"}, Country: []string{"DE"}, Province: []string{"BE"}}
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: subject("root"), NotBefore: from, NotAfter: from.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	w.root = w.certificate(ca, ca, rootKey, rootKey)
	w.leaf = w.certificate(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: subject("release"), EmailAddresses: []string{"release@acme.example"}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}, w.root, w.key, rootKey)
	w.write("ca.pem", asPEM(w.root))
	w.write("trust/x509/ca/acme/root.pem", asPEM(w.root))
	w.write("policy.json", []byte(`{"version":"1.0","trustPolicies":[{"name":"images","registryScopes":["*"],"signatureVerification":{"level":"strict"},
		"trustStores":["ca:acme"],"trustedIdentities":["x509.subject: C=DE, ST=BE, O=acme"]}]}`))
}

func (w *workshop) certificate(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	w.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	w.check(err)
	cert, err := x509.ParseCertificate(der)
	w.check(err)
	return cert
}

func asPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func (w *workshop) write(name string, data []byte) string {
	w.t.Helper()
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	w.check(os.MkdirAll(filepath.Dir(path), 0o700))
	w.check(os.WriteFile(path, data, 0o600))
	return path
}

func (w *workshop) file(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *workshop) sign(message []byte) string {
	w.t.Helper()
	sum := sha256.Sum256(message)
	sig, err := w.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	w.check(err)
	return base64.StdEncoding.EncodeToString(sig)
}

// cosign signs as cosign does with an own certificate and without a log.
func (w *workshop) cosign() {
	w.t.Helper()
	payload := []byte(fmt.Sprintf(`{"critical":{"identity":{"docker-reference":%q},"image":{"docker-manifest-digest":%q},"type":"cosign container image signature"},"optional":null}`,
		w.repo.Name(), w.digest))
	const mediaType = "application/vnd.dev.cosign.simplesigning.v1+json"
	img, err := mutate.Append(empty.Image, mutate.Addendum{
		Layer: static.NewLayer(payload, mediaType), MediaType: mediaType,
		Annotations: map[string]string{"dev.cosignproject.cosign/signature": w.sign(payload), "dev.sigstore.cosign/certificate": string(asPEM(w.leaf)), "dev.sigstore.cosign/chain": string(asPEM(w.root))},
	})
	w.check(err)
	w.check(remote.Write(w.repo.Tag("sha256-"+w.digest.Hex+".sig"), mutate.MediaType(img, types.OCIManifestSchema1)))
}

// notation signs as notation does.
func (w *workshop) notation() {
	w.t.Helper()
	size, err := w.image.Size()
	w.check(err)
	signer, err := nsignature.NewLocalSigner([]*x509.Certificate{w.leaf, w.root}, w.key)
	w.check(err)
	e, err := nsignature.NewEnvelope(jws.MediaTypeEnvelope)
	w.check(err)
	data, err := e.Sign(&nsignature.SignRequest{
		Payload: nsignature.Payload{
			ContentType: "application/vnd.cncf.notary.payload.v1+json",
			Content:     []byte(fmt.Sprintf(`{"targetArtifact":{"mediaType":%q,"digest":%q,"size":%d}}`, types.OCIManifestSchema1, w.digest, size)),
		},
		Signer: signer, SigningTime: time.Now(), SigningScheme: nsignature.SigningSchemeX509,
	})
	w.check(err)
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(data, jws.MediaTypeEnvelope))
	w.check(err)
	subject, err := remote.Head(w.repo.Tag("1"))
	w.check(err)
	img = mutate.Subject(mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), "application/vnd.cncf.notary.signature"), *subject).(v1.Image)
	hash, err := img.Digest()
	w.check(err)
	w.check(remote.Write(w.repo.Digest(hash.String()), img))
}

// gitHub keeps an attestation about the image.
func (w *workshop) gitHub() *httptest.Server {
	w.t.Helper()
	statement := []byte(fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1","subject":[{"name":"app","digest":{"sha256":%q}}],
		"predicate":{"buildDefinition":{"buildType":"x","externalParameters":{}},"runDetails":{"builder":{"id":"https://acme.example/builder"}}}}`, w.digest.Hex))
	const kind = "application/vnd.in-toto+json"
	bundle := fmt.Sprintf(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{"rawBytes":%q}},
		"dsseEnvelope":{"payload":%q,"payloadType":%q,"signatures":[{"sig":%q}]}}`,
		base64.StdEncoding.EncodeToString(w.leaf.Raw), base64.StdEncoding.EncodeToString(statement), kind, w.sign(dsse.PAE(kind, statement)))
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/repos/acme/app/attestations/"+w.digest.String() {
			rw.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"attestations": []any{map[string]any{"bundle": json.RawMessage(bundle)}}})
	}))
	w.t.Cleanup(server.Close)
	return server
}

// backtrail runs the command line.
func (w *workshop) backtrail(want int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	var out, errs bytes.Buffer
	code := run(context.Background(), args, streams{in: strings.NewReader(""), out: &out, err: &errs})
	if code != want {
		w.t.Fatalf("backtrail %q: exit %d, want %d\n%s\n%s", args, code, want, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// Three stores and three schemes are one case, and its bundle says the same again from what it carries.
func TestOwnTrustInABundle(t *testing.T) {
	w := newWorkshop(t)
	for _, name := range []string{"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME", "DOCKER_CONFIG"} {
		t.Setenv(name, w.file("home"))
	}
	w.cosign()
	w.notation()
	t.Setenv("GITHUB_API_URL", w.gitHub().URL)
	root := w.write("root.json", []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`))
	own := []string{"--ca-roots", w.file("ca.pem"), "--notation-trust-store", w.file("trust"), "--notation-policy", w.file("policy.json")}
	who := []string{"--certificate-identity", "release@acme.example", "--certificate-oidc-issuer-regexp", ".*", "--trusted-root", root, "--github=acme/app"}

	out, _ := w.backtrail(exitPassed, append(append([]string{"inspect", w.reference, "-o", "json", "--export", w.file("bag")}, own...), who...)...)
	var c inspect.Case
	w.check(json.Unmarshal([]byte(out), &c))
	found := map[string]string{}
	for _, s := range c.Images[0].Signatures {
		found[s.Kind+" from "+s.Store] = strings.TrimSpace(string(s.Status) + " " + s.Reason)
	}
	for _, want := range []string{"cosign from tag", "notation from referrers-tag", "bundle from github"} {
		if found[want] != "verified" {
			t.Errorf("%s is %q; there are %v", want, found[want], found)
		}
	}

	_, why := w.backtrail(exitIncomplete, "verify", w.file("bag"))
	for _, words := range []string{"--ca-roots", "--notation-policy"} {
		if !strings.Contains(why, words) {
			t.Errorf("it does not say that only the bag vouches (%s):\n%s", words, why)
		}
	}
	w.backtrail(exitPassed, "verify", w.file("bag"), "--trusted-root", "bag")
	said, _ := w.backtrail(exitPassed, append([]string{"verify", w.file("bag"), "--trusted-root", root, "-o", "json"}, own...)...)
	if n := strings.Count(said, `"name": "signature"`) + strings.Count(said, `"name":"signature"`); n != 3 {
		t.Errorf("%d signatures were reproduced, want three:\n%s", n, said)
	}
}
