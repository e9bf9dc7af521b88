package binary

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// segment is one of an ELF file that a test makes.
type segment struct {
	kind, flags uint32
	content     string
}

// elfWith makes an ELF file of some segments, with a section table at the end.
func elfWith(segments ...segment) string {
	le := binary.LittleEndian
	head := []byte(elfOf(amd64, false, ""))[:64]
	at := uint64(64 + 56*len(segments))
	var table, body bytes.Buffer
	for _, s := range segments {
		p := make([]byte, 56)
		le.PutUint32(p, s.kind)
		le.PutUint32(p[4:], s.flags)
		le.PutUint64(p[8:], at+uint64(body.Len()))
		le.PutUint64(p[16:], at+uint64(body.Len())) // where it is mapped
		le.PutUint64(p[32:], uint64(len(s.content)))
		le.PutUint64(p[40:], uint64(len(s.content)))
		table.Write(p)
		body.WriteString(s.content)
	}
	le.PutUint64(head[32:], 64)
	le.PutUint16(head[56:], uint16(len(segments)))
	names := "\x00.shstrtab\x00"
	sections := make([]byte, 2*64)
	second := sections[64:]
	le.PutUint32(second, 1)
	le.PutUint32(second[4:], 3)
	le.PutUint64(second[24:], at+uint64(body.Len()))
	le.PutUint64(second[32:], uint64(len(names)))
	le.PutUint64(head[40:], at+uint64(body.Len()+len(names)))
	le.PutUint16(head[60:], 2)
	le.PutUint16(head[62:], 1)
	return string(slices.Concat(head, table.Bytes(), body.Bytes(), []byte(names), sections))
}

// withRunpath makes a program whose libraries are looked for in a directory.
func withRunpath(tag uint64, dir string) string {
	le := binary.LittleEndian
	text := "\x00" + dir + "\x00"
	var dynamic bytes.Buffer
	for _, entry := range [][2]uint64{{tag, 1}, {5, 0x1000}, {10, uint64(len(text))}, {0, 0}} { // DT_STRTAB, DT_STRSZ
		_ = binary.Write(&dynamic, le, entry)
	}
	// debug/elf finds the strings by the sections, which have to link the dynamic one with them.
	head := []byte(elfOf(amd64, false, ""))[:64]
	body := slices.Concat(head, dynamic.Bytes(), []byte(text))
	sections := make([]byte, 3*64)
	put := func(n int, kind uint32, at, size uint64, link uint32, each uint64) {
		s := sections[64*n:]
		le.PutUint32(s[4:], kind)
		le.PutUint64(s[24:], at)
		le.PutUint64(s[32:], size)
		le.PutUint32(s[40:], link)
		le.PutUint64(s[56:], each)
	}
	put(1, 6, 64, uint64(dynamic.Len()), 2, 16)
	put(2, 3, uint64(64+dynamic.Len()), uint64(len(text)), 0, 0)
	le.PutUint64(body[40:], uint64(len(body)))
	le.PutUint16(body[60:], 3)
	le.PutUint16(body[62:], 2)
	return string(slices.Concat(body, sections))
}

func TestSignsOfBytes(t *testing.T) {
	const run, load = 5, 1 // PF_R|PF_X, PT_LOAD
	plain := strings.Repeat("\x55\x48\x89\xe5\x5d\xc3\x90\x0f", 4096)
	for name, test := range map[string]struct {
		data  string
		codes string // in any case
		words string // of the detail, "" for none at all
	}{
		"code": {elfWith(segment{load, run, plain}, segment{3, 4, "/lib/ld.so"}), "", ""},
		"packed code": {
			elfWith(segment{load, run, noisy(1, 1<<16)}, segment{3, 4, "/lib/ld.so"}),
			"packed", "bits of entropy",
		},
		"packed data is none": {elfWith(segment{load, run, plain}, segment{load, 4, noisy(1, 1<<16)},
			segment{3, 4, "x"}), "", ""},
		"UPX": {
			elfWith(segment{load, run, "UPX!" + noisy(1, 1<<16)}, segment{3, 4, "x"}),
			"packed", "packed with UPX",
		},
		"writable code": {
			elfWith(segment{load, 7, plain}, segment{3, 4, "x"}), "",
			"writable and executable",
		},
		"bytes behind the end": {elfWith(segment{load, run, plain}, segment{3, 4, "x"}) +
			"PK\x03\x04 payload", "", "12 bytes follow the end"},
		"zeros behind the end": {elfWith(segment{load, run, plain}, segment{3, 4, "x"}) +
			strings.Repeat("\x00", 100), "", ""},
		"from memory": {
			elfWith(segment{load, run, plain + "memfd_create"}, segment{3, 4, "x"}),
			"", "memfd_create",
		},
		"static": {elfWith(segment{load, run, plain}), "static-stripped", "linked statically"},
		"libraries of all": {
			withRunpath(29, "/opt/lib:/tmp/lib"), "static-stripped",
			"it loads libraries from /tmp/lib",
		},
		"libraries of all, the old tag": {
			withRunpath(15, "/dev/shm"), "static-stripped",
			"it loads libraries from /dev/shm",
		},
		"libraries beside it": {withRunpath(29, "$ORIGIN/../lib"), "static-stripped", "linked statically"},
		"another machine":     {elfOf(183, true, "x"), "arch-mismatch", "built for arm64"},
		"no sections": {
			elfOf(amd64, true, "x")[:40] + "\x00\x00\x00\x00\x00\x00\x00\x00" +
				elfOf(amd64, true, "x")[48:60] + "\x00\x00\x00\x00" + elfOf(amd64, true, "x")[64:], "packed",
			"no section headers",
		},
		"broken": {elfOf(amd64, true, "x")[:70], "", "headers are broken"},
	} {
		f := examine(inspect.KindELF, []byte(test.data), "amd64")
		if got := strings.Join(f.Codes, " "); got != test.codes {
			t.Errorf("%s: codes %q, want %q (%q)", name, got, test.codes, f.Detail)
		}
		if got := strings.Join(f.Detail, "; "); !strings.Contains(got, test.words) || test.words == "" && got != "" {
			t.Errorf("%s: detail %q, want %q", name, got, test.words)
		}
	}
}

// The programs of this machine show no sign but those that say nothing by themselves.
func TestOrdinaryProgramsShowNoSign(t *testing.T) {
	var all []string
	for _, pattern := range []string{"/usr/bin/*", "/usr/lib/*/*.so*"} {
		found, err := filepath.Glob(pattern)
		must(t, err)
		all = append(all, found[:min(len(found), 250)]...)
	}
	for _, name := range []string{"go", "node", "java", "python3"} {
		if found, err := exec.LookPath(name); err == nil {
			all = append(all, found)
		}
	}
	seen := 0
	for _, name := range all {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || info.Size() > 100<<20 {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil || !bytes.HasPrefix(data, []byte("\x7fELF")) {
			continue
		}
		seen++
		f := examine(inspect.KindELF, data, "")
		for _, code := range f.Codes {
			if code != inspect.CodeStaticStripped && code != inspect.CodeGoModule {
				t.Errorf("%s: %s: %q", name, code, f.Detail)
			}
		}
		if detail := strings.Join(f.Detail, "; "); strings.Contains(detail, "follow the end") ||
			strings.Contains(detail, "broken") || strings.Contains(detail, "writable and executable") {
			t.Errorf("%s: %s", name, detail)
		}
	}
	if seen < 20 {
		t.Skipf("only %d programs here", seen)
	}
}

func TestProgramsOfAllKindsAreRows(t *testing.T) {
	_, base := debian()
	pe := "MZ" + strings.Repeat("\x00", 58) + "\x40\x00\x00\x00PE\x00\x00" + strings.Repeat("x", 60)
	for name, test := range map[string]struct {
		file member
		want string
	}{
		"PE": {file("app/tool.exe", pe), "low /app/tool.exe x1 unowned"},
		"Mach-O": {
			exe("app/tool", "\xcf\xfa\xed\xfe"+strings.Repeat("x", 60)),
			"low /app/tool x1 unowned",
		},
		"WASM": {
			file("app/tool.wasm", "\x00asm\x01\x00\x00\x00"),
			"low /app/tool.wasm x1 unowned",
		},
		"a jar": {file("app/lib.jar", "PK\x03\x04"+strings.Repeat("x", 60)), ""},
		"a jar where all may write": {
			exe("tmp/lib.jar", "PK\x03\x04"+strings.Repeat("x", 60)),
			"high /tmp/lib.jar x1 unowned tmp-path",
		},
		"a script":                   {exe("app/run.sh", "#!/bin/sh\n"), ""},
		"a script that is started":   {exe("run.sh", "#!/bin/sh\n"), "info /run.sh x1 unowned entrypoint"},
		"a script without the right": {file("tmp/run.sh", "#!/bin/sh\n"), ""},
		"a name that turns": {
			exe("usr/bin/\u202eelppa", program("x")),
			"high /usr/bin/\u202eelppa x1 unowned hidden-path",
		},
		"a name that ends with a blank": {exe("usr/bin/ls ", program("x")), "high /usr/bin/ls  x1 unowned hidden-path"},
		"a program that all may change": {
			exe("opt/x/y", program("x")).WithMode(0o777),
			"low /opt/x/y x1 unowned world-writable",
		},
		"a program with capabilities": {member{Header: headerWith("opt/x/ping", "security.capability",
			"\x01\x00\x00\x02"), Content: program("x")}, "medium /opt/x/ping x1 unowned capability"},
	} {
		c := newBench(t).examine(t, imageOf(t, v1.Config{Entrypoint: []string{"/run.sh"}}, base, step("COPY",
			test.file)), nil)
		if got := strings.Join(binaryRows(c.Images[0]), ", "); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// What stood there before is said: a layer that replaces a program of a lower one.
func TestAReplacedProgramIsSaidToBe(t *testing.T) {
	_, base := debian()
	c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("COPY", exe("app/web", program("1"))),
		step("RUN x", exe("app/web", program("2")), exe("usr/bin/top", program("3")))), nil)
	for _, b := range c.Images[0].Binaries {
		if !strings.Contains(b.Detail, "layer 2 replaced the file that layer") {
			t.Errorf("%s: %s", b.Path, b.Detail)
		}
	}
}
