package widget

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestTextIsFittedToAWidth(t *testing.T) {
	for _, c := range []struct {
		name string
		fit  func(string, int) string
		in   string
		w    int
		want string
	}{
		{"short", Fit, "ab", 4, "ab  "},
		{"exact", Fit, "abcd", 4, "abcd"},
		{"long", Fit, "abcdef", 4, "abc…"},
		{"wide cells", Fit, "日本語", 4, "日… "},
		{"no room", Fit, "abc", 0, ""},
		{"the tail", fitTail, "/usr/bin/top", 8, "…bin/top"},
		{"a tail that fits", fitTail, "top", 5, "top  "},
		{"to the right", FitRight, "7", 3, "  7"},
		{"too long for the right", FitRight, "12345", 3, "12…"},
		{"a negative width", Fit, "abc", -3, ""},
	} {
		if got := c.fit(c.in, c.w); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTextIsWrappedBetweenWords(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		w    int
		want []string
	}{
		{"fits", "one two", 10, []string{"one two"}},
		{"between words", "one two three", 8, []string{"one two", "three"}},
		{"a word that is too long", "abcdefgh ij", 3, []string{"abc", "def", "gh", "ij"}},
		{"never at a hyphen", "not-in-known-good ok", 18, []string{"not-in-known-good", "ok"}},
		{"empty", "", 5, []string{""}},
		{"no room", "abc", 0, nil},
		{"a cell wider than the line", "日", 1, []string{""}},
	} {
		if got := Wrap(c.in, c.w); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two three", 8)
	f.Add("日本語 a", 3)
	f.Fuzz(func(t *testing.T, s string, width int) {
		if width > 1000 || strings.ContainsAny(s, "\x1b\n\r\t") {
			return
		}
		for _, l := range Wrap(s, width) {
			if ansi.StringWidth(l) > max(width, 0) {
				t.Errorf("a line of %d is %q", width, l)
			}
		}
	})
}

func TestPlurals(t *testing.T) {
	for _, c := range []struct {
		n    int
		noun string
		want string
	}{
		{0, "pod", "0 pods"},
		{1, "pod", "1 pod"},
		{2, "pod", "2 pods"},
		{1, "policy", "1 policy"},
		{3, "policy", "3 policies"},
	} {
		if got := Plural(c.n, c.noun); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestBars(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{
		{0, 10, "    "},
		{10, 10, "████"},
		{5, 10, "██  "},
		{1, 1000, "▏   "},
		{11, 10, "████"},
		{5, 0, "    "},
		{-1, 10, "    "},
	} {
		if got := Bar(c.part, c.whole, 4); got != c.want {
			t.Errorf("%d of %d is %q, want %q", c.part, c.whole, got, c.want)
		}
	}
}

func TestSparklines(t *testing.T) {
	for _, c := range []struct {
		counts []int
		want   string
	}{{nil, ""}, {[]int{0, 0}, ""}, {[]int{1, 0, 8}, "▂ █"}, {[]int{4, 4}, "██"}} {
		if got := Sparkline(c.counts); got != c.want {
			t.Errorf("%v is %q, want %q", c.counts, got, c.want)
		}
	}
}

func TestWithoutUTF8OnlyLettersAreLeft(t *testing.T) {
	for in, want := range map[string]string{
		"▸ ok · done …": "> ok - done ~", "├─┤": "+-+", "日本": "????", "plain": "plain", "×3": "x3", "": "",
	} {
		got := ASCII(in)
		if got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
		if ansi.StringWidth(got) != ansi.StringWidth(in) {
			t.Errorf("%q changes its width", in)
		}
	}
}

func TestBlocks(t *testing.T) {
	if got, want := Fill([]string{"abcdef", "x"}, 3, 3), []string{"abc", "x  ", "   "}; !slices.Equal(got, want) {
		t.Errorf("filled: %q, want %q", got, want)
	}
	if got := Fill([]string{"a"}, 3, -1); len(got) != 0 {
		t.Errorf("a negative height has lines: %q", got)
	}
	if got, want := Beside([]string{"a", "b"}, []string{"c", "d"}, "|"),
		[]string{"a|c", "b|d"}; !slices.Equal(got, want) {
		t.Errorf("beside: %q, want %q", got, want)
	}
	if got := Pad("ab", 4); got != "ab  " {
		t.Errorf("padded: %q", got)
	}
}

func TestATitleFillsItsLine(t *testing.T) {
	p := NewPaint(true, false, false)
	for _, c := range []struct {
		focused bool
		width   int
		want    string
	}{{false, 8, "Pods ───"}, {true, 8, "Pods ━━━"}, {false, 3, "Po…"}, {false, 5, "Pods "}} {
		if got := ansi.Strip(p.TitleLine("Pods", c.width, c.focused)); got != c.want {
			t.Errorf("in %d cells: %q, want %q", c.width, got, c.want)
		}
	}
}

func TestAPageShowsThatThereIsMore(t *testing.T) {
	p := NewPaint(true, true, false)
	page := Page{Lines: []string{"a", "b", "c", "d"}}
	if got := plainLines(page.Draw(p, 20, 3)); !slices.Equal(got, []string{"a", "b", "… 2 more lines"}) {
		t.Errorf("the first lines: %q", got)
	}
	page.Move(1 << 20)
	if page.Fit(3); page.Top != 1 {
		t.Errorf("the last page begins at %d, want 1", page.Top)
	}
	if got := plainLines(page.Draw(p, 20, 3)); !slices.Equal(got, []string{"b", "c", "d"}) {
		t.Errorf("the last lines: %q", got)
	}
	if page.Move(-10); page.Top != 0 {
		t.Errorf("the top is %d", page.Top)
	}
	if got := page.Draw(p, 20, -1); len(got) != 0 {
		t.Errorf("a negative height has lines: %q", got)
	}
}

// plainLines are lines without colors and blanks at the end.
func plainLines(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.TrimRight(ansi.Strip(l), " ")
	}
	return out
}

// A megabyte without a blank, as an alert's output may have, is broken in one pass. Where each line looked at all that
// follows, this test would not end.
func TestAWordOfAMegabyteIsBroken(t *testing.T) {
	const size, width = 1 << 20, 64
	for name, word := range map[string]string{
		"letters":   strings.Repeat("a", size),
		"wide ones": strings.Repeat("日", size/3), "one character": "e" + strings.Repeat("\u0301", size/2),
	} {
		lines := Wrap("before "+word+" after", width)
		if !strings.Contains(strings.Join(lines, ""), word) {
			t.Errorf("%s: something of the word is lost", name)
		}
		for _, l := range lines {
			if n := ansi.StringWidth(l); n > width {
				t.Fatalf("%s: a line of %d columns", name, n)
			}
		}
	}
}

// A number that is cut reads as another one, so it is cut as a whole.
func TestANumberIsCutAsAWhole(t *testing.T) {
	for _, c := range []struct {
		name, in string
		width    int
		want     string
	}{
		{"a count", "Drop ×412 on 37 pods", 8, "Drop ×… "},
		{"a count that fits", "Drop ×412 on 37 pods", 10, "Drop ×412…"},
		{"a second number", "Drop ×412 on 37 pods", 15, "Drop ×412 on … "},
		{"a date", "2026-03-14 03:18:00Z", 10, "2026-03-… "},
		{"a digest is no number", "47dc540c94ce", 6, "47dc5…"},
		{"a word with digits", "x86_64 build", 5, "x86_…"},
		{"nothing but digits", "1234567890", 5, "1234…"},
		{"wide characters before it", "日本 ×41", 7, "日本 ×…"},
		{"no number", "abcdef", 4, "abc…"},
	} {
		if got := Fit(c.in, c.width); got != c.want || ansi.StringWidth(got) != c.width {
			t.Errorf("%s: %q in %d columns is %q, want %q", c.name, c.in, c.width, got, c.want)
		}
	}
}

func TestTheMiddleIsCutOut(t *testing.T) {
	for _, c := range []struct {
		name, in string
		width    int
		want     string
	}{
		{"it fits", "web-0", 8, "web-0   "},
		{"the name of a pod", "web-6d4cf56db6-x7k2p", 12, "web-6d…x7k2p"},
		{"an odd width", "web-6d4cf56db6-x7k2p", 9, "web-…7k2p"},
		{"wide characters", "日本語日本語日本語", 8, "日本…語 "},
		{"no room for both ends", "web-6d4cf56db6", 2, "w…"},
		{"no room", "web", 0, ""},
	} {
		if got := FitMiddle(c.in, c.width); got != c.want || ansi.StringWidth(got) != max(0, c.width) {
			t.Errorf("%s: %q in %d columns is %q, want %q", c.name, c.in, c.width, got, c.want)
		}
	}
	p := NewPaint(true, true, false)
	if got := p.Line(12, LookPlain, Cell{Text: "web-6d4cf56db6-x7k2p", Width: -1, Middle: true}); got != "web-6d…x7k2p" {
		t.Errorf("in a row it is %q", got)
	}
}
