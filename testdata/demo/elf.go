package shop

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// program is a small ELF file for linux/amd64. Whoever runs it sees it end at once.
type program struct {
	says     string // its read-only data
	library  bool   // a shared object
	static   bool   // needs no loader
	stripped bool   // without section headers
}

const (
	headerSize  = 64
	segmentSize = 56
	sectionSize = 64
	symbolSize  = 24
	loader      = "/lib64/ld-linux-x86-64.so.2\x00"
	loadAddress = 0x400000
)

// exit is mov eax, 60; xor edi, edi; syscall: exit(0).
func exit() []byte { return []byte{0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05} }

// bytes writes the file: header, segments, loader, code, text, then the sections where it has any.
func (p program) bytes() ([]byte, error) {
	segments := p.segments(0, 0)
	at := uint64(headerSize + segmentSize*len(segments))
	body := p.prelude()
	entry := at + uint64(len(body))
	body = append(body, exit()...)
	text := at + uint64(len(body))
	body = append(body, p.says...)
	body = append(body, 0)
	end := at + uint64(len(body))
	segments = p.segments(at, end)

	header := elf.Header64{
		Ident:   [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_EXEC),
		Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT), Entry: loadAddress + entry, Phoff: headerSize,
		Ehsize: headerSize, Phentsize: segmentSize, Phnum: uint16(len(segments)),
	}
	if p.library {
		header.Type = uint16(elf.ET_DYN)
	}
	var tables []byte
	if !p.stripped {
		var sections []elf.Section64
		var err error
		if tables, sections, err = p.sections(entry, text, end); err != nil {
			return nil, err
		}
		header.Shoff, header.Shentsize = end+uint64(len(tables)-sectionSize*len(sections)), sectionSize
		header.Shnum, header.Shstrndx = uint16(len(sections)), uint16(len(sections)-1)
	}
	var b bytes.Buffer
	for _, part := range []any{header, segments, body, tables} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			return nil, fmt.Errorf("writing an ELF file: %w", err)
		}
	}
	return b.Bytes(), nil
}

// prelude is what stands before the code: the name of the loader, or the empty list of what a library needs.
func (p program) prelude() []byte {
	switch {
	case p.library:
		return make([]byte, 16)
	case p.static:
		return nil
	default:
		return []byte(loader)
	}
}

func (p program) segments(at, end uint64) []elf.Prog64 {
	segment := func(kind elf.ProgType, flags elf.ProgFlag, off, size uint64) elf.Prog64 {
		return elf.Prog64{
			Type: uint32(kind), Flags: uint32(flags), Off: off, Vaddr: loadAddress + off, Paddr: loadAddress + off, Filesz: size, Memsz: size, Align: 1,
		}
	}
	all := []elf.Prog64{segment(elf.PT_LOAD, elf.PF_R|elf.PF_X, 0, end)}
	switch {
	case p.library:
		all = append(all, segment(elf.PT_DYNAMIC, elf.PF_R, at, 16))
	case !p.static:
		all = append(all, segment(elf.PT_INTERP, elf.PF_R, at, uint64(len(loader))))
	}
	return append(all, segment(elf.PT_GNU_STACK, elf.PF_R|elf.PF_W, 0, 0))
}

// sections gives symbol table, names and section headers as they follow the body, and the headers by themselves.
func (p program) sections(entry, text, end uint64) ([]byte, []elf.Section64, error) {
	const names = "\x00.text\x00.rodata\x00.symtab\x00.strtab\x00.shstrtab\x00"
	const symbols = "\x00_start\x00"
	symtab := []elf.Sym64{{}, {
		Name: 1, Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), Shndx: 1, Value: loadAddress + entry, Size: uint64(len(exit())),
	}}
	atNames := end + 2*symbolSize + uint64(len(symbols))
	const code = uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR)
	headers := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: code, Addr: loadAddress + entry, Off: entry, Size: text - entry, Addralign: 1},
		{Name: 7, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC), Addr: loadAddress + text, Off: text, Size: end - text, Addralign: 1},
		{Name: 15, Type: uint32(elf.SHT_SYMTAB), Off: end, Size: 2 * symbolSize, Link: 4, Info: 1, Addralign: 1, Entsize: symbolSize},
		{Name: 23, Type: uint32(elf.SHT_STRTAB), Off: end + 2*symbolSize, Size: uint64(len(symbols)), Addralign: 1},
		{Name: 31, Type: uint32(elf.SHT_STRTAB), Off: atNames, Size: uint64(len(names)), Addralign: 1},
	}
	var b bytes.Buffer
	for _, part := range []any{symtab, []byte(symbols), []byte(names), headers} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			return nil, nil, fmt.Errorf("writing the sections of an ELF file: %w", err)
		}
	}
	return b.Bytes(), headers, nil
}
