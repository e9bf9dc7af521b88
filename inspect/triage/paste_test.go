package triage

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/alert"
)

// A paste has the line ends of the terminal it went through, and an object may stand on several lines.
func TestAPasteIsSplitAtEveryLineEnd(t *testing.T) {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(said("Shell", "Notice", hex64[:12], "web-0")), "", "  "); err != nil {
		t.Fatal(err)
	}
	two := []string{said("Shell", "Notice", hex64[:12], "web-0"), said("Miner", "Critical", hex64[:12], "web-0")}
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"LF": {strings.Join(two, "\n"), 2}, "CR": {strings.Join(two, "\r"), 2}, "CRLF": {strings.Join(two, "\r\n"), 2},
		"pretty-printed": {strings.ReplaceAll(pretty.String(), "\n", "\r"), 1},
	} {
		s := &AlertSources{Store: alert.NewStore(0)}
		if err := s.Paste(t.Context(), c.text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := s.Store.Summary().Alerts; got != c.want {
			t.Errorf("%s: %d alerts, want %d", name, got, c.want)
		}
	}
}
