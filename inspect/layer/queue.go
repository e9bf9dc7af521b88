package layer

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// How many layers are read at a time: two over a slow link, so that what is wanted first is not held up by the rest;
// more where their bytes come fast and there are processors for them. Each has about four goroutines and some
// megabytes of buffers.
const (
	slowLanes = 2
	fastLanes = 4
	fastLink  = 8 << 20 // bytes per second
	fastAfter = 1 << 20 // bytes after which the link is judged
)

// queue reads the layers of an image, a few at a time.
type queue struct {
	cache   *Cache
	client  *registry.Client
	img     *registry.Image
	watch   *Watch
	group   *errgroup.Group
	started time.Time
	layers  []inspect.Layer

	mu    sync.Mutex
	left  []int // not begun, lowest first
	lanes int
	most  int     // lanes
	size  []int64 // of each layer that has to be read, 0 for those that are kept
	done  []int64 // of these
	total int64   // of what is not left out
	sum   int64   // of done
	text  string  // what is read, in words
	ended map[int]bool
}

// IngestAll ingests the layers of an image, a few at a time, and returns them lowest first. Those that the image it is
// compared with does not have come first, newest first. watch, which may be nil, follows them. An error means that the
// context ended or the store cannot be written; what is wrong with a layer is in its Status.
func (c *Cache) IngestAll(ctx context.Context, client *registry.Client, img *registry.Image,
	watch *Watch,
) ([]inspect.Layer, error) {
	q := &queue{
		cache: c, client: client, img: img, watch: watch, started: time.Now(), ended: map[int]bool{},
		layers: make([]inspect.Layer, len(img.Layers)), size: make([]int64, len(img.Layers)), done: make([]int64,
			len(img.Layers)),
		most: min(max(runtime.GOMAXPROCS(0), slowLanes), fastLanes),
	}
	q.plan()
	q.group, ctx = errgroup.WithContext(withAllowance(ctx))
	q.mu.Lock()
	for range min(slowLanes, len(img.Layers)) {
		q.open(ctx)
	}
	q.mu.Unlock()
	return q.layers, q.group.Wait()
}

// plan adds up what has to be read, and reports it before anything is. Sizes are those of the manifest, a claim: they
// drive a progress bar and nothing else.
func (q *queue) plan() {
	n := 0
	for i, l := range q.img.Layers {
		q.left = append(q.left, i)
		if _, kept := q.cache.kept(l.Digest()); !kept && q.cache.skips.why(l) == "" {
			n++
			q.size[i] = max(l.Descriptor.Size, 0)
			q.total += q.size[i]
		}
	}
	q.text = fmt.Sprintf("reading %d of %d layers", n, len(q.img.Layers))
	if q.total > 0 {
		q.watch.progress(inspect.Progress{Total: q.total, Unit: "bytes", Text: q.text})
	}
}

// open adds a lane. It is called with the lock held. A lane ends when nothing is left. A panic in one becomes the error
// of the group, which ends the others.
func (q *queue) open(ctx context.Context) {
	q.lanes++
	q.group.Go(func() error {
		for {
			n, ok := q.next()
			if !ok {
				return nil
			}
			if err := guarded(func() error { return q.read(ctx, n) }); err != nil {
				return err
			}
		}
	})
}

// next gives the layer that is wanted most. What the image is compared with may become known only while layers are
// read.
func (q *queue) next() (int, bool) {
	shared := q.watch.shared()
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.left) == 0 {
		return 0, false
	}
	at := len(q.left) - 1
	for i := at; i >= 0; i-- {
		if !slices.Contains(shared, q.img.Layers[q.left[i]].Digest()) {
			at = i
			break
		}
	}
	n := q.left[at]
	q.left = slices.Delete(q.left, at, at+1)
	return n, true
}

// read ingests one layer. Each lane writes to its own place of q.layers.
func (q *queue) read(ctx context.Context, n int) error {
	q.watch.began(n)
	layer, actual, err := q.cache.ingest(ctx, q.client, q.img, n, func(done int64) { q.moved(ctx, n, done) })
	if err != nil {
		return err
	}
	q.layers[n] = layer
	q.end(n, layer)
	q.watch.ended(Ingested{layer, actual})
	return nil
}

// moved takes in how many bytes of a layer have come, and opens another lane where they come fast. It is called from
// the goroutine that reads the layer, after each chunk. Bytes that come after the end of a layer was counted are not
// counted again.
func (q *queue) moved(ctx context.Context, n int, done int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.size[n] == 0 || q.ended[n] {
		return
	}
	q.sum += done - q.done[n]
	q.done[n] = done
	if q.sum >= fastAfter && q.lanes < min(q.most, len(q.layers)) &&
		float64(q.sum) >= fastLink*time.Since(q.started).Seconds() {
		q.open(ctx)
	}
	q.watch.progress(inspect.Progress{Done: q.sum, Total: q.total, Unit: "bytes", Text: q.text})
}

// end settles the sums: of a layer that was left out on the way nothing more comes. Later progress of the layer is
// ignored.
func (q *queue) end(n int, l inspect.Layer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended[n] = true
	if l.Reason == string(reasonSkipped) && q.size[n] > 0 {
		q.total -= q.size[n] - q.done[n]
		q.watch.progress(inspect.Progress{Done: q.sum, Total: q.total, Unit: "bytes", Text: q.text})
	}
}

// Ingested is a layer that IngestAll has ended.
type Ingested struct {
	Layer  inspect.Layer
	Actual string // digest of the bytes that came, where they are not the layer's
}

// Watch follows an image's layers as they come. A nil Watch is allowed, and so is each nil function. Calls are
// serialized, so that the functions need no lock of their own, but for Shared; they run in the lanes and must not
// block.
type Watch struct {
	// the layers, by digest, that the image it is compared with has too, as far as that is known by now
	Shared   func() []string
	Progress func(inspect.Progress) // of the bytes that have to be read; the first comes before they are
	Begin    func(number int)       // a layer begins to be read
	Layer    func(Ingested)         // a layer has ended

	mu sync.Mutex
}

// shared calls Shared, where there is one. It takes no lock, since the function may wait for another check.
func (w *Watch) shared() []string {
	if w == nil || w.Shared == nil {
		return nil
	}
	return w.Shared()
}

// progress, began and ended call the functions under the lock, one call at a time.
func (w *Watch) progress(p inspect.Progress) {
	if w == nil || w.Progress == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Progress(p)
}

func (w *Watch) began(n int) {
	if w == nil || w.Begin == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Begin(n)
}

func (w *Watch) ended(l Ingested) {
	if w == nil || w.Layer == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Layer(l)
}
