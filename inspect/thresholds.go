package inspect

// Level is what thresholds demand for a vulnerability or a finding.
type Level string

// The levels, the strictest first.
const (
	LevelBlock Level = "block" // it may not run
	LevelWarn  Level = "warn"  // a remedy is due by a date
	LevelLog   Level = "log"   // it is recorded
)

// Rank orders levels, the strictest first.
func (l Level) Rank() int {
	switch l {
	case LevelBlock:
		return 0
	case LevelWarn:
		return 1
	default:
		return 2
	}
}

// Thresholds are what was agreed about vulnerabilities and findings before an incident. The fact is in a case only
// where a person named a file; package threshold reads and applies them.
type Thresholds struct {
	Source  string          `json:"source"` // name of the file
	Digest  string          `json:"digest"` // sha256:… of its bytes
	Rules   []ThresholdRule `json:"rules"`  // in their order: the first that fits decides
	Waivers []Waiver        `json:"waivers"`
}

// ThresholdRule gives a level to the vulnerabilities or findings that fit all that it names. What is not set fits
// everything.
type ThresholdRule struct {
	Level         Level              `json:"level"`
	Name          string             `json:"name"`
	Vulnerability *ThresholdVuln     `json:"vulnerability,omitempty"` // either this,
	Finding       *ThresholdFinding  `json:"finding,omitempty"`       // or this
	Days          int                `json:"days,omitempty"`          // until the remedy is due, of a rule that warns
	From          ThresholdBeginning `json:"from,omitempty"`          // of these days
}

// ThresholdBeginning is when the days of a deadline begin.
type ThresholdBeginning string

// The beginnings.
const (
	FromPublished ThresholdBeginning = "published" // first-seen where the date of publication is not known
	FromFirstSeen ThresholdBeginning = "first-seen"
)

// ThresholdVuln is what a rule may name of a vulnerability.
type ThresholdVuln struct {
	Severity []Severity `json:"severity,omitempty"`
	Fixed    *bool      `json:"fixed,omitempty"` // whether a version without it exists
	KEV      *bool      `json:"kev,omitempty"`
	EPSS     float64    `json:"epss,omitempty"` // at least
	New      *bool      `json:"new,omitempty"`
	Types    []string   `json:"types,omitempty"`    // of packages, as syft names them
	Packages []string   `json:"packages,omitempty"` // patterns of names
}

// ThresholdFinding is what a rule may name of a finding.
type ThresholdFinding struct {
	Checks   []string    `json:"checks,omitempty"`
	Codes    []string    `json:"codes,omitempty"`
	Severity []Severity  `json:"severity,omitempty"`
	Status   []RowStatus `json:"status,omitempty"`
}

// Waiver accepts something for a time: it is logged and does not block. One without owner, reason or end is refused,
// one past its end has no effect.
type Waiver struct {
	ID      string `json:"id"`      // of a vulnerability; ID or code of a finding
	Package string `json:"package"` // pattern of a name; empty: any
	Image   string `json:"image"`   // pattern of a reference without its tag; empty: any
	Owner   string `json:"owner"`
	Reason  string `json:"reason"`
	Until   Time   `json:"until"` // its first moment without effect
}

// FactKind is the fact's JSON name.
func (Thresholds) FactKind() string { return "thresholds" }

func (t Thresholds) fold(c *Case, _ Event) { c.Thresholds = &t }
