package registry

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestRetries(t *testing.T) {
	image := imageOf(t, amd64, "one")
	var fail int
	var status int
	var after string
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if fail > 0 && strings.Contains(r.URL.Path, "/manifests/") {
				fail--
				w.Header().Set("Retry-After", after)
				w.WriteHeader(status)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	push(t, host+"/app:v1", image)
	for _, test := range []struct {
		name, after  string
		fail, status int
		limited      bool // RateLimitError
		bad          bool
	}{
		{name: "two times 503", fail: 2, status: 503},
		{name: "always 503", fail: 100, status: 503, bad: true},
		{name: "429 once", fail: 1, status: 429, after: "2"},
		{name: "429 for an hour", fail: 100, status: 429, after: "3600", limited: true, bad: true},
		{name: "429 always", fail: 100, status: 429, limited: true, bad: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			fail, status, after = test.fail, test.status, test.after
			var notices []string
			c := client(t, func(o *Options) { o.Notice = func(text string) { notices = append(notices, text) } })
			var waited time.Duration
			c.trip.sleep = func(_ context.Context, d time.Duration) error { waited += d; return nil }
			_, err := c.Resolve(context.Background(), parse(t, host+"/app:v1"), v1.Platform{})
			var limit *RateLimitError
			if (err != nil) != test.bad || errors.As(err, &limit) != test.limited {
				t.Fatalf("got %v", err)
			}
			if test.after == "2" && waited != 2*time.Second {
				t.Errorf("waited %s", waited)
			}
			if test.after == "3600" && (limit.RetryAfter != time.Hour || waited != 0 || limit.Host != host) {
				t.Errorf("waited %s, %v", waited, limit)
			}
			if !test.bad && len(notices) != test.fail {
				t.Errorf("said %q", notices)
			}
		})
	}
}

// Docker Hub says with each manifest how many an address may still get; a quarter of them is the cluster's.
func TestRateLimitQuarter(t *testing.T) {
	index, _, _ := indexOf(t)
	remaining := "26;w=21600"
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				w.Header().Set("Ratelimit-Limit", "100;w=21600")
				w.Header().Set("Ratelimit-Remaining", remaining)
			}
			next.ServeHTTP(w, r)
		})
	})
	push(t, host+"/app:v1", index)
	loc := parse(t, host+"/app:v1")
	if _, err := client(t).Resolve(context.Background(), loc, v1.Platform{}); err != nil {
		t.Fatal(err)
	}
	remaining = "25;w=21600"
	c := client(t)
	_, err := c.Resolve(context.Background(), loc, v1.Platform{})
	var limit *RateLimitError
	if !errors.As(err, &limit) || limit.Remaining != 25 || limit.Limit != 100 || !strings.Contains(err.Error(), "25 of 100") {
		t.Fatalf("got %v", err)
	}
	c.trip.limits.now = func() time.Time { return time.Now().Add(7 * time.Hour) }
	remaining = "100;w=21600"
	if _, err := c.Resolve(context.Background(), loc, v1.Platform{}); err != nil {
		t.Errorf("in the next window: %v", err)
	}
}

func TestRequestsAreNamedAndLogged(t *testing.T) {
	image := imageOf(t, amd64, "one")
	var mu sync.Mutex
	var agents []string
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			agents = append(agents, r.Method+" "+r.Header.Get("User-Agent"))
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
	})
	push(t, host+"/app:v1", image)
	agents = nil
	var log []Request
	c := client(t, func(o *Options) { o.Log = func(r Request) { log = append(log, r) } })
	_, err := c.Resolve(context.Background(), parse(t, host+"/app:v1"), v1.Platform{})
	check(t, err)
	for _, agent := range agents {
		if agent != "GET backtrail/test" && agent != "HEAD backtrail/test" {
			t.Errorf("asked as %q", agent)
		}
	}
	last := log[len(log)-1]
	if last.Method != "GET" || last.Status != 200 || last.Bytes <= 0 || last.Time.IsZero() || !strings.Contains(last.URL, "/v2/app/blobs/sha256:") {
		t.Errorf("logged %+v", last)
	}
}

func TestOnlyReading(t *testing.T) {
	for _, test := range []struct {
		method, url, contentType string
		want                     bool
	}{
		{"GET", "https://ghcr.io/v2/", "", true},
		{"HEAD", "https://ghcr.io/v2/x/manifests/v1", "", true},
		{"POST", "https://auth.example/token", "application/x-www-form-urlencoded", true},
		{"POST", "https://ghcr.io/v2/x/blobs/uploads/", "", false},
		{"PUT", "https://ghcr.io/v2/x/manifests/v1", "", false},
		{"DELETE", "https://ghcr.io/v2/x/manifests/v1", "", false},
		{"PATCH", "https://ghcr.io/v2/x", "", false},
		{"GET", "http://169.254.169.254/latest/meta-data/", "", false},
		{"GET", "http://[fe80::1]/", "", false},
		{"GET", "http://[::ffff:169.254.169.254]/", "", false},
	} {
		req := httptest.NewRequest(test.method, test.url, nil)
		req.Header.Set("Content-Type", test.contentType)
		if err := allowed(req); (err == nil) != test.want {
			t.Errorf("%s %s: %v", test.method, test.url, err)
		}
	}
}

func TestCheckRedirect(t *testing.T) {
	for _, test := range []struct {
		from, to string
		want     bool
	}{
		{"https://ghcr.io/v2/", "https://cdn.example/blob", true},
		{"https://ghcr.io/v2/", "http://cdn.example/blob", false},
		{"https://ghcr.io/v2/", "https://10.0.0.1/blob", false},
		{"https://ghcr.io/v2/", "https://localhost/blob", false},
		{"https://ghcr.io/v2/", "https://[::1]/blob", false},
		{"http://10.0.0.1/v2/", "http://10.0.0.2/blob", true},
		{"http://127.0.0.1:5000/v2/", "http://127.0.0.1:5001/blob", true},
	} {
		to := httptest.NewRequest("GET", test.to, nil)
		err := checkRedirect(to, []*http.Request{httptest.NewRequest("GET", test.from, nil)})
		if (err == nil) != test.want {
			t.Errorf("%s to %s: %v", test.from, test.to, err)
		}
	}
}

func TestNoCredentialsInTheClear(t *testing.T) {
	tr := &trip{}
	for text, want := range map[string]bool{"http://127.0.0.1:5000/v2/": true, "https://10.0.0.1/v2/": true, "http://10.0.0.1/v2/": false, "http://[::1]/": true} {
		req := httptest.NewRequest("GET", text, nil)
		req.Header.Set("Authorization", "Basic x")
		out, err := tr.prepare(req)
		check(t, err)
		if got := out.Header.Get("Authorization") != ""; got != want {
			t.Errorf("%s: credentials sent: %t", text, got)
		}
	}
}

// Identity tokens are in the body of the request for a token, not in a header.
func TestNoIdentityTokenInTheClear(t *testing.T) {
	for text, want := range map[string]bool{
		"http://127.0.0.1:5000/token": true, "https://10.0.0.1/token": true, "http://10.0.0.1/token": false,
		"http://auth.example/token": false,
	} {
		req := httptest.NewRequest("POST", text, strings.NewReader("refresh_token=secret"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if err := allowed(req); (err == nil) != want || err != nil && !errors.Is(err, errInClear) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestShowURL(t *testing.T) {
	u, err := url.Parse("https://user:pass@cdn.example/blob?X-Amz-Signature=secret")
	check(t, err)
	if got := showURL(u); got != "https://cdn.example/blob?…" {
		t.Error(got)
	}
}

func TestCertificateAuthority(t *testing.T) {
	server := httptest.NewTLSServer(fake.New(fake.Logger(discardLogger())))
	t.Cleanup(server.Close)
	server.Config.ErrorLog = discardLogger()
	host := strings.TrimPrefix(server.URL, "https://")
	loc := parse(t, host+"/app:v1")
	_, err := client(t).Resolve(context.Background(), loc, v1.Platform{})
	if err == nil || errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown authority: %v", err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	_, err = client(t, func(o *Options) { o.CA = ca }).Resolve(context.Background(), loc, v1.Platform{})
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("known authority: %v", err)
	}
	if _, err := New(Options{Store: newStore(t), CA: []byte("nothing")}); err == nil {
		t.Error("no PEM is taken")
	}
}

func TestUnreachable(t *testing.T) {
	_, err := client(t).Resolve(context.Background(), parse(t, "127.0.0.1:1/app:v1"), v1.Platform{})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
}

func TestHelperThatHangs(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	source := keySource{"slow helper", anyHost, func(context.Context, authn.Resource) (authn.Authenticator, error) {
		<-block
		return nil, nil
	}}
	start := time.Now()
	if _, err := source.ask(context.Background(), nil, 20*time.Millisecond); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("got %v after %s", err, time.Since(start))
	}
}

func TestKeySourcesServeTheirHosts(t *testing.T) {
	for host, want := range map[string]string{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com": "Amazon ECR",
		"public.ecr.aws":           "Amazon ECR",
		"gcr.io":                   "Google",
		"eu.gcr.io":                "Google",
		"europe-docker.pkg.dev":    "Google",
		"acme.azurecr.io":          "Azure",
		"acme.azurecr.io.evil.com": "",
		"evilgcr.io":               "",
		"ghcr.io":                  "",
	} {
		got := ""
		for _, s := range keySources()[1:] {
			if s.serves(host) {
				got = s.name
			}
		}
		if got != want {
			t.Errorf("%s is served by %q", host, got)
		}
	}
}

func TestLoginHint(t *testing.T) {
	for host, want := range map[string]string{
		"docker.io": "docker login", "ghcr.io": "docker login ghcr.io", "acme.azurecr.io": "az acr login --name acme",
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com": "aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com",
		"gcr.io": "gcloud auth login && gcloud auth configure-docker gcr.io",
	} {
		if got := loginHint(host); got != want {
			t.Errorf("%s: %s", host, got)
		}
	}
}

func TestErrorTextIsCut(t *testing.T) {
	resp := &http.Response{Body: io.NopCloser(strings.NewReader(`{"errors":[{"code":"DENIED","message":"\u001b[31mred` + strings.Repeat("x", 500) + `"}]}`))}
	if got := errorText(resp); len(got) > 250 || strings.Contains(got, "\x1b") || !strings.HasPrefix(got, "DENIED ") {
		t.Errorf("got %q", got)
	}
}

// The pause before another attempt belongs to the request as a whole, not to the attempt that failed.
func TestAnotherAttemptAfterAPause(t *testing.T) {
	for name, first := range map[string]func() (*http.Response, error){
		"a status": func() (*http.Response, error) {
			w := httptest.NewRecorder()
			w.WriteHeader(http.StatusServiceUnavailable)
			return w.Result(), nil
		},
		"a broken connection": func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
	} {
		t.Run(name, func(t *testing.T) {
			attempts := 0
			tr := &trip{
				inner: roundTrip(func(*http.Request) (*http.Response, error) {
					if attempts++; attempts == 1 {
						return first()
					}
					return httptest.NewRecorder().Result(), nil
				}),
				pace: bodyPace, notice: func(string) {}, sleep: sleep,
				limits: &rateLimits{hosts: map[string]rateState{}, now: time.Now},
			}
			req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://registry.example/v2/", nil)
			check(t, err)
			resp, err := tr.RoundTrip(req)
			if err != nil || resp.StatusCode != http.StatusOK || attempts != 2 {
				t.Errorf("%d attempts, %v", attempts, err)
			}
		})
	}
}
