package layer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// peak gives the most memory, in bytes, that the program had from the system for its heap while something ran, above what
// it had before.
func peak(t *testing.T, do func()) uint64 {
	t.Helper()
	const name = "/memory/classes/heap/objects:bytes"
	sample := func() uint64 {
		s := []metrics.Sample{{Name: name}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(416 * mib)) // as the program does it
	debug.FreeOSMemory()
	before, most := sample(), uint64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, sample())
			}
		}
	}()
	do()
	close(stop)
	<-stopped
	if most < before {
		return 0
	}
	return most - before
}

// emptyFiles gives a tar of n empty files, made as it is read, each with a name of its own below dir.
type emptyFiles struct {
	dir   string
	n, at int
	rest  []byte
}

func (e *emptyFiles) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.at > e.n {
			return 0, io.EOF
		}
		e.rest = make([]byte, 2*blockSize)
		if e.at < e.n {
			e.rest = e.header()
		}
		e.at++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// header is made by hand: archive/tar would take longer than what is tested.
func (e *emptyFiles) header() []byte {
	h := make([]byte, blockSize)
	copy(h, fmt.Sprintf("%s/d%d/f%d", e.dir, e.at%1000, e.at))
	copy(h[100:], "0000644\x000000000\x000000000\x0000000000000\x0000000000000\x00        0")
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

// manyFiles packs a layer of empty files, and gives its diff ID.
func manyFiles(t *testing.T, dir string, n int) (packed []byte, diffID string) {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	must(t, err)
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(z, h), &emptyFiles{dir: dir, n: n})
	must(t, err)
	must(t, z.Close())
	return b.Bytes(), fmt.Sprintf("sha256:%x", h.Sum(nil))
}

const mib = 1 << 20

func TestTenMillionEntriesEndWithinMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var err error
	used := peak(t, func() { _, err = scanTar(context.Background(), &emptyFiles{dir: "x", n: 10_000_000}) })
	t.Logf("%d MiB", used/mib)
	var limit *registry.LimitError
	if !errors.As(err, &limit) || limit.Limit != MaxEntries {
		t.Errorf("error %v", err)
	}
	if used > 600*mib {
		t.Errorf("it took %d MiB", used/mib)
	}
}

// Many layers, each of them within bounds, are no way around them.
func TestAnImageOfTooManyFilesEndsInWords(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var layers [][]byte
	var ids []string
	data, id := manyFiles(t, "x", 320_000)
	for range 5 { // the same one again: it is read once and would be merged five times
		layers, ids = append(layers, data), append(ids, id)
	}
	target := layoutOf(t, layers, ids, nil)
	layers = nil
	b := newBench(t)
	var c inspect.Case
	used := peak(t, func() { c = b.examine(t, target) })
	t.Logf("%d MiB", used/mib)
	i := c.Images[0]
	if i.Status != inspect.Unknown || i.Reason != "limit" || !strings.Contains(i.Detail, "files") {
		t.Errorf("image %s %s %s", i.Status, i.Reason, i.Detail)
	}
	for _, l := range i.Layers[:4] {
		if l.Status != inspect.Verified {
			t.Errorf("layer %d: %s %s", l.Number, l.Status, l.Detail)
		}
	}
	if last := i.Layers[4]; last.Status != inspect.Unknown || last.Reason != "limit" ||
		!strings.Contains(last.Detail, "what came before it is shown") {
		t.Errorf("the layer that passes the limit: %s %s %s", last.Status, last.Reason, last.Detail)
	}
	if used > 600*mib {
		t.Errorf("it took %d MiB", used/mib)
	}
}
