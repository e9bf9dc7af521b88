package kube

import "strings"

// IDKind describes what the digest of an image ID is the digest of.
type IDKind string

// The kinds of digest that a node reports. An index and a platform manifest cannot be distinguished
// apart by the ID alone: ask the registry.
const (
	IDNone   IDKind = ""            // nothing reported, or not understood
	IDRepo   IDKind = "repo-digest" // index or platform manifest in Repository
	IDConfig IDKind = "config"      // the image's config; some runtimes report only that
)

// ImageID is the parsed status.containerStatuses[].imageID.
type ImageID struct {
	Repository string // "" for a config digest; may be another than the spec's (kubernetes#40062)
	Digest     string // sha256:<64 hex>
	Kind       IDKind
}

// ParseImageID reads the three forms that nodes report: docker-pullable://REPO@sha256:…,
// REPO@sha256:… and a bare sha256:… (with docker:// before it on old nodes). Anything else,
// also a digest that is not one, gives IDNone.
func ParseImageID(s string) ImageID {
	s = strings.TrimPrefix(s, "docker-pullable://")
	s = strings.TrimPrefix(s, "docker://")
	// containerd and CRI-O: the repo digest under which the image was pulled
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		if digest := s[at+1:]; isDigest(digest) {
			return ImageID{Repository: s[:at], Digest: digest, Kind: IDRepo}
		}
		return ImageID{}
	}
	if isHex(s, 64) { // CRI-O reports the config digest without its algorithm
		s = "sha256:" + s
	}
	if !isDigest(s) {
		return ImageID{}
	}
	return ImageID{Digest: s, Kind: IDConfig}
}

// isDigest reports whether s is sha256 or sha512 with all of its lower-case hex digits.
func isDigest(s string) bool {
	algorithm, hex, ok := strings.Cut(s, ":")
	if !ok {
		return false
	}
	switch algorithm {
	case "sha256":
		return isHex(hex, 64)
	case "sha512":
		return isHex(hex, 128)
	default:
		return false
	}
}

// isHex accepts lower case only, as the OCI image specification does for registered algorithms.
func isHex(s string, digits int) bool {
	if len(s) != digits {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
