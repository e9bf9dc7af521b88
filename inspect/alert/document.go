package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// isDocument reports JSON that is not one object a line, by what it begins with: an array of objects, or { and a line
// break. Many programs begin a line of text with [.
func isDocument(start []byte) bool {
	if rest, ok := bytes.CutPrefix(start, []byte("[")); ok {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		return len(rest) == 0 || rest[0] == '{' || rest[0] == ']'
	}
	return bytes.HasPrefix(start, []byte("{\n")) || bytes.HasPrefix(start, []byte("{\r"))
}

// document reads whole JSON values, and the elements of arrays.
func (in *intake) document(r io.Reader) error {
	content, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if len(content) > maxDocument {
		content = content[:maxDocument]
		in.Notes = append(in.Notes, fmt.Sprintf("only the first %d MB of the JSON document were read; one alert a line has no such limit", maxDocument>>20))
	}
	values, broken := jsonValues(content)
	if !in.take(values) {
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
