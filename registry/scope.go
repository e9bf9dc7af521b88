package registry

import (
	"context"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Scope is what requests made for one case share. It travels in the context, so that the client itself belongs to no case:
// the credentials of one pod are never offered for the images of another.
type Scope struct {
	Notice   func(string)   // receives waits, retries and limits in words; nil: the client's own
	Log      func(Request)  // receives each request, for the chain of custody; nil: the client's own
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
