package tui

import (
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// questionText is a question of the post-mortem in words.
func questionText(q string) string {
	switch q {
	case inspect.WhereFrom:
		return "Where did it come from?"
	case inspect.HowIn:
		return "How did it get in?"
	default:
		return "Why was it not flagged earlier?"
	}
}

// questionWord is a question in one word, for the column in front.
func questionWord(q string) string {
	switch q {
	case inspect.WhereFrom:
		return "where"
	case inspect.HowIn:
		return "how"
	default:
		return "why"
	}
}

func answerRow(m *Model, s *caseScreen, a inspect.Answer) row {
	q := a.Question
	return row{
		id: "answer:" + q, find: questionText(q) + " " + a.Text, value: a.Text, layer: -1, object: a,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: questionWord(q), Tone: widget.ToneNote, Width: 5}, {Text: m.p.Sign(signOf(a.Status)), Tone: widget.ToneNote, Width: m.p.SignWidth()}, {Text: a.Text, Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneNote, questionText(q))
			d.Gap()
			answerDetail(d, a)
			d.Gap()
			d.Outcome(signOf(a.Status), answerWord(a.Status), "")
			if len(a.Findings) > 0 {
				d.Heading("Follows from")
			}
			for _, f := range s.c.Findings {
				if slices.Contains(a.Findings, f.ID) {
					d.Put(widget.TonePlain, "• ", f.Title)
				}
			}
		},
	}
}

// answerDetail shows each sentence with what it rests on, and the commands that would tell more.
func answerDetail(d *widget.Document, a inspect.Answer) {
	if len(a.Sentences) == 0 {
		d.Say(widget.TonePlain, a.Text)
		return
	}
	if len(a.Waiting) > 0 {
		d.Say(widget.ToneWarn, "Still checking: "+strings.Join(a.Waiting, ", ")+". So far:")
	}
	for _, s := range a.Sentences {
		mark, t := "• ", widget.TonePlain
		if !s.Known() {
			mark, t = "? ", widget.ToneWarn
		}
		d.Put(t, mark, s.Text+" ("+s.Source()+")")
		if s.Run != "" {
			d.Put(widget.ToneKey, "  to know, run: ", s.Run)
		}
	}
}

func answerWord(st inspect.Status) string {
	switch st {
	case inspect.Verified:
		return "follows from its findings"
	case inspect.Absent:
		return "nothing to explain"
	default:
		return "open, or not to be known"
	}
}
