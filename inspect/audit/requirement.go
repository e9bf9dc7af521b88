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
	a := inspect.Authority{Name: "flags", Keys: e.Keys, Identities: e.Pairs()}
	if len(a.Keys)+len(a.Identities) == 0 {
		return d, false
	}
	return inspect.PolicyRequirement{
		Policy: "of the flags", Origin: inspect.TrustFile, Mode: inspect.ModeEnforce,
		Groups: []inspect.AuthorityGroup{{Need: 1, Authorities: []inspect.Authority{a}}},
	}, true
}

// Sourced is the digest of what is expected of the source of images; empty where nothing is.
func Sourced(e inspect.Expected) string {
	if !e.Provenance() {
		return ""
	}
	// Lists of lists: a value cannot move from one flag to another without changing the digest.
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
