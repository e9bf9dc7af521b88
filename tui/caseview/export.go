package caseview

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// exportStep is what an export emits: how far it is, or its result.
type exportStep struct {
	progress inspect.Progress
	result   *ExportResult
}

// exporter is the export dialog: what goes in and where to, progress, and at the end path, digest and the line to
// copy. It belongs to the case that it was opened from, and outlives its screen: the bundle is written also where the
// case is left meanwhile.
type exporter struct {
	screen *Screen
	shell  *shell.Shell
	// in: the path, which a person may change
	in    textinput.Model
	lines []string
	// asks: the line to type into is below the first lines
	asks bool
	// head: lines above it
	head int
	// started: from then on the path is fixed
	started bool
	// ended: result or err is set
	ended    bool
	progress inspect.Progress
	// result: of an export that ended well
	result ExportResult
	err    error
	cancel context.CancelFunc
}

// exportMsg brings steps of an export. The dialog takes it also when it is no longer open.
type exportMsg struct {
	to    *exporter
	steps []exportStep
	ended bool
	err   error
	pump  *shell.Pump[exportStep]
}

// whyNoExport is why nothing can be exported now. There is one export at a time.
func whyNoExport(s *Screen) string {
	switch {
	case s.shell.Exporting:
		return "an export runs"
	case !s.began:
		return "nothing to export yet"
	default:
		return ""
	}
}

// runExport opens the dialog with a proposed path.
func runExport(s *Screen, _ string) tea.Cmd {
	e := &exporter{screen: s, shell: s.shell, in: shell.NewInput("> "), cancel: func() {}}
	e.in.SetValue(s.backend.ExportPath(s.c))
	s.shell.Open(e)
	return nil
}

// Title names the dialog.
func (e *exporter) Title() string { return "Export the evidence" }

// Keys are the hints below the screen.
func (e *exporter) Keys() string {
	switch {
	case e.ended && e.err == nil:
		return "y copy the line · Y copy the verify command · enter close"
	case e.ended:
		return "enter try again · esc close"
	case e.started:
		return "esc stop the export · q quit, asks first"
	default:
		return "enter export · esc cancel"
	}
}

// Cancel stops a running export, and else closes. esc closes nothing that still writes: a half-written bundle with no
// trace on screen would be mistaken for a whole one.
func (e *exporter) Cancel() bool {
	if e.started && !e.ended {
		e.cancel()
		return false
	}
	return true
}

// Update takes a key.
func (e *exporter) Update(msg tea.Msg) tea.Cmd {
	k, isKey := msg.(tea.KeyPressMsg)
	switch {
	case e.ended && isKey:
		return e.after(k.String())
	case e.started:
		if isKey && k.String() == "q" {
			e.shell.AskQuit()
		}
		return nil
	case isKey && k.String() == "enter":
		return e.start()
	}
	var cmd tea.Cmd
	e.in, cmd = e.in.Update(msg)
	return cmd
}

// after takes a key once the export has ended.
func (e *exporter) after(key string) tea.Cmd {
	switch {
	// back to the path: the usual reason is a full disk or a name that exists
	case key == "enter" && e.err != nil:
		e.started, e.ended, e.err = false, false, nil
	case key == "enter", key == "q":
		e.shell.Close()
	case key == "y" && e.err == nil:
		e.shell.Info("copied the line")
		return tea.SetClipboard(e.result.Line)
	case key == "Y" && e.err == nil:
		e.shell.Info("copied: " + e.result.Verify)
		return tea.SetClipboard(e.result.Verify)
	}
	return nil
}

// start runs the export on a copy of the case, so that checks may go on meanwhile. It goes on where the case is left.
// The context is that of the program, not of the screen.
func (e *exporter) start() tea.Cmd {
	to := strings.TrimSpace(e.in.Value())
	if to == "" {
		return nil
	}
	ctx, cancel := context.WithCancel(e.shell.Context())
	e.started, e.cancel, e.shell.Exporting = true, cancel, true
	copied, backend := e.screen.snapshot(), e.screen.backend
	return shell.Work(func() tea.Msg {
		p := shell.Start(ctx, e.shell, func(ctx context.Context, emit func(exportStep)) error {
			progress := func(p inspect.Progress) { emit(exportStep{progress: p}) }
			result, err := backend.Export(ctx, copied(), to, progress)
			if err == nil {
				emit(exportStep{result: &result})
			}
			return err
		})
		return nextExport(e, p)
	})
}

// nextExport waits for the next steps of an export.
func nextExport(e *exporter, p *shell.Pump[exportStep]) tea.Msg {
	steps, ended, err := p.Next()
	return exportMsg{to: e, steps: steps, ended: ended, err: err, pump: p}
}

// Take shows how far the export is. Where the dialog is not on screen, its failure becomes an error that waits to be
// dismissed.
func (msg exportMsg) Take() tea.Cmd {
	e := msg.to
	for _, s := range msg.steps {
		if s.result != nil {
			e.result, e.shell.Exported = *s.result, s.result.Path
			e.shell.Info("exported to " + s.result.Path)
		} else {
			e.progress = s.progress
		}
	}
	if !msg.ended {
		return shell.Work(func() tea.Msg { return nextExport(e, msg.pump) })
	}
	e.shell.Exporting = false
	e.ended, e.err = true, msg.err
	if msg.err != nil && e.shell.Dialog != shell.Dialog(e) {
		e.shell.Fail("exporting", msg.err)
	}
	return nil
}

// Arrange writes the inside of the box.
func (e *exporter) Arrange(width, _ int) {
	d := widget.NewDocument(e.shell.Paint, width)
	e.asks = false
	switch {
	case e.ended && e.err != nil:
		d.Outcome(widget.SignBad, "not exported", e.err.Error())
		d.Gap()
		d.Say(widget.ToneDim, "Nothing of the case is lost. enter tries again, elsewhere if you like.")
	case e.ended:
		e.writeResult(d)
	case e.started:
		e.writeProgress(d)
	default:
		e.writePlan(d)
	}
	e.lines = d.Lines
}

// Draw gives the inside of the box.
func (e *exporter) Draw() ([]string, *tea.Cursor) {
	if !e.asks {
		return e.lines, nil
	}
	lines, cursor := shell.WithInput(e.lines[:e.head], e.in)
	return append(lines, e.lines[e.head:]...), cursor
}

// writePlan lists what goes in before anything is written. The sizes of layers are those in the registry, compressed.
func (e *exporter) writePlan(d *widget.Document) {
	c := &e.screen.c
	if e.screen.running > 0 {
		d.Outcome(widget.SignOpen, "the checks still run", "the bundle will be marked as partial")
		d.Gap()
	}
	d.Say(widget.ToneBold, "Where to")
	e.in.SetWidth(max(1, d.Width-4))
	e.asks, e.head = true, len(d.Lines)
	d.Heading("What goes in")
	var layers int
	var size int64
	for _, i := range c.Images {
		for _, l := range i.Layers {
			if !l.Empty {
				layers++
				size += l.Size
			}
		}
	}
	d.Bullets([]string{
		fmt.Sprintf("the case: %s, %s, %s, and the events to replay it", widget.Plural(len(c.Findings), "finding"),
			widget.Plural(len(c.Alerts), "alert"), widget.Plural(len(c.Notes), "note")),
		"the report, to read and to print, and the chain of custody",
		fmt.Sprintf("%s: manifests, configs, signatures, attestations, and listings of %s",
			widget.Plural(len(c.Images), "image"), widget.Plural(layers, "layer")),
		fmt.Sprintf("suspect layers and binaries (all layers: %s)", label.Size(size)),
		fmt.Sprintf("%s as received from cluster and alerts, secrets redacted",
			widget.Plural(len(c.Exhibits), "object")),
		"trust roots and policies that the verdicts rest on",
	})
}

// writeProgress shows how far the export is; the total is in bytes, and 0 until it is known.
func (e *exporter) writeProgress(d *widget.Document) {
	d.Say(widget.ToneBold, "Writing "+e.in.Value())
	d.Gap()
	p := e.progress
	if p.Total > 0 {
		width := max(1, d.Width-8)
		percent := widget.FitRight(fmt.Sprintf(" %d%%", p.Done*100/p.Total), 6)
		d.Lines = append(d.Lines, d.P.In(widget.ToneKey, widget.Bar(p.Done, p.Total, width))+percent)
	}
	d.Say(widget.ToneDim, cmp.Or(p.Text, "…"))
}

// writeResult shows where the bundle is, and the line that pins its contents.
func (e *exporter) writeResult(d *widget.Document) {
	r := e.result
	done := "exported and read back"
	if r.Size > 0 {
		done += ", " + label.Size(r.Size)
	}
	d.Outcome(widget.SignGood, done, "")
	d.Field("path", r.Path)
	d.Field("digest", r.Digest)
	d.Field("signed", cmp.Or(r.Signed, "Unsigned. The digest below pins the contents."))
	if r.Verify != "" {
		d.Heading("Whoever has the bundle checks it with (Y copies it)")
		d.Say(widget.ToneKey, r.Verify)
	}
	d.Heading("Post this line in the channel or the ticket (y copies it)")
	d.Say(widget.ToneKey, r.Line)
	if len(r.Left) > 0 {
		d.Heading("Notes")
		d.Bullets(r.Left)
	}
}
