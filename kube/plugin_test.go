package kube

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd/api"
)

// What a refused login comes to in words, by where the credentials of the context come from. A plugin is named by its
// program alone: its arguments and its environment may hold secrets.
func TestHintsOfARefusedLogin(t *testing.T) {
	plugin := &api.ExecConfig{
		Command: "/opt/cloud/bin/cloud-login", Args: []string{"--token", "hunter2"},
		Env: []api.ExecEnvVar{{Name: "SECRET", Value: "hunter2"}}, InstallHint: "install it with:\n  pkg add cloud-login",
	}
	resource := schema.GroupResource{Resource: "pods"}
	for name, tt := range map[string]struct {
		plugin *api.ExecConfig
		err    error
		kind   error
		hints  []string
	}{
		"a plugin that failed": {
			plugin, errors.New("getting credentials: exec: executable cloud-login failed with exit code 1"),
			ErrUnauthorized,
			[]string{"plugin `cloud-login`", "pkg add cloud-login", "kubectl --context prod auth whoami"},
		},
		"a plugin whose token is refused": {plugin, apierrors.NewUnauthorized("Unauthorized"), ErrUnauthorized, []string{"plugin `cloud-login`"}},
		"a token of the kubeconfig":       {nil, apierrors.NewUnauthorized("Unauthorized"), ErrUnauthorized, []string{"renew them in the kubeconfig"}},
		"a missing permission":            {plugin, apierrors.NewForbidden(resource, "", nil), ErrForbidden, []string{"backtrail rbac"}},
		"nothing of that name":            {plugin, apierrors.NewNotFound(resource, "web"), ErrNotFound, []string{"-n NAMESPACE"}},
		"a fault of the server":           {plugin, &apierrors.StatusError{ErrStatus: metav1.Status{Code: 500, Reason: "InternalError"}}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Cluster{context: "prod", server: "https://api.example", plugin: tt.plugin}
			var e *Error
			if err := c.explain("listing pods", tt.err); !errors.As(err, &e) || !errors.Is(e.Kind, tt.kind) {
				t.Fatalf("got %v of kind %v", err, e.Kind)
			}
			words := fmt.Sprint(e, e.Hints())
			if strings.Contains(words, "hunter2") || strings.Contains(words, "/opt/cloud") {
				t.Errorf("it shows what the plugin was given: %s", words)
			}
			for _, hint := range tt.hints {
				if !strings.Contains(words, hint) {
					t.Errorf("no hint %q in %s", hint, words)
				}
			}
		})
	}
}
