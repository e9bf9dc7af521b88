package registry

import (
	"slices"
	"strings"
)

// NextLink returns the target of the first link with the relation "next" (RFC 8288, 3: <target>; name=value, several of
// them separated by commas or in several headers; a relation holds several types separated by blanks).
func NextLink(headers []string) (target string, ok bool) {
	for _, rest := range headers {
		for len(rest) > 0 {
			var link link
			if link, rest, ok = cutLink(rest); !ok {
				break
			}
			if slices.ContainsFunc(strings.Fields(link.rel), func(t string) bool {
				return strings.EqualFold(t,
					"next")
			}) {
				return link.target, true
			}
		}
	}
	return "", false
}

// link is one link of a header. rel is its first relation: later ones are ignored (RFC 8288, 3.3).
type link struct{ target, rel string }

// cutLink reads the first link of a header's text and returns what follows its comma.
func cutLink(text string) (l link, rest string, ok bool) {
	text = strings.TrimLeft(text, " \t,")
	if !strings.HasPrefix(text, "<") {
		return link{}, "", false
	}
	target, rest, ok := strings.Cut(text[1:], ">")
	if !ok {
		return link{}, "", false
	}
	l.target = strings.TrimSpace(target)
	found := false
	for {
		rest = strings.TrimLeft(rest, " \t")
		if !strings.HasPrefix(rest, ";") {
			break
		}
		var name, value string
		name, value, rest = cutParameter(rest[1:])
		if strings.EqualFold(name, "rel") && !found {
			l.rel, found = value, true
		}
	}
	rest = strings.TrimLeft(rest, " \t")
	if rest != "" && rest[0] != ',' {
		return link{}, "", false
	}
	return l, strings.TrimPrefix(rest, ","), true
}

// cutParameter reads name=value, where the value may be quoted.
func cutParameter(text string) (name, value, rest string) {
	end := strings.IndexAny(text, "=;,")
	if end < 0 {
		return strings.TrimSpace(text), "", ""
	}
	name = strings.TrimSpace(text[:end])
	if text[end] != '=' {
		return name, "", text[end:]
	}
	text = strings.TrimLeft(text[end+1:], " \t")
	if !strings.HasPrefix(text, `"`) {
		end = strings.IndexAny(text, ";,")
		if end < 0 {
			end = len(text)
		}
		return name, strings.TrimSpace(text[:end]), text[end:]
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		// quoted-pair of RFC 9110, 5.6.4
		case text[i] == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case text[i] == '"':
			return name, b.String(), text[i+1:]
		default:
			b.WriteByte(text[i])
		}
	}
	return name, b.String(), ""
}
