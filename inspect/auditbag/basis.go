package auditbag

import (
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
)

// BasisSchema is the name of the form of basis.json.
const BasisSchema = "backtrail.dev/audit-basis/v1"

// Names of the files of the payload.
const (
	reportFile   = "data/audit.json"
	basisFile    = "data/basis.json"
	listingFile  = "data/listing.json"
	imagesFile   = "data/images.jsonl"
	beforeFile   = "data/before.json"
	readmeFile   = "README.txt"
	factsFolder  = "data/facts/"
	policyFolder = "data/policies/"
)

// Basis is what the rows of an audit were made by, besides the facts of the images.
type Basis struct {
	Schema   string       `json:"schema"`
	Tool     inspect.Tool `json:"tool"`
	Operator string       `json:"operator"` // user@host
	// At is when the audit began: deadlines and waivers count by it.
	At       inspect.Time     `json:"at"`
	Expected inspect.Expected `json:"expected"` // of flags
	Policies []Policy         `json:"policies"`
	// Unread describes why it is not known which policies the cluster has; empty where they were read.
	Unread string `json:"unread"`
	// Enforced is how the products of policies stood before new pods of each namespace, as the cluster showed it; empty
	// where that was not known.
	Enforced   []Enforced         `json:"enforced"`
	Thresholds inspect.Thresholds `json:"thresholds"`
	// Waivers are those of the thresholds, with whether they were in force: an auditor looks for these first.
	Waivers []Waiver `json:"waivers"`
}

// Enforced is how a product stood before new pods of a namespace.
type Enforced struct {
	Product   string             `json:"product"`
	Namespace string             `json:"namespace"`
	Status    inspect.GateStatus `json:"status"`
	Why       string             `json:"why"`
}

// enforced gives what a bag has of a product in a namespace; nil where it has nothing of any.
func (b *Basis) enforced() func(product, namespace string) (inspect.GateStatus, string) {
	if len(b.Enforced) == 0 {
		return nil
	}
	by := map[[2]string]Enforced{}
	for _, e := range b.Enforced {
		by[[2]string{e.Product, e.Namespace}] = e
	}
	return func(product, namespace string) (inspect.GateStatus, string) {
		e, ok := by[[2]string{product, namespace}]
		if !ok {
			return inspect.GateUnknown, "the bag does not have how " + product + " stood in " + namespace
		}
		return e.Status, e.Why
	}
}

// Enforcement asks how each product stood before new pods of each namespace of a listing, for a bag. of may be nil.
func Enforcement(l *audit.Listing, of func(product, namespace string) (inspect.GateStatus, string)) []Enforced {
	all := []Enforced{}
	if of == nil {
		return all
	}
	seen := map[string]bool{}
	for _, p := range l.Places {
		if seen[p.Namespace] {
			continue
		}
		seen[p.Namespace] = true
		for _, product := range []string{inspect.PolicyController, inspect.Kyverno} {
			status, why := of(product, p.Namespace)
			all = append(all, Enforced{product, p.Namespace, status, why})
		}
	}
	return all
}

// Policy is a source of policies, whose bytes lie below data/policies under their digest.
type Policy struct {
	Name   string `json:"name"`   // path of the file, or of the object in the API
	Origin string `json:"origin"` // file, folder or cluster
	Digest string `json:"digest"`
}

// Waiver is an exception that a person has answered for.
type Waiver struct {
	inspect.Waiver
	InForce bool `json:"inForce"` // at the time of the audit
}

// Image is a line of images.jsonl.
type Image struct {
	audit.Comparison
	Facts string `json:"facts"` // sha256:… of the file of its facts
}

// listing is listing.json: what the books of the report have to account for.
type listing struct {
	Context    string        `json:"context"`
	Namespaces []string      `json:"namespaces"` // that were listed; empty: all
	Skipped    int           `json:"skipped"`
	Over       int           `json:"over"`
	Gaps       []audit.Gap   `json:"gaps"`
	Places     []audit.Place `json:"places"`
}

// listingOf is a listing as a bag has it.
func listingOf(l *audit.Listing) listing {
	return listing{
		Context: l.Context, Namespaces: orEmpty(l.Namespaces), Skipped: l.Skipped, Over: l.Over,
		Gaps: orEmpty(l.Gaps), Places: orEmpty(l.Places),
	}
}

// audited is the listing as an audit works with it.
func (l listing) audited() *audit.Listing {
	return &audit.Listing{
		Context: l.Context, Namespaces: l.Namespaces, Skipped: l.Skipped, Over: l.Over, Gaps: l.Gaps, Places: l.Places,
	}
}

// waiversOf are the waivers of thresholds as they stood at a time.
func waiversOf(t inspect.Thresholds, at inspect.Time) []Waiver {
	all := []Waiver{}
	for _, w := range t.Waivers {
		all = append(all, Waiver{Waiver: w, InForce: at.Before(w.Until.Time)})
	}
	return all
}

// style draws the renderings: by the time of the audit, so that ages in them are the same whenever they are drawn.
func (b *Basis) style() audit.Style {
	return audit.Style{Wide: true, Now: b.At.UTC().Truncate(time.Second)}
}

// orEmpty is a list that is written as [] where it is nil.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
