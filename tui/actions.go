package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
)

func runPane(m *Model, key string) tea.Cmd {
	m.showPane(pane(key[0] - '1'))
	return m.wantTree()
}

func runContainer(m *Model, key string) tea.Cmd {
	by := 1
	if key == "[" {
		by = -1
	}
	if v := m.viewer; v != nil {
		return m.readPart((v.at + by + len(v.parts)) % len(v.parts))
	}
	s := m.open
	names := s.subjects()
	for i, n := range names {
		if n == s.subject {
			s.subject, s.chosen = names[(i+by+len(names))%len(names)], true
			break
		}
	}
	s.tree = treeState{}
	m.changed()
	m.info("container " + s.subject)
	return m.wantTree()
}

func whyNoContainer(m *Model) string {
	switch {
	case m.viewer != nil && len(m.viewer.parts) < 2:
		return "there is one part only"
	case m.viewer == nil && len(m.open.c.Images) < 2:
		return "the case has one image only"
	default:
		return ""
	}
}

func runBrief(m *Model, _ string) tea.Cmd {
	m.info("copied the brief")
	return tea.SetClipboard(m.briefText())
}

func whyNoKnownGood(m *Model) string {
	s := m.open
	switch {
	case m.o.KnownGood == nil:
		return "a saved case is compared as it was"
	case s.running > 0:
		return "the checks still run"
	case len(s.image().Candidates) == 0:
		return "no earlier image is known; --known-good names one"
	default:
		return ""
	}
}

func runMark(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	return m.note(inspect.Note{Subject: r.mark, Mark: nextMark(m.open.marks[r.mark])})
}

func whyNoMark(m *Model) string {
	r, ok := m.row()
	switch {
	case m.o.Note == nil:
		return "notes cannot be kept here"
	case !ok || r.mark == "":
		return "this row is nothing that can be marked"
	default:
		return ""
	}
}

func runNote(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	return m.askNote(r)
}

func whyNoNote(m *Model) string {
	if m.o.Note == nil {
		return "notes cannot be kept here"
	}
	return ""
}

func runDiff(m *Model, _ string) tea.Cmd {
	s := m.open
	if s.pane == paneLayers {
		t := s.tree.tree
		e, _ := s.treeNode()
		t.Reset(!t.changed)
		s.tree.window = window{}
		m.revealIfThere(e.Path)
		return nil
	}
	s.whole = !s.whole
	s.state().stale = true
	m.refresh()
	return nil
}

// revealIfThere goes to a path that may no longer be visible.
func (m *Model) revealIfThere(path string) {
	t := m.open.tree.tree
	if at, ok := t.find(path); ok && t.wanted(at) {
		m.revealPath(path)
	}
}

func whyNoDiff(m *Model) string {
	s := m.open
	switch {
	case s.pane == paneLayers && (s.tree.tree == nil || s.tree.matched):
		return "there is no file tree on screen"
	case s.pane == paneLayers:
		return ""
	case s.pane != panePackages:
		return "only Layers and Packages can show what differs"
	case s.image().Diff == nil || s.image().Diff.Packages == nil:
		return "there is nothing to compare with yet; K chooses a known-good"
	default:
		return ""
	}
}

func runRaw(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	return m.view(partsOf(r))
}

func whyNoRaw(m *Model) string {
	r, ok := m.row()
	if !ok || len(r.raw) == 0 && r.object == nil {
		return "there is nothing behind this row"
	}
	return ""
}

// savable gives the bytes that s would save.
func (m *Model) savable() (part, string) {
	if v := m.viewer; v != nil {
		return v.parts[v.at], ""
	}
	r, ok := m.row()
	s := m.open
	if ok && s.pane == paneLayers && s.state().focus == regionDetail {
		e, _ := s.treeNode()
		parts, why := s.filePart(e)
		if why != "" {
			return part{}, why
		}
		return parts[0], ""
	}
	if parts := partsOf(r); ok && len(parts) > 0 {
		return parts[0], ""
	}
	return part{}, "there is nothing behind this row"
}

func runSave(m *Model, _ string) tea.Cmd {
	p, _ := m.savable()
	return m.askSave(p)
}

func whyNoSave(m *Model) string {
	if m.o.Save == nil {
		return "nothing can be saved here"
	}
	_, why := m.savable()
	return why
}

func runCopy(m *Model, _ string) tea.Cmd {
	value := ""
	if v := m.viewer; v != nil {
		value = v.text(v.window.at)
	} else {
		r, _ := m.row()
		value = r.value
	}
	m.info("copied: " + inspect.Clean(value))
	return tea.SetClipboard(value)
}

func whyNoCopy(m *Model) string {
	if v := m.viewer; v != nil {
		if v.Len() == 0 {
			return "there is nothing on screen"
		}
		return ""
	}
	if r, ok := m.row(); !ok || r.value == "" {
		return "this row has no value"
	}
	return ""
}

func runCommand(m *Model, _ string) tea.Cmd {
	text := ""
	if m.open != nil {
		r, _ := m.row()
		text = m.o.Command(&m.open.c, r.subject)
	} else {
		r, _ := m.row()
		pod, _ := r.object.(inspect.FlaggedPod)
		text = "backtrail inspect " + quoted("pod/"+pod.Name) + " -n " + quoted(pod.Namespace)
	}
	m.info("copied: " + inspect.Clean(text))
	return tea.SetClipboard(text)
}

// quoted makes a word safe for a shell: a saved dump may hold any name.
func quoted(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._/:@", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(inspect.Clean(s), "'", `'\''`) + "'"
}

func whyNoCommand(m *Model) string {
	if m.open != nil {
		if m.o.Command == nil {
			return "no command shows the same"
		}
		return ""
	}
	r, _ := m.row()
	if pod, ok := r.object.(inspect.FlaggedPod); !ok || pod.Name == "" {
		return "no pod is selected"
	}
	return ""
}

func runSort(m *Model, _ string) tea.Cmd {
	if m.open == nil {
		m.pods.sort = (m.pods.sort + 1) % len(podSorts)
		m.pods.refresh(m)
		m.info("pods by " + podSorts[m.pods.sort] + "; flagged ones stay first")
		return nil
	}
	st, spec := m.open.state(), m.open.pane.spec()
	st.sort = (st.sort + 1) % len(spec.sorts)
	st.stale = true
	m.refresh()
	m.info(spec.name + " by " + spec.sorts[st.sort])
	return nil
}

func whyNoSort(m *Model) string {
	if m.open != nil && len(m.open.pane.spec().sorts) < 2 {
		return "these rows have one order only"
	}
	return ""
}

// failedChecks are those that could not look: the selected row's, or all.
func (m *Model) failedChecks() []inspect.Key {
	if r, ok := m.row(); ok && len(r.retry) > 0 {
		return r.retry
	}
	var keys []inspect.Key
	for _, c := range m.open.c.Checks {
		if c.Status == inspect.Unknown && !c.Running() {
			keys = append(keys, inspect.Key{Check: c.Name, Subject: c.Subject})
		}
	}
	return keys
}

func runRetry(m *Model, _ string) tea.Cmd {
	if m.open == nil {
		m.info("reading the list again")
		return m.readPods()
	}
	if m.open.lost() && m.pods != nil {
		pod := m.open.pod
		return m.openCase(pod, func(ctx context.Context) (inspect.Source, error) { return m.o.Open(ctx, pod) })
	}
	keys := m.failedChecks()
	var names []string
	for _, k := range keys {
		names = append(names, strings.TrimSpace(k.Check+" "+k.Subject))
	}
	return m.goOn("checking again: "+strings.Join(names, ", "), func(ctx context.Context, c *inspect.Case) (inspect.Source, error) {
		return m.o.Again(ctx, c, keys)
	})
}

func whyNoRetry(m *Model) string {
	switch {
	case m.open == nil && m.o.Pods == nil:
		return "there is no list to read again"
	case m.open == nil, m.open.lost() && m.pods != nil:
		return ""
	case m.o.Again == nil:
		return "a saved case is as it was; open it with --live"
	case m.open.running > 0:
		return "the checks still run"
	case len(m.failedChecks()) == 0:
		return "no check failed to look"
	default:
		return ""
	}
}

func runAll(m *Model, _ string) tea.Cmd {
	m.pods.all = !m.pods.all
	m.info(firstOf(map[bool]string{true: "reading all namespaces"}[m.pods.all], "reading namespace "+m.o.Namespace))
	return m.readPods()
}

func whyNoAll(m *Model) string {
	if m.o.Namespace == "" {
		return "all namespaces are shown already"
	}
	return ""
}

// ruleOf is the rule that the selected row of the list is about.
func (m *Model) ruleOf() string {
	r, _ := m.row()
	for _, g := range groupPods(m.pods.list.Pods, m.pods.muted) {
		if strings.HasPrefix(r.id, g.id) {
			return g.rule
		}
	}
	if p, ok := r.object.(inspect.FlaggedPod); ok && len(p.Alerts) > 0 {
		return p.Alerts[0].Rule
	}
	return ""
}

func runMute(m *Model, _ string) tea.Cmd {
	rule := m.ruleOf()
	return m.ask("Mute a rule", "", []string{"Rule: " + rule, "Its alerts are left out of the list for this session. Why?"}, func(m *Model, reason string) tea.Cmd {
		m.pods.muted[rule] = reason
		m.pods.refresh(m)
		m.info(fmt.Sprintf("muted %q for this session", rule))
		return nil
	})
}

func whyNoMute(m *Model) string {
	if m.ruleOf() == "" {
		return "the selected row has no alert"
	}
	return ""
}

func whyNoExport(m *Model) string {
	switch {
	case m.o.Export == nil:
		return "nothing can be exported here"
	case m.looking:
		return "an export runs"
	case !m.open.began:
		return "there is nothing to export yet"
	default:
		return ""
	}
}

// runPalette lists the commands of this screen by name.
func runPalette(m *Model, _ string) tea.Cmd {
	var rows []row
	for _, c := range commands() {
		if c.on&m.here() == 0 || c.name == "commands" {
			continue
		}
		why := ""
		if c.why != nil {
			why = c.why(m)
		}
		rows = append(rows, row{
			id: c.name, find: c.name + " " + c.help, object: c,
			cells: func(w int) []cell {
				text, t := c.help, toneDim
				if why != "" {
					text, t = "not now: "+why, toneWarn
				}
				return []cell{{text: c.name, width: 15}, {text: c.show, tone: toneKey, width: 7}, {text: text, tone: t, width: -1}}
			},
		})
	}
	return m.choose("Commands", "", rows, func(m *Model, r row) tea.Cmd {
		c, _ := r.object.(command)
		key := ""
		if len(c.keys) > 0 {
			key = c.keys[0]
		}
		return m.run(c, key)
	})
}

func runHelp(m *Model, _ string) tea.Cmd {
	m.dialog = &reader{name: "Keys", lines: func(p *paint, width int) []string { return helpLines(p, width, m.here(), m.o.Version) }}
	return nil
}

func runMouse(m *Model, _ string) tea.Cmd {
	m.mouse = !m.mouse
	m.info(map[bool]string{true: "mouse on: the terminal's own selection needs shift now", false: "mouse off"}[m.mouse])
	return nil
}

func runQuit(m *Model, _ string) tea.Cmd {
	if !m.looking {
		return tea.Quit
	}
	return m.choose("An export runs", "Quit now, and the bundle is not written?", []row{
		{id: "stay", find: "stay", cells: func(int) []cell { return []cell{{text: "stay until it is done", width: -1}} }},
		{id: "quit", find: "quit", cells: func(int) []cell { return []cell{{text: "quit now", width: -1}} }},
	}, func(m *Model, r row) tea.Cmd {
		if r.id == "quit" {
			return tea.Quit
		}
		return nil
	})
}

func runFileLayer(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	return m.jump(r.subject, r.path, r.layer)
}

func whyNoFileLayer(m *Model) string {
	if r, ok := m.row(); !ok || r.path == "" || r.layer < 0 {
		return "no file whose layer is known is selected"
	}
	return ""
}

// findingsOf are the rows of the overview that are about a path.
func (m *Model) findingsOf(path string) string {
	for _, r := range overviewRows(m, m.open) {
		if r.path == path && path != "" {
			return r.id
		}
	}
	return ""
}

func runFileFindings(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	id := m.findingsOf(r.path)
	m.showPane(paneOverview)
	st := m.open.state()
	st.list.setFilter("")
	st.list.choose(id)
	st.focus = regionList
	return nil
}

func whyNoFileFindings(m *Model) string {
	if r, ok := m.row(); !ok || m.findingsOf(r.path) == "" {
		return "nothing is said about the selected row's file"
	}
	return ""
}
