package owner

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/registry"
)

// SQLite keeps changes beside a database until they are merged into it: pages that were written in NAME-wal, pages as
// they were before in NAME-journal (https://www.sqlite.org/fileformat2.html, 3 and 4). Whoever opens the database has
// them merged. Without them, what is read here is another list of packages than the one that rpm sees.

// Sizes of the write-ahead log, and its first four bytes, of which the last bit gives the byte order of its checksums.
const (
	walHeader = 32
	walFrame  = 24
	walMagic  = 0x377f0682
)

// walked is a database with the pages of its write-ahead log in place.
type walked struct {
	inspect.Content                  // the database itself
	log             inspect.Content  // the write-ahead log
	page            int64            // size of a page
	at              map[uint32]int64 // where the newest content of a page begins in the log, by number from 1
	size            int64
}

// SQLiteContent gives a database as SQLite reads it: with what its write-ahead log has committed. c is the database's
// own content, which a result other than c closes. gap is in words what could not be applied: a rollback journal.
// Errors: *registry.LimitError, and those of the store.
func SQLiteContent(ctx context.Context, t *layer.Tree, n *inspect.Node, c inspect.Content) (
	whole inspect.Content, gap string, err error,
) {
	if journal := t.Resolve(n.Path + "-journal"); journal != nil && layer.IsRegular(journal) && journal.Size > 0 {
		hot, err := isHot(ctx, t, journal)
		if err != nil {
			return c, "", err
		}
		if hot {
			gap = journal.Path + " is of a change that was not finished, and SQLite would undo it: the list of " +
				"packages may be another"
		}
	}
	log := t.Resolve(n.Path + "-wal")
	if log == nil || !layer.IsRegular(log) || log.Size == 0 {
		return c, gap, nil
	}
	if log.Size > MaxRPM {
		return c, gap, &registry.LimitError{What: "write-ahead log " + log.Path, Limit: MaxRPM}
	}
	l, err := t.Open(ctx, log)
	if err != nil {
		return c, gap, fmt.Errorf("opening %s: %w", log.Path, err)
	}
	w, err := openWAL(ctx, c, l)
	if err != nil || w == nil {
		_ = l.Close()
		return c, gap, err
	}
	return w, gap, nil
}

// isHot reports whether a rollback journal is still to be played back: SQLite overwrites the beginning of one that is
// done with zeros, or cuts it off.
func isHot(ctx context.Context, t *layer.Tree, n *inspect.Node) (bool, error) {
	c, err := t.Open(ctx, n)
	if err != nil {
		return false, fmt.Errorf("opening %s: %w", n.Path, err)
	}
	defer c.Close()
	first := make([]byte, 1)
	if read, err := c.ReadAt(first, 0); read < 1 {
		return false, fmt.Errorf("reading %s: %w", n.Path, err)
	}
	return first[0] != 0, nil
}

// openWAL finds the pages that a log has committed. Frames count up to the last one that ends a transaction, and none
// after the first whose salt or checksum is wrong: SQLite takes those for remains of an earlier log. nil where the log
// has nothing for the database, as SQLite would find.
func openWAL(ctx context.Context, db, log inspect.Content) (*walked, error) {
	head := make([]byte, walHeader)
	if n, _ := log.ReadAt(head, 0); n < len(head) {
		return nil, nil
	}
	be := binary.BigEndian
	magic, size := be.Uint32(head), int64(be.Uint32(head[8:]))
	order := binary.ByteOrder(binary.LittleEndian)
	if magic&1 == 1 {
		order = be
	}
	sum := walSum{}.add(order, head[:24])
	if magic&^1 != walMagic || size < 512 || size > 65536 || size&(size-1) != 0 || sum != walSumOf(head[24:]) {
		return nil, nil
	}
	w := &walked{Content: db, log: log, page: size, at: map[uint32]int64{}}
	pending := map[uint32]int64{}
	frame := make([]byte, walFrame+size)
	for at := int64(walHeader); at+int64(len(frame)) <= log.Size(); at += int64(len(frame)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if n, err := log.ReadAt(frame, at); n < len(frame) {
			return nil, fmt.Errorf("reading a write-ahead log: %w", err)
		}
		sum = sum.add(order, frame[:8]).add(order, frame[walFrame:])
		if string(frame[8:16]) != string(head[16:24]) || sum != walSumOf(frame[16:24]) || be.Uint32(frame) == 0 {
			break
		}
		pending[be.Uint32(frame)] = at + walFrame
		if pages := be.Uint32(frame[4:]); pages > 0 { // the frame ends a transaction
			for number, place := range pending {
				w.at[number] = place
			}
			clear(pending)
			w.size = int64(pages) * size
		}
	}
	if len(w.at) == 0 {
		return nil, nil
	}
	return w, nil
}

// walSum is the running checksum of a log: two sums over pairs of 32-bit words (section 4.2 of the format).
type walSum struct{ first, second uint32 }

// add continues the checksum over data, whose length is a multiple of eight bytes.
func (s walSum) add(order binary.ByteOrder, data []byte) walSum {
	for ; len(data) >= 8; data = data[8:] {
		s.first += order.Uint32(data) + s.second
		s.second += order.Uint32(data[4:]) + s.first
	}
	return s
}

// walSumOf reads a checksum as the log has it.
func walSumOf(b []byte) walSum {
	return walSum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// Size is the size that the database has after the last transaction of the log.
func (w *walked) Size() int64 { return w.size }

// Close closes database and log.
func (w *walked) Close() error {
	err := w.Content.Close()
	if logErr := w.log.Close(); err == nil {
		err = logErr
	}
	return err
}

// ReadAt reads page by page: from the log what it has, the rest from the database. A page that neither has is an
// io.ErrUnexpectedEOF, which is an error of the database.
func (w *walked) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && err == nil {
		at := off + int64(n)
		if at >= w.size {
			return n, io.EOF
		}
		within := at % w.page
		part := p[n:min(int64(len(p)), int64(n)+w.page-within)]
		part = part[:min(int64(len(part)), w.size-at)]
		read := 0
		if place, ok := w.at[uint32(at/w.page)+1]; ok {
			read, err = w.log.ReadAt(part, place+within)
		} else {
			read, err = w.Content.ReadAt(part, at)
		}
		if n += read; read == len(part) {
			err = nil
		} else if err == nil {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}
