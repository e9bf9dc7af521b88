package bagit

import (
	"fmt"
	"strings"
	"testing"
)

func TestInfoLabels(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"A: 1\nB: 2\n":        {"A": "1", "B": "2"},
		"A: 1\r\nB:2\r\n":     {"A": "1", "B": "2"},
		"A: one\n  two\nB: 3": {"A": "one two", "B": "3"},
		"A: first\nA: second": {"A": "first"},
		"A: b: c":             {"A": "b: c"},
		"":                    {},
	} {
		got, err := ParseInfo([]byte(text))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q gave %v, %v", text, got, err)
		}
	}
	if _, err := ParseInfo([]byte("A: 1\nno label\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("%v", err)
	}
}
