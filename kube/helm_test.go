package kube

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
)

// The Secrets of a release are asked for by type and labels, are told to nobody, and others are left out.
func TestHelmReleases(t *testing.T) {
	server := serve(t, shop()...)
	var query string
	server.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v1/namespaces/shop/secrets" {
			return false
		}
		query = r.URL.Query().Get("fieldSelector") + " " + r.URL.Query().Get("labelSelector")
		fmt.Fprint(w, `{"kind":"SecretList","metadata":{},"items":[{"metadata":{"name":"sh.helm.release.v1.web.v1"},"type":"helm.sh/release.v1","data":{"release":"eA=="}},{"metadata":{"name":"other"},"type":"Opaque"}]}`)
		return true
	}
	var told int
	ctx := WithTrace(t.Context(), Trace{Object: func(Object) { told++ }})
	found, err := server.open(t, "").HelmReleases(ctx, "shop", "web")
	if err != nil || len(found) != 1 || string(found[0].Data["release"]) != "x" {
		t.Fatalf("%+v, %v", found, err)
	}
	if query != "type=helm.sh/release.v1 name=web,owner=helm" {
		t.Errorf("asked with %q", query)
	}
	if told != 0 {
		t.Error("Secrets were told to the trace, which keeps for the bundle")
	}
}

func TestHelmReleasesThatCannotBeRead(t *testing.T) {
	if _, err := snapshotOf(t, shop()...).HelmReleases(t.Context(), "shop", "web"); !errors.Is(err, ErrNotFound) {
		t.Errorf("of a dump: %v", err)
	}
	for _, name := range []string{"", "../x", "a b"} {
		if _, err := serve(t, shop()...).open(t, "").HelmReleases(t.Context(), "shop", name); err == nil {
			t.Errorf("a release %q was asked for", name)
		}
	}
}
