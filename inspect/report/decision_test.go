package report

import (
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// The story is a paragraph of sentences that names how it was found, what, where, since when.
func TestTheStoryOfACase(t *testing.T) {
	c := incidentCase()
	story := storySection(c, verdict.Of(&c)).blocks[0].text
	for _, want := range []string{
		`the sensor falco raised the alert "Drop and execute new binary in container" (Critical), 3 times, which was matched to container web.`,
		"The inspection found problems (1 critical); the worst: an unowned program",
		"It concerns container web of pod shop/web-7d9f (Deployment web) in the cluster prod, from the image " +
			"registry.example/shop/web:1 (" + digestA + ").",
		"the container started at 2026-11-23T03:12:04Z, and the first alert is of 2026-11-23T03:12:04Z.",
		"As to where it came from: from layer 1", "As to why it was not blocked: no gate asked",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("%q is not in\n%s", want, story)
		}
	}
	calm := cleanCase()
	story = storySection(calm, verdict.Of(&calm)).blocks[0].text
	for _, want := range []string{
		"No alert was matched to this case", "found no problem in what it read",
		"It is about the image",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("%q is not in\n%s", want, story)
		}
	}
	open := inspect.Case{}
	story = storySection(open, verdict.Of(&open)).blocks[0].text
	if !strings.Contains(story, "The inspection is incomplete: the case is partial") ||
		!strings.Contains(story, "It is not known which image this is about.") {
		t.Error(story)
	}
}

// A claim never stands among what is known, and what no check looks at is always named.
func TestWhatIsKnownAndWhatIsNot(t *testing.T) {
	c := incidentCase()
	c.Answers = []inspect.Answer{{
		Question: inspect.WhereFrom, Status: inspect.AnswerPartial,
		Sentences: []inspect.Sentence{
			{Text: "layer 1 brought it", Basis: inspect.Seen},
			{Text: "it was built by acme", Basis: inspect.Claimed, By: "the labels"},
			{Text: "which commit", Basis: inspect.NotKnown},
		},
	}}
	s := knownSection(c)
	know, open, unlooked := s.blocks[0].item, s.blocks[1].item, s.blocks[2].item
	if all := strings.Join(know.lines, "\n"); !strings.Contains(all, "layer 1 brought it") || strings.Contains(all,
		"acme") {
		t.Error(all)
	}
	if all := strings.Join(open.lines, "\n"); !strings.Contains(all, "it was built by acme (claimed by the labels)") ||
		!strings.Contains(all, "which commit (not known)") || !strings.Contains(all, "advisories: no database") {
		t.Error(all)
	}
	if all := strings.Join(unlooked.lines, "\n"); !strings.Contains(all, "network traffic") || !strings.Contains(all,
		"run-time files") {
		t.Error(all)
	}
	var many section
	many.listed("x", strings.Split(strings.Repeat("a ,b ,", 20), ","), "")
	if got := many.blocks[0].item.lines; len(got) != maxListed+1 || !strings.Contains(got[maxListed], "more") {
		t.Errorf("%q", got)
	}
}

// No clock runs by itself, and the first page states that none does.
func TestDeadlinesOnTheFirstPage(t *testing.T) {
	c := incidentCase()
	if s := deadlineSection(c, began.Time); !strings.HasPrefix(s.blocks[0].text, "No clock is running.") {
		t.Errorf("%+v", s)
	}
	if all := strings.Join(decideSection(c).blocks[0].item.lines, "\n"); !strings.Contains(all,
		"whether a reporting duty applies") {
		t.Error(all)
	}
	c.Clocks = []inspect.Clock{{Regime: inspect.NIS2, Aware: began, Started: began, Author: "ada", Reason: "told"}}
	s := deadlineSection(c, began.Add(time.Hour))
	if s.blocks[0].item == nil || !strings.Contains(strings.Join(s.blocks[0].item.lines, "\n"), "23 h 0 min left") {
		t.Errorf("%+v", s)
	}
	c.Clocks[0].Withdrawn = &inspect.Withdrawal{Time: began, Author: "bob", Reason: "no"}
	if s := deadlineSection(c, began.Time); !strings.HasPrefix(s.blocks[0].text, "No clock is running.") ||
		len(s.blocks) < 2 {
		t.Errorf("%+v", s)
	}
}

// Figures draw what the tables list: each moment and each layer once, and nothing outside of their frame.
func TestFigures(t *testing.T) {
	c := incidentCase()
	f := axisFigure(c, began.Time)
	if f == nil {
		t.Fatal("no timeline")
	}
	l := layerFigure(c, c.Images[0])
	if l == nil || len(l.Boxes) != 3 { // two layers, and the shared one of the image compared with
		t.Fatalf("%+v", l)
	}
	if l.Boxes[0].Class != "base" || l.Boxes[1].Class != "suspect" {
		t.Errorf("%+v", l.Boxes)
	}
	for _, f := range []*figure{f, l} {
		for _, b := range f.Boxes {
			if b.X < 0 || b.W <= 0 || b.X+b.W > f.Width || b.Y+b.H > f.Height {
				t.Errorf("%s: %+v is outside", f.Title, b)
			}
		}
		for _, x := range f.Texts {
			if x.Y > f.Height {
				t.Errorf("%s: %+v is outside", f.Title, x)
			}
		}
	}
	many := c.Images[0].Clone()
	for range 100 {
		many.Layers = append(many.Layers, inspect.Layer{Size: 1 << 62})
	}
	if layerFigure(c, many) != nil || layerFigure(c, inspect.Image{}) != nil || timelineFigure(nil) != nil {
		t.Error("a figure of nothing, or of more than has room")
	}
}

// A page is broken behind separators of long words only, and no character is lost.
func TestPieces(t *testing.T) {
	long := "/usr/lib/python3.12/site-packages/litellm_init/run.pth"
	for _, text := range []string{"", "short /a/b", long, "see " + long + " twice " + long, strings.Repeat("é/", 60)} {
		parts := pieces(text)
		if strings.Join(parts, "") != text {
			t.Errorf("%q became %q", text, parts)
		}
		if !strings.Contains(text, "/usr") && len(text) < longWord && len(parts) != 1 {
			t.Errorf("%q is cut: %q", text, parts)
		}
	}
	if len(pieces(long)) < 3 {
		t.Errorf("%q", pieces(long))
	}
}
