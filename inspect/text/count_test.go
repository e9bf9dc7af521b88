package text

import "testing"

func TestCount(t *testing.T) {
	for noun, want := range map[string][3]string{
		"layer":    {"0 layers", "1 layer", "2 layers"},
		"registry": {"0 registries", "1 registry", "2 registries"},
		"day":      {"0 days", "1 day", "2 days"},
		"key":      {"0 keys", "1 key", "2 keys"},
	} {
		for n := range want {
			if got := Count(n, noun); got != want[n] {
				t.Errorf("Count(%d, %s) = %q", n, noun, got)
			}
		}
	}
	if got := CountOf(2, "new layer of it", "new layers of it"); got != "2 new layers of it" {
		t.Error(got)
	}
}

// A digest of others is cut and cleaned; what is none stays as short as it is.
func TestShortDigest(t *testing.T) {
	for digest, want := range map[string]string{
		"sha256:0123456789abcdef0123": "0123456789ab", "abc": "abc", "": "", "sha256:": "",
		"sha512:\x1b[31mx": "␛[31mx",
	} {
		if got := ShortDigest(digest); got != want {
			t.Errorf("ShortDigest(%q) = %q, want %q", digest, got, want)
		}
	}
}
