package binary

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
)

// linked makes a 64-bit program whose dynamic section has a RUNPATH (or RPATH) and the libraries that it needs. Offsets
// are those of Elf64_Ehdr, Elf64_Shdr and Elf64_Dyn in the System V ABI.
func linked(tag uint64, dirs string, needed ...string) string {
	le := binary.LittleEndian
	text, dynamic := "\x00", []byte{}
	put := func(tag uint64, s string) {
		dynamic = le.AppendUint64(le.AppendUint64(dynamic, tag), uint64(len(text)))
		text += s + "\x00"
	}
	for _, n := range needed {
		put(1, n)
	}
	if tag != 0 {
		put(tag, dirs)
	}
	dynamic = append(dynamic, make([]byte, 16)...)
	names := "\x00.dynstr\x00.dynamic\x00.shstrtab\x00"
	body := make([]byte, 64)
	copy(body, "\x7fELF\x02\x01\x01")
	le.PutUint16(body[16:], 3) // shared
	le.PutUint16(body[18:], layertest.AMD64)
	le.PutUint32(body[20:], 1)
	le.PutUint16(body[52:], 64)
	le.PutUint16(body[54:], 56)
	le.PutUint16(body[58:], 64)
	sections := make([]byte, 64)
	add := func(name, kind, link uint32, data []byte) {
		s := make([]byte, 64)
		le.PutUint32(s, name)
		le.PutUint32(s[4:], kind)
		le.PutUint64(s[24:], uint64(len(body)))
		le.PutUint64(s[32:], uint64(len(data)))
		le.PutUint32(s[40:], link)
		sections, body = append(sections, s...), append(body, data...)
	}
	add(1, 3, 0, []byte(text))
	add(9, 6, 1, dynamic)
	add(18, 3, 0, []byte(names))
	le.PutUint64(body[40:], uint64(len(body)))
	le.PutUint16(body[60:], uint16(len(sections)/64))
	le.PutUint16(body[62:], 3)
	return string(append(body, sections...))
}

// Where programs with rights of their own, or with an alert, load libraries from, with the twins that are calm.
func TestWhereLibrariesAreLoadedFrom(t *testing.T) {
	const rpath, runpath = 15, 29
	_, base := debian()
	setuid := func(content string) member { return exe("usr/bin/tool", content).WithMode(0o4755) }
	lib := exe("opt/tool/lib/libx.so.1", program("x"))
	owned := func(all ...member) []member {
		return append(all, layertest.Dpkg(map[string][]member{"tool": all}, "tool")...)
	}
	for name, test := range map[string]struct {
		members []member
		want    string
	}{
		"where everyone may write": {[]member{setuid(linked(runpath, "/tmp/lib"))}, "from /tmp/lib, where everyone"},
		"by the older tag":         {[]member{setuid(linked(rpath, "/var/tmp"))}, "from /var/tmp, where everyone"},
		"in the second place":      {[]member{setuid(linked(runpath, "/usr/lib:/tmp"))}, "from /tmp, where everyone"},
		"an empty place":           {[]member{setuid(linked(runpath, "/usr/lib::/opt"))}, `from "", below the directory`},
		"a relative place":         {[]member{setuid(linked(runpath, "lib"))}, `from "lib", below the directory`},
		"a directory for all": {
			[]member{setuid(linked(runpath, "/opt/l")), dir("opt/"), dir("opt/l/").WithMode(0o777)}, "(mode 0777)",
		},
		"a hidden directory": {[]member{setuid(linked(runpath, "/usr/lib/.x"))}, "a hidden directory"},
		"up from where it is": {
			[]member{setuid(linked(runpath, "$ORIGIN/../../tmp"))}, "where everyone may write",
		},
		"a library of nobody": {
			append(owned(setuid(linked(runpath, "/opt/tool/lib", "libx.so.1"))), lib),
			"loads /opt/tool/lib/libx.so.1, which is of none",
		},
		"a library of its package":    {owned(setuid(linked(runpath, "/opt/tool/lib", "libx.so.1")), lib), ""},
		"a library that is not there": {owned(setuid(linked(runpath, "/opt/tool/lib", "libx.so.1"))), ""},
		"without rights":              {[]member{exe("usr/bin/tool", linked(runpath, "/tmp/lib"))}, ""},
		"rights without running":      {[]member{exe("usr/bin/tool", linked(runpath, "/tmp/lib")).WithMode(0o4644)}, ""},
		"no place":                    {[]member{setuid(linked(0, "", "libc.so.6"))}, ""},
		"an empty list":               {[]member{setuid(linked(runpath, ""))}, ""},
		"beside the program":          {[]member{setuid(linked(runpath, "$ORIGIN/../lib:${ORIGIN}"))}, ""},
		"of the machine":              {[]member{setuid(linked(runpath, "/usr/$LIB"))}, ""},
		"no program":                  {[]member{setuid("#!/bin/sh\n")}, ""},
		"cut off":                     {[]member{setuid(linked(runpath, "/tmp/lib")[:100])}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("RUN x", test.members...)), nil)
			var got []string
			for _, f := range c.Findings {
				if f.Code == inspect.CodeLibraryPath {
					got = append(got, f.Title)
				}
			}
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("raised: %q", got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
				t.Errorf("got %q, want %q", got, test.want)
			}
			if said := slices.Contains(notable(c.Images[0]), "medium "+inspect.CodeLibraryPath); said != (test.want != "") {
				t.Errorf("a setting: %v", said)
			}
		})
	}
}

// What a hostile file says of its own sections ends nothing and takes no memory.
func TestDynamicSectionsThatLie(t *testing.T) {
	_, base := debian()
	good := linked(29, "/tmp/lib", "libc.so.6")
	for at := 64; at < len(good); at += 7 {
		bad := good[:at] + "\xff\xff\xff\xff" + good[min(at+4, len(good)):]
		if at%56 != 1 { // a few of them, each an image of its own
			continue
		}
		c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("RUN x",
			exe("usr/bin/tool", bad).WithMode(0o4755))), nil)
		if len(c.Images) != 1 || len(c.Images[0].Layers) == 0 {
			t.Errorf("%d: %+v", at, c.Images)
		}
	}
}

// Programs past the bound are counted, not passed over: an image with hundreds of setuid files must not hide one.
func TestMoreProgramsWithRightsThanAreRead(t *testing.T) {
	_, base := debian()
	var all []member
	for n := range maxLibraryPrograms + 1 {
		all = append(all, exe(fmt.Sprintf("usr/bin/a%03d", n), "#!/bin/sh\n").WithMode(0o4755))
	}
	for length, want := range map[int]bool{maxLibraryPrograms: false, maxLibraryPrograms + 1: true} {
		c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("RUN x", all[:length]...)), nil)
		if got := slices.Contains(notable(c.Images[0]), "low "+inspect.CodeLibraryPath); got != want {
			t.Errorf("%d programs: a setting: %v", length, got)
		}
	}
}
