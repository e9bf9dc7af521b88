package elfread

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"runtime"
	"testing"
)

// unpacked is the size that the compressed sections of the tests have once unpacked.
const unpacked = 256 << 20

// zeros is unpacked bytes of nothing, compressed, behind the header of a compressed section.
func zeros(order binary.ByteOrder, wide bool) []byte {
	var b bytes.Buffer
	if wide {
		head := make([]byte, 24)
		order.PutUint32(head, uint32(elf.COMPRESS_ZLIB))
		order.PutUint64(head[8:], unpacked)
		b.Write(head)
	} else {
		head := make([]byte, 12)
		order.PutUint32(head, uint32(elf.COMPRESS_ZLIB))
		order.PutUint32(head[4:], unpacked)
		b.Write(head)
	}
	return append(b.Bytes(), deflated...)
}

var deflated = func() []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	chunk := make([]byte, 1<<20)
	for range unpacked / len(chunk) {
		_, _ = z.Write(chunk)
	}
	_ = z.Close()
	return b.Bytes()
}()

// section is one section of a made-up file.
type section struct {
	name, kind, flags, link uint32
	data                    []byte
}

// file writes an ELF file whose section headers stand before the data, so that both are in one read. names is the
// section with the names of sections.
func file(order binary.ByteOrder, wide bool, names uint16, sections ...section) []byte {
	head, size := 52, 40
	if wide {
		head, size = 64, 64
	}
	b := make([]byte, head+size*len(sections))
	copy(b, elf.ELFMAG)
	b[elf.EI_CLASS], b[elf.EI_DATA], b[elf.EI_VERSION] = byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), 1
	if order == binary.BigEndian {
		b[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	order.PutUint16(b[16:], uint16(elf.ET_DYN))
	order.PutUint32(b[20:], 1)
	if wide {
		b[elf.EI_CLASS] = byte(elf.ELFCLASS64)
		order.PutUint64(b[40:], uint64(head))
		order.PutUint16(b[58:], uint16(size))
		order.PutUint16(b[60:], uint16(len(sections)))
		order.PutUint16(b[62:], names)
	} else {
		order.PutUint32(b[32:], uint32(head))
		order.PutUint16(b[46:], uint16(size))
		order.PutUint16(b[48:], uint16(len(sections)))
		order.PutUint16(b[50:], names)
	}
	for n, s := range sections {
		h := b[head+n*size:]
		order.PutUint32(h, s.name)
		order.PutUint32(h[4:], s.kind)
		if wide {
			order.PutUint64(h[8:], uint64(s.flags))
			order.PutUint64(h[24:], uint64(len(b)))
			order.PutUint64(h[32:], uint64(len(s.data)))
			order.PutUint32(h[40:], s.link)
		} else {
			order.PutUint32(h[8:], s.flags)
			order.PutUint32(h[16:], uint32(len(b)))
			order.PutUint32(h[20:], uint32(len(s.data)))
			order.PutUint32(h[24:], s.link)
		}
		b = append(b, s.data...)
	}
	return b
}

// A file of 250 KB that names sections of 256 MB costs no more than it has, in every class and order.
func TestNothingIsUnpacked(t *testing.T) {
	const packed, strings, dynamic = uint32(elf.SHF_COMPRESSED), uint32(elf.SHT_STRTAB), uint32(elf.SHT_DYNAMIC)
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, wide := range []bool{false, true} {
			z := zeros(order, wide)
			old := append([]byte("ZLIB"), binary.BigEndian.AppendUint64(nil, unpacked)...)
			names := section{kind: strings, data: []byte("\x00.zdebug_x\x00\xff\xff")}
			for name, data := range map[string][]byte{
				"names of sections": file(order, wide, 1, section{}, section{kind: strings, flags: packed, data: z}),
				"dynamic entries": file(order, wide, 1, section{}, names,
					section{kind: dynamic, flags: packed, link: 1, data: z}),
				"names of libraries": file(order, wide, 1, section{}, names,
					section{kind: strings, flags: packed, data: z}, section{kind: dynamic, link: 2, data: z[:64]}),
				"the older form": file(order, wide, 1, section{}, names,
					section{name: 1, kind: dynamic, link: 1, data: append(old, deflated...)}),
			} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				f, err := Open(bytes.NewReader(data))
				if err == nil {
					_, _ = f.DynString(elf.DT_RUNPATH)
					_, _ = f.ImportedLibraries()
				}
				runtime.ReadMemStats(&after)
				if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
					t.Errorf("%s, %v, 64 bit %v: %d bytes were allocated", name, order, wide, took)
				}
			}
		}
	}
}

// Only the flag is cleared, whatever parts of the headers one read has; all other bytes are those of the file.
func TestStoredChangesOneBit(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, wide := range []bool{false, true} {
			with := file(order, wide, 1, section{}, section{
				kind: uint32(elf.SHT_STRTAB), flags: 0xffff_ffff, data: bytes.Repeat([]byte{0xff}, 100),
			})
			want := file(order, wide, 1, section{}, section{
				kind: uint32(elf.SHT_STRTAB), flags: 0xffff_ffff &^ uint32(elf.SHF_COMPRESSED),
				data: bytes.Repeat([]byte{0xff}, 100),
			})
			r := Stored(bytes.NewReader(with))
			for from := range len(with) {
				for _, length := range []int{1, 7, len(with)} {
					got := make([]byte, min(length, len(with)-from))
					if n, err := r.ReadAt(got, int64(from)); n != len(got) || err != nil {
						t.Fatal(n, err)
					}
					if !bytes.Equal(got, want[from:from+len(got)]) {
						t.Fatalf("%v, 64 bit %v: %d bytes at %d differ", order, wide, len(got), from)
					}
				}
			}
		}
	}
	plain := []byte("#!/bin/sh\n")
	got := make([]byte, len(plain))
	if _, err := Stored(bytes.NewReader(plain)).ReadAt(got, 0); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%q, %v", got, err)
	}
}

func FuzzStored(f *testing.F) {
	f.Add(file(binary.LittleEndian, true, 1, section{}, section{flags: 0x800}), int64(3))
	f.Add(file(binary.BigEndian, false, 1, section{}, section{flags: 0x800}), int64(60))
	f.Fuzz(func(t *testing.T, data []byte, off int64) {
		if off < 0 || off > int64(len(data)) {
			return
		}
		got := make([]byte, len(data))
		n, _ := Stored(bytes.NewReader(data)).ReadAt(got, off)
		for i := range n {
			if got[i]|0x08 != data[off+int64(i)]|0x08 {
				t.Fatalf("byte %d is %x, not %x", off+int64(i), got[i], data[off+int64(i)])
			}
		}
	})
}
