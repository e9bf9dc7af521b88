package signature

import (
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/backtrail/backtrail/inspect"
)

// expectation is who should have signed. Of each kind one must fit: an identity or a pattern of one, an issuer or a
// pattern of one, a key.
// The zero value expects nothing: every signature that holds is then unknown, with no-expectation.
type expectation struct {
	identities []cosign.Identity // each pair of an identity and an issuer
	keys       []key
	notation   bool   // a trust policy of the Notary Project says who
	flagged    bool   // a flag says who, not only policies
	words      string // what was expected

	requirements []inspect.PolicyRequirement // of the policies that are about the image
	// foreign are keys that only a policy names while flags name who should have signed, by digest
	foreign map[string]bool
	wider   []string // reasons for which others may have signed too
}

// newExpectation reads what flags name. An error is that of a pattern or a key which cannot be read.
func newExpectation(e inspect.Expected) (expectation, error) {
	for _, pattern := range append(append([]string{}, e.IdentityRegexps...), e.IssuerRegexps...) {
		if _, err := regexp.Compile(pattern); err != nil {
			return expectation{}, fmt.Errorf("reading the expected signer: %w", err)
		}
	}
	keys, err := readKeys(e.Keys)
	if err != nil {
		return expectation{}, err
	}
	x := expectation{keys: keys, notation: e.Notation != "", words: inWords(e)}
	for _, p := range e.Pairs() {
		x.identities = append(x.identities, cosign.Identity{
			Subject: p.Subject, SubjectRegExp: p.SubjectRegexp,
			Issuer: p.Issuer, IssuerRegExp: p.IssuerRegexp,
		})
	}
	x.flagged = x.named()
	return x, nil
}

// inWords names an expectation for the detail of a step.
func inWords(e inspect.Expected) string {
	var parts []string
	add := func(what string, all ...string) {
		if len(all) > 0 {
			parts = append(parts, what+" "+strings.Join(all, " or "))
		}
	}
	add("identity", append(append([]string{}, e.Identities...), e.IdentityRegexps...)...)
	add("issuer", append(append([]string{}, e.Issuers...), e.IssuerRegexps...)...)
	for _, k := range e.Keys {
		add("key", k.Digest)
	}
	if e.Notation != "" {
		add("a Notary Project signature as the trust policy", e.Notation)
	}
	return strings.Join(parts, ", ")
}

// named reports whether a signer is named.
func (x expectation) named() bool { return len(x.identities)+len(x.keys) > 0 || x.notation }

// keyOf finds the expected key that a certificate is about.
// Keys that only a policy names are left out where flags name others: they must not make a signature fit.
func (x expectation) keyOf(cert *x509.Certificate) (key, bool) {
	if cert == nil {
		return key{}, false
	}
	for _, k := range x.keys {
		if k.equals(cert.PublicKey) && !x.foreign[k.digest] {
			return k, true
		}
	}
	return key{}, false
}

// explain compares the certificate of a signature whose other links hold with the expectation.
// It is the last link, so that a name in a certificate which proves nothing is never compared as if it did.
func (x expectation) explain(c *chain, cert *x509.Certificate) {
	who := nameOf(cert)
	if !c.sound() {
		c.open(inspect.StepIdentity, "", "not reached: a link before it does not hold; the certificate names %s", who)
		return
	}
	switch fits := len(x.identities) > 0 && x.fits(cert) == nil; {
	case !x.named():
		c.open(inspect.StepIdentity, inspect.ReasonNoExpectation, "signed by %s; no signer is required", who)
	case fits:
		c.pass(inspect.StepIdentity, "signed by %s, as expected", who)
	case len(x.wider) > 0:
		c.open(inspect.StepIdentity, inspect.ReasonNoExpectation,
			"expected %s; signed by %s; others may be accepted: %s", x.words,
			who, strings.Join(x.wider, "; "))
	case len(x.identities) == 0:
		c.fail(inspect.StepIdentity, inspect.ReasonIdentityMismatch, "expected %s; signed with a certificate of %s",
			x.words, who)
	default:
		c.fail(inspect.StepIdentity, inspect.ReasonIdentityMismatch, "expected %s; signed by %s", x.words, who)
	}
}

// nameOf is who a certificate names, and who vouches for that: an issuer of identities, or one's own authority, which
// has none.
func nameOf(cert *x509.Certificate) string {
	identity, issuer := identityOf(cert)
	if identity == "" {
		identity = "no signer by name (" + cert.Subject.String() + ")"
	}
	if issuer == "" {
		return identity + ", without an issuer"
	}
	return identity + ", issuer " + issuer
}

// fits uses cosign for every kind of subject name, and sigstore-go for the issuer's newer extension.
// Either accepting is enough: both compare the same expectation with the same certificate, which has been verified.
func (x expectation) fits(cert *x509.Certificate) error {
	err := cosign.CheckCertificatePolicy(cert, &cosign.CheckOpts{Identities: x.identities})
	if err == nil {
		return nil
	}
	summary, summaryErr := certificate.SummarizeCertificate(cert)
	if summaryErr != nil {
		return errors.Join(err, summaryErr)
	}
	var all verify.CertificateIdentities
	for _, i := range x.identities {
		id, idErr := verify.NewShortCertificateIdentity(i.Issuer, orAny(i.Issuer, i.IssuerRegExp), i.Subject,
			orAny(i.Subject, i.SubjectRegExp))
		if idErr != nil {
			return errors.Join(err, idErr)
		}
		all = append(all, id)
	}
	if _, newer := all.Verify(summary); newer != nil {
		return err
	}
	return nil
}

// orAny makes the pattern of a kind that is not named fit everything: sigstore-go requires both.
func orAny(exact, regexp string) string {
	if exact == "" && regexp == "" {
		return ".*"
	}
	return regexp
}
