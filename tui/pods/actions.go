package pods

import (
	"cmp"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// verbs are the commands of the screen, by their names in the table of keys.
func verbs() map[string]shell.Verb[*Screen] {
	return map[string]shell.Verb[*Screen]{
		"open":           {Why: whyNoOpen, Run: runOpen},
		"back":           {Why: whyNoBack, Run: runBack},
		"left":           {Run: runLeft},
		"right":          {Run: runRight},
		"focus":          {Run: runFocus},
		"next":           {Why: whyNoNext, Run: func(s *Screen, _ string) tea.Cmd { return s.next(1) }},
		"previous":       {Why: whyNoNext, Run: func(s *Screen, _ string) tea.Cmd { return s.next(-1) }},
		"raw":            {Why: whyNoRaw, Run: runRaw},
		"copy":           {Why: whyNoCopy, Run: runCopy},
		"copy command":   {Why: whyNoCommand, Run: runCommand},
		"sort":           {Run: runSort},
		"zoom":           {Run: runZoom},
		"again":          {Run: runAgain},
		"all namespaces": {Why: whyNoAll, Run: runAll},
		"mute rule":      {Why: whyNoMute, Run: runMute},
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

// whyNoOpen is why enter does nothing.
func whyNoOpen(s *Screen) string {
	if _, ok := s.selected(); !ok {
		return "nothing is selected"
	}
	return ""
}

// runOpen opens the pod's case, or unfolds a group. A group of one pod is its pod: enter opens the case without a
// step between.
func runOpen(s *Screen, _ string) tea.Cmd {
	r, _ := s.selected()
	if r.group() != nil {
		s.fold(r, !s.unfolded[r.id])
		return nil
	}
	return s.o.Open(*r.pod)
}

// fold shows or hides the pods of a group.
func (s *Screen) fold(r row, unfolded bool) {
	s.unfolded[r.id] = unfolded
	s.refresh()
}

// whyNoBack is why esc does nothing on this screen.
func whyNoBack(s *Screen) string {
	if s.list.Filter() == "" && s.focus == widget.RegionList {
		return "nothing to go back to; q quits"
	}
	return ""
}

// runBack clears the filter, else goes back to the list.
func runBack(s *Screen, _ string) tea.Cmd {
	if s.list.Filter() != "" {
		s.list.SetFilter("")
		return nil
	}
	s.focus = widget.RegionList
	return nil
}

// runLeft folds the group of the row, else goes to the list. From a pod of an unfolded group the cursor goes to the
// group's own row.
func runLeft(s *Screen, _ string) tea.Cmd {
	r, ok := s.selected()
	if ok && s.focus == widget.RegionList && r.of != nil && s.unfolded[r.of.id] {
		s.unfolded[r.of.id] = false
		s.refresh()
		s.list.Choose(r.of.id)
		return nil
	}
	s.focus = widget.RegionList
	return nil
}

// runRight unfolds a group, else goes to the detail.
func runRight(s *Screen, _ string) tea.Cmd {
	r, ok := s.selected()
	if ok && s.focus == widget.RegionList && r.group() != nil && !s.unfolded[r.id] {
		s.fold(r, true)
		return nil
	}
	s.focus = widget.RegionDetail
	return nil
}

// runFocus changes between list and detail.
func runFocus(s *Screen, _ string) tea.Cmd {
	if s.focus == widget.RegionList {
		s.focus = widget.RegionDetail
		return nil
	}
	s.focus = widget.RegionList
	return nil
}

// Move goes down by so many rows in the region that has the focus, or up.
func (s *Screen) Move(by int) tea.Cmd {
	if s.focus == widget.RegionDetail {
		s.detail.Move(by)
		return nil
	}
	s.list.Move(by)
	return nil
}

// Scroll goes down by so many pages of the detail, from the list too, or up; where there is none, of the list. The
// focus stays where it is, so that one reads alerts while moving in the list.
func (s *Screen) Scroll(pages int) tea.Cmd {
	if s.places.Detail.Empty() {
		s.list.Move(pages * s.Rows())
		return nil
	}
	s.detail.Move(pages * max(1, s.places.Detail.H-1))
	return nil
}

// Rows is the height of the region with the focus, without its title.
func (s *Screen) Rows() int { return max(1, s.places.Body(s.focus).H-1) }

// runZoom gives the region with the focus all of the screen, or shows the other one again.
func runZoom(s *Screen, key string) tea.Cmd {
	s.zoom = key != "_"
	return nil
}

// Click selects the row at a cell of the terminal, or gives a region the focus. Above the first row are the title
// and, on wide screens, the names of the columns.
func (s *Screen) Click(x, y int) tea.Cmd {
	switch list := s.places.List; {
	case list.Contains(x, y):
		s.focus = widget.RegionList
		s.list.MoveTo(s.list.Top + y - list.Y - headRows(s, list))
	case s.places.Detail.Contains(x, y):
		s.focus = widget.RegionDetail
	}
	return nil
}

// Filter is that of the list.
func (s *Screen) Filter() string { return s.list.Filter() }

// SetFilter filters the list. It holds for lists that come in later, and while none has come yet.
func (s *Screen) SetFilter(text string) tea.Cmd {
	s.list.SetFilter(text)
	return nil
}

// whyNoNext is why there is no next match.
func whyNoNext(s *Screen) string {
	if s.list.Filter() == "" {
		return "no filter is set; / sets one"
	}
	return ""
}

// next goes to the next row that matches the filter, around the end. It goes through all rows that are shown, as the
// filter shows matches only.
func (s *Screen) next(by int) tea.Cmd {
	if n := s.list.Len(); n > 0 {
		s.list.MoveTo(((s.list.At+by)%n + n) % n)
	}
	return nil
}

// object is what stands behind the selected row: a pod with its alerts, or those of a group.
func (s *Screen) object() any {
	r, ok := s.selected()
	switch {
	case !ok:
		return nil
	case r.pod != nil:
		return *r.pod
	default:
		return r.of.pods
	}
}

// whyNoRaw is why there is no object to show.
func whyNoRaw(s *Screen) string {
	if s.object() == nil {
		return "nothing is selected"
	}
	return ""
}

// runRaw shows the pod with its alerts as JSON.
func runRaw(s *Screen, _ string) tea.Cmd { return s.o.View(viewer.Object(s.object())) }

// whyNoCopy is why there is nothing to copy.
func whyNoCopy(s *Screen) string {
	if r, ok := s.selected(); !ok || r.late().value == "" {
		return "this row has no value"
	}
	return ""
}

// runCopy copies namespace and name of the pod, or the ID of the alert.
func runCopy(s *Screen, _ string) tea.Cmd {
	r, _ := s.selected()
	return s.copy(r.late().value)
}

// copy puts a text on the clipboard of the terminal (OSC 52).
func (s *Screen) copy(words string) tea.Cmd {
	s.shell.Info("copied: " + text.Clean(words))
	return tea.SetClipboard(words)
}

// whyNoCommand is why there is no command for the row. A group stands for several pods, and an alert that fits none
// names no pod that could be inspected by its name.
func whyNoCommand(s *Screen) string {
	if r, ok := s.selected(); !ok || r.pod == nil || r.pod.Name == "" {
		return "no pod is selected"
	}
	return ""
}

// runCommand copies the command line that inspects the pod, with every flag in force: in another terminal it must not
// end in another cluster. Its names are quoted for a shell, as a dump may name a pod as it likes.
func runCommand(s *Screen, _ string) tea.Cmd {
	r, _ := s.selected()
	target := inspect.Target{
		Kind: inspect.TargetPod, Name: "pod/" + r.pod.Name, Namespace: r.pod.Namespace,
		Context: cmp.Or(s.board.list.Context, s.o.Context),
	}
	return s.copy(s.backend.Command(&inspect.Case{Target: target}, ""))
}

// runSort sorts the pods without alerts in the next order. What is flagged keeps its own order, by priority: no order
// of a person may hide it.
func runSort(s *Screen, _ string) tea.Cmd {
	s.sort = (s.sort + 1) % len(sorts)
	s.refresh()
	s.shell.Info("pods by " + sorts[s.sort] + "; flagged ones stay first")
	return nil
}

// runAgain reads the list again. The list on screen stays until the new one is there.
func runAgain(s *Screen, _ string) tea.Cmd {
	s.shell.Info("reading the list again")
	return s.Read()
}

// whyNoAll is why there are no more namespaces to show.
func whyNoAll(s *Screen) string {
	if s.from != nil {
		return "not in a part of the list; :pods has it"
	}
	if s.o.Namespace == "" {
		return "all namespaces are shown already"
	}
	return ""
}

// runAll changes between all namespaces and the first one.
func runAll(s *Screen, _ string) tea.Cmd {
	s.all = !s.all
	text := "reading namespace " + s.o.Namespace
	if s.all {
		text = "reading all namespaces"
	}
	s.shell.Info(text)
	return s.Read()
}
