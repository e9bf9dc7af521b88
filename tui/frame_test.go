package tui

import (
	"fmt"
	"testing"
)

func TestFrames(t *testing.T) {
	screens := []struct {
		name string
		keys []string
	}{
		{"pods", nil},
		{"overview", []string{"enter"}},
		{"layers", []string{"enter", "enter"}},
		{"signatures", []string{"enter", "3", "j", "j"}},
		{"provenance", []string{"enter", "4", "j"}},
		{"packages", []string{"enter", "5"}},
		{"binaries", []string{"enter", "6"}},
		{"timeline", []string{"enter", "7"}},
		{"reach", []string{"enter", "8"}},
		{"content", []string{"enter", "enter", "enter"}},
		{"export", []string{"enter", "x"}},
		{"exported", []string{"enter", "x", "enter"}},
		{"help", []string{"enter", "?"}},
		{"palette", []string{"enter", ":"}},
		{"known-good", []string{"enter", "K"}},
	}
	for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}, {200, 60}} {
		for _, s := range screens {
			t.Run(fmt.Sprintf("%s %dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				st := tell(t, testProgram(), size[0], size[1]).press(s.keys...)
				golden(t, fmt.Sprintf("%s_%dx%d.txt", s.name, size[0], size[1]), st.screen()+"\n")
			})
		}
	}
}
