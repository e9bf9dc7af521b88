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
	Sources      []json.RawMessage    `json:"source"`
	CTLog        *clusterLog          `json:"ctlog"`
	Attestations []clusterAttestation `json:"attestations"`
	Timestamp    *clusterLog          `json:"rfc3161timestamp"`
	Format       string               `json:"signatureFormat"` // legacy or bundle
}

type clusterKey struct {
	Data          string          `json:"data"`
	SecretRef     json.RawMessage `json:"secretRef"`
	KMS           string          `json:"kms"`
	HashAlgorithm string          `json:"hashAlgorithm"`
}

type clusterKeyless struct {
	URL          string            `json:"url"`
	Identities   []clusterIdentity `json:"identities"`
	CACert       json.RawMessage   `json:"ca-cert"`
	TrustRootRef string            `json:"trustRootRef"`
	IgnoreSCT    bool              `json:"insecureIgnoreSCT"`
}

type clusterIdentity struct {
	Issuer        string `json:"issuer"`
	IssuerRegExp  string `json:"issuerRegExp"`
	Subject       string `json:"subject"`
	SubjectRegExp string `json:"subjectRegExp"`
}

type clusterStatic struct {
	Action  string `json:"action"`
	Message string `json:"message"`
}

type clusterLog struct {
	URL          string `json:"url"`
	TrustRootRef string `json:"trustRootRef"`
}

type clusterAttestation struct {
	Name          string          `json:"name"`
	PredicateType string          `json:"predicateType"`
	Policy        json.RawMessage `json:"policy"`
}

func (a clusterAuthority) authority() (inspect.Authority, error) {
	out := inspect.Authority{Name: a.Name, AnyBundle: a.Format == "bundle"}
	var err error
	switch {
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
			out.AlsoAsks = append(out.AlsoAsks, fmt.Sprintf("the CUE or Rego policy of the attestation %.80s, which is not evaluated", one.Name))
		}
	}
	a.stores(&out)
	return out, err
}

// stores is where the authority looks for signatures and times, as far as that is elsewhere than here.
func (a clusterAuthority) stores(out *inspect.Authority) {
	if len(a.Sources) > 0 {
		out.MayAccept = append(out.MayAccept, "it looks for signatures in another place (source), which was not asked")
	}
	if a.CTLog != nil && a.CTLog.URL == "" && a.CTLog.TrustRootRef == "" {
		out.MayAccept = append(out.MayAccept, "it does without a transparency log")
	}
	for _, l := range []*clusterLog{a.CTLog, a.Timestamp} {
		if l != nil && l.TrustRootRef != "" {
			own(out, fmt.Sprintf("it trusts the TrustRoot %.80s of the cluster, which is not read", l.TrustRootRef))
		}
	}
	if a.CTLog != nil && a.CTLog.URL != "" && !isPublic(a.CTLog.URL, "rekor.sigstore.dev") {
		own(out, fmt.Sprintf("it trusts the log %.200s, whose key is not known here", a.CTLog.URL))
	}
}

// own notes that the authority trusts others than the trusted root at hand: neither a pass nor a failure is certain.
func own(out *inspect.Authority, why string) {
	out.MayAccept, out.AlsoAsks = append(out.MayAccept, why), append(out.AlsoAsks, why)
}

func (k clusterKey) read(out *inspect.Authority) error {
	if count(k.Data != "", present(k.SecretRef), k.KMS != "") != 1 {
		return errors.New("its key must have one of data, secretRef and kms")
	}
	switch {
	case k.KMS != "":
		out.MayAccept = append(out.MayAccept, fmt.Sprintf("its key lies in a key service (%.200s), which is not asked; put the public key into data, or name it with --key", k.KMS))
	case present(k.SecretRef):
		out.MayAccept = append(out.MayAccept, "its key lies in a Secret, which is not read; put the public key into data, or name it with --key")
	default:
		key, err := keyOf(k.Data)
		if err != nil {
			return err
		}
		out.Keys = []inspect.ExpectedKey{key}
	}
	if k.HashAlgorithm != "" && k.HashAlgorithm != "sha256" {
		out.MayAccept = append(out.MayAccept, fmt.Sprintf("its key signs with %.40s", k.HashAlgorithm))
	}
	return nil
}

func (k clusterKeyless) read(out *inspect.Authority) error {
	if len(k.Identities) > maxAuthorities {
		return fmt.Errorf("it has more than %d identities", maxAuthorities)
	}
	for _, i := range k.Identities {
		id := inspect.Identity{Issuer: i.Issuer, IssuerRegexp: i.IssuerRegExp, Subject: i.Subject, SubjectRegexp: i.SubjectRegExp}
		if err := checkIdentity(id); err != nil {
			return err
		}
		out.Identities = append(out.Identities, id)
	}
	if len(k.Identities) == 0 {
		out.Identities = []inspect.Identity{{}} // whoever the authority knows
	}
	if present(k.CACert) {
		own(out, "it trusts a certificate authority of its own (ca-cert), which is not compared; --trusted-root names one to backtrail")
	}
	if k.TrustRootRef != "" {
		own(out, fmt.Sprintf("it trusts the TrustRoot %.80s of the cluster, which is not read", k.TrustRootRef))
	}
	if k.URL != "" && !isPublic(k.URL, "fulcio.sigstore.dev") {
		own(out, fmt.Sprintf("it trusts the authority %.200s, whose certificate is not known here", k.URL))
	}
	if k.IgnoreSCT {
		out.MayAccept = append(out.MayAccept, "it does without the promise of a certificate log (SCT)")
	}
	return nil
}

// checkIdentity refuses what means nothing or cannot be compared.
func checkIdentity(i inspect.Identity) error {
	if i.Issuer != "" && i.IssuerRegexp != "" || i.Subject != "" && i.SubjectRegexp != "" {
		return errors.New("an identity has both an exact form and an expression")
	}
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

// isPublic says that an address is that of the public Sigstore instance, which the trusted root is usually of.
func isPublic(url, host string) bool { return url == "https://"+host || url == "https://"+host+"/" }
