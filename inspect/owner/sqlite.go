package owner

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// errNoSQLite is the error of an SQLite database that is broken, or that holds more than tables.
var errNoSQLite = errors.New("the SQLite database is broken")

// sqliteMagic begins every database file (https://www.sqlite.org/fileformat.html, 1.3).
const sqliteMagic = "SQLite format 3\x00"

// Page types and sizes of SQLite's file format (https://www.sqlite.org/fileformat2.html, 1.3 to 1.6).
const (
	sqliteHeader       = 100
	sqliteIndexInner   = 0x02
	sqliteTableInner   = 0x05
	sqliteIndexLeaf    = 0x0a
	sqliteTableLeaf    = 0x0d
	sqliteMaxDepth     = 20 // deeper trees are refused by SQLite itself
	sqliteMaxObjects   = 1000
	sqliteLargestValue = 64 << 20
)

// sqliteFile reads the tables of an SQLite database page by page. No statement of the database's author is run: there
// are no views, triggers, defaults or computed columns here. Each page is read at most once, and its cells do not
// overlap, so that the work is bounded by the size of the file, whatever its pages refer to.
type sqliteFile struct {
	from   inspect.Content
	size   int // of a page
	usable int // bytes of a page that hold data
	pages  uint32
	seen   map[uint32]bool
}

// sqliteObject is one row of the schema. root is 0 for what has no pages, as a view.
type sqliteObject struct {
	kind, name, table string
	root              uint32
	sql               string
}

// openSQLite reads the header of a database. The size of a page and the bytes at its end that are reserved are all that
// later reads depend on; both are checked here against what the format permits. A page has 512 to 65536 bytes, a power
// of two, where 1 stands for 65536; at most 255 bytes of it are reserved.
func openSQLite(c inspect.Content) (*sqliteFile, error) {
	head := make([]byte, sqliteHeader)
	if n, err := c.ReadAt(head, 0); n < len(head) {
		return nil, fmt.Errorf("%w: it ends within its header: %w", errNoSQLite, err)
	}
	if string(head[:16]) != sqliteMagic {
		return nil, fmt.Errorf("%w: it does not begin as one", errNoSQLite)
	}
	f := &sqliteFile{from: c, size: int(binary.BigEndian.Uint16(head[16:])), seen: map[uint32]bool{}}
	if f.size == 1 {
		f.size = 65536
	}
	f.usable = f.size - int(head[20])
	if f.size < 512 || f.size&(f.size-1) != 0 || f.usable < 480 {
		return nil, fmt.Errorf("%w: its pages have %d bytes", errNoSQLite, f.size)
	}
	if encoding := binary.BigEndian.Uint32(head[56:]); encoding > 1 {
		return nil, fmt.Errorf("%w: its text is not UTF-8", errNoSQLite)
	}
	f.pages = uint32(min(c.Size()/int64(f.size), math.MaxUint32))
	return f, nil
}

// page reads a page that was not read before.
func (f *sqliteFile) page(number uint32) ([]byte, error) {
	if number == 0 || number > f.pages {
		return nil, fmt.Errorf("%w: it refers to page %d of %d", errNoSQLite, number, f.pages)
	}
	if f.seen[number] {
		return nil, fmt.Errorf("%w: page %d is used twice", errNoSQLite, number)
	}
	f.seen[number] = true
	page := make([]byte, f.size)
	if n, err := f.from.ReadAt(page, int64(number-1)*int64(f.size)); n < len(page) {
		return nil, fmt.Errorf("reading page %d: %w", number, err)
	}
	return page[:f.usable], nil
}

// schema lists what the database holds. Page 1 is its root. Its rows name the root page of each table, which is a claim
// of the file like all else: a page is read once only, so that two tables on one page are an error and no loop.
func (f *sqliteFile) schema() ([]sqliteObject, error) {
	var all []sqliteObject
	err := f.walk(1, 0, func(record []byte) error {
		values, err := sqliteValues(record, 5)
		if err != nil {
			return err
		}
		if len(all) == sqliteMaxObjects {
			return fmt.Errorf("%w: it has more than %d objects", errNoSQLite, sqliteMaxObjects)
		}
		o := sqliteObject{
			kind: values[0].text(), name: values[1].text(), table: values[2].text(),
			sql: values[4].text(),
		}
		if root := values[3].integer(); root > 0 && root <= math.MaxUint32 {
			o.root = uint32(root)
		}
		all = append(all, o)
		return nil
	})
	return all, err
}

// walk calls visit with each record of a tree, in its order. Records of an index are visited too. Depth is bounded by
// sqliteMaxDepth: a tree of real data has four or five levels.
func (f *sqliteFile) walk(number uint32, depth int, visit func(record []byte) error) error {
	if depth > sqliteMaxDepth {
		return fmt.Errorf("%w: a tree is more than %d pages deep", errNoSQLite, sqliteMaxDepth)
	}
	page, err := f.page(number)
	if err != nil {
		return err
	}
	at := 0
	if number == 1 {
		at = sqliteHeader
	}
	kind, cells := page[at], int(binary.BigEndian.Uint16(page[at+3:]))
	inner := kind == sqliteIndexInner || kind == sqliteTableInner
	first := at + 8
	switch {
	case inner:
		first += 4
	case kind != sqliteIndexLeaf && kind != sqliteTableLeaf:
		return fmt.Errorf("%w: page %d is none of a tree", errNoSQLite, number)
	}
	left := len(page) - first - 2*cells // bytes that the cells may have together
	if left < 0 {
		return fmt.Errorf("%w: page %d claims %d cells", errNoSQLite, number, cells)
	}
	for i := range cells {
		cell := int(binary.BigEndian.Uint16(page[first+2*i:]))
		if cell >= len(page) {
			return fmt.Errorf("%w: a cell of page %d lies outside of it", errNoSQLite, number)
		}
		size, err := f.cell(page[cell:], kind, depth, visit)
		if err != nil {
			return err
		}
		if left -= size; left < 0 {
			return fmt.Errorf("%w: the cells of page %d overlap", errNoSQLite, number)
		}
	}
	if inner {
		return f.walk(binary.BigEndian.Uint32(page[at+8:]), depth+1, visit)
	}
	return nil
}

// cell walks the subtree on the left of a cell, and visits the record in it. It returns the bytes of the cell.
func (f *sqliteFile) cell(cell []byte, kind byte, depth int, visit func(record []byte) error) (int, error) {
	whole := len(cell)
	if kind == sqliteTableInner || kind == sqliteIndexInner {
		if len(cell) < 4 {
			return 0, fmt.Errorf("%w: a cell is cut off", errNoSQLite)
		}
		if err := f.walk(binary.BigEndian.Uint32(cell), depth+1, visit); err != nil {
			return 0, err
		}
		if cell = cell[4:]; kind == sqliteTableInner {
			_, n := sqliteVarint(cell) // the largest number of a row in the subtree
			return 4 + n, nil
		}
	}
	size, n := sqliteVarint(cell)
	cell = cell[n:]
	if kind == sqliteTableLeaf {
		_, n = sqliteVarint(cell) // the row's number
		cell = cell[n:]
	}
	record, local, err := f.payload(cell, size, kind == sqliteTableLeaf)
	if err != nil {
		return 0, err
	}
	return whole - len(cell) + local, visit(record)
}

// payload returns the content of a cell, whose rest may be in a chain of overflow pages, and how many bytes of the page
// it takes. Sizes are those of section 1.6 of the format: what does not fit into a page continues in a chain of pages
// that begin with the number of the next.
func (f *sqliteFile) payload(cell []byte, size uint64, table bool) (record []byte, taken int, err error) {
	if size > sqliteLargestValue || size > uint64(f.from.Size()) {
		return nil, 0, fmt.Errorf("%w: a row claims %d bytes", errNoSQLite, size)
	}
	whole, most := int(size), f.usable-35
	if !table {
		most = (f.usable-12)*64/255 - 23
	}
	local := whole
	if whole > most {
		least := (f.usable-12)*32/255 - 23
		if local = least + (whole-least)%(f.usable-4); local > most {
			local = least
		}
	}
	if local > len(cell) || whole > local && local+4 > len(cell) {
		return nil, 0, fmt.Errorf("%w: a row is cut off", errNoSQLite)
	}
	if whole == local {
		return cell[:local], local, nil
	}
	record = append(make([]byte, 0, whole), cell[:local]...)
	for next := binary.BigEndian.Uint32(cell[local:]); len(record) < whole; {
		page, err := f.page(next)
		if err != nil {
			return nil, 0, err
		}
		next = binary.BigEndian.Uint32(page)
		record = append(record, page[4:min(len(page), 4+whole-len(record))]...)
	}
	return record, local + 4, nil
}

// sqliteValue is one column of a record.
type sqliteValue struct {
	kind uint64 // its serial type: 1 to 6 integers, even ones from 12 blobs, odd ones from 13 text
	data []byte
}

// text is the value as a text; "" for other types.
func (v sqliteValue) text() string {
	if v.kind < 13 || v.kind%2 == 0 {
		return ""
	}
	return string(v.data)
}

// bytes gives a blob or text, as SQLite does where a blob is read.
func (v sqliteValue) bytes() []byte {
	if v.kind < 12 {
		return nil
	}
	return v.data
}

// integer is the value as a number; 0 for other types.
func (v sqliteValue) integer() int64 {
	switch {
	case v.kind == 9:
		return 1
	case v.kind < 1 || v.kind > 6:
		return 0
	}
	n := int64(int8(v.data[0]))
	for _, b := range v.data[1:] {
		n = n<<8 | int64(b)
	}
	return n
}

// sqliteWidths are the sizes of the serial types below 12; 10 and 11 are not used in files.
var sqliteWidths = [12]int{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, -1, -1}

// sqliteValues splits a record into its first columns. Columns that it lacks are NULL. A record is a header with the
// types of its columns, and then their values (section 2.1 of the format).
func sqliteValues(record []byte, columns int) ([]sqliteValue, error) {
	values := make([]sqliteValue, columns)
	headed, n := sqliteVarint(record)
	if n == 0 || headed < uint64(n) || headed > uint64(len(record)) {
		return nil, fmt.Errorf("%w: the header of a row is cut off", errNoSQLite)
	}
	header, body := record[n:headed], record[headed:]
	for i := 0; i < columns && len(header) > 0; i++ {
		kind, n := sqliteVarint(header)
		if n == 0 {
			break
		}
		header = header[n:]
		width := -1
		switch {
		case kind < 12:
			width = sqliteWidths[kind]
		case (kind-12)/2 <= uint64(len(body)):
			width = int((kind - 12) / 2)
		}
		if width < 0 || width > len(body) {
			return nil, fmt.Errorf("%w: a column is cut off", errNoSQLite)
		}
		values[i], body = sqliteValue{kind, body[:width]}, body[width:]
	}
	return values, nil
}

// sqliteVarint reads a number of one to nine bytes, the first ones with seven bits each; 0 bytes where it is cut off.
// The ninth byte has eight bits. Numbers are big-endian.
func sqliteVarint(b []byte) (value uint64, n int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return value<<8 | uint64(b[i]), 9
		}
		value = value<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return value, i + 1
		}
	}
	return 0, 0
}

// SoundNix reports an error unless the database of a Nix store holds tables and indexes of plain columns only, whose
// pages all hold and whose paths have numbers of their own: what a reader that runs statements on it does is then
// bounded by its size. Triggers are no danger to readers.
func SoundNix(c inspect.Content) error {
	f, err := openSQLite(c)
	if err != nil {
		return err
	}
	objects, err := f.schema()
	if err != nil {
		return err
	}
	for _, o := range objects {
		text := sqliteWords(o.sql)
		switch {
		case o.kind == "trigger":
			continue
		case o.kind != "table" && o.kind != "index" || computes(text):
			return fmt.Errorf("%w: %s %q is more than a plain table or index", errNoSQLite, o.kind, o.name)
		case o.kind == "table" && strings.EqualFold(o.name, "ValidPaths") && !strings.Contains(text,
			"validpaths(id integer primary key"):
			return fmt.Errorf("%w: the rows of %s have no number of their own", errNoSQLite, o.name)
		}
		if err := f.walk(o.root, 0, func([]byte) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// computes reports whether the statement that makes a table or index may have SQLite compute something: columns, values
// of absent columns, conditions or expressions of an index. It errs on the side of refusing: a table that is named
// after such a word is refused as well.
func computes(statement string) bool {
	for word := range strings.FieldsFuncSeq(statement, func(r rune) bool { return r < 'a' || r > 'z' }) {
		switch word {
		case "virtual", "as", "generated", "default", "check", "where":
			return true
		}
	}
	return strings.HasPrefix(statement, "create index") && strings.Count(statement, "(") != 1
}

// sqliteWords gives a statement in lower case, with one blank between words and none beside brackets and commas.
func sqliteWords(statement string) string {
	text := strings.Join(strings.Fields(strings.ToLower(statement)), " ")
	return strings.NewReplacer(" (", "(", "( ", "(", " )", ")", ", ", ",", " ,", ",").Replace(text)
}
