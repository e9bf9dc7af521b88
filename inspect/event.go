package inspect

// Event is one message of the stream. It carries exactly one payload. A stream stays valid with every Progress
// removed; every payload has a stable key, and a later event with that key replaces the earlier one.
type Event struct {
	Seq     uint64 `json:"seq"`
	Time    Time   `json:"time"`
	Check   string `json:"check,omitempty"`   // that said it
	Subject string `json:"subject,omitempty"` // the image it is about; empty: the case

	Header     *Header     `json:"header,omitempty"`
	Expected   *Expected   `json:"expected,omitempty"`
	Trust      *Trust      `json:"trust,omitempty"`
	Begin      *Begin      `json:"begin,omitempty"`
	Pod        *Pod        `json:"pod,omitempty"`
	Alert      *Alert      `json:"alert,omitempty"`
	Image      *Image      `json:"image,omitempty"` // the fields of the image itself; its lists come as events of their own
	Store      *StoreReply `json:"store,omitempty"`
	Layer      *Layer      `json:"layer,omitempty"`
	Signature  *Signature  `json:"signature,omitempty"`
	Provenance *Provenance `json:"provenance,omitempty"`
	SBOM       *SBOM       `json:"sbom,omitempty"`
	Packages   *Packages   `json:"packages,omitempty"`
	Files      *Files      `json:"files,omitempty"`
	Binary     *Binary     `json:"binary,omitempty"`
	Altered    *Altered    `json:"altered,omitempty"`
	Missing    *Missing    `json:"missing,omitempty"`
	Setting    *Setting    `json:"setting,omitempty"`
	Vuln       *Vuln       `json:"vuln,omitempty"`
	Candidate  *Candidate  `json:"candidate,omitempty"`
	Diff       *Diff       `json:"diff,omitempty"`
	Gate       *Gate       `json:"gate,omitempty"`
	Sharing    *Sharing    `json:"sharing,omitempty"`
	Answer     *Answer     `json:"answer,omitempty"`
	Finding    *Finding    `json:"finding,omitempty"`
	Moment     *Moment     `json:"moment,omitempty"`
	PodChange  *PodChange  `json:"podChange,omitempty"`
	Clock      *Clock      `json:"clock,omitempty"`
	Note       *Note       `json:"note,omitempty"`
	Notice     *Notice     `json:"notice,omitempty"`
	Blob       *Blob       `json:"blob,omitempty"`
	Exhibit    *Exhibit    `json:"exhibit,omitempty"`
	Request    *Request    `json:"request,omitempty"`
	Progress   *Progress   `json:"progress,omitempty"`
	Reset      *Reset      `json:"reset,omitempty"`
	End        *End        `json:"end,omitempty"`
}

// Stamped gives the event its time. What is kept with it is kept since then.
func (e Event) Stamped(at Time) Event {
	e.Time = at
	if e.Exhibit != nil && e.Exhibit.Missing == "" && e.Exhibit.Kept.IsZero() {
		x := *e.Exhibit
		x.Kept, e.Exhibit = at, &x
	}
	if b := e.Blob; b != nil && b.Kept.IsZero() && (b.State == BlobCarried || b.State == BlobDamaged) {
		kept := *b
		kept.Kept, e.Blob = at, &kept
	}
	return e
}

// Header opens a stream.
type Header struct {
	Schema  string `json:"schema"`
	Tool    Tool   `json:"tool"`
	Target  Target `json:"target"`
	Started Time   `json:"started"`
}

// Tool names the program that made the case.
type Tool struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Revision string `json:"revision"`
}

// Trust is a root of trust that verdicts rest on.
type Trust struct {
	Kind   string `json:"kind"`   // sigstore, key, policy
	Origin string `json:"origin"` // file, tuf, embedded, bag; of policies also folder, cluster
	Name   string `json:"name"`   // the file's path as given, or the repository
	Digest string `json:"digest"` // of its bytes, kept as a blob
	Age    string `json:"age"`    // 214d, where it is known
}

// Origins of a trust root.
const (
	TrustFile     = "file"
	TrustTUF      = "tuf"
	TrustEmbedded = "embedded"
	TrustBag      = "bag"
	TrustFolder   = "folder"  // of policies that are always loaded
	TrustCluster  = "cluster" // of policies that the cluster holds
)

// Begin says that a check has started on a subject.
type Begin struct{}

// End says that a check has ended on a subject: verified where it ran to its end, absent where it had nothing to
// look at, unknown with a reason where it could not. Without a check it ends the case, and unknown means that the
// case was interrupted.
type End struct {
	Status Status `json:"status"`
	Reason string `json:"reason"`
}

// Packages is a batch of an image's packages, at most PackageBatch of them. Offset is its key.
type Packages struct {
	Offset int       `json:"offset"`
	List   []Package `json:"list"`
}

// PackageBatch is the largest number of packages in one event.
const PackageBatch = 1000

// Moment is a point on the timeline.
type Moment struct {
	Time   Time   `json:"time"`
	What   string `json:"what"`
	Source string `json:"source"` // who says so, in words: Rekor log entry 30024022, alert, config of the image
	Trust  string `json:"trust"`  // signed, cluster, registry, alert, claimed, local
}

// How far the time of a Moment can be trusted.
const (
	BySignature = "signed"
	ByCluster   = "cluster"
	ByRegistry  = "registry"
	ByAlert     = "alert"
	ByClaim     = "claimed"
	ByUs        = "local"
)

// Note is what a person wrote into the case, or the mark that they set on a row.
type Note struct {
	Time    Time   `json:"time"`
	Author  string `json:"author"`
	Subject string `json:"subject"` // finding ID, path, SubjectRuntime, or empty for the case
	Mark    string `json:"mark"`    // malicious, benign, open, or empty; of SubjectRuntime: saved, given-up, open
	Text    string `json:"text"`
}

// PodChange is something that happened to the pod while the case was open. What was kept before stays.
type PodChange struct {
	Time    Time     `json:"time"`    // when it was heard of
	State   string   `json:"state"`   // changed, terminating, gone, replaced
	What    []string `json:"what"`    // in words
	Exhibit string   `json:"exhibit"` // path of the pod as it was then; empty where there is none
}

// The states of a PodChange.
const (
	PodChanged     = "changed"
	PodTerminating = "terminating" // it was asked to go
	PodGone        = "gone"
	PodReplaced    = "replaced" // gone, and another pod has its name
)

// Notice is something that the person at the terminal should hear: a list cut short, a rate limit, an expired login.
type Notice struct {
	Level string `json:"level"` // info, warning, error
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"` // what to try next
}

// Blob is something of a registry that the store keeps, or should keep, by its digest.
type Blob struct {
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`
	Role      string `json:"role"`   // index, manifest, config, layer, signature, attestation, sbom, referrer
	State     string `json:"state"`  // carried, damaged, missing, left-out
	Actual    string `json:"actual"` // digest of the bytes that came, where they are not their digest
	Of        string `json:"of"`     // image or known-good
	Tag       string `json:"tag,omitempty"`
	Kept      Time   `json:"kept"` // when it was first kept
}

// States of a blob that is kept.
const (
	BlobCarried = "carried"
	BlobDamaged = "damaged" // kept as it came, which is not its digest
)

// Exhibit is something kept as it was received: cluster objects, alerts, logs, trust roots.
type Exhibit struct {
	Path      string   `json:"path"` // below data/ in the bundle: cluster/pod.json
	Digest    string   `json:"digest"`
	Size      int64    `json:"size"`
	Source    string   `json:"source"`            // the request or the file that it came from
	Redacted  []string `json:"redacted"`          // what was taken out, by field
	Truncated bool     `json:"truncated"`         // a bound cut it short
	Missing   string   `json:"missing,omitempty"` // why it could not be kept; it then has no digest
	Kept      Time     `json:"kept"`              // when these bytes were first kept
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

// Progress says how far a check has come. It may be dropped.
type Progress struct {
	Done  int64  `json:"done"`
	Total int64  `json:"total"` // 0: not known
	Unit  string `json:"unit"`  // bytes, files, stores
	Text  string `json:"text"`
}

// Reset begins a retry: all that these checks said of these subjects is dropped.
type Reset struct {
	Drop []Key `json:"drop"`
}

// Key names a check's work on a subject.
type Key struct {
	Check   string `json:"check"`
	Subject string `json:"subject"`
}
