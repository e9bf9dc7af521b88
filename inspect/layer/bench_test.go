package layer

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	kgzip "github.com/klauspost/compress/gzip"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// benchLayers makes layers of programs and texts, about as compressible as real ones: size bytes all in all.
func benchLayers(b *testing.B, layers, files, size int) (packedLayers, plainLayers [][]byte) {
	b.Helper()
	if dir := os.Getenv("BENCH_LAYERS"); dir != "" {
		return realLayers(b, dir)
	}
	random := rand.New(rand.NewPCG(1, 2))
	words := make([][]byte, 4096)
	for i := range words {
		words[i] = make([]byte, 3+random.IntN(9))
		for k := range words[i] {
			words[i][k] = byte(random.IntN(256))
		}
	}
	for l := range layers {
		var members []member
		for f := range files / layers {
			var text bytes.Buffer
			for text.Len() < size/files {
				text.Write(words[min(random.IntN(4096), random.IntN(4096))])
			}
			members = append(
				members,
				exe("usr/lib/d"+string(rune('a'+l))+"/"+string(rune('a'+f%26))+"/f"+itoa(f), text.String()),
			)
		}
		data := tarOf(b, members...)
		plainLayers = append(plainLayers, data)
		packedLayers = append(packedLayers, packed(b, data))
	}
	return packedLayers, plainLayers
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

func realLayers(b *testing.B, dir string) (packedLayers, plainLayers [][]byte) {
	b.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range list {
		data, err := os.ReadFile(dir + "/" + e.Name())
		if err != nil {
			b.Fatal(err)
		}
		z, err := kgzip.NewReader(bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		h := sha256.New()
		if _, err := io.Copy(h, z); err != nil {
			b.Fatal(err)
		}
		packedLayers, plainLayers = append(packedLayers, data), append(plainLayers, h.Sum(nil))
	}
	return packedLayers, plainLayers
}

func diffIDs(plain [][]byte) []string {
	ids := make([]string, 0, len(plain))
	for _, p := range plain {
		if len(p) == sha256.Size {
			ids = append(ids, "sha256:"+hexOf(p))
			continue
		}
		ids = append(ids, sumOf(p))
	}
	return ids
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s []byte
	for _, c := range b {
		s = append(s, digits[c>>4], digits[c&15])
	}
	return string(s)
}

// BenchmarkIngest indexes a cold image; compare with BenchmarkFloor, which is what cannot be saved.
func BenchmarkIngest(b *testing.B) {
	zipped, plain := benchLayers(b, 4, 8000, 256<<20)
	target := layoutOf(b, zipped, diffIDs(plain), nil)
	loc, err := registry.Parse(target)
	if err != nil {
		b.Fatal(err)
	}
	zipped, plain = nil, nil
	for b.Loop() {
		b.StopTimer()
		x := newBench(b)
		img, err := x.client.Resolve(b.Context(), loc, v1.Platform{})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		layers, err := x.cache.IngestAll(b.Context(), x.client, img, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, l := range layers {
			if l.Status != inspect.Verified {
				b.Fatal(l)
			}
		}
		b.StopTimer()
		_ = os.RemoveAll(x.cache.store.Dir())
		b.StartTimer()
	}
}

// BenchmarkFloor unpacks and hashes the same layers with the standard library, two at a time.
func BenchmarkFloor(b *testing.B) {
	zipped, _ := benchLayers(b, 4, 8000, 256<<20)
	dir := b.TempDir()
	for i, z := range zipped {
		must(b, os.WriteFile(dir+"/"+itoa(i), z, 0o600))
	}
	for b.Loop() {
		work := make(chan int, len(zipped))
		for i := range zipped {
			work <- i
		}
		close(work)
		done := make(chan error, 2)
		for range 2 {
			go func() {
				for i := range work {
					f, err := os.Open(dir + "/" + itoa(i))
					if err != nil {
						done <- err
						return
					}
					h := sha256.New()
					z, err := gzip.NewReader(f)
					if err == nil {
						_, err = io.Copy(h, z)
					}
					_ = f.Close()
					if err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
		}
		must(b, <-done)
		must(b, <-done)
	}
}

// BenchmarkTree merges 200,000 files of four layers.
func BenchmarkTree(b *testing.B) {
	zipped, plain := benchLayers(b, 4, 200_000, 20<<20)
	x := newBench(b)
	layers, _, err := x.cache.ImageLayers(
		b.Context(),
		x.client,
		layoutOf(b, zipped, diffIDs(plain), nil),
		v1.Platform{},
	)
	must(b, err)
	for b.Loop() {
		tree, err := x.cache.newTree(b.Context(), layers)
		must(b, err)
		if tree.Len() < 200_000 {
			b.Fatal(tree.Len())
		}
	}
}
