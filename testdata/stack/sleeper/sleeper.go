// Package sleeper makes the smallest program that a container can run: a static ELF executable that prints one line and its
// arguments, and sleeps until SIGTERM. It is assembled here, byte by byte, so that images are the same on every
// machine and no compiler is needed; extra bytes at its end give as many different programs as a test needs.
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

// ELF returns a linux/amd64 executable that writes line and then each of its arguments to its standard output, each with a
// newline, waits for SIGTERM or SIGINT and exits with 0. The signals are blocked and waited for, since process 1 of a container
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
	const codeLen = 168
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
	newline := text + uint32(textLen) - 1
	c.Write([]byte{0x4c, 0x8b, 0x24, 0x24})       // mov r12, [rsp]: the number of arguments, the program's name among them
	c.Write([]byte{0x4c, 0x8d, 0x6c, 0x24, 0x10}) // lea r13, [rsp+16]: the first after the name
	loop := c.Len()
	c.Write([]byte{0x49, 0xff, 0xcc, 0x7e, 0}) // dec r12; jle, to the end of the loop
	end := c.Len()
	c.Write([]byte{0x49, 0x8b, 0x75, 0x00})                            // mov rsi, [r13]
	c.Write([]byte{0x49, 0x83, 0xc5, 0x08})                            // add r13, 8
	c.Write([]byte{0x31, 0xd2})                                        // xor edx, edx: its length is counted
	c.Write([]byte{0x80, 0x3c, 0x16, 0x00, 0x74, 5, 0x48, 0xff, 0xc2}) // cmp byte [rsi+rdx], 0; je, out; inc rdx
	c.Write([]byte{0xeb, 0xf5})                                        // jmp, to the comparison
	mov(edi, 1)                                                        // write(1, argument, length)
	syscall(1)
	mov(edi, 1) // write(1, newline, 1)
	mov(esi, newline)
	mov(edx, 1)
	syscall(1)
	c.Write([]byte{0xeb, byte(loop - c.Len() - 2)}) // jmp, to the next
	c.Bytes()[end-1] = byte(c.Len() - end)
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
