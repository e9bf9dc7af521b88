package bagit

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The tag files of a bag (RFC 8493, 2.1 and 2.2), and signature and timestamp over one of them, which no manifest
// lists.
const (
	DeclarationFile = "bagit.txt"
	InfoFile        = "bag-info.txt"
	Manifest256     = "manifest-sha256.txt"
	Manifest512     = "manifest-sha512.txt"
	TagManifest256  = "tagmanifest-sha256.txt"
	TagManifest512  = "tagmanifest-sha512.txt"
	SignatureFile   = "tagmanifest-sha256.txt.sigstore.json"
	TimestampFile   = "tagmanifest-sha256.txt.tsr"
)

// Declaration is the bag declaration (RFC 8493, 2.1.1).
const Declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// IsPayload reports whether a file lies below data/ (RFC 8493, 2.1.2); all others are tag files.
func IsPayload(name string) bool { return strings.HasPrefix(name, "data/") }

func sum256(s FileSum) string { return s.SHA256 }
func sum512(s FileSum) string { return s.SHA512 }

// manifestOf writes lines of digest and path. The names that are written need no escapes: see BadPath.
func manifestOf(sums []FileSum, sum func(FileSum) string) []byte {
	var b bytes.Buffer
	for _, s := range sums {
		fmt.Fprintf(&b, "%s  %s\n", sum(s), s.Name)
	}
	return b.Bytes()
}

// ParseManifest reads a manifest (RFC 8493, 2.1.3): lines of a digest of that many hex digits, blanks, and a path in
// which CR, LF and % are percent-encoded. sums are the digests by path. A line that cannot be read is a defect, of
// which at most maxDefects are returned; the other lines count.
//
// An example of a line: "5891b5b5…  data/case.json". digits is 64 for SHA-256 and 128 for SHA-512.
func ParseManifest(text []byte, digits int) (sums map[string]string, defects []string) {
	sums = map[string]string{}
	if !utf8.Valid(text) {
		return sums, []string{"it is not UTF-8"}
	}
	n := 0
	for line := range strings.Lines(string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))) {
		if n++; n > MaxFiles {
			return sums, append(defects, fmt.Sprintf("more than %d lines", MaxFiles))
		}
		sum, path, bad := parseManifestLine(strings.TrimSuffix(line, "\n"), digits)
		if bad == "" {
			if _, twice := sums[path]; twice {
				bad = fmt.Sprintf("%q is listed twice", path)
			}
		}
		if bad != "" {
			defects = append(defects, fmt.Sprintf("line %d: %s", n, bad))
			if len(defects) >= maxDefects {
				return sums, append(defects, "and more")
			}
			continue
		}
		sums[path] = sum
	}
	return sums, defects
}

// maxDefects bounds how many defects of one kind are named.
const maxDefects = 200

func parseManifestLine(line string, digits int) (sum, path, bad string) {
	at := strings.IndexAny(line, " \t")
	if at < 0 {
		return "", "", "no digest and path"
	}
	sum = strings.ToLower(line[:at])
	if len(sum) != digits || strings.Trim(sum, "0123456789abcdef") != "" {
		return "", "", fmt.Sprintf("a digest has %d hex digits", digits)
	}
	// Two blanks by custom, or a blank and an asterisk from sha256sum's binary mode.
	path = strings.TrimLeft(line[at:], " \t")
	path = strings.TrimPrefix(path, "*")
	path = strings.TrimPrefix(path, "./")
	path = unescape(path)
	if reason := BadPath(path); reason != "" {
		return "", "", fmt.Sprintf("%q %s", path, reason)
	}
	return sum, path, ""
}

// unescape undoes %0A, %0D and %25 (RFC 8493, 2.1.3). Other percent signs stand for themselves in older bags.
func unescape(path string) string {
	return strings.NewReplacer("%0A", "\n", "%0a", "\n", "%0D", "\r", "%0d", "\r", "%25", "%").Replace(path)
}

// BadPath states why a path is not one inside a bag, or returns "". RFC 8493, 5.3 warns of those that lead out of it;
// the others mean two files on one system and one on another.
// An example: "data/../../etc/passwd" leaves the bag, "data//x" and "./data/x" are other spellings of one file.
func BadPath(path string) string {
	switch {
	case path == "":
		return "is empty"
	case len(path) > MaxName:
		return fmt.Sprintf("is longer than %d bytes", MaxName)
	case !utf8.ValidString(path):
		return "is not UTF-8"
	case strings.ContainsAny(path, "\x00\n\r\\"):
		return "contains a character that no file of a bundle has"
	// A home directory where a shell expands the name, and a drive of Windows.
	case path[0] == '/' || path[0] == '~' || len(path) > 1 && path[1] == ':':
		return "leaves the bag"
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == ".." {
			return "leaves the bag"
		}
		if part == "" || part == "." {
			return "is not in its plain form"
		}
	}
	return ""
}
