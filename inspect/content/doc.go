// Package content looks for signs in scripts and modules: that a text runs what it downloads or decodes, opens a
// reverse shell, collects credentials, mines, or hides. The strings that it looks for are data, in signs.txt; one
// Aho-Corasick pass over the bytes finds all of them. It reads bytes only: what a sign means for a file is for its
// caller to judge.
package content
