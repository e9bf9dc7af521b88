package provenance

import (
	"cmp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// signer is who signed, by a chain that holds: a key, or an identity that an issuer vouches for.
type signer struct {
	identity string // without the ref of a workflow
	ref      string // of a workflow: refs/tags/v1.8.0
	issuer   string
	key      string
}

// signersOf lists who signed, each once, sorted. What does not hold, or could not be judged for want of a key, counts
// for no signer.
// Being sorted, two images with the same signers have equal lists, whatever order their stores gave.
func signersOf(signatures []inspect.Signature) []signer {
	var list []signer
	for _, s := range signatures {
		if !chainHolds(s) {
			continue
		}
		one := signer{identity: s.Identity, issuer: s.Issuer, key: s.Key}
		if isWorkflow(s.Identity) {
			one.identity, one.ref, _ = strings.Cut(s.Identity, "@")
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b signer) int {
		return cmp.Or(cmp.Compare(a.identity, b.identity), cmp.Compare(a.issuer, b.issuer), cmp.Compare(a.key,
			b.key), cmp.Compare(a.ref, b.ref))
	})
	return slices.Compact(list)
}

func (s signer) String() string {
	switch {
	case s.identity != "" && s.ref != "":
		return clip(s.identity + "@" + s.ref)
	case s.identity != "":
		return clip(s.identity)
	case s.key != "":
		return "key " + clip(s.key)
	default:
		return "a key without a name"
	}
}

// sameAs reports whether two signers are the same, whatever the ref of the workflow.
// The issuer is part of it: another provider may give the same name to another person.
func (s signer) sameAs(o signer) bool {
	return s.identity == o.identity && s.issuer == o.issuer && s.key == o.key
}

// repository is that of a workflow, empty for others: https://github.com/acme/app.
func (s signer) repository() string {
	repo, _, ok := strings.Cut(s.identity, "/.github/workflows/")
	if !ok {
		return ""
	}
	return repo
}

// names joins signers as a sentence has them: a and b.
func names(list []signer) string {
	words := make([]string, 0, len(list))
	for _, s := range list {
		words = append(words, s.String())
	}
	return strings.Join(words, " and ")
}
