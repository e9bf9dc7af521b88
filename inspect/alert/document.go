package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/valyala/fastjson"
)

// isDocument reports JSON that is not one object a line, by what it begins with: an array of
// objects, { and a line break, or the answer of a log store. Many programs begin a line of text
// with [.
func isDocument(start []byte) bool {
	if rest, ok := bytes.CutPrefix(start, []byte("[")); ok {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		return len(rest) == 0 || rest[0] == '{' || rest[0] == ']'
	}
	if bytes.HasPrefix(start, []byte("{\n")) || bytes.HasPrefix(start, []byte("{\r")) {
		return true
	}
	dense := bytes.ReplaceAll(start, []byte(`": `), []byte(`":`))
	dense = bytes.ReplaceAll(dense, []byte(`, "`), []byte(`,"`))
	for _, answer := range answers {
		if bytes.HasPrefix(dense, answer) {
			return true
		}
	}
	return false
}

// answers are the beginnings of what log stores return: Elasticsearch and OpenSearch, CloudWatch,
// Loki, Amazon SQS, CloudWatch Logs Insights, OTLP, Datadog, PowerShell. A blank behind a colon
// counts as none.
var answers = [][]byte{
	[]byte(`{"took":`), []byte(`{"hits":`), []byte(`{"events":[`), []byte(`{"messageType":`), []byte(`{"logEvents":`),
	[]byte(`{"status":"success","data":`), []byte(`{"Records":[`), []byte(`{"results":[`), []byte(`{"resourceLogs":[`),
	[]byte(`{"data":[`), []byte(`{"value":[`),
}

// document reads whole JSON values, the elements of arrays, and the lines in the answers of log
// stores.
func (in *intake) document(r io.Reader) error {
	content, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if len(content) > maxDocument {
		content = content[:maxDocument]
		in.Notes = append(in.Notes, fmt.Sprintf(
			"only the first %d MB of the JSON document were read; one alert a line has no such limit", maxDocument>>20))
	}
	values, broken := jsonValues(content)
	var lines [][]byte
	for _, v := range values {
		lines = append(lines, linesOf(v)...)
	}
	if !in.take(lines, nil) {
		return err
	}
	if broken != nil {
		var b Batch
		in.number++
		b.broken(in.number, fmt.Errorf("the JSON document is broken or cut off: %w", broken))
		in.give(b)
	}
	return err
}

// linesOf returns the lines in the answer of a log store, or the value itself.
func linesOf(value []byte) [][]byte {
	if !slices.ContainsFunc([]string{
		`"hits"`, `vents"`, `"values"`, `"Records"`, `"results"`, `"logRecords"`, `"data"`, `"value"`,
	}, func(key string) bool { return bytes.Contains(value, []byte(key)) }) {
		return [][]byte{value}
	}
	p := parsers.Get()
	defer parsers.Put(p)
	v, err := p.ParseBytes(value)
	if err != nil {
		return [][]byte{value}
	}
	var lines [][]byte
	for _, path := range [][]string{
		{"hits", "hits"}, {"events"}, {"logEvents"}, {"Records"}, {"data"}, {"value"},
	} {
		for _, hit := range v.GetArray(path...) {
			lines = append(lines, hit.MarshalTo(nil))
		}
	}
	for _, resource := range v.GetArray("resourceLogs") { // OTLP
		for _, scope := range resource.GetArray("scopeLogs") {
			for _, record := range scope.GetArray("logRecords") {
				lines = append(lines, record.MarshalTo(nil))
			}
		}
	}
	for _, row := range v.GetArray("results") { // CloudWatch Logs Insights: pairs of field and value
		var a fastjson.Arena
		o := a.NewObject()
		for _, pair := range row.GetArray() {
			o.Set(string(pair.GetStringBytes("field")), pair.Get("value"))
		}
		lines = append(lines, o.MarshalTo(nil))
	}
	for _, stream := range v.GetArray("data", "result") { // Loki: pairs of nanoseconds and line
		for _, pair := range stream.GetArray("values") {
			var a fastjson.Arena
			o := a.NewObject()
			o.Set("timestamp", pair.Get("0"))
			o.Set("line", pair.Get("1"))
			lines = append(lines, o.MarshalTo(nil))
		}
	}
	if lines == nil {
		return [][]byte{value}
	}
	return lines
}

// jsonValues cuts content into its values and the elements of its arrays, up to where it is broken.
func jsonValues(content []byte) (values [][]byte, err error) {
	dec := json.NewDecoder(bytes.NewReader(content))
	for {
		rest := bytes.TrimLeft(content[dec.InputOffset():], " \t\r\n")
		if len(rest) == 0 {
			return values, nil
		}
		if rest[0] != '[' {
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				return values, err
			}
			values = append(values, raw)
			continue
		}
		for _, err = dec.Token(); err == nil && dec.More(); {
			var raw json.RawMessage
			if err = dec.Decode(&raw); err == nil {
				values = append(values, raw)
			}
		}
		if err == nil {
			_, err = dec.Token()
		}
		if err != nil {
			return values, err
		}
	}
}
