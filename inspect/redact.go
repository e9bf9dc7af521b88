package inspect

import (
	"regexp"
	"strings"
)

// Redacted stands where a value was that must not be said.
const Redacted = "REDACTED"

// SecretName says that a setting or an environment variable of this name likely holds a secret.
func SecretName(name string) bool {
	upper := strings.ToUpper(name)
	for _, word := range []string{"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL", "CONNECTION_STRING", "DSN"} {
		if strings.Contains(upper, word) {
			return true
		}
	}
	return false
}

// assignment is NAME=VALUE within a command, the value with or without quotes.
var assignment = regexp.MustCompile(`\b([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|[^\s"';&|]+)`)

// RedactAssignments puts REDACTED for the values that a command or a build step gives to secret names, and says which
// names these are.
func RedactAssignments(text string) (redacted string, names []string) {
	redacted = assignment.ReplaceAllStringFunc(text, func(s string) string {
		name, value, _ := strings.Cut(s, "=")
		if !SecretName(name) || strings.HasPrefix(strings.Trim(value, `"'`), "$") || strings.Trim(value, `"'`) == "" || value == Redacted {
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
		if name, value, ok := strings.Cut(e, "="); ok && value != "" && value != Redacted && SecretName(name) {
			e = name + "=" + Redacted
			names = append(names, name)
		}
		redacted = append(redacted, e)
	}
	return redacted, names
}
