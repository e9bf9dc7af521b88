package alert

import "strings"

// hexDigits are the lengths of the hashes that sensors compute, in hex digits.
var hexDigits = map[string]int{"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}

// hashOfFile returns ALGORITHM:HEX of a hash that is written so, or as HEX of the algorithm; "" for
// anything else, also for a hash of zeros, which stands for none.
func hashOfFile(algorithm, written string) string {
	hex := strings.ToLower(written)
	if name, rest, ok := strings.Cut(hex, ":"); ok {
		algorithm, hex = name, rest
	}
	digits := hexDigits[algorithm]
	if digits == 0 || len(hex) != digits || strings.Trim(hex, "0123456789abcdef") != "" ||
		strings.Trim(hex, "0") == "" {
		return ""
	}
	return algorithm + ":" + hex
}
