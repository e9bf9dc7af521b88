package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Registries hand their blobs to a storage service by a redirect. The credentials of the registry are not for that
// service: neither a basic login nor a token goes with it, also not to another port of the same address.
func TestCredentialsDoNotFollowARedirect(t *testing.T) {
	image := imageOf(t, amd64, "one")
	for _, bearer := range []bool{false, true} {
		var mu sync.Mutex
		var leaked []string
		var blobs http.Handler
		storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			for _, name := range []string{"Authorization", "Cookie", "Www-Authenticate"} {
				if v := r.Header.Get(name); v != "" {
					leaked = append(leaked, name+": "+v)
				}
			}
			blobs.ServeHTTP(w, r)
		}))
		t.Cleanup(storage.Close)
		wrap, _ := guarded(t, "alice", "secret", bearer)
		host := serve(t, func(next http.Handler) http.Handler {
			blobs = next
			closed := wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/blobs/") {
					http.Redirect(w, r, storage.URL+r.URL.Path+"?signature=hunter2", http.StatusTemporaryRedirect)
					return
				}
				next.ServeHTTP(w, r)
			}))
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("User-Agent") != "backtrail/test" {
					next.ServeHTTP(w, r)
					return
				}
				closed.ServeHTTP(w, r)
			})
		})
		push(t, host+"/app:v1", image)
		var log []Request
		ctx := WithScope(t.Context(), &Scope{Keychain: keychain{"alice", "secret"}, Log: func(r Request) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, r)
		}})
		img, err := client(t).Resolve(ctx, parse(t, host+"/app:v1"), v1.Platform{})
		check(t, err)
		if !img.Config.Holds() {
			t.Errorf("bearer %t: the config behind the redirect: %s", bearer, img.Config.Detail)
		}
		if len(leaked) > 0 {
			t.Errorf("bearer %t: the storage got %q", bearer, leaked)
		}
		for _, r := range log {
			if strings.Contains(r.URL, "hunter2") {
				t.Errorf("bearer %t: the signature of a link stands in the log: %s", bearer, r.URL)
			}
		}
	}
}

// What each kind of question comes to for each refusal: nothing that was refused counts as nothing there.
func TestRefusalsAreNotAbsence(t *testing.T) {
	image := imageOf(t, amd64, "one")
	digest := digestIn(t, image)
	status := 0
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if status != 0 && r.URL.Path != "/v2/" {
				w.WriteHeader(status)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	push(t, host+"/app:v1", image)
	questions := map[string]func(c *Client, loc Location) error{
		"the image": func(c *Client, loc Location) error {
			_, err := c.Resolve(t.Context(), loc, v1.Platform{})
			return err
		},
		"a tag": func(c *Client, loc Location) error {
			now, err := c.TagNow(t.Context(), loc, "v1")
			if err == nil && now.Digest == "" {
				return errors.New("the registry does not say")
			}
			return err
		},
		"its tags": func(c *Client, loc Location) error { _, err := c.Tags(t.Context(), loc); return err },
		"referrers": func(c *Client, loc Location) error {
			_, err := c.ReferrersAPI(t.Context(), loc, digest, "")
			return err
		},
		"their tag":  func(c *Client, loc Location) error { _, err := c.ReferrersTag(t.Context(), loc, digest); return err },
		"a manifest": func(c *Client, loc Location) error { _, err := c.Manifest(t.Context(), loc, digest); return err },
		"a blob":     func(c *Client, loc Location) error { _, err := c.Fetch(t.Context(), loc, digest, 1000); return err },
	}
	for _, status = range []int{401, 403, 404, 410, 418, 429, 500, 502, 503} {
		for question, ask := range questions {
			err := ask(client(t), parse(t, host+"/app:v1"))
			var auth *AuthError
			var limit *RateLimitError
			absent := errors.Is(err, ErrNotFound) || errors.Is(err, ErrNoReferrersAPI)
			switch {
			case err == nil:
				t.Errorf("%d for %s: no error", status, question)
			case absent != (status == 404):
				t.Errorf("%d for %s: it counts as nothing there: %v", status, question, err)
			case errors.As(err, &auth) != (status == 401 || status == 403) || auth != nil && auth.Host != host:
				t.Errorf("%d for %s: %v", status, question, err)
			case errors.As(err, &limit) != (status == 429):
				t.Errorf("%d for %s: %v", status, question, err)
			}
		}
	}
}

// A blob that is not its digest is found by whoever reads all of it, and is never kept.
func TestWrongBytesOfABlob(t *testing.T) {
	good := []byte("the payload of a signature")
	digest := digestOf(good)
	for name, tt := range map[string]struct {
		body   []byte
		header map[string]string
		want   error
	}{
		"the right bytes":  {good, nil, nil},
		"other bytes":      {[]byte("another payload"), nil, new(DigestError)},
		"none":             {nil, nil, new(DigestError)},
		"one bit":          {append([]byte{good[0] ^ 1}, good[1:]...), nil, new(DigestError)},
		"a claim in words": {[]byte("another payload"), map[string]string{"Docker-Content-Digest": digest}, new(DigestError)},
		"twice":            {append(slices.Clone(good), good...), nil, new(DigestError)},
		"more than asked":  {bytes.Repeat([]byte("x"), 2000), nil, new(LimitError)},
	} {
		t.Run(name, func(t *testing.T) {
			host := serve(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !strings.Contains(r.URL.Path, "/blobs/") {
						next.ServeHTTP(w, r)
						return
					}
					for k, v := range tt.header {
						w.Header().Set(k, v)
					}
					_, _ = w.Write(tt.body)
				})
			})
			c := client(t)
			data, err := c.Fetch(t.Context(), parse(t, host+"/app:v1"), digest, 1000)
			var wrong *DigestError
			var limit *LimitError
			switch tt.want.(type) { //nolint:errorlint // the type that the case of the table names
			case nil:
				if err != nil || !bytes.Equal(data, good) || !c.Store().Has(digest) {
					t.Errorf("%q, %v", data, err)
				}
			case *DigestError:
				if !errors.As(err, &wrong) || wrong.Want != digest || wrong.Have != digestOf(tt.body) || data != nil {
					t.Errorf("%q, %v", data, err)
				}
			case *LimitError:
				if !errors.As(err, &limit) {
					t.Errorf("%q, %v", data, err)
				}
			}
			if tt.want != nil && (c.Store().Has(digest) || c.Store().Has(digestOf(tt.body))) {
				t.Error("what does not hold is kept")
			}
		})
	}
}

// A registry that answers once it is asked to stop: the case ends when it is told to, not when the registry likes.
func TestASlowAnswerEndsWithItsContext(t *testing.T) {
	waits, done := make(chan struct{}), make(chan struct{})
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/" {
				next.ServeHTTP(w, r)
				return
			}
			close(waits)
			<-done
		})
	})
	t.Cleanup(func() { close(done) })
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-waits
		stop()
	}()
	_, err := client(t).TagNow(ctx, parse(t, host+"/app:v1"), "v1")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestHeadersOfRateLimits(t *testing.T) {
	for text, want := range map[string]struct {
		count  int
		window time.Duration
		ok     bool
	}{
		"100;w=21600":         {100, 6 * time.Hour, true},
		" 24 ; w=21600":       {24, 6 * time.Hour, true},
		"24":                  {24, rateWindow, true},
		"24;w=":               {24, rateWindow, true},
		"24;w=-5":             {24, rateWindow, true},
		"24;w=99999999999999": {24, rateWindow, true},
		"0;w=60":              {0, time.Minute, true},
		"-1;w=60":             {0, 0, false},
		"many":                {0, 0, false},
		"":                    {0, 0, false},
		"9223372036854775808": {0, 0, false},
	} {
		count, window, ok := rateHeader(text)
		if count != want.count || window != want.window || ok != want.ok {
			t.Errorf("%q: %d in %s, %v", text, count, window, ok)
		}
	}
	r := &rateLimits{hosts: map[string]rateState{}, now: func() time.Time { return time.Unix(0, 0) }}
	get := httptest.NewRequest(http.MethodGet, "http://hub.example/v2/app/manifests/1", nil)
	for remaining, refused := range map[string]bool{"26": false, "25": true, "0": true, "9223372036854775807": false} {
		resp := &http.Response{Header: http.Header{"Ratelimit-Limit": {"100;w=60"}, "Ratelimit-Remaining": {remaining + ";w=60"}}}
		r.learn(get, resp)
		if err := r.check(get); (err != nil) != refused {
			t.Errorf("%s of 100 left: %v", remaining, err)
		}
		for _, free := range []*http.Request{
			httptest.NewRequest(http.MethodHead, "http://hub.example/v2/app/manifests/1", nil),
			httptest.NewRequest(http.MethodGet, "http://hub.example/v2/app/blobs/sha256:1", nil),
			httptest.NewRequest(http.MethodGet, "http://other.example/v2/app/manifests/1", nil),
		} {
			if err := r.check(free); err != nil {
				t.Errorf("%s %s is refused: %v", free.Method, free.URL, err)
			}
		}
	}
}

func TestWhenToComeBack(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "2": 2 * time.Second, "-3": 0, "soon": 0, "4294967296": 0,
		"Sun, 06 Nov 1994 08:49:37 GMT": 0,
	} {
		if got := retryAfter(&http.Response{Header: http.Header{"Retry-After": {text}}}); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	later := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	if got := retryAfter(&http.Response{Header: http.Header{"Retry-After": {later}}}); got < 50*time.Minute || got > time.Hour {
		t.Errorf("%s: %s", later, got)
	}
}

// What a registry says in an error is its own text: cut, in one line, and without what draws on a terminal.
func TestWordsOfARegistry(t *testing.T) {
	for body, want := range map[string]string{
		`{"errors":[{"code":"DENIED","message":"no"}]}`:               "DENIED no",
		`{"errors":[{"code":"A","message":"\u001b[31mred\nline"}]}`:   `A \x1b[31mred\nline`,
		`{"errors":[{"message":"` + strings.Repeat("a", 500) + `"}]}`: strings.Repeat("a", 200),
		`{"errors":[]}`: "", `<html>busy</html>`: "", `{"errors":"many"}`: "", "": "",
	} {
		if got := errorText(&http.Response{Body: io.NopCloser(strings.NewReader(body))}); got != want {
			t.Errorf("%.40s: %q, want %q", body, got, want)
		}
	}
	for _, e := range []error{
		&AuthError{Host: "h", Status: 401}, &RateLimitError{Host: "h", Remaining: -1},
		&RateLimitError{Host: "h", Remaining: -1, RetryAfter: time.Minute}, &RateLimitError{Host: "h", Remaining: 3, Limit: 100},
		&LimitError{What: "manifest", Limit: 4}, &DigestError{Want: "a", Have: "b"}, &StatusError{Method: "GET", URL: "u", Status: 500},
		&SlowError{Bytes: 1, Window: time.Second}, &AmbiguousError{Place: "p", Names: []string{"a", "b"}},
	} {
		if text := e.Error(); text == "" || strings.Contains(text, "%!") || strings.HasSuffix(text, ".") {
			t.Errorf("%T: %q", e, text)
		}
	}
	if got := fmt.Sprint(&AuthError{Host: "h", Status: 403, Tried: []string{"a", "b"}, Hint: "try: docker login h"}); got != "h refuses access (403): tried a, b; try: docker login h" {
		t.Errorf("got %q", got)
	}
}
