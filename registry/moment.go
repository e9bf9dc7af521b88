package registry

import (
	"context"
	"errors"
	"sync"
)

// AtOnce gives a context in which what a tag means, and who refers to a digest, is asked of a registry once: the checks of
// one case ask the same, at the same time or one after the other, and are to get the same answer. What failed is asked
// again.
func AtOnce(ctx context.Context) context.Context {
	return context.WithValue(ctx, momentKey{}, &moment{asked: map[string]*question{}})
}

type momentKey struct{}

// maxMoment bounds the questions that are remembered; more are asked without that.
const maxMoment = 4096

// moment is what was asked in a context of AtOnce.
type moment struct {
	mu    sync.Mutex
	asked map[string]*question
}

// question is one of them. Who asks stands in busy.
type question struct {
	busy   chan struct{}
	known  bool
	answer any
	err    error
}

// once asks a question, or gives the answer of the moment that the context is of. certain says whether an answer is worth
// keeping; of errors those are that say that there is nothing.
func once[V any](ctx context.Context, words string, certain func(V) bool, ask func() (V, error)) (V, error) {
	q := questionOf(ctx, words)
	if q == nil {
		return ask()
	}
	select {
	case q.busy <- struct{}{}:
		defer func() { <-q.busy }()
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
	if v, ok := q.answer.(V); ok && q.known {
		return v, q.err
	}
	v, err := ask()
	if err == nil && certain(v) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrNoReferrersAPI) {
		q.known, q.answer, q.err = true, v, err
	}
	return v, err
}

// questionOf finds the question among those of the context; nil: it remembers none.
func questionOf(ctx context.Context, words string) *question {
	m, ok := ctx.Value(momentKey{}).(*moment)
	if !ok {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.asked[words]
	if q == nil && len(m.asked) < maxMoment {
		q = &question{busy: make(chan struct{}, 1)}
		m.asked[words] = q
	}
	return q
}
