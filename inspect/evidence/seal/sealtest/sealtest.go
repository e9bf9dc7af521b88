// Package sealtest runs a Sigstore instance and a timestamp authority within a test: a certificate authority, a log and
// an authority with keys of their own, each behind HTTP, and the trust root that leads to them.
package sealtest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/go-openapi/runtime"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
)

// Issuer is the OIDC issuer that the certificates name.
const Issuer = "https://accounts.example.com"

// Instance is a running instance. Its fields may be changed before a request, for one that fails.
type Instance struct {
	Fulcio, Rekor, Authority string // addresses
	Requests                 []string
	// Break gives the status and body to answer a path with, in place of the answer; 0: it is answered.
	Break func(path string) (int, string)
	// Redirect is where every request is sent on to; empty: nowhere.
	Redirect string

	t        testing.TB
	rootCert *x509.Certificate
	fulcio   *x509.Certificate
	fulcioBy *ecdsa.PrivateKey
	tsa      []*x509.Certificate // leaf, intermediate, root
	tsaBy    *ecdsa.PrivateKey
	log      *ca.VirtualSigstore
}

// New starts an instance, which ends with the test.
func New(t testing.TB) *Instance {
	t.Helper()
	s := &Instance{t: t}
	var err error
	s.log, err = ca.NewVirtualSigstore()
	s.check(err)
	var rootBy, tsaBy *ecdsa.PrivateKey
	s.rootCert, rootBy, err = ca.GenerateRootCa()
	s.check(err)
	s.fulcio, s.fulcioBy, err = ca.GenerateFulcioIntermediate(s.rootCert, rootBy)
	s.check(err)
	tsaCert, tsaBy, err := ca.GenerateTSAIntermediate(s.rootCert, rootBy)
	s.check(err)
	s.tsaBy, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.check(err)
	leaf, err := ca.GenerateTSALeafCert(time.Now().Add(-5*time.Minute), s.tsaBy, tsaCert, tsaBy)
	s.check(err)
	s.tsa = []*x509.Certificate{leaf, tsaCert, s.rootCert}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/signingCert", s.certify)
	mux.HandleFunc("POST /api/v1/log/entries", s.record)
	mux.HandleFunc("POST /tsa", s.stamp)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Requests = append(s.Requests, r.Method+" "+r.URL.Path)
		if s.Redirect != "" {
			http.Redirect(w, r, s.Redirect, http.StatusTemporaryRedirect)
			return
		}
		if s.Break != nil {
			if status, body := s.Break(r.URL.Path); status != 0 {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
				return
			}
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.Fulcio, s.Rekor, s.Authority = server.URL, server.URL, server.URL+"/tsa"
	return s
}

func (s *Instance) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// Token is an identity token of an e-mail address. Its signature is none: this instance does not look at it.
func (s *Instance) Token(email string) string {
	s.t.Helper()
	claims, err := json.Marshal(map[string]any{
		"iss": Issuer, "sub": "subject of " + email, "email": email, "email_verified": true, "aud": "sigstore",
	})
	s.check(err)
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none"}`)) + "." + part(claims) + "." + part([]byte("none"))
}

// certify answers as Fulcio does: a certificate for the key and the e-mail address of the token, without an SCT.
func (s *Instance) certify(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		PublicKeyRequest struct {
			PublicKey struct{ Content string }
		}
	}
	s.check(json.NewDecoder(r.Body).Decode(&ask))
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	s.check(err)
	var who struct{ Email string }
	s.check(json.Unmarshal(claims, &who))
	block, _ := pem.Decode([]byte(ask.PublicKeyRequest.PublicKey.Content))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	s.check(err)
	// The template is that of the library's own certificates, which takes the private half of the key.
	from := time.Now().Add(-time.Minute)
	sample, err := ca.GenerateLeafCert(who.Email, Issuer, from, s.fulcioBy, s.fulcio, s.fulcioBy)
	s.check(err)
	sample.SerialNumber, sample.ExtraExtensions = big.NewInt(time.Now().UnixNano()), sample.Extensions
	der, err := x509.CreateCertificate(rand.Reader, sample, s.fulcio, key, s.fulcioBy)
	s.check(err)
	s.answer(w, http.StatusOK, map[string]any{"signedCertificateEmbeddedSct": map[string]any{
		"chain": map[string]any{"certificates": []string{asPEM(der), asPEM(s.fulcio.Raw), asPEM(s.rootCert.Raw)}},
	}})
}

// record answers as Rekor does, with an entry that the log has signed.
func (s *Instance) record(w http.ResponseWriter, r *http.Request) {
	proposed, err := models.UnmarshalProposedEntry(r.Body, runtime.JSONConsumer())
	s.check(err)
	entry, err := types.UnmarshalEntry(proposed)
	s.check(err)
	body, err := types.CanonicalizeEntry(r.Context(), entry)
	s.check(err)
	id, err := s.log.RekorLogID()
	s.check(err)
	encoded, at := base64.StdEncoding.EncodeToString(body), time.Now().Unix()
	set, err := s.log.RekorSignPayload(tlog.RekorPayload{Body: encoded, IntegratedTime: at, LogIndex: 42, LogID: id})
	s.check(err)
	proof, err := s.log.GetInclusionProof(body)
	s.check(err)
	sum := sha256.Sum256(body)
	uuid := strings.Repeat("0", 16) + hex.EncodeToString(sum[:])
	w.Header().Set("ETag", uuid)
	w.Header().Set("Location", "/api/v1/log/entries/"+uuid)
	s.answer(w, http.StatusCreated, map[string]any{uuid: map[string]any{
		"body": encoded, "integratedTime": at, "logIndex": 42, "logID": id,
		"verification": map[string]any{"signedEntryTimestamp": set, "inclusionProof": proof},
	}})
}

// stamp answers as a timestamp authority does (RFC 3161).
func (s *Instance) stamp(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	s.check(err)
	ask, err := timestamp.ParseRequest(query)
	s.check(err)
	response, err := (&timestamp.Timestamp{
		HashAlgorithm: ask.HashAlgorithm, HashedMessage: ask.HashedMessage, Nonce: ask.Nonce, Time: time.Now(),
		Policy: asn1.ObjectIdentifier{1, 2, 3, 4, 1}, AddTSACertificate: ask.Certificates,
		Certificates: s.tsa[1:],
	}).CreateResponseWithOpts(s.tsa[0], s.tsaBy, crypto.SHA256)
	s.check(err)
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(response)
}

// answer writes JSON.
func (s *Instance) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	s.check(json.NewEncoder(w).Encode(v))
}

// Root is the trusted_root.json of the instance.
func (s *Instance) Root() []byte {
	s.t.Helper()
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	r, err := root.NewTrustedRoot(root.TrustedRootMediaType01, []root.CertificateAuthority{
		&root.FulcioCertificateAuthority{
			Root: s.rootCert, Intermediates: []*x509.Certificate{s.fulcio}, URI: s.Fulcio,
			ValidityPeriodStart: from, ValidityPeriodEnd: to,
		},
	}, nil, nil, logs(s.log.RekorLogs()))
	s.check(err)
	data, err := json.Marshal(r)
	s.check(err)
	return data
}

// logs are the logs of the library's instance with IDs in bytes, as a trust root has them.
func logs(named map[string]*root.TransparencyLog) map[string]*root.TransparencyLog {
	for _, l := range named {
		der, err := x509.MarshalPKIXPublicKey(l.PublicKey)
		if err == nil {
			sum := sha256.Sum256(der)
			l.ID = sum[:]
		}
	}
	return named
}

// Chain are the certificates of the timestamp authority in PEM: intermediate and root, as a person would be given them.
func (s *Instance) Chain() []byte {
	var out bytes.Buffer
	for _, c := range s.tsa[1:] {
		out.WriteString(asPEM(c.Raw))
	}
	return out.Bytes()
}

func asPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
