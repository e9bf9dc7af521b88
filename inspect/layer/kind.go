package layer

import (
	"bytes"
	"encoding/binary"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/backtrail/backtrail/inspect"
)

// headSize is how many first bytes of a file its kind is read from. It is what the MIME library reads.
const headSize = 4096

// mimeOf gives the MIME type that stereoscope's file.MIMEType gives, which syft's cataloguers select by: empty for an
// empty file, and without parameters.
func mimeOf(head []byte) string {
	if len(head) == 0 {
		return ""
	}
	name, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	return name
}

// kindOf describes what sort of program begins with these bytes, "" if none. What a file is called decides only for
// archives: a program that is named like a picture is still a program. Text that a shell runs without "#!" has no kind.
// ELF, PE, Mach-O and "#!" are found by their first bytes, so that a new name hides none of them.
func kindOf(name string, head []byte) inspect.Kind {
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return inspect.KindELF
	case bytes.HasPrefix(head, []byte("#!")):
		return inspect.KindScript
	case bytes.HasPrefix(head, []byte("\x00asm")) && len(head) >= 8:
		return inspect.KindWASM
	case isPE(head):
		return inspect.KindPE
	case isMachO(head):
		return inspect.KindMachO
	case isJar(name, head):
		return inspect.KindJar
	}
	return ""
}

// isPE follows the pointer at 0x3c from the DOS stub to "PE\0\0": "MZ" alone begins texts too. The pointer may lie
// behind the first bytes that are kept; then it is not taken for a program.
func isPE(head []byte) bool {
	if !bytes.HasPrefix(head, []byte("MZ")) || len(head) < 0x40 {
		return false
	}
	at := int64(binary.LittleEndian.Uint32(head[0x3c:]))
	return at+4 <= int64(len(head)) && bytes.Equal(head[at:at+4], []byte("PE\x00\x00"))
}

// isMachO recognizes thin and fat files. Java classes begin like fat ones; there the number that follows is the class
// file's version, at least 45, where a fat file has its few architectures.
func isMachO(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch binary.BigEndian.Uint32(head) {
	case 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe:
		return true
	case 0xcafebabe, 0xcafebabf:
		return binary.BigEndian.Uint32(head[4:]) < 45
	}
	return false
}

// isJar recognizes an archive of Java by its name, or by META-INF/ as the first name in it, where jar(1) puts it (the
// local header has 30 bytes before the name).
func isJar(name string, head []byte) bool {
	if !bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return false
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".jar", ".war", ".ear":
		return true
	}
	return len(head) > 39 && bytes.HasPrefix(head[30:], []byte("META-INF/"))
}
