package pods

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// maxShownAlerts bounds the alerts of one pod that its detail spells out.
const maxShownAlerts = 20

// podDetail writes all that is known of a pod. One alert that was matched twice, as by name and by container ID, is
// written once. Its output is cleaned and wrapped, not cut: it may be the only trace of a command line.
func podDetail(s *Screen, d *widget.Document, p *inspect.FlaggedPod) {
	if d.Lines != nil {
		d.Gap()
	}
	d.Say(widget.ToneBold, p.Namespace+"/"+p.Name)
	if p.Gone != nil {
		d.Say(widget.ToneWarn, goneText(p.Gone))
	}
	said := map[string]bool{}
	for i := range p.Alerts {
		if len(said) == maxShownAlerts {
			d.Say(widget.ToneDim, fmt.Sprintf("… and %d more", len(p.Alerts)-i))
			break
		}
		a := p.Alerts[i]
		if said[a.ID] {
			continue
		}
		said[a.ID] = true
		if reason, ok := s.muted[a.Name()]; ok {
			d.Put(widget.ToneDim, "muted ", a.Name()+": "+reason)
			continue
		}
		when := label.Stamp(a.Time)
		if a.Last.After(a.Time.Time) {
			when += " to " + label.Stamp(a.Last)
		}
		d.Put(widget.ToneBad, "! ", strings.TrimSpace(a.Priority+" "+a.Name()+label.Times(a.Count)+"  "+when))
		d.Put(widget.TonePlain, "  ", strings.TrimSpace(a.Path+"  matched by "+a.Match+": "+a.Why))
		d.Put(widget.ToneDim, "  ", a.Output)
	}
	var owners []string
	for _, o := range p.Owner {
		owners = append(owners, o.Kind+" "+o.Name)
	}
	d.Field("owner", strings.Join(owners, " ← "))
	d.Field("node", strings.TrimSpace(p.Node+"  "+p.Phase+"  since "+label.Stamp(p.Created)))
	for _, c := range p.Containers {
		extra := ""
		if c.Injected {
			extra = ", injected: not in the owner's template"
		}
		d.Field(c.Name, fmt.Sprintf("%s %s%s", c.Type, c.State, extra))
		d.Put(widget.ToneDim, "            ", c.Reference)
		d.Put(widget.ToneDim, "            ", c.ImageID)
	}
}

// unmatchedDetail spells out the alerts of one name that no pod matches. Their number is what backtrail inspect
// alert:N takes.
func unmatchedDetail(s *Screen, d *widget.Document, p *inspect.FlaggedPod) {
	for i := range p.Alerts[:min(len(p.Alerts), maxShownAlerts)] {
		a := p.Alerts[i]
		if i > 0 {
			d.Gap()
		}
		d.Say(widget.ToneWarn, "No matching pod: "+cmp.Or(a.Why, "it names no pod that runs"))
		if a.Number > 0 {
			d.Say(widget.ToneDim, fmt.Sprintf("enter opens a case from its traces, as backtrail inspect alert:%d does.",
				a.Number))
		}
		d.Gap()
		label.Alert(d, a)
	}
}
