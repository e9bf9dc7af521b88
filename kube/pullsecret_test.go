package kube

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// pullObjects are the service account and Secrets of namespace shop; gone is not there.
var pullObjects = map[string]string{
	"/api/v1/namespaces/shop/serviceaccounts/web": `{"metadata":{"name":"web"},"imagePullSecrets":[{"name":"account"},{"name":"pod"}]}`,
	"/api/v1/namespaces/shop/secrets/pod":         `{"metadata":{"name":"pod"},"data":{".dockerconfigjson":"e30="}}`,
	"/api/v1/namespaces/shop/secrets/account":     `{"metadata":{"name":"account"},"data":{".dockerconfigjson":"e30="}}`,
	"/api/v1/namespaces/shop/secrets/other":       `{"metadata":{"name":"other"}}`,
}

func TestPullSecretsAreThoseThatThePodNames(t *testing.T) {
	p := pod("web-0", "web", nil, nil, "registry.example/web:1")
	p.Spec.ServiceAccountName = "web"
	p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pod"}, {Name: "gone"}}
	var asked []string
	server := serve(t, p)
	server.hook = func(w http.ResponseWriter, r *http.Request) bool {
		asked = append(asked, path.Base(r.URL.Path))
		body, ok := pullObjects[r.URL.Path]
		if ok {
			fmt.Fprint(w, body)
		}
		return ok
	}
	var told []string
	ctx := WithTrace(t.Context(), Trace{Object: func(o Object) { told = append(told, o.Kind) }})
	found, err := server.open(t, "").PullSecrets(ctx, p)
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("the secret that is not there: %v", err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "pod account" {
		t.Errorf("got %q, want pod and account: %v", got, err)
	}
	if len(told) != 0 {
		t.Errorf("told to the trace, which keeps for the bundle: %v", told)
	}
	if strings.Contains(strings.Join(asked, " "), "other") {
		t.Errorf("asked for %v: only what the pod names is read", asked)
	}
}
