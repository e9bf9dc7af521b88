// Package sleeper makes the smallest program that a container can run: a static ELF executable that prints one line
// and sleeps until SIGTERM. It is assembled here, byte by byte, so that images are the same on every
// machine and no compiler is needed; extra bytes at its end give as many different programs as a test wants.
package sleeper

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	base       = 0x400000     // address the file is mapped at
	headerSize = 64 + 56      // ELF header and one program header
	sigmask    = 1<<14 | 1<<1 // SIGTERM (15) and SIGINT (2)
)

// ELF returns a linux/amd64 executable that writes line and a newline to its standard output, then waits for SIGTERM or
// SIGINT and exits with 0. The signals are blocked and waited for, since process 1 of a container
// does not get signals that it has no handler for. extra is appended to the file and never run.
func ELF(line, extra string) []byte {
	text := line + "\n"
	code := assemble(len(text))
	data := new(bytes.Buffer)
	data.Write(code)
	_ = binary.Write(data, binary.LittleEndian, uint64(sigmask))
	data.WriteString(text)
	data.WriteString(extra)

	file := header(uint64(headerSize + data.Len()))
	return append(file, data.Bytes()...)
}

// assemble gives the machine code; the signal mask lies right behind it and the text behind that.
func assemble(textLen int) []byte {
	const codeLen = 102
	mask := uint32(base + headerSize + codeLen)
	text := mask + 8
	c := new(bytes.Buffer)
	mov := func(opcode byte, value uint32) { // mov r32, imm32
		c.WriteByte(opcode)
		_ = binary.Write(c, binary.LittleEndian, value)
	}
	const eax, edx, esi, edi = 0xb8, 0xba, 0xbe, 0xbf
	r10 := func(value uint32) { c.WriteByte(0x41); mov(0xba, value) }
	syscall := func(number uint32) { mov(eax, number); c.Write([]byte{0x0f, 0x05}) }

	mov(edi, 0) // rt_sigprocmask(SIG_BLOCK, mask, NULL, 8), before it speaks: who hears it may stop it
	mov(esi, mask)
	mov(edx, 0)
	r10(8)
	syscall(14)
	mov(edi, 1) // write(1, text, len)
	mov(esi, text)
	mov(edx, uint32(textLen))
	syscall(1)
	mov(edi, mask) // rt_sigtimedwait(mask, NULL, NULL, 8)
	mov(esi, 0)
	mov(edx, 0)
	r10(8)
	syscall(128)
	mov(edi, 0) // exit_group(0)
	syscall(231)
	for c.Len() < codeLen {
		c.WriteByte(0x90)
	}
	if c.Len() != codeLen {
		panic(fmt.Sprintf("the sleeper's code is %d bytes long, its data is expected at %d", c.Len(), codeLen))
	}
	return c.Bytes()
}

// header is an ELF header for x86-64 (ELF-64 Object File Format 1.5, figures 3 and 14) with one segment that maps the whole file.
func header(size uint64) []byte {
	h := new(bytes.Buffer)
	h.Write([]byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(h, binary.LittleEndian, v)
		}
	}
	put(uint16(2), uint16(62), uint32(1))               // executable, x86-64, version
	put(uint64(base+headerSize), uint64(64), uint64(0)) // entry, program headers, section headers
	put(uint32(0), uint16(64), uint16(56), uint16(1), uint16(0), uint16(0), uint16(0))
	put(uint32(1), uint32(5)) // PT_LOAD, readable and executable
	put(uint64(0), uint64(base), uint64(base), size, size, uint64(0x1000))
	return h.Bytes()
}
