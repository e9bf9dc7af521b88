package tui

import (
	"context"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// exportStep is what an export emits: how far it is, or what became of it.
type exportStep struct {
	progress inspect.Progress
	result   *ExportResult
}

// exporter is the export dialog: what goes in and where to, progress, and at the end path, digest and the line to copy.
type exporter struct {
	gen      int
	in       textinput.Model
	started  bool
	ended    bool
	progress inspect.Progress
	result   ExportResult
	err      error
	cancel   context.CancelFunc
}

// runExport opens the dialog.
func runExport(m *Model, _ string) tea.Cmd {
	s := m.open
	to := "backtrail-" + fileName(firstOf(s.c.Target.Name, "case")) + ".tar.gz"
	if m.o.ExportPath != nil {
		to = m.o.ExportPath(s.c)
	}
	e := &exporter{gen: m.gen, in: m.input("> "), cancel: func() {}}
	e.in.SetValue(to)
	m.dialog = e
	return nil
}

// fileName keeps letters and digits of a name: it becomes a file's.
func fileName(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.':
			return r
		default:
			return '-'
		}
	}, s), "-.")
}

func (e *exporter) title() string { return "Export the evidence" }

func (e *exporter) keys() string {
	switch {
	case e.ended && e.err == nil:
		return "y copy the line · Y copy the path · enter close"
	case e.ended:
		return "enter try again · esc close"
	case e.started:
		return "esc stop the export"
	default:
		return "enter export · esc cancel"
	}
}

func (e *exporter) update(m *Model, msg tea.Msg) tea.Cmd {
	k, isKey := msg.(tea.KeyPressMsg)
	switch {
	case e.ended && isKey:
		return e.after(m, k.String())
	case e.started:
		return nil
	case isKey && k.String() == "enter":
		return e.start(m)
	}
	var cmd tea.Cmd
	e.in, cmd = e.in.Update(msg)
	return cmd
}

func (e *exporter) after(m *Model, key string) tea.Cmd {
	switch {
	case key == "enter" && e.err != nil:
		e.started, e.ended, e.err = false, false, nil
	case key == "enter", key == "q":
		m.dialog = nil
	case key == "y" && e.err == nil:
		m.info("copied the line")
		return tea.SetClipboard(e.result.Line)
	case key == "Y" && e.err == nil:
		m.info("copied the path")
		return tea.SetClipboard(e.result.Path)
	}
	return nil
}

// start runs the export on a copy of the case, so that checks may go on meanwhile.
func (e *exporter) start(m *Model) tea.Cmd {
	to := strings.TrimSpace(e.in.Value())
	if to == "" {
		return nil
	}
	ctx, cancel := context.WithCancel(m.ctx)
	e.started, e.cancel, m.looking = true, cancel, true
	gen, copied := e.gen, m.open.snapshot()
	return work(func() tea.Msg {
		p := startPump(ctx, m.pumps, func(ctx context.Context, emit func(exportStep)) error {
			result, err := m.o.Export(ctx, copied(), to, func(p inspect.Progress) { emit(exportStep{progress: p}) })
			if err == nil {
				emit(exportStep{result: &result})
			}
			return err
		})
		return nextExport(gen, p)
	})
}

func nextExport(gen int, p *pump[exportStep]) tea.Msg {
	steps, ended, err := p.next()
	return exportMsg{gen: gen, steps: steps, ended: ended, err: err, pump: p}
}

func (m *Model) exportCame(msg exportMsg) tea.Cmd {
	e, open := m.dialog.(*exporter)
	if !open || e.gen != msg.gen {
		e = &exporter{gen: msg.gen}
	}
	for _, s := range msg.steps {
		if s.result != nil {
			e.result = *s.result
			m.info("exported to " + s.result.Path)
		} else {
			e.progress = s.progress
		}
	}
	if !msg.ended {
		return work(func() tea.Msg { return nextExport(msg.gen, msg.pump) })
	}
	m.looking = false
	e.ended, e.err = true, msg.err
	if msg.err != nil && !open {
		m.fail("exporting", msg.err)
	}
	return nil
}

func (e *exporter) render(m *Model, width, _ int) ([]string, *tea.Cursor) {
	d := widget.NewDocument(m.p, width)
	switch {
	case e.ended && e.err != nil:
		d.Outcome(widget.SignBad, "not exported", e.err.Error())
		d.Gap()
		d.Say(widget.ToneDim, "Nothing of the case is lost. enter tries again, at another place if you like.")
	case e.ended:
		e.renderResult(d)
	case e.started:
		e.renderProgress(d)
	default:
		return e.renderPlan(m, d)
	}
	return d.Lines, nil
}

// renderPlan says what goes in before anything is written.
func (e *exporter) renderPlan(m *Model, d *widget.Document) ([]string, *tea.Cursor) {
	s := m.open
	if s.running > 0 {
		d.Outcome(widget.SignOpen, "the checks still run", "the bundle will say that the case is partial")
		d.Gap()
	}
	d.Say(widget.ToneBold, "Where to")
	e.in.SetWidth(max(1, d.Width-4))
	c := e.in.Cursor()
	if c != nil {
		c.Y += len(d.Lines)
	}
	d.Lines = append(d.Lines, e.in.View())
	d.Heading("What goes in")
	var layers int
	var size int64
	for _, i := range s.c.Images {
		for _, l := range i.Layers {
			if !l.Empty {
				layers++
				size += l.Size
			}
		}
	}
	d.Bullets([]string{
		fmt.Sprintf("the case: %s, %s, %s, and the events to replay it", widget.Plural(len(s.c.Findings), "finding"), widget.Plural(len(s.c.Alerts), "alert"), widget.Plural(len(s.c.Notes), "note")),
		"the report, to read and to print, and the chain of custody",
		fmt.Sprintf("%s: manifests, configs, signatures, attestations, and listings of %s", widget.Plural(len(s.c.Images), "image"), widget.Plural(layers, "layer")),
		fmt.Sprintf("suspect layers and binaries (all layers: %s)", bytesText(size)),
		fmt.Sprintf("%s as received from cluster and alerts, secrets redacted", widget.Plural(len(s.c.Exhibits), "object")),
		"trust roots and policies that the verdicts rest on",
	})
	return d.Lines, c
}

func (e *exporter) renderProgress(d *widget.Document) {
	d.Say(widget.ToneBold, "Writing "+e.in.Value())
	d.Gap()
	p := e.progress
	if p.Total > 0 {
		width := max(1, d.Width-8)
		d.Lines = append(d.Lines, d.P.In(widget.ToneKey, widget.Bar(p.Done, p.Total, width))+widget.FitRight(fmt.Sprintf(" %d%%", p.Done*100/p.Total), 6))
	}
	d.Say(widget.ToneDim, firstOf(p.Text, "…"))
}

func (e *exporter) renderResult(d *widget.Document) {
	r := e.result
	d.Outcome(widget.SignGood, "exported and read back", "")
	d.Field("path", r.Path)
	if r.Size > 0 {
		d.Field("size", bytesText(r.Size))
	}
	d.Field("digest", r.Digest)
	d.Field("signed", firstOf(r.Signed, "no: nobody vouches for it; the line below fixes its content"))
	if len(r.Left) > 0 {
		d.Heading("To know")
		d.Bullets(r.Left)
	}
	d.Heading("Post this line in the channel or the ticket (y copies it)")
	d.Say(widget.ToneKey, r.Line)
}
