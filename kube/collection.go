package kube

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
)

// maxCollection bounds how many objects of one kind are kept beside pods and revisions. Clusters have some dozens of
// webhook configurations and some thousands of events.
const maxCollection = 5000

// collect lists the objects of a kind and keeps those that want wants (nil: all), in the server's order. Those kept are
// told to the trace. An object that cannot be understood is left out and named in the error; the others are there.
func collect[T any](ctx context.Context, r *reading, res resource, namespace string, want func(*T) bool) ([]T, error) {
	doing := "listing " + res.plural
	if namespace != "" {
		doing += " of namespace " + namespace
		if err := checkNames(namespace, "any"); err != nil {
			return nil, &Error{Doing: doing, Err: err}
		}
	}
	if err := r.from.lacks(res); err != nil {
		return nil, err
	}
	tell := traceOf(ctx).Object
	var kept []T
	var broken error
	_, err := r.from.list(ctx, res, namespace, labels.Everything(), func(page []found) error {
		for _, f := range page {
			var v T
			if err := json.Unmarshal(f.raw, &v); err != nil {
				broken = &Error{Doing: doing, Err: fmt.Errorf("understanding one of them: %w", err)}
				continue
			}
			if want != nil && !want(&v) {
				continue
			}
			if len(kept) == maxCollection {
				return &Error{Doing: doing, Kind: ErrLimit, Err: fmt.Errorf("more than %d", maxCollection)}
			}
			kept = append(kept, v)
			var h header
			if tell != nil && json.Unmarshal(f.raw, &h) == nil {
				tell(res.object(h.Metadata.Namespace, h.Metadata.Name, f.raw))
			}
		}
		return nil
	})
	if err == nil {
		err = broken
	}
	return kept, err
}
