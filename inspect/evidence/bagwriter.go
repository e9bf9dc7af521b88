package evidence

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

// fileSum is a file of a bundle with its digests in hex.
type fileSum struct {
	name   string
	size   int64
	sha256 string
	sha512 string
}

// bagWriter writes files and keeps their digests for the manifests.
type bagWriter struct {
	ctx      context.Context
	out      outlet
	payload  []fileSum
	tags     []fileSum
	names    map[string]bool
	bytes    int64
	progress func(inspect.Progress)
}

func newBagWriter(ctx context.Context, out outlet, progress func(inspect.Progress)) *bagWriter {
	if progress == nil {
		progress = func(inspect.Progress) {}
	}
	return &bagWriter{ctx: ctx, out: out, names: map[string]bool{}, progress: progress}
}

// has says that the bundle holds a file of this name already, or one that some system takes for the same: names differ
// by more than upper and lower case, and none is the folder of another.
func (b *bagWriter) has(name string) bool {
	name = strings.ToLower(name)
	for at, r := range name {
		if r == '/' && b.names[name[:at]] {
			return true
		}
	}
	return b.names[name] || b.names[name+"/"]
}

// take remembers a name and its folders.
func (b *bagWriter) take(name string) {
	name = strings.ToLower(name)
	b.names[name] = true
	for at, r := range name {
		if r == '/' {
			b.names[name[:at+1]] = true
		}
	}
}

// add writes a file of exactly size bytes.
func (b *bagWriter) add(name string, size int64, r io.Reader) error {
	if b.has(name) {
		return fmt.Errorf("writing %s: the bundle has it already", name)
	}
	w, err := b.out.create(name, size)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	h256, h512 := sha256.New(), sha512.New()
	n, err := io.Copy(io.MultiWriter(w, h256, h512), io.LimitReader(contextReader{b.ctx, r}, size+1))
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil && n != size {
		err = fmt.Errorf("it has %d bytes and not %d", n, size)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	b.take(name)
	sum := fileSum{name: name, size: size, sha256: hex.EncodeToString(h256.Sum(nil)),
		sha512: hex.EncodeToString(h512.Sum(nil))}
	if isPayload(name) {
		b.payload = append(b.payload, sum)
	} else {
		b.tags = append(b.tags, sum)
	}
	b.bytes += size
	b.progress(inspect.Progress{Done: b.bytes, Unit: "bytes", Text: name})
	return nil
}

func (b *bagWriter) addBytes(name string, data []byte) error {
	return b.add(name, int64(len(data)), bytes.NewReader(data))
}

// addJSON writes a value as our results are written.
func (b *bagWriter) addJSON(name string, v any) error {
	data, err := inspect.EncodeJSON(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", name, err)
	}
	return b.addBytes(name, data)
}

// opener gives the same bytes each time.
type opener func() (io.ReadCloser, error)

// measured is what a first reading of some bytes found.
type measured struct {
	size   int64
	digest string
}

// measure reads bytes once, so that they are known before they are written: a tar has to say how many come, and what
// is not its digest goes to another place.
func (b *bagWriter) measure(open opener) (measured, error) {
	r, err := open()
	if err != nil {
		return measured{}, err
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, contextReader{b.ctx, r})
	if err != nil {
		return measured{}, err
	}
	return measured{n, "sha256:" + hex.EncodeToString(h.Sum(nil))}, nil
}

// addOpened writes bytes that were measured. Bytes that changed in between end the export: a bundle never holds what
// was not looked at.
func (b *bagWriter) addOpened(name string, m measured, open opener) error {
	r, err := open()
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer r.Close()
	if err := b.add(name, m.size, r); err != nil {
		return err
	}
	if last := b.payload[len(b.payload)-1]; "sha256:"+last.sha256 != m.digest {
		return fmt.Errorf("writing %s: its bytes changed while they were read", name)
	}
	return nil
}

// oxum is RFC 8493's Payload-Oxum: bytes and files.
func (b *bagWriter) oxum() (int64, int) {
	var total int64
	for _, s := range b.payload {
		total += s.size
	}
	return total, len(b.payload)
}

// seal writes the manifests and then the tag manifests, and gives the bytes of tagmanifest-sha256.txt.
func (b *bagWriter) seal() ([]byte, error) {
	payload := sorted(b.payload)
	if err := b.addBytes(manifest256, manifestOf(payload, sum256)); err != nil {
		return nil, err
	}
	if err := b.addBytes(manifest512, manifestOf(payload, sum512)); err != nil {
		return nil, err
	}
	tags := sorted(b.tags)
	text := manifestOf(tags, sum256)
	if err := b.addBytes(tagManifest256, text); err != nil {
		return nil, err
	}
	if err := b.addBytes(tagManifest512, manifestOf(tags, sum512)); err != nil {
		return nil, err
	}
	return text, nil
}

func sorted(sums []fileSum) []fileSum {
	out := slices.Clone(sums)
	slices.SortFunc(out, func(a, b fileSum) int { return strings.Compare(a.name, b.name) })
	return out
}

// all are the files of the bundle with their digests.
func (b *bagWriter) all() []fileSum { return append(sorted(b.payload), sorted(b.tags)...) }
