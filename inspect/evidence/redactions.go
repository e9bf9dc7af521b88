package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/redact"
)

// redactionsFile lists what was removed: where, of which kind, and the salted digest of the original, by which
// whoever has the original can show that it is the same.
const redactionsFile = "data/redactions.jsonl"

// redactionLine is a line of data/redactions.jsonl: what was removed from a file or from an event, and the salted
// digest of the original. The salt stays on the machine of the case.
// The digest is keyed (HMAC) since a password has too few possible values for a plain hash to hide it.
type redactionLine struct {
	File      string   `json:"file,omitempty"`
	Container string   `json:"container,omitempty"`
	Where     string   `json:"where,omitempty"` // in events: kind of the fact and field
	Removed   []string `json:"removed"`         // kinds of secrets, or fields of an object
	Original  string   `json:"original"`        // hmac-sha256:…
}

// redactionLines lists the redactions of a case: those of files first, in the order of the case.
func redactionLines(c inspect.Case) ([]byte, error) {
	var lines []redactionLine
	for _, e := range c.Exhibits {
		if len(e.Redacted) > 0 {
			lines = append(lines, redactionLine{File: exhibitName(e.Path), Removed: e.Redacted, Original: e.Original})
		}
	}
	for _, r := range c.Redactions {
		lines = append(lines, redactionLine{
			Container: r.Container, Where: r.Where, Removed: []string{r.Kind},
			Original: r.Original,
		})
	}
	var text bytes.Buffer
	for _, l := range lines {
		b, err := json.Marshal(l)
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", redactionsFile, err)
		}
		text.Write(append(b, '\n'))
	}
	return text.Bytes(), nil
}

// writeRedactions writes redactionsFile, also where nothing was removed: an empty list is a statement.
func (x *export) writeRedactions() error {
	text, err := redactionLines(x.c)
	if err != nil {
		return err
	}
	return x.bag.AddBytes(redactionsFile, text)
}

// redactionsFit compares data/redactions.jsonl with the case.
func (v *reproduction) redactionsFit() {
	have, err := v.bag.files.Read(redactionsFile, MaxCase)
	if err != nil {
		v.fail("redactions", redactionsFile, "it cannot be read: %v", err)
		return
	}
	want, err := redactionLines(v.c)
	if err != nil || !bytes.Equal(have, want) {
		v.fail("redactions", redactionsFile, "it does not list the redactions of the case")
		return
	}
	v.record("redactions", redactionsFile, inspect.Verified, BasisBytes, "it lists the redactions of the case")
}

// secretsIn counts what looks like a secret in the configuration of an image, which is carried whole or not at all.
// It is a hint for the person who is about to hand the bundle on, and bounds nothing: a secret without a known name or
// form is not counted.
func secretsIn(config []byte) int {
	var c struct {
		Config struct {
			Env        []string          `json:"Env"`
			Entrypoint []string          `json:"Entrypoint"`
			Cmd        []string          `json:"Cmd"`
			Labels     map[string]string `json:"Labels"`
		} `json:"config"`
		History []struct {
			CreatedBy string `json:"created_by"`
		} `json:"history"`
	}
	if json.Unmarshal(config, &c) != nil {
		return 0
	}
	n := 0
	for _, e := range c.Config.Env {
		if clean, _ := redact.Environ([]string{e}); bytes.Contains([]byte(clean[0]), []byte(redact.Mark)) {
			n++
		}
	}
	for _, words := range [][]string{c.Config.Entrypoint, c.Config.Cmd} {
		_, found := redact.Words(words)
		n += len(found)
	}
	for name, value := range c.Config.Labels {
		_, found := redact.Named(name, value)
		n += len(found)
	}
	for _, h := range c.History {
		if clean, _ := redact.BuildStep(h.CreatedBy); bytes.Contains([]byte(clean), []byte(redact.Mark)) {
			n++
		}
	}
	return n
}

// warnOfSecrets notes that a blob which is carried whole holds secrets.
func (x *export) warnOfSecrets(l blobLine, open bagit.Opener) error {
	if l.Role != "config" || l.Size > MaxSmall {
		return nil
	}
	r, err := open()
	if err != nil {
		return fmt.Errorf("reading %s: %w", l.Digest, err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, MaxSmall))
	if err != nil {
		return fmt.Errorf("reading %s: %w", l.Digest, err)
	}
	if n := secretsIn(data); n > 0 {
		x.note("the configuration of the %s, %s, is carried whole and contains %d values that look like secrets "+
			"(--without-config leaves it out)", imageWord(l.Of), l.Digest, n)
	}
	return nil
}

// imageWord names an image in a note.
func imageWord(of string) string {
	if of == ofKnownGood {
		return "known-good image"
	}
	return "image"
}
