package policy

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// kyvernoSet is a set of attestors, of which Count must have signed; all of them, where it is not set.
type kyvernoSet struct {
	Count   int            `json:"count"`
	Entries []kyvernoEntry `json:"entries"`
}

// kyvernoEntry is one attestor: keys, a keyless identity, certificates, or further attestors. Repository and Algorithm
// replace those of the rule for this attestor.
type kyvernoEntry struct {
	Keys         *kyvernoKeys    `json:"keys"`
	Keyless      *kyvernoKeyless `json:"keyless"`
	Certificates json.RawMessage `json:"certificates"`
	Attestor     json.RawMessage `json:"attestor"`
	Annotations  json.RawMessage `json:"annotations"`
	Repository   string          `json:"repository"`
	Algorithm    string          `json:"signatureAlgorithm"`
}

// kyvernoKeys names public keys in PEM, one or several in one text, or where a key lies: a Secret or a key service.
// cosign and Kyverno use SHA-256 where no algorithm is given.
type kyvernoKeys struct {
	PublicKeys string          `json:"publicKeys"`
	KMS        string          `json:"kms"`
	Secret     json.RawMessage `json:"secret"`
	Algorithm  string          `json:"signatureAlgorithm"`
	Rekor      *kyvernoRekor   `json:"rekor"`
	CTLog      json.RawMessage `json:"ctlog"`
}

// kyvernoKeyless names a certificate identity. Subject and Issuer may hold wildcards, the expressions are regular
// ones. Roots are certificate authorities in place of the public instance's.
type kyvernoKeyless struct {
	Issuer        string          `json:"issuer"`
	IssuerRegExp  string          `json:"issuerRegExp"`
	Subject       string          `json:"subject"`
	SubjectRegExp string          `json:"subjectRegExp"`
	Roots         string          `json:"roots"`
	Extensions    json.RawMessage `json:"additionalExtensions"`
	Rekor         *kyvernoRekor   `json:"rekor"`
	CTLog         json.RawMessage `json:"ctlog"`
}

// kyvernoRekor is the transparency log that an attestor trusts. Without a key it is the public one.
type kyvernoRekor struct {
	URL        string `json:"url"`
	PubKey     string `json:"pubkey"`
	IgnoreTlog bool   `json:"ignoreTlog"`
}

// group reads a set; predicate is the type of attestation that it is about, empty for signatures.
func (s kyvernoSet) group(predicate string) (inspect.AuthorityGroup, error) {
	g := inspect.AuthorityGroup{}
	for n, e := range s.Entries {
		all, err := e.authorities()
		if err != nil {
			return g, fmt.Errorf("attestor %d: %w", n+1, err)
		}
		for _, a := range all {
			a.Name = fmt.Sprintf("attestor-%d", n+1)
			if predicate != "" {
				a.Predicates = []string{predicateOf(predicate)}
			}
			g.Authorities = append(g.Authorities, a)
		}
	}
	// Kyverno requires all entries where no count is given (docs, "verify images", attestors.count).
	if g.Need = s.Count; g.Need <= 0 {
		g.Need = len(g.Authorities)
	}
	if len(g.Authorities) == 0 || len(g.Authorities) > maxAuthorities {
		return g, fmt.Errorf("attestors are %d, and 1 to %d make sense", len(g.Authorities), maxAuthorities)
	}
	return g, nil
}

// authorities of an entry: several keys are as many entries.
func (e kyvernoEntry) authorities() ([]inspect.Authority, error) {
	var all []inspect.Authority
	var err error
	switch {
	case e.Keyless != nil:
		all, err = e.Keyless.authorities()
	case e.Keys != nil:
		all, err = e.Keys.authorities()
	default:
		all = []inspect.Authority{{MayAccept: []string{"an attestor given by certificates or by further attestors"}}}
	}
	for i := range all {
		if present(e.Annotations) {
			all[i].AlsoRequires = append(all[i].AlsoRequires, "annotations of the signature")
		}
		if e.Repository != "" {
			own(&all[i], "signatures are to be in repository "+clip(e.Repository)+", which is not read")
		}
		if otherHash(e.Algorithm) {
			own(&all[i], "signatures are to use "+clip(e.Algorithm))
		}
	}
	return all, err
}

// authorities is the identity as one authority. Errors: an expression that is not one.
func (k kyvernoKeyless) authorities() ([]inspect.Authority, error) {
	a := inspect.Authority{}
	id := inspect.Identity{
		Issuer: k.Issuer, IssuerRegexp: k.IssuerRegExp, Subject: k.Subject,
		SubjectRegexp: k.SubjectRegExp,
	}
	// A field with both an exact and a regular form is left as it is: checkIdentity refuses it.
	// Kyverno's exact forms may hold wildcards.
	if isWildcard(id.Issuer) && id.IssuerRegexp == "" {
		id.Issuer, id.IssuerRegexp = "", wildcardExpression(id.Issuer)
	}
	if isWildcard(id.Subject) && id.SubjectRegexp == "" {
		id.Subject, id.SubjectRegexp = "", wildcardExpression(id.Subject)
	}
	if err := checkIdentity(id); err != nil {
		return nil, err
	}
	a.Identities = []inspect.Identity{id}
	if k.Roots != "" {
		own(&a, "certificate authorities of its own (roots); --trusted-root names them to backtrail")
	}
	// They may require more than the subject, and can accept nothing that it does not: a failure stays one.
	if present(k.Extensions) && string(k.Extensions) != "{}" {
		a.AlsoRequires = append(a.AlsoRequires, "extensions of the certificate (additionalExtensions)")
	}
	k.Rekor.read(&a)
	readCTLog(k.CTLog, &a)
	return []inspect.Authority{a}, nil
}

// authorities are the keys, each as one authority: Kyverno counts them so. Errors: what is not a public key in PEM.
func (k kyvernoKeys) authorities() ([]inspect.Authority, error) {
	var all []inspect.Authority
	rest := strings.TrimSpace(k.PublicKeys)
	if strings.Contains(rest, "://") && !strings.Contains(rest, "BEGIN") {
		rest = "" // it names a key of a service
	}
	for rest != "" {
		if len(all) >= maxAuthorities {
			return nil, fmt.Errorf("more than %d keys", maxAuthorities)
		}
		// Several keys may stand in one text. Cutting at the footer keeps each with its own header, and a text without
		// a footer is refused as no key.
		one, after, _ := strings.Cut(rest, "-----END PUBLIC KEY-----")
		key, err := keyOf(strings.TrimSpace(one) + "\n-----END PUBLIC KEY-----\n")
		if err != nil {
			return nil, err
		}
		all = append(all, inspect.Authority{Keys: []inspect.ExpectedKey{key}})
		rest = strings.TrimSpace(after)
	}
	if len(all) == 0 {
		all = []inspect.Authority{{MayAccept: []string{"a key in a key service or a Secret, which is not read; " +
			"name it with --key"}}}
	}
	for i := range all {
		k.Rekor.read(&all[i])
		readCTLog(k.CTLog, &all[i])
		if otherHash(k.Algorithm) {
			own(&all[i], "signatures are to use "+clip(k.Algorithm))
		}
	}
	return all, nil
}

// read notes what of the transparency log is other than here.
func (r *kyvernoRekor) read(a *inspect.Authority) {
	switch {
	case r == nil:
	// without a log entry the time of a signature is not proven, and its certificate has long expired: here such a
	// signature does not hold
	case r.IgnoreTlog:
		a.MayAccept = append(a.MayAccept, "a signature without a transparency log entry")
	case r.PubKey != "" || r.URL != "" && !isPublic(r.URL, "rekor.sigstore.dev"):
		own(a, "a transparency log of its own, whose key is not known here")
	}
}

// readCTLog notes what of the certificate transparency log is other than here.
func readCTLog(raw json.RawMessage, a *inspect.Authority) {
	if !present(raw) {
		return
	}
	var log struct {
		IgnoreSCT bool   `json:"ignoreSCT"`
		PubKey    string `json:"pubkey"`
	}
	unknown, err := strictly(raw, &log)
	switch {
	case err != nil:
		own(a, "its CT log (ctlog), which cannot be read")
	// a field that is not known may name another log: neither outcome is certain
	case log.PubKey != "" || unknown != "":
		own(a, "a CT log of its own (ctlog), whose key is not known here")
	case log.IgnoreSCT:
		a.MayAccept = append(a.MayAccept, "a certificate without an SCT")
	}
}

// otherHash reports whether a signature algorithm, in cosign's and Kyverno's words, is another than the default.
func otherHash(algorithm string) bool { return algorithm != "" && algorithm != "sha256" }

// clip bounds a foreign name in a message.
func clip(s string) string {
	const longest = 200
	return s[:min(len(s), longest)]
}
