// Package text words what every screen and report words in the same way: sizes, spans of time, words of a shell. It
// also is the border at which strings of others are cleaned: Clean and CleanLines for terminals and reports,
// EscapeJSON for JSON. It imports the standard library alone.
package text
