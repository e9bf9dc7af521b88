package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// helpLines explains the keys of a screen, and the signs.
func helpLines(p *widget.Paint, width int, here scope, version string) []string {
	d := widget.NewDocument(p, width)
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
	for _, s := range []inspect.Status{inspect.Verified, inspect.Failed, inspect.Unknown, inspect.Absent} {
		d.Lines = append(d.Lines, p.In(signOf(s).Tone(), widget.Fit(p.Sign(signOf(s)), p.SignWidth()))+" "+signText(s))
	}
	d.Gap()
	d.Say(widget.ToneDim, "A M D added, modified, removed · ! look here · L3 layer 3 · M b o your mark: malicious, benign, open")
	d.Say(widget.ToneDim, "Times are UTC. Nothing in the cluster is changed; nothing of an image is run.")
	d.Say(widget.ToneDim, strings.TrimSpace("backtrail "+version))
	return d.Lines
}

func signText(s inspect.Status) string {
	switch s {
	case inspect.Verified:
		return "verified: checked, and it holds"
	case inspect.Failed:
		return "failed: checked, and it does not hold"
	case inspect.Absent:
		return "none: there is nothing to check"
	default:
		return "could not check: the reason stands beside it"
	}
}

// KeyTable is the README's table of keys, in Markdown. It is made of the same table that the keys are.
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

func scopeText(s scope) string {
	if s == everywhere {
		return "everywhere"
	}
	var names []string
	for _, x := range []struct {
		scope
		name string
	}{{inPods, "pods"}, {inCase, "case"}, {inViewer, "content"}} {
		if s&x.scope != 0 {
			names = append(names, x.name)
		}
	}
	return strings.Join(names, ", ")
}
