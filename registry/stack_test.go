package registry

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The layers of an image by its manifests: nothing else is read, and nothing twice.
func TestStack(t *testing.T) {
	index, image, _ := indexOf(t)
	var log asked
	host := serve(t, log.wrap)
	push(t, host+"/acme/app:v1", index)
	c := client(t)
	log.take()
	var want []string
	layers, err := image.Layers()
	check(t, err)
	for _, l := range layers {
		want = append(want, digestIn(t, l))
	}
	loc := parse(t, host+"/acme/app@"+digestIn(t, index))
	if _, err := c.Stack(t.Context(), loc, amd64, true); !errors.Is(err, ErrNotFound) {
		t.Errorf("of an empty store: %v", err)
	}
	if asked := log.take(); len(asked) > 0 {
		t.Errorf("asked for %v, although only the store was to be looked at", asked)
	}
	got, err := c.Stack(t.Context(), loc, amd64, false)
	check(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	requests := []string{"GET /v2/acme/app/manifests/" + digestIn(t, index), "GET /v2/acme/app/manifests/" + digestIn(t, image)}
	if diff := cmp.Diff(requests, log.take()); diff != "" {
		t.Error(diff)
	}
	for _, stored := range []bool{true, false} {
		if again, err := c.Stack(t.Context(), loc, amd64, stored); err != nil || cmp.Diff(want, again) != "" {
			t.Errorf("again: %v, %v", again, err)
		}
	}
	if asked := log.take(); len(asked) > 0 {
		t.Errorf("asked again for %v", asked)
	}
	var platform *PlatformError
	if _, err := c.Stack(t.Context(), loc, v1.Platform{OS: "linux", Architecture: "s390x"}, false); !errors.As(err, &platform) {
		t.Errorf("of another platform: %v", err)
	}
	if _, err := c.Stack(t.Context(), parse(t, host+"/acme/app@"+someDigest), amd64, false); !errors.Is(err, ErrNotFound) {
		t.Errorf("of an image that is not there: %v", err)
	}
}

func TestManifestsOfAnIndex(t *testing.T) {
	index, image, arm := indexOf(t)
	host := serve(t, nil)
	push(t, host+"/app:v1", index)
	c := client(t)
	all, err := c.Manifests(t.Context(), parse(t, host+"/app:v1"), digestIn(t, index))
	if err != nil || len(all) != 3 || !slices.Contains(all, digestIn(t, image)) || !slices.Contains(all, digestIn(t, arm)) {
		t.Errorf("%v, %v", all, err)
	}
	if none, err := c.Manifests(t.Context(), parse(t, host+"/app:v1"), digestIn(t, image)); err != nil || len(none) != 0 {
		t.Errorf("of a manifest: %v, %v", none, err)
	}
}
