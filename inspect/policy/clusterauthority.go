package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/backtrail/backtrail/inspect"
)

// clusterAuthority is one of those whose signature the policy accepts.
type clusterAuthority struct {
	Name         string               `json:"name"`
	Key          *clusterKey          `json:"key"`
	Keyless      *clusterKeyless      `json:"keyless"`
	Static       *clusterStatic       `json:"static"`
	Sources      []clusterSource      `json:"source"`
	CTLog        *clusterLog          `json:"ctlog"`
	Attestations []clusterAttestation `json:"attestations"`
	Timestamp    *clusterLog          `json:"rfc3161timestamp"`
	Format       string               `json:"signatureFormat"` // legacy or bundle
}

// clusterSource is where signatures are looked for. Without a place it only names Secrets for pulling.
type clusterSource struct {
	OCI         string          `json:"oci"`
	TagPrefix   string          `json:"tagPrefix"`
	PullSecrets json.RawMessage `json:"signaturePullSecrets"`
}

// clusterKey is a public key, in one of three forms: the PEM itself, a Secret that holds it, or a key service.
// policy-controller uses SHA-256 where HashAlgorithm is empty.
type clusterKey struct {
	Data          string          `json:"data"`
	SecretRef     json.RawMessage `json:"secretRef"`
	KMS           string          `json:"kms"`
	HashAlgorithm string          `json:"hashAlgorithm"`
}

// clusterKeyless accepts certificates of a certificate authority for one of the identities: that of URL, of CACert or
// of a TrustRoot object. Without any of these it is the public instance.
type clusterKeyless struct {
	URL          string            `json:"url"`
	Identities   []clusterIdentity `json:"identities"`
	CACert       json.RawMessage   `json:"ca-cert"`
	TrustRootRef string            `json:"trustRootRef"`
	IgnoreSCT    bool              `json:"insecureIgnoreSCT"`
}

// clusterIdentity is an issuer and a subject, each exact or a regular expression. An empty field matches everything.
type clusterIdentity struct {
	Issuer        string `json:"issuer"`
	IssuerRegExp  string `json:"issuerRegExp"`
	Subject       string `json:"subject"`
	SubjectRegExp string `json:"subjectRegExp"`
}

// clusterStatic decides without looking at the image: pass or fail.
type clusterStatic struct {
	Action  string `json:"action"`
	Message string `json:"message"`
}

// clusterLog is a transparency log or a timestamp authority, by its URL or by a TrustRoot object.
type clusterLog struct {
	URL          string `json:"url"`
	TrustRootRef string `json:"trustRootRef"`
}

// clusterAttestation is a type of attestation that must be there. Its CUE or Rego policy is kept raw: it is not
// evaluated.
type clusterAttestation struct {
	Name          string          `json:"name"`
	PredicateType string          `json:"predicateType"`
	Policy        json.RawMessage `json:"policy"`
}

// authority is who must have signed, in the terms of package inspect. Errors: what the controller's own webhook
// refuses as well.
func (a clusterAuthority) authority() (inspect.Authority, error) {
	out := inspect.Authority{Name: a.Name}
	var err error
	switch {
	// policy-controller validates the same. With two of them it would not be known which one counts.
	case count(a.Key != nil, a.Keyless != nil, a.Static != nil) != 1:
		return out, errors.New("it must have one of key, keyless and static")
	case a.Static != nil:
		if a.Static.Action != "pass" && a.Static.Action != "fail" {
			return out, fmt.Errorf("its static action is %.40q, neither pass nor fail", a.Static.Action)
		}
		out.Static, out.Message = a.Static.Action, a.Static.Message
		return out, nil
	case a.Key != nil:
		err = a.Key.read(&out)
	default:
		err = a.Keyless.read(&out)
	}
	for _, one := range a.Attestations {
		if one.PredicateType == "" {
			return out, fmt.Errorf("attestation %.80q names no predicate type", one.Name)
		}
		out.Predicates = append(out.Predicates, predicateOf(one.PredicateType))
		if present(one.Policy) {
			out.AlsoRequires = append(out.AlsoRequires, fmt.Sprintf("the CUE or Rego policy of attestation %.80s",
				one.Name))
		}
	}
	a.stores(&out)
	return out, err
}

// stores notes where the authority finds signatures and times, as far as that is elsewhere than here. What lies beside
// the image then neither meets the policy nor fails it.
// Signatures are looked for beside the image alone: to read another repository would ask a registry that the case does
// not name.
func (a clusterAuthority) stores(out *inspect.Authority) {
	for _, s := range a.Sources {
		if s.OCI != "" || s.TagPrefix != "" {
			own(out, "signatures are to be in source "+clip(s.OCI+s.TagPrefix)+", which is not read")
		}
	}
	// an empty ctlog switches the check of the transparency log off
	if a.CTLog != nil && a.CTLog.URL == "" && a.CTLog.TrustRootRef == "" {
		out.MayAccept = append(out.MayAccept, "a signature without a transparency log entry")
	}
	for _, l := range []*clusterLog{a.CTLog, a.Timestamp} {
		if l != nil && l.TrustRootRef != "" {
			own(out, fmt.Sprintf("TrustRoot %.80s of the cluster, which is not read", l.TrustRootRef))
		}
	}
	if a.CTLog != nil && a.CTLog.URL != "" && !isPublic(a.CTLog.URL, "rekor.sigstore.dev") {
		own(out, fmt.Sprintf("transparency log %.200s, whose key is not known here", a.CTLog.URL))
	}
}

// own notes something that the authority requires and that cannot be compared here: neither a pass nor a failure is
// certain.
func own(out *inspect.Authority, why string) {
	out.MayAccept, out.AlsoRequires = append(out.MayAccept, why), append(out.AlsoRequires, why)
}

// read adds the key. Of one that lies elsewhere it notes where, so that its signatures are unknown rather than
// missing.
func (k clusterKey) read(out *inspect.Authority) error {
	if count(k.Data != "", present(k.SecretRef), k.KMS != "") != 1 {
		return errors.New("its key must have one of data, secretRef and kms")
	}
	switch {
	case k.KMS != "":
		out.MayAccept = append(out.MayAccept,
			fmt.Sprintf("a key in key service %.200s, which is not read; put the public key into data, or name it "+
				"with --key", k.KMS))
	case present(k.SecretRef):
		out.MayAccept = append(out.MayAccept,
			"a key in a Secret, which is not read; put the public key into data, or name it with --key")
	default:
		key, err := keyOf(k.Data)
		if err != nil {
			return err
		}
		out.Keys = []inspect.ExpectedKey{key}
	}
	if otherHash(k.HashAlgorithm) {
		own(out, "signatures are to use "+clip(k.HashAlgorithm))
	}
	return nil
}

// read adds the identities, and notes trust in others than the trusted root at hand.
func (k clusterKeyless) read(out *inspect.Authority) error {
	if len(k.Identities) > maxAuthorities {
		return fmt.Errorf("it has more than %d identities", maxAuthorities)
	}
	for _, i := range k.Identities {
		id := inspect.Identity{
			Issuer: i.Issuer, IssuerRegexp: i.IssuerRegExp, Subject: i.Subject,
			SubjectRegexp: i.SubjectRegExp,
		}
		if err := checkIdentity(id); err != nil {
			return err
		}
		out.Identities = append(out.Identities, id)
	}
	// Older controllers accept a keyless authority without identities. It is written as one that fits every
	// certificate, since that is what it accepts.
	if len(k.Identities) == 0 {
		out.Identities = []inspect.Identity{{}} // whoever the authority knows
	}
	if present(k.CACert) {
		own(out, "a certificate authority of its own (ca-cert); --trusted-root names one to backtrail")
	}
	if k.TrustRootRef != "" {
		own(out, fmt.Sprintf("TrustRoot %.80s of the cluster, which is not read", k.TrustRootRef))
	}
	if k.URL != "" && !isPublic(k.URL, "fulcio.sigstore.dev") {
		own(out, fmt.Sprintf("certificate authority %.200s, whose certificate is not known here", k.URL))
	}
	if k.IgnoreSCT {
		out.MayAccept = append(out.MayAccept, "a certificate without an SCT")
	}
	return nil
}

// checkIdentity refuses what means nothing or cannot be compared.
func checkIdentity(i inspect.Identity) error {
	if i.Issuer != "" && i.IssuerRegexp != "" || i.Subject != "" && i.SubjectRegexp != "" {
		return errors.New("an identity has both an exact form and an expression")
	}
	// Go's regexp is what both controllers use, so what compiles here means the same there. It takes linear time for
	// any expression (RE2).
	for _, text := range []string{i.IssuerRegexp, i.SubjectRegexp} {
		if len(text) > maxGlob {
			return fmt.Errorf("an expression is longer than %d bytes", maxGlob)
		}
		if _, err := regexp.Compile(text); err != nil {
			return fmt.Errorf("reading an identity: %w", err)
		}
	}
	return nil
}

// isPublic reports whether an address is that of the public Sigstore instance, which the trusted root is usually of. It
// compares the whole address: https://fulcio.sigstore.dev.evil.example is another host.
func isPublic(url, host string) bool { return url == "https://"+host || url == "https://"+host+"/" }
