package answer

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// word makes a foreign string one word of a command that is shown to be copied.
func word(s string) string {
	s = inspect.Clean(s)
	if s != "" && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@=+,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
