package layer

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// patient bounds how long a small hostile image may take.
const patient = 20 * time.Second

// zeros gives n bytes of a tar that holds one file of nothing but zeros.
func zeros(t *testing.T, n int64) io.Reader {
	t.Helper()
	var b bytes.Buffer
	must(t, tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "zeros", Mode: 0o644, Size: n, Typeflag: tar.TypeReg}))
	return io.MultiReader(&b, io.LimitReader(zeroReader{}, n))
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Little that unpacks to very much: it is not unpacked to its end, the case goes on, and nothing of it stays on the disk.
func TestBombsEndInWords(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	good := tarOf(t, file("a", "1"))
	const much = 64 << 30
	for name, pack := range map[string]func(io.Writer) io.WriteCloser{
		"zstd": func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
			must(t, err)
			return z
		},
		"gzip in many members": func(w io.Writer) io.WriteCloser { return &members{w: w} },
	} {
		t.Run(name, func(t *testing.T) {
			var bomb bytes.Buffer
			w := pack(&bomb)
			large := bufio.NewWriterSize(w, 4*mib)
			_, err := io.Copy(
				large,
				io.LimitReader(zeros(t, much), registry.RatioFloor*3/2),
			) // what MaxRatio lets pass counts beside the floor
			must(t, err)
			must(t, large.Flush())
			must(t, w.Close())
			b := newBench(t)
			target := layoutOf(t, [][]byte{packed(t, good), bomb.Bytes()}, []string{sumOf(good), sumOf(nil)}, nil)
			var c inspect.Case
			started := time.Now()
			used := peak(t, func() { c = b.examine(t, target) })
			if took := time.Since(started); took > time.Minute || used > 100*mib {
				t.Errorf("it took %v and %d MiB", took, used/mib)
			}
			l := c.Images[0].Layers[1]
			if l.Status != inspect.Unknown || l.Reason != "limit" || !strings.Contains(l.Detail, "ratio") ||
				mustTree(t, b, c).Get("/a") == nil {
				t.Errorf("layer %+v", l)
			}
			if size, _, err := b.cache.store.Size(); err != nil || size > 64*mib {
				t.Errorf("%d bytes stay on the disk, %v", size, err)
			}
		})
	}
}

// members packs each write as a gzip member of its own.
type members struct{ w io.Writer }

func (m *members) Write(p []byte) (int, error) {
	z, err := gzip.NewWriterLevel(m.w, gzip.BestSpeed)
	if err != nil {
		return 0, err
	}
	if _, err := z.Write(p); err != nil {
		return 0, err
	}
	return len(p), z.Close()
}

func (m *members) Close() error { return nil }

// rawMember makes a member by hand, as no writer would: its header says the size that it is told to.
func rawMember(name string, kind byte, size int64, content string) []byte {
	h := make([]byte, blockSize)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00", size))
	copy(h[136:], "00000000000\x00        ")
	h[156] = kind
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(h, append([]byte(content), make([]byte, (blockSize-len(content)%blockSize)%blockSize)...)...)
}

// pax makes the extended header of the member that follows.
func pax(records ...string) []byte {
	var text strings.Builder
	for _, r := range records {
		n := len(r) + 3
		for len(fmt.Sprint(n))+len(r)+2 != n {
			n++
		}
		fmt.Fprintf(&text, "%d %s\n", n, r)
	}
	return rawMember("pax", tar.TypeXHeader, int64(text.Len()), text.String())
}

// Tars that no writer makes: each is refused or taken in words, soon, and in little memory.
func TestAbsurdTars(t *testing.T) {
	end := make([]byte, 2*blockSize)
	plainFile := rawMember("f", tar.TypeReg, 1, "x")
	for name, test := range map[string]struct {
		parts [][]byte
		err   string // in the words of the error, empty where the tar is taken
		note  string
	}{
		"a size beyond the end": {[][]byte{rawMember("f", tar.TypeReg, 1<<30, "x"), end}, "unexpected EOF", ""},
		"a size beyond all": {
			[][]byte{pax("size=9223372036854775807"), plainFile, end}, "unexpected EOF", "",
		},
		"a negative size":     {[][]byte{pax("size=-1"), plainFile, end}, "invalid", ""},
		"a size that is none": {[][]byte{pax("size=1e9"), plainFile, end}, "invalid", ""},
		"a name that is cut":  {[][]byte{pax("path=a\x00b"), plainFile, end}, "invalid", ""},
		"a time beyond all":   {[][]byte{pax("mtime=99999999999999999999999"), plainFile, end}, "invalid", ""},
		"a record of a megabyte": {
			[][]byte{pax("path=" + strings.Repeat("n/", 1<<19)), plainFile, end}, "too long", "",
		},
		"a name of 5000 bytes": {
			[][]byte{pax("path=" + strings.Repeat("n/", 2500)), plainFile, end}, "", "longer than any path",
		},
		"a long name of GNU": {
			[][]byte{rawMember("././@LongLink", 'L', 5000, strings.Repeat("n", 5000)), plainFile, end},
			"",
			"longer than any path",
		},
		"attributes without end": {
			[][]byte{pax("SCHILY.xattr.user.x=" + strings.Repeat("v", 100_000)), plainFile, end}, "", "too long",
		},
		"a hole of an exabyte": {
			[][]byte{
				pax("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=1152921504606846976"),
				rawMember("f", tar.TypeReg, 512, "0\n"), end,
			},
			"limit", "",
		},
		"holes in disorder": {
			[][]byte{
				pax("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=1024"),
				rawMember("f", tar.TypeReg, 1024, "2\n512\n512\n0\n512\n"), end,
			},
			"invalid", "",
		},
		"a map of holes that goes on": {
			[][]byte{
				pax("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=9"),
				rawMember("f", tar.TypeReg, 8<<20, "4000000\n"+strings.Repeat("0\n", 4<<20-4)), end,
			},
			"tar", "",
		},
		"a map of a million holes": {
			[][]byte{
				pax("GNU.sparse.numblocks=1000000", "GNU.sparse.map="+strings.Repeat("0,0,", 200_000)+"0,0", "GNU.sparse.size=9"),
				plainFile, end,
			},
			"invalid", "",
		},
		"nothing":      {nil, "", ""},
		"half a block": {[][]byte{plainFile[:200]}, "unexpected EOF", ""},
		"a global header": {
			[][]byte{rawMember("g", tar.TypeXGlobalHeader, 9, "9 path=x\n"), plainFile, end}, "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := slices.Concat(test.parts...)
			var listed tarListing
			var err error
			started := time.Now()
			used := peak(t, func() { listed, err = scanTar(t.Context(), bytes.NewReader(data)) })
			if took := time.Since(started); took > patient || used > 64*mib {
				t.Errorf("it took %v and %d MiB", took, used/mib)
			}
			if test.err == "" && err != nil ||
				test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if test.note != "" && (len(listed.notes) != 1 || !strings.Contains(listed.notes[0], test.note)) {
				t.Errorf("notes %q, want %q", listed.notes, test.note)
			}
		})
	}
}
