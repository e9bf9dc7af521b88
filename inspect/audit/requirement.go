package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/backtrail/backtrail/inspect"
)

// FlagRequirement is what the flags ask of every image's signer, as a policy would ask it; ok is false where they ask
// nothing.
func FlagRequirement(e inspect.Expected) (d inspect.PolicyRequirement, ok bool) {
	a := inspect.Authority{Name: "flags", Keys: e.Keys}
	for _, subject := range forms(e.Identities, e.IdentityRegexps) {
		for _, issuer := range forms(e.Issuers, e.IssuerRegexps) {
			if subject != (form{}) || issuer != (form{}) {
				a.Identities = append(a.Identities, inspect.Identity{Subject: subject.exact,
					SubjectRegexp: subject.expression, Issuer: issuer.exact, IssuerRegexp: issuer.expression})
			}
		}
	}
	if len(a.Keys)+len(a.Identities) == 0 {
		return d, false
	}
	return inspect.PolicyRequirement{Policy: "of the flags", Origin: inspect.TrustFile, Mode: inspect.ModeEnforce,
		Groups: []inspect.AuthorityGroup{{Need: 1, Authorities: []inspect.Authority{a}}}}, true
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

// Sourced is the digest of what is expected of the source of images; empty where nothing is.
func Sourced(e inspect.Expected) string {
	if !e.Provenance() {
		return ""
	}
	raw, err := json.Marshal([][]string{e.SourceURIs, e.SourceBranches, e.SourceTags, e.SourceVersioneds, e.BuilderIDs})
	if err != nil {
		return "unknown" // lists of strings are always encoded
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// KeysOf returns the digests of the public keys that requirements name.
func KeysOf(requirements []inspect.PolicyRequirement) []string {
	var keys []string
	for _, d := range requirements {
		for _, g := range d.Groups {
			for _, a := range g.Authorities {
				for _, k := range a.Keys {
					keys = append(keys, k.Digest)
				}
			}
		}
	}
	return sortedSet(keys)
}
