package signature

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/backtrail/backtrail/inspect"
)

// AuthorityKind is the kind of inspect.Trust that is a certificate authority of one's own.
const AuthorityKind = "ca"

// authority is a certificate authority of one's own, which has neither a transparency log nor a timestamp authority.
// Its certificates live for years, so that a signature without any signed time holds while its certificate is valid:
// whatever the time of signing was, it was before its end. Where a log entry or a timestamp came with a signature and
// a trusted root at hand has the log, it must hold, and its time counts.
//
// It is the case of a company that runs its own PKI and signs with `cosign sign --key` and a certificate, or by its
// own Fulcio.
type authority struct {
	root.TrustedMaterial // logs and timestamp authorities that are believed besides; of certificates, none
	roots, between       []*x509.Certificate
	now                  func() time.Time
	anytime              bool // certificates are followed at whatever time is asked for, not at the case's clock
}

// NewAuthority reads the certificates of a certificate authority in PEM: roots, and what stands between them and
// signers. Now is the clock of the case.
//
// A certificate that is no authority is an error: a leaf given by mistake would make one signer trusted as a root.
func NewAuthority(data []byte, origin, name string, now func() time.Time) (Root, error) {
	if len(data) > maxTrustedRoot {
		return Root{}, fmt.Errorf("reading certificate authority %s: it is larger than %d bytes", name, maxTrustedRoot)
	}
	certs, err := parseCertificates(data)
	if err != nil {
		return Root{}, fmt.Errorf("reading certificate authority %s: %w", name, err)
	}
	if now == nil {
		now = time.Now
	}
	a := authority{TrustedMaterial: &root.BaseTrustedMaterial{}, now: now}
	for _, c := range certs {
		switch {
		case !c.IsCA:
			return Root{}, fmt.Errorf("reading certificate authority %s: %s is no certificate authority", name,
				c.Subject)
		// A root is one that signed itself.
		case c.CheckSignatureFrom(c) == nil:
			a.roots = append(a.roots, c)
		default:
			a.between = append(a.between, c)
		}
	}
	if len(a.roots) == 0 {
		return Root{}, fmt.Errorf("reading certificate authority %s: none of its %d certificates is a root", name,
			len(certs))
	}
	return Root{a, data, inspect.Trust{Kind: AuthorityKind, Origin: origin, Name: name, Digest: digestOf(data)}}, nil
}

// authorityFromFile reads a file that a person named, within the bound of trusted roots.
func authorityFromFile(path string, now func() time.Time) (Root, error) {
	f, err := os.Open(path)
	if err != nil {
		return Root{}, fmt.Errorf("reading certificate authority: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTrustedRoot+1))
	if err != nil {
		return Root{}, fmt.Errorf("reading certificate authority %s: %w", path, err)
	}
	return NewAuthority(data, inspect.TrustFile, path, now)
}

// FulcioCertificateAuthorities are its roots, as sigstore-go's type for authorities.
func (a authority) FulcioCertificateAuthorities() []root.CertificateAuthority {
	var all []root.CertificateAuthority
	for _, r := range a.roots {
		all = append(all, clocked{&root.FulcioCertificateAuthority{Root: r, Intermediates: a.between}, a})
	}
	return all
}

// CTLogs are none: such an authority puts its certificates into no log.
func (a authority) CTLogs() map[string]*root.TransparencyLog { return nil }

// clocked is a root of an authority. Without any signed time the library would ask this machine's clock; what is
// asked is the clock of the case, so that a bundle gives the same verdict later.
type clocked struct {
	*root.FulcioCertificateAuthority
	of authority
}

// Verify follows the certificate to the root, at the time of signing where one is signed, else at the case's clock.
func (c clocked) Verify(cert *x509.Certificate, at time.Time) ([][]*x509.Certificate, error) {
	if c.of.timeless() && !c.of.anytime {
		at = c.of.now()
	}
	return c.FulcioCertificateAuthority.Verify(cert, at)
}

// timeless reports whether nothing that signs a time is believed together with the authority.
// Then a certificate has to be valid at the case's clock.
func (a authority) timeless() bool {
	return len(a.RekorLogs())+len(a.TimestampingAuthorities()) == 0
}

// with are the authority and the certificates that came with a signature, between its signer and a root.
// They only link: a chain that does not end in one of the person's roots leads nowhere.
func (a authority) with(chain []*x509.Certificate) authority {
	a.between = slices.Clone(a.between)
	for _, c := range chain {
		if c.IsCA && len(a.between) < maxBetween {
			a.between = append(a.between, c)
		}
	}
	return a
}

// materials are the roots to judge by, each by itself. An authority is tried together with the logs and timestamp
// authorities of every other root, and alone.
// The order decides which explanation is given where two are equally good.
func materials(roots []Root) []root.TrustedMaterial {
	var all []root.TrustedMaterial
	for _, r := range roots {
		a, private := r.Material.(authority)
		if !private {
			all = append(all, r.Material)
			continue
		}
		for _, other := range roots {
			if _, also := other.Material.(authority); also {
				continue
			}
			all = append(all, a.beside(other.Material))
			if len(other.Material.TimestampingAuthorities()) > 0 {
				all = append(all, a.beside(stampsOnly{other.Material}))
			}
		}
		all = append(all, a)
	}
	return all
}

// beside is the authority with the logs and timestamp authorities of a trusted root.
func (a authority) beside(m root.TrustedMaterial) authority {
	a.TrustedMaterial = m
	return a
}

// stampsOnly is a trusted root of which only the timestamp authorities are asked for.
type stampsOnly struct{ root.TrustedMaterial }

// RekorLogs are none, so that no log entry is demanded.
func (stampsOnly) RekorLogs() map[string]*root.TransparencyLog { return nil }

// timelessAuthority gives the authority that a signature without any signed time may be judged by.
func timelessAuthority(m root.TrustedMaterial) (authority, bool) {
	if k, ok := m.(keyed); ok {
		m = k.TrustedMaterial
	}
	a, private := m.(authority)
	return a, private && a.timeless()
}

// vouches reports whether the certificate is valid at the case's clock and leads to the authority.
// An expired certificate is refused: without a signed time it could have been used after its key was lost.
func (a authority) vouches(cert *x509.Certificate) error {
	if now := a.now(); !within(cert, now) {
		return fmt.Errorf("the time of signing is in nothing that is signed, and the certificate was valid from %s; "+
			"it is %s", validity(cert), stamp(now))
	}
	err := protect("verifying the certificate", func() error {
		chains, err := verify.VerifyLeafCertificate(a.now(), cert, a)
		if err == nil && len(chains) == 0 {
			err = errors.New("it leads nowhere")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("the time of signing is in nothing that is signed, and at %s the certificate does not "+
			"lead to the authority: %w", stamp(a.now()), err)
	}
	return nil
}
