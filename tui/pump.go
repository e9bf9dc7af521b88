package tui

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	pumpRoom  = 4096                  // items that wait before the sender has to
	pumpEvery = 25 * time.Millisecond // the shortest time between two batches, so that a storm is few messages
)

// pump carries what a source emits into batches, one message each.
type pump[T any] struct {
	items chan T
	done  chan struct{} // closed after the last item
	err   error         // set before done is closed
	last  time.Time     // of the last batch; only next uses it
}

// startPump runs a source beside us. It ends with its context; a panic becomes its error, because the UI's runtime
// recovers only its own. The group lets the program wait for all pumps before it leaves.
func startPump[T any](ctx context.Context, all *sync.WaitGroup, source func(ctx context.Context, emit func(T)) error) *pump[T] {
	p := &pump[T]{items: make(chan T, pumpRoom), done: make(chan struct{})}
	all.Add(1)
	go func() {
		defer all.Done()
		defer close(p.done)
		defer func() {
			if r := recover(); r != nil {
				p.err = fmt.Errorf("a part of backtrail broke (please report it): %v", r)
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

// next waits for items and drains what is there. After the last batch, ended is true and err is the source's.
func (p *pump[T]) next() (batch []T, ended bool, err error) {
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

func (p *pump[T]) drain(batch []T) []T {
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
