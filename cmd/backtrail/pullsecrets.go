package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/authn/kubernetes"
	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/kube"
)

// pullSecrets are the credentials of the pods that were opened, asked after all others. It is empty unless
// --pull-secrets allows reading them.
type pullSecrets struct {
	mu    sync.Mutex
	chain []authn.Keychain
}

// Resolve is of authn.Keychain.
func (p *pullSecrets) Resolve(r authn.Resource) (authn.Authenticator, error) {
	p.mu.Lock()
	chain := append([]authn.Keychain{}, p.chain...)
	p.mu.Unlock()
	return authn.NewMultiKeychain(chain...).Resolve(r)
}

// read takes the pull secrets of a pod and of its service account. What may not be read is said; the others count.
func (p *pullSecrets) read(ctx context.Context, cluster kube.Source, pod *corev1.Pod, notice func(string)) error {
	found, err := cluster.PullSecrets(ctx, pod)
	if err != nil {
		notice("not all pull secrets could be read: " + err.Error())
	}
	if len(found) == 0 {
		return nil
	}
	k, err := kubernetes.NewFromPullSecrets(ctx, found)
	if err != nil {
		return fmt.Errorf("reading the pull secrets of pod %s: %w", pod.Name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chain = append(p.chain, k)
	return nil
}
