package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// HelmSecret is the type of the Secrets in which Helm keeps its releases
// (https://github.com/helm/helm/blob/main/pkg/storage/driver/secrets.go).
const HelmSecret = corev1.SecretType("helm.sh/release.v1")

// maxReleases bounds how many revisions of one release are kept; Helm itself keeps ten by default.
const maxReleases = 100

// HelmReleases reads the Secrets in which Helm keeps the revisions of a release: besides those for pulling images the
// only Secrets that backtrail ever reads, and only if a person asks for it. They are not reported to a Trace, so that
// no bundle can hold them as they are.
func (r *reading) HelmReleases(ctx context.Context, namespace, release string) ([]corev1.Secret, error) {
	ctx = context.WithValue(ctx, traceKey{}, Trace{Request: traceOf(ctx).Request})
	doing := "reading the revisions of Helm release " + release
	if err := checkNames(namespace, release); err != nil {
		return nil, &Error{Doing: doing, Err: err}
	}
	selector, err := labels.ValidatedSelectorFromSet(labels.Set{"owner": "helm", "name": release})
	if err != nil {
		return nil, &Error{Doing: doing, Err: err}
	}
	res := secrets()
	// the server filters, so that other Secrets of the namespace are not even sent; the answer is checked below
	res.fields = "type=" + string(HelmSecret)
	var kept []corev1.Secret
	_, err = r.from.list(ctx, res, namespace, selector, func(page []found) error {
		for _, f := range page {
			var s corev1.Secret
			if err := json.Unmarshal(f.raw, &s); err != nil {
				return &Error{Doing: doing, Err: fmt.Errorf("understanding one of them: %w", err)}
			}
			if s.Type != HelmSecret && s.Type != "" {
				continue
			}
			if len(kept) == maxReleases {
				return &Error{Doing: doing, Kind: ErrLimit, Err: fmt.Errorf("more than %d", maxReleases)}
			}
			kept = append(kept, s)
		}
		return nil
	})
	if err == nil && len(kept) == 0 {
		err = &Error{
			Doing: doing, Kind: ErrNotFound, Err: errors.New("no Secret of it was found"),
			Hint: []string{"Secrets of a saved dump are not read; Helm may store its releases in another way"},
		}
	}
	return kept, err
}

// SecretPath is where the API keeps a Secret.
func SecretPath(namespace, name string) string { return secrets().path(namespace, name) }
