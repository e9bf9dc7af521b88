package binary

import (
	"bytes"
	"debug/elf"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/elfread"
)

// endsSize is how many bytes at either end of a program are searched for the marks of packers. UPX writes its magic
// into the header that follows the program headers and again near the end, in the trailer; both lie well within one
// page.
const endsSize = 4096

// elf reads the headers. What debug/elf cannot read is noted, and is no sign: broken headers are one more way to hide.
// data are the first MaxScanned bytes of the file; what is computed from its end is left out where the file is longer.
// arch is that of the image, "" where it is not known. debug/elf allocates by sizes in the headers and has had panics
// on made-up files: the caller runs this under layer.Guarded, and data is bounded. A packer that removes "UPX!" is
// still found by its entropy or by the missing sections.
func (f *facts) elf(data []byte, arch string) {
	if bytes.Contains(data[:min(len(data), endsSize)], []byte("UPX!")) || bytes.Contains(data[max(0,
		len(data)-endsSize):], []byte("UPX!")) {
		f.add(inspect.CodePacked, "it is packed with UPX")
	}
	file, err := elfread.Open(bytes.NewReader(data))
	if err != nil {
		if len(data) < MaxScanned {
			f.Detail = append(f.Detail, "its headers are broken: "+err.Error())
		}
		return
	}
	defer file.Close()
	if len(file.Sections) == 0 && !slices.Contains(f.Codes, inspect.CodePacked) {
		f.add(inspect.CodePacked, "it has no section headers")
	}
	dynamic := slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool {
		return p.Type == elf.PT_INTERP ||
			p.Type == elf.PT_DYNAMIC
	})
	if !dynamic && file.Section(".symtab") == nil {
		f.add(inspect.CodeStaticStripped, "it is linked statically and has no symbols")
	}
	f.identify(file, data)
	f.segments(file, data)
	if n := trailing(file, data); n > 0 && len(data) < MaxScanned {
		f.Detail = append(f.Detail, fmt.Sprintf("%d bytes follow the end of the program in its file", n))
	}
	if bytes.Contains(data, []byte("memfd_create")) {
		f.Detail = append(f.Detail, memfdWords)
	}
	for _, tag := range []elf.DynTag{elf.DT_RUNPATH, elf.DT_RPATH} {
		if list, err := file.DynString(tag); err == nil {
			f.runpath(list)
		}
	}
	if is := machine(file.Machine); is != "" && arch != "" && is != arch && !(is == "386" && arch == "amd64") {
		f.add(inspect.CodeArchMismatch, fmt.Sprintf("it is built for %s, the image for %s", is, arch))
	}
}

// memfdWords count only in what shows another sign: interpreters and many libraries know the call too.
const memfdWords = "it can run programs from memory (memfd_create)"

// segments looks at what of the file is mapped to be run. A loader that unpacks itself needs code that is writable and
// executable; so do some JIT compilers, which makes it a detail and no sign. Only PT_LOAD with PF_X counts: data
// segments of ordinary programs hold compressed resources, whose entropy is high too.
func (f *facts) segments(file *elf.File, data []byte) {
	both, even := false, 0.0
	for _, p := range file.Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_X == 0 {
			continue
		}
		both = both || p.Flags&elf.PF_W != 0
		even = max(even, entropy(part(data, p.Off, p.Filesz)))
	}
	if both {
		f.Detail = append(f.Detail, "it has a segment that is writable and executable")
	}
	if even >= packedEntropy && !slices.Contains(f.Codes, inspect.CodePacked) {
		f.add(inspect.CodePacked,
			fmt.Sprintf("its code is as even as packed or encrypted data are (%.1f bits of entropy "+
				"in a byte)", even))
	}
}

// packedEntropy is how many bits of entropy a byte of code has at least where the code is packed. Compilers' code has 5
// to 6.7, what gzip and UPX make has 7.8 and more. An attacker can pad code with zeros to stay below the bound; the
// other signs do not rest on it.
const packedEntropy = 7.4

// entropy gives the bits of entropy of a byte, by how often each value stands there; 0 for what is too short to judge.
// It is Shannon's entropy of single bytes, between 0 and 8. Below one page the estimate is too low to compare.
func entropy(data []byte) float64 {
	if len(data) < 4096 {
		return 0
	}
	var count [256]int
	for _, b := range data {
		count[b]++
	}
	sum := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(data))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// part cuts a stretch out of a file, as far as it is there. Offsets and sizes of headers are foreign: both are cut to
// the file. No sum of two foreign values is formed before they are cut, so that none can overflow.
func part(data []byte, at, size uint64) []byte {
	if at >= uint64(len(data)) {
		return nil
	}
	return data[at:min(at+min(size, uint64(len(data))), uint64(len(data)))]
}

// trailing counts the bytes behind all that the headers speak of, but for a filling of zeros. Droppers append their
// payload there; so do installers and self-extracting archives. An end that lies past the file counts as "nothing
// follows": that hides a payload behind broken headers, which are noted on their own.
func trailing(file *elf.File, data []byte) int {
	end := sectionTable(file, data)
	for _, p := range file.Progs {
		end = max(end, p.Off+min(p.Filesz, uint64(len(data))))
	}
	for _, s := range file.Sections {
		if s.Type != elf.SHT_NOBITS {
			end = max(end, s.Offset+min(s.FileSize, uint64(len(data))))
		}
	}
	if end == 0 || end >= uint64(len(data)) {
		return 0
	}
	return len(bytes.TrimLeft(data[end:], "\x00"))
}

// sectionTable gives the end of the table of section headers, which debug/elf does not give (System V ABI, ELF header).
// The offsets are e_shoff, e_shentsize and e_shnum: bytes 40, 58 and 60 of the 64-bit header, 32, 46 and 48 of the
// 32-bit one.
func sectionTable(file *elf.File, data []byte) uint64 {
	order := file.ByteOrder
	if file.Class == elf.ELFCLASS64 && len(data) >= 64 {
		return order.Uint64(data[40:]) + uint64(order.Uint16(data[58:]))*uint64(order.Uint16(data[60:]))
	}
	if len(data) >= 52 {
		return uint64(order.Uint32(data[32:])) + uint64(order.Uint16(data[46:]))*uint64(order.Uint16(data[48:]))
	}
	return 0
}

// runpath notes directories of RPATH and RUNPATH (ld.so(8)) where everyone may write: whoever writes there chooses the
// libraries. An empty element stands for the working directory in ld.so(8) and is left to libraryPaths, which covers
// programs with rights.
func (f *facts) runpath(list []string) {
	for _, r := range list {
		for _, dir := range strings.Split(r, ":") {
			if autorun.Temporary(dir + "/x") {
				f.Detail = append(f.Detail, "it loads libraries from "+dir)
			}
		}
	}
}

// machine gives the architecture in the words of images, "" for those that need no comparing. The values are those of
// GOARCH, which the OCI image specification prescribes for architecture. A 32-bit x86 program runs on amd64 and is not
// taken as another architecture.
func machine(m elf.Machine) string {
	switch m {
	case elf.EM_X86_64:
		return "amd64"
	case elf.EM_AARCH64:
		return "arm64"
	case elf.EM_386:
		return "386"
	case elf.EM_ARM:
		return "arm"
	case elf.EM_S390:
		return "s390x"
	default:
		return ""
	}
}
