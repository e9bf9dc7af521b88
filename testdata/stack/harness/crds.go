package harness

import (
	"context"
	"fmt"
	"strings"
)

// crd is a custom resource definition with nothing but its names: what stands in its objects is for those who read them.
const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[2]s.%[1]s}
spec:
  group: %[1]s
  scope: %[4]s
  names: {plural: %[2]s, singular: %[5]s, kind: %[3]s, listKind: %[3]sList}
  versions:
%[6]s---
`

const crdVersion = `  - name: %s
    served: true
    storage: %t
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

// PolicyKinds defines the kinds of policy-controller and of Kyverno, as their own releases do, without their controllers.
func (s *Stack) PolicyKinds(ctx context.Context) error {
	var all strings.Builder
	for _, k := range []struct {
		group, plural, kind, scope string
		versions                   []string // the first is the stored one
	}{
		{"policy.sigstore.dev", "clusterimagepolicies", "ClusterImagePolicy", "Cluster", []string{"v1beta1", "v1alpha1"}},
		{"kyverno.io", "clusterpolicies", "ClusterPolicy", "Cluster", []string{"v1"}},
		{"kyverno.io", "policies", "Policy", "Namespaced", []string{"v1"}},
		{"policies.kyverno.io", "imagevalidatingpolicies", "ImageValidatingPolicy", "Cluster", []string{"v1alpha1"}},
	} {
		var versions strings.Builder
		for i, v := range k.versions {
			fmt.Fprintf(&versions, crdVersion, v, i == 0)
		}
		fmt.Fprintf(&all, crd, k.group, k.plural, k.kind, k.scope, strings.ToLower(k.kind), versions.String())
	}
	return s.Apply(ctx, all.String())
}
