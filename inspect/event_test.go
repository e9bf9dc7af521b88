package inspect

import (
	"encoding/json"
	"strings"
	"testing"
)

// Whatever an event holds, its line has no character that draws on a terminal, and reads as the same event.
func TestLinesOfEventsAreClean(t *testing.T) {
	const mark = "\x1b]8;;x\x07\u202e\u009b5n\u200b\u2066\x7f"
	e := Event{Seq: 1, Check: mark, Fact: Notice{Level: "info", Text: mark}}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string(b), mark[:1]+"\x07\u202e\u009b\u200b\u2066\x7f") {
		t.Errorf("the line is %q", b)
	}
	var back Event
	if err := json.Unmarshal(b, &back); err != nil || back.Check != mark || back.Fact.(Notice).Text != mark {
		t.Errorf("read back as %+v, %v", back, err)
	}
}
