package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/timestamp-authority/v2/pkg/verification"

	"github.com/backtrail/backtrail/inspect/text"
)

const (
	// MaxResponse bounds a timestamp response, in bytes. With a chain of certificates one has less than 10 kB.
	MaxResponse = 256 << 10
	// maxCertificates bounds the certificates of a file: chains have three.
	maxCertificates = 50
	// nonceBits is the size of the number that ties a response to its request (RFC 3161, 2.4.1).
	nonceBits = 64
)

// Stamp is what a timestamp response states.
type Stamp struct {
	Time   time.Time
	Digest string // of what was stamped: sha256:…; empty where another algorithm was used
	By     string // the name in the certificate of the authority; empty where the response carries none
}

// Authority is a timestamp authority by its address (RFC 3161, 3.4: over HTTP).
type Authority struct {
	URL string
	Log Log
}

// Timestamp asks for a timestamp over a digest and gives the response as it came, in DER, with what it states. The
// response is compared with the request; that its certificate is one to trust is for Verify.
func (a Authority) Timestamp(ctx context.Context, digest [sha256.Size]byte) ([]byte, Stamp, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), nonceBits))
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("making a request for a timestamp: %w", err)
	}
	query, err := (&timestamp.Request{
		HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Nonce: nonce, Certificates: true,
	}).Marshal()
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("making a request for a timestamp: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(query))
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("asking %s for a timestamp: %w", text.Clean(a.URL), err)
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	answer, err := courier{ctx, "the timestamp authority", a.Log}.RoundTrip(r)
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("asking %s for a timestamp: %w", text.Clean(a.URL), err)
	}
	defer answer.Body.Close()
	response, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("reading a timestamp of %s: %w", text.Clean(a.URL), err)
	}
	t, err := parse(response)
	switch {
	case err != nil:
		return nil, Stamp{}, fmt.Errorf("reading a timestamp of %s: %w", text.Clean(a.URL), err)
	case t.Nonce == nil || t.Nonce.Cmp(nonce) != 0:
		return nil, Stamp{}, fmt.Errorf("reading a timestamp of %s: it answers another request", text.Clean(a.URL))
	case stampOf(t).Digest != digestName(digest[:]):
		return nil, Stamp{}, fmt.Errorf("reading a timestamp of %s: it is over another digest", text.Clean(a.URL))
	}
	return response, stampOf(t), nil
}

// Read gives what a timestamp response states, without a judgment about who made it. It is for any bytes.
func Read(response []byte) (Stamp, error) {
	t, err := parse(response)
	if err != nil {
		return Stamp{}, err
	}
	return stampOf(t), nil
}

// parse reads a response. A panic of the parsers on bytes that they do not expect is an error.
func parse(response []byte) (t *timestamp.Timestamp, err error) {
	if len(response) > MaxResponse {
		return nil, fmt.Errorf("it has more than %d bytes", MaxResponse)
	}
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, fmt.Errorf("it is not a timestamp response: %v", p)
		}
	}()
	if t, err = timestamp.ParseResponse(response); err != nil {
		return nil, fmt.Errorf("it is not a timestamp response: %w", err)
	}
	return t, nil
}

// stampOf is what a response states, cleaned.
func stampOf(t *timestamp.Timestamp) Stamp {
	s := Stamp{Time: t.Time.UTC()}
	if t.HashAlgorithm == crypto.SHA256 && len(t.HashedMessage) == sha256.Size {
		s.Digest = digestName(t.HashedMessage)
	}
	// The certificate of the authority is the one that signs nothing else (RFC 3161, 2.3).
	for _, c := range t.Certificates {
		if c != nil && !c.IsCA {
			s.By = text.Clean(c.Subject.String())
		}
	}
	return s
}

// digestName is a digest as everything here writes it.
func digestName(sum []byte) string { return "sha256:" + hex.EncodeToString(sum) }

// Verify checks a timestamp response over a message, offline: that the message is what was stamped, and that the
// signature leads to one of the certificates that the person trusts. The chain is judged at the time of the timestamp,
// so that one holds after its certificates expired. Revocation is not looked up.
func Verify(response, message []byte, trusted []*x509.Certificate) (s Stamp, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = Stamp{}, fmt.Errorf("verifying a timestamp: %v", p)
		}
	}()
	if len(trusted) == 0 {
		return Stamp{}, errors.New("verifying a timestamp: no certificate of an authority is trusted")
	}
	if _, err := parse(response); err != nil {
		return Stamp{}, fmt.Errorf("verifying a timestamp: %w", err)
	}
	o := verification.VerifyOpts{}
	for _, c := range trusted {
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			o.Roots = append(o.Roots, c)
		} else {
			o.Intermediates = append(o.Intermediates, c)
		}
	}
	// A chain may be given without its root: what a person trusts is then an anchor, whoever signed it.
	if len(o.Roots) == 0 {
		o.Roots, o.Intermediates = o.Intermediates, nil
	}
	t, err := verification.VerifyTimestampResponse(response, bytes.NewReader(message), o)
	if err != nil {
		return Stamp{}, fmt.Errorf("verifying a timestamp: %w", err)
	}
	return stampOf(t), nil
}

// Certificates reads certificates in PEM, one after the other. What is no certificate is an error, so that a key which
// was named by mistake is not passed over.
func Certificates(data []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("reading certificates: it contains a %s", text.Clean(block.Type))
		}
		if len(list) >= maxCertificates {
			return nil, fmt.Errorf("reading certificates: more than %d", maxCertificates)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading certificate %d: %w", len(list)+1, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("reading certificates: there is none in PEM")
	}
	return list, nil
}
