package files

import (
	"context"
	"sync"
)

// memo makes each value once: who asks while it is made waits for it. A failure is not kept. The zero memo is ready.
type memo[T any] struct {
	mu    sync.Mutex
	calls map[string]*call[T]
}

type call[T any] struct {
	done  chan struct{}
	value T
	err   error
}

func (m *memo[T]) get(ctx context.Context, key string, make func(context.Context) (T, error)) (T, error) {
	for {
		c, mine := m.join(key)
		if mine {
			m.run(ctx, key, c, make)
			return c.value, c.err
		}
		select {
		case <-c.done:
			// The one that made it may have been cancelled; this one was not.
			if c.err != nil && ctx.Err() == nil {
				if again, _ := m.peek(key); again != c {
					continue
				}
			}
			return c.value, c.err
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

func (m *memo[T]) join(key string) (c *call[T], mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, ok := m.calls[key]; ok {
		return c, false
	}
	if m.calls == nil {
		m.calls = map[string]*call[T]{}
	}
	c = &call[T]{done: make(chan struct{})}
	m.calls[key] = c
	return c, true
}

func (m *memo[T]) peek(key string) (*call[T], bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.calls[key]
	return c, ok
}

func (m *memo[T]) run(ctx context.Context, key string, c *call[T], make func(context.Context) (T, error)) {
	ended := false
	defer func() {
		if c.err != nil || !ended {
			m.forget(key)
		}
		close(c.done)
	}()
	c.value, c.err = make(ctx)
	ended = true
}

func (m *memo[T]) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.calls, key)
}

// put gives a value that was made elsewhere.
func (m *memo[T]) put(key string, value T) {
	if c, mine := m.join(key); mine {
		c.value = value
		close(c.done)
	}
}
