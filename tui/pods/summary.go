package pods

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// Summary is what the list shows of a case that was opened. Both are statuses of verifications.
type Summary struct {
	Signed    inspect.Status
	KnownGood inspect.Status
}

// Remember keeps what the case of a pod found about its image. It is kept by digest, so that all pods of one image
// show it, and only for this session: nothing is written.
func (s *Screen) Remember(pod inspect.FlaggedPod, found Summary) {
	if _, digest := mainImage(&pod); digest != "" {
		s.known[digest] = found
		s.refresh()
	}
}

// Widths of the columns of a summary, in cells.
const (
	signedWidth    = 6
	knownGoodWidth = 5
)

// summaryCells show what the cases of this session found about the pod's image; blank where there was none. The names
// of the columns are the words for these signs.
func summaryCells(s *Screen, p *inspect.FlaggedPod) []widget.Cell {
	_, digest := mainImage(p)
	found, ok := s.known[digest]
	if !ok {
		return []widget.Cell{{Width: signedWidth}, {Width: knownGoodWidth}}
	}
	signed, good := s.shell.Paint.SignCell(label.Sign(found.Signed)),
		s.shell.Paint.SignCell(label.Sign(found.KnownGood))
	signed.Width, good.Width = signedWidth, knownGoodWidth
	return []widget.Cell{signed, good}
}
