package kube

import (
	"errors"
	"testing"
)

func TestInClusterOutsideOfAPod(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	t.Setenv("KUBERNETES_SERVICE_PORT", "")
	_, err := Open(Options{InCluster: true, Kubeconfig: "/no/such/file"})
	var e *Error
	if !errors.Is(err, ErrNoConfig) || !errors.As(err, &e) || len(e.Hints()) == 0 {
		t.Errorf("got %v", err)
	}
}
