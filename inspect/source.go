package inspect

import "context"

// Source is where events come from: a run of checks, or the replay of a saved record. It returns when no more events
// come; emit is never called by two goroutines at once.
type Source func(ctx context.Context, emit func(Event)) error
