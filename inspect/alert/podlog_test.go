package alert

import (
	"bytes"
	"io"
	"testing"
	"time"
)

// A log is passed on line by line: what was written after a time, whole and in order, and all of it
// is an alert, broken,

// or something else that the program said.
func FuzzPodLog(f *testing.F) {
	f.Add(
		[]byte("2026-03-01T08:00:00.000000001Z "+falcoOne+"\n2026-03-01T08:00:00.000000003Z Falco version: 0.44\n"),
		int64(2),
	)
	f.Add([]byte("2026-03-01T08:00:00Z \n\n2026-03-01T08:00:01Z {\n2026-03-01T08:00:02Z "+textOne), int64(0))
	f.Add([]byte("2026-03-01T08:00:00.5+01:00 x\r\n2026-13-01T08:00:00Z x\n \x00"), int64(7))
	f.Fuzz(func(t *testing.T, log []byte, nanoseconds int64) {
		begin := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(nanoseconds))
		var want []byte
		for line := range bytes.SplitAfterSeq(log, []byte("\n")) {
			stamp, _, _ := bytes.Cut(line, []byte(" "))
			at, err := time.Parse(time.RFC3339Nano, string(stamp))
			if err != nil || len(stamp) > len(time.RFC3339Nano) || at.After(begin) {
				want = append(want, line...)
			}
		}
		filter := newLineFilter(bytes.NewReader(log), begin, 64)
		got, err := io.ReadAll(filter)
		if err != nil || !bytes.Equal(got, want) || filter.size != int64(len(log)) {
			t.Errorf("got %q, want %q, %v", got, want, err)
		}

		alerts, broken, other := 0, 0, 0
		in, err := Scan(bytes.NewReader(got), Limits{Log: true, Line: 400}, func(b Batch) bool {
			alerts, broken, other = alerts+len(b.Alerts), broken+b.Broken, other+b.Other
			return true
		})
		if err != nil || in.Count != alerts || in.Broken != broken ||
			alerts+broken+other > bytes.Count(got, []byte("\n"))+1 {
			t.Errorf("%d alerts, %d broken, %d else of %q: %+v, %v", alerts, broken, other, got, in, err)
		}
	})
}
