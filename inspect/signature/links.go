package signature

import (
	"crypto/x509"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/backtrail/backtrail/inspect"
)

// observed is a time that a log or a timestamp authority signed.
// by names who signed the time, for the detail and the timeline.
type observed struct {
	time time.Time
	by   string
}

// explainTime decides the timestamp's link: which times are trusted, and whether the certificate was valid then.
//
// refused means that a timestamp which a trusted authority could have made does not hold. errs are the reasons for
// which others did not count.
// A certificate is judged at each trusted time, and has to be valid at all of them.
func explainTime(c *chain, m root.TrustedMaterial, cert *x509.Certificate, times []observed, refused bool,
	errs []string,
) {
	own, timeless := timelessAuthority(m)
	switch {
	case refused:
		c.fail(inspect.StepTimestamp, inspect.ReasonNoTimestamp,
			"no timestamp that came with it is by an authority of the trusted root: %s", strings.Join(errs, "; "))
	case len(times) == 0 && cert == nil:
		c.absent(inspect.StepTimestamp, "no signed time came with it, and a managed key needs none")
	case len(times) == 0 && c.status(inspect.StepLog) == inspect.Failed:
		c.open(inspect.StepTimestamp, "", "not reached: the log entry does not hold, and there is no other time")
	case len(times) == 0 && timeless && len(errs) == 0:
		if err := own.vouches(cert); err != nil {
			c.fail(inspect.StepTimestamp, inspect.ReasonNoTimestamp, "%v", err)
			return
		}
		c.pass(inspect.StepTimestamp,
			"no signed time came with it; the certificate of your own authority is valid at %s, the time of this "+
				"case (%s)", stamp(own.now()), validity(cert))
	case len(times) == 0:
		c.fail(inspect.StepTimestamp, inspect.ReasonNoTimestamp,
			"the time of signing is in nothing that is signed, and the certificate was valid only from %s%s",
			validity(cert), because(errs))
	case cert == nil:
		c.pass(inspect.StepTimestamp, "signed at %s by the %s", stamp(times[0].time), times[0].by)
	default:
		for _, t := range times {
			if !within(cert, t.time) {
				c.fail(inspect.StepTimestamp, inspect.ReasonNoTimestamp,
					"signed at %s by the %s, and the certificate was valid from %s", stamp(t.time), t.by,
					validity(cert))
				return
			}
		}
		c.pass(inspect.StepTimestamp, "signed at %s by the %s, while the certificate was valid (%s)",
			stamp(times[0].time), times[0].by, validity(cert))
	}
}

// because joins reasons behind a sentence; empty without any.
func because(errs []string) string {
	if len(errs) == 0 {
		return ""
	}
	return ": " + strings.Join(errs, "; ")
}

// explainCertificate follows the certificate to an authority of the trusted root, at each time of signing. Where no
// time is known, or the certificate was not valid then, it is followed at the start of its validity: the time is
// another link.
// The chain is followed at the time of signing: Fulcio's certificates have expired when they are read.
func explainCertificate(c *chain, m root.TrustedMaterial, cert *x509.Certificate,
	times []observed,
) [][]*x509.Certificate {
	at := []time.Time{}
	for _, t := range times {
		if within(cert, t.time) {
			at = append(at, t.time)
		}
	}
	if len(at) == 0 {
		at = append(at, cert.NotBefore)
	}
	if own, timeless := timelessAuthority(m); timeless {
		own.anytime = true
		m = own
	}
	var chains [][]*x509.Certificate
	for _, t := range at {
		err := protect("verifying the certificate", func() (err error) {
			chains, err = verify.VerifyLeafCertificate(t, cert, m)
			return err
		})
		if err != nil {
			c.fail(inspect.StepCertificate, inspect.ReasonUntrustedRoot,
				"the certificate of %s leads to none of the %d authorities of the trusted root at %s",
				cert.Issuer, len(m.FulcioCertificateAuthorities()), stamp(t))
			return nil
		}
	}
	top := chains[0][len(chains[0])-1]
	c.pass(inspect.StepCertificate, "the certificate leads by %d certificates to %s, at %s", len(chains[0])-1,
		top.Subject, stamp(at[0]))
	return chains
}

// explainSCT compares the certificate with the key of a certificate transparency log.
// The SCT is a log's promise to list the certificate (RFC 6962, 3.2), embedded by the authority.
func explainSCT(c *chain, m root.TrustedMaterial, chains [][]*x509.Certificate) {
	logs := len(m.CTLogs())
	switch {
	case logs == 0:
		c.absent(inspect.StepSCT, "the trusted root has no certificate transparency log")
	case chains == nil:
		c.open(inspect.StepSCT, "", "not reached: the certificate is not by a trusted authority")
	default:
		err := protect("verifying the SCT", func() error {
			return verify.VerifySignedCertificateTimestamp(chains, 1,
				m)
		})
		if err != nil {
			c.fail(inspect.StepSCT, inspect.ReasonLogMismatch,
				"the certificate is in none of the %d certificate transparency logs of the trusted root: %v", logs, err)
			return
		}
		c.pass(inspect.StepSCT,
			"the certificate carries a promise of a certificate transparency log of the trusted root")
	}
}
