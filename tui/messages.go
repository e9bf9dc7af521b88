package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/widget"
)

// runMessages shows the notices of this session, newest first.
func runMessages(m *Model, _ string) tea.Cmd {
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
