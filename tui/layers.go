package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
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
		id: "merged", find: "merged image", value: i.Digest, subject: i.Subject, layer: MergedTree, object: i.Settings,
		cells: func(w int) []cell {
			return []cell{{text: "all", tone: toneBold, width: 3}, {text: "the image as it runs", width: -1}}
		},
		detail: func(d *document) { imageDetail(d, i) },
	}
}

// leftOf says what is left of an image that its registry lost.
func leftOf(d *document, i inspect.Image) {
	if len(i.Left) > 0 {
		d.heading("What is left of it")
		d.bullets(i.Left)
		d.gap()
	}
}

func imageDetail(d *document, i inspect.Image) {
	d.say(toneBold, i.Reference)
	d.status(signOf(i.Status), statusWord(i.Status), strings.TrimSpace(i.Reason+" "+i.Detail))
	leftOf(d, i)
	d.field("index", i.Index)
	d.field("manifest", i.Digest)
	d.field("config", i.Config)
	d.field("platform", i.Platform)
	d.field("created", stamp(i.Created)+" (claimed by the config)")
	d.field("entrypoint", strings.Join(i.Settings.Entrypoint, " "))
	d.field("command", strings.Join(i.Settings.Cmd, " "))
	d.field("user", i.Settings.User)
	if i.Diff != nil && i.Diff.Layers != nil {
		d.field("layers", layerStrip(*i.Diff.Layers, d.width-30)+fmt.Sprintf(" %d shared, %d not", i.Diff.Layers.Shared, i.Diff.Layers.Added))
	}
	if i.Files.Total > 0 {
		d.field("files", fmt.Sprintf("%d, %d owned by packages, %d not; ownership %s %s", i.Files.Total, i.Files.Owned, i.Files.Unowned, i.Files.Ownership, i.Files.Detail))
	}
	if len(i.Notable) > 0 {
		d.heading("Settings to look at")
	}
	for _, n := range i.Notable {
		d.put(severityTone(n.Severity), severityWord(n.Severity)+" ", n.Detail)
	}
	if len(i.Settings.Env) > 0 {
		d.heading("Environment")
		d.bullets(i.Settings.Env)
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
		cells: func(w int) []cell {
			step := cell{text: buildStep(l.CreatedBy), width: -1}
			if l.Empty {
				step.tone = toneDim
				return []cell{{text: "–", tone: toneDim, width: 3, right: true}, {width: m.p.signWidth()}, {width: 9}, {width: barWidth(w)}, step}
			}
			number := cell{text: fmt.Sprint(l.Number), tone: toneBold, width: 3, right: true}
			flag := m.p.signCell(signOf(l.Status))
			if l.Reason == inspect.Running {
				flag = cell{text: "…", tone: toneDim, width: m.p.signWidth()}
			}
			if sev, ok := worst[l.Number]; ok && sev.Rank() <= inspect.Medium.Rank() {
				flag = cell{text: "!", tone: severityTone(sev), width: m.p.signWidth()}
			}
			if l.Base {
				step.tone = toneDim
			}
			return []cell{number, flag, {text: bytesText(l.Size), width: 9, right: true}, {text: bar(l.Size, largest, barWidth(w)), tone: toneKey, width: barWidth(w)}, step}
		},
		detail: func(d *document) { layerDetail(d, l, s.image().Sharing) },
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

func layerDetail(d *document, l inspect.Layer, elsewhere *inspect.Sharing) {
	if l.Empty {
		d.say(toneBold, "A build step without a layer")
		d.say(tonePlain, l.CreatedBy)
		d.field("created", stamp(l.Created))
		return
	}
	d.say(toneBold, fmt.Sprintf("Layer %d", l.Number))
	layerState(d, l, statusWord(l.Status))
	origin := "own"
	if l.Base {
		origin = "of the base image"
	}
	d.field("origin", origin)
	d.field("size", bytesText(l.Size)+" in the registry")
	if listed(l) {
		d.field("files", fmt.Sprintf("%d added, %d modified, %d removed", l.Added, l.Modified, l.Removed))
	}
	sharingDetail(d, elsewhere, l)
	d.field("digest", l.Digest)
	d.field("diff ID", l.DiffID)
	d.field("created", stamp(l.Created)+" (claimed)")
	d.field("step", l.CreatedBy)
}

// layerState says how a layer is; one that is still on its way has no verdict yet.
func layerState(d *document, l inspect.Layer, word string) {
	if l.Reason == inspect.Running {
		d.put(toneDim, "… ", strings.TrimSpace(fmt.Sprintf("layer %d: %s", l.Number, firstOf(l.Detail, "it is still being read"))))
		return
	}
	d.status(signOf(l.Status), word, strings.Trim(l.Reason+": "+l.Detail, ": "))
}
