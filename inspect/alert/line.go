package alert

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// Reasons why a line is not an alert. They end up in notices that a person reads.
var (
	errBlank   = errors.New("blank")
	errNoAlert = errors.New("not an alert of a known form")
	// errOther is what a sensor writes besides alerts: flows, statistics, events that no rule
	// matched.
	errOther = errors.New("an event that is not an alert")
)

// ParseLine reads one alert. day is as in Limits. A line that is not an alert is an error.
func ParseLine(line []byte, day time.Time) (Alert, error) {
	a, err := parse(line, Limits{Line: DefaultLine, Day: day})
	if err == nil {
		a.received(line)
	}
	return a, err
}

// parse reads a line of any form.
func parse(line []byte, limits Limits) (Alert, error) {
	if len(line) > limits.Line {
		return Alert{}, fmt.Errorf("longer than %d bytes", limits.Line)
	}
	return parseContent(line, moment{at: limits.Day}, 0)
}

// parseContent reads a line that may be in an envelope; depth is how many there were around it.
func parseContent(line []byte, seen moment, depth int) (Alert, error) {
	content, seen := unwrap(line, seen)
	switch {
	case len(content) == 0:
		return Alert{}, errBlank
	case depth > maxEnvelopes:
		return Alert{}, errNoAlert
	case content[0] == '{':
		return parseJSON(closed(content), seen, depth)
	default:
		return parseText(string(content), seen)
	}
}

// closed cuts off what follows an object where lines are the elements of a list: a comma, the end of
// fluent-bit's list.
func closed(line []byte) []byte {
	if rest := bytes.TrimRight(line, "], \t"); len(rest) > 0 && rest[len(rest)-1] == '}' {
		return rest
	}
	return line
}
