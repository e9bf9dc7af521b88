package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// cuts are the bounds, from step to step, of the texts (in bytes) and lists of a fact that does not fit a line. Of any
// fact of ours the first is enough; the others are for what an image may hold: a configuration of eight megabytes
// (registry.MaxConfig) whose every byte JSON writes in six.
var cuts = []struct{ text, items int }{{64 << 10, 10_000}, {4 << 10, inspect.PackageBatch}, {256, 100}}

// encode gives the line of an entry without its break. A fact that does not fit MaxLine is cut until it does: a line
// that is longer could be written and never be read again, so that an image could keep its own case from being
// reopened or exported. The entry is given as it was written, and whether something of it was cut.
func encode(e inspect.Event) (written inspect.Event, line []byte, cut bool, err error) {
	line, err = json.Marshal(e)
	for _, bound := range cuts {
		if err != nil || len(line) <= MaxLine {
			break
		}
		cut = true
		e.Fact = rewriter{text: shortened(bound.text), items: bound.items}.fact(e.Fact)
		line, err = json.Marshal(e)
	}
	if err == nil && len(line) > MaxLine {
		err = fmt.Errorf("it has %d bytes, more than %d", len(line), MaxLine)
	}
	if err != nil {
		return e, nil, cut, fmt.Errorf("encoding entry %d: %w", e.Seq, err)
	}
	return e, line, cut, nil
}

// shortened cuts texts of more than some bytes, and marks where.
func shortened(limit int) func(string, string) (string, bool) {
	return func(_, s string) (string, bool) {
		if len(s) <= limit {
			return s, false
		}
		return strings.ToValidUTF8(s[:limit], "") + "…", true
	}
}

// cutNotice is what is recorded behind a fact that was cut: whoever reads the case must know.
func cutNotice(e inspect.Event) inspect.Notice {
	about := "the case"
	if e.Container != "" {
		about = "container " + text.Clean(e.Container)
	}
	return inspect.Notice{
		Level: "error", Code: inspect.NoticeCut,
		Text: fmt.Sprintf("a fact of kind %s about %s was longer than %d bytes; its longest "+
			"texts and lists were cut", e.Fact.FactKind(), about, MaxLine),
	}
}

// Follows reports whether an entry is one that the ledger itself records behind a fact: a redaction, or the notice that
// the fact was cut.
func Follows(e inspect.Event) bool {
	switch f := e.Fact.(type) {
	case inspect.Redaction:
		return true
	case inspect.Notice:
		return f.Code == inspect.NoticeCut
	default:
		return false
	}
}

// hashLine is the digest of a line without its break.
func hashLine(line []byte) string {
	sum := sha256.Sum256(line)
	return "sha256:" + hex.EncodeToString(sum[:])
}
