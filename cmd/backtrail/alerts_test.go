package main

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/alert"
)

func TestTheSameLineTwiceIsOneAlertThatCounts(t *testing.T) {
	line := `{"output":"x","priority":"Critical","rule":"R","source":"syscall","time":"2026-03-01T03:08:00Z","output_fields":{"container.id":"0123456789ab"}}`
	other := strings.Replace(line, "R", "S", 1)
	in, err := alert.Read(strings.NewReader(strings.Join([]string{line, other, line}, "\n")), alert.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := folded(in.Alerts)
	if len(got) != 2 || got[0].Rule != "R" || got[0].Count != 2 || got[1].Count != 1 {
		t.Errorf("got %d alerts, the first counts %d", len(got), got[0].Count)
	}
}
