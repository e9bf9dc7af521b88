package text

import (
	"strconv"
	"strings"
)

// Count is a number with its noun in the right form: 1 layer, 3 layers, 2 registries. It forms regular plurals; CountOf
// takes the others.
func Count(n int, noun string) string {
	if stem, ok := strings.CutSuffix(noun, "y"); ok && strings.TrimRight(stem, "aeiou") == stem {
		return CountOf(n, noun, stem+"ies")
	}
	return CountOf(n, noun, noun+"s")
}

// CountOf is a number with the form of its noun for one or for many. Zero takes that for many: 0 layers.
func CountOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// ShortDigest is the beginning of a digest's hex, as people compare it: 12 digits, as docker shows them.
func ShortDigest(digest string) string {
	hex := digest[strings.LastIndexByte(digest, ':')+1:]
	return Clean(hex[:min(12, len(hex))])
}
