package cluster

import (
	"regexp"
	"sync"
)

// secret is how a kind of secret looks in a log, and what is put in its place.
type secret struct {
	kind    string
	looks   *regexp.Regexp
	becomes string
}

// secrets are the kinds that are taken out of logs. It is a net with holes: whoever shares a bundle looks into its
// logs.
var secrets = sync.OnceValue(func() []secret {
	return []secret{
		{"private key", regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----`), "REDACTED"},
		{"authorization", regexp.MustCompile(`(?i)(authorization["']?\s*[:=]\s*["']?(?:bearer|basic)\s+)[^\s"']+`),
			"${1}REDACTED"},
		{"value of a secret name",
			regexp.MustCompile(`(?i)((?:passwo?r?d|secret|token|api[_-]?key|access[_-]?key|credential)[a-z0-9_-]*["']?\s*[=:]\s*["']?)[^\s"',;&]+`), "${1}REDACTED"},
		{"password in a URL", regexp.MustCompile(`(://[^/\s:@]+:)[^/\s@]+@`), "${1}REDACTED@"},
		{"access key", regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`), "REDACTED"},
		{"JSON web token", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*`),
			"REDACTED"},
	}
})
