package filetree

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// node is a file of 10 bytes that a layer added; a path that ends with a slash is a directory.
func node(path string, layer int, change inspect.Change) inspect.Node {
	n := inspect.Node{
		Entry: inspect.Entry{Path: path, Type: inspect.EntryFile, Mode: 0o755, Size: 10}, Layer: layer, Change: change,
	}
	if strings.HasSuffix(path, "/") {
		n.Path, n.Type, n.Size = strings.TrimSuffix(path, "/"), inspect.EntryDir, 0
	}
	return n
}

// image is a merged tree of three layers.
func image() []inspect.Node {
	return []inspect.Node{
		node("/etc/passwd", 0, inspect.Same), node("/usr/bin/top", 2, inspect.Modified),
		node("/usr/bin/curl", 1, inspect.Added),
		node("/usr/lib/.cache/kworkerd", 2, inspect.Added), node("/var/log/old", 1, inspect.Removed),
	}
}

var merged = Key{Container: "web", Digest: "sha256:aa", Layer: pane.MergedTree}

// shown is a state with a tree that is there.
func shown(t *testing.T, nodes []inspect.Node, base map[int]bool) *State {
	t.Helper()
	s := &State{Paint: widget.NewPaint(true, true, false)}
	if !s.Ask(merged) {
		t.Fatal("the tree was not asked for")
	}
	if missing := s.Take(merged, NewFiles(nodes, base), nil); missing != "" {
		t.Fatalf("%s is missing", missing)
	}
	return s
}

// rows are those that are visible, in a width.
func rows(s *State, width int) []string {
	var all []string
	for i := range s.Len() {
		all = append(all, strings.TrimRight(ansi.Strip(s.Row(i, width, widget.LookPlain)), " "))
	}
	return all
}

// goTo moves to the row with a text.
func goTo(t *testing.T, s *State, text string) {
	t.Helper()
	at := slices.IndexFunc(rows(s, 80), func(r string) bool { return strings.Contains(r, text) })
	if at < 0 {
		t.Fatalf("%s is not visible: %q", text, rows(s, 80))
	}
	s.At = at
}

func TestDirectoriesOpenAndClose(t *testing.T) {
	s := shown(t, image(), nil)
	if got := rows(s, 20); len(got) != 3 || !strings.Contains(got[1], "▸ usr/") {
		t.Fatalf("at first: %q", got)
	}
	goTo(t, s, "usr/")
	if !s.Toggle() || !strings.Contains(strings.Join(rows(s, 40), "\n"), "▾ usr/") {
		t.Errorf("open: %q", rows(s, 40))
	}
	s.Move(1)
	s.Open()
	goTo(t, s, "curl")
	if s.Toggle() {
		t.Error("a file opens")
	}
	if !s.Close() {
		t.Error("left on a file does not go to its directory")
	}
	if e, _ := s.Selected(); e.Path != "/usr/bin" {
		t.Errorf("left on a file goes to %s", e.Path)
	}
	s.Close()
	s.Close()
	if e, _ := s.Selected(); e.Path != "/usr" {
		t.Errorf("left on a closed directory goes to %s", e.Path)
	}
	s.Close()
	if s.Close() {
		t.Error("left at the top goes somewhere")
	}
}

func TestChangesAreMarkedUpToTheTop(t *testing.T) {
	s := shown(t, image(), map[int]bool{0: true})
	s.OpenAll()
	for name, mark := range map[string]string{"usr/": "M", "curl": "A", "top": "M", "old": "D", "passwd": ""} {
		at := slices.IndexFunc(rows(s, 60), func(r string) bool { return strings.Contains(r, name) })
		if got := strings.TrimSpace(rows(s, 60)[at][:3]); got != mark {
			t.Errorf("%s is marked %q, want %q", name, got, mark)
		}
	}
	for _, c := range []struct {
		n      widget.Node
		change widget.Change
		want   string
	}{
		{widget.Node{}, widget.Added, "A"},
		{widget.Node{}, widget.Modified, "M"},
		{widget.Node{}, widget.Removed, "D"},
		{widget.Node{}, widget.Same, " "},
		{widget.Node{Dir: true, Added: 2}, widget.Same, "A"},
		{widget.Node{Dir: true, Added: 2, Gone: 1}, widget.Same, "M"},
		{widget.Node{Dir: true, Gone: 1}, widget.Same, "D"},
		{widget.Node{Dir: true, Edited: 1}, widget.Same, "M"},
	} {
		if got, _ := changeMark(c.n, c.change); got != c.want {
			t.Errorf("%+v is marked %q, want %q", c.n, got, c.want)
		}
	}
}

func TestTheBaseIsNotMarked(t *testing.T) {
	nodes := []inspect.Node{node("/etc/passwd", 0, inspect.Added), node("/app", 1, inspect.Added)}
	for name, base := range map[string]map[int]bool{"with a base": {0: true}, "without": nil} {
		s := shown(t, nodes, base)
		s.ToggleChanged()
		visible := strings.Contains(strings.Join(rows(s, 40), "\n"), "etc/")
		if visible == (base != nil) {
			t.Errorf("%s: only what changed is %q", name, rows(s, 40))
		}
		if !s.Changed() {
			t.Errorf("%s: everything is shown", name)
		}
	}
}

func TestTheCursorStaysOnItsFileWhenOnlyChangesAreShown(t *testing.T) {
	s := shown(t, image(), nil)
	s.Reveal("/usr/bin/curl")
	s.ToggleChanged()
	if e, _ := s.Selected(); e.Path != "/usr/bin/curl" {
		t.Errorf("the cursor is on %s", e.Path)
	}
	s.ToggleChanged()
	s.Reveal("/etc/passwd")
	if s.ToggleChanged(); s.At != 0 {
		t.Errorf("a file that is hidden leaves the cursor on row %d", s.At)
	}
}

func TestTheWorstFlaggedFileIsOpened(t *testing.T) {
	s := &State{Paint: widget.NewPaint(true, true, false), Flags: pane.Flags{
		"/usr/lib/.cache/kworkerd": inspect.Critical, "/usr/bin/top": inspect.High, "/etc/passwd": inspect.Low,
		"/usr": inspect.Critical,
	}}
	s.Ask(merged)
	s.Take(merged, NewFiles(image(), nil), nil)
	if e, _ := s.Selected(); e.Path != "/usr/lib/.cache/kworkerd" {
		t.Errorf("the cursor is on %s", e.Path)
	}
	all := strings.Join(rows(s, 40), "\n")
	if !strings.Contains(all, "!") || !strings.Contains(all, "top") || strings.Contains(all, "passwd") {
		t.Errorf("visible are\n%s", all)
	}
}

func TestMarksOfAPersonReplaceTheFlag(t *testing.T) {
	s := shown(t, image(), nil)
	s.Flags, s.Marks = pane.Flags{"/etc": inspect.Critical}, map[string]string{"/etc": "malicious"}
	if got := rows(s, 40)[0]; !strings.Contains(got, "M") || strings.Contains(got, "!") {
		t.Errorf("the row is %q", got)
	}
}

func TestAPathIsRevealedNowOrLater(t *testing.T) {
	s := &State{Paint: widget.NewPaint(true, true, false)}
	if !s.Reveal("/usr/bin/top") {
		t.Error("before the tree is there, a path is missing")
	}
	s.Ask(merged)
	if s.Take(merged, NewFiles(image(), nil), nil); s.At == 0 {
		t.Error("the path was forgotten")
	}
	if e, _ := s.Selected(); e.Path != "/usr/bin/top" {
		t.Errorf("the cursor is on %s", e.Path)
	}
	if s.Reveal("/no") {
		t.Error("a path that is not there is revealed")
	}
	s.Drop()
	s.Reveal("/gone")
	s.Ask(merged)
	if missing := s.Take(merged, NewFiles(image(), nil), nil); missing != "/gone" {
		t.Errorf("missing is %q", missing)
	}
}

func TestATreeIsAskedForOnce(t *testing.T) {
	s := &State{Paint: widget.NewPaint(true, true, false)}
	if s.Asked() || s.Ready() {
		t.Error("a new state has a tree")
	}
	other := Key{Container: "web", Digest: "sha256:aa", Layer: 2}
	if !s.Ask(merged) || s.Ask(merged) || !s.Ask(other) || s.Key() != other {
		t.Error("a tree is asked for twice, or another one is not")
	}
	s.Take(merged, NewFiles(image(), nil), nil)
	if s.Ready() {
		t.Error("a tree that is no longer wanted was taken")
	}
	s.Take(other, nil, errors.New("no listing"))
	if s.Ready() || s.Err == nil || s.Len() != 0 {
		t.Errorf("the error is %v", s.Err)
	}
	if _, ok := s.Selected(); ok {
		t.Error("a file is selected where there is no tree")
	}
}

func TestASearchShowsWholePaths(t *testing.T) {
	s := shown(t, image(), nil)
	find := s.Search("USR top")
	s.Match(merged, "USR top", find())
	if got := rows(s, 40); len(got) != 1 || !strings.Contains(got[0], "/usr/bin/top") || !s.Searching() {
		t.Fatalf("found %q", got)
	}
	if s.Toggle() || s.Close() {
		t.Error("a match opens or closes")
	}
	s.ClearFilter()
	if e, _ := s.Selected(); e.Path != "/usr/bin/top" || s.Filter() != "" || s.Searching() {
		t.Errorf("without the filter the cursor is on %s", e.Path)
	}
}

func TestALateSearchIsDropped(t *testing.T) {
	s := shown(t, image(), nil)
	first, second := s.Search("top"), s.Search("curl")
	s.Match(merged, "top", first())
	if s.Searching() {
		t.Error("the result of the first search is shown")
	}
	if s.Match(merged, "curl", second()); s.Len() != 1 {
		t.Errorf("found %q", rows(s, 40))
	}
	if (&State{}).Search("x") != nil {
		t.Error("without a tree there is a search")
	}
}

func TestModesAreWrittenAsByLs(t *testing.T) {
	for _, c := range []struct {
		kind inspect.EntryType
		mode uint32
		want string
	}{
		{inspect.EntryFile, 0o644, "-rw-r--r--"},
		{inspect.EntryDir, 0o755, "drwxr-xr-x"},
		{inspect.EntrySymlink, 0o777, "lrwxrwxrwx"},
		{inspect.EntryFile, 0o4755, "-rwsr-xr-x"},
		{inspect.EntryFile, 0o4644, "-rwSr--r--"},
		{inspect.EntryFile, 0o2755, "-rwxr-sr-x"},
		{inspect.EntryDir, 0o1777, "drwxrwxrwt"},
		{inspect.EntryDir, 0o1776, "drwxrwxrwT"},
		{inspect.EntryChar, 0, "c---------"},
	} {
		if got := Mode(inspect.Node{Entry: inspect.Entry{Type: c.kind, Mode: c.mode}}); got != c.want {
			t.Errorf("%s %o is %s, want %s", c.kind, c.mode, got, c.want)
		}
	}
}

func TestColumnsGoWhereThereIsNoRoom(t *testing.T) {
	link := node("/bin", 0, inspect.Same)
	link.Type, link.Link = inspect.EntrySymlink, "usr/bin"
	for width, want := range map[int]string{30: "bin → usr/bin", 40: "10 B", 60: "lrwxr-xr-x"} {
		s := shown(t, []inspect.Node{link}, nil)
		if got := rows(s, width)[0]; !strings.Contains(got, want) || ansi.StringWidth(got) > width {
			t.Errorf("in %d cells: %q, want %q", width, got, want)
		}
	}
	s := shown(t, image(), nil)
	if got := rows(s, 60)[1]; strings.Contains(got, "rwx") {
		t.Errorf("a directory that no entry names has a mode: %q", got)
	}
}

func TestADirectoryWithoutAnEntryHasNoLayer(t *testing.T) {
	s := shown(t, image(), nil)
	if e, ok := s.Selected(); !ok || e.Path != "/etc" || e.Layer != -1 || e.Type != inspect.EntryDir {
		t.Errorf("the first row is %+v", e)
	}
}
