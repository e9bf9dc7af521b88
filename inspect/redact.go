package inspect

import (
	"regexp"
	"strings"
)

// Redacted stands where a value was that must not be said.
const Redacted = "REDACTED"

// secretName knows the words by which settings that hold secrets are named, and not those that only begin like them:
// TOKENIZERS_PARALLELISM is none.
var secretName = regexp.MustCompile(`(?i)PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKENS?(?:[^A-Z]|$)|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL|CONNECTION_STRING|(?:^|_)DSN(?:_|$)`)

// SecretName says that a setting or an environment variable of this name likely holds a secret.
func SecretName(name string) bool { return secretName.MatchString(name) }

// harmless knows values that are no secrets whatever they are called: switches, small numbers, and the places of files.
var harmless = regexp.MustCompile(`(?i)^(?:true|false|yes|no|on|off|none|[0-9]{1,5}|/[^\s:@]*)$`)

// assignment is NAME=VALUE within a command, the value with or without quotes.
var assignment = regexp.MustCompile(`\b([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|[^\s"';&|]+)`)

// RedactAssignments puts REDACTED for the values that a command or a build step gives to secret names, and says which
// names these are.
func RedactAssignments(text string) (redacted string, names []string) {
	redacted = assignment.ReplaceAllStringFunc(text, func(s string) string {
		name, value, _ := strings.Cut(s, "=")
		bare := strings.Trim(value, `"'`)
		if !SecretName(name) || strings.HasPrefix(bare, "$") || bare == "" || bare == Redacted || harmless.MatchString(bare) {
			return s
		}
		names = append(names, name)
		return name + "=" + Redacted
	})
	return redacted, names
}

// RedactEnv does the same with an environment, NAME=VALUE in each string; the list that it is given stays as it is.
func RedactEnv(env []string) (redacted, names []string) {
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok && value != "" && value != Redacted && !harmless.MatchString(value) && SecretName(name) {
			e = name + "=" + Redacted
			names = append(names, name)
		}
		redacted = append(redacted, e)
	}
	return redacted, names
}
