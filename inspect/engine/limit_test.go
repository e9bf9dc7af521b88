package engine_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/backtrail/backtrail/inspect"
	. "github.com/backtrail/backtrail/inspect/engine"
)

// endless is a check that looks at no context: it goes on until release is closed, and emits then.
func endless(limit time.Duration, release chan struct{}) Check {
	c := Check{Name: "packages", Run: func(_ context.Context, _ On, emit func(Event)) error {
		emit(Event{Fact: Finding{ID: "before", Check: "packages", Code: "code"}})
		<-release
		emit(Event{Fact: Finding{ID: "after", Check: "packages", Code: "code"}})
		return nil
	}}
	if limit > 0 {
		c.Limit = func(On) time.Duration { return limit }
	}
	return c
}

// A check that does not end is left alone past its limit: it is blocked with the reason, what it found before stays,
// and what it emits afterwards is dropped. The others go on.
func TestACheckThatNeverEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		limit, interrupt, within time.Duration
		reason                   string
	}{
		"past its limit": {20 * time.Second, 0, 21 * time.Second, "not finished within 20 s"},
		"interrupted":    {time.Hour, 5 * time.Second, 6 * time.Second, "interrupted"},
		"without limit":  {0, 5 * time.Second, 6 * time.Second, "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				if tt.interrupt > 0 {
					time.AfterFunc(tt.interrupt, stop)
				}
				release, began := make(chan struct{}), time.Now()
				_, c := collect(t, ctx, Plan{Now: time.Now, Checks: []Check{resolver("web"), endless(tt.limit,
					release), finds("other")}})
				if took := time.Since(began); took > tt.within {
					t.Errorf("it took %s", took)
				}
				close(release)
				synctest.Wait()
				state, _ := c.Check("packages", "web")
				if state.Status.Tone() != Unknown || !strings.Contains(state.Reason, tt.reason) {
					t.Errorf("the check ended as %+v", state)
				}
				if other, _ := c.Check("other", "web"); other.Status.Tone() != Verified {
					t.Errorf("the other check ended as %+v", other)
				}
				for _, f := range c.Findings {
					if f.ID == "after" {
						t.Error("a finding was recorded after the end of its check")
					}
				}
				if len(c.Findings) != 2 {
					t.Errorf("findings are %+v", c.Findings)
				}
			})
		})
	}
}

// A check that ends with its context keeps the error that names what it was at.
func TestACheckEndsWithItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := Check{
			Name: "slow", Limit: func(On) time.Duration { return time.Second },
			Run: func(ctx context.Context, _ On, _ func(Event)) error {
				<-ctx.Done()
				return ctx.Err()
			},
		}
		_, c := collect(t, t.Context(), Plan{Now: time.Now, Checks: []Check{resolver("web"), slow}})
		if state, _ := c.Check("slow", "web"); state.Status.Tone() != Unknown ||
			state.Reason != "not finished within 1 s" {
			t.Errorf("it ended as %+v", state)
		}
	})
}
