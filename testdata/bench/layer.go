package main

import (
	"archive/tar"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// sown is a tree of files made of words, about as compressible as programs are; the same seed gives the same bytes.
type sown struct {
	root    string
	files   int
	size    int // of each file, bytes
	seed    uint64
	program bool // each is an ELF executable by its first bytes
}

// perDir is how many files share a folder.
const perDir = 40

func (s sown) write(w *tar.Writer) error {
	random := rand.New(rand.NewPCG(s.seed, 2)) //nolint:gosec // the same bytes in every run
	words := vocabulary(random)
	body := make([]byte, s.size)
	for i := range s.files {
		if i%perDir == 0 {
			if err := writeDir(w, fmt.Sprintf("%s/d%d/", s.root, i/perDir)); err != nil {
				return err
			}
		}
		for at := 0; at < len(body); {
			at += copy(body[at:], words[min(random.IntN(len(words)), random.IntN(len(words)))])
		}
		name, mode := fmt.Sprintf("%s/d%d/f%d.js", s.root, i/perDir, i), int64(0o644)
		if s.program {
			copy(body, elfHeader())
			mode = 0o755
		}
		if err := writeFile(w, name, mode, body); err != nil {
			return err
		}
	}
	return nil
}

func vocabulary(random *rand.Rand) [][]byte {
	words := make([][]byte, 4096)
	for i := range words {
		words[i] = make([]byte, 3+random.IntN(9))
		for k := range words[i] {
			words[i][k] = byte(random.IntN(256))
		}
	}
	return words
}

// elfHeader is that of an x86-64 executable without segments (ELF-64 Object File Format, "ELF header").
func elfHeader() []byte {
	h := make([]byte, 64)
	copy(h, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(h[16:], 2)  // ET_EXEC
	binary.LittleEndian.PutUint16(h[18:], 62) // EM_X86_64
	binary.LittleEndian.PutUint32(h[20:], 1)
	binary.LittleEndian.PutUint16(h[52:], 64)
	return h
}

// built is when all that is made here was made.
var built = time.Unix(1_700_000_000, 0)

func writeDir(w *tar.Writer, name string) error {
	return w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755, ModTime: built})
}

func writeFile(w *tar.Writer, name string, mode int64, body []byte) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(body)), ModTime: built}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

// sownLayer packs trees as one layer.
func sownLayer(to string, trees ...sown) error {
	return packLayer(to, func(w io.Writer) error {
		t := tar.NewWriter(w)
		for _, s := range trees {
			if err := s.write(t); err != nil {
				return err
			}
		}
		return t.Close()
	})
}
