package kube

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestCutterCutsValues(t *testing.T) {
	for _, tt := range []struct {
		input string
		want  []string
	}{
		{`{"a":[1,{"b":"}]\""}]} [] "x\\" 12 true null`, []string{`{"a":[1,{"b":"}]\""}]}`, `[]`, `"x\\"`, `12`, `true`, `null`}},
		{" \n\t{}\r\n", []string{`{}`}},
		{`1`, []string{`1`}},
	} {
		for name, r := range map[string]io.Reader{"at once": strings.NewReader(tt.input), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.input))} {
			c := newCutter(r)
			for _, want := range tt.want {
				if got, err := c.value(); err != nil || string(got) != want {
					t.Errorf("%s, %s: got %q, %v; want %q", tt.input, name, got, err, want)
				}
			}
			if _, err := c.value(); !errors.Is(err, io.EOF) {
				t.Errorf("%s, %s: behind the last value: %v", tt.input, name, err)
			}
		}
	}
}

func TestCutterStops(t *testing.T) {
	for _, input := range []string{`{"a":`, `"x`, `"x\"`, `[[]`, `,`, `]`, `:`} {
		if got, err := newCutter(strings.NewReader(input)).value(); err == nil {
			t.Errorf("%s: got %q", input, got)
		}
	}
	huge := io.MultiReader(strings.NewReader(`"`), &endless{})
	if _, err := newCutter(huge).value(); !errors.Is(err, ErrLimit) {
		t.Errorf("a value without an end: %v", err)
	}
}

// endless is a string that does not end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// What encoding/json takes for values the cutter cuts in the same places.
func FuzzCutter(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"}]\""}]} [] "x\\" 12`))
	f.Add([]byte("1 2\n3"))
	f.Fuzz(func(t *testing.T, input []byte) {
		dec := json.NewDecoder(bytes.NewReader(input))
		c := newCutter(iotest.HalfReader(bytes.NewReader(input)))
		for {
			var want json.RawMessage
			if dec.Decode(&want) != nil {
				return
			}
			if last := want[len(want)-1]; last != '}' && last != ']' && last != '"' && dec.InputOffset() < int64(len(input)) &&
				!bytes.ContainsRune([]byte(" \t\r\n,:{}[]\""), rune(input[dec.InputOffset()])) {
				return // 1a is a number and an error behind it, or one word
			}
			if got, err := c.value(); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("got %q, %v; want %q", got, err, want)
			}
		}
	})
}
