package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// workloadSection lists what stands above the pod: its owners with who wrote them, and what its workload ran before.
// Managers name themselves, and the cause of a revision is an annotation that anyone with access may write.
func workloadSection(c inspect.Case) section {
	s := section{title: "Workload"}
	if c.Pod == nil {
		return s
	}
	owners := table{head: []string{"owner", "created", "written by", "last change", "set the image of"}}
	for _, o := range c.Pod.Owner {
		if o.Created.IsZero() {
			continue // nothing more is known of it than its name, which stands with the pod
		}
		name, created := o.Kind+" "+o.Name, o.Created.Stamp()
		if len(o.Managers) == 0 {
			owners.rows = append(owners.rows, []cell{
				plainCell(name), plainCell(created), plainCell("not known"),
				plainCell(""), plainCell(""),
			})
		}
		for _, m := range o.Managers {
			owners.rows = append(owners.rows, []cell{
				plainCell(name), plainCell(created), plainCell(m.Name),
				plainCell(m.Time.Stamp()), plainCell(strings.Join(m.Images, ", ")),
			})
			name, created = "", ""
		}
	}
	s.table(owners)
	revisions := table{head: []string{"revision", "rolled out", "container", "asks for", "runs", "note"}}
	for _, r := range c.Pod.Revisions {
		number, when, note := fmt.Sprintf("%d (%s)", r.Number, r.Name), r.Created.Stamp(), r.Cause
		if r.Current {
			number += ", this pod's"
		}
		for _, name := range slices.Sorted(maps.Keys(r.Images)) {
			revisions.rows = append(revisions.rows, []cell{
				plainCell(number), plainCell(when), plainCell(name), codeCell(r.Images[name]),
				codeCell(text.ShortDigest(r.Running[name])), plainCell(note),
			})
			number, when, note = "", "", ""
		}
	}
	s.table(revisions)
	return s
}

// sharingSection lists the other images that have the suspect layers too.
// Layers in common from below are those of a common base, or of a copy.
func sharingSection(i inspect.Image) section {
	s := section{title: "other images with its suspect layers"}
	if i.Sharing == nil {
		return s
	}
	t := table{head: []string{"image", "suspect layers", "layers in common from below", "pods"}}
	for _, o := range i.Sharing.Others {
		var layers []string
		for _, n := range o.Layers {
			layers = append(layers, fmt.Sprint(n))
		}
		t.rows = append(t.rows, []cell{
			codeCell(o.Reference), plainCell(strings.Join(layers, ", ")),
			plainCell(fmt.Sprint(o.Prefix)), plainCell(strings.Join(o.Pods, ", ")),
		})
	}
	s.table(t)
	s.text(looked(*i.Sharing))
	return s
}

// looked describes how many images were compared.
// What could not be read is counted, so that "no other image" is never claimed of a part.
func looked(s inspect.Sharing) string {
	text := fmt.Sprintf("By their manifests, %s that run here were compared", text.Count(s.Looked, "other image"))
	if s.Looked == 1 {
		text = "By its manifest, 1 other image that runs here was compared"
	}
	if s.Unread > 0 {
		text += fmt.Sprintf("; %d could not be read", s.Unread)
	}
	if s.Left > 0 {
		text += fmt.Sprintf("; %d were not queried: past a bound, or of a registry that this case does not use", s.Left)
	}
	return text + ". The same files packed again are another layer and are not found so."
}

// gateLines give the result of a gate, whose it is, and since when.
func gateLines(g inspect.Gate) []string {
	var since []string
	if g.By != "" {
		since = append(since, "of "+g.By)
	}
	if g.Object != nil {
		since = append(since, g.Object.Kind+" "+g.Object.Name)
	}
	if g.FailsOpen {
		since = append(since, "admits requests unchecked while it does not answer")
	}
	if !g.Since.IsZero() {
		since = append(since, "set up "+g.Since.Stamp())
	}
	if !g.Changed.IsZero() {
		since = append(since, "changed "+g.Changed.Stamp())
	}
	return some(g.Detail, join(since...))
}
