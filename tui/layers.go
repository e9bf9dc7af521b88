package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// layerRows lists the merged tree first, then the layers, newest first: what was added last is looked at first.
func layerRows(m *Model, s *caseScreen) []row {
	i := s.image()
	if len(i.Layers) == 0 {
		return nil
	}
	var largest int64
	for _, l := range i.Layers {
		largest = max(largest, l.Size)
	}
	worst := worstByLayer(i)
	rows := []row{mergedRow(i)}
	for at := len(i.Layers) - 1; at >= 0; at-- {
		rows = append(rows, layerRow(m, s, i.Layers[at], largest, worst))
	}
	return rows
}

// worstByLayer gives the worst severity of what each layer brought.
func worstByLayer(i inspect.Image) map[int]inspect.Severity {
	worst := map[int]inspect.Severity{}
	put := func(layer int, s inspect.Severity) {
		if old, ok := worst[layer]; !ok || s.Rank() < old.Rank() {
			worst[layer] = s
		}
	}
	for _, b := range i.Binaries {
		put(b.Layer, b.Severity)
	}
	for _, a := range i.Altered {
		put(a.Layer, a.Severity)
	}
	return worst
}

func mergedRow(i inspect.Image) row {
	return row{
		id: "merged", find: "merged image", value: i.Digest, subject: i.Container, layer: MergedTree, object: i.Settings,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: "all", Tone: widget.ToneBold, Width: 3}, {Text: "the image as it runs", Width: -1}}
		},
		detail: func(d *widget.Document) { imageDetail(d, i) },
	}
}

// leftOf says what is left of an image that its registry lost.
func leftOf(d *widget.Document, i inspect.Image) {
	if len(i.Left) > 0 {
		d.Heading("What is left of it")
		d.Bullets(i.Left)
		d.Gap()
	}
}

func imageDetail(d *widget.Document, i inspect.Image) {
	d.Say(widget.ToneBold, i.Reference)
	d.Outcome(signOf(i.Status), statusWord(i.Status), strings.TrimSpace(i.Reason+" "+i.Detail))
	leftOf(d, i)
	d.Field("index", i.Index)
	d.Field("manifest", i.Digest)
	d.Field("config", i.Config)
	d.Field("platform", i.Platform)
	d.Field("created", stamp(i.Created)+" (claimed by the config)")
	d.Field("entrypoint", strings.Join(i.Settings.Entrypoint, " "))
	d.Field("command", strings.Join(i.Settings.Cmd, " "))
	d.Field("user", i.Settings.User)
	if i.Diff != nil && i.Diff.Layers != nil {
		d.Field("layers", layerStrip(*i.Diff.Layers, d.Width-30)+fmt.Sprintf(" %d shared, %d not", i.Diff.Layers.Shared, i.Diff.Layers.Added))
	}
	if i.Files.Total > 0 {
		d.Field("files", fmt.Sprintf("%d, %d owned by packages, %d not; ownership %s %s", i.Files.Total, i.Files.Owned, i.Files.Unowned, i.Files.Ownership, i.Files.Detail))
	}
	if len(i.Notable) > 0 {
		d.Heading("Settings to look at")
	}
	for _, n := range i.Notable {
		d.Put(severityTone(n.Severity), severityWord(n.Severity)+" ", n.Detail)
	}
	if len(i.Settings.Env) > 0 {
		d.Heading("Environment")
		d.Bullets(i.Settings.Env)
	}
}

// layerStrip draws the layers that both images have, and those that only this one has, in their order.
func layerStrip(l inspect.LayerDiff, width int) string {
	shared, added := max(0, l.Shared), max(0, l.Added)
	if shared+added > max(1, width) {
		return ""
	}
	return strings.Repeat("█", shared) + strings.Repeat("░", added)
}

func layerRow(m *Model, s *caseScreen, l inspect.Layer, largest int64, worst map[int]inspect.Severity) row {
	var retry []inspect.Key
	if unread(l) {
		retry = []inspect.Key{layersKey(s.subject)}
	}
	return row{
		id: fmt.Sprintf("layer:%d", l.Position), find: l.CreatedBy + " " + l.Digest + " " + l.DiffID, value: firstOf(l.Digest, l.CreatedBy), subject: s.subject,
		layer: l.Number, object: l, retry: retry,
		cells: func(w int) []widget.Cell {
			step := widget.Cell{Text: buildStep(l.CreatedBy), Width: -1}
			if l.Empty {
				step.Tone = widget.ToneDim
				return []widget.Cell{{Text: "–", Tone: widget.ToneDim, Width: 3, Right: true}, {Width: m.p.SignWidth()}, {Width: 9}, {Width: barWidth(w)}, step}
			}
			number := widget.Cell{Text: fmt.Sprint(l.Number), Tone: widget.ToneBold, Width: 3, Right: true}
			flag := m.p.SignCell(signOf(l.Status))
			if l.Reason == inspect.Running {
				flag = widget.Cell{Text: "…", Tone: widget.ToneDim, Width: m.p.SignWidth()}
			}
			if sev, ok := worst[l.Number]; ok && sev.Rank() <= inspect.Medium.Rank() {
				flag = widget.Cell{Text: "!", Tone: severityTone(sev), Width: m.p.SignWidth()}
			}
			if l.Base {
				step.Tone = widget.ToneDim
			}
			return []widget.Cell{number, flag, {Text: bytesText(l.Size), Width: 9, Right: true}, {Text: widget.Bar(l.Size, largest, barWidth(w)), Tone: widget.ToneKey, Width: barWidth(w)}, step}
		},
		detail: func(d *widget.Document) { layerDetail(d, l, s.image().Sharing) },
	}
}

func barWidth(w int) int {
	if w < 44 {
		return 3
	}
	return 6
}

// buildStep is a build step without the shell that every step has.
func buildStep(s string) string {
	for _, lead := range []string{"/bin/sh -c #(nop) ", "/bin/sh -c ", "|0 /bin/sh -c "} {
		s = strings.TrimPrefix(s, lead)
	}
	return strings.TrimSuffix(strings.TrimSpace(s), "# buildkit")
}

func layerDetail(d *widget.Document, l inspect.Layer, elsewhere *inspect.Sharing) {
	if l.Empty {
		d.Say(widget.ToneBold, "A build step without a layer")
		d.Say(widget.TonePlain, l.CreatedBy)
		d.Field("created", stamp(l.Created))
		return
	}
	d.Say(widget.ToneBold, fmt.Sprintf("Layer %d", l.Number))
	layerState(d, l, statusWord(l.Status))
	origin := "own"
	if l.Base {
		origin = "of the base image"
	}
	d.Field("origin", origin)
	d.Field("size", bytesText(l.Size)+" in the registry")
	if listed(l) {
		d.Field("files", fmt.Sprintf("%d added, %d modified, %d removed", l.Added, l.Modified, l.Removed))
	}
	sharingDetail(d, elsewhere, l)
	d.Field("digest", l.Digest)
	d.Field("diff ID", l.DiffID)
	d.Field("created", stamp(l.Created)+" (claimed)")
	d.Field("step", l.CreatedBy)
}

// layerState says how a layer is; one that is still on its way has no verdict yet.
func layerState(d *widget.Document, l inspect.Layer, word string) {
	if l.Reason == inspect.Running {
		d.Put(widget.ToneDim, "… ", strings.TrimSpace(fmt.Sprintf("layer %d: %s", l.Number, firstOf(l.Detail, "it is still being read"))))
		return
	}
	d.Outcome(signOf(l.Status), word, strings.Trim(l.Reason+": "+l.Detail, ": "))
}
