// Package destination looks up where a network alert leads to, an address or a host name, in what the image brings: its
// config, environment and build steps, and the files that no package vouches for. What stands there was built in; what
// does not was given at run time, was computed, or is hidden. Neither proves who connects: a finding names the place.
package destination

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/backtrail/backtrail/inspect"
)

// Bounds of a search: targets, findings of an image, bytes of one file and of all.
const (
	MaxTargets  = 50
	MaxFindings = 20
	MaxFile     = 64 << 20
	MaxAll      = 512 << 20
	// MaxFiles bounds the files that are opened: a tree of small files costs a seek each.
	MaxFiles = 20_000
)

// target is what is searched for.
type target struct {
	text  string // in lower case: 203.0.113.9, 2001:db8::9, pool.example
	wide  []byte // the same in UTF-16, as programs of Windows and .NET have it
	alert string // the name of the alert
}

// innocent are ranges that say nothing: every second image names an address of them. Private, loopback, link-local and
// multicast ones are known to net/netip; these are "this network" (RFC 6890), the shared range of carriers and
// Kubernetes clouds (RFC 6598), and the broadcast address.
var innocent = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("192.0.0.0/24"),
}

// inside are the last labels of names that mean something within a cluster or a network only.
var inside = []string{"local", "svc", "localhost", "localdomain", "internal", "arpa", "lan", "home", "corp"}

// publicAddress reports whether an address is one host's anywhere, and so worth a search.
func publicAddress(text string) bool {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(innocent, func(p netip.Prefix) bool {
		return p.Contains(ip)
	})
}

// publicName reports whether a name of the DNS is one outside of the cluster.
func publicName(name string) bool {
	labels := strings.Split(name, ".")
	if len(name) < 4 || len(labels) < 2 || slices.Contains(labels, "") || slices.Contains(labels, "svc") {
		return false
	}
	return !slices.Contains(inside, labels[len(labels)-1]) && strings.Trim(name, "0123456789.") != ""
}

// targetsOf lists what to search for: of the alerts that are about this container, each once. passed are destinations
// that are not searched for, since many images name them.
func targetsOf(alerts []inspect.Alert, container string) (targets []target, passed []string) {
	for _, a := range alerts {
		if a.Match == inspect.MatchNone || a.Match == "" || a.Subject != container || a.Destination.Address == "" &&
			a.Destination.Name == "" {
			continue
		}
		d, any := a.Destination, false
		for text, public := range map[string]bool{
			d.Address: publicAddress(d.Address), strings.ToLower(d.Name): publicName(strings.ToLower(d.Name)),
		} {
			known := slices.ContainsFunc(targets, func(t target) bool { return t.text == text })
			any = any || public
			if public && !known && len(targets) < MaxTargets {
				targets = append(targets, target{text, wide(text), a.Name()})
			}
		}
		if word := d.Address; !any && !slices.Contains(passed, word) && len(passed) < MaxTargets {
			passed = append(passed, word)
		}
	}
	slices.SortFunc(targets, func(a, b target) int { return strings.Compare(a.text, b.text) })
	slices.Sort(passed)
	return targets, passed
}

// wide is a text in UTF-16, little-endian.
func wide(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// in reports whether a text in lower case has the target as a whole: 10.1.2.3 is not in 110.1.2.3 nor in 10.1.2.34, and
// evil.example is in x.evil.example, but not in evil.example.com nor in devil.example.
func (t target) in(lower []byte) bool {
	return whole(lower, []byte(t.text), 1) || whole(lower, t.wide, 2)
}

// whole looks for a text whose characters have width bytes, with no other part of a name or number around it.
func whole(text, want []byte, width int) bool {
	address := want[len(want)-width] >= '0' && want[len(want)-width] <= '9' || bytes.IndexByte(want, ':') >= 0
	for at := 0; ; {
		i := bytes.Index(text[at:], want)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(want)
		if !joinsBefore(text, start-width, address) && !joinsAfter(text, end, width) {
			return true
		}
		at = start + 1
	}
}

// joinsBefore reports whether the character at an offset makes what follows a part of a longer name or number. A dot
// before a name is that of a subdomain, which leads to the same owner.
func joinsBefore(text []byte, at int, address bool) bool {
	if at < 0 {
		return false
	}
	c := text[at]
	return isWord(c) || address && (c == '.' || c == ':' && at > 0 && isHex(text[at-1]))
}

// joinsAfter reports whether what stands behind goes on with the name or number. A dot at the end of a sentence does
// not.
func joinsAfter(text []byte, at, width int) bool {
	if at >= len(text) {
		return false
	}
	c := text[at]
	return isWord(c) || c == '.' && at+width < len(text) && isWord(text[at+width])
}

// isWord reports whether a byte is one of the characters of a label; the text is in lower case.
func isWord(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' }

// isHex reports whether a byte is a digit of an address of IPv6.
func isHex(c byte) bool { return c >= 'a' && c <= 'f' || c >= '0' && c <= '9' }
