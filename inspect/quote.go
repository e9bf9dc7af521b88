package inspect

import "strings"

// Quote makes a foreign string one word of a shell, so that nobody's pod name runs on a responder's laptop: for commands
// that are shown to be copied.
func Quote(s string) string {
	s = Clean(s)
	if s != "" && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@=+,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
