package registry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Scope is what requests made for one case share. It travels in the context, so that the client itself belongs to no
// case: the credentials of one pod are never offered for the images of another.
type Scope struct {
	Notice func(string)  // receives waits, retries and limits in words; nil: the client's own
	Log    func(Request) // receives each request, for the chain of custody; nil: the client's own
	// Account receives as whom a registry is read, each time that a connection is made; nil: nobody is told. The user
	// is empty without credentials, and with a token that names none.
	Account  func(host, user, source string)
	Keychain authn.Keychain // consulted last, such as the pull secrets of a pod; nil: none
	Budget   int64          // bytes of blobs that may be transferred; 0: MaxScopeBytes

	spent atomic.Int64
}

type scopeKey struct{}

// WithScope returns a context whose requests belong to a scope.
func WithScope(ctx context.Context, s *Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// scopeOf returns the scope of a context, an empty one where there is none.
func scopeOf(ctx context.Context) *Scope {
	if s, ok := ctx.Value(scopeKey{}).(*Scope); ok && s != nil {
		return s
	}
	return &Scope{}
}

// spend counts transferred bytes. Errors: *LimitError past the budget.
func (s *Scope) spend(bytes int64) error {
	budget := s.Budget
	if budget == 0 {
		budget = MaxScopeBytes
	}
	if s.spent.Add(bytes) > budget {
		return &LimitError{What: "bytes transferred for one case", Limit: budget}
	}
	return nil
}

// AtOnce returns a context in which the meaning of a tag, and the referrers of a digest, are requested of a registry
// once: the checks of one case need the same, at the same time or one after the other, and must get the same answer.
// What failed is requested again.
func AtOnce(ctx context.Context) context.Context {
	return context.WithValue(ctx, memoKey{}, &queryMemo{queries: map[string]*query{}})
}

type memoKey struct{}

// maxQueries bounds the queries that are remembered; more are made each time.
const maxQueries = 4096

// queryMemo holds the results of the queries that were made in a context of AtOnce.
type queryMemo struct {
	mu      sync.Mutex
	queries map[string]*query
}

// query is one of them. busy holds a token while somebody makes it.
type query struct {
	busy   chan struct{}
	known  bool
	answer any
	err    error
}

// once makes a query, or returns the result that the context's memo has for its key. certain reports whether a result
// is worth keeping; of errors those are that mean that there is nothing.
func once[V any](ctx context.Context, key string, certain func(V) bool, request func() (V, error)) (V, error) {
	q := queryOf(ctx, key)
	if q == nil {
		return request()
	}
	select {
	case q.busy <- struct{}{}:
		defer func() { <-q.busy }()
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
	// Two checks that need one answer at the same time get the same one, though the tag moves in between.
	if v, ok := q.answer.(V); ok && q.known {
		return v, q.err
	}
	v, err := request()
	if err == nil && certain(v) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrNoReferrersAPI) {
		q.known, q.answer, q.err = true, v, err
	}
	return v, err
}

// queryOf returns the query of a key in the memo of the context; nil where the context has no memo, or a full one.
func queryOf(ctx context.Context, key string) *query {
	m, ok := ctx.Value(memoKey{}).(*queryMemo)
	if !ok {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queries[key]
	if q == nil && len(m.queries) < maxQueries {
		q = &query{busy: make(chan struct{}, 1)}
		m.queries[key] = q
	}
	return q
}
