package inspect

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Trust is a root of trust that verdicts rest on.
type Trust struct {
	Kind    string `json:"kind"`             // sigstore, key, policy
	Origin  string `json:"origin"`           // file, tuf, embedded, bag; of policies also folder, cluster
	Name    string `json:"name"`             // the file's path as given, or the repository
	Digest  string `json:"digest"`           // of its bytes, kept as a blob
	Age     string `json:"age"`              // 214d since it was fetched, where that is known
	Fetched Time   `json:"fetched,omitzero"` // when it was fetched
	Detail  string `json:"detail,omitempty"` // of an embedded root: from where and how it was fetched
}

// Origins of a trust root.
const (
	TrustFile     = "file"
	TrustTUF      = "tuf"
	TrustEmbedded = "embedded"
	TrustBag      = "bag"
	TrustFolder   = "folder"  // of policies that are always loaded
	TrustCluster  = "cluster" // of policies that the cluster holds
)

// AgeWords is how old the root was when the case was made, the day on which it was fetched, and how: "83d, of
// 2026-09-08 (by TUF)". Empty where nothing is known of it, as of a file.
func (t Trust) AgeWords() string {
	words := t.Age
	if !t.Fetched.IsZero() {
		words += ", of " + t.Fetched.UTC().Format(time.DateOnly)
	}
	if t.Detail != "" {
		words += " (" + t.Detail + ")"
	}
	return strings.TrimPrefix(strings.TrimPrefix(words, ","), " ")
}

// FactKind is the fact's JSON name.
func (Trust) FactKind() string { return "trust" }

// fold: the key is kind and digest: one root from two places is one.
func (t Trust) fold(c *Case, _ Event) {
	upsert(&c.Trust, t, func(a, b Trust) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Digest,
			b.Digest))
	})
}

// Identity is who may have signed, and who vouches for that person or workflow. What is empty fits everything; the
// expressions are Go's and fit a part, as policy-controller and cosign read them.
type Identity struct {
	Issuer, IssuerRegexp   string
	Subject, SubjectRegexp string
}

// Fits reports whether the certificate of a signature names this identity: any of its names, and its issuer.
func (i Identity) Fits(s Signature) bool {
	names := []string{s.Identity}
	if s.Certificate != nil && len(s.Certificate.Subject) > 0 {
		names = s.Certificate.Subject
	}
	return fits(s.Issuer, i.Issuer, i.IssuerRegexp) &&
		slices.ContainsFunc(names, func(n string) bool { return fits(n, i.Subject, i.SubjectRegexp) })
}

func fits(text, exact, expression string) bool {
	if expression != "" {
		r, err := regexp.Compile(expression)
		return err == nil && r.MatchString(text)
	}
	return exact == "" || exact == text
}

func (i Identity) String() string {
	var parts []string
	for _, p := range []struct{ word, exact, expression string }{{"identity", i.Subject, i.SubjectRegexp}, {
		"issuer",
		i.Issuer, i.IssuerRegexp,
	}} {
		switch {
		case p.expression != "":
			parts = append(parts, p.word+" matching "+p.expression)
		case p.exact != "":
			parts = append(parts, p.word+" "+p.exact)
		}
	}
	if len(parts) == 0 {
		return "any identity of a trusted certificate authority"
	}
	return strings.Join(parts, ", ")
}

// Holds reports whether a signature is by the one that its certificate or key names, whether that one was expected or
// not.
func (s Signature) Holds() bool {
	return s.Status == Verified || s.Reason == ReasonNoExpectation || s.Reason == ReasonIdentityMismatch
}

// Signer names who signed, as far as the signature names one.
func (s Signature) Signer() string {
	switch {
	case s.Identity != "" && s.Issuer != "":
		return s.Identity + " (issuer " + s.Issuer + ")"
	case s.Identity != "":
		return s.Identity
	case s.Key != "":
		return "the key " + s.Key
	default:
		return "a key that is not known"
	}
}

// Pairs are the identities that may have signed: each expected subject with each expected issuer, exact or as a regular
// expression. A kind of which none is expected fits everything; empty: nobody is expected by name.
func (e Expected) Pairs() []Identity {
	subjects := forms(e.Identities, e.IdentityRegexps)
	issuers := forms(e.Issuers, e.IssuerRegexps)
	var all []Identity
	for _, s := range subjects {
		for _, i := range issuers {
			if s != (form{}) || i != (form{}) {
				all = append(all, Identity{
					Subject: s.exact, SubjectRegexp: s.expression,
					Issuer: i.exact, IssuerRegexp: i.expression,
				})
			}
		}
	}
	return all
}

// form is an exact text or a regular expression; empty, it fits everything.
type form struct{ exact, expression string }

func forms(exact, expressions []string) []form {
	var all []form
	for _, e := range exact {
		all = append(all, form{exact: e})
	}
	for _, e := range expressions {
		all = append(all, form{expression: e})
	}
	if len(all) == 0 {
		return []form{{}}
	}
	return all
}
