package layer

import (
	"io"
	"sync"
	"sync/atomic"
)

// Sizes of the buffers between the stages of the pass.
const (
	chunkSize  = 256 << 10
	chunkAhead = 8 // chunks that a slow reader may be behind
)

// broadcast passes what is written to it on to several subscribers, each of which reads all of it at its own pace
// within chunkAhead. A reader that is closed holds up no other.
type broadcast struct {
	taps []*subscriber
	pool *sync.Pool
	fill *chunk
}

// chunk is a buffer that all subscribers read and none writes to; refs counts those that have not read it to its end.
type chunk struct {
	buf  []byte
	refs atomic.Int32
}

// newBroadcast makes a broadcast with n readers.
func newBroadcast(n int) *broadcast {
	f := &broadcast{pool: &sync.Pool{New: func() any { return &chunk{buf: make([]byte, 0, chunkSize)} }}}
	for range n {
		f.taps = append(f.taps, &subscriber{fan: f, in: make(chan *chunk, chunkAhead), gone: make(chan struct{})})
	}
	return f
}

// Write takes bytes over and never fails. It blocks while a subscriber is chunkAhead chunks behind, which bounds the
// memory of the pass to that of its slowest stage. One goroutine writes.
func (f *broadcast) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if f.fill == nil {
			f.fill = f.pool.Get().(*chunk)
			f.fill.buf = f.fill.buf[:0]
		}
		room := min(len(p), chunkSize-len(f.fill.buf))
		f.fill.buf = append(f.fill.buf, p[:room]...)
		p = p[room:]
		if len(f.fill.buf) == chunkSize {
			f.flush()
		}
	}
	return n, nil
}

// flush hands the chunk that is being filled to each subscriber that still reads.
func (f *broadcast) flush() {
	if f.fill == nil {
		return
	}
	c := f.fill
	f.fill = nil
	c.refs.Store(int32(len(f.taps)))
	for _, t := range f.taps {
		select {
		case t.in <- c:
		case <-t.gone:
			f.release(c)
		}
	}
}

// release returns a chunk to the pool when its last reader is done with it.
func (f *broadcast) release(c *chunk) {
	if c.refs.Add(-1) == 0 {
		f.pool.Put(c)
	}
}

// end gives the readers what is left, and then err, or io.EOF where it is nil.
func (f *broadcast) end(err error) {
	f.flush()
	if err == nil {
		err = io.EOF
	}
	for _, t := range f.taps {
		t.err = err
		close(t.in)
	}
}

// subscriber is one reader of a broadcast.
type subscriber struct {
	fan  *broadcast
	in   chan *chunk
	gone chan struct{}
	once sync.Once
	cur  *chunk
	off  int
	err  error // set before in is closed
}

// Read blocks until bytes come. It gives the error of end after the last byte, never before. It is called by one
// goroutine for each subscriber.
func (t *subscriber) Read(p []byte) (int, error) {
	for t.cur == nil || t.off == len(t.cur.buf) {
		if t.cur != nil {
			t.fan.release(t.cur)
		}
		t.cur, t.off = nil, 0
		c, ok := <-t.in
		if !ok {
			return 0, t.err
		}
		t.cur = c
	}
	n := copy(p, t.cur.buf[t.off:])
	t.off += n
	return n, nil
}

// Close makes the broadcast go on without this subscriber: a reader that stops early, as at a bound, must not hold up
// the one beside it. Chunks that it was given and did not read are left to the garbage collector.
func (t *subscriber) Close() error {
	t.once.Do(func() { close(t.gone) })
	return nil
}
