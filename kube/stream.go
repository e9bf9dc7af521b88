package kube

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
)

// Bounds of one file of a dump, in bytes.
const (
	// maxDumpValue bounds one JSON value. etcd keeps no object of more than 1.5 MB by default.
	maxDumpValue = 32 << 20
	// maxDumpHead is how far into a file a first JSON document may start, behind warnings that kubectl printed.
	maxDumpHead = 64 << 10
	// maxTextLine is how much of a line of text is kept; the rest of a longer one is passed over.
	maxTextLine = 4 << 10
)

// stream is a file of a dump on its way to the JSON decoder. Bytes that the decoder has read ahead can be put back, so
// that text between two documents is read by lines.
// It bounds the file as a whole and each value in it: neither decides how much memory is used.
type stream struct {
	r     *bufio.Reader
	ahead []byte // put back: read before r
	left  int64  // of the bound for all files
	value int    // read since the last advance
	err   error  // why reading stopped, other than the end of the file
}

// newStream reads r as UTF-8, whatever its byte order mark, and unpacks gzip. PowerShell writes UTF-16 when the
// output of kubectl is redirected. left bounds the bytes after that.
func newStream(r io.Reader, left int64) (*stream, error) {
	b := bufio.NewReaderSize(r, maxDumpHead)
	if magic, _ := b.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("unpacking gzip: %w", err)
		}
		b = bufio.NewReaderSize(unzipped, maxDumpHead)
	}
	switch mark, _ := b.Peek(2); {
	case bytes.Equal(mark, []byte{0xff, 0xfe}), bytes.Equal(mark, []byte{0xfe, 0xff}):
		utf8 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(b)
		b = bufio.NewReaderSize(utf8, maxDumpHead)
	default:
		if mark, _ := b.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
			_, _ = b.Discard(len(byteOrderMark))
		}
	}
	return &stream{r: b, left: left}, nil
}

const byteOrderMark = "\ufeff"

// Read reads on. It fails with ErrLimit past the bound of all files, or if a value does not end; after the latter the
// stream can still be read by lines.
func (s *stream) Read(p []byte) (n int, err error) {
	if s.value > maxDumpValue {
		return 0, fmt.Errorf("one value is larger than %d MB: %w", maxDumpValue>>20, ErrLimit)
	}
	if len(s.ahead) > 0 {
		n = copy(p, s.ahead)
		s.ahead = s.ahead[n:]
	} else {
		n, err = s.r.Read(p)
		s.left -= int64(n)
	}
	s.value += n
	if s.left < 0 {
		err = fmt.Errorf("more than %d MB: %w", maxDumpBytes>>20, ErrLimit)
	}
	return n, s.failed(err)
}

// failed keeps an error that is not the end of the file.
func (s *stream) failed(err error) error {
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return err
}

// advance marks that a value was read to its end: the next one has the whole bound.
func (s *stream) advance() { s.value = 0 }

// putBack returns bytes that were read and are not used. They are copied.
func (s *stream) putBack(b []byte) {
	s.ahead = append(bytes.Clone(b), s.ahead...)
}

// line reads to the end of the line, which is left out. Of a line longer than maxTextLine only the beginning is
// returned.
func (s *stream) line() ([]byte, error) {
	var line []byte
	for {
		part, err := s.partOfLine()
		if room := maxTextLine - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		s.advance()
		switch {
		case len(part) > 0 && part[len(part)-1] == '\n', err != nil && len(line) > 0:
			return bytes.TrimRight(line, "\r\n"), nil
		case err != nil:
			return nil, err
		}
	}
}

// partOfLine reads up to a line feed, or what is buffered of a longer line. The result holds until the next read.
func (s *stream) partOfLine() ([]byte, error) {
	if len(s.ahead) > 0 {
		part := s.ahead
		if end := bytes.IndexByte(part, '\n'); end >= 0 {
			part = part[:end+1]
		}
		s.ahead = s.ahead[len(part):]
		return part, nil
	}
	part, err := s.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	if s.left -= int64(len(part)); s.left < 0 {
		err = fmt.Errorf("more than %d MB: %w", maxDumpBytes>>20, ErrLimit)
	}
	return part, s.failed(err)
}

// startsWithJSON reports whether a JSON object or list begins at the start of what follows.
func (s *stream) startsWithJSON() bool {
	next := s.ahead
	if len(next) == 0 {
		next, _ = s.r.Peek(1)
	}
	return len(next) > 0 && (next[0] == '{' || next[0] == '[')
}

// isYAML reports whether the file is to be read as YAML: it has no JSON document behind at most maxDumpHead bytes of
// warnings, or a line that only a YAML document of Kubernetes begins with comes first.
func (s *stream) isYAML() bool {
	head, _ := s.r.Peek(maxDumpHead)
	for line := range bytes.Lines(head) {
		text := bytes.TrimSpace(line)
		if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
			return false
		}
		for _, first := range []string{
			"---", "%YAML", "- ", "apiVersion:", "kind:", "metadata:", "items:", "spec:",
			"==== ",
		} {
			if bytes.HasPrefix(text, []byte(first)) {
				return first != "==== "
			}
		}
	}
	return true
}
