package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// runHelp shows the keys of this screen.
func runHelp(m *Model, _ string) tea.Cmd {
	here := m.top().Scope()
	m.Read("Keys", func(d *widget.Document) { writeHelp(d, here, m.o.Version) })
	return nil
}

// writeHelp explains the keys of a screen, and the signs. A command without a key is in the palette only, and not
// here.
func writeHelp(d *widget.Document, here shell.Scope, version string) {
	p, width := d.P, d.Width
	for _, c := range commands() {
		if c.on&here == 0 || c.show == "" {
			continue
		}
		key := widget.Fit(c.show, 8)
		for i, l := range widget.Wrap(c.help, max(1, width-9)) {
			if i > 0 {
				key = widget.Blanks(8)
			}
			d.Lines = append(d.Lines, p.In(widget.ToneKey, key)+" "+l)
		}
	}
	d.Heading("Signs")
	for _, s := range []widget.Sign{widget.SignGood, widget.SignBad, widget.SignOpen, widget.SignNone} {
		d.Lines = append(d.Lines, p.In(s.Tone(), widget.Fit(p.Sign(s), p.SignWidth()))+" "+signText(s))
	}
	d.Gap()
	d.Say(widget.ToneDim,
		"A M D added, modified, removed · ! look here · L3 layer 3 · M b o your mark: malicious, benign, open")
	d.Say(widget.ToneDim, "Times are UTC. Nothing in the cluster is changed; nothing from an image is run.")
	d.Say(widget.ToneDim, strings.TrimSpace("backtrail "+version))
}

// signText is what a sign means.
func signText(s widget.Sign) string {
	switch s {
	case widget.SignGood:
		return "verified: checked, and it is valid"
	case widget.SignBad:
		return "failed: checked, and it is invalid"
	case widget.SignNone:
		return "none: there is nothing to check"
	default:
		return "not checked: the reason is beside it"
	}
}

// KeyTable is the README's table of keys, in Markdown, made from the table of commands. A test compares it with the
// README.
func KeyTable() string {
	var b strings.Builder
	b.WriteString("| Key | Does | Where |\n| --- | --- | --- |\n")
	for _, c := range commands() {
		show := "`:` " + c.name
		if c.show != "" {
			show = "`" + strings.ReplaceAll(c.show, " ", "` `") + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", show, c.help, scopeText(c.on))
	}
	return b.String()
}

// scopeText names the screens of a command, for the README.
func scopeText(s shell.Scope) string {
	if s == shell.Everywhere {
		return "everywhere"
	}
	var names []string
	for _, x := range []struct {
		shell.Scope
		name string
	}{
		{shell.InPods, "pods"},
		{shell.InCase, "case"},
		{shell.InViewer, "content"},
		{shell.InAudit, "audit"},
		{shell.InWhere, "where"},
	} {
		if s&x.Scope != 0 {
			names = append(names, x.name)
		}
	}
	return strings.Join(names, ", ")
}
