package audit

import (
	"errors"

	"github.com/backtrail/backtrail/inspect"
)

// Comparison is what came out when the facts of one image were compared with what was known at the time of an audit:
// with the facts, the policies and the thresholds it determines the rows of the image. A bundle carries it, since the
// databases that were compared with are too large to be carried and are renewed every day.
type Comparison struct {
	Unit string `json:"unit"`
	// Asked reports whether there were advisories to compare with, Compared whether there were vulnerabilities: without
	// data the lists are empty, and that proves nothing.
	Asked      bool               `json:"asked"`
	Advisories []inspect.Advisory `json:"advisories"`
	Findings   []inspect.Finding  `json:"findings"` // of the advisories, without evidence
	Incomplete string             `json:"incomplete"`
	Compared   bool               `json:"compared"`
	Vulns      []inspect.Vuln     `json:"vulnerabilities"` // without the rows of the database
	Failed     string             `json:"failed"`
	Earlier    []Earlier          `json:"earlier"` // of the places that run the image, in the order of the listing
}

// Earlier is what the journal had of one place: its known-good digest, and since when the digest was seen
// to run.
type Earlier struct {
	KnownGood string       `json:"knownGood"`
	Since     inspect.Time `json:"since"`
}

// Comparison returns what the facts were compared with. It is complete once the rows of all places have been made.
func (j *Joined) Comparison() Comparison {
	c := j.comparison
	c.Unit = j.Unit
	// Evidence names bytes of layers, and records are rows of the database: neither has a part in a row, and both
	// would make a bundle of ten thousand images gigabytes.
	c.Findings = make([]inspect.Finding, len(j.comparison.Findings))
	for n, f := range j.comparison.Findings {
		f.Evidence, f.Detail = nil, ""
		c.Findings[n] = f
	}
	c.Vulns = make([]inspect.Vuln, len(j.comparison.Vulns))
	for n, v := range j.comparison.Vulns {
		v.Record = ""
		c.Vulns[n] = v
	}
	return c
}

// Replay returns what is known with the outcome of a comparison in place of its data: facts that are joined with it
// give the rows that they gave when the comparison was made. What policies, expectations and thresholds come to is
// worked out anew.
//
// The rows of the places have to be made in the order of the listing, each once.
func (k Known) Replay(c Comparison) *Known {
	k.Advisories, k.Vulnerable, k.Good = nil, nil, nil
	if c.Asked {
		k.Advisories = func(inspect.Image) ([]inspect.Advisory, []inspect.Finding, error) {
			return c.Advisories, c.Findings, errorOf(c.Incomplete)
		}
	}
	k.Vulnerable = func(inspect.Image) ([]inspect.Vuln, bool, error) {
		return c.Vulns, c.Compared, errorOf(c.Failed)
	}
	if len(c.Earlier) > 0 {
		next := 0
		k.Good = func(Place, string) (string, inspect.Time) {
			if next == len(c.Earlier) {
				return "", inspect.Time{}
			}
			next++
			return c.Earlier[next-1].KnownGood, c.Earlier[next-1].Since
		}
	}
	return &k
}

// errorOf is an error of a text; nil for none.
func errorOf(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// Gaps are what was not compared.
func (j *Joined) Gaps() []Gap { return j.gaps }

// Settle sorts the rows of a report that was made anew from a listing, and counts them.
func (r *Report) Settle(l *Listing) { r.settle(l.Listed(), l.Skipped, l.Over) }

// Unexamined is the row of a place whose image was not examined, with the reason.
func Unexamined(p Place, reason string) Row { return unexamined(p, reason) }

// EncodeFacts writes facts as JSON: the same facts are the same bytes.
func EncodeFacts(f *Facts) ([]byte, error) { return inspect.EncodeJSON(f) }
