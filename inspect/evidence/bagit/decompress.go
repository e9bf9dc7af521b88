package bagit

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory of a Zstandard decoder: frames may ask for windows of up to 2^41 bytes (RFC 8878,
// 3.1.1.1.2).
const maxWindow = 256 << 20

// Decompress unpacks gzip (RFC 1952) and zstd (RFC 8878), told apart by their magic numbers; other bytes are passed on
// as they are.
func Decompress(r io.Reader) (io.Reader, error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if n == 0 {
		return nil, fmt.Errorf("reading the magic number: %w", err)
	}
	whole := io.MultiReader(bytes.NewReader(head[:n]), r)
	switch {
	case n >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		return gzip.NewReader(whole)
	case n == 4 && string(head) == "\x28\xb5\x2f\xfd":
		zr, err := zstd.NewReader(whole, zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return zr.IOReadCloser(), nil
	default:
		return whole, nil
	}
}
