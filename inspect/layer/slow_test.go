package layer

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
	"github.com/backtrail/backtrail/registry"
)

// slowRegistry is a registry in memory behind a link of a bounded rate.
type slowRegistry struct {
	host string
	rate int // bytes per second of each blob; 0: no bound

	mu    sync.Mutex
	asked []string // digests of blobs, in the order in which they were asked for
	now   int      // blobs that are on their way
	most  int
}

func newSlowRegistry(t *testing.T) *slowRegistry {
	t.Helper()
	s := &slowRegistry{}
	inner := fake.New(fake.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, digest, ok := strings.Cut(r.URL.Path, "/blobs/sha256:")
		if !ok || r.Method != http.MethodGet || s.rate == 0 {
			inner.ServeHTTP(w, r)
			return
		}
		s.mu.Lock()
		s.asked, s.now = append(s.asked, "sha256:"+digest), s.now+1
		s.most = max(s.most, s.now)
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.now--
		}()
		inner.ServeHTTP(&slowWriter{w, s.rate, r.Context()}, r)
	}))
	t.Cleanup(server.Close)
	s.host = strings.TrimPrefix(server.URL, "http://")
	return s
}

type slowWriter struct {
	http.ResponseWriter
	rate int
	ctx  context.Context
}

func (w *slowWriter) Write(p []byte) (int, error) {
	sent := 0
	for len(p) > 0 {
		n, err := w.ResponseWriter.Write(p[:min(len(p), w.rate/20+1)])
		if sent += n; err != nil {
			return sent, err
		}
		p = p[n:]
		w.ResponseWriter.(http.Flusher).Flush()
		select {
		case <-w.ctx.Done():
			return sent, w.ctx.Err()
		case <-time.After(time.Second / 20):
		}
	}
	return sent, nil
}

// push puts an image of an OCI layout into the registry and gives its reference.
func (s *slowRegistry) push(t *testing.T, target, repository string) string {
	t.Helper()
	index, err := layout.ImageIndexFromPath(strings.TrimPrefix(target, "oci:"))
	must(t, err)
	m, err := index.IndexManifest()
	must(t, err)
	img, err := index.Image(m.Manifests[0].Digest)
	must(t, err)
	ref, err := name.ParseReference(s.host+"/"+repository+":1", name.Insecure)
	must(t, err)
	rate := s.rate
	s.rate = 0
	must(t, remote.Write(ref, img))
	s.rate = rate
	return s.host + "/" + repository + "@" + m.Manifests[0].Digest.String()
}

func resolved(t *testing.T, b bench, target string) *registry.Image {
	t.Helper()
	loc, err := registry.Parse(target)
	must(t, err)
	img, err := b.client.Resolve(t.Context(), loc, v1.Platform{})
	must(t, err)
	return img
}

// What the other image does not have comes first, newest first, and no more than two layers at a time.
func TestOrderOnASlowLink(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	s := newSlowRegistry(t)
	s.rate = 400_000
	var layers []layerSpec
	for n := range 6 {
		layers = append(layers, step(fmt.Sprint("step ", n), file(fmt.Sprint("f", n), noisy(uint64(n), 80_000))))
	}
	b := newBench(t)
	img := resolved(t, b, s.push(t, imageOf(t, v1.Config{}, layers...), "shop"))
	var digests []string
	for _, l := range img.Layers {
		digests = append(digests, l.Digest())
	}
	shared := []string{digests[5], digests[1], digests[0]}
	got, err := b.cache.IngestAll(t.Context(), b.client, img, &Watch{Shared: func() []string { return shared }})
	must(t, err)
	for _, l := range got {
		if l.Status != inspect.Verified {
			t.Errorf("layer %d: %s %s", l.Number, l.Status, l.Detail)
		}
	}
	var order []int
	for _, d := range s.asked {
		if n := slices.Index(digests, d); n >= 0 {
			order = append(order, n)
		}
	}
	// Two are asked for at once, so that within a pair any order will do.
	for _, pair := range [][]int{order[0:2], order[2:4], order[4:6]} {
		slices.Sort(pair)
	}
	if !slices.Equal(order, []int{3, 4, 2, 5, 0, 1}) {
		t.Errorf("order %v", order)
	}
	if s.most != 2 {
		t.Errorf("%d layers at a time", s.most)
	}
}

// Where the bytes come fast, more layers are read at a time.
func TestMoreLanesOnAFastLink(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var layers []layerSpec
	for n := range 8 {
		layers = append(layers, step("s", file(fmt.Sprint("f", n), noisy(uint64(n), 1<<20))))
	}
	b := newBench(t)
	img := resolved(t, b, imageOf(t, v1.Config{}, layers...))
	var mu sync.Mutex
	now, most := 0, 0
	count := func(by int) {
		mu.Lock()
		defer mu.Unlock()
		now += by
		most = max(most, now)
	}
	_, err := b.cache.IngestAll(
		t.Context(),
		b.client,
		img,
		&Watch{Begin: func(int) { count(1) }, Layer: func(Ingested) { count(-1) }},
	)
	must(t, err)
	if most < 3 || most > 4 {
		t.Errorf("%d layers at a time", most)
	}
}

// The size is said before anything is read, what is kept does not count, and what is left out on the way is taken off.
func TestProgressOfLayers(t *testing.T) {
	s := newSlowRegistry(t)
	s.rate = 400_000
	base, top := step("base", file("a", noisy(1, 50_000))), step("top", file("b", noisy(2, 90_000)))
	b := newBench(t)
	_, err := b.cache.IngestAll(
		t.Context(),
		b.client,
		resolved(t, b, s.push(t, imageOf(t, v1.Config{}, base), "base")),
		nil,
	)
	must(t, err)
	img := resolved(t, b, s.push(t, imageOf(t, v1.Config{}, base, top), "shop"))
	var all []inspect.Progress
	_, err = b.cache.IngestAll(
		t.Context(),
		b.client,
		img,
		&Watch{Progress: func(p inspect.Progress) { all = append(all, p) }},
	)
	must(t, err)
	size := img.Layers[1].Descriptor.Size
	if all[0] != (inspect.Progress{Total: size, Unit: "bytes", Text: "reading 1 of 2 layers"}) {
		t.Errorf("first %+v", all[0])
	}
	if last := all[len(all)-1]; last.Done != size || last.Total != size {
		t.Errorf("last %+v, the layer has %d bytes", last, size)
	}
}

// A layer that is too large for the link is left out; the case goes on, says so, and reads it when it is asked to.
func TestALayerIsLeftOut(t *testing.T) {
	s := newSlowRegistry(t)
	s.rate = 300_000
	_, base := debian()
	large := step("COPY data /", file("data", noisy(3, 1_200_000)), exe("opt/tool/bin/x", program("x")))
	dropped := step("RUN fonts", exe("var/tmp/.font/kinsing", elfOf(amd64, false, "x")))
	ref := s.push(t, imageOf(t, v1.Config{}, base, large, dropped), "shop")
	slow := s.rate
	for name, leave := range map[string]func(b bench, digest string) string{
		"by its size":   func(b bench, _ string) string { b.cache.Skips().Max = 500_000; return "--max-layer" },
		"by its number": func(b bench, _ string) string { b.cache.Skips().Named = []string{"1"}; return "--skip-layer 1" },
		"by its digest": func(b bench, d string) string { b.cache.Skips().Named = []string{d[7:20]}; return d[7:20] },
		"while it comes": func(b bench, d string) string {
			time.AfterFunc(400*time.Millisecond, func() { b.cache.Skips().Skip(d) })
			return "left out by a person"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.rate = slow
			b := newBench(t)
			digest := resolved(t, b, ref).Layers[1].Digest()
			why := leave(b, digest)
			started := time.Now()
			c := b.examine(t, ref)
			if took := time.Since(started); took > 3*time.Second {
				t.Errorf("it took %v: the layer was read", took)
			}
			i := c.Images[0]
			l := i.Layers[1]
			if l.Status != inspect.Unknown || l.Reason != "skipped" || !strings.Contains(l.Detail, why) ||
				l.DiffID != "" {
				t.Errorf("layer %+v", l)
			}
			if i.Status != inspect.Unknown || i.Reason != "skipped" || verdict.Of(&c).Status != inspect.CaseIncomplete {
				t.Errorf("image %s %s %s, case %s", i.Status, i.Reason, i.Detail, verdict.Of(&c).Status)
			}
			if len(i.Layers) != 3 || i.Layers[2].Status != inspect.Verified {
				t.Errorf("layers %+v", i.Layers)
			}
			if !slices.ContainsFunc(
				c.Blobs,
				func(blob inspect.Blob) bool { return blob.Digest == digest && blob.State == "missing" },
			) {
				t.Errorf("blobs %+v", c.Blobs)
			}
			b.cache.Skips().Want(digest)
			s.rate = 0
			c = b.examine(t, ref)
			if i := c.Images[0]; i.Status != inspect.Verified {
				t.Errorf("again: %s %s", i.Status, i.Detail)
			}
		})
	}
}

// What is kept costs nothing, whatever its size.
func TestKeptLayersAreNotLeftOut(t *testing.T) {
	_, base := debian()
	target := newSlowRegistry(t).push(t, imageOf(t, v1.Config{}, base), "shop")
	b := newBench(t)
	b.examine(t, target)
	b.cache.Skips().Max, b.cache.Skips().Named = 1, []string{"0"}
	if c := b.examine(t, target); c.Images[0].Status != inspect.Verified {
		t.Errorf("image %s %s", c.Images[0].Status, c.Images[0].Detail)
	}
}

// Whoever waits for an image that another one reads hears how far it is.
func TestProgressOfAnImageThatAnotherOneReads(t *testing.T) {
	s := newSlowRegistry(t)
	s.rate = 200_000
	ref := s.push(t, imageOf(t, v1.Config{}, step("COPY", file("a", noisy(4, 150_000)))), "shop")
	b := newBench(t)
	first := make(chan error, 1)
	go func() {
		_, _, err := b.cache.ImageLayers(t.Context(), b.client, ref, v1.Platform{})
		first <- err
	}()
	time.Sleep(200 * time.Millisecond)
	var heard []inspect.Progress
	_, err := b.cache.ReadImage(
		t.Context(),
		b.client,
		ref,
		v1.Platform{},
		func(p inspect.Progress) { heard = append(heard, p) },
	)
	must(t, err)
	must(t, <-first)
	if len(heard) == 0 || heard[len(heard)-1].Done != heard[0].Total {
		t.Errorf("heard %+v", heard)
	}
}
