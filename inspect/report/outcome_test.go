package report

import (
	"io"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// The reason why a case is incomplete may be a registry's own text.
func TestAForeignReasonDoesNotDraw(t *testing.T) {
	c := fold(
		header(inspect.TargetImage, "registry.example/shop/web:1"),
		image("web", inspect.Verified),
		ended("layers", "web", inspect.CheckBlocked, "the registry answered \x1b[2J\u202egone"),
		inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}},
	)
	for name, write := range map[string]func(io.Writer) error{
		"plain":    func(w io.Writer) error { return Plain(w, c, Style{}) },
		"markdown": func(w io.Writer) error { return Markdown(w, c) },
		"html":     func(w io.Writer) error { return HTML(w, c) },
	} {
		out := lines(t, write)
		if strings.ContainsAny(out, "\x1b\u202e") {
			t.Errorf("%s draws: %q", name, out)
		}
		if !strings.Contains(out, "incomplete") {
			t.Errorf("%s does not show the outcome", name)
		}
	}
}
