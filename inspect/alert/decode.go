package alert

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// maxDecoded bounds what a compressed file may become, in bytes.
const maxDecoded = maxFile

// errCompressed is a compression that is not read here.
var errCompressed = errors.New("decompress it first")

// compressions are recognized by their first bytes.
var compressions = []struct {
	name  string
	magic []byte
}{
	{"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}},
	{"xz", []byte{0xfd, '7', 'z', 'X', 'Z', 0}},
	{"bzip2", []byte("BZh")},
	{"zip", []byte{'P', 'K', 3, 4}},
}

// decode returns r as plain UTF-8: rotated logs are compressed with gzip, and PowerShell 5.1 writes
// UTF-16 with a byte order mark.
func decode(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	start, err := peekSome(b)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(start, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("decompressing gzip: %w", err)
		}
		b = bufio.NewReader(&bounded{r: z, left: maxDecoded})
		if start, err = peekSome(b); err != nil {
			return nil, err
		}
	}
	for _, c := range compressions {
		if bytes.HasPrefix(start, c.magic) {
			return nil, fmt.Errorf("compressed with %s: %w", c.name, errCompressed)
		}
	}
	if bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff}) {
		return transform.NewReader(b, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), nil
	}
	return b, nil
}

// peekSome returns the first bytes without waiting for more than have come; none at the end.
func peekSome(b *bufio.Reader) ([]byte, error) {
	if _, err := b.Peek(1); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	start, _ := b.Peek(min(b.Buffered(), 16))
	return start, nil
}

// errExpanded is a compressed file that is larger than maxDecoded.
var errExpanded = fmt.Errorf("decompressed it is larger than %d GB: the rest was not read", maxDecoded>>30)

// bounded reads at most so many bytes, and names the format in errors.
type bounded struct {
	r    io.Reader
	left int64
}

// Read reads from the decompressor.
func (d *bounded) Read(p []byte) (int, error) {
	if d.left <= 0 {
		return 0, errExpanded
	}
	n, err := d.r.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("decompressing gzip: %w", err)
	}
	return n, err
}
