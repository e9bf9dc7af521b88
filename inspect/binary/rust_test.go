package binary

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// elfWithSection makes an ELF file that has one section of a name and a content.
func elfWithSection(name, content string) string {
	le := binary.LittleEndian
	body := bytes.NewBufferString(elfOf(amd64, false, "")[:64])
	at := body.Len()
	body.WriteString(content)
	names := "\x00" + name + "\x00.shstrtab\x00"
	namesAt := body.Len()
	body.WriteString(names)
	sections := make([]byte, 3*64)
	put := func(n, nameAt, kind, at, size int) {
		s := sections[64*n:]
		le.PutUint32(s, uint32(nameAt))
		le.PutUint32(s[4:], uint32(kind))
		le.PutUint64(s[24:], uint64(at))
		le.PutUint64(s[32:], uint64(size))
	}
	put(1, 1, 1, at, len(content)) // SHT_PROGBITS
	put(2, 2+len(name), 3, namesAt, len(names))
	data := append(body.Bytes(), sections...)
	le.PutUint64(data[40:], uint64(namesAt+len(names)))
	le.PutUint16(data[60:], 3)
	le.PutUint16(data[62:], 2)
	return string(data)
}

// What Rust's tools leave identifies a program; it makes nobody its owner.
func TestRustProgramsAreIdentified(t *testing.T) {
	for section, words := range map[[2]string]string{
		{".comment", "GCC: (GNU) 13\x00rustc version 1.80.0 (051478957 2024-07-21)\x00"}: "it is built by Rust",
		{".dep-v0", "x\x9c\x03\x00"}:      "it is built by Rust and lists its crates",
		{".comment", "GCC: (GNU) 13\x00"}: "",
	} {
		f := examine(inspect.KindELF, []byte(elfWithSection(section[0], section[1])), "amd64")
		if got := strings.Join(f.Detail, "; "); !strings.Contains(got, words) || words == "" && strings.Contains(got,
			"Rust") {
			t.Errorf("%s: %q", section[0], got)
		}
		if got := strings.Join(f.Codes, " "); got != inspect.CodeStaticStripped {
			t.Errorf("%s: codes %q", section[0], got)
		}
	}
}
