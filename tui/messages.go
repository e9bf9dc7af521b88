package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/widget"
)

// runMessages shows the notices of this session, newest first. The messages are those of this session; shell.Shell
// bounds their number.
func runMessages(m *Model, _ string) tea.Cmd {
	// a copy: the dialog stays open while more come in
	all := slices.Clone(m.Notices)
	slices.Reverse(all)
	m.Read("Messages", func(d *widget.Document) {
		for _, n := range all {
			d.Put(noticeTone(n), "• ", noticeText(n))
		}
		if len(all) == 0 {
			d.Say(widget.ToneDim, "no messages yet")
		}
	})
	return nil
}
