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
	a, err := parse(line, Limits{Line: DefaultLine, Day: day})
	if err == nil {
		a.received(line)
	}
	return a, err
}

// parse tells the forms apart and reads the line.
func parse(line []byte, limits Limits) (Alert, error) {
	if len(line) > limits.Line {
		return Alert{}, fmt.Errorf("longer than %d bytes", limits.Line)
	}
	content, written := unwrap(bytes.TrimSpace(line))
	if len(content) == 0 {
		return Alert{}, errBlank
	}
	seen := moment{at: limits.Day}
	if !written.IsZero() {
		seen = moment{at: written, near: true}
	}
	var a Alert
	var err error
	if content[0] == '{' {
		a, err = parseJSON(content, seen)
	} else {
		a, err = parseText(string(content), seen)
	}
	return a, err
}

// logHead is what log collectors put before a line: kubectl logs with --prefix and --timestamps, containerd's log files.
var logHead = regexp.MustCompile(`^(?:\[pod/[^\] ]+\] )?(?:(\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)) (?:(?:stdout|stderr) F )?)?`)

// unwrap takes the alert out of a log collector's line, with the time at which the line was written; zero if it is not
// said.
func unwrap(line []byte) ([]byte, time.Time) {
	if len(line) == 0 || line[0] == '{' && !bytes.HasPrefix(line, []byte(`{"log":`)) {
		return line, time.Time{}
	}
	if line[0] == '{' { // docker's json-file
		var wrapped struct {
			Log  string `json:"log"`
			Time string `json:"time"`
		}
		if json.Unmarshal(line, &wrapped) != nil || wrapped.Log == "" {
			return line, time.Time{}
		}
		written, _ := clock(wrapped.Time)
		return []byte(strings.TrimSpace(wrapped.Log)), written
	}
	at := logHead.FindSubmatchIndex(line)
	var written time.Time
	if at[2] >= 0 {
		written, _ = clock(string(line[at[2]:at[3]]))
	}
	return bytes.TrimSpace(line[at[1]:]), written
}
