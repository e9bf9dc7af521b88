package tui

import (
	"slices"

	"github.com/backtrail/backtrail/inspect"
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
		cells: func(w int) []cell {
			return []cell{{text: questionWord(q), tone: toneNote, width: 5}, {text: m.p.sign(a.Status), tone: toneNote, width: m.p.signWidth()}, {text: a.Text, width: -1}}
		},
		detail: func(d *document) {
			d.say(toneNote, questionText(q))
			d.gap()
			d.say(tonePlain, a.Text)
			d.gap()
			d.status(a.Status, answerWord(a.Status), "")
			if len(a.Findings) > 0 {
				d.heading("Follows from")
			}
			for _, f := range s.c.Findings {
				if slices.Contains(a.Findings, f.ID) {
					d.put(tonePlain, "• ", f.Title)
				}
			}
		},
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
