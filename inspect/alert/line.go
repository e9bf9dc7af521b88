package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	errBlank   = errors.New("blank")
	errNoAlert = errors.New("no alert of a known form")
)

// ParseLine reads one alert. day is as in Limits. A line that is no alert is an error.
func ParseLine(line []byte, day time.Time) (Alert, error) {
	return parse(line, Limits{Line: DefaultLine, Day: day})
}

// parse tells the forms apart and reads the line.
func parse(line []byte, limits Limits) (Alert, error) {
	if len(line) > limits.Line {
		return Alert{}, fmt.Errorf("longer than %d bytes", limits.Line)
	}
	content := unwrap(bytes.TrimSpace(line))
	if len(content) == 0 {
		return Alert{}, errBlank
	}
	var a Alert
	var err error
	if content[0] == '{' {
		a, err = parseJSON(content, limits.Day)
	} else {
		a, err = parseText(string(content), limits.Day)
	}
	if err != nil {
		return Alert{}, err
	}
	a.received(string(line))
	return a, nil
}

// logHead is what log collectors put before a line: kubectl logs --prefix, containerd's log files.
var logHead = regexp.MustCompile(`^(\[pod/[^\] ]+\] )?(\S+ (stdout|stderr) F )?`)

// unwrap takes the alert out of a log collector's line.
func unwrap(line []byte) []byte {
	if len(line) == 0 || line[0] == '{' && !bytes.HasPrefix(line, []byte(`{"log":`)) {
		return line
	}
	if line[0] == '{' { // docker's json-file
		var wrapped struct {
			Log string `json:"log"`
		}
		if json.Unmarshal(line, &wrapped) != nil || wrapped.Log == "" {
			return line
		}
		return []byte(strings.TrimSpace(wrapped.Log))
	}
	return bytes.TrimSpace(line[len(logHead.Find(line)):])
}

// event is a line of JSON, of Falco or of Tetragon.
type event struct {
	falcoEvent
	tetragonEvent
	Time text `json:"time"`
}

func parseJSON(line []byte, day time.Time) (Alert, error) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		return Alert{}, fmt.Errorf("no JSON: %w", err)
	}
	if process := e.process(); process != nil {
		return e.tetragonEvent.alert(*process, string(e.Time)), nil
	}
	if e.empty() {
		return Alert{}, errNoAlert
	}
	return e.falcoEvent.alert(string(e.Time), day), nil
}
