package layer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/registry"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// packing is how a layer is compressed.
type packing int

const (
	plain packing = iota
	gzipped
	zstandard
)

// packingOf tells by the first bytes, as the media type beside it is only a claim. A zstd:chunked layer may begin with
// a skippable frame.
func packingOf(r *bufio.Reader) packing {
	head, _ := r.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzipped
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstandard
	case len(head) == 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18}):
		return zstandard
	}
	return plain
}

// unpack opens a compressed stream, all of its members, within the bounds on what may come out.
func unpack(r *bufio.Reader, how packing) (io.ReadCloser, error) {
	in := &counter{r: r}
	switch how {
	case gzipped:
		z, err := gzip.NewReader(bufio.NewReaderSize(in, chunkSize))
		if err != nil {
			return nil, fmt.Errorf("unpacking gzip: %w", err)
		}
		return &unpacked{r: z, in: in, name: "gzip", end: func() { _ = z.Close() }}, nil
	case zstandard:
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(MaxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, fmt.Errorf("unpacking zstd: %w", err)
		}
		return &unpacked{r: z, in: in, name: "zstd", end: z.Close}, nil
	default:
		return &unpacked{r: r, in: in, name: "tar", end: func() {}}, nil
	}
}

// unpacked bounds what comes out of a decompressor.
type unpacked struct {
	r    io.Reader
	in   *counter
	out  int64
	name string
	end  func()
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.out += int64(n)
	if u.out > registry.MaxLayerBytes {
		return n, &registry.LimitError{What: "unpacked layer", Limit: registry.MaxLayerBytes}
	}
	if u.out > registry.RatioFloor && u.name != "tar" && u.out > registry.MaxRatio*u.in.n {
		return n, &registry.LimitError{What: "ratio of unpacked to packed bytes", Limit: registry.MaxRatio}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("unpacking %s: %w", u.name, err)
	}
	return n, err
}

func (u *unpacked) Close() error {
	u.end()
	return nil
}
