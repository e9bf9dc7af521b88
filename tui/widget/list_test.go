package widget

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// name is a row of a test: its key is its text.
type name string

func (n name) Key() string            { return string(n) }
func (n name) Find() string           { return string(n) }
func (n name) Cells(width int) []Cell { return []Cell{{Text: string(n), Width: -1}} }

// listOf is a list of names.
func listOf(all ...name) *List[name] {
	l := &List[name]{Paint: NewPaint(true, true, false)}
	l.Set(all)
	return l
}

// visible draws the rows of a list.
func visible(l *List[name], height int) []string {
	l.Seek(l.Len(), height)
	lines := l.Draw(l, 12, height, true)
	for i := range lines {
		lines[i] = strings.TrimRight(ansi.Strip(lines[i]), " ")
	}
	return lines
}

func TestTheFirstRowIsSelectedUntilAPersonMoves(t *testing.T) {
	l := listOf("b", "c")
	if l.Set([]name{"a", "b", "c"}); l.SelectedKey() != "a" {
		t.Errorf("a worse row came in, and selected is %s", l.SelectedKey())
	}
	l.Move(1)
	if l.Set([]name{"0", "a", "b", "c"}); l.SelectedKey() != "b" {
		t.Errorf("after a move, selected is %s, want b", l.SelectedKey())
	}
}

func TestStayKeepsTheSelectionWithoutAMove(t *testing.T) {
	l := listOf("b", "c")
	l.Stay()
	if l.Set([]name{"a", "b"}); l.SelectedKey() != "b" || !l.Moved() {
		t.Errorf("selected is %s", l.SelectedKey())
	}
}

func TestARowThatComesBackIsSelectedAgain(t *testing.T) {
	l := listOf("a", "b", "c")
	l.Move(2)
	if l.Set([]name{"a", "b"}); l.SelectedKey() != "b" {
		t.Errorf("while the row is away, selected is %s", l.SelectedKey())
	}
	if l.Set([]name{"a", "b", "c"}); l.SelectedKey() != "c" {
		t.Errorf("the row is back, and selected is %s", l.SelectedKey())
	}
	l.Set([]name{"a", "b"})
	l.Move(-1)
	if l.Set([]name{"a", "b", "c"}); l.SelectedKey() != "a" {
		t.Errorf("the person has moved meanwhile, and selected is %s", l.SelectedKey())
	}
}

func TestTheFilterTakesWordsInAnyOrder(t *testing.T) {
	for filter, want := range map[string]int{"": 3, "web": 2, "SHOP web": 2, "web 2": 1, "none": 0, "  ": 3} {
		l := listOf("shop/web-1", "shop/web-2", "shop/cart")
		if l.SetFilter(filter); l.Len() != want || l.Size() != 3 || l.Filter() != filter {
			t.Errorf("%q leaves %d of %d rows, want %d", filter, l.Len(), l.Size(), want)
		}
	}
}

func TestTheSelectionSurvivesAFilterThatItMatches(t *testing.T) {
	l := listOf("web-1", "cart", "web-2")
	l.MoveTo(2)
	if l.SetFilter("web"); l.SelectedKey() != "web-2" {
		t.Errorf("selected is %s", l.SelectedKey())
	}
	if l.SetFilter(""); l.SelectedKey() != "web-2" {
		t.Errorf("without the filter, selected is %s", l.SelectedKey())
	}
}

func TestAnEmptyListSelectsNothing(t *testing.T) {
	l := listOf()
	l.Move(5)
	if _, ok := l.Selected(); ok || l.SelectedKey() != "" || l.Choose("x") {
		t.Error("an empty list has a selection")
	}
	if got := visible(l, 3); len(got) != 0 {
		t.Errorf("drawn %q", got)
	}
}

func TestMovesEndAtTheEnds(t *testing.T) {
	l := listOf("a", "b", "c")
	for by, want := range map[int]string{-1 << 30: "a", 1 << 30: "c"} {
		if l.Move(by); l.SelectedKey() != want {
			t.Errorf("moving by %d selects %s, want %s", by, l.SelectedKey(), want)
		}
	}
}

func TestChooseSelectsByKeyOrByWhatARowIs(t *testing.T) {
	l := listOf("a", "bb", "c")
	if !l.Choose("c") || l.SelectedKey() != "c" {
		t.Errorf("selected is %s", l.SelectedKey())
	}
	if !l.ChooseFunc(func(n name) bool { return len(n) == 2 }) || l.SelectedKey() != "bb" {
		t.Errorf("selected is %s", l.SelectedKey())
	}
	if l.Choose("no") || l.SelectedKey() != "bb" {
		t.Errorf("a key that is not there selects %s", l.SelectedKey())
	}
}

func TestFollowKeepsTheHeightOnScreen(t *testing.T) {
	l := listOf("a", "b", "c", "d", "e", "f")
	l.MoveTo(3)
	visible(l, 3)
	height := l.At - l.Top
	l.Follow("e")
	if l.SelectedKey() != "e" || l.At-l.Top != height {
		t.Errorf("selected is %s, %d rows below the top, want %d", l.SelectedKey(), l.At-l.Top, height)
	}
}

func TestOnlyVisibleRowsAreDrawn(t *testing.T) {
	l := listOf("a", "b", "c", "d")
	l.Mark = func(n name) string {
		if n == "c" {
			return "M"
		}
		return ""
	}
	if got, want := visible(l, 2), []string{"▸  a", "   b"}; !slices.Equal(got, want) {
		t.Errorf("at the top: %q, want %q", got, want)
	}
	l.Move(2)
	if got, want := visible(l, 2), []string{"   b", "▸M c"}; !slices.Equal(got, want) {
		t.Errorf("scrolled: %q, want %q", got, want)
	}
}

func TestDrawingChangesNothing(t *testing.T) {
	l := listOf("a", "b", "c", "d")
	l.Move(3)
	before := l.Window
	l.Draw(l, 10, 2, true)
	if l.Window != before {
		t.Errorf("the window was %v and is %v", before, l.Window)
	}
}

func TestAWindowKeepsItsRowInSight(t *testing.T) {
	for _, c := range []struct {
		name           string
		w              Window
		length, height int
		want           Window
	}{
		{"fits", Window{At: 1}, 3, 5, Window{At: 1}},
		{"below the end", Window{At: 9, Top: 9}, 3, 5, Window{At: 2}},
		{"above the top", Window{At: 1, Top: 3}, 9, 4, Window{At: 1, Top: 1}},
		{"below the last line", Window{At: 8}, 20, 4, Window{At: 8, Top: 5}},
		{"nothing to show", Window{At: 4, Top: 2}, 0, 4, Window{}},
		{"no room", Window{At: 4}, 9, 0, Window{At: 4, Top: 5}},
	} {
		if c.w.Seek(c.length, c.height); c.w != c.want {
			t.Errorf("%s: %v, want %v", c.name, c.w, c.want)
		}
	}
}
