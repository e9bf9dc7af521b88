package layer

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/backtrail/backtrail/registry"
)

// packing is how a layer is compressed. Those that are not read here are foreign forms, see foreignForm.
type packing int

const (
	plain packing = iota
	gzipped
	zstandard
)

// packingOf goes by the first bytes, as the media type beside it is only a claim. A zstd:chunked layer may begin with
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

// unpack opens a compressed stream, all of its members, within the bounds on what may come out. Errors name the
// packing, since the media type beside it may name another. zstd is decoded by one goroutine within MaxWindow: a frame
// can ask for gigabytes.
func unpack(r *bufio.Reader, how packing, room *allowance) (*unpacked, error) {
	in := &counter{r: r}
	u := &unpacked{in: in, name: "tar", end: func() {}, room: room}
	switch how {
	case gzipped:
		z, err := newGunzip(bufio.NewReaderSize(in, chunkSize))
		if err != nil {
			return nil, fmt.Errorf("unpacking gzip: %w", err)
		}
		u.r, u.name, u.end, u.behind = z, "gzip", z.close, func() int64 { return z.behind }
	case zstandard:
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(MaxWindow),
			zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, fmt.Errorf("unpacking zstd: %w", err)
		}
		u.r, u.name, u.end = z, "zstd", z.Close
	default:
		u.r = r
	}
	return u, nil
}

// gunzip unpacks the members of a gzip stream. What follows the last one and is none is left out, as gzip itself does
// it.
type gunzip struct {
	in     *bufio.Reader
	z      *gzip.Reader
	behind int64 // bytes that follow the last member
	ended  bool
}

// newGunzip reads the header of the first member. Errors: what is no gzip.
func newGunzip(in *bufio.Reader) (*gunzip, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gunzip{in: in, z: z}, nil
}

// Read joins the members, as RFC 1952, section 2.2, has it.
func (g *gunzip) Read(p []byte) (int, error) {
	for !g.ended {
		n, err := g.z.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if err := g.next(); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, io.EOF
}

// next goes on to the next member, or to the end. What does not begin as a member is not unpacked by any runtime, and
// hashed all the same: it belongs to the blob's digest.
func (g *gunzip) next() error {
	if head, _ := g.in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		if err := g.z.Reset(g.in); err != nil {
			return err
		}
		g.z.Multistream(false)
		return nil
	}
	g.ended = true
	var err error
	g.behind, err = io.Copy(io.Discard, g.in)
	return err
}

func (g *gunzip) close() { _ = g.z.Close() }

// unpacked bounds what comes out of a decompressor.
type unpacked struct {
	r      io.Reader
	in     *counter
	out    int64
	over   int64 // bytes past MaxRatio that were taken from room
	room   *allowance
	name   string
	end    func()
	behind func() int64 // bytes that follow the packed ones; nil where none may
}

// Read checks two bounds with each chunk: the bytes of one layer, and what comes out for each byte that went in. Past
// the ratio bytes are taken from the allowance of the image.
func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.out += int64(n)
	if u.out > registry.MaxLayerBytes {
		return n, &registry.LimitError{What: "unpacked layer", Limit: registry.MaxLayerBytes}
	}
	if over := u.out - registry.MaxRatio*u.in.n; u.name != "tar" && over > u.over {
		if !u.room.take(over - u.over) {
			return n, &registry.LimitError{What: "ratio of unpacked to packed bytes", Limit: registry.MaxRatio}
		}
		u.over = over
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("unpacking %s: %w", u.name, err)
	}
	return n, err
}

// Close frees the decompressor. The stream below stays open.
func (u *unpacked) Close() error {
	u.end()
	return nil
}

// note describes what is odd about how the bytes are packed.
func (u *unpacked) note() []string {
	if u.behind == nil || u.behind() == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d bytes follow the end of what is packed with %s; no runtime unpacks them",
		u.behind(), u.name)}
}

// allowance is how many bytes past MaxRatio the layers of one image may unpack to together: a single file of zeros is
// no bomb, and many layers are no way around the bound.
type allowance struct{ used atomic.Int64 }

// take reports whether n more bytes fit.
func (a *allowance) take(n int64) bool { return a.used.Add(n) <= registry.RatioFloor }

type allowanceKey struct{}

// withAllowance gives the layers that are read with a context one allowance, unless they have one.
func withAllowance(ctx context.Context) context.Context {
	if _, ok := ctx.Value(allowanceKey{}).(*allowance); ok {
		return ctx
	}
	return context.WithValue(ctx, allowanceKey{}, &allowance{})
}

// allowanceOf gives the allowance of a context, a fresh one where it has none.
func allowanceOf(ctx context.Context) *allowance {
	if a, ok := ctx.Value(allowanceKey{}).(*allowance); ok {
		return a
	}
	return &allowance{}
}

// xattrPrefix begins the PAX records that hold extended attributes, as GNU tar and all image builders write them.
const xattrPrefix = "SCHILY.xattr."

// xattrs gives the extended attributes of a member. Values that are no text are written as getfattr does: 0x and hex.
// Their number is bounded by MaxNames for the layer: a PAX header may have any number of records.
func (s *scan) xattrs(h *tar.Header) map[string]string {
	var m map[string]string
	for key, value := range h.PAXRecords {
		name, ok := strings.CutPrefix(key, xattrPrefix)
		if !ok || name == "" {
			continue
		}
		if len(name)+len(value) > MaxXattr || s.names+len(name)+len(value) > MaxNames {
			s.notes.add("the extended attribute %.40q of %q is too long and is left out", name, h.Name)
			continue
		}
		s.names += len(name) + len(value)
		if m == nil {
			m = map[string]string{}
		}
		m[name] = attributeText(value)
	}
	return m
}

// attributeText keeps values readable and terminals safe; security.capability is always binary.
func attributeText(value string) string {
	if utf8.ValidString(value) && strings.IndexFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return value
	}
	return "0x" + hex.EncodeToString([]byte(value))
}
