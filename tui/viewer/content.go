package viewer

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/label"
)

const (
	// bytes that are read for looking
	maxView = 8 << 20
	// bytes of JSON that are indented for reading
	maxIndent = 2 << 20
	maxLines  = 200_000
	// bytes of a line that are drawn
	maxLine = 4096
	// bytes in a line of hex
	hexRow = 16
)

// content is bytes that were read for looking: the first maxView of them.
type content struct {
	name string
	// size: of all of it, -1 where it is not known
	size int64
	data []byte
	// text: lines, cleaned; empty where it is no text
	text []string
	// elf: its ELF headers in words; empty where it has none
	elf []string
	// note: what a reader should know: cut short, indented
	note string
}

// readPart reads bytes for looking. It runs outside of Update. A part has text, or a digest, or an entry of a layer,
// in this order.
func readPart(ctx context.Context, store Store, p Part) (*content, error) {
	switch {
	case p.Text != nil:
		return newContent(p.Name, int64(len(p.Text)), p.Text, nil), nil
	case p.Digest != "":
		return readBlob(ctx, store, p)
	default:
		return readFile(ctx, store, p)
	}
}

// readBlob reads a kept blob. Its size is only known where all of it was read.
func readBlob(ctx context.Context, store Store, p Part) (*content, error) {
	r, err := store.Blob(ctx, p.Digest)
	if err != nil {
		return nil, fmt.Errorf("opening %s %s: %w", p.Name, p.Digest, err)
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(io.LimitReader(r, maxView+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", p.Name, p.Digest, err)
	}
	size := int64(len(data))
	if size > maxView {
		data, size = data[:maxView], -1
	}
	return newContent(p.Name, size, data, bytes.NewReader(data)), nil
}

// readFile reads a file of a layer. Its ELF headers are read from the whole file, not only from what is shown. The
// size is that in the tar header, and at most maxView bytes of it are held in memory.
func readFile(ctx context.Context, store Store, p Part) (*content, error) {
	file, err := store.Open(ctx, p.DiffID, p.Entry)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", p.Entry.Path, err)
	}
	defer func() { _ = file.Close() }()
	data := make([]byte, min(file.Size(), maxView))
	n, err := file.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading %s: %w", p.Entry.Path, err)
	}
	return newContent(p.Name, file.Size(), data[:n], io.NewSectionReader(file, 0, file.Size())), nil
}

// newContent makes the lines that are drawn. It makes all lines at once, so that a frame costs only those in sight.
func newContent(name string, size int64, data []byte, whole io.ReaderAt) *content {
	c := &content{name: name, size: size, data: data}
	if size < 0 || size > int64(len(data)) {
		c.note = "the first " + label.Size(int64(len(data)))
	}
	if whole != nil && bytes.HasPrefix(data, []byte("\x7fELF")) {
		c.elf = elfLines(whole)
	}
	if !isText(data) {
		return c
	}
	text := data
	if out := indented(data); out != nil {
		text, c.note = out, strings.TrimPrefix(c.note+", JSON indented for reading", ", ")
	}
	c.text = textLines(text)
	return c
}

// isText reports whether the bytes are UTF-8 without other controls than those of a text. It looks at the first 32
// kB: a binary may begin with a text, and is then shown as one, with stand-ins for what does not draw.
func isText(data []byte) bool {
	head := data[:min(len(data), 32<<10)]
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 && len(head) > utf8.UTFMax {
			return false
		}
		if r == 0 {
			return false
		}
		head = head[n:]
	}
	return true
}

// indented is JSON indented for reading; nil where it is none, or is indented already.
func indented(data []byte) []byte {
	if len(data) > maxIndent || len(data) == 0 || data[0] != '{' && data[0] != '[' || indentedSize(data) > maxView {
		return nil
	}
	var out bytes.Buffer
	if json.Indent(&out, data, "", "  ") != nil || bytes.Equal(out.Bytes(), data) {
		return nil
	}
	return out.Bytes()
}

// indentedSize is how many bytes JSON has once it is indented, at most a little more. A line costs two bytes for each
// level that it is deep, so that 2 MB of [[[…1,1,1… would become gigabytes: encoding/json allows 10,000 levels.
func indentedSize(data []byte) int {
	size, depth, quoted := len(data), 0, false
	for at := 0; at < len(data) && size <= maxView; at++ {
		switch c := data[at]; {
		case quoted && c == '\\':
			at++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
			size += 1 + 2*depth
		case c == ',':
			size += 1 + 2*depth
		case c == '}', c == ']':
			depth = max(0, depth-1)
			size += 1 + 2*depth
		}
	}
	return size
}

// textLines are the lines of a text, cleaned and cut to a width that a terminal can take. A line is cut at maxLine
// bytes, perhaps within a character, whose bytes then have stand-ins.
func textLines(data []byte) []string {
	var lines []string
	for len(data) > 0 && len(lines) < maxLines {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		cut := ""
		if len(line) > maxLine {
			line, cut = line[:maxLine], "…"
		}
		lines = append(lines, strings.TrimSuffix(text.CleanLines(string(bytes.TrimSuffix(line, []byte("\r")))),
			"\n")+cut)
		data = rest
	}
	return lines
}

// hexLine draws sixteen bytes: offset, hex, letters. The form is that of hexdump -C.
func (c *content) hexLine(i int) string {
	from := i * hexRow
	b := c.data[from:min(len(c.data), from+hexRow)]
	pairs := hex.EncodeToString(b)
	var s strings.Builder
	fmt.Fprintf(&s, "%08x  ", from)
	for j := range hexRow {
		if 2*j < len(pairs) {
			s.WriteString(pairs[2*j:2*j+2] + " ")
		} else {
			s.WriteString("   ")
		}
		if j == hexRow/2-1 {
			s.WriteByte(' ')
		}
	}
	s.WriteByte(' ')
	for _, x := range b {
		if x < 0x20 || x >= 0x7f {
			x = '.'
		}
		s.WriteByte(x)
	}
	return s.String()
}
