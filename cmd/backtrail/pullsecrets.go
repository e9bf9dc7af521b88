package main

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/authn/kubernetes"
	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/kube"
)

// pullSecretsOf reads the pull secrets of a pod and of its service account: the credentials of its case, and of no
// other. It is nil where there are none. Secrets that may not be read are reported; the others count.
func pullSecretsOf(ctx context.Context, cluster kube.Source, pod *corev1.Pod,
	notice func(string)) (authn.Keychain, error) {
	found, err := cluster.PullSecrets(ctx, pod)
	if err != nil {
		notice("not all pull secrets could be read: " + err.Error())
	}
	if len(found) == 0 {
		return nil, nil
	}
	keychain, err := kubernetes.NewFromPullSecrets(ctx, found)
	if err != nil {
		return nil, fmt.Errorf("reading the pull secrets of pod %s: %w", pod.Name, err)
	}
	return keychain, nil
}
