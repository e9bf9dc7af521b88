package signature

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	layers "github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	nsignature "github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/tspclient-go"

	"github.com/backtrail/backtrail/inspect"
)

// house is an authority of its own, that signs by the Notary Project's rules.
type house struct {
	t         testing.TB
	root      *x509.Certificate
	rootKey   *ecdsa.PrivateKey
	leaf      *x509.Certificate
	key       *ecdsa.PrivateKey
	stampCert *x509.Certificate
	stampKey  *ecdsa.PrivateKey
}

var houseTime = time.Now().Add(-time.Hour).Truncate(time.Second)

func newHouse(t testing.TB, name string) *house {
	t.Helper()
	h := &house{t: t, rootKey: newKeyed(t).key, key: newKeyed(t).key, stampKey: newKeyed(t).key}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{
			CommonName: name + " root", Organization: []string{name},
			Country: []string{"DE"}, Province: []string{"BE"},
		},
		NotBefore: houseTime, NotAfter: houseTime.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	h.root = h.certify(root, root, h.rootKey.Public())
	h.leaf = h.certify(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{
			CommonName: "release", Organization: []string{name},
			Country: []string{"DE"}, Province: []string{"BE"},
		},
		NotBefore: houseTime, NotAfter: houseTime.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}, h.root, h.key.Public())
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	h.stampCert = h.certify(&x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{
			CommonName: "clock", Organization: []string{name},
			Country: []string{"DE"},
		},
		NotBefore: houseTime, NotAfter: houseTime.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, h.root, h.stampKey.Public())
	return h
}

func (h *house) certify(template, parent *x509.Certificate, public crypto.PublicKey) *x509.Certificate {
	h.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, h.rootKey)
	if err != nil {
		h.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		h.t.Fatal(err)
	}
	return cert
}

// Timestamp answers as a timestamp authority does.
func (h *house) Timestamp(_ context.Context, r *tspclient.Request) (*tspclient.Response, error) {
	t := timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: r.MessageImprint.HashedMessage, Time: houseTime.Add(time.Minute),
		Nonce:  r.Nonce,
		Policy: asn1.ObjectIdentifier{1, 2, 3}, AddTSACertificate: r.CertReq, SerialNumber: big.NewInt(7),
		Certificates: []*x509.Certificate{h.root},
	}
	data, err := t.CreateResponseWithOpts(h.stampCert, h.stampKey, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	response := &tspclient.Response{}
	return response, response.UnmarshalBinary(data)
}

// request is what notation signs of an image.
func (h *house) request(target object) *nsignature.SignRequest {
	signer, err := nsignature.NewLocalSigner([]*x509.Certificate{h.leaf, h.root}, h.key)
	if err != nil {
		h.t.Fatal(err)
	}
	return &nsignature.SignRequest{
		Payload: nsignature.Payload{ContentType: notaryPayload, Content: encode(h.t, object{"targetArtifact": target})},
		Signer:  signer, SigningTime: houseTime.Add(time.Minute), SigningScheme: nsignature.SigningSchemeX509,
		SigningAgent: "test",
	}
}

func (h *house) sign(mediaType string, r *nsignature.SignRequest) []byte {
	h.t.Helper()
	e, err := nsignature.NewEnvelope(mediaType)
	if err != nil {
		h.t.Fatal(err)
	}
	data, err := e.Sign(r)
	if err != nil {
		h.t.Fatal(err)
	}
	return data
}

// target names what the shop sells.
func (s *shop) target() object {
	s.t.Helper()
	raw, err := s.index.RawManifest()
	if err != nil {
		s.t.Fatal(err)
	}
	mediaType, err := s.index.MediaType()
	if err != nil {
		s.t.Fatal(err)
	}
	return object{"mediaType": string(mediaType), "digest": s.list, "size": len(raw)}
}

// trustDir is a configuration directory of notation: stores with the roots of houses, and a policy.
func trustDir(t *testing.T, policy object, stores map[string]*house) string {
	t.Helper()
	dir := t.TempDir()
	for name, h := range stores {
		store := filepath.Join(dir, "truststore", "x509", filepath.FromSlash(name))
		if err := os.MkdirAll(store, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(store, "root.pem"), []byte(pemOf(h.root)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if policy != nil {
		if err := os.WriteFile(filepath.Join(dir, "trustpolicy.json"), encode(t, policy), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func policyOf(level object, scope string, stores, identities []any) object {
	return object{"version": "1.0", "trustPolicies": []any{object{
		"name": "images", "registryScopes": []any{scope}, "signatureVerification": level, "trustStores": stores,
		"trustedIdentities": identities,
	}}}
}

func notaryAt(t *testing.T, dir string) *Notary {
	t.Helper()
	n, err := NewNotary(NotaryOptions{Config: dir})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNotation(t *testing.T) {
	acme, evil := newHouse(t, "acme"), newHouse(t, "evil")
	strict, any1 := object{"level": "strict"}, []any{"*"}
	stores := map[string]*house{"ca/acme": acme, "tsa/acme": acme, "signingAuthority/acme": acme}
	ca, both := []any{"ca:acme"}, []any{"ca:acme", "tsa:acme"}
	bySubject := []any{"x509.subject: C=DE, ST=BE, O=acme"}
	everywhere := func(level object, names, identities []any) object { return policyOf(level, "*", names, identities) }
	late := houseTime.AddDate(2, 0, 0)
	for _, c := range []struct {
		name   string
		policy object
		sign   func(*house, *nsignature.SignRequest)
		alter  func([]byte) []byte
		by     *house
		now    time.Time
		want   string
		says   string // in the deciding link
	}{
		{name: "as the policy expects", policy: everywhere(strict, ca, bySubject), want: "verified "},
		{name: "anybody of the store", policy: everywhere(strict, ca, any1), want: "verified "},
		{
			name: "another subject", policy: everywhere(strict, ca, []any{"x509.subject: C=DE, ST=BE, O=other"}),
			want: "failed identity-mismatch", says: "O=other",
		},
		{name: "no policy", want: "unknown no-expectation", says: "no trust policy"},
		{
			name: "a policy for another repository", policy: policyOf(strict, "registry.example.com/other", ca, any1),
			want: "unknown no-expectation",
		},
		{
			name: "a policy that skips", policy: object{"version": "1.0", "trustPolicies": []any{object{
				"name":           "all",
				"registryScopes": []any{"*"}, "signatureVerification": object{"level": "skip"},
			}}},
			want: "unknown no-expectation",
		},
		{
			name: "an authority that nobody trusts", policy: everywhere(strict, ca, any1), by: evil,
			want: "failed untrusted-root", says: "evil root",
		},
		{
			name: "a store that is not there", policy: everywhere(strict, []any{"ca:other"}, any1),
			want: "unknown unknown-key",
		},
		{
			name: "best before yesterday", policy: everywhere(strict, ca, any1), sign: func(_ *house,
				r *nsignature.SignRequest,
			) {
				r.Expiry = houseTime.Add(2 * time.Minute)
			}, want: "failed no-timestamp",
			says: "expire",
		},
		{
			name: "the same, and the policy only logs it", policy: everywhere(object{"level": "permissive"}, ca, any1),
			sign: func(_ *house, r *nsignature.SignRequest) { r.Expiry = houseTime.Add(2 * time.Minute) },
			want: "verified ",
		},
		{name: "best before tomorrow", policy: everywhere(strict, ca, any1), sign: func(_ *house,
			r *nsignature.SignRequest,
		) {
			r.Expiry = houseTime.AddDate(0, 0, 1)
		}, want: "verified "},
		{
			name: "the certificate is not valid any more", policy: everywhere(strict, ca, any1), now: late,
			want: "failed no-timestamp", says: "the time of signing is in nothing that is signed",
		},
		{
			name: "it was when it was timestamped", policy: everywhere(strict, both, any1), now: late,
			sign: func(h *house, r *nsignature.SignRequest) { h.stamp(r) }, want: "verified ",
		},
		{
			name: "a timestamp was asked for", policy: everywhere(strict, both, any1), want: "failed no-timestamp",
			says: "asks for a timestamp",
		},
		{name: "asked for only later", policy: everywhere(object{
			"level":           "strict",
			"verifyTimestamp": "afterCertExpiry",
		}, both, any1), want: "verified "},
		{name: "a timestamp of a stranger", policy: everywhere(strict, both, any1), sign: func(_ *house,
			r *nsignature.SignRequest,
		) {
			evil.stamp(r)
		}, want: "failed no-timestamp", says: "does not hold"},
		{
			name: "a signing authority", policy: everywhere(strict, []any{"signingAuthority:acme"}, any1), now: late,
			sign: func(_ *house, r *nsignature.SignRequest) {
				r.SigningScheme = nsignature.SigningSchemeX509SigningAuthority
			}, want: "verified ",
		},
		{name: "about another image", policy: everywhere(strict, ca, any1), sign: func(h *house,
			r *nsignature.SignRequest,
		) {
			r.Payload.Content = encode(h.t, object{"targetArtifact": object{
				"mediaType": "x", "digest": digestOf(nil),
				"size": 1,
			}})
		}, want: "failed subject-mismatch"},
		{name: "about another size", policy: everywhere(strict, ca, any1), sign: func(h *house,
			r *nsignature.SignRequest,
		) {
			r.Payload.Content = []byte(strings.Replace(string(r.Payload.Content), `"size":`, `"size":1`, 1))
		}, want: "failed subject-mismatch", says: "bytes"},
		{name: "a plugin should verify it", policy: everywhere(strict, ca, any1), sign: func(_ *house,
			r *nsignature.SignRequest,
		) {
			r.ExtendedSignedAttributes = []nsignature.Attribute{{
				Key:      "io.cncf.notary.verificationPlugin",
				Critical: true, Value: "acme-plugin",
			}}
		}, want: "unknown ", says: "acme-plugin"},
		{
			name: "cut off", policy: everywhere(strict, ca, any1), alter: func(b []byte) []byte { return b[:len(b)/2] },
			want: "failed malformed",
		},
		{
			name: "the last byte of the signature", policy: everywhere(strict, ca, any1), alter: spoil,
			want: "failed invalid-signature",
		},
	} {
		for _, form := range []string{jws.MediaTypeEnvelope, cose.MediaTypeEnvelope} {
			t.Run(c.name+" "+form, func(t *testing.T) {
				s, h := newShop(t, nil), c.by
				if h == nil {
					h = acme
				}
				h = &house{t, h.root, h.rootKey, h.leaf, h.key, h.stampCert, h.stampKey}
				r := h.request(s.target())
				if c.sign != nil {
					c.sign(h, r)
				}
				data := h.sign(form, r)
				if c.alter != nil {
					data = c.alter(data)
				}
				s.referNotation(form, data)
				now := c.now
				if now.IsZero() {
					now = time.Now()
				}
				got := s.lookAs(notaryAt(t, trustDir(t, c.policy, stores)), now)
				rows := got.Images[0].Signatures
				if len(rows) != 1 || rows[0].Kind != KindNotation {
					t.Fatalf("rows: %+v; %+v", rows, got.Images[0].Stores)
				}
				if have := string(rows[0].Status) + " " + rows[0].Reason; have != c.want {
					t.Errorf("got %s, want %s: %+v", have, c.want, rows[0].Steps)
				}
				if why := Why(rows[0]); !strings.Contains(why, c.says) {
					t.Errorf("it says %q, want words about %q", why, c.says)
				}
			})
		}
	}
}

func (h *house) stamp(r *nsignature.SignRequest) {
	roots := x509.NewCertPool()
	roots.AddCert(h.root)
	r.Timestamper, r.TSARootCAs = h, roots
}

// spoil alters the signature in an envelope: the text behind "signature" in JWS, the last bytes in COSE.
func spoil(data []byte) []byte {
	var envelope object
	if json.Unmarshal(data, &envelope) == nil {
		flip(envelope, "signature")
		data, _ = json.Marshal(envelope)
		return data
	}
	data[len(data)-5] ^= 1
	return data
}

// referNotation pushes a signature as notation does: a referrer of the index, whose config is empty and of its own type.
func (s *shop) referNotation(form string, data []byte) {
	s.t.Helper()
	image, err := mutate.AppendLayers(empty.Image, layers.NewLayer(data, types.MediaType(form)))
	if err != nil {
		s.t.Fatal(err)
	}
	image = mutate.ConfigMediaType(mutate.MediaType(image, types.OCIManifestSchema1), mediaNotation)
	subject, err := remote.Head(s.repo.Tag("v1"))
	if err != nil {
		s.t.Fatal(err)
	}
	image = mutate.Subject(image, *subject).(v1.Image)
	if err := remote.Write(s.repo.Digest(digestText(s.t, image)), image); err != nil {
		s.t.Fatal(err)
	}
}

// lookAs runs the check with a Notary Project trust store, at a time.
func (s *shop) lookAs(n *Notary, now time.Time) inspect.Case {
	s.t.Helper()
	location := s.repo.Digest(s.list).String()
	o := Options{
		Client: s.client, Store: s.store, Trust: newStudio(s.t).trust(), Notary: n,
		Now: func() time.Time { return now },
	}
	return run(s.t, o, inspect.Expected{Notation: n.Digest()}, inspect.Image{
		ImageHead: inspect.ImageHead{
			Container: "web", Reference: location, Location: location, Index: s.list,
			Digest: s.digest, Config: digestOf(nil),
		},
	})
}
