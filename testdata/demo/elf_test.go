package shop

import (
	"bytes"
	"debug/elf"
	"testing"
)

func TestProgramsAreELF(t *testing.T) {
	for _, c := range []struct {
		name     string
		program  program
		kind     elf.Type
		sections int
		loader   bool
	}{
		{"packaged program", program{says: "cat"}, elf.ET_EXEC, 6, true},
		{"library", program{says: "libz", library: true}, elf.ET_DYN, 6, false},
		{"static", program{says: "web", static: true}, elf.ET_EXEC, 6, false},
		{"static and stripped", program{says: "fontd", static: true, stripped: true}, elf.ET_EXEC, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, err := c.program.bytes()
			if err != nil {
				t.Fatal(err)
			}
			f, err := elf.NewFile(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if f.Type != c.kind || f.Machine != elf.EM_X86_64 || len(f.Sections) != c.sections {
				t.Errorf("%v for %v with %d sections", f.Type, f.Machine, len(f.Sections))
			}
			loads := false
			for _, p := range f.Progs {
				loads = loads || p.Type == elf.PT_INTERP
			}
			if loads != c.loader {
				t.Errorf("has a loader: %v", loads)
			}
			checkCode(t, f, data, c.program)
		})
	}
}

// checkCode wants the entry point to be the end of the program, by the segment and by the symbol.
func checkCode(t *testing.T, f *elf.File, data []byte, p program) {
	t.Helper()
	at := f.Entry - loadAddress
	if !bytes.Equal(data[at:at+uint64(len(exit()))], exit()) {
		t.Errorf("at the entry point stands %x", data[at:at+8])
	}
	if !bytes.Contains(data, []byte(p.says)) {
		t.Error("its text is not in it")
	}
	if p.stripped {
		return
	}
	symbols, err := f.Symbols()
	if err != nil || len(symbols) != 1 || symbols[0].Name != "_start" || symbols[0].Value != f.Entry {
		t.Errorf("symbols: %v, %v", symbols, err)
	}
	if text := f.Section(".text"); text == nil || text.Addr != f.Entry {
		t.Errorf("section .text: %+v", text)
	}
}

func TestUpgradeChangesNamesOfLibraries(t *testing.T) {
	all := upgraded(basePackages(), "5.6.1-1", "liblzma5")
	p := named(all, "liblzma5")[0]
	if p.version != "5.6.1-1" || p.files[1] != "/lib/x86_64-linux-gnu/liblzma.so.5.6.1" {
		t.Errorf("%s: %v", p.version, p.files)
	}
	if before := named(basePackages(), "liblzma5")[0]; before.files[1] != "/lib/x86_64-linux-gnu/liblzma.so.5.4.1" {
		t.Errorf("the package before changed too: %v", before.files)
	}
}
