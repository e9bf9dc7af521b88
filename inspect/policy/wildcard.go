package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// wildcardOf reads a pattern of Kyverno's: * stands for any characters, / too, and ? for one. Docker Hub is docker.io
// there, and an official image may go without library/.
// (https://kyverno.io/docs/policy-types/cluster-policy/verify-images/, imageReferences.)
func wildcardOf(text string) (glob, error) {
	if text == "" || len(text) > maxGlob {
		return glob{}, fmt.Errorf("reading pattern %.40q: it is empty or longer than %d bytes", text, maxGlob)
	}
	expression, err := regexp.Compile(wildcardExpression(text))
	if err != nil {
		return glob{}, fmt.Errorf("reading pattern %.80q: %w", text, err)
	}
	return glob{text, func(n name) bool {
		if n.local {
			return strings.Trim(text, "*") == ""
		}
		return slices.ContainsFunc(n.hubNames(), expression.MatchString)
	}}, nil
}

// wildcardExpression is the regular expression of a pattern. RE2 has no backtracking: a hostile pattern costs linear
// time.
func wildcardExpression(text string) string {
	// Quoted first, then the two wildcards are given their meaning back: no other character of a pattern has one.
	quoted := regexp.QuoteMeta(text)
	quoted = strings.ReplaceAll(quoted, `\*`, ".*")
	return "^" + strings.ReplaceAll(quoted, `\?`, ".") + "$"
}

// isWildcard reports whether a text is a pattern, not a name.
func isWildcard(text string) bool { return strings.ContainsAny(text, "*?") }

// hubNames are the names of an image in all the ways in which Docker Hub is written.
func (n name) hubNames() []string {
	all := append([]string{n.given}, n.forms...)
	for _, f := range n.forms {
		if rest, ok := strings.CutPrefix(f, "index.docker.io/"); ok {
			all = append(all, "docker.io/"+rest)
			if official, ok := strings.CutPrefix(rest, "library/"); ok {
				all = append(all, "docker.io/"+official)
			}
		}
	}
	return all
}
