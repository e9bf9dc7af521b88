package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Change is something that is otherwise than in an earlier audit.
type Change struct {
	// From and To are digests, signers, advisories, levels or counts, by the kind; one of them is empty where something
	// came or went.
	Kind      ChangeKind `json:"kind"`
	Namespace string     `json:"namespace"`
	Workload  string     `json:"workload"`
	Container string     `json:"container"`
	From      string     `json:"from"`
	To        string     `json:"to"`
}

// ChangeKind is what has changed.
type ChangeKind string

// Kinds are part of the JSON form: new ones may be added, none is renamed.
// The kinds of changes.
const (
	NewWorkload        ChangeKind = "new-workload"
	GoneWorkload       ChangeKind = "gone-workload"
	NewDigest          ChangeKind = "new-digest"
	MovedTag           ChangeKind = "moved-tag"
	ChangedSigner      ChangeKind = "changed-signer"
	VanishedSignature  ChangeKind = "vanished-signature"
	NewAdvisory        ChangeKind = "new-advisory" // in what already ran
	NoLongerAllowed    ChangeKind = "no-longer-allowed"
	CrossedThreshold   ChangeKind = "crossed-threshold"
	VanishedProvenance ChangeKind = "vanished-provenance"
	NewVulnerabilities ChangeKind = "new-vulnerabilities" // in what already ran, past block or warn
)

// Sentence is the change in words, with where it is.
func (c Change) Sentence() string {
	where := fmt.Sprintf("%s %s container %s: ", c.Namespace, c.Workload, c.Container)
	switch c.Kind {
	case NewWorkload:
		return where + "new, runs " + shortDigest(c.To)
	case GoneWorkload:
		return where + "gone, ran " + shortDigest(c.From)
	case NewDigest:
		return where + "runs " + shortDigest(c.To) + ", before " + shortDigest(c.From)
	case MovedTag:
		return where + "its tag means " + shortDigest(c.To) + " now; it runs " + shortDigest(c.From)
	case ChangedSigner:
		return where + "signed by " + c.To + ", before by " + c.From
	case VanishedSignature:
		return where + "the signature by " + c.From + " is no longer in the registry"
	case VanishedProvenance:
		return where + "its provenance from " + c.From + " is no longer in the registry"
	case NewAdvisory:
		return where + "matches " + c.To + ", which was not known before"
	case NoLongerAllowed:
		return where + "would no longer be let in: " + c.To
	case CrossedThreshold:
		return where + "crosses " + c.To + ", before " + cmp.Or(c.From, "none")
	case NewVulnerabilities:
		return where + c.To + " vulnerabilities past block or warn, before " + c.From
	default:
		return where + string(c.Kind) + " " + c.From + " → " + c.To
	}
}

// Compare lists what is otherwise in a report than in an earlier one. What either could not check is no change: a
// registry that is silent has deleted nothing, a node that has not reported a digest yet has changed none, and a
// namespace that one of the two audits was not permitted to list has neither new nor gone workloads.
func Compare(before, after *Report) []Change {
	old, now := byPlace(before), byPlace(after)
	var all []Change
	for place, rows := range now {
		if len(old[place]) == 0 {
			for _, r := range rows {
				if before.Scope.lists(r.Namespace) {
					all = append(all, r.change(NewWorkload, "", cmp.Or(r.Digest, r.Reference)))
				}
			}
			continue
		}
		for _, r := range rows {
			all = append(all, r.changes(old[place])...)
		}
	}
	for place, rows := range old {
		if len(now[place]) == 0 {
			for _, r := range rows {
				if after.Scope.lists(r.Namespace) {
					all = append(all, r.change(GoneWorkload, cmp.Or(r.Digest, r.Reference), ""))
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Workload, b.Workload),
			cmp.Compare(a.Container, b.Container), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.From, b.From),
			cmp.Compare(a.To, b.To))
	})
	return slices.Compact(all)
}

// lists reports whether an audit of the scope listed a namespace.
func (s Scope) lists(namespace string) bool {
	return len(s.Namespaces) == 0 || slices.Contains(s.Namespaces, namespace)
}

// byPlace groups the rows of a report by where they are.
func byPlace(r *Report) map[string][]*Row {
	all := map[string][]*Row{}
	for i := range r.Rows {
		p := r.Rows[i].place()
		all[p] = append(all[p], &r.Rows[i])
	}
	return all
}

// change is a change at the row's place.
func (r *Row) change(kind ChangeKind, from, to string) Change {
	return Change{Kind: kind, Namespace: r.Namespace, Workload: r.Workload, Container: r.Container, From: from, To: to}
}

// changes compares a row with those that were at its place.
func (r *Row) changes(before []*Row) []Change {
	var all []Change
	if r.Digest == "" {
		return nil // not started yet: it is not known what it will run
	}
	same := slices.IndexFunc(before, func(o *Row) bool { return o.Digest == r.Digest })
	if same < 0 {
		at := slices.IndexFunc(before, func(o *Row) bool { return o.Digest != "" })
		if at < 0 {
			return nil
		}
		o := before[at]
		all = append(all, r.change(NewDigest, o.Digest, r.Digest))
		if o.Signer != "" && r.Signer != "" && o.Signer != r.Signer {
			all = append(all, r.change(ChangedSigner, o.Signer, r.Signer))
		}
		if o.Signer != "" && r.Signer == "" && r.Signature == inspect.Absent {
			all = append(all, r.change(VanishedSignature, o.Signer, ""))
		}
		return append(all, r.worse(o)...)
	}
	return append(all, r.since(before[same])...)
}

// since compares a row with an earlier one of the same image.
func (r *Row) since(o *Row) []Change {
	var all []Change
	if r.TagMoved != nil && *r.TagMoved && o.TagMoved != nil && (!*o.TagMoved || o.TagMeans != r.TagMeans) {
		all = append(all, r.change(MovedTag, r.Digest, r.TagMeans))
	}
	switch {
	case o.Signer == "" || o.Signer == r.Signer:
	case r.Signer != "":
		all = append(all, r.change(ChangedSigner, o.Signer, r.Signer))
	case r.Signature == inspect.Absent:
		all = append(all, r.change(VanishedSignature, o.Signer, ""))
	}
	if o.Source != "" && r.Provenance == inspect.Absent {
		all = append(all, r.change(VanishedProvenance, o.Source, ""))
	}
	for _, id := range r.Advisories {
		if !slices.Contains(o.Advisories, id) {
			all = append(all, r.change(NewAdvisory, "", id))
		}
	}
	was, is := past(o.Vulnerabilities), past(r.Vulnerabilities)
	// a count that was not known is no 0: the first audit with a database reports no change
	if was >= 0 && is > was {
		all = append(all, r.change(NewVulnerabilities, fmt.Sprint(was), fmt.Sprint(is)))
	}
	return append(all, r.worse(o)...)
}

// past counts what is past block or warn, -1 where that is not known.
func past(l Levels) int {
	if l.Block == nil || l.Warn == nil {
		return -1
	}
	return *l.Block + *l.Warn
}

// worse compares the verdicts of two rows.
func (r *Row) worse(o *Row) []Change {
	var all []Change
	// from unknown to no is no change: the earlier audit may have refused too, had it been able to check
	if o.Allowed == Yes && r.Allowed == No {
		all = append(all, r.change(NoLongerAllowed, string(o.Allowed), strings.TrimSpace(r.Reason)))
	}
	if r.Level.Rank() < o.Level.Rank() && r.Level != Log && r.Level != "" {
		all = append(all, r.change(CrossedThreshold, string(o.Level), string(r.Level)))
	}
	return all
}
