package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// globOf reads a glob of a ClusterImagePolicy: ** stands for any characters, * for any but /, and the whole name must
// fit. The name is fully qualified (index.docker.io/library/nginx:latest); one that was written shorter may also fit as
// it was written. "*" and "*/*" mean Docker Hub's official images and those of its users.
// (https://docs.sigstore.dev/policy-controller/overview/, Configuring image patterns.)
func globOf(text string) (glob, error) {
	if len(text) > maxGlob || text == "" {
		return glob{}, fmt.Errorf("reading glob %.40q: it is empty or longer than %d bytes", text, maxGlob)
	}
	if strings.IndexFunc(text, notInGlob) >= 0 {
		return glob{}, fmt.Errorf("reading glob %.80q: only letters, digits and - _ : / * . @ may stand in it", text)
	}
	pattern := text
	// These two only, as the controller writes them out: "**" means every image of every registry.
	switch text {
	case "*":
		pattern = "index.docker.io/library/*"
	case "*/*":
		pattern = "index.docker.io/*/*"
	}
	// all but the stars is quoted: a dot of a host is a dot
	expression, err := regexp.Compile(expressionOf(pattern))
	if err != nil {
		return glob{}, fmt.Errorf("reading glob %.80q: %w", text, err)
	}
	return glob{text, func(n name) bool {
		// An image without a name is one of "every image" and of no other glob. That nothing else fits is not known to
		// be a refusal: see Set.Requirements.
		if n.local {
			return text == "**"
		}
		return expression.MatchString(n.given) || slices.ContainsFunc(n.forms, expression.MatchString)
	}}, nil
}

// notInGlob reports characters that policy-controller refuses in a glob.
func notInGlob(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_:/*.@", r)
}

// expressionOf writes a glob as a regular expression for the whole name.
func expressionOf(pattern string) string {
	var b strings.Builder
	b.WriteString("^")
	for len(pattern) > 0 {
		switch {
		case strings.HasPrefix(pattern, "**"):
			b.WriteString(".*")
			pattern = pattern[2:]
		case pattern[0] == '*':
			b.WriteString("[^/]*")
			pattern = pattern[1:]
		default:
			b.WriteString(regexp.QuoteMeta(pattern[:1]))
			pattern = pattern[1:]
		}
	}
	b.WriteString("$")
	return b.String()
}
