package inspect

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// CustodyLine is what a fact adds to the chain of custody: what was requested of whom, what was kept, who wrote what.
type CustodyLine struct {
	// opened, session, request, kept, not kept, note, custody, clock, cluster, clock offset, account, timestamp, ended
	What   string `json:"what"`
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
	what := "note"
	if n.Subject == SubjectCustody {
		what = "custody"
	}
	detail := n.Author
	for _, part := range []string{n.Mark, n.Text} {
		if part != "" {
			detail += ": " + part
		}
	}
	return CustodyLine{What: what, Detail: detail}, true
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

func (x ClusterIdentity) custody(Event) (CustodyLine, bool) {
	detail := "namespace kube-system " + cmp.Or(x.UID, "not known") + ", CA " + cmp.Or(x.CA, "of the system") +
		", as " + cmp.Or(x.User, "not known")
	return CustodyLine{What: "cluster", Detail: detail, URL: x.Server, Error: strings.Join(x.Unknown, "; ")}, true
}

func (o ClockOffset) custody(Event) (CustodyLine, bool) {
	return CustodyLine{
		What: "clock offset", Detail: fmt.Sprintf("%+d s, up to %d s uncertain", o.Seconds, o.Within), URL: o.Host,
	}, true
}

func (a Account) custody(Event) (CustodyLine, bool) {
	detail := cmp.Or(a.User, "anonymous") + ", by " + a.Source
	return CustodyLine{What: "account", Detail: detail, URL: a.Host}, true
}

func (t Timestamp) custody(Event) (CustodyLine, bool) {
	return CustodyLine{
		What: "timestamp", Detail: fmt.Sprintf("of entry %d", t.Entry), URL: t.Authority, Digest: t.Head,
		Error: t.Error, Time: t.At,
	}, true
}

// CustodyRecord is what was recorded about the circumstances of a case: whose cluster and registries were read, as
// whom, by whose clock, and when others saw the record.
type CustodyRecord struct {
	Cluster    *ClusterIdentity `json:"cluster"` // nil: no live cluster was read
	Offsets    []ClockOffset    `json:"clockOffsets"`
	Accounts   []Account        `json:"accounts"`
	Timestamps []Timestamp      `json:"timestamps"`
}

// clone shares nothing with the record that a later fact changes.
func (r CustodyRecord) clone() CustodyRecord {
	r.Offsets, r.Accounts = slices.Clone(r.Offsets), slices.Clone(r.Accounts)
	r.Timestamps = slices.Clone(r.Timestamps)
	return r
}

// ClusterIdentity is which cluster was read, and as whom. A name of a context is one of the person's own kubeconfig;
// the UID of the namespace kube-system is made once in the life of a cluster and is the same for everyone.
type ClusterIdentity struct {
	Server  string   `json:"server"`  // URL of the API server
	CA      string   `json:"ca"`      // sha256:… of the certificate authorities in PEM; empty: those of the system
	UID     string   `json:"uid"`     // of the namespace kube-system
	Version string   `json:"version"` // of the API server: v1.34.2
	User    string   `json:"user"`    // as the server itself names it (SelfSubjectReview)
	Groups  []string `json:"groups"`
	Unknown []string `json:"unknown"` // what could not be found out, with the reason
}

// FactKind is the fact's JSON name.
func (ClusterIdentity) FactKind() string { return "cluster" }

func (x ClusterIdentity) fold(c *Case, _ Event) { c.Custody.Cluster = &x }

// ClockOffset is how far the clock of a server was ahead of the one that stamps the record. A Date header has whole
// seconds (RFC 9110, 6.6.1), and the answer was on its way for a while.
type ClockOffset struct {
	Host    string `json:"host"`
	Seconds int    `json:"seconds"` // of the server's clock minus ours
	Within  int    `json:"within"`  // half of what the request took, and the rounding, in seconds
	At      Time   `json:"at"`
}

// OffsetOf compares the Date of an answer with the time in the middle of its request. ok is false without a date, and
// for one that is no time of a running clock (a cached answer carries its Age, and a date of its own).
func OffsetOf(host string, date, sent time.Time, took time.Duration) (o ClockOffset, ok bool) {
	if host == "" || date.IsZero() || sent.IsZero() || took < 0 {
		return ClockOffset{}, false
	}
	// The header drops what is past the second: the clock showed half a second more on average.
	ahead := date.Add(time.Second / 2).Sub(sent.Add(took / 2))
	return ClockOffset{
		Host: host, Seconds: int(ahead.Round(time.Second) / time.Second),
		Within: int((took/2 + time.Second).Round(time.Second) / time.Second), At: At(sent),
	}, true
}

// FactKind is the fact's JSON name.
func (ClockOffset) FactKind() string { return "clock-offset" }

// fold: the key is the host; the last measurement counts.
func (o ClockOffset) fold(c *Case, _ Event) {
	upsert(&c.Custody.Offsets, o, func(a, b ClockOffset) int { return strings.Compare(a.Host, b.Host) })
}

// Account is as whom a registry was read. The secret is never recorded.
type Account struct {
	Host   string `json:"host"`
	User   string `json:"user"`   // empty: without credentials, or with a token that names no user
	Source string `json:"source"` // where the credentials came from: docker configuration, pull secret, none
}

// FactKind is the fact's JSON name.
func (Account) FactKind() string { return "account" }

// fold: the key is host and source.
func (a Account) fold(c *Case, _ Event) {
	upsert(&c.Custody.Accounts, a, func(a, b Account) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Source, b.Source))
	})
}

// Timestamp is that of an authority (RFC 3161) over the record as it was: the hash of an entry fixes all before it.
// Whoever trusts the authority has it that the record did not begin later.
type Timestamp struct {
	Entry     uint64 `json:"entry"`              // number of the entry
	Head      string `json:"head"`               // sha256:… of its line
	Authority string `json:"authority"`          // URL
	At        Time   `json:"at,omitzero"`        // as the authority states
	Response  []byte `json:"response,omitempty"` // in DER, as it came
	Error     string `json:"error,omitempty"`    // why there is none
}

// FactKind is the fact's JSON name.
func (Timestamp) FactKind() string { return "timestamp" }

// fold: the key is the entry. A failed try takes nothing away.
func (t Timestamp) fold(c *Case, _ Event) {
	byEntry := func(a, b Timestamp) int { return cmp.Compare(a.Entry, b.Entry) }
	at, found := slices.BinarySearchFunc(c.Custody.Timestamps, t, byEntry)
	if found && t.Error != "" && c.Custody.Timestamps[at].Error == "" {
		return
	}
	upsert(&c.Custody.Timestamps, t, byEntry)
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
