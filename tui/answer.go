package tui

import (
	"slices"
	"strings"

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
			return []cell{{text: questionWord(q), tone: toneNote, width: 5}, {text: m.p.sign(signOf(a.Status)), tone: toneNote, width: m.p.signWidth()}, {text: a.Text, width: -1}}
		},
		detail: func(d *document) {
			d.say(toneNote, questionText(q))
			d.gap()
			answerDetail(d, a)
			d.gap()
			d.status(signOf(a.Status), answerWord(a.Status), "")
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

// answerDetail shows each sentence with what it rests on, and the commands that would tell more.
func answerDetail(d *document, a inspect.Answer) {
	if len(a.Sentences) == 0 {
		d.say(tonePlain, a.Text)
		return
	}
	if len(a.Waiting) > 0 {
		d.say(toneWarn, "Still checking: "+strings.Join(a.Waiting, ", ")+". So far:")
	}
	for _, s := range a.Sentences {
		mark, t := "• ", tonePlain
		if !s.Known() {
			mark, t = "? ", toneWarn
		}
		d.put(t, mark, s.Text+" ("+s.Source()+")")
		if s.Run != "" {
			d.put(toneKey, "  to know, run: ", s.Run)
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
