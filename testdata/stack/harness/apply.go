package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// applyTimeout is for a kind that has just been defined to be served.
const applyTimeout = 30 * time.Second

// Apply creates the objects of a manifest, YAML documents of any kinds, as the admin. What is there already stays as it is.
func (s *Stack) Apply(ctx context.Context, manifest string) error {
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the admin's kubeconfig: %w", err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	docs := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	for {
		var o unstructured.Unstructured
		err := docs.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the manifest: %w", err)
		}
		if len(o.Object) == 0 {
			continue
		}
		if err := s.create(ctx, client, &o); err != nil {
			return fmt.Errorf("creating %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
}

// create waits until the kind is served, and then creates the object.
func (s *Stack) create(ctx context.Context, client dynamic.Interface, o *unstructured.Unstructured) error {
	return wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, applyTimeout, true, func(ctx context.Context) (bool, error) {
		groups, err := restmapper.GetAPIGroupResources(s.Admin.Discovery())
		if err != nil {
			return false, nil //nolint:nilerr // a kind that has just been defined may break discovery for a moment
		}
		mapping, err := restmapper.NewDiscoveryRESTMapper(groups).RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
		if meta.IsNoMatchError(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		to := dynamic.ResourceInterface(client.Resource(mapping.Resource))
		if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			to = client.Resource(mapping.Resource).Namespace(o.GetNamespace())
		}
		_, err = to.Create(ctx, o, metav1.CreateOptions{FieldManager: "kubectl-create"})
		switch {
		case err == nil, apierrors.IsAlreadyExists(err):
			return true, nil
		case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
			return false, nil // defined, and not served yet
		}
		return false, err
	})
}
