package viewer

import (
	"debug/elf"
	"fmt"
	"io"
	"strings"

	"github.com/backtrail/backtrail/inspect/elfread"
	"github.com/backtrail/backtrail/inspect/text"
)

// maxHeaders bounds the sections, segments and libraries that are shown of an ELF file.
const maxHeaders = 100

// elfLines words the headers of an ELF file. The file is foreign: what cannot be read becomes a line.
func elfLines(r io.ReaderAt) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, text.Clean(fmt.Sprintf(format, args...))) }
	defer func() {
		if x := recover(); x != nil {
			add("the headers are broken: %v", x)
		}
	}()
	f, err := elfread.Open(r)
	if err != nil {
		add("the headers are broken: %v", err)
		return lines
	}
	defer func() { _ = f.Close() }()
	add("%s, %s, %s", strings.TrimPrefix(f.Class.String(), "ELFCLASS")+" bit",
		strings.TrimPrefix(f.Machine.String(), "EM_"), strings.TrimPrefix(f.Type.String(), "ET_"))
	add("system      %s", strings.TrimPrefix(f.OSABI.String(), "ELFOSABI_"))
	add("entry       0x%x", f.Entry)
	elfLinking(f, add)
	add("")
	add("Segments")
	for i, p := range f.Progs {
		if i == maxHeaders {
			add("… and %d more", len(f.Progs)-maxHeaders)
			break
		}
		add("%-14s %s  offset 0x%08x  address 0x%012x  file %10d  memory %10d",
			strings.TrimPrefix(p.Type.String(), "PT_"), elfFlags(p.Flags), p.Off, p.Vaddr, p.Filesz, p.Memsz)
		if p.Flags&elf.PF_W != 0 && p.Flags&elf.PF_X != 0 {
			add("               ! writable and executable")
		}
	}
	add("")
	add("Sections")
	if len(f.Sections) == 0 {
		add("none: the section headers were removed")
	}
	for i, s := range f.Sections {
		if i == maxHeaders {
			add("… and %d more", len(f.Sections)-maxHeaders)
			break
		}
		add("%-22s %-14s address 0x%012x  size %10d", s.Name, strings.TrimPrefix(s.Type.String(), "SHT_"), s.Addr,
			s.Size)
	}
	return lines
}

// elfLinking words how the program is loaded, and whether it has symbols. The loader is the text of PT_INTERP; a
// segment of 4096 bytes or more is none, as paths are shorter on Linux (PATH_MAX). RPATH and RUNPATH are shown, since
// a directory in them that others may write is a way in.
func elfLinking(f *elf.File, add func(string, ...any)) {
	loader := ""
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			b, _ := io.ReadAll(io.LimitReader(p.Open(), 4096))
			loader = strings.TrimRight(string(b), "\x00")
		}
	}
	if loader == "" {
		add("loader      none: static")
	} else {
		add("loader      %s", loader)
	}
	libraries, err := f.ImportedLibraries()
	if err == nil {
		for i, l := range libraries {
			if i == maxHeaders {
				break
			}
			add("needs       %s", l)
		}
	}
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		if paths, err := f.DynString(tag); err == nil && len(paths) > 0 {
			add("%-11s %s", strings.TrimPrefix(tag.String(), "DT_"), strings.Join(paths, ":"))
		}
	}
	if f.Section(".symtab") == nil {
		add("symbols     none: stripped")
	} else {
		add("symbols     present")
	}
	if f.Section(".go.buildinfo") != nil {
		add("made by     the Go compiler")
	}
}

// elfFlags are the permissions of a segment, as readelf writes them. A segment that is both writable and executable
// is what unpackers and injected code leave.
func elfFlags(f elf.ProgFlag) string {
	s := []byte("---")
	for i, bit := range []elf.ProgFlag{elf.PF_R, elf.PF_W, elf.PF_X} {
		if f&bit != 0 {
			s[i] = "rwx"[i]
		}
	}
	return string(s)
}
