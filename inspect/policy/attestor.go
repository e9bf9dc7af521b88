package policy

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// kyvernoSet is a set of attestors, of which Count must have signed; all of them, where it says nothing.
type kyvernoSet struct {
	Count   int            `json:"count"`
	Entries []kyvernoEntry `json:"entries"`
}

type kyvernoEntry struct {
	Keys         *kyvernoKeys    `json:"keys"`
	Keyless      *kyvernoKeyless `json:"keyless"`
	Certificates json.RawMessage `json:"certificates"`
	Attestor     json.RawMessage `json:"attestor"`
	Annotations  json.RawMessage `json:"annotations"`
	Repository   string          `json:"repository"`
	Algorithm    string          `json:"signatureAlgorithm"`
}

type kyvernoKeys struct {
	PublicKeys string          `json:"publicKeys"`
	KMS        string          `json:"kms"`
	Secret     json.RawMessage `json:"secret"`
	Algorithm  string          `json:"signatureAlgorithm"`
	Rekor      *kyvernoRekor   `json:"rekor"`
	CTLog      json.RawMessage `json:"ctlog"`
}

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

type kyvernoRekor struct {
	URL        string `json:"url"`
	PubKey     string `json:"pubkey"`
	IgnoreTlog bool   `json:"ignoreTlog"`
}

// group reads a set; predicate is the type of attestation that it is about, empty for signatures.
func (s kyvernoSet) group(predicate string, bundle bool) (inspect.AuthorityGroup, error) {
	g := inspect.AuthorityGroup{}
	for n, e := range s.Entries {
		all, err := e.authorities()
		if err != nil {
			return g, fmt.Errorf("attestor %d: %w", n+1, err)
		}
		for _, a := range all {
			a.Name, a.AnyBundle = fmt.Sprintf("attestor-%d", n+1), bundle
			if predicate != "" {
				a.Predicates = []string{predicateOf(predicate)}
			}
			g.Authorities = append(g.Authorities, a)
		}
	}
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
		all = []inspect.Authority{{MayAccept: []string{"an attestor is named by certificates or by further attestors, which is not compared"}}}
	}
	for i := range all {
		if present(e.Annotations) {
			all[i].AlsoAsks = append(all[i].AlsoAsks, "annotations of the signature, which are not compared")
		}
		if e.Repository != "" {
			all[i].MayAccept = append(all[i].MayAccept, "its signatures are in another place (repository), which was not asked")
		}
	}
	return all, err
}

func (k kyvernoKeyless) authorities() ([]inspect.Authority, error) {
	a := inspect.Authority{}
	id := inspect.Identity{Issuer: k.Issuer, IssuerRegexp: k.IssuerRegExp, Subject: k.Subject, SubjectRegexp: k.SubjectRegExp}
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
		own(&a, "it trusts authorities of its own (roots), which are not compared; --trusted-root names them to backtrail")
	}
	if present(k.Extensions) && string(k.Extensions) != "{}" {
		a.AlsoAsks = append(a.AlsoAsks, "extensions of the certificate (additionalExtensions), which are not compared")
	}
	k.Rekor.read(&a)
	return []inspect.Authority{a}, nil
}

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
		one, after, _ := strings.Cut(rest, "-----END PUBLIC KEY-----")
		key, err := keyOf(strings.TrimSpace(one) + "\n-----END PUBLIC KEY-----\n")
		if err != nil {
			return nil, err
		}
		all = append(all, inspect.Authority{Keys: []inspect.ExpectedKey{key}})
		rest = strings.TrimSpace(after)
	}
	if len(all) == 0 {
		all = []inspect.Authority{{MayAccept: []string{"its key lies in a key service or a Secret, which is not read; name it with --key"}}}
	}
	for i := range all {
		k.Rekor.read(&all[i])
	}
	return all, nil
}

// read notes what of the transparency log is other than here.
func (r *kyvernoRekor) read(a *inspect.Authority) {
	switch {
	case r == nil:
	case r.IgnoreTlog:
		a.MayAccept = append(a.MayAccept, "it does without a transparency log")
	case r.PubKey != "" || r.URL != "" && !isPublic(r.URL, "rekor.sigstore.dev"):
		own(a, "it trusts a transparency log of its own, whose key is not known here")
	}
}
