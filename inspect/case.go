package inspect

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Schema is the name of the case's JSON form.
const Schema = "backtrail.dev/case/v1"

// Case is everything that is known so far: the fold of the events, the same whatever the order in which checks
// ended. Its lists are sorted by key.
type Case struct {
	Schema   string    `json:"schema"`
	Tool     Tool      `json:"tool"`
	Target   Target    `json:"target"`
	Sessions []Session `json:"sessions"`
	Started  Time      `json:"started"`
	Finished Time      `json:"finished"`
	Expected Expected  `json:"expected"`
	Trust    []Trust   `json:"trust"`
	// Thresholds are those that a person named; nil where nobody did.
	Thresholds *Thresholds  `json:"thresholds,omitempty"`
	Checks     []CheckState `json:"checks"`
	Answers    []Answer     `json:"answers"`
	Alerts     []Alert      `json:"alerts"`
	Pod        *Pod         `json:"pod"`
	Images     []Image      `json:"images"`
	Changes    []PodChange  `json:"podChanges"` // while the case was open
	Clocks     []Clock      `json:"clocks"`     // for reports, that a person started
	Notes      []Note       `json:"notes"`
	Notices    []Notice     `json:"notices"`
	Timeline   []Moment     `json:"timeline"`
	Findings   []Finding    `json:"findings"`
	Blobs      []Blob       `json:"blobs"`
	Exhibits   []Exhibit    `json:"exhibits"`
	// Redactions are the secrets that were removed from facts; those of exhibits stand in the exhibits.
	Redactions []Redaction `json:"redactions"`
	Requests   int         `json:"requests"`
	// Custody is under which circumstances the case was made.
	Custody CustodyRecord `json:"custody"`
	// Hosts are the requests by host and method, sorted; the list of them is the chain of custody.
	Hosts []HostRequests `json:"requestHosts"`
	// NotUnderstood counts the entries of a newer version, of kinds that this version does not have.
	NotUnderstood int `json:"notUnderstood"`

	End      *End `json:"-"`
	progress map[Key]Progress
	log      []Event // all that a Reset may have to fold again: no Progress, no Request
	last     Time    // of the newest of these
}

// CheckState is how far a check has come on a subject.
type CheckState struct {
	Name      string      `json:"name"`
	Container string      `json:"subject"`
	Status    CheckStatus `json:"status"` // blocked while it runs
	Reason    string      `json:"reason"` // running, while it runs
	Started   Time        `json:"started"`
	Ended     Time        `json:"ended"`
	// Interrupted reports whether the run ended under the check (End)
	Interrupted bool `json:"interrupted,omitempty"`
}

// Running is the reason of a check that has not ended.
const Running = "running"

// Running reports whether the check has begun and not ended.
func (s CheckState) Running() bool { return s.Reason == Running }

// Expected is what the image should be: who should have signed it, and where it should come from. Where a list holds
// several, one must fit.
type Expected struct {
	Identities       []string      `json:"identities"`
	IdentityRegexps  []string      `json:"identityRegexps"`
	Issuers          []string      `json:"issuers"`
	IssuerRegexps    []string      `json:"issuerRegexps"`
	Keys             []ExpectedKey `json:"keys"`
	SourceURI        string        `json:"sourceURI"`
	SourceBranch     string        `json:"sourceBranch"`
	SourceTag        string        `json:"sourceTag"`
	SourceVersioned  string        `json:"sourceVersionedTag"`
	BuilderID        string        `json:"builderID"`
	SourceURIs       []string      `json:"sourceURIs"` // all of a flag that was given several times, the first too
	SourceBranches   []string      `json:"sourceBranches"`
	SourceTags       []string      `json:"sourceTags"`
	SourceVersioneds []string      `json:"sourceVersionedTags"`
	BuilderIDs       []string      `json:"builderIDs"`
	Policies         []string      `json:"policies"` // all that were read: name and sha256:… of the bytes
	// digest of the Notary Project's trust policy, where a person named one
	Notation string `json:"notation,omitempty"`
}

// ExpectedKey is a public key that may have signed.
type ExpectedKey struct {
	Digest string `json:"digest"` // sha256:… of the DER
	PEM    string `json:"pem"`
}

// Signer reports whether a flag named who should have signed. What policies ask stands in the gates of the images
// that they are about.
func (e Expected) Signer() bool {
	return len(e.Identities)+len(e.IdentityRegexps)+len(e.Issuers)+len(e.IssuerRegexps)+len(e.Keys) > 0 ||
		e.Notation != ""
}

// Provenance reports whether somebody named where the image should come from.
func (e Expected) Provenance() bool {
	return len(e.SourceURIs)+len(e.SourceBranches)+len(e.SourceTags)+len(e.SourceVersioneds)+len(e.BuilderIDs) > 0
}

// The three questions of a post-mortem.
const (
	WhereFrom = "where-from" // Where did it come from?
	HowIn     = "how-in"     // How did it get in?
	WhyMissed = "why-missed" // Why was it not flagged earlier?
)

// Questions are the three questions in their order.
func Questions() []string { return []string{WhereFrom, HowIn, WhyMissed} }

// Answer is the answer to one of the three questions.
type Answer struct {
	Question  string       `json:"question"`
	Status    AnswerStatus `json:"status"`
	Text      string       `json:"text"`     // all of it, as one paragraph
	Findings  []string     `json:"findings"` // IDs
	Sentences []Sentence   `json:"sentences"`
	Cause     Cause        `json:"cause"`
	Waiting   []string     `json:"waiting,omitempty"` // checks that it waits for: what it says is not all
}

// Image gives the image of a subject.
func (c *Case) Image(subject string) (Image, bool) {
	for _, i := range c.Images {
		if i.Container == subject {
			return i, true
		}
	}
	return Image{}, false
}

// Check gives the state of a check on a subject.
func (c *Case) Check(name, subject string) (CheckState, bool) {
	for _, s := range c.Checks {
		if s.Name == name && s.Container == subject {
			return s, true
		}
	}
	return CheckState{}, false
}

// Progress gives how far a running check has come.
func (c *Case) Progress(name, subject string) (Progress, bool) {
	p, ok := c.progress[Key{name, subject}]
	return p, ok
}

// AsOf is the time of the newest event: what the case states is true as of then.
func (c *Case) AsOf() Time { return c.last }

// Events gives what the case was folded from, without progress and requests.
func (c *Case) Events() []Event { return c.log }

// FactKind is the fact's JSON name.
func (Expected) FactKind() string { return "expected" }

func (e Expected) fold(c *Case, _ Event) { c.Expected = e }

// FactKind is the fact's JSON name.
func (Answer) FactKind() string { return "answer" }

func (a Answer) fold(c *Case, _ Event) {
	rank := func(q string) int { return slices.Index(Questions(), q) }
	upsert(&c.Answers, a, func(a, b Answer) int { return cmp.Compare(rank(a.Question), rank(b.Question)) })
}

// Clone copies the case with every list that later facts change in place, without its log and progress.
func (c *Case) Clone() Case {
	n := *c
	n.log, n.progress = nil, nil
	n.Images = slices.Clone(c.Images)
	for i := range n.Images {
		n.Images[i] = n.Images[i].Clone()
	}
	n.Sessions, n.Trust, n.Checks, n.Answers = slices.Clone(c.Sessions), slices.Clone(c.Trust),
		slices.Clone(c.Checks), slices.Clone(c.Answers)
	n.Alerts, n.Notes, n.Notices = slices.Clone(c.Alerts), slices.Clone(c.Notes), slices.Clone(c.Notices)
	n.Timeline, n.Findings = slices.Clone(c.Timeline), slices.Clone(c.Findings)
	n.Changes, n.Clocks = slices.Clone(c.Changes), slices.Clone(c.Clocks)
	n.Blobs, n.Exhibits = slices.Clone(c.Blobs), slices.Clone(c.Exhibits)
	n.Redactions, n.Hosts, n.Custody = slices.Clone(c.Redactions), slices.Clone(c.Hosts), c.Custody.clone()
	return n
}

// Apply folds one event into the case. Foreign strings are kept as they are: what draws them cleans them.
func (c *Case) Apply(e Event) {
	if e.Fact == nil {
		return
	}
	switch e.Fact.(type) {
	case Progress, Request, Reset:
	default:
		c.log = append(c.log, e)
		if e.Time.After(c.last.Time) {
			c.last = e.Time
		}
	}
	e.Fact.fold(c, e)
}

// imageFor gives the image of a container. A fact about a container that no ImageHead has named yet makes the image:
// checks may overtake each other.
func (c *Case) imageFor(container string) *Image {
	at, found := slices.BinarySearchFunc(c.Images, container, func(i Image,
		s string,
	) int {
		return cmp.Compare(i.Container, s)
	})
	if !found {
		c.Images = slices.Insert(c.Images, at, Image{ImageHead: ImageHead{
			Container: container, Status: Unknown,
			Reason: Running,
		}})
	}
	return &c.Images[at]
}

// upsert puts an item at its place in a sorted list, in the stead of one with the same key.
func upsert[T any](list *[]T, item T, compare func(a, b T) int) {
	i, found := slices.BinarySearchFunc(*list, item, compare)
	if found {
		(*list)[i] = item
		return
	}
	*list = slices.Insert(*list, i, item)
}

// idTime is the layout of the time in an ID, so that IDs sort by it.
const idTime = "20060102T150405Z"

// maxSlug bounds the target's part of an ID.
const maxSlug = 48

// CaseID names a case by its start and its target, so that names sort by time: 20261123T031204Z-web-7d9f.
func CaseID(target Target, started Time) string {
	name := strings.TrimRight(transport.ReplaceAllString(target.Name, ""), "/")
	name = archive.ReplaceAllString(name[strings.LastIndexByte(name, '/')+1:], "")
	name = longHex.ReplaceAllString(name, "$1")
	return started.UTC().Format(idTime) + "-" + slug(name)
}

// transport and archive are the parts of a path's name that do not name the image.
var (
	transport = regexp.MustCompile(`^(oci|oci-archive|docker-archive):`)
	archive   = regexp.MustCompile(`\.(tar|tar\.gz|tgz)$`)
)

// longHex is a digest, of which twelve digits are enough in a name.
var longHex = regexp.MustCompile(`(?:sha256:)?([0-9a-f]{12})[0-9a-f]{20,}`)

// slug keeps letters and digits of a foreign name, with dashes between; of a long name its end.
func slug(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		} else {
			dash = true
		}
	}
	s := b.String()
	if len(s) > maxSlug {
		s = s[len(s)-maxSlug:]
		if _, whole, ok := strings.Cut(s, "-"); ok {
			s = whole // not half a word
		}
	}
	if s == "" {
		return "case"
	}
	return s
}
