package audit

import (
	"cmp"

	"github.com/backtrail/backtrail/inspect"
)

// Row is a container of a workload that runs one image: what it is, and whether it may run here. The fields before the
// blank line are those of the first version of the form, the rest were added since; the order is that of the JSON form.
type Row struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Workload  string `json:"workload"` // kind/name in lower case, as a target is named: deployment/web
	Container string `json:"container"`
	Reference string `json:"reference"` // as the pod names it
	// manifest that runs; where that is not known, what the node reports
	Digest   string `json:"digest"`
	Injected *bool  `json:"injected"` // no template of an owner has the container; null where no template is known
	Base     Base   `json:"base"`
	// the tag means another image than the one that runs; null where the registry was not queried or gives no answer
	TagMoved        *bool          `json:"tagMoved"`
	Signer          string         `json:"signer"`     // of a signature of the image that holds; empty: there is none
	Provenance      inspect.Status `json:"provenance"` // the best of its statements
	SBOM            inspect.Status `json:"sbom"`       // absent, or the best of those that came with the image
	KnownGood       string         `json:"knownGood"`  // digest; empty where none is known
	Vulnerabilities Levels         `json:"vulnerabilities"`
	Advisories      []string       `json:"advisories"` // known compromises by their IDs
	// what image policies and expectations come to; absent where there are none
	Admission inspect.GateStatus `json:"admission"`
	Allowed   Answer             `json:"allowed"`
	Findings  Findings           `json:"findings"`
	Since     inspect.Time       `json:"since"` // first start of those that run now

	State  State  `json:"state"`
	Reason string `json:"reason"` // why it was not checked, or is not allowed
	Type   string `json:"type"`   // container, init, sidecar or ephemeral
	// how many pods of the workload run it
	Pods      int            `json:"pods"`
	Platform  string         `json:"platform"`
	Signature inspect.Status `json:"signature"`
	Source    string         `json:"source"`   // repository that its provenance names
	TagMeans  string         `json:"tagMeans"` // digest, where the tag has moved
	Level     Level          `json:"level"`    // what the thresholds come to
	Crossed   []string       `json:"crossed"`  // what crosses block or warn, in words
}

// Base is what an image was built upon, as far as it is known. Name and dates are claims of whoever built it. An
// attacker who builds an image writes its labels: nothing is allowed or refused by them.
type Base struct {
	Name      string       `json:"name"`
	Created   inspect.Time `json:"created"`   // of its newest layer
	EndOfLife inspect.Time `json:"endOfLife"` // of the distribution: the day after which no more fixes are published
	// the distribution that the date is of, and what shows it: debian 11 (os-release)
	Distribution string `json:"distribution"`
}

// Levels count rows by their threshold. A null is a count that is not known, which is not 0.
type Levels struct {
	Block *int `json:"block"`
	Warn  *int `json:"warn"`
	Log   *int `json:"log"`
}

// Findings count the findings of an image by severity.
type Findings struct {
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
}

// Answer is yes, no, or unknown where something that it depends on could not be checked.
type Answer string

// The answers to a question of yes or no.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// State is how the examination of a row ended.
type State string

// The states of a row; the books count them.
const (
	Done       State = "done"
	Failed     State = "failed"      // it ended with a fault of this program or machine
	NotChecked State = "not-checked" // the registry, the node or the time did not allow it
)

// Level is what a threshold asks of whoever is responsible.
type Level string

// The levels, the gravest first. None is the empty Level.
const (
	Block Level = "block"
	Warn  Level = "warn"
	Log   Level = "log"
)

// Rank orders levels, the gravest first.
func (l Level) Rank() int {
	switch l {
	case Block:
		return 0
	case Warn:
		return 1
	case Log:
		return 2
	default:
		return 3
	}
}

// key is what no two rows of one audit share.
func (r *Row) key() string {
	return r.Cluster + "\x00" + r.place() + "\x00" + r.Reference + "\x00" + r.Digest + "\x00" + r.Platform
}

// place is where a row stands in its cluster, whatever it runs: two audits of one cluster are compared by it, also
// where each was made of a dump of its own.
func (r *Row) place() string {
	return r.Namespace + "\x00" + r.Workload + "\x00" + r.Container
}

// compareRows orders rows by where they are.
func compareRows(a, b Row) int {
	return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Workload, b.Workload), cmp.Compare(a.Container, b.Container), cmp.Compare(a.key(), b.key()))
}
