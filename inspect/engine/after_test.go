package engine_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/backtrail/backtrail/inspect"
	. "github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// started notes when checks start, in a bubble of time.
type started struct {
	mu    sync.Mutex
	began time.Time
	order []string
}

func (s *started) check(name string, takes time.Duration, after ...string) Check {
	return Check{Name: name, Scope: PerCase, YieldsTo: after, Run: func(ctx context.Context, _ On,
		_ func(Event),
	) error {
		s.mu.Lock()
		s.order = append(s.order, name+" "+time.Since(s.began).String())
		s.mu.Unlock()
		select {
		case <-time.After(takes):
		case <-ctx.Done():
		}
		return nil
	}}
}

// What vanishes first goes first; what is slow holds the others up for its head start and no longer.
func TestChecksLetOthersGoFirst(t *testing.T) {
	for name, tt := range map[string]struct {
		events, logs time.Duration
		want         []string
	}{
		"both quick": {200 * time.Millisecond, 300 * time.Millisecond, []string{
			"events 0s", "logs 0s",
			"owners 300ms", "layers 300ms",
		}},
		"slow logs": {200 * time.Millisecond, time.Minute, []string{"events 0s", "logs 0s", "owners 1s", "layers 1s"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &started{began: time.Now()}
				layers := s.check("layers", 0, "events", "logs")
				layers.Scope = PerImage
				_, c := collect(t, t.Context(), Plan{Now: time.Now, Checks: []Check{
					s.check("events", tt.events), s.check("logs", tt.logs), resolver("web"), s.check("owners", 0,
						"events", "logs"), layers,
				}})
				slices.Sort(s.order[:2])
				slices.Sort(s.order[2:])
				slices.Sort(tt.want[2:])
				if !slices.Equal(s.order, tt.want) {
					t.Errorf("started %v, want %v", s.order, tt.want)
				}
				if verdict.Of(c).Status != CasePassed {
					t.Errorf("%+v", verdict.Of(c))
				}
			})
		})
	}
}

func TestAnEndDoesNotWaitForAHeadStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		s := &started{began: time.Now()}
		collect(t, ctx, Plan{Now: time.Now, Checks: []Check{
			s.check("logs", time.Minute), resolver("web"),
			s.check("owners", 0, "logs"),
		}})
		if took := time.Since(s.began); took > 200*time.Millisecond {
			t.Errorf("it took %s", took)
		}
	})
}

func TestAfterNamesWhatStandsBefore(t *testing.T) {
	for name, checks := range map[string][]Check{
		"later":     {resolver("web"), {Name: "a", YieldsTo: []string{"b"}}, {Name: "b"}},
		"of images": {resolver("web"), {Name: "a"}, {Name: "b", Scope: PerCase, YieldsTo: []string{"a"}}},
	} {
		if _, err := NewSource(Plan{Checks: checks}); err == nil || !strings.Contains(err.Error(), "yields to") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewSource(Plan{Checks: []Check{resolver("web"), {
		Name:     "a",
		YieldsTo: []string{"left out"},
	}}}); err != nil {
		t.Errorf("what a plan leaves out: %v", err)
	}
}
