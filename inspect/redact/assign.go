package redact

import (
	"regexp"
	"slices"
	"strings"
)

// assigned finds a name and the sign behind it: NAME=, "name": , name := , \"name\": within a string.
// The sign may be => (Ruby, Puppet) and := (Go, make); == and != compare, and give no value.
var assigned = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.-]*)(\\?["'\]]*)([ \t]*)(=>|:=|==|!=|=|:)([ \t]*)`)

// assignmentSpans finds the values that are given to names of secrets. Where a colon stands in a sentence, "token:
// rejected by the server", what follows is no value; without colons only values in quotes count there.
//
// Examples, of which the part in capitals is removed: "db password=SECRET user=web", `{"api_key":"SECRET","n":1}`,
// "clientSecret: 'SECRET'". The name decides: see Name.
func assignmentSpans(s string, colons bool) []span {
	if !strings.ContainsAny(s, "=:") {
		return nil
	}
	var spans []span
	for at := 0; at < len(s); {
		m := assigned.FindStringSubmatchIndex(s[at:])
		if m == nil {
			break
		}
		name, sign := s[at+m[2]:at+m[3]], s[at+m[8]:at+m[9]]
		value := at + m[1]
		if !Name(name) || sign == "==" || sign == "!=" {
			at += m[3] // the value may be an assignment itself
			at = max(at, value-1)
			continue
		}
		to, quoted := valueEnd(s, &value, sign)
		colon := sign == ":"
		text := s[value:to]
		if rest, _, _ := strings.Cut(s[value:], "\n"); sign == ":" && blockScalar.MatchString(strings.TrimSpace(rest)) {
			text = strings.TrimSpace(rest) // a pipe ends other values
		}
		switch {
		case harmless(text), strings.HasPrefix(text, "//") && colon: // a scheme of a URL that is called like a secret
		case slices.Contains(schemes, strings.ToLower(text)): // the secret comes behind it, and has a form
		case strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["): // what is within has names of its own
			at = value + 1
			continue
		case colon && blockScalar.MatchString(text):
			from, end := blockOf(s, at+m[2], to)
			spans = append(spans, span{from, end, "value of a secret name"})
			to = max(to, end)
		case colon && !quoted && (!colons || inSentence(s, value, to)):
		default:
			spans = append(spans, span{value, to, "value of a secret name"})
		}
		at = max(to, value, at+m[3])
	}
	return spans
}

// blockScalar is the sign by which YAML begins a text of several lines (YAML 1.2.2, 8.1).
var blockScalar = regexp.MustCompile(`^[|>][+-]?[1-9]?[+-]?$`)

// blockOf finds the lines of a block scalar: those behind the line that ends at to and are indented deeper than the
// name at the offset given. Blank lines within it belong to it.
// The name may stand behind the dash of a list item, which is part of its indent (YAML 1.2.2, 8.2).
func blockOf(s string, name, to int) (from, end int) {
	start := strings.LastIndexByte(s[:name], '\n') + 1
	indent := len(s[start:name]) - len(strings.TrimLeft(s[start:name], " -"))
	line := strings.IndexByte(s[to:], '\n')
	if line < 0 {
		return to, to
	}
	from = to + line + 1
	for end = from; end < len(s); {
		next := strings.IndexByte(s[end:], '\n') + 1
		if next == 0 {
			next = len(s) - end
		}
		text := s[end : end+next]
		if plain := strings.TrimLeft(text, " "); strings.TrimSpace(text) != "" && len(text)-len(plain) <= indent {
			break
		}
		end += next
	}
	for from < end && s[from] == ' ' {
		from++
	}
	for end > from && s[end-1] == '\n' {
		end--
	}
	return from, end
}

// schemes are those of HTTP authentication (RFC 9110, 11.1).
var schemes = []string{"bearer", "basic", "token", "digest", "negotiate", "ntlm", "apikey", "aws4-hmac-sha256"}

// valueEnd finds the end of the value that begins at *at, and puts *at behind an opening quote.
// A quote that is not closed ends with the text: a line that was cut off still holds the beginning of a secret.
func valueEnd(s string, at *int, sign string) (end int, quoted bool) {
	from := *at
	escaped := strings.HasPrefix(s[from:], `\"`) || strings.HasPrefix(s[from:], `\'`)
	if escaped {
		from++
	}
	if from < len(s) && (s[from] == '"' || s[from] == '\'') {
		quote := s[from]
		*at = from + 1
		for i := from + 1; i < len(s); i++ {
			switch {
			case escaped && s[i] == '\\' && i+1 < len(s) && s[i+1] == quote:
				return i, true
			case !escaped && s[i] == '\\':
				i++
			case s[i] == quote && !escaped:
				return i, true
			}
		}
		return len(s), true
	}
	end = *at
	for end < len(s) && !strings.ContainsRune(" \t\r\n\f\"'<>`|", rune(s[end])) {
		end++
	}
	return bareEnd(s, *at, end, sign), false
}

// nextPair is what follows a value where several stand in one line: "; name=", "&name=", ", name:".
var nextPair = regexp.MustCompile(`[;&,](?:\s*["']?[A-Za-z_][A-Za-z0-9_. -]*["']?\s*[=:]|$)`)

// bareEnd cuts a value without quotes before the next pair, and before punctuation that closes what it stands in.
// The 40 bytes behind the end are for the name of the next pair, which may begin before the end.
func bareEnd(s string, from, end int, sign string) int {
	rest := s[from:min(len(s), end+40)]
	for _, m := range nextPair.FindAllStringIndex(rest, -1) {
		if from+m[0] < end && m[0] > 0 {
			end = from + m[0]
			break
		}
	}
	for end > from+1 && strings.ContainsRune(",;)}]", rune(s[end-1])) &&
		!strings.ContainsRune(s[from:end-1], opening(s[end-1])) {
		end--
	}
	if sign == ":" && end > from+1 && s[end-1] == '.' {
		end--
	}
	return end
}

// opening is the bracket that a closing one belongs to.
func opening(c byte) rune {
	switch c {
	case ')':
		return '('
	case '}':
		return '{'
	case ']':
		return '['
	}
	return rune(0)
}

// proseWords follow a colon in sentences about secrets.
var proseWords = []string{
	"not", "no", "is", "was", "the", "a", "an", "must", "cannot", "could", "failed", "rejected", "denied",
	"unauthorized", "forbidden",
	"found", "unknown", "wrong", "incorrect", "error", "ok", "success", "valid", "unable", "too", "has", "does",
	"expected", "got",
}

// inSentence reports whether what follows a colon goes on as a sentence: words of lower case letters only, of which the
// first is common in messages or another follows it.
// A password of lower case letters only, followed by another such word, is taken for prose: a report of which every
// second explanation was removed would not be read.
func inSentence(s string, from, to int) bool {
	word := s[from:to]
	for _, r := range word {
		if r < 'a' || r > 'z' {
			return false
		}
	}
	if slices.Contains(proseWords, word) {
		return true
	}
	rest := s[to:]
	if !strings.HasPrefix(rest, " ") {
		return false
	}
	next, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	next = strings.TrimRight(next, ".,:;\n")
	return len(next) > 1 && strings.IndexFunc(next, func(r rune) bool { return r < 'a' || r > 'z' }) < 0
}
