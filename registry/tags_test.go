package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// tagServer answers with pages of tags, and HEAD of a tag with a digest made of its name.
func tagServer(t *testing.T, pages ...string) Location {
	t.Helper()
	digest := "sha256:" + strings.Repeat("a", 64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v2/":
		case r.Method == http.MethodHead && r.URL.Path == "/v2/app/manifests/one":
			w.Header().Set("Docker-Content-Digest", digest)
			w.Header().Set("Last-Modified", "Sun, 01 Mar 2026 02:59:00 GMT")
		case r.URL.Path == "/v2/app/tags/list":
			var page int
			fmt.Sscan(r.URL.Query().Get("page"), &page)
			if page+1 < len(pages) {
				w.Header().Set("Link", fmt.Sprintf(`</v2/app/tags/list?page=%d>; rel="next"`, page+1))
			}
			fmt.Fprint(w, pages[page])
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	loc, err := Parse(strings.TrimPrefix(server.URL, "http://") + "/app:one")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func tagClient(t *testing.T) *Client {
	t.Helper()
	store, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTagsOverSeveralPages(t *testing.T) {
	loc := tagServer(t, `{"name":"app","tags":["one","two"]}`, `{"tags":["sha256-abc.sig","../evil",""]}`)
	c := tagClient(t)
	got, err := c.Tags(context.Background(), loc)
	if err != nil || !slices.Equal(got, []string{"one", "two", "sha256-abc.sig"}) {
		t.Errorf("got %q, %v", got, err)
	}
	if now, err := c.TagNow(context.Background(), loc, "one"); err != nil || !IsDigest(now.Digest) || now.Changed.Format(time.RFC3339) != "2026-03-01T02:59:00Z" {
		t.Errorf("the tag is %+v, %v", now, err)
	}
	if _, err := c.TagNow(context.Background(), loc, "gone"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a tag that is not there: %v", err)
	}
}

func TestTagsThatAreNone(t *testing.T) {
	if _, err := tagClient(t).Tags(context.Background(), tagServer(t, `[]`)); err == nil || !strings.Contains(err.Error(), "no JSON object") {
		t.Errorf("got %v", err)
	}
}

func FuzzTags(f *testing.F) {
	f.Add([]byte(`{"tags":["a"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tags, _ := parseTags(b)
		for _, tag := range tags {
			if !tagForm.MatchString(tag) {
				t.Errorf("%q is no tag", tag)
			}
		}
	})
}
