package alert

import (
	"fmt"
	"strings"
	"testing"
)

// A runtime writes a long line in parts: they are one alert, and lines of the file are counted as they stand there.
func TestPartsOfALineAreJoined(t *testing.T) {
	cut := func(line string, stream string, at ...int) string {
		var b strings.Builder
		begun := 0
		for _, end := range append(at, len(line)) {
			tag := "P"
			if end == len(line) {
				tag = "F"
			}
			fmt.Fprintf(&b, "2026-03-01T08:01:02.6Z %s %s %s\n", stream, tag, line[begun:end])
			begun = end
		}
		return b.String()
	}
	for name, tt := range map[string]struct {
		file   string
		alerts int
		broken []int // lines that are no alert
	}{
		"whole":                  {cut(falcoOne, "stdout"), 1, nil},
		"in two":                 {cut(falcoOne, "stdout", 40), 1, nil},
		"in four, then another":  {cut(falcoOne, "stdout", 10, 40, 90) + cut(falcoOne, "stderr", 20), 2, nil},
		"cut in a multi-byte":    {cut(strings.Replace(falcoOne, "Error", "Error é", 1), "stdout", strings.Index(falcoOne, "Error")+7), 1, nil},
		"the last part is lost":  {strings.SplitAfter(cut(falcoOne, "stdout", 40), "\n")[0] + cut(falcoOne, "stderr"), 1, []int{1}},
		"line numbers":           {cut(falcoOne, "stdout", 10, 40) + "{broken\n", 1, []int{4}},
		"an end without a start": {"2026-03-01T08:01:02.6Z stdout F " + falcoOne[40:] + "\n" + cut(falcoOne, "stdout"), 1, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			alerts := 0
			in, err := Scan(strings.NewReader(tt.file), Limits{}, func(b Batch) bool { alerts += len(b.Alerts); return true })
			if err != nil || alerts != tt.alerts {
				t.Errorf("%d alerts, %v: %+v", alerts, err, in.Samples)
			}
			var broken []int
			for _, s := range in.Samples {
				broken = append(broken, s.Line)
			}
			if fmt.Sprint(broken) != fmt.Sprint(tt.broken) {
				t.Errorf("broken lines are %v, want %v", broken, tt.broken)
			}
		})
	}
}

// However long the parts are together, no more than one line is held.
func TestPartsAreBounded(t *testing.T) {
	part := "2026-03-01T08:01:02.6Z stdout P " + strings.Repeat("x", 10_000) + "\n"
	in, err := Scan(strings.NewReader(strings.Repeat(part, 500)+falcoOne+"\n"), Limits{Line: 64 << 10}, func(Batch) bool { return true })
	if err != nil || in.Count != 1 || in.Broken != 1 {
		t.Errorf("%+v, %v", in, err)
	}
}

// FuzzCRI: the content lies within the line.
func FuzzCRI(f *testing.F) {
	f.Add([]byte("2026-03-01T08:01:02.6Z stdout P x"))
	f.Add([]byte("2026-03-01T08:01:02.6Z stderr F:tag y"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if c := criOf(line); c.content < 0 || c.content > len(line) || (c.stream == "") != (c.content == 0) {
			t.Errorf("%q: %+v", line, c)
		}
	})
}
