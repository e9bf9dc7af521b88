package text

import "strings"

// Quote makes a foreign string one word of a shell, so that nobody's pod name runs on a responder's laptop.
func Quote(word string) string {
	word = Clean(word)
	if word != "" && word[0] != '-' && strings.Trim(word,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@=+,") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
