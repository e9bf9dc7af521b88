package memo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// wide makes caches whose values count for their length.
func wide(count int, bytes int64) *Cache[string] {
	return New(Bounds{Count: count, Bytes: bytes}, func(s string) int64 { return int64(len(s)) })
}

func get(t *testing.T, c *Cache[string], key, value string) (made bool) {
	t.Helper()
	got, err := c.Get(t.Context(), key, func(context.Context) (string, error) {
		made = true
		return value, nil
	})
	if err != nil || got != value {
		t.Fatalf("%s: got %q, %v, want %q", key, got, err, value)
	}
	return made
}

func TestValuesAreMadeOnce(t *testing.T) {
	c := wide(10, 1000)
	var made atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			v, err := c.Get(context.Background(), "a", func(context.Context) (string, error) {
				made.Add(1)
				return "value", nil
			})
			if v != "value" || err != nil {
				t.Errorf("got %q, %v", v, err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

func TestTheLeastRecentlyUsedIsDroppedPastTheCount(t *testing.T) {
	c := wide(2, 1000)
	get(t, c, "a", "1")
	get(t, c, "b", "2")
	get(t, c, "a", "1") // b is the oldest now
	get(t, c, "c", "3")
	if get(t, c, "a", "1") {
		t.Error("a was dropped")
	}
	if !get(t, c, "b", "2") {
		t.Error("b was kept")
	}
	if n, _ := c.Len(); n != 2 {
		t.Errorf("%d values are kept", n)
	}
}

func TestTheBytesAreBounded(t *testing.T) {
	c := wide(100, 10)
	for i := range 50 {
		get(t, c, fmt.Sprint(i), "1234")
	}
	if n, bytes := c.Len(); n != 2 || bytes != 8 {
		t.Errorf("%d values of %d bytes are kept", n, bytes)
	}
	get(t, c, "large", "12345678901234567890")
	if get(t, c, "large", "12345678901234567890") {
		t.Error("the last value was not kept")
	}
	if n, _ := c.Len(); n != 1 {
		t.Errorf("%d values are kept beside one that is larger than the bound", n)
	}
}

func TestAFailureIsNotKept(t *testing.T) {
	c := wide(2, 10)
	broken := errors.New("broken")
	if _, err := c.Get(t.Context(), "a", func(context.Context) (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if !get(t, c, "a", "1") {
		t.Error("the failure was kept")
	}
}

func TestAPanicIsNotKept(t *testing.T) {
	c := wide(2, 10)
	func() {
		defer func() { _ = recover() }()
		_, _ = c.Get(t.Context(), "a", func(context.Context) (string, error) { panic("broken") })
	}()
	if !get(t, c, "a", "1") {
		t.Error("the value of a call that panicked was kept")
	}
}

// Whoever waits for a maker that was cancelled makes the value itself.
func TestACancelledMakerHoldsUpNobody(t *testing.T) {
	c := wide(2, 10)
	ctx, cancel := context.WithCancel(t.Context())
	begun, waiting := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = c.Get(ctx, "a", func(ctx context.Context) (string, error) {
			close(begun)
			<-ctx.Done()
			return "", ctx.Err()
		})
	}()
	<-begun
	go func() {
		defer close(waiting)
		get(t, c, "a", "1")
	}()
	cancel()
	<-waiting
}

func TestForgottenValuesAreMadeAgain(t *testing.T) {
	c := wide(2, 10)
	c.Put("a", "1")
	if get(t, c, "a", "1") {
		t.Error("a value that was put is made")
	}
	c.Forget("a")
	if n, bytes := c.Len(); n != 0 || bytes != 0 {
		t.Errorf("%d values of %d bytes are left", n, bytes)
	}
	if !get(t, c, "a", "1") {
		t.Error("a forgotten value is kept")
	}
}

// A failure is that of all who wait for it: one slow failure and not one for each of them. The next who asks tries anew.
func TestAFailureIsSharedByThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Bounds{Count: 10, Bytes: 1 << 20}, func(string) int64 { return 1 })
		var made atomic.Int32
		release, slow := make(chan struct{}), errors.New("no answer")
		fails := func(context.Context) (string, error) {
			made.Add(1)
			<-release
			return "", slow
		}
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() {
				_, err := c.Get(t.Context(), "k", fails)
				errs <- err
			}()
		}
		synctest.Wait() // one makes the value, the others wait for it
		close(release)
		for range cap(errs) {
			if err := <-errs; !errors.Is(err, slow) {
				t.Errorf("the error is %v", err)
			}
		}
		if n := made.Load(); n != 1 {
			t.Errorf("it was tried %d times", n)
		}
		if v, err := c.Get(t.Context(), "k", func(context.Context) (string, error) { return "v", nil }); v != "v" || err != nil {
			t.Errorf("afterwards: %q, %v", v, err)
		}
	})
}
