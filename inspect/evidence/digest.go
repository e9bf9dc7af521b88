package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// digestOf is the sha256 of some bytes as sha256:<hex> (OCI image-spec, descriptor.md, "Digests").
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// hexOf gives the hex digits of sha256:<hex>, or "" for what is not one: digests become file names.
func hexOf(digest string) string {
	hex, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || !isHex(hex) {
		return ""
	}
	return hex
}

// isHex says that s is a sha256 in lower-case hex.
func isHex(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// short is the beginning of a digest, as people compare it; 12 digits, as docker shows them.
func short(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	if len(hex) > 12 {
		hex = hex[:12]
	}
	return inspect.Clean(hex)
}
