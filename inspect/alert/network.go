package alert

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// endpoint is one end of a connection, as it is written in an alert.
type endpoint struct{ address, port, name string }

// connect sets the addresses by which the pod is found, and the destination. from is the end that
// opened the connection.
func (a *Alert) connect(from, to endpoint) {
	for _, e := range []endpoint{from, to} {
		if ip, ok := addressOf(e.address); ok && !slices.Contains(a.Addresses, ip) {
			a.Addresses = append(a.Addresses, ip)
		}
	}
	if ip, ok := addressOf(to.address); ok {
		port, _ := strconv.ParseUint(to.port, 10, 16)
		a.Destination = inspect.Destination{Address: ip.String(), Port: int(port), Name: hostName(to.name)}
	}
}

// addressOf parses an address that can be that of one host.
func addressOf(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.IsUnspecified() || ip.IsMulticast() || ip.IsLoopback() {
		return netip.Addr{}, false
	}
	return ip.Unmap().WithZone(""), true
}

// maxHostName is the length of the longest name in the DNS (RFC 1035 section 2.3.4).
const maxHostName = 253

// hostName returns a name of the DNS without the dot at its end; "" for what cannot be one.
func hostName(s string) string {
	s = strings.TrimSuffix(strings.ToLower(s), ".")
	notOfNames := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	}
	if len(s) > maxHostName || !strings.Contains(s, ".") || strings.ContainsFunc(s, notOfNames) {
		return ""
	}
	return s
}

// fillConnection reads the fields fd.* of Falco. The local end is the container's own, whoever
// opened the connection.
func (a *Alert) fillConnection(v *fields) {
	near, far := endpoint{address: v[podAddress]}, endpoint{v[remoteIP], v[remotePort], v[remoteName]}
	near.address = cmp.Or(near.address, v[localIP], v[clientIP])
	if far.address == "" {
		far = endpoint{v[serverIP], v[serverPort], v[serverName]}
	}
	// 10.0.0.5:41234->203.0.113.9:443
	if here, there, ok := strings.Cut(cmp.Or(v[fileName], v[connectionOld]), "->"); ok {
		if host, _, err := net.SplitHostPort(here); err == nil {
			near.address = cmp.Or(near.address, host)
		}
		if host, port, err := net.SplitHostPort(there); err == nil && far.address == "" {
			far = endpoint{host, port, ""}
		}
	}
	a.connect(near, far)
}
