package text

import "strings"

// Quote makes a foreign string one word of a POSIX shell, so that no name of a pod runs on a responder's laptop. What
// is plainly a word stays as it is; everything else stands in single quotes, within which a shell gives no character
// a meaning (POSIX, Shell Command Language, 2.2.2). A leading dash would be an option of the command, a leading = a
// path that zsh looks up: such words are quoted as well, which at least shows them.
func Quote(word string) string {
	word = Clean(word)
	if word != "" && word[0] != '-' && word[0] != '=' && strings.Trim(word,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@=+,") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
