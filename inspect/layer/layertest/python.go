package layertest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
)

// Site is a directory of Python's packages, with a slash at its end, as names of members have it.
const Site = "usr/local/lib/python3.13/site-packages/"

// Record writes the row of a file in a RECORD: path below the site directory, digest in base64 without padding, size
// (https://packaging.python.org/en/latest/specifications/recording-installed-packages/).
func Record(path, content string) string {
	return fmt.Sprintf("%s,sha256=%s,%d\n", path, base64.RawURLEncoding.EncodeToString(Sum(content)), len(content))
}

// Sum returns the sha256 of a content.
func Sum(content string) []byte {
	sum := sha256.Sum256([]byte(content))
	return sum[:]
}

// Noise makes content that does not pack, the same for each seed.
func Noise(seed uint64, size int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	return string(b)
}
