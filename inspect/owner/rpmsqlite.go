package owner

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// rpmTable is the table that rpm makes (its lib/backend/sqlite.c), in the words of sqliteWords.
var rpmTable = regexp.MustCompile("^create table(?: if not exists)? ['\"`\\[]?packages['\"`\\]]?\\(" +
	"hnum integer primary key(?: autoincrement)?,['\"]?blob['\"]? blob(?: not null)?\\)$")

// PlainRPM gives the packages of an rpm database to readers that trust what they read: as it is where its references
// hold, and where it is an SQLite database as the same packages in rpm's own form, so that no statement of its author
// is ever run.
func PlainRPM(c inspect.Content) (inspect.Content, error) {
	head := make([]byte, len(sqliteMagic))
	if _, err := c.ReadAt(head, 0); err != nil || string(head) != sqliteMagic {
		return c, soundRPM(c)
	}
	headers, err := rpmHeaders(c)
	if err != nil {
		return nil, err
	}
	return packNDB(headers)
}

// rpmHeaders reads the table of packages of an SQLite database. A second object of that name, in whatever case, is
// refused: SQLite compares names without regard to it.
func rpmHeaders(c inspect.Content) ([][]byte, error) {
	f, err := openSQLite(c)
	if err != nil {
		return nil, err
	}
	objects, err := f.schema()
	if err != nil {
		return nil, err
	}
	var root uint32
	for _, o := range objects {
		if sqliteWords(o.name) != "packages" {
			continue
		}
		if o.kind != "table" || root != 0 || !rpmTable.MatchString(sqliteWords(o.sql)) {
			return nil, fmt.Errorf("%w: its %s Packages is not the table that rpm makes", errUnsound, o.kind)
		}
		root = o.root
	}
	if root == 0 {
		return nil, fmt.Errorf("%w: it has no table Packages", errUnsound)
	}
	var headers [][]byte
	total := int64(0)
	err = f.walk(root, 0, func(record []byte) error {
		values, err := sqliteValues(record, 2)
		if err != nil {
			return err
		}
		header := bytes.Clone(values[1].bytes())
		if total += int64(len(header)); total > MaxRPMHeaders || len(headers) == MaxRPMPackages {
			return &registry.LimitError{What: "packages of an rpm database", Limit: MaxRPMHeaders}
		}
		headers = append(headers, header)
		return nil
	})
	return headers, err
}

// packNDB writes headers of packages in rpm's own form. Blobs lie behind the slots, each on a boundary of 16 bytes with
// room for the checksum that rpm writes behind it; readers do not look at it.
func packNDB(headers [][]byte) (inspect.Content, error) {
	const perPage = ndbPage / ndbSlot
	pages := (len(headers) + 2 + perPage - 1) / perPage
	if pages > ndbMaxPages {
		return nil, fmt.Errorf("%w: it has %d packages", errUnsound, len(headers))
	}
	le, size := binary.LittleEndian, pages*ndbPage
	for _, h := range headers {
		size += (2*ndbSlot + len(h) + ndbSlot - 1) / ndbSlot * ndbSlot
	}
	out := make([]byte, pages*ndbPage, size)
	copy(out, "RpmP")
	le.PutUint32(out[12:], uint32(pages))
	for i := range pages*perPage - 2 {
		copy(out[(i+2)*ndbSlot:], "Slot")
	}
	for i, h := range headers {
		slot, number := out[(i+2)*ndbSlot:], uint32(i+1)
		blocks := (2*ndbSlot + len(h) + ndbSlot - 1) / ndbSlot
		le.PutUint32(slot[4:], number)
		le.PutUint32(slot[8:], uint32(len(out)/ndbSlot))
		le.PutUint32(slot[12:], uint32(blocks))
		blob := make([]byte, blocks*ndbSlot)
		copy(blob, "BlbS")
		le.PutUint32(blob[4:], number)
		le.PutUint32(blob[12:], uint32(len(h)))
		copy(blob[ndbSlot:], h)
		out = append(out, blob...)
	}
	return memoryContent{bytes.NewReader(out)}, nil
}

// memoryContent is content that is held in memory.
type memoryContent struct{ *bytes.Reader }

// Close does nothing.
func (memoryContent) Close() error { return nil }
