package owner

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// errUnsound means that an rpm database refers to what it does not hold: it is broken, or made to break its readers.
var errUnsound = errors.New("the rpm database is broken")

// soundRPM looks through the references of an rpm database before a reader that trusts them gets it: one that reads out
// of bounds would end the program, one that follows a circle would never end. What passes is still no proof of sense:
// the library may find nothing in it, and its panics are caught. The form is recognized by the first bytes: "RpmP" for
// ndb, the magic at offset 12 for Berkeley DB.
func soundRPM(c inspect.Content) error {
	head := make([]byte, 64)
	if n, err := c.ReadAt(head, 0); n < len(head) {
		return fmt.Errorf("%w: it ends within its header: %w", errUnsound, err)
	}
	le := binary.LittleEndian
	switch {
	case string(head[:4]) == "RpmP":
		return soundNDB(c, le.Uint32(head[12:]))
	case le.Uint32(head[12:]) == bdbHash:
		return soundBDB(c, le, head)
	case binary.BigEndian.Uint32(head[12:]) == bdbHash:
		return soundBDB(c, binary.BigEndian, head)
	default:
		return fmt.Errorf("%w: it is in none of rpm's forms", errUnsound)
	}
}

// Sizes of rpm's own database (rpm's lib/backend/ndb/rpmpkg.c): pages of slots of 16 bytes, of which the header takes
// the first two, and blobs that begin with a header of 16 bytes on a boundary of 16.
const (
	ndbPage     = 4096
	ndbSlot     = 16
	ndbMaxPages = 2048
)

// soundNDB checks that the slots of an ndb file (rpm, lib/backend/ndb) lead to blobs within it, and that these
// together are no larger than the file: the library allocates what they claim. ndbMaxPages bounds the slots to some
// half a million packages.
func soundNDB(c inspect.Content, pages uint32) error {
	if pages == 0 || pages > ndbMaxPages {
		return fmt.Errorf("%w: it has %d pages of slots", errUnsound, pages)
	}
	slots := make([]byte, int64(pages)*ndbPage)
	if n, _ := c.ReadAt(slots, 0); n < len(slots) {
		return fmt.Errorf("%w: its slots are cut off", errUnsound)
	}
	le := binary.LittleEndian
	var sum int64
	for at := 2 * ndbSlot; at < len(slots); at += ndbSlot {
		slot := slots[at : at+ndbSlot]
		if string(slot[:4]) != "Slot" {
			return fmt.Errorf("%w: slot %d is none", errUnsound, at/ndbSlot)
		}
		if le.Uint32(slot[4:]) == 0 {
			continue
		}
		blob := make([]byte, 16)
		start := int64(le.Uint32(slot[8:])) * ndbSlot
		if n, _ := c.ReadAt(blob, start); n < len(blob) || string(blob[:4]) != "BlbS" {
			return fmt.Errorf("%w: slot %d refers to no package", errUnsound, at/ndbSlot)
		}
		size := int64(le.Uint32(blob[12:]))
		if sum += size; start+16+size > c.Size() || sum > c.Size() {
			return fmt.Errorf("%w: a package is larger than the database", errUnsound)
		}
	}
	return nil
}

// Marks and sizes of Berkeley DB's hash files (its src/dbinc/db_page.h).
const (
	bdbHash       = 0x061561
	bdbHeader     = 26 // bytes of a page's header
	bdbUnsorted   = 2  // page types
	bdbOverflow   = 7
	bdbSorted     = 13
	bdbOffPage    = 3 // an item whose content is in a chain of overflow pages
	bdbOffPageLen = 12
)

// bdbPages reads a Berkeley DB page by page. last is the number of the highest page that the file claims to have.
type bdbPages struct {
	from  io.ReaderAt
	order binary.ByteOrder
	size  int
	last  uint32
}

// page reads one page of a Berkeley DB file. A number outside of it is an error.
func (b *bdbPages) page(number uint32, into []byte) error {
	if n, _ := b.from.ReadAt(into, int64(number)*int64(b.size)); n < len(into) {
		return fmt.Errorf("%w: page %d is not there", errUnsound, number)
	}
	return nil
}

// beyond reports whether a stretch does not end within a page, or not where 16 bits can address it.
func (b *bdbPages) beyond(end int) bool { return end > b.size || end > 0xffff }

// soundBDB checks that the items of a Berkeley DB hash lie within their pages, and that overflow pages lead to pages
// within the file and belong to one chain each: a circle would never end.
func soundBDB(c inspect.Content, order binary.ByteOrder, head []byte) error {
	b := &bdbPages{from: c, order: order, size: int(order.Uint32(head[20:])), last: order.Uint32(head[32:])}
	if b.size < 512 || b.size > 65536 || b.size&(b.size-1) != 0 {
		return fmt.Errorf("%w: its pages have %d bytes", errUnsound, b.size)
	}
	if int64(b.last)+1 > c.Size()/int64(b.size) {
		return fmt.Errorf("%w: it claims %d pages and ends before", errUnsound, b.last)
	}
	page, left := make([]byte, b.size), int64(b.last)+1 // no overflow page belongs to two chains
	for number := uint32(0); number <= b.last; number++ {
		if err := b.page(number, page); err != nil {
			return err
		}
		if kind := page[25]; kind != bdbUnsorted && kind != bdbSorted {
			continue
		}
		entries := int(order.Uint16(page[20:]))
		if entries%2 != 0 || b.beyond(bdbHeader+2*entries) {
			return fmt.Errorf("%w: page %d claims %d items", errUnsound, number, entries)
		}
		for i := 1; i < entries; i += 2 { // values stand at the odd places
			at := int(order.Uint16(page[bdbHeader+2*i:]))
			if at >= b.size || page[at] == bdbOffPage && b.beyond(at+bdbOffPageLen) {
				return fmt.Errorf("%w: an item of page %d lies outside of it", errUnsound, number)
			}
			if page[at] != bdbOffPage {
				continue
			}
			if err := b.chain(order.Uint32(page[at+4:]), &left); err != nil {
				return err
			}
		}
	}
	return nil
}

// chain follows overflow pages to their end. Each page takes from what is left for all chains, so that one that leads
// back to itself ends as soon as the file could hold no more. left is shared by all chains, which makes the work linear
// in the size of the file.
func (b *bdbPages) chain(number uint32, left *int64) error {
	page := make([]byte, b.size)
	for number != 0 {
		if *left--; *left < 0 {
			return fmt.Errorf("%w: its overflow pages go round", errUnsound)
		}
		if number > b.last {
			return fmt.Errorf("%w: it refers to page %d of %d", errUnsound, number, b.last)
		}
		if err := b.page(number, page); err != nil {
			return err
		}
		used := int(b.order.Uint16(page[22:]))
		if page[25] != bdbOverflow || b.beyond(bdbHeader+used) {
			return fmt.Errorf("%w: page %d is no overflow page", errUnsound, number)
		}
		number = b.order.Uint32(page[16:])
	}
	return nil
}
