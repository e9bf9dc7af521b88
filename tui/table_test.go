package tui

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/tui/shell"
)

func TestAKeyHasOneMeaning(t *testing.T) {
	seen := map[string]string{}
	for _, c := range commands() {
		for _, k := range c.keys {
			if other, ok := seen[k]; ok {
				t.Errorf("%s is the key of %s and of %s", k, other, c.name)
			}
			seen[k] = c.name
		}
		if len(c.keys) > 0 && c.show == "" || c.help == "" || c.on == 0 {
			t.Errorf("%s is not complete", c.name)
		}
	}
}

// Every key in the bottom line works, on every screen and pane.
func TestTheBottomLineHoldsNoDeadKeys(t *testing.T) {
	for _, keys := range [][]string{
		{},
		{"enter"},
		{"enter", "2", "tab"},
		{"enter", "3"},
		{"enter", "4"},
		{"enter", "5"},
		{"enter", "6"},
		{"enter", "7"},
		{"enter", "8"},
		{"enter", "enter", "enter"},
	} {
		for _, c := range commands() {
			s := tell(t, testProgram(), 200, 40).press(keys...)
			if !c.bar || c.on&s.m.top().Scope() == 0 {
				continue
			}
			listed := strings.Contains(s.screen()[strings.LastIndex(strings.TrimRight(s.screen(), "\n"), "\n"):],
				c.show+" "+c.name)
			enabled := s.m.action(c).Why() == ""
			if listed && !enabled {
				t.Errorf("after %v the bottom line offers %s, which is disabled", keys, c.name)
			}
			before := s.m.View()
			s.press(c.keys[len(c.keys)-1])
			if enabled && s.m.View().Content == before.Content && s.copied == "" && c.name != "pane" &&
				c.name != "again" {
				t.Errorf("after %v the key of %s does nothing", keys, c.name)
			}
		}
	}
}

func TestHelpAndPaletteListTheTable(t *testing.T) {
	s := tell(t, testProgram(), 200, 90)
	help := s.press("?").screen()
	s.press("esc")
	palette := s.press(":").screen()
	for _, c := range commands() {
		if c.on&shell.InPods == 0 {
			continue
		}
		if c.show != "" && !strings.Contains(help, strings.TrimSpace(c.show)) {
			t.Errorf("help does not list %s", c.name)
		}
		listed := strings.Contains(palette, "│    "+c.name+" ") || strings.Contains(palette, "│ ▸  "+c.name+" ")
		if c.name != "commands" && listed == moves(c.name) {
			t.Errorf("the palette lists %s: %v", c.name, !moves(c.name))
		}
	}
}

// The name decides before the description, and nobody quits by a slip.
func TestThePaletteRanksNames(t *testing.T) {
	for typed, want := range map[string]string{
		"pod": "pods", "po": "pods", "ns": "ns", "ns shop": "ns", "q": "quit", "quit": "quit", "sig": "signatures",
		"layers": "layers", "blast": "blast radius", "exp": "export", "h": "help", "note": "note",
		"prov": "provenance", "aware now nis2": "aware", "ctx prod": "ctx", "cases": "cases",
	} {
		s := tell(t, testProgram(), 120, 40)
		if typed[:1] != "n" || typed == "note" {
			s.press("enter")
		}
		s.press(":").write(typed)
		first := ""
		for l := range strings.Lines(s.screen()) {
			if _, row, ok := strings.Cut(l, "│ ▸  "); ok {
				first = strings.TrimSpace(strings.Split(row, "  ")[0])
			}
		}
		if first != want {
			t.Errorf("%q finds %q first, want %q:\n%s", typed, first, want, s.screen())
		}
	}
	for _, typed := range []string{"u", "it", "qt", "leave", "asks only"} {
		if s := tell(t, testProgram(), 120, 40).press("enter", ":").write(typed).press("enter"); s.quit {
			t.Errorf("%q quits", typed)
		}
	}
}

// A pane is one command away by its name, and the list of pods from anywhere.
func TestThePaletteGoesToPlaces(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", ":").write("packages").press("enter").sees("Packages of web")
	s.press(":").write("po").press("enter").sees("Pods · alerts")
	s.press(":").write("ns monitoring").press("enter").sees("agent").seesNot("cart-0")
	if s.press(":").write("ctx staging").press("enter"); s.copied != "backtrail --context staging" {
		t.Errorf("copied %q", s.copied)
	}
}

// Of the regions one can have all of the screen, the detail scrolls from the list, and a page is what is visible.
func TestZoomAndPages(t *testing.T) {
	s := tell(t, testProgram(), 80, 24).press("enter", "3", "j", "j")
	before := s.selected()
	if s.press("pgdown"); s.selected() != before || s.m.top().Rows() < 5 {
		t.Errorf("a page down from the list selects %q instead of %q", s.selected(), before)
	}
	s.seesNot("✗ failed: the signature is of another image").press("pgup").sees("✗ failed: the signature is of another image")
	s.press("tab", "+").sees("Detail", "✗ subject").seesNot("Signatures and stores")
	s.press("_").sees("Signatures and stores")
	s.press("+", "esc").sees("Signatures and stores")
}

// esc walks back through the places that a person was at, each with its selected row.
func TestEscWalksBack(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter", "6", "j")
	row := s.selected()
	s.press("7", "8", "esc").sees("Timeline (UTC)").press("esc").sees("Unexpected, altered, missing")
	if s.selected() != row {
		t.Errorf("back is row %q, want %q", s.selected(), row)
	}
	s.press("7", "6", "esc").sees("Findings by cause").press("esc").sees("Pods · alerts")
}

func TestLettersStandForSignsWithoutUTF8(t *testing.T) {
	o := testProgram()
	o.ASCII, o.NoColor = true, true
	s := tell(t, o, 120, 40).press("enter")
	for _, k := range []string{"1", "2", "tab", "3", "j", "4", "5", "6", "7", "8", "?", "esc", "x"} {
		s.press(k)
		for _, r := range s.screen() {
			if r > 0x7e {
				t.Fatalf("after %s the screen holds %q", k, r)
			}
		}
	}
	s.press("esc", "3")
	golden(t, "ascii_120x40.txt", s.screen()+"\n")
}

func TestNoColorHasNoColours(t *testing.T) {
	o := testProgram()
	o.NoColor = true
	s := tell(t, o, 120, 40).press("enter")
	for _, part := range strings.Split(s.m.View().Content, "\x1b[")[1:] {
		codes, _, _ := strings.Cut(part, "m")
		for _, c := range strings.Split(codes, ";") {
			if c != "" && c != "0" && c != "1" && c != "7" && c != "27" && c != "22" {
				t.Fatalf("a sequence is %q", codes)
			}
		}
	}
}

func TestColouredFrames(t *testing.T) {
	for name, theme := range map[string]Theme{"dark": ThemeDark, "light": ThemeLight} {
		o := testProgram()
		o.Theme = theme
		s := tell(t, o, 100, 30).press("enter")
		golden(t, "colour_"+name+"_100x30.txt", s.m.View().Content+"\n")
	}
}

func TestTheCleanCase(t *testing.T) {
	o := testProgram()
	o.source, o.readOnly = sourceOf(cleanEvents()), "read-only: opened bundle"
	s := tell(t, o, 80, 24)
	golden(t, "clean_overview_80x24.txt", s.screen()+"\n")
	golden(t, "clean_signatures_80x24.txt", s.press("3").screen()+"\n")
	s.press("1", "esc").sees("esc back: nothing to go back to; q quits")
}

func TestTheEnvironmentIsApplied(t *testing.T) {
	for _, c := range []struct {
		env            map[string]string
		noColor, ascii bool
	}{
		{map[string]string{"TERM": "xterm-256color", "LANG": "de_DE.UTF-8"}, false, false},
		{map[string]string{"NO_COLOR": "no", "LANG": "C.UTF-8"}, true, false},
		{map[string]string{"NO_COLOR": ""}, false, false},
		{map[string]string{"TERM": "dumb"}, true, true},
		{map[string]string{"TERM": "linux", "LANG": "C.utf8"}, false, true},
		{map[string]string{"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, false, true},
	} {
		o := applyEnv(Options{}, func(name string) string { return c.env[name] })
		if o.NoColor != c.noColor || o.ASCII != c.ascii {
			t.Errorf("%v: no colour %v, letters %v", c.env, o.NoColor, o.ASCII)
		}
	}
}
