package shell

import (
	"context"
	"time"
)

const (
	// items that wait before the sender has to
	pumpRoom = 4096
	// the shortest time between two batches, so that a storm is few messages
	pumpEvery = 25 * time.Millisecond
)

// Pump carries what a source emits into batches, one message each.
type Pump[T any] struct {
	items chan T
	// done: closed after the last item
	done chan struct{}
	// err: set before done is closed
	err error
	// last: of the last batch; only Next uses it
	last time.Time
}

// Start runs a source in a goroutine of its own. It ends with its context; a panic becomes its error, because bubbletea
// recovers only panics of its own goroutines. Shell.Wait waits for it.
func Start[T any](ctx context.Context, s *Shell, source func(ctx context.Context, emit func(T)) error) *Pump[T] {
	p := &Pump[T]{items: make(chan T, pumpRoom), done: make(chan struct{})}
	s.pumps.Add(1)
	go func() {
		defer s.pumps.Done()
		defer close(p.done)
		defer func() {
			if r := recover(); r != nil {
				p.err = panicked(r)
			}
		}()
		p.err = source(ctx, func(item T) {
			select {
			case p.items <- item:
			case <-ctx.Done():
			}
		})
	}()
	return p
}

// Next waits for items and drains what is there. After the last batch, ended is true and err is the source's.
func (p *Pump[T]) Next() (batch []T, ended bool, err error) {
	select {
	case item := <-p.items:
		batch = append(batch, item)
	case <-p.done:
		return p.drain(nil), true, p.err
	}
	if wait := pumpEvery - time.Since(p.last); wait > 0 {
		select {
		case <-time.After(wait):
		case <-p.done:
		}
	}
	p.last = time.Now()
	return p.drain(batch), false, nil
}

// drain takes what is there, up to a bound that keeps one message short.
func (p *Pump[T]) drain(batch []T) []T {
	for len(batch) < 2*pumpRoom {
		select {
		case item := <-p.items:
			batch = append(batch, item)
		default:
			return batch
		}
	}
	return batch
}
