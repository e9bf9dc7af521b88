package pane

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// startsItself is a case with three things that start by themselves: a new job, an old profile and the entrypoint.
func startsItself(compared bool) View {
	yes, no := true, false
	i := inspect.Image{Autoruns: []inspect.Autorun{
		{
			Path: "/etc/cron.d/x", Kind: "cron", Trigger: "starts programs by the clock", Command: "curl x | sh",
			Severity: inspect.High, Layer: 3, New: &yes, Codes: []string{"runs-download"},
			Detail: "it runs what it downloads",
		},
		{
			Path: "/etc/profile", Kind: "profile", Trigger: "is read by every shell", Command: "PATH=/bin",
			Severity: inspect.Info, New: &no, Owner: "base-files",
		},
		{
			Kind: "entrypoint", Trigger: "is started with every container", Command: "/bin/web", Severity: inspect.Info,
			Layer: -1, New: &no,
		},
	}}
	if !compared {
		for at := range i.Autoruns {
			i.Autoruns[at].New = nil
		}
	}
	i.Container = "web"
	return View{
		Case: &inspect.Case{Images: []inspect.Image{i}}, Container: "web",
		Paint: widget.NewPaint(true, true, false),
	}
}

func TestAutorunsShowWhatIsNewUnlessAllIsWanted(t *testing.T) {
	v := startsItself(true)
	if got := keys(autorunRows(v)); !slices.Equal(got, []string{"autorun:cron:/etc/cron.d/x:curl x | sh"}) {
		t.Errorf("compared: %q", got)
	}
	v.Whole = true
	if got := autorunRows(v); len(got) != 3 {
		t.Errorf("all: %q", keys(got))
	}
	if got := autorunRows(startsItself(false)); len(got) != 3 {
		t.Errorf("nothing to compare with: %q", keys(got))
	}
}

func TestAutorunsAreFoundAndSorted(t *testing.T) {
	v := startsItself(true)
	v.Whole = true
	rows := autorunRows(v)
	for _, word := range []string{"cron", "new", "curl", "runs-download", "high"} {
		if !strings.Contains(rows[0].Find(), word) {
			t.Errorf("the filter does not find %q in %q", word, rows[0].Find())
		}
	}
	v.Sort = 1
	if got := autorunRows(v)[1].ID; !strings.HasPrefix(got, "autorun:entrypoint") {
		t.Errorf("by kind: %s", got)
	}
	d := widget.NewDocument(v.Paint, 80)
	rows[0].Detail(d)
	text := strings.Join(d.Lines, "\n")
	for _, want := range []string{
		"starts programs by the clock", "curl x | sh", "no package owns it",
		"yes, since the",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("detail lacks %q:\n%s", want, text)
		}
	}
}
