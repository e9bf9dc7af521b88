package pane

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// layerRows lists the merged tree first, then the layers, newest first: what was added last matters most. The largest
// compressed size is the full bar. It comes from the manifest, and is not yet verified while a layer is read.
func layerRows(v View) []Row {
	i := v.Image()
	if len(i.Layers) == 0 {
		return nil
	}
	var largest int64
	for _, l := range i.Layers {
		largest = max(largest, l.Size)
	}
	worst := worstByLayer(i)
	rows := []Row{mergedRow(i)}
	for at := len(i.Layers) - 1; at >= 0; at-- {
		rows = append(rows, layerRow(v, i.Layers[at], largest, worst))
	}
	return rows
}

// worstByLayer gives the worst severity of the files of each layer. Missing files do not count: no layer has them.
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

// mergedRow is the image as a container sees it: all layers, one over the other. Its tree has the layer number
// MergedTree; the tree on the right is asked for by that number.
func mergedRow(i inspect.Image) Row {
	return Row{
		ID: MergedID, Text: "merged image", Value: i.Digest, Container: imageContainer(i), Layer: MergedTree,
		Object: i.Settings,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{{Text: "all", Tone: widget.ToneBold, Width: 3}, {Text: "merged image", Width: -1}}
		},
		Detail: func(d *widget.Document) { imageDetail(d, i) },
	}
}

// imageDetail writes the image: how its bytes were verified, its digests, its config. Times in a config are claims of
// whoever built the image. Settings and environment are as the config has them: redaction happens where the fact is
// recorded, not here.
func imageDetail(d *widget.Document, i inspect.Image) {
	d.Say(widget.ToneBold, i.Reference)
	d.Outcome(label.Sign(i.Status), i.Status.Words(), strings.TrimSpace(i.Reason+" "+i.Detail))
	Traces(d, i)
	d.Field("index", i.Index)
	d.Field("manifest", i.Digest)
	d.Field("config", i.Config)
	d.Field("platform", i.Platform)
	d.Field("created", label.Stamp(i.Created)+" (claimed by the config)")
	d.Field("entrypoint", strings.Join(i.Settings.Entrypoint, " "))
	d.Field("command", strings.Join(i.Settings.Cmd, " "))
	d.Field("user", i.Settings.User)
	// shared ones come first, as in the image
	if i.Diff != nil && i.Diff.Layers != nil {
		d.Field("layers", layerStrip(*i.Diff.Layers, d.Width-30)+fmt.Sprintf(" %d shared, %d not", i.Diff.Layers.Shared,
			i.Diff.Layers.Added))
	}
	if i.Files.Total > 0 {
		d.Field("files", fmt.Sprintf("%d, %d owned by packages, %d not; ownership %s %s", i.Files.Total, i.Files.Owned,
			i.Files.Unowned, i.Files.Ownership, i.Files.Detail))
		d.Field("proven", i.Files.Classes())
	}
	if len(i.Notable) > 0 {
		d.Heading("Settings to look at")
	}
	for _, n := range i.Notable {
		d.Put(label.SeverityTone(n.Severity), label.Severity(n.Severity)+" ", n.Detail)
	}
	if len(i.Settings.Env) > 0 {
		d.Heading("Environment")
		d.Bullets(i.Settings.Env)
	}
}

// layerStrip draws the layers that both images have, and those that only this one has, in their order. A strip that
// does not fit is left out rather than cut: its length is what it shows.
func layerStrip(l inspect.LayerDiff, width int) string {
	shared, added := max(0, l.Shared), max(0, l.Added)
	if shared+added > max(1, width) {
		return ""
	}
	return strings.Repeat("█", shared) + strings.Repeat("░", added)
}

// layerRow is a layer, or a step of the build that made none. Its bar is the share of the largest layer, by
// compressed size. The flag of the worst file stands in place of ✓: bytes that are what the manifest names may still
// be hostile. The layers of the base are dim, as far as that is known.
func layerRow(v View, l inspect.Layer, largest int64, worst map[int]inspect.Severity) Row {
	var retry []inspect.Key
	// r reads it again
	if unread(l) {
		retry = []inspect.Key{LayersKey(v.Container)}
	}
	return Row{
		ID: fmt.Sprintf("layer:%d", l.Position), Text: l.CreatedBy + " " + l.Digest + " " + l.DiffID,
		Value: cmp.Or(l.Digest, l.CreatedBy), Container: v.Container,
		Layer: l.Number, Object: l, Retry: retry,
		Line: func(w int) []widget.Cell {
			step := widget.Cell{Text: label.Step(l.CreatedBy), Width: -1}
			if l.Empty {
				step.Tone = widget.ToneDim
				return []widget.Cell{
					{Text: "–", Tone: widget.ToneDim, Width: 3, Right: true},
					{Width: v.Paint.SignWidth()},
					{Width: 9},
					{Width: barWidth(w)},
					step,
				}
			}
			number := widget.Cell{Text: fmt.Sprint(l.Number), Tone: widget.ToneBold, Width: 3, Right: true}
			flag := v.Paint.SignCell(label.Sign(l.Status))
			// it has no outcome yet, whatever its status
			if Running(l) {
				flag = widget.Cell{Text: "…", Tone: widget.ToneDim, Width: v.Paint.SignWidth()}
			}
			if sev, ok := worst[l.Number]; ok && sev.Rank() <= inspect.Medium.Rank() {
				flag = widget.Cell{Text: "!", Tone: label.SeverityTone(sev), Width: v.Paint.SignWidth()}
			}
			if l.Base {
				step.Tone = widget.ToneDim
			}
			return []widget.Cell{
				number, flag,
				{Text: label.Size(l.Size), Width: 9, Right: true},
				{Text: widget.Bar(l.Size, largest, barWidth(w)), Tone: widget.ToneKey, Width: barWidth(w)},
				step,
			}
		},
		Detail: func(d *widget.Document) { layerDetail(d, l, v.Image().Sharing) },
	}
}

// barWidth is the width of a bar, in cells.
func barWidth(w int) int {
	if w < 44 {
		return 3
	}
	return 6
}

// layerDetail writes a layer: its outcome, its files, where else it runs, and its build step. The size is that in the
// registry, compressed; "modified" and "removed" count paths against the layers below.
func layerDetail(d *widget.Document, l inspect.Layer, elsewhere *inspect.Sharing) {
	if l.Empty {
		d.Say(widget.ToneBold, "A build step without a layer")
		d.Say(widget.TonePlain, l.CreatedBy)
		d.Field("created", label.Stamp(l.Created))
		return
	}
	d.Say(widget.ToneBold, fmt.Sprintf("Layer %d", l.Number))
	LayerState(d, l, l.Status.Words())
	origin := "own"
	if l.Base {
		origin = "of the base image"
	}
	d.Field("origin", origin)
	d.Field("size", label.Size(l.Size)+" in the registry")
	if Listed(l) {
		d.Field("files", fmt.Sprintf("%d added, %d modified, %d removed", l.Added, l.Modified, l.Removed))
	}
	sharingDetail(d, elsewhere, l)
	d.Field("digest", l.Digest)
	d.Field("diff ID", l.DiffID)
	d.Field("created", label.Stamp(l.Created)+" (claimed)")
	d.Field("step", l.CreatedBy)
}
