package alert

import (
	"regexp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// parseText reads a line of Falco's text output: a time, a priority, a message, and fields behind
// " | " or in brackets. The rule's name is not in it.
func parseText(line string, seen moment) (Alert, error) {
	stamp, priority, ok := head(line)
	if !ok {
		return Alert{}, errNoAlert
	}
	a := Alert{Alert: inspect.Alert{Source: SourceFalco, Priority: priority, Output: line}}
	if !a.setTime(stamp, seen) {
		return Alert{}, errNoAlert
	}
	values, doubtful := textFields(line)
	a.Doubtful = doubtful
	a.fill(&values)
	return a, nil
}

// keyAt finds a field's name with the equals sign behind it.
var (
	keyAt    = regexp.MustCompile(`(?:^|\s)([a-z][a-z0-9_.]{0,63})=`)
	keyFirst = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,63}=`)
)

// maxFields bounds the fields of one line; rules write about twenty.
const maxFields = 256

// textFields reads the fields of a line. Values contain blanks and reach up to the next name. Since a
// command line may hold names too, one that is there twice with different values is left out and
// named in doubtful, sorted.
func textFields(line string) (values fields, doubtful []string) {
	part := fieldPart(line)
	keys := keyAt.FindAllStringSubmatchIndex(part, maxFields)
	seen := make(map[string]string, len(keys))
	for i, at := range keys {
		end := len(part)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		name := strings.ReplaceAll(part[at[2]:at[3]], ".", "_")
		value := known(strings.TrimSpace(part[at[1]:end]))
		if i+1 == len(keys) {
			value = lastValue(value)
		}
		if old, twice := seen[name]; twice && old != value && !slices.Contains(doubtful, name) {
			doubtful = append(doubtful, name)
		}
		seen[name] = value
	}
	for name, value := range seen {
		if !slices.Contains(doubtful, name) {
			values.set([]byte(name), func() string { return value })
		}
	}
	slices.Sort(doubtful)
	return values, doubtful
}

// fieldPart is what follows the first " | " with a field behind it, else the first bracket with
// one.
func fieldPart(line string) string {
	for _, opening := range []string{" | ", "("} {
		for rest := line; ; {
			_, part, ok := strings.Cut(rest, opening)
			if !ok {
				break
			}
			if keyFirst.MatchString(part) {
				return strings.TrimSpace(part)
			}
			rest = part
		}
	}
	return ""
}

// maxTitle bounds a message that replaces a rule's name, in bytes.
const maxTitle = 120

// headline returns the text of a line before its fields, without time and priority: the rule's
// name is not in it.
func headline(output string) string {
	text := output
	if _, _, ok := head(text); ok {
		_, text, _ = strings.Cut(text, ": ")
		_, text, _ = strings.Cut(text, " ") // the priority
	}
	if part := fieldPart(text); part != "" {
		text = text[:strings.Index(text, part)]
	}
	text = strings.TrimRight(text, " |(")
	if len(text) > maxTitle {
		text = strings.ToValidUTF8(text[:maxTitle], "")
	}
	return text
}

// lastValue drops a bracket that closes what was opened before the fields.
func lastValue(s string) string {
	if strings.Count(s, ")") > strings.Count(s, "(") {
		return strings.TrimSpace(strings.TrimSuffix(s, ")"))
	}
	return s
}
