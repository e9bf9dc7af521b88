package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The checks of a case get one answer to one question. What failed, or is not certain, is asked again; and so is
// everything by the next case.
func TestAskedOnce(t *testing.T) {
	asked := 0
	says := func(err error) func() (int, error) { return func() (int, error) { asked++; return asked, err } }
	certain := func(n int) bool { return n != 1 }
	first, second := AtOnce(t.Context()), AtOnce(t.Context())
	for i, step := range []struct {
		ctx      context.Context
		question string
		err      error
		want     int
	}{
		{first, "tag", nil, 1}, // not certain
		{first, "tag", errors.New("broken"), 2},
		{first, "tag", nil, 3},
		{first, "tag", errors.New("broken"), 3},
		{first, "other", fmt.Errorf("x: %w", ErrNotFound), 4},
		{first, "other", nil, 4},
		{second, "tag", nil, 5},
		{t.Context(), "tag", nil, 6},
		{t.Context(), "tag", nil, 7},
	} {
		if got, err := once(step.ctx, step.question, certain, says(step.err)); got != step.want {
			t.Errorf("step %d: %d, %v; want %d", i, got, err, step.want)
		}
	}
	for i := range 2 * maxQueries {
		_, _ = once(first, fmt.Sprint(i), certain, says(nil))
	}
	if m, ok := first.Value(memoKey{}).(*queryMemo); !ok || len(m.queries) > maxQueries {
		t.Errorf("%d answers are remembered", len(m.queries))
	}
}

func TestAskedAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		ctx := AtOnce(t.Context())
		short, cancel := context.WithTimeout(ctx, time.Second/2)
		defer cancel()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				got, err := once(ctx, "tag", func(int32) bool { return true }, func() (int32, error) { time.Sleep(time.Second); return asked.Add(1), nil })
				if got != 1 || err != nil {
					t.Errorf("got %d, %v", got, err)
				}
			})
		}
		synctest.Wait()
		if _, err := once(short, "tag", func(int32) bool { return true }, func() (int32, error) { return 0, nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who has less time waits no longer: %v", err)
		}
		all.Wait()
	})
}
