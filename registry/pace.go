package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// pace is the floor below which a body counts as too slow to wait for.
type pace struct {
	window time.Duration // over which the rate is measured
	bytes  int64         // that must arrive within it
}

// bodyPace is the floor of all bodies: a server that sends a byte now and then would hold a check for ever.
var bodyPace = pace{window: FloorWindow, bytes: FloorBytes}

// SlowError means that bytes arrived more slowly than the floor, so that the transfer was given up.
type SlowError struct {
	Bytes  int64         // that arrived
	Window time.Duration // in this time
}

func (e *SlowError) Error() string {
	return fmt.Sprintf("too slow: %d bytes in %s", e.Bytes, e.Window)
}

// pacedBody reads a body and cancels its request where less than the floor arrives while a reader waits. Time that the
// reader itself takes between two reads does not count.
type pacedBody struct {
	io.ReadCloser
	pace   pace
	cancel context.CancelCauseFunc
	ctx    context.Context

	mu     sync.Mutex
	waited time.Duration // within the present window
	got    int64         // bytes within it
}

// paced puts the floor on the body of an answer. cancel ends its request, ctx is that request's.
func paced(ctx context.Context, cancel context.CancelCauseFunc, resp *http.Response, p pace) {
	resp.Body = &pacedBody{ReadCloser: resp.Body, pace: p, ctx: ctx, cancel: cancel}
}

func (b *pacedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	left, got := b.pace.window-b.waited, b.got
	b.mu.Unlock()
	// A deadline of the connection would also count what the reader takes to hash and unpack; this timer runs during
	// Read alone.
	timer := time.AfterFunc(left, func() { b.cancel(&SlowError{got, b.pace.window}) })
	began := time.Now()
	n, err := b.ReadCloser.Read(p)
	timer.Stop()
	b.count(n, time.Since(began))
	var slow *SlowError
	// the cause distinguishes our own cancellation from that of the case
	if err != nil && !errors.Is(err, io.EOF) && errors.As(context.Cause(b.ctx), &slow) {
		err = slow
	}
	return n, err
}

// count adds a read to the window. A window with enough bytes ends, and the next one begins.
func (b *pacedBody) count(n int, waited time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got, b.waited = b.got+int64(n), b.waited+waited
	if b.got >= b.pace.bytes {
		b.got, b.waited = 0, 0
	}
}

// Close ends the request.
func (b *pacedBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
