package layer

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Open gives the content of a regular file of a layer, or of a hard link whose content the same layer holds. It can
// also be read and sought. Errors: inspect.ErrNotKept. The entry may be of a listing that was changed on the disk or
// carried by a bundle: offset and size are checked against the tar before anything is read.
func (c *Cache) Open(_ context.Context, diffID string, e inspect.Entry) (inspect.Content, error) {
	if e.Type != inspect.EntryFile && e.Type != inspect.EntryHardlink {
		return nil, fmt.Errorf("opening %s: it is a %s", e.Path, e.Type)
	}
	if e.SHA256 == "" || e.Offset == 0 {
		return nil, fmt.Errorf("opening %s: layer %s does not hold its content: %w", e.Path, diffID, inspect.ErrNotKept)
	}
	tar, err := c.handles.get(c.store, diffID)
	if err != nil {
		return nil, fmt.Errorf("opening %s in layer %s: %w", e.Path, diffID, notKept(err))
	}
	if e.Offset < 0 {
		defer c.handles.put(tar)
		return openSparse(tar.file, tar.size, e)
	}
	if e.Size < 0 || e.Offset > tar.size-e.Size {
		c.handles.put(tar)
		return nil, fmt.Errorf("opening %s in layer %s: the layer ends before it: %w", e.Path, diffID,
			inspect.ErrNotKept)
	}
	return &content{
		SectionReader: io.NewSectionReader(tar.file, e.Offset, e.Size),
		done:          func() { c.handles.put(tar) },
	}, nil
}

// content is a stretch of a layer's tar.
type content struct {
	*io.SectionReader
	once sync.Once
	done func()
}

func (c *content) Close() error {
	c.once.Do(c.done)
	return nil
}

// openSparse puts a file with holes together in memory. Its offset is -1 minus the place of its first header block.
// archive/tar fills the holes; the whole file is held, up to MaxHeld, because content is read by offset and holes have
// none. Errors: what archive/tar cannot read, and *registry.LimitError past MaxHeld.
func openSparse(f io.ReaderAt, size int64, e inspect.Entry) (inspect.Content, error) {
	start := -1 - e.Offset
	if start >= size {
		return nil, fmt.Errorf("opening %s: the layer ends before it: %w", e.Path, inspect.ErrNotKept)
	}
	if e.Size > MaxHeld {
		return nil, fmt.Errorf("opening %s: %w", e.Path, &registry.LimitError{What: "sparse file", Limit: MaxHeld})
	}
	t := tar.NewReader(io.NewSectionReader(f, start, size-start))
	if _, err := t.Next(); err != nil {
		return nil, fmt.Errorf("opening %s: %w", e.Path, err)
	}
	data, err := io.ReadAll(io.LimitReader(t, e.Size))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", e.Path, err)
	}
	return held{bytes.NewReader(data)}, nil
}

// held is content in memory.
type held struct{ *bytes.Reader }

func (h held) Size() int64 { return h.Reader.Size() }
func (held) Close() error  { return nil }
