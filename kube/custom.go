package kube

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
)

// maxCustom bounds how many custom resources of one kind are kept.
const maxCustom = 2000

// CustomKind is a kind that a custom resource definition adds to the API.
type CustomKind struct {
	Group, Version string // policy.sigstore.dev, v1beta1
	Plural, Kind   string // clusterimagepolicies, ClusterImagePolicy
	Namespaced     bool
}

func (k CustomKind) resource() resource {
	return resource{group: k.Group, version: k.Version, plural: k.Plural, kind: k.Kind, global: !k.Namespaced}
}

// Custom lists the custom resources of a kind as raw JSON, in the server's order; namespace counts for namespaced kinds
// only, "" means all. A live cluster that does not know the kind or the version gives ErrNotFound; a dump gives those
// that it has, of whatever version.
func (r *reading) Custom(ctx context.Context, kind CustomKind, namespace string) ([]Object, error) {
	res := kind.resource()
	doing := "listing " + res.plural
	if res.global {
		namespace = ""
	}
	if namespace != "" {
		if err := checkNames(namespace, "any"); err != nil {
			return nil, &Error{Doing: doing, Err: err}
		}
	}
	var kept []Object
	_, err := r.from.list(ctx, res, namespace, labels.Everything(), func(page []found) error {
		for _, f := range page {
			if len(kept) == maxCustom {
				return &Error{Doing: doing, Kind: ErrLimit, Err: fmt.Errorf("more than %d", maxCustom)}
			}
			var h header
			if err := json.Unmarshal(f.raw, &h); err != nil {
				return &Error{Doing: doing, Err: fmt.Errorf("understanding one of them: %w", err)}
			}
			kept = append(kept, res.object(h.Metadata.Namespace, h.Metadata.Name, f.raw))
		}
		return nil
	})
	return kept, err
}
