package inspect

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

// NextStep is something to do next: why, and a command to copy. backtrail never runs one.
type NextStep struct {
	Why     string
	Command string // empty where there is no command for it
}

// SavedDump is the path of the saved dump that the case was read from, in place of a cluster.
func (t Target) SavedDump() (string, bool) { return strings.CutPrefix(t.Context, "snapshot ") }

// Kubectl begins a command about the case's cluster. It names the context, unless the case was read from a saved
// dump: no kubeconfig knows that one.
func (t Target) Kubectl() string {
	if _, dump := t.SavedDump(); dump || t.Context == "" {
		return "kubectl"
	}
	return "kubectl --context " + Quote(t.Context)
}
