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
// within chunkAhead. A reader that is closed holds up nobody.
type broadcast struct {
	taps []*subscriber
	pool *sync.Pool
	fill *chunk
}

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

// Write takes bytes over; it fails never.
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

// Close reports whether nothing more will be read.
func (t *subscriber) Close() error {
	t.once.Do(func() { close(t.gone) })
	return nil
}
