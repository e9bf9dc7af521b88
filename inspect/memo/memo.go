// Package memo keeps values that are slow to make, each made once, within bounds on how many are kept and how large
// they are.
package memo

import (
	"container/list"
	"context"
	"errors"
	"sync"
)

// Cache makes each value once: whoever calls Get while it is made waits for it. A failure is not kept. Past its
// bounds the values that were used least recently are dropped, and are made again when they are wanted. It is safe
// for concurrent use.
type Cache[T any] struct {
	bounds Bounds
	size   func(T) int64

	mu    sync.Mutex
	calls map[string]*call[T]
	order *list.List // of *call[T] that are made, the one that was used last in front
	used  int64      // bytes of those in order
}

// Bounds limit what a Cache keeps. The value that was used last is kept however large it is.
type Bounds struct {
	Count int   // values
	Bytes int64 // of all values, as estimated by the size function
}

// call is a value that is made or was made. value and err are written before done is closed, and read after it.
type call[T any] struct {
	key   string
	done  chan struct{}
	value T
	err   error
	again bool // the maker was cancelled: the error is its own, and those who wait make the value anew
	bytes int64
	at    *list.Element // nil while it is made
}

// New returns an empty Cache. size estimates the bytes that a value takes in memory.
func New[T any](bounds Bounds, size func(T) int64) *Cache[T] {
	return &Cache[T]{bounds: bounds, size: size, calls: map[string]*call[T]{}, order: list.New()}
}

// Get returns the value of a key, which make makes where it is not kept. Errors: those of make, and of ctx. make gets
// the context of the caller that runs it: where that one is cancelled, those that wait for the value make it anew. Any
// other failure is that of all who wait: each trying again, one after the other, would take its time once for each.
func (c *Cache[T]) Get(ctx context.Context, key string, make func(context.Context) (T, error)) (T, error) {
	for {
		one, mine := c.join(key)
		if mine {
			c.run(ctx, one, make)
			return one.value, one.err
		}
		select {
		case <-one.done:
			if one.again && ctx.Err() == nil {
				continue
			}
			return one.value, one.err
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

// Put keeps a value that was made elsewhere, unless there is one.
func (c *Cache[T]) Put(key string, value T) {
	if one, mine := c.join(key); mine {
		one.value = value
		c.keep(one)
		close(one.done)
	}
}

// Forget drops a value.
func (c *Cache[T]) Forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one, ok := c.calls[key]; ok {
		c.drop(one)
	}
}

// Len returns how many values are kept, and their estimated bytes.
func (c *Cache[T]) Len() (count int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len(), c.used
}

// join gives the call of a key, and whether it is new: then the caller makes the value.
func (c *Cache[T]) join(key string) (one *call[T], mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one, ok := c.calls[key]; ok {
		if one.at != nil {
			c.order.MoveToFront(one.at)
		}
		return one, false
	}
	one = &call[T]{key: key, done: make(chan struct{})}
	c.calls[key] = one
	return one, true
}

// errBroken is what those who wait get where make panicked.
var errBroken = errors.New("making the value broke off")

// run makes a value. A panic of make goes on to its caller; whoever waits gets errBroken. What failed is dropped before
// those who wait go on, so that none of them finds it again.
func (c *Cache[T]) run(ctx context.Context, one *call[T], make func(context.Context) (T, error)) {
	one.err = errBroken
	defer func() {
		if one.err != nil {
			c.mu.Lock()
			c.drop(one)
			c.mu.Unlock()
		}
		close(one.done)
	}()
	one.value, one.err = make(ctx)
	one.again = one.err != nil && ctx.Err() != nil
	if one.err == nil {
		c.keep(one)
	}
}

// keep counts a value that was made, and drops others past the bounds.
func (c *Cache[T]) keep(one *call[T]) {
	bytes := c.size(one.value)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls[one.key] != one {
		return // it was forgotten while it was made
	}
	one.bytes, one.at = bytes, c.order.PushFront(one)
	c.used += bytes
	for c.order.Len() > 1 && (c.order.Len() > c.bounds.Count || c.used > c.bounds.Bytes) {
		c.drop(c.order.Back().Value.(*call[T]))
	}
}

// drop removes a call. It is called with the lock held.
func (c *Cache[T]) drop(one *call[T]) {
	if c.calls[one.key] == one {
		delete(c.calls, one.key)
	}
	if one.at != nil {
		c.order.Remove(one.at)
		c.used -= one.bytes
		one.at = nil
	}
}
