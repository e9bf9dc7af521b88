package layer

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// indexMark begins a kept index: the name of the form and its version. An index of another version is made again. The
// version changes whenever a field is added or read in another way: entries of two versions must never be mixed in one
// tree.
const indexMark = "backtrail-index/2\n"

// errOldIndex means that an index was written by another version, or is none.
var errOldIndex = errors.New("not an index of this version")

// encodeIndex writes entries so that they are small and quick to read: what a path shares with the one before is left
// out, types and MIME types are numbers of a table that grows as they first appear. After the mark and the number of
// entries, each entry is
//
//	shared bytes of the path, rest of the path, type, mode, uid, gid, size, time, link, offset, sha256, MIME, kind,
//	attributes, device
//
// Numbers are varints of encoding/binary, texts have their length before them. The same entries give the same bytes, so
// that two machines that read a layer keep the same record.
func encodeIndex(entries []inspect.Entry) []byte {
	w := encoder{words: map[string]uint64{}}
	w.buf.WriteString(indexMark)
	w.uint(uint64(len(entries)))
	before := ""
	for _, e := range entries {
		shared := sharedPrefix(before, e.Path)
		before = e.Path
		w.uint(uint64(shared))
		w.text(e.Path[shared:])
		w.word(string(e.Type))
		w.uint(uint64(e.Mode))
		w.int(int64(e.UID))
		w.int(int64(e.GID))
		w.int(e.Size)
		w.int(e.ModTime)
		w.text(e.Link)
		w.int(e.Offset)
		w.hash(e.SHA256)
		w.word(e.MIME)
		w.word(string(e.Kind))
		w.xattrs(e.Xattrs)
		w.word(e.Device)
	}
	return w.buf.Bytes()
}

// decodeIndex reads what encodeIndex wrote. Errors: errOldIndex, or words for what is broken. The record is one of our
// own, and a disk, a crash or another program may have changed it all the same: nothing in it is believed before it is
// checked against the bytes that are left. No number is used for an allocation before it is compared with the bytes
// that are left.
func decodeIndex(data []byte) ([]inspect.Entry, error) {
	rest, ok := bytes.CutPrefix(data, []byte(indexMark))
	if !ok {
		return nil, errOldIndex
	}
	r := decoder{rest: rest}
	n := r.uint()
	if r.err != nil {
		return nil, r.err // no number is not the number 0: an image of no files has nothing wrong with it
	}
	// An entry takes at least 14 bytes, so a claimed number cannot make us allocate more than the data are worth.
	if n > uint64(len(rest))/14+1 {
		return nil, fmt.Errorf("it claims %d entries in %d bytes", n, len(rest))
	}
	entries := make([]inspect.Entry, 0, n)
	before := ""
	for range n {
		e := r.entry(before)
		if r.err != nil {
			return nil, r.err
		}
		before = e.Path
		entries = append(entries, e)
	}
	if len(r.rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last entry", len(r.rest))
	}
	return entries, nil
}

// isIndex reports whether an index is one of this version.
func isIndex(data []byte) bool { return bytes.HasPrefix(data, []byte(indexMark)) }

// sharedPrefix counts the bytes that two paths begin with in common. It may end within a character: both sides count
// bytes.
func sharedPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// encoder writes the parts of an index. It cannot fail: all goes to memory.
type encoder struct {
	buf   bytes.Buffer
	words map[string]uint64
}

func (w *encoder) uint(v uint64) { w.buf.Write(binary.AppendUvarint(w.buf.AvailableBuffer(), v)) }
func (w *encoder) int(v int64)   { w.buf.Write(binary.AppendVarint(w.buf.AvailableBuffer(), v)) }

// text writes the length of a string in bytes and then the string.
func (w *encoder) text(s string) {
	w.uint(uint64(len(s)))
	w.buf.WriteString(s)
}

// word writes the number of a string in the table; the next free number is followed by the string itself.
func (w *encoder) word(s string) {
	n, known := w.words[s]
	if !known {
		n = uint64(len(w.words))
		w.words[s] = n
	}
	w.uint(n)
	if !known {
		w.text(s)
	}
}

// hash writes a digest in hex as its bytes. What is no hex has no bytes: such an entry comes back without a digest,
// which readers take for a file whose content is not there.
func (w *encoder) hash(s string) {
	b, err := hex.DecodeString(s)
	if err != nil {
		b = nil
	}
	w.text(string(b))
}

// xattrs writes attributes in the order of their names, since the order of a map differs from run to run.
func (w *encoder) xattrs(m map[string]string) {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	w.uint(uint64(len(names)))
	for _, name := range names {
		w.text(name)
		w.text(m[name])
	}
}

// decoder reads the parts of an index. After its first error it gives zero values and consumes nothing, so that callers
// check err once for each entry.
type decoder struct {
	rest  []byte
	words []string
	err   error
}

// entry reads one entry, whose path shares its first bytes with before, the path of the entry above it.
func (r *decoder) entry(before string) inspect.Entry {
	shared := r.uint()
	if shared > uint64(len(before)) {
		r.fail("an entry shares %d bytes with a path of %d", shared, len(before))
		return inspect.Entry{}
	}
	return inspect.Entry{
		Path: before[:shared] + r.text(),
		Type: inspect.EntryType(r.word()),
		Mode: uint32(r.uint()), UID: int(r.int()), GID: int(r.int()),
		Size: r.int(), ModTime: r.int(), Link: r.text(), Offset: r.int(),
		SHA256: hex.EncodeToString([]byte(r.text())),
		MIME:   r.word(), Kind: inspect.Kind(r.word()), Xattrs: r.xattrs(), Device: r.word(),
	}
}

// fail keeps the first error only: what follows a broken field is noise.
func (r *decoder) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.rest = nil
}

// uint reads a varint. More than ten bytes, and a number that ends behind the data, are errors.
func (r *decoder) uint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("a number is cut off")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// int reads a signed varint, with the errors of uint.
func (r *decoder) int() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail("a number is cut off")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// text copies, so that no entry keeps the whole record in memory.
func (r *decoder) text() string {
	n := r.uint()
	if n > uint64(len(r.rest)) {
		r.fail("a text of %d bytes is cut off", n)
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

// word reads a number of the table. Only the next free number may be new: a gap would let a few bytes stand for a large
// table.
func (r *decoder) word() string {
	n := r.uint()
	switch {
	case n < uint64(len(r.words)):
		return r.words[n]
	case n == uint64(len(r.words)) && r.err == nil:
		s := r.text()
		r.words = append(r.words, s)
		return s
	}
	r.fail("word %d is not in the table", n)
	return ""
}

// xattrs reads attributes. Their number is compared with the bytes that are left before a map is made.
func (r *decoder) xattrs() map[string]string {
	n := r.uint()
	if n == 0 || n > uint64(len(r.rest)) {
		if n > 0 {
			r.fail("%d extended attributes are cut off", n)
		}
		return nil
	}
	m := make(map[string]string, min(n, 16))
	for range n {
		name := r.text()
		m[name] = r.text()
		if r.err != nil {
			return nil
		}
	}
	return m
}
