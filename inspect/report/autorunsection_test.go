package report

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestAutorunsInAReport(t *testing.T) {
	yes, no := true, false
	i := inspect.Image{Autoruns: []inspect.Autorun{
		{Path: "/etc/cron.d/x", Kind: "cron", Command: "curl x | sh", Severity: inspect.High, Layer: 2, New: &yes},
		{Path: "/etc/profile", Kind: "profile", Severity: inspect.Info, New: &no},
		{Kind: "entrypoint", Command: "/bin/web", Severity: inspect.Medium, Layer: -1},
	}}
	s := autorunSection(i)
	var text strings.Builder
	for _, b := range s.blocks {
		text.WriteString(b.text)
		if b.table == nil {
			continue
		}
		for _, row := range b.table.rows {
			for _, c := range row {
				text.WriteString(c.text + "|")
			}
			text.WriteString("\n")
		}
	}
	for _, want := range []string{
		"3 things start by themselves; 2 shown",
		"high|cron|/etc/cron.d/x|curl x | sh||2|yes", "medium|entrypoint|image config|/bin/web|||not known",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "/etc/profile") {
		t.Error("what is as before is only counted")
	}
}
