package bagit

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Digest is the sha256 of some bytes as sha256:<hex> (OCI image-spec, descriptor.md, "Digests").
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// HexOf returns the hex digits of sha256:<hex>, or "" for anything else. Digests become file names: only what passes
// here may.
func HexOf(digest string) string {
	hex, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || !IsHex(hex) {
		return ""
	}
	return hex
}

// IsHex reports whether s is a sha256 in lower-case hex.
func IsHex(s string) bool {
	// Upper case is refused: two spellings of one digest would be two files.
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
