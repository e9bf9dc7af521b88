// Package elfread opens foreign ELF files with debug/elf without letting them choose how much memory that takes.
//
// debug/elf unpacks compressed sections wherever it reads one as a table: names of sections, dynamic entries, names of
// libraries. The size is a number in the file, so that a megabyte can become gigabytes. No loader unpacks sections: it
// maps segments, and SHF_COMPRESSED is for sections that are not loaded (System V gABI, "Section Attribute Flags").
// Here all sections are read as they are stored.
package elfread

import (
	"debug/elf"
	"encoding/binary"
	"io"
	"strings"
)

// Open reads the headers as elf.NewFile does. Sections have their stored bytes and sizes, whatever their flags and
// names are; the name of one in the older compressed form loses its first dot. Errors, and panics on made-up files, are
// those of debug/elf.
func Open(r io.ReaderAt) (*elf.File, error) {
	f, err := elf.NewFile(Stored(r))
	if err != nil {
		return nil, err
	}
	for _, s := range f.Sections {
		if strings.HasPrefix(s.Name, ".zdebug") { // by which debug/elf recognizes the older form
			s.Name = s.Name[1:]
		}
	}
	return f, nil
}

// Stored gives the bytes of a file with the flag SHF_COMPRESSED of all its section headers cleared, for libraries that
// open the file themselves. Of files that are no ELF it gives all bytes as they are.
func Stored(r io.ReaderAt) io.ReaderAt {
	head := make([]byte, 64)
	if n, _ := r.ReadAt(head, 0); n < 52 || string(head[:4]) != elf.ELFMAG {
		return r
	}
	f := form{order: binary.LittleEndian, wide: elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64}
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		f.order = binary.BigEndian
	}
	s := stored{from: r, flag: 8 + 1} // sh_flags is at 8, and 0x800 in its second byte from the low end
	if f.order == binary.BigEndian {
		s.flag = 8 + f.pick(4, 8) - 2
	}
	s.table = f.number(head[f.pick(32, 40):])
	s.size = int64(f.order.Uint16(head[f.pick(46, 58):]))
	number := int64(f.order.Uint16(head[f.pick(48, 60):]))
	if s.table <= 0 || s.table > maxFile || s.size <= s.flag {
		return r // debug/elf finds no section headers there
	}
	if number == 0 { // then it is the size of the first section
		first := make([]byte, 64)
		_, _ = r.ReadAt(first, s.table)
		number = f.number(first[f.pick(20, 32):])
	}
	s.end = maxFile
	if number >= 0 && number <= (maxFile-s.table)/s.size {
		s.end = s.table + number*s.size
	}
	return s
}

// maxFile is more than any file has, and far from where sums of offsets overflow.
const maxFile = int64(1) << 48

// form is how a file writes numbers.
type form struct {
	order binary.ByteOrder
	wide  bool // ELFCLASS64
}

// pick is the offset or width in the class of the file.
func (f form) pick(narrow, wide int64) int64 {
	if f.wide {
		return wide
	}
	return narrow
}

// number reads an offset or size.
func (f form) number(b []byte) int64 {
	if f.wide {
		return int64(f.order.Uint64(b))
	}
	return int64(f.order.Uint32(b))
}

// stored clears the flag in what is read of the section headers.
type stored struct {
	from       io.ReaderAt
	table, end int64 // where the headers begin and end
	size, flag int64 // bytes of one header, and where in it the byte with the flag is
}

// ReadAt implements io.ReaderAt.
func (s stored) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.from.ReadAt(p, off)
	at := s.table + s.flag
	if off > at {
		at += (off - at + s.size - 1) / s.size * s.size
	}
	for end := min(off+int64(n), s.end); at < end; at += s.size {
		p[at-off] &^= byte(elf.SHF_COMPRESSED >> 8)
	}
	return n, err
}
