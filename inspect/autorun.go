package inspect

import (
	"cmp"
	"slices"
)

// Autorun is something that starts without being called: a hook of an interpreter, an install script, a library that a
// loader takes in, a job, a unit, the image's own entrypoint.
type Autorun struct {
	Path      string `json:"path"`    // of the file that makes it start; empty where the image's config does
	Kind      string `json:"kind"`    // a code of package autorun: python-pth, cron, entrypoint
	Trigger   string `json:"trigger"` // when it starts, in words
	Command   string `json:"command"` // the command or code, as it stands there, shortened
	Owner     string `json:"owner"`   // package, or empty
	Layer     int    `json:"layer"`   // -1 for the image's config
	CreatedBy string `json:"createdBy"`
	SHA256    string `json:"sha256"` // of the file at Path
	// since the previous or known-good image; null where there is none to compare with
	New      *bool     `json:"new"`
	Status   RowStatus `json:"status"`
	Severity Severity  `json:"severity"`
	Codes    []string  `json:"codes"`
	Detail   string    `json:"detail"`
}

// FactKind is the fact's JSON name.
func (Autorun) FactKind() string { return "autorun" }

// Since reports whether the previous or known-good image is known not to have it.
func (a Autorun) Since() bool { return a.New != nil && *a.New }

// fold keeps the rows worst first, those that are new before the others. A row's severity may change, so its old
// place is found by its key: path, kind, trigger and command. One file may hold the scripts of many packages, which may
// all are the same; the trigger names the package.
func (a Autorun) fold(c *Case, e Event) {
	i := c.imageFor(e.Container)
	i.Autoruns = slices.DeleteFunc(i.Autoruns, func(o Autorun) bool {
		return o.Path == a.Path && o.Kind == a.Kind && o.Trigger == a.Trigger && o.Command == a.Command
	})
	upsert(&i.Autoruns, a, func(a, b Autorun) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.order(), b.order()),
			cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Command, b.Command), cmp.Compare(a.Trigger, b.Trigger))
	})
}

func (a Autorun) order() int {
	if a.Since() {
		return 0
	}
	return 1
}
