package answer

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// An image that its registry lost: the answer says what is left, and is no answer.
func TestLostImage(t *testing.T) {
	i := inspect.Image{ImageHead: inspect.ImageHead{
		Container: "web", Status: inspect.Unknown, Reason: "missing-blob",
		Left: []string{"not there either: mirror/web", "node n1 still has it."},
	}}
	says := "the registry no longer has it; not there either: mirror/web; node n1 still has it"
	alert := inspect.Alert{ID: "a", Rule: "r", Match: inspect.MatchDigest, Subject: "web"}
	for name, tt := range map[string]struct {
		c    inspect.Case
		says bool
	}{
		"under an alert": {inspect.Case{Images: []inspect.Image{i}, Alerts: []inspect.Alert{alert}}, true},
		"calm":           {inspect.Case{Images: []inspect.Image{i}}, true},
		"unknown for elsewhere": {inspect.Case{Images: []inspect.Image{{ImageHead: inspect.ImageHead{
			Container: "web",
			Status:    inspect.Unknown, Reason: "missing-blob",
		}}}}, false},
	} {
		a := Answers(tt.c, nil)[0]
		if a.Status != inspect.AnswerOpen || strings.Contains(a.Text, says) != tt.says {
			t.Errorf("%s: %s %q", name, a.Status, a.Text)
		}
	}
}
