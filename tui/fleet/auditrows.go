package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// sorts are the orders of the rows. In each of them rows that are equal stand by namespace, workload and container.
var sorts = [...]string{"worst", "namespace", "image", "newest"}

// groupings are what rows are folded by; the first is none.
var groupings = [...]string{"none", "namespace", "image", "reason"}

// outcomeOf is what a row comes to in one word, and its rank, the gravest first. "not known" is a rank of its own,
// between the bad and what is fine: it is never counted as either.
func outcomeOf(r *audit.Row) (w word, rank int) {
	switch {
	case r.Level == audit.Block:
		return word{"BLOCK", widget.ToneCritical}, 0
	case r.State == audit.Done && r.Allowed == audit.No:
		return word{"no", widget.ToneBad}, 1
	case r.State != audit.Done:
		return word{"?", widget.ToneWarn}, 2
	case r.Level == audit.Warn:
		return word{"warn", widget.ToneWarn}, 3
	case r.Allowed == audit.Unknown:
		return word{"?", widget.ToneWarn}, 4
	default:
		return word{"·", widget.ToneDim}, 5
	}
}

// refresh makes the rows anew. It runs for each batch and each key that changes rows. Ten thousand rows are sorted and
// made in some milliseconds: what is drawn of them is made when they are seen.
func (s *Audit) refresh() {
	order := make([]int, len(s.report.Rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, s.compare)
	s.space = spaceColumn
	for i := range s.report.Rows {
		s.space = min(maxSpace, max(s.space, len(s.report.Rows[i].Namespace)))
	}
	var rows []row
	if s.by == 0 {
		for _, i := range order {
			rows = append(rows, s.auditRow(&s.report.Rows[i], ""))
		}
	} else {
		rows = s.folded(order)
	}
	for _, c := range s.report.Changes {
		if c.Kind == audit.GoneWorkload {
			rows = append(rows, goneRow(c))
		}
	}
	for _, g := range s.report.NotLookedAt {
		rows = append(rows, gapRow(g))
	}
	s.list.Set(rows)
}

// compare orders two rows, by their places in the report.
func (s *Audit) compare(a, b int) int {
	x, y := &s.report.Rows[a], &s.report.Rows[b]
	first := 0
	switch sorts[s.sort] {
	case "worst":
		_, left := outcomeOf(x)
		_, right := outcomeOf(y)
		first = cmp.Or(cmp.Compare(left, right), -cmp.Compare(x.Findings.Critical, y.Findings.Critical))
	case "image":
		first = cmp.Or(cmp.Compare(x.Reference, y.Reference), cmp.Compare(x.Digest, y.Digest))
	case "newest":
		first = -x.Since.Compare(y.Since.Time)
	}
	return cmp.Or(first, cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Workload, y.Workload),
		cmp.Compare(x.Container, y.Container), cmp.Compare(x.Digest, y.Digest))
}

// groupOf is the name of the group of a row. By reason it is the first one, the gravest: rows that one change would put
// in order stand together, which is what a person who has an hour for two hundred rows needs.
func (s *Audit) groupOf(r *audit.Row) string {
	switch groupings[s.by] {
	case "namespace":
		return r.Namespace
	case "image":
		return r.Reference
	default:
		if why := r.Why(); len(why) > 0 {
			return why[0]
		}
		return "nothing to do"
	}
}

// folded lists groups, in the order of their first rows, and the rows of those that are open. While a filter is set
// all are open: what matches must be in sight.
func (s *Audit) folded(order []int) []row {
	var names []string
	members := map[string][]*audit.Row{}
	for _, i := range order {
		r := &s.report.Rows[i]
		name := s.groupOf(r)
		if members[name] == nil {
			names = append(names, name)
		}
		members[name] = append(members[name], r)
	}
	var rows []row
	for _, name := range names {
		key := "group:" + groupings[s.by] + ":" + name
		open := s.unfolded[key] || s.list.Filter() != ""
		rows = append(rows, s.groupRow(key, name, members[name], open))
		if open {
			for _, r := range members[name] {
				rows = append(rows, s.auditRow(r, "  "))
			}
		}
	}
	return rows
}

// groupRow is the head of a group: its worst outcome, and how many there are of each kind.
func (s *Audit) groupRow(key, name string, members []*audit.Row, open bool) row {
	sign, all := "▸ ", make([]audit.Row, 0, len(members))
	if open {
		sign = "▾ "
	}
	worst, rank := outcomeOf(members[0])
	var texts []string
	for _, r := range members {
		all = append(all, *r)
		if w, n := outcomeOf(r); n < rank {
			worst, rank = w, n
		}
		texts = append(texts, searchText(r))
	}
	c := count(all)
	sum := fmt.Sprintf("%s · %d block · %d no · %d ?", widget.Plural(len(members), "container"), c.block, c.no, c.open)
	return row{
		id: key, group: key, text: name + " " + strings.Join(texts, " "), value: name, object: all,
		cells: func(int) []widget.Cell {
			return []widget.Cell{
				worst.cell(),
				{Text: sign + name, Tone: widget.ToneBold, Width: -4, Middle: true},
				{Text: sum, Width: -3},
			}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, name)
			d.Say(widget.TonePlain, sum)
			d.Gap()
			for _, r := range members {
				d.Put(widget.TonePlain, "• ", r.Name())
			}
		},
	}
}

// searchText is what the filter searches: all that one knows a workload by, and its outcome.
func searchText(r *audit.Row) string {
	w, _ := outcomeOf(r)
	return strings.Join([]string{
		r.Namespace, r.Workload, r.Container, r.Reference, r.Digest, r.Signer, r.Base.Distribution, w.text,
		"allowed:" + string(r.Allowed), strings.Join(r.Advisories, " "), strings.Join(r.Why(), " "),
	}, " ")
}

// auditRow is a container of a workload. A row of the audit before is dim until the running one comes to it.
func (s *Audit) auditRow(r *audit.Row, indent string) row {
	key := keyOf(r)
	place := &Place{
		Cluster: r.Cluster, Namespace: r.Namespace, Workload: r.Workload, Container: r.Container, Digest: r.Digest,
	}
	mark := ""
	switch {
	case s.sample.keys[key]:
		mark = "t"
	case len(s.changed[placeOf(r)]) > 0:
		mark = "~"
	}
	return row{
		id: key, text: searchText(r), value: cmp.Or(r.Digest, r.Reference), place: place, mark: mark, object: *r,
		cells:  func(w int) []widget.Cell { return s.auditCells(r, indent, w) },
		detail: func(d *widget.Document) { s.auditDetail(d, r) },
	}
}

// Widths of columns, in cells. Signs have up to four letters without UTF-8.
const (
	signColumn    = 4
	allowedColumn = 7
	spaceColumn   = 9 // the word namespace
	maxSpace      = 16
	sinceColumn   = 6
)

// signed is a status in its column.
func (s *Audit) signed(status inspect.Status) widget.Cell {
	c := s.shell.Paint.SignCell(label.Sign(status))
	c.Width = signColumn
	return c
}

// auditCells draw a row: below 56 columns outcome, workload and reason; below 76 whether it is allowed as well; from
// 110 on image and age.
func (s *Audit) auditCells(r *audit.Row, indent string, w int) []widget.Cell {
	outcome, _ := outcomeOf(r)
	if s.old[keyOf(r)] && s.running {
		outcome = word{"…", widget.ToneDim}
	}
	workload := indent + shortName(r.Workload, r.Container)
	why := ""
	if list := r.Why(); len(list) > 0 {
		why = list[0]
	}
	allowed := widget.Cell{Text: string(r.Allowed), Width: allowedColumn}
	if r.State != audit.Done {
		allowed.Text = string(audit.Unknown)
	}
	reason := widget.Cell{Text: why, Tone: outcome.tone, Width: -4}
	if outcome.tone == widget.ToneCritical { // reverse, which is for the word alone
		reason.Tone = widget.ToneBad
	}
	switch {
	case w < 56:
		return []widget.Cell{outcome.cell(), {Text: workload, Width: -4, Middle: true}, reason}
	case w < 76:
		return []widget.Cell{
			outcome.cell(),
			{Text: indent + r.Namespace + "/" + strings.TrimSpace(workload), Width: -4, Middle: true},
			allowed, reason,
		}
	}
	cells := []widget.Cell{
		outcome.cell(), {Text: r.Namespace, Width: s.space}, {Text: workload, Width: -5, Middle: true},
	}
	if w >= 110 {
		cells = append(cells, widget.Cell{
			Text: label.Image(r.Reference, r.Digest), Tone: widget.ToneDim, Width: -4,
			Middle: true,
		})
	}
	cells = append(cells, s.signed(r.Signature), s.signed(r.Provenance))
	if w >= 90 { // names come before it
		cells = append(cells, s.signed(r.SBOM))
	}
	cells = append(cells, allowed)
	if w >= 110 {
		cells = append(cells, widget.Cell{
			Text: s.since(r.Since), Tone: widget.ToneDim, Width: sinceColumn, Right: true,
		})
	}
	return append(cells, reason)
}

// since is how long something runs.
func (s *Audit) since(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return label.Age(s.shell.Now.Sub(t.Time))
}

// columnNames name the columns of auditCells, one by one.
func (s *Audit) columnNames(w int) []widget.Cell {
	if w < 76 {
		return nil
	}
	cells := []widget.Cell{
		{Text: "level", Width: outcomeWidth},
		{Text: "namespace", Width: s.space},
		{Text: "workload:container", Width: -5},
	}
	if w >= 110 {
		cells = append(cells, widget.Cell{Text: "image", Width: -4})
	}
	cells = append(cells, widget.Cell{Text: "sign", Width: signColumn}, widget.Cell{Text: "prov", Width: signColumn})
	if w >= 90 {
		cells = append(cells, widget.Cell{Text: "sbom", Width: signColumn})
	}
	cells = append(cells, widget.Cell{Text: "allowed", Width: allowedColumn})
	if w >= 110 {
		cells = append(cells, widget.Cell{Text: "since", Width: sinceColumn, Right: true})
	}
	cells = append(cells, widget.Cell{Text: "why", Width: -4})
	for i := range cells {
		cells[i].Tone = widget.ToneDim
	}
	return cells
}

// auditDetail writes all that is known of a row, what is to be done first. What a depth did not look at is left out
// there: it stands among the rows as "not looked at", and a question mark for each field would hide the others.
func (s *Audit) auditDetail(d *widget.Document, r *audit.Row) {
	words := r.Words(s.shell.Now)
	d.Say(widget.ToneBold, r.Name())
	for _, why := range r.Why() {
		d.Put(widget.ToneBad, "! ", why)
	}
	for _, change := range s.changed[placeOf(r)] {
		d.Put(widget.ToneWarn, "~ ", change)
	}
	if s.old[keyOf(r)] && s.running {
		d.Say(widget.ToneDim, "Of the audit before: the one that runs has not come to it yet.")
	}
	d.Field("allowed", strings.TrimSpace(string(r.Allowed)+"  "+r.Reason))
	d.Outcome(label.Sign(r.Signature), "signed", words.Signer)
	d.Outcome(label.Sign(r.Provenance), "provenance", strings.TrimSpace(words.Provenance+"  "+r.Source))
	d.Outcome(label.Sign(r.SBOM), "SBOM", words.SBOM)
	d.Field("image", r.Reference)
	d.Field("digest", r.Digest)
	d.Field("tag", words.Tag)
	if r.TagMeans != "" {
		d.Field("tag means", r.TagMeans)
	}
	d.Field("base", words.Base)
	d.Field("known-good", r.KnownGood)
	if words.Vulnerabilities != "?" { // a depth that reads packages
		d.Field("vulns", words.Vulnerabilities+" past block/warn/log")
	}
	d.Field("advisories", strings.Join(r.Advisories, " "))
	if words.Findings != "-" {
		d.Field("findings", words.Findings+" critical/high/medium")
	}
	d.Field("container", strings.TrimSpace(words.Container+"  "+r.Type+"  "+widget.Plural(r.Pods, "pod")))
	if !r.Since.IsZero() {
		d.Field("since", label.Stamp(r.Since))
	}
	d.Gap()
	d.Say(widget.ToneDim, cmp.Or(s.o.whyNoCase(&Place{Cluster: r.Cluster}),
		"enter opens the case of a pod of this workload, esc comes back here."))
}

// goneRow is a workload that ran in the audit before.
func goneRow(c audit.Change) row {
	return row{
		id: "gone:" + c.Namespace + "/" + c.Workload + "/" + c.Container + c.From, value: c.From, mark: "~", object: c,
		text: "gone " + c.Sentence(),
		cells: func(int) []widget.Cell {
			return []widget.Cell{word{"gone", widget.ToneNote}.cell(), {Text: c.Sentence(), Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "No longer there")
			d.Say(widget.TonePlain, c.Sentence())
		},
	}
}

// gapRow is something that the audit did not look at: a list without these would look complete.
func gapRow(g audit.Gap) row {
	return row{
		id: "gap:" + g.What + "\x00" + g.Reason, text: "not looked at " + g.What + " " + g.Reason,
		value: g.What + ": " + g.Reason, object: g,
		cells: func(int) []widget.Cell {
			return []widget.Cell{
				word{"?", widget.ToneWarn}.cell(),
				{Text: "not looked at: " + g.What + ": " + g.Reason, Width: -1},
			}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "Not looked at: "+g.What)
			d.Say(widget.TonePlain, g.Reason)
		},
	}
}
