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

// collect lists the objects of a kind and keeps those that want accepts (nil: all), in the server's order. Those kept
// are reported to the trace. An object that cannot be understood is left out and named in the error; the others are
// there.
func collect[T any](ctx context.Context, r *reading, res resource, namespace string, want func(*T) bool) ([]T, error) {
	doing := "listing " + res.plural
	if namespace != "" {
		doing += " of namespace " + namespace
		if err := checkNames(namespace, "any"); err != nil {
			return nil, &Error{Doing: doing, Err: err}
		}
	}
	// of a dump: none of a kind may mean that it was not dumped
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
				// one object that cannot be decoded hides no other: the rest is kept, and the error names the fault
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

// maxCustom bounds how many custom resources of one kind are kept.
const maxCustom = 2000

// CustomKind is a kind that a custom resource definition adds to the API.
type CustomKind struct {
	Group, Version string // policy.sigstore.dev, v1beta1
	Plural, Kind   string // clusterimagepolicies, ClusterImagePolicy
	Namespaced     bool
	Page           int    // objects asked for at once, where they are large; 0: PageSize
	Labels         string // a selector of labels, as kubectl writes it; "" means all
}

// resource is the kind as all others are described here.
func (k CustomKind) resource() resource {
	return resource{
		group: k.Group, version: k.Version, plural: k.Plural, kind: k.Kind, global: !k.Namespaced,
		page: k.Page,
	}
}

// Custom lists the custom resources of a kind as raw JSON, in the server's order; namespace counts for namespaced kinds
// only, "" means all. A live cluster that does not know the kind or the version gives ErrNotFound; a dump gives those
// that it has, of whatever version.
func (r *reading) Custom(ctx context.Context, kind CustomKind, namespace string) ([]Object, error) {
	var kept []Object
	err := r.EachCustom(ctx, kind, namespace, func(o Object) error {
		if len(kept) == maxCustom {
			return &Error{Doing: "listing " + kind.Plural, Kind: ErrLimit, Err: fmt.Errorf("more than %d", maxCustom)}
		}
		kept = append(kept, o)
		return nil
	})
	return kept, err
}

// EachCustom gives the custom resources of a kind one by one, as Custom lists them.
func (r *reading) EachCustom(ctx context.Context, kind CustomKind, namespace string, each func(Object) error) error {
	res := kind.resource()
	doing := "listing " + res.plural
	if res.global {
		namespace = ""
	}
	if namespace != "" {
		if err := checkNames(namespace, "any"); err != nil {
			return &Error{Doing: doing, Err: err}
		}
	}
	selector, err := labels.Parse(kind.Labels)
	if err != nil {
		return &Error{Doing: doing, Err: fmt.Errorf("reading the selector: %w", err)}
	}
	_, err = r.from.list(ctx, res, namespace, selector, func(page []found) error {
		for _, f := range page {
			var h header
			if err := json.Unmarshal(f.raw, &h); err != nil {
				return &Error{Doing: doing, Err: fmt.Errorf("understanding one of them: %w", err)}
			}
			if err := each(res.object(h.Metadata.Namespace, h.Metadata.Name, f.raw)); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
