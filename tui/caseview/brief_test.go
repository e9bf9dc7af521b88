package caseview

import "testing"

// Of a brief that does not fit the three answers are seen, and that there is more.
func TestABriefBeginsSoThatTheAnswersAreSeen(t *testing.T) {
	brief := []string{"case   c", "pod    p", "image  i", "from   a", "       b", "how in c", "missed d", "       e",
		"next   n"}
	for _, tt := range []struct {
		name   string
		brief  []string
		height int
		want   int
	}{
		{"fits", brief, 9, 0},
		{"a little too long", brief, 8, 1},
		{"much too long", brief, 4, 5},
		{"without answers", brief[:3], 2, 0},
	} {
		if got := answersFrom(tt.brief, tt.height); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
