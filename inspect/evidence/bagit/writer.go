package bagit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// FileSum is a file of a bag with its digests in hex.
type FileSum struct {
	Name   string // below the root
	Size   int64  // bytes
	SHA256 string
	SHA512 string
}

// Writer writes files to an outlet and keeps their digests for the manifests.
// It is for one goroutine. Names are recorded in lower case, since the reader of a bag may have a file system that
// does not tell cases apart.
type Writer struct {
	ctx      context.Context
	out      Outlet
	payload  []FileSum
	tags     []FileSum
	names    map[string]bool
	bytes    int64
	progress func(inspect.Progress)
}

// NewWriter returns a writer that stops when ctx ends. progress gets the bytes written so far; nil: there is none.
func NewWriter(ctx context.Context, out Outlet, progress func(inspect.Progress)) *Writer {
	if progress == nil {
		progress = func(inspect.Progress) {}
	}
	return &Writer{ctx: ctx, out: out, names: map[string]bool{}, progress: progress}
}

// Has reports whether the bag has a file of this name, or of one that some file system takes for the same: names differ
// by more than upper and lower case (NTFS, APFS), and none is the folder of another.
func (b *Writer) Has(name string) bool {
	name = strings.ToLower(name)
	for at, r := range name {
		if r == '/' && b.names[name[:at]] {
			return true
		}
	}
	return b.names[name] || b.names[name+"/"]
}

// addName records a name and its folders, which end in a slash.
func (b *Writer) addName(name string) {
	name = strings.ToLower(name)
	b.names[name] = true
	for at, r := range name {
		if r == '/' {
			b.names[name[:at+1]] = true
		}
	}
}

// Add writes a file of exactly size bytes. A name that Has reports, or another number of bytes, is an error.
func (b *Writer) Add(name string, size int64, r io.Reader) error {
	if b.Has(name) {
		return fmt.Errorf("writing %s: the bundle has it already", name)
	}
	w, err := b.out.Create(name, size)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	h256, h512 := sha256.New(), sha512.New()
	n, err := io.Copy(io.MultiWriter(w, h256, h512), io.LimitReader(WithContext(b.ctx, r), size+1))
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil && n != size {
		err = fmt.Errorf("it has %d bytes and not %d", n, size)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	b.addName(name)
	sum := FileSum{
		Name: name, Size: size, SHA256: hex.EncodeToString(h256.Sum(nil)),
		SHA512: hex.EncodeToString(h512.Sum(nil)),
	}
	if IsPayload(name) {
		b.payload = append(b.payload, sum)
	} else {
		b.tags = append(b.tags, sum)
	}
	b.bytes += size
	b.progress(inspect.Progress{Done: b.bytes, Unit: "bytes", Text: name})
	return nil
}

// AddBytes writes a file.
func (b *Writer) AddBytes(name string, data []byte) error {
	return b.Add(name, int64(len(data)), bytes.NewReader(data))
}

// AddJSON writes a value as our results are written.
func (b *Writer) AddJSON(name string, v any) error {
	data, err := inspect.EncodeJSON(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", name, err)
	}
	return b.AddBytes(name, data)
}

// Opener opens the same bytes each time.
type Opener func() (io.ReadCloser, error)

// Measured is what a first reading of some bytes found: their number and sha256:<hex>.
type Measured struct {
	Size   int64
	Digest string
}

// Measure reads bytes once, so that they are known before they are written: the header of a tar member has their
// number, and bytes that are not their digest are written to another place.
func (b *Writer) Measure(open Opener) (Measured, error) {
	r, err := open()
	if err != nil {
		return Measured{}, err
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, WithContext(b.ctx, r))
	if err != nil {
		return Measured{}, err
	}
	return Measured{n, "sha256:" + hex.EncodeToString(h.Sum(nil))}, nil
}

// AddOpened writes bytes that were measured. Bytes that changed in between are an error: no file is published whose
// content was not checked before it was written.
// The name is one of the payload.
func (b *Writer) AddOpened(name string, m Measured, open Opener) error {
	r, err := open()
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer r.Close()
	if err := b.Add(name, m.Size, r); err != nil {
		return err
	}
	if last := b.payload[len(b.payload)-1]; "sha256:"+last.SHA256 != m.Digest {
		return fmt.Errorf("writing %s: its bytes changed while they were read", name)
	}
	return nil
}

// Oxum is the Payload-Oxum (RFC 8493, 2.2.2): the number of bytes and of files of the payload.
func (b *Writer) Oxum() (int64, int) {
	var total int64
	for _, s := range b.payload {
		total += s.Size
	}
	return total, len(b.payload)
}

// WriteManifests writes the manifests and then the tag manifests, which list the manifests too. It returns the bytes of
// tagmanifest-sha256.txt, whose digest fixes all files.
func (b *Writer) WriteManifests() ([]byte, error) {
	payload := sorted(b.payload)
	if err := b.AddBytes(Manifest256, manifestOf(payload, sum256)); err != nil {
		return nil, err
	}
	if err := b.AddBytes(Manifest512, manifestOf(payload, sum512)); err != nil {
		return nil, err
	}
	tags := sorted(b.tags)
	text := manifestOf(tags, sum256)
	if err := b.AddBytes(TagManifest256, text); err != nil {
		return nil, err
	}
	if err := b.AddBytes(TagManifest512, manifestOf(tags, sum512)); err != nil {
		return nil, err
	}
	return text, nil
}

func sorted(sums []FileSum) []FileSum {
	out := slices.Clone(sums)
	slices.SortFunc(out, func(a, b FileSum) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// All are the files of the bundle with their digests.
func (b *Writer) All() []FileSum { return append(sorted(b.payload), sorted(b.tags)...) }
