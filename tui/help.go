package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// helpLines explains the keys of a screen, and the signs.
func helpLines(p *paint, width int, here scope, version string) []string {
	d := newDocument(p, width)
	for _, c := range commands() {
		if c.on&here == 0 || c.show == "" {
			continue
		}
		key := fit(c.show, 8)
		for i, l := range wrap(c.help, max(1, width-9)) {
			if i > 0 {
				key = blanks(8)
			}
			d.lines = append(d.lines, p.in(toneKey, key)+" "+l)
		}
	}
	d.heading("Signs")
	for _, s := range []inspect.Status{inspect.Verified, inspect.Failed, inspect.Unknown, inspect.Absent} {
		d.lines = append(d.lines, p.in(signOf(s).tone(), fit(p.sign(signOf(s)), p.signWidth()))+" "+signText(s))
	}
	d.gap()
	d.say(toneDim, "A M D added, modified, removed · ! look here · L3 layer 3 · M b o your mark: malicious, benign, open")
	d.say(toneDim, "Times are UTC. Nothing in the cluster is changed; nothing of an image is run.")
	d.say(toneDim, strings.TrimSpace("backtrail "+version))
	return d.lines
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
