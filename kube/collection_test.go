package kube

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var imagePolicies = CustomKind{Group: "policy.sigstore.dev", Version: "v1beta1", Plural: "clusterimagepolicies", Kind: "ClusterImagePolicy"}

func TestCustomResourcesOfADump(t *testing.T) {
	s, err := ParseSnapshot("dump", []byte(`{"kind":"List","items":[
		{"apiVersion":"policy.sigstore.dev/v1alpha1","kind":"ClusterImagePolicy","metadata":{"name":"b"},"spec":{"mode":"warn"}},
		{"apiVersion":"policy.sigstore.dev/v1beta1","kind":"ClusterImagePolicy","metadata":{"name":"a"}},
		{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Custom(context.Background(), imagePolicies, "shop")
	if err != nil || len(all) != 2 || all[0].Name != "a" || all[1].Name != "b" {
		t.Fatalf("got %v, %v", all, err)
	}
	if !strings.Contains(string(all[1].Raw), `"mode":"warn"`) {
		t.Errorf("raw is %s", all[1].Raw)
	}
	none, err := s.Custom(context.Background(), CustomKind{Group: "kyverno.io", Version: "v1", Plural: "policies", Kind: "Policy", Namespaced: true}, "shop")
	if err != nil || len(none) != 0 {
		t.Errorf("of a kind that the dump lacks: %v, %v", none, err)
	}
}

func TestCustomResourcesOfACluster(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies":
			_, _ = w.Write([]byte(`{"kind":"ClusterImagePolicyList","metadata":{},"items":[{"kind":"ClusterImagePolicy","metadata":{"name":"a"}}]}`))
		case "/apis/kyverno.io/v1/namespaces/shop/policies":
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}`))
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"kind":"Status","status":"Failure","reason":"NotFound","code":404}`))
		}
	}))
	defer server.Close()
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte(`{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":"`+server.URL+`"}}],
		"contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Open(Options{Kubeconfig: config})
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Custom(context.Background(), imagePolicies, "")
	if err != nil || len(all) != 1 || all[0].Path != "/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies/a" {
		t.Errorf("got %v, %v", all, err)
	}
	older := imagePolicies
	older.Version = "v1alpha1"
	if _, err := c.Custom(context.Background(), older, ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("a version that is not served: %v", err)
	}
	if _, err := c.Custom(context.Background(), CustomKind{Group: "kyverno.io", Version: "v1", Plural: "policies", Kind: "Policy", Namespaced: true}, "shop"); !errors.Is(err, ErrForbidden) {
		t.Errorf("a kind that may not be listed: %v", err)
	}
	if _, err := c.Custom(context.Background(), CustomKind{Group: "kyverno.io", Version: "v1", Plural: "policies", Kind: "Policy", Namespaced: true}, "../x"); err == nil {
		t.Error("a namespace that is a path was taken")
	}
}
