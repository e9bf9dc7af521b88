package audit

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Schema is the name of the JSON form.
const Schema = "backtrail.dev/audit/v1"

// Report is the answer of an audit. It holds no time of its own making, so that two audits of the same state are the
// same bytes, whoever made them.
type Report struct {
	Schema string `json:"schema"`
	Scope  Scope  `json:"scope"`
	// what was left out and why, of the cluster, of this machine and of the depth; never empty, since each depth leaves
	// something out
	NotLookedAt []Gap  `json:"notLookedAt"`
	Data        []Data `json:"data"`
	Rows        []Row  `json:"rows"`
	// against an earlier audit, where one was named
	Changes []Change `json:"changes"`
	Books   Books    `json:"books"`
}

// Scope is what an audit is about.
type Scope struct {
	Contexts   []string `json:"contexts"`
	Namespaces []string `json:"namespaces"` // empty: all
	Selector   string   `json:"selector"`   // of labels of pods, as it was given
	Image      string   `json:"image"`      // part of a reference or digest that rows were chosen by
	Depth      Depth    `json:"depth"`
}

// Gap is something that the audit did not look at, and why.
type Gap struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// Data is what images were compared with.
type Data struct {
	Source string       `json:"source"` // incident-packs, osv, policies, vulnerabilities
	Digest string       `json:"digest"`
	Date   inspect.Time `json:"date"` // of the data, not of the download
}

// Books count the rows: Listed is the sum of the others, or something was lost.
type Books struct {
	Listed     int `json:"listed"`
	Done       int `json:"done"`
	Failed     int `json:"failed"`
	NotChecked int `json:"notChecked"`
	Skipped    int `json:"skipped"` // containers of pods that have ended
}

// Balanced reports whether every container that was listed is accounted for.
func (b Books) Balanced() bool {
	return b.Listed == b.Done+b.Failed+b.NotChecked+b.Skipped
}

// settle sorts the report and counts its rows. listed is what the cluster listed, which the books must come to;
// skipped and over of these have no row: of pods that have ended, and past the bound of a listing.
func (r *Report) settle(listed, skipped, over int) {
	r.Schema = Schema
	slices.SortFunc(r.Rows, compareRows)
	slices.SortFunc(r.NotLookedAt, compareGaps)
	r.NotLookedAt = slices.Compact(r.NotLookedAt)
	r.Books = Books{Listed: listed, Skipped: skipped, NotChecked: over}
	for i := range r.Rows {
		switch r.Rows[i].State {
		case Done:
			r.Books.Done++
		case Failed:
			r.Books.Failed++
		case NotChecked:
			r.Books.NotChecked++
		}
	}
}

func compareGaps(a, b Gap) int {
	return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Reason, b.Reason))
}

// The books come first: where rows were lost, what the others show proves little.
// Blocked lists why the report is a failure, the rows that cross block and books that do not add up; empty where it is
// none.
func (r *Report) Blocked() []string {
	var why []string
	if b := r.Books; !b.Balanced() {
		why = append(why, fmt.Sprintf("the counts do not add up: %d listed, but %d done, %d failed, %d not checked, "+
			"%d skipped", b.Listed, b.Done, b.Failed, b.NotChecked, b.Skipped))
	}
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Level == Block {
			why = append(why, row.Name()+": "+first(row.Crossed))
		}
	}
	return why
}

// Unchecked lists the workloads that could not be checked, with the reason.
func (r *Report) Unchecked() []string {
	var why []string
	for i := range r.Rows {
		if row := &r.Rows[i]; row.State != Done {
			why = append(why, row.Name()+": "+row.Reason)
		}
	}
	if over := r.Books.Failed + r.Books.NotChecked - len(why); over > 0 {
		why = append(why, text.Count(over, "container")+" past the bound of a listing")
	}
	return why
}

// Name is where a row is, for people: shop deployment/web container app.
func (r *Row) Name() string {
	return fmt.Sprintf("%s %s container %s", r.Namespace, r.Workload, r.Container)
}

// first is the first of a list, empty where there is none.
func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
