package viewer

import (
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/shell"
)

// columns is how far left and right scroll.
const columns = 8

// verbs are the commands of the screen, by their names in the table of keys.
func verbs() map[string]shell.Verb[*Screen] {
	return map[string]shell.Verb[*Screen]{
		"open":      {Run: func(s *Screen, _ string) tea.Cmd { return s.Move(1) }},
		"left":      {Run: func(s *Screen, _ string) tea.Cmd { s.left = max(0, s.left-columns); return nil }},
		"right":     {Run: func(s *Screen, _ string) tea.Cmd { s.left += columns; return nil }},
		"focus":     {Run: func(s *Screen, _ string) tea.Cmd { s.nextForm(); return nil }},
		"next":      {Why: whyNoNext, Run: func(s *Screen, _ string) tea.Cmd { return s.next(1) }},
		"previous":  {Why: whyNoNext, Run: func(s *Screen, _ string) tea.Cmd { return s.next(-1) }},
		"container": {Why: whyNoPart, Run: runPart},
		"save":      {Run: runSave},
		"copy":      {Why: whyNoCopy, Run: runCopy},
	}
}

// Action gives a command of the screen by its name; false where the screen does not have it.
func (s *Screen) Action(name string) (shell.Action, bool) {
	v, ok := verbs()[name]
	if !ok {
		return shell.Action{}, false
	}
	return v.Bind(s), true
}

// whyNoNext is why there is no next match.
func whyNoNext(s *Screen) string {
	if s.find == "" {
		return "no filter is set; / sets one"
	}
	return ""
}

// next goes to the next line that has the text, around the end.
func (s *Screen) next(by int) tea.Cmd {
	if !s.seekText(by) {
		s.shell.Info("not found: " + s.find)
	}
	return nil
}

// whyNoPart is why there is no other part.
func whyNoPart(s *Screen) string {
	if len(s.parts) < 2 {
		return "there is only one part"
	}
	return ""
}

// runPart shows the previous or the next part, around the end.
func runPart(s *Screen, key string) tea.Cmd {
	by := 1
	if key == "[" {
		by = -1
	}
	return s.read((s.at + by + len(s.parts)) % len(s.parts))
}

// runSave asks where to save the part, all of it. The name that is proposed is ours, not that of the image: a name of
// the image may be a path, or begin with a dash.
func runSave(s *Screen, _ string) tea.Cmd {
	AskSave(s.shell, s.store, s.Part())
	return nil
}

// whyNoCopy is why there is no line to copy.
func whyNoCopy(s *Screen) string {
	if s.Len() == 0 {
		return "nothing is on screen"
	}
	return ""
}

// runCopy copies the line.
func runCopy(s *Screen, _ string) tea.Cmd {
	value := s.text(s.lines.At)
	s.shell.Info("copied: " + text.Clean(value))
	return tea.SetClipboard(value)
}
