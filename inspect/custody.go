package inspect

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// CustodyLine is what a fact adds to the chain of custody: what was requested of whom, what was kept, who wrote what.
type CustodyLine struct {
	What   string `json:"what"` // opened, session, request, kept, not kept, note, clock, ended
	Detail string `json:"detail,omitempty"`
	Method string `json:"method,omitempty"`
	URL    string `json:"url,omitempty"`
	Status int    `json:"status,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`
	Digest string `json:"digest,omitempty"`
	Error  string `json:"error,omitempty"`
	Time   Time   `json:"-"` // where it is another than that of the event
}

// Custody gives the line that an event adds to the chain of custody, if it adds one.
func Custody(e Event) (CustodyLine, bool) {
	f, ok := e.Fact.(interface {
		custody(e Event) (CustodyLine, bool)
	})
	if !ok {
		return CustodyLine{}, false
	}
	return f.custody(e)
}

func (h Header) custody(Event) (CustodyLine, bool) {
	return CustodyLine{What: "opened", Detail: h.Target.Name, Time: h.Started}, true
}

func (s Session) custody(Event) (CustodyLine, bool) {
	return CustodyLine{What: "session", Detail: s.Operator + " on " + s.Host, Digest: s.SHA256, Time: s.Started}, true
}

func (r Request) custody(Event) (CustodyLine, bool) {
	return CustodyLine{
		What: "request", Method: r.Method, URL: r.URL, Status: r.Status, Bytes: r.Bytes,
		Error: r.Error, Time: r.Sent,
	}, true
}

func (x Exhibit) custody(Event) (CustodyLine, bool) {
	if x.Missing != "" {
		return CustodyLine{What: "not kept", Detail: x.Path, Error: x.Missing}, true
	}
	return CustodyLine{What: "kept", Detail: x.Path, Digest: x.Digest, Bytes: x.Size, URL: x.Source}, true
}

func (b Blob) custody(Event) (CustodyLine, bool) {
	line := CustodyLine{What: "kept", Detail: b.Role, Digest: b.Digest, Bytes: b.Size}
	if b.Source == SourceCache {
		line.Detail += ", from cache"
	}
	return line, b.State == BlobCarried
}

func (n Note) custody(Event) (CustodyLine, bool) {
	return CustodyLine{What: "note", Detail: n.Author}, true
}

func (k Clock) custody(Event) (CustodyLine, bool) {
	if k.Withdrawn != nil {
		return CustodyLine{What: "clock", Detail: string(k.Regime) + " withdrawn by " + k.Withdrawn.Author}, true
	}
	return CustodyLine{What: "clock", Detail: string(k.Regime) + " started by " + k.Author}, true
}

func (x End) custody(e Event) (CustodyLine, bool) {
	return CustodyLine{What: "ended", Detail: x.Reason}, e.Check == ""
}

// Request is one request that was made to a cluster or a registry, for the chain of custody.
type Request struct {
	Method string `json:"method"`
	URL    string `json:"url"` // without credentials and signatures
	Status int    `json:"status"`
	Bytes  int64  `json:"bytes"`
	Error  string `json:"error,omitempty"`
	Sent   Time   `json:"sent,omitzero"` // where it was made before the case began
}

// FactKind is the fact's JSON name.
func (Request) FactKind() string { return "request" }

// fold counts the request, and those of its host: the case has no list of them, which may be long.
func (r Request) fold(c *Case, _ Event) {
	c.Requests++
	host := ""
	if u, err := url.Parse(r.URL); err == nil {
		host = u.Host
	}
	key := func(a, b HostRequests) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Method, b.Method))
	}
	n := HostRequests{Host: host, Method: r.Method}
	if at, found := slices.BinarySearchFunc(c.Hosts, n, key); found {
		n = c.Hosts[at]
	} else if len(c.Hosts) >= maxHosts {
		return
	}
	n.Count++
	n.Bytes += r.Bytes
	if r.Error != "" || r.Status >= 400 {
		n.Failed++
	}
	upsert(&c.Hosts, n, key)
}

// maxHosts bounds the hosts of a case: a foreign ledger may name a million.
const maxHosts = 1000

// HostRequests counts the requests to one host with one method.
type HostRequests struct {
	Host   string `json:"host"`
	Method string `json:"method"`
	Count  int    `json:"count"`
	Failed int    `json:"failed"` // without an answer, or with a status of 400 and above
	Bytes  int64  `json:"bytes"`
}

// Redaction is a secret that was removed before the case recorded it. What it was cannot be read from its digest:
// whoever has the case's salt and the original can prove that they belong together.
type Redaction struct {
	Container string `json:"container"`
	Where     string `json:"where"`    // the kind of the fact and the field: image imageConfig.env
	Kind      string `json:"kind"`     // in words: password in a URL
	Original  string `json:"original"` // hmac-sha256:…, with the salt of the case, of what was removed
}

// FactKind is the fact's JSON name.
func (Redaction) FactKind() string { return "redaction" }

// fold: the key is container, place and original; the container is that of the entry, whatever the fact claims.
func (r Redaction) fold(c *Case, e Event) {
	r.Container = e.Container
	upsert(&c.Redactions, r, func(a, b Redaction) int {
		return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(a.Where, b.Where),
			strings.Compare(a.Original, b.Original))
	})
}
