package caseview

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// verbs are the commands of the screen, by their names in the table of keys. A function Why is called for each
// command on each frame, as the line of keys shows what works now: it must cost next to nothing, and change nothing.
func verbs() map[string]shell.Verb[*Screen] {
	return map[string]shell.Verb[*Screen]{
		"open":                  {Why: whyNoOpen, Run: runOpen},
		"back":                  {Why: whyNoBack, Run: runBack},
		"left":                  {Run: runLeft},
		"right":                 {Run: runRight},
		"pane":                  {Run: runPane},
		"focus":                 {Run: runFocus},
		"next":                  {Why: whyNoNext, Run: func(s *Screen, _ string) tea.Cmd { return s.next(1) }},
		"previous":              {Why: whyNoNext, Run: func(s *Screen, _ string) tea.Cmd { return s.next(-1) }},
		"skip":                  {Why: whyNoSkip, Run: runSkip},
		"export":                {Why: whyNoExport, Run: runExport},
		"container":             {Why: whyNoContainer, Run: runContainer},
		"brief":                 {Run: runBrief},
		"known-good":            {Why: whyNoKnownGood, Run: runKnownGood},
		"mark":                  {Why: whyNoMark, Run: runMark},
		"diff":                  {Why: whyNoDiff, Run: runDiff},
		"raw":                   {Why: whyNoRaw, Run: runRaw},
		"note":                  {Why: (*Screen).readOnly, Run: runNote},
		"policy":                {Why: whyNoPolicy, Run: runPolicy},
		"save":                  {Why: whyNoSave, Run: runSave},
		"copy":                  {Why: whyNoCopy, Run: runCopy},
		"copy command":          {Run: runCommand},
		"zoom":                  {Run: runZoom},
		"sort":                  {Why: whyNoSort, Run: runSort},
		"again":                 {Why: whyNoRetry, Run: runRetry},
		"all checks again":      {Why: whyNoAllAgain, Run: runAllAgain},
		"layer of file":         {Why: whyNoFileLayer, Run: runFileLayer},
		"file below":            {Why: whyNoBelow, Run: runBelow},
		"findings of file":      {Why: whyNoFileFindings, Run: runFileFindings},
		"package of file":       {Why: whyNoPackage, Run: runPackage},
		"aware":                 {Why: whyNoDeadline, Run: runAware},
		"withdraw deadline":     {Why: whyNoWithdraw, Run: runWithdraw},
		"runtime preserved":     {Why: whyNoRuntime, Run: runRuntime(inspect.RuntimeSaved)},
		"runtime not preserved": {Why: whyNoRuntime, Run: runRuntime(inspect.RuntimeGivenUp)},
		"runtime open":          {Why: whyNoRuntimeOpen, Run: runRuntime(inspect.RuntimeOpen)},
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

// readOnly is why nothing can be added to the case.
func (s *Screen) readOnly() string { return s.backend.ReadOnly() }

// runPane brings the pane with the number of the key to the screen; esc leads back.
func runPane(s *Screen, key string) tea.Cmd {
	s.visit(pane.Kind(key[0] - '1'))
	return nil
}

// whyNoContainer is why there is no other container to go to.
func whyNoContainer(s *Screen) string {
	if len(s.c.Images) < 2 {
		return "the case has only one image"
	}
	return ""
}

// runContainer goes to the previous or the next container, around the end. From then on the person's choice counts,
// also where an alert is matched to another container later. The file tree is that of the container before, and is
// dropped; filters and the row of each pane stay, where the other image has such a row.
func runContainer(s *Screen, key string) tea.Cmd {
	by := 1
	if key == "[" {
		by = -1
	}
	names := s.containers()
	for i, n := range names {
		if n == s.container {
			s.container, s.chosen = names[(i+by+len(names))%len(names)], true
			break
		}
	}
	s.tree.Drop()
	s.changed()
	s.shell.Info("container " + s.container)
	return nil
}

// whyNoDiff is why nothing can be hidden or shown: only a file tree and the packages know what differs. The switch is
// one for Packages and Autoruns, and another one for the tree.
func whyNoDiff(s *Screen) string {
	switch {
	case s.pane == pane.Layers && (!s.tree.Ready() || s.tree.Searching()):
		return "no file tree is on screen"
	case s.pane == pane.Layers:
		return ""
	case s.pane == pane.Autoruns && (s.image().Diff == nil || s.image().Diff.KnownGood == nil):
		return "nothing to compare with yet; K chooses a known-good image"
	case s.pane == pane.Autoruns:
		return ""
	case s.pane != pane.Packages:
		return "only Layers, Packages and Autoruns can show what differs"
	case s.image().Diff == nil || s.image().Diff.Packages == nil:
		return "nothing to compare with yet; K chooses a known-good image"
	default:
		return ""
	}
}

// runDiff shows only what differs, or everything.
func runDiff(s *Screen, _ string) tea.Cmd {
	if s.pane == pane.Layers {
		s.tree.ToggleChanged()
		return nil
	}
	s.whole = !s.whole
	s.state().stale = true
	s.refresh()
	return nil
}

// whyNoSort is why the rows keep their order.
func whyNoSort(s *Screen) string {
	if len(s.pane.Spec().Sorts) < 2 {
		return "no other sort here"
	}
	return ""
}

// runSort sorts the pane on screen in its next order. Each pane keeps its own. The selection stays on its row.
func runSort(s *Screen, _ string) tea.Cmd {
	st, spec := s.state(), s.pane.Spec()
	st.sort = (st.sort + 1) % len(spec.Sorts)
	st.stale = true
	s.refresh()
	s.shell.Info(spec.Name + " by " + spec.Sorts[st.sort])
	return nil
}

// whyNoOpen is why enter does nothing.
func whyNoOpen(s *Screen) string {
	if _, ok := s.row(); !ok {
		return "nothing is selected"
	}
	return ""
}

// runOpen goes where a row points: a directory, a file's bytes, the file in its layer, another pod, or the detail. A
// group whose findings name no file opens or closes; any other row without a file gives the detail the focus.
func runOpen(s *Screen, _ string) tea.Cmd {
	if s.inTree() {
		return openFile(s)
	}
	switch r, _ := s.row(); {
	case r.Heads && r.Path == "":
		group := r.Group
		setGroup(s, group, !s.opened[group])
	case r.Path != "":
		jumpTo(s, r.Container, r.Path, r.Layer)
	case r.Pod != "" && s.o.OpenPod != nil:
		namespace, name, _ := strings.Cut(r.Pod, "/")
		return s.o.OpenPod(namespace, name)
	case r.Pod != "":
		return s.copy(commandOf(s, r.Pod))
	case r.Pivot != nil && s.o.Pivot != nil:
		return s.o.Pivot(*r.Pivot)
	default:
		s.state().focus = widget.RegionDetail
	}
	return nil
}

// commandOf is the command line that opens the case of another pod, with every flag in force. It is copied where
// nothing can be opened here: a saved case has no cluster.
func commandOf(s *Screen, pod string) string {
	namespace, name, _ := strings.Cut(pod, "/")
	other := inspect.Case{Target: s.c.Target}
	other.Target.Kind, other.Target.Name, other.Target.Namespace = inspect.TargetPod, "pod/"+name, namespace
	other.Target.Container, other.Target.Workload = "", ""
	return s.backend.Command(&other, "")
}

// openFile opens or closes the selected directory, or shows the selected file. Only regular files have bytes: a link
// is a path, and a device is nothing that may be read.
func openFile(s *Screen) tea.Cmd {
	if s.tree.Toggle() {
		return nil
	}
	e, _ := s.tree.Selected()
	parts, why := filePart(s, e)
	if why != "" {
		s.shell.Info("open: " + why)
		return nil
	}
	return s.o.View(parts)
}
