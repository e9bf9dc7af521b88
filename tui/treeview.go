package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
)

// treeState is the file tree beside the layers.
type treeState struct {
	window
	key     treeKey // that is shown, or was asked for
	tree    *fileTree
	asked   bool
	err     error
	reveal  string // path to go to once the tree is there
	filter  string
	matches []int32 // with a filter: a flat list of what fits
	matched bool    // the matches are there
}

// keptTrees would make memory grow with each look: one tree is kept, and read again from the store when it is needed.

// treeWanted is the key of the tree that the selected layer stands for.
func (s *caseScreen) treeWanted() (treeKey, bool) {
	i := s.image()
	r, ok := s.panes[paneLayers].list.selected()
	if !ok || i.Subject == "" || r.layer < MergedTree || r.id != "merged" && r.layer < 0 {
		return treeKey{}, false
	}
	key := treeKey{i.Subject, i.Key(), r.layer}
	for _, l := range i.Layers {
		if !l.Empty && l.Status != inspect.Verified && (r.layer == MergedTree || l.Number == r.layer) {
			return treeKey{}, false
		}
	}
	return key, true
}

// wantTree asks for the tree of the selected layer, if the layers pane is on screen and its bytes are there.
func (m *Model) wantTree() tea.Cmd {
	s := m.open
	if s == nil || s.pane != paneLayers || m.o.Tree == nil {
		return nil
	}
	key, ok := s.treeWanted()
	if !ok {
		if s.tree.asked {
			s.tree = treeState{reveal: s.tree.reveal}
		}
		return nil
	}
	if s.tree.asked && s.tree.key == key {
		return nil
	}
	s.tree = treeState{key: key, asked: true, reveal: s.tree.reveal}
	image, ctx, gen := s.image(), s.ctx, s.gen
	return work(func() tea.Msg {
		nodes, err := m.o.Tree(ctx, image, key.layer)
		if err != nil {
			return treeMsg{gen: gen, key: key, err: err}
		}
		return treeMsg{gen: gen, key: key, tree: newFileTree(nodes)}
	})
}

// whyNoTree says which layers have no listing that was proven, and why.
func (s *caseScreen) whyNoTree(d *document, selected row) {
	if len(s.image().Layers) == 0 {
		d.say(toneDim, "…")
		return
	}
	for _, l := range s.image().Layers {
		if !l.Empty && l.Status != inspect.Verified && (selected.layer == MergedTree || l.Number == selected.layer) {
			d.status(l.Status, fmt.Sprintf("layer %d has no files to show", l.Number), firstOf(strings.TrimSpace(l.Reason+" "+l.Detail), "it is still being read …"))
		}
	}
}

func (m *Model) treeCame(msg treeMsg) tea.Cmd {
	s := m.open
	if s == nil || s.gen != msg.gen || s.tree.key != msg.key {
		return nil
	}
	s.tree.tree, s.tree.err = msg.tree, msg.err
	if msg.err != nil {
		return nil
	}
	if s.tree.reveal != "" {
		m.revealPath(s.tree.reveal)
		return nil
	}
	s.openFlagged()
	return nil
}

// openFlagged opens what leads to the files that something is said about, as long as that stays readable.
func (s *caseScreen) openFlagged() {
	const most = 8
	t := s.tree.tree
	n := 0
	for path, severity := range s.flagged {
		if at, ok := t.find(path); !ok || t.nodes[at].dir || severity.Rank() > inspect.High.Rank() {
			continue
		}
		if n++; n > most {
			return
		}
		t.Reveal(path)
	}
}

// revealPath goes to a path in the tree, now or as soon as the tree is there.
func (m *Model) revealPath(path string) {
	s := m.open
	s.tree.reveal = path
	if s.tree.tree == nil {
		return
	}
	s.tree.reveal = ""
	s.tree.filter, s.tree.matched = "", false
	if row := s.tree.tree.Reveal(path); row >= 0 {
		s.tree.at = row
		return
	}
	m.info(inspect.Clean(path) + " is not in this tree")
}

// jump goes from a row to its file: the merged image's tree, or the layer's where the merged one no longer has it.
func (m *Model) jump(subject, path string, layer int) tea.Cmd {
	s := m.open
	if subject != "" && subject != s.subject {
		s.subject, s.chosen = subject, true
		m.changed()
	}
	m.showPane(paneLayers)
	st := s.state()
	st.list.setFilter("")
	st.focus = regionDetail
	if layer < 0 || !st.list.chooseLayer(layer) {
		st.list.choose("merged")
	}
	cmd := m.wantTree()
	m.revealPath(path)
	return cmd
}

func (l *list) chooseLayer(n int) bool {
	for i, at := range l.shown {
		if l.all[at].layer == n && l.all[at].id != "merged" {
			l.at, l.moved = i, true
			return true
		}
	}
	return false
}

// findFlagged collects the paths that something is said about, and the directories above them, with the worst severity.
func (s *caseScreen) findFlagged() {
	s.flagged, s.marks = map[string]inspect.Severity{}, map[string]string{}
	i := s.image()
	for _, b := range i.Binaries {
		s.flag(b.Path, b.Severity)
	}
	for _, a := range i.Altered {
		s.flag(a.Path, a.Severity)
	}
	for _, a := range s.c.Alerts {
		if p := imagePath(a.File); p != "" && (a.Subject == s.subject || a.Subject == "") {
			s.flag(p, inspect.Critical)
		}
	}
	for _, f := range s.c.Findings {
		if subject, p := findingPlace(s, f); p != "" && (subject == s.subject || subject == "") {
			s.flag(p, f.Severity)
		}
	}
	for _, n := range s.c.Notes {
		if n.Mark != "" {
			s.marks[n.Subject] = n.Mark
		}
	}
}

func (s *caseScreen) flag(path string, severity inspect.Severity) {
	for path != "" && path != "/" {
		if old, ok := s.flagged[path]; ok && old.Rank() <= severity.Rank() {
			return
		}
		s.flagged[path] = severity
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
	}
}

// treeRows draws the tree, or the flat list of what a filter found.
type treeRows struct {
	m *Model
	s *caseScreen
}

func (t treeRows) Len() int {
	if t.s.tree.matched {
		return len(t.s.tree.matches)
	}
	if t.s.tree.tree == nil {
		return 0
	}
	return len(t.s.tree.tree.visible)
}

// node gives the node of a row.
func (t treeRows) node(i int) int32 {
	if t.s.tree.matched {
		return t.s.tree.matches[i]
	}
	return t.s.tree.tree.visible[i]
}

func (t treeRows) Row(i, width int, l look) string {
	tree := t.s.tree.tree
	at := t.node(i)
	n := &tree.nodes[at]
	e := tree.entry(at)
	pointer := " "
	if l != lookPlain {
		pointer = "▸"
	}
	mark, markTone := changeMark(n, e)
	flag := cell{text: " ", width: 1}
	if sev, ok := t.s.flagged[n.path]; ok && sev.Rank() <= inspect.Medium.Rank() {
		flag = cell{text: "!", tone: severityTone(sev), width: 1}
	}
	if m := t.s.marks[n.path]; m != "" {
		flag.text = markSign(m)
	}
	name := cell{text: t.name(at, n, e), width: -1, tone: nameTone(n, e, flag.tone)}
	cells := []cell{{text: pointer, tone: toneKey, width: 1}, {text: mark, tone: markTone, width: 1}, flag, name}
	if width >= 50 {
		cells = append(cells, cell{text: treeMode(n, e), tone: toneDim, width: 10})
	}
	if width >= 36 {
		cells = append(cells, cell{text: bytesText(n.size), tone: toneDim, width: 9, right: true})
	}
	if t.s.tree.key.layer == MergedTree {
		cells = append(cells, cell{text: layerText(e.Layer), tone: toneNote, width: 3, right: true})
	}
	return t.m.p.line(width, l, cells...)
}

// name is the last part of the path, indented by its depth; in a flat list the whole path.
func (t treeRows) name(at int32, n *fileNode, e inspect.Node) string {
	link := ""
	if e.Link != "" {
		link = " → " + e.Link
	}
	if t.s.tree.matched {
		return n.path + link
	}
	name := n.path[strings.LastIndexByte(n.path, '/')+1:]
	sign := "  "
	switch {
	case n.dir && t.s.tree.tree.open[at]:
		sign, name = "▾ ", name+"/"
	case n.dir:
		sign, name = "▸ ", name+"/"
	}
	return blanks(2*int(min(n.depth, 40))) + sign + name + link
}

func nameTone(n *fileNode, e inspect.Node, flag tone) tone {
	switch {
	case flag != tonePlain && !n.dir:
		return flag
	case e.Type == inspect.EntryWhiteout || e.Change == inspect.Removed:
		return toneDim
	case n.dir:
		return toneBold
	default:
		return tonePlain
	}
}

// changeMark is A, M or D; for a directory what happened below it.
func changeMark(n *fileNode, e inspect.Node) (string, tone) {
	switch {
	case e.Change == inspect.Removed || n.dir && n.gone > 0 && n.added+n.edited == 0:
		return "D", toneBad
	case e.Change == inspect.Modified || n.dir && n.edited+n.gone > 0:
		return "M", toneWarn
	case e.Change == inspect.Added || n.added > 0:
		return "A", toneGood
	default:
		return " ", tonePlain
	}
}

// treeMode is blank for a directory that no entry names.
func treeMode(n *fileNode, e inspect.Node) string {
	if n.src < 0 {
		return ""
	}
	return modeText(e)
}

// modeText writes mode bits as ls does.
func modeText(e inspect.Node) string {
	kind := map[inspect.EntryType]string{inspect.EntryDir: "d", inspect.EntrySymlink: "l", inspect.EntryChar: "c", inspect.EntryBlock: "b", inspect.EntryFIFO: "p"}[e.Type]
	b := []byte(firstOf(kind, "-") + "rwxrwxrwx")
	for i := range 9 {
		if e.Mode&(1<<(8-i)) == 0 {
			b[i+1] = '-'
		}
	}
	for bit, at := range map[uint32]int{0o4000: 3, 0o2000: 6, 0o1000: 9} {
		if e.Mode&bit == 0 {
			continue
		}
		c := byte('s')
		if bit == 0o1000 {
			c = 't'
		}
		if b[at] != 'x' {
			c -= 'a' - 'A'
		}
		b[at] = c
	}
	return string(b)
}

// treeNode gives the entry that is selected in the tree.
func (s *caseScreen) treeNode() (inspect.Node, bool) {
	t := treeRows{s: s}
	if s.tree.at < 0 || s.tree.at >= t.Len() {
		return inspect.Node{}, false
	}
	return s.tree.tree.entry(t.node(s.tree.at)), true
}

// fileDetail says all that is known of the selected file: its layer, package, findings.
func (m *Model) fileDetail(d *document) {
	s := m.open
	e, ok := s.treeNode()
	if !ok {
		return
	}
	d.say(toneBold, e.Path)
	i := s.image()
	for _, b := range i.Binaries {
		if b.Path == e.Path {
			d.status(b.Status, severityWord(b.Severity), b.Detail)
		}
	}
	for _, a := range i.Altered {
		if a.Path == e.Path {
			d.status(a.Status, severityWord(a.Severity), "not what "+a.Package+" says: "+a.Detail)
		}
	}
	facts := []string{string(e.Type), modeText(e), fmt.Sprintf("%d:%d", e.UID, e.GID), bytesText(e.Size)}
	if e.Kind != "" {
		facts = append(facts, string(e.Kind))
	}
	if e.Layer >= 0 {
		facts = append(facts, fmt.Sprintf("layer %d, %s", e.Layer, firstOf(string(e.Change), "unchanged")))
	}
	d.say(tonePlain, strings.Join(facts, "  "))
	if step := stepOf(i, e.Layer); step != "" {
		d.field("step", buildStep(step))
	}
	if e.SHA256 != "" {
		d.field("sha256", e.SHA256)
	}
	for _, name := range sortedKeys(e.Xattrs) {
		d.field("xattr", name)
	}
	alertsOn(d, s, e.Path)
	notesOn(d, s, e.Path)
}
