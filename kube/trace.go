package kube

import (
	"context"
	"time"
)

// Object is one object of the API, as it was received.
type Object struct {
	Kind, Namespace, Name string
	Path                  string // of the API, /api/v1/namespaces/shop/pods/web-0
	Raw                   []byte // JSON; do not change it
}

// Request is one request that went to the API server, for the custody log.
type Request struct {
	Time    time.Time // when it was sent
	Method  string
	Path    string // with its query; holds no credentials
	Status  int    // 0 if there was no answer
	Bytes   int64  // of the answer, as read
	Elapsed time.Duration
	Err     error // why there was no answer
	Host    string
	Date    time.Time     // by the server's clock, of the answer; zero if it named none
	Waited  time.Duration // until the answer began
}

// Trace receives what is read, in the manner of httptrace.ClientTrace. Its functions may be
// nil and may be called from several goroutines.
// Both functions may be called from several goroutines, and must not block for long: requests wait for them.
type Trace struct {
	Object  func(Object)  // each object read by name or as a part of a lineage; not those of Pods
	Request func(Request) // each request of a live cluster
}

// traceKey is the key of the trace in a context.
type traceKey struct{}

// WithTrace returns a context under which every read is reported to t, and to the traces that ctx
// already has. So a case can keep what was read for it, and a session log all requests.
func WithTrace(ctx context.Context, t Trace) context.Context {
	outer := traceOf(ctx)
	return context.WithValue(ctx, traceKey{}, Trace{
		Object:  both(outer.Object, t.Object),
		Request: both(outer.Request, t.Request),
	})
}

// traceOf is the trace of a context, empty if it has none.
func traceOf(ctx context.Context) Trace {
	t, _ := ctx.Value(traceKey{}).(Trace)
	return t
}

// both calls first and second, where they are not nil.
func both[T any](first, second func(T)) func(T) {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return func(v T) {
		first(v)
		second(v)
	}
}
