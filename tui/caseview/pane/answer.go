package pane

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
		return "Why was it not blocked?"
	}
}

// questionLabel is a question in a word or two.
func questionLabel(q string) string {
	switch q {
	case inspect.WhereFrom:
		return "Origin"
	case inspect.HowIn:
		return "Entry path"
	default:
		return "Why not blocked"
	}
}

// answerRow is one of the three answers of a post-mortem, with the findings that it follows from. An answer names its
// findings by their identities; one that a retry has dropped is left out.
func answerRow(v View, a inspect.Answer) Row {
	q := a.Question
	return Row{
		ID: "answer:" + q, Text: questionText(q) + " " + a.Text, Value: a.Text, Layer: -1, Object: a,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				{Width: v.Paint.SignWidth()},
				{Text: answerMark(a), Tone: widget.ToneNote, Width: 5},
				{Text: questionLabel(q) + ": " + a.Text, Width: -1},
			}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneNote, questionText(q))
			d.Gap()
			answerDetail(d, a)
			d.Gap()
			d.Say(widget.ToneDim, answerWord(a))
			if len(a.Findings) > 0 {
				d.Heading("Follows from these findings")
			}
			for _, f := range v.Case.Findings {
				if slices.Contains(a.Findings, f.ID) {
					d.Put(widget.TonePlain, "• ", f.Title)
				}
			}
		},
	}
}

// answerDetail writes each sentence with its basis, and the commands that find out more. An answer without sentences
// is one of an older bundle, or one that still waits: its text is all there is. A sentence whose basis is not known
// has a question mark, and a command to copy where one would tell more.
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
		// what is not known is part of an answer, and marked
		if !s.Known() {
			mark, t = "? ", widget.ToneWarn
		}
		d.Put(t, mark, s.Text+" ("+s.Source()+")")
		if s.Run != "" {
			d.Put(widget.ToneKey, "  find out with: ", s.Run)
		}
	}
}

// answerWord is how far an answer goes. It is never a verdict: no sign and no green stands on an answer.
func answerWord(a inspect.Answer) string {
	switch {
	case len(a.Waiting) > 0:
		return a.Status.Words() + ": " + strings.Join(a.Waiting, ", ")
	default:
		return a.Status.Words()
	}
}

// answerMark is the word in front of an answer's row, in five letters at most. "ans." stands for answers that are
// complete, and for those where there is nothing to explain.
func answerMark(a inspect.Answer) string {
	switch a.Status {
	case inspect.Answered, inspect.AnswerNone:
		return "ans."
	case inspect.AnswerPartial:
		return "part"
	default:
		return "open"
	}
}
