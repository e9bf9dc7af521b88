package layertest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
)

// Site is a directory of Python's packages.
const Site = "usr/local/lib/python3.13/site-packages/"

// Record writes the line of a file in a RECORD.
func Record(path, content string) string {
	return fmt.Sprintf("%s,sha256=%s,%d\n", path, base64.RawURLEncoding.EncodeToString(Sum(content)), len(content))
}

// Sum returns the sha256 of a content.
func Sum(content string) []byte {
	sum := sha256.Sum256([]byte(content))
	return sum[:]
}

// Noise makes content that does not pack.
func Noise(seed uint64, size int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	return string(b)
}
