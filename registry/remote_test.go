package registry

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// asked keeps what a server was asked, as "METHOD /path".
type asked struct {
	mu   sync.Mutex
	list []string
}

func (a *asked) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.list = append(a.list, r.Method+" "+r.URL.Path)
		a.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// take returns what was asked since the last time, pings left out.
func (a *asked) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for _, text := range a.list {
		if text != "GET /v2/" {
			out = append(out, text)
		}
	}
	a.list = nil
	return out
}

func TestResolveRemote(t *testing.T) {
	index, image, forARM := indexOf(t)
	var log asked
	host := serve(t, log.wrap)
	push(t, host+"/acme/app:v1", index)
	c := client(t)
	log.take()

	img, err := c.Resolve(context.Background(), parse(t, host+"/acme/app:v1"), v1.Platform{})
	check(t, err)
	config, err := image.ConfigName()
	check(t, err)
	if img.Index.Digest != digestIn(t, index) || img.Digest() != digestIn(t, image) || img.Config.Digest != config.String() {
		t.Errorf("index %s, manifest %s, config %s", img.Index.Digest, img.Digest(), img.Config.Digest)
	}
	if part, bad := img.Problem(); bad {
		t.Errorf("problem %s: %s", part.Problem, part.Detail)
	}
	want := []string{
		"HEAD /v2/acme/app/manifests/v1", "GET /v2/acme/app/manifests/" + digestIn(t, index),
		"GET /v2/acme/app/manifests/" + digestIn(t, image), "GET /v2/acme/app/blobs/" + config.String(),
	}
	if diff := cmp.Diff(want, log.take()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(claimed(img), layerDigests(t, c, img)); diff != "" {
		t.Error(diff)
	}
	log.take()

	// What is in the store by digest is not asked for again; a tag costs one HEAD.
	for ref, want := range map[string][]string{"@" + digestIn(t, index): nil, "": {"HEAD /v2/acme/app/manifests/v1"}} {
		if _, err = c.Resolve(context.Background(), parse(t, host+"/acme/app:v1"+ref), v1.Platform{}); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, log.take()); diff != "" {
			t.Error(diff)
		}
	}

	// One manifest alone has no index.
	img, err = c.Resolve(context.Background(), parse(t, host+"/acme/app@"+digestIn(t, forARM)), v1.Platform{})
	check(t, err)
	if img.Index.Present() || img.Platform.Architecture != "arm64" {
		t.Errorf("index %v, platform %s", img.Index.Digest, img.Platform)
	}
}

func TestRemoteNotFound(t *testing.T) {
	index, image, _ := indexOf(t)
	config, err := image.ConfigName()
	check(t, err)
	var gone string
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if gone != "" && strings.HasSuffix(r.URL.Path, gone) {
				http.NotFound(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	push(t, host+"/app:v1", index)
	for _, ref := range []string{"/app:v2", "/other:v1", "/app@" + someDigest} {
		_, err := client(t).Resolve(context.Background(), parse(t, host+ref), v1.Platform{})
		if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), host) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	// Parts that the registry has lost make a case.
	gone = digestIn(t, image)
	img, err := client(t).Resolve(context.Background(), parse(t, host+"/app:v1"), v1.Platform{})
	if err != nil || img.Manifest.Problem != ProblemMissing || img.Manifest.Digest != gone {
		t.Errorf("lost manifest: %v", err)
	}
	gone = config.String()
	img, err = client(t).Resolve(context.Background(), parse(t, host+"/app:v1"), v1.Platform{})
	if err != nil || img.Config.Problem != ProblemMissing || len(img.Layers) != 2 {
		t.Errorf("lost config: %v", err)
	}
}

func TestRemoteLies(t *testing.T) {
	image := imageOf(t, amd64, "one")
	config, err := image.ConfigName()
	check(t, err)
	var lie string
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && lie != "" && strings.HasSuffix(r.URL.Path, lie) {
				_, _ = io.WriteString(w, `{"schemaVersion":2,"config":{},"layers":[]}`)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	push(t, host+"/app:v1", image)
	for _, lie = range []string{digestIn(t, image), config.String()} {
		c := client(t)
		img, err := c.Resolve(context.Background(), parse(t, host+"/app:v1"), v1.Platform{})
		check(t, err)
		part, _ := img.Problem()
		if part.Digest != lie || part.Problem != ProblemDigest || part.Actual == lie || !bytes.Contains(part.Bytes, []byte("schemaVersion")) {
			t.Errorf("%s: problem %q of %s", lie, part.Problem, part.Digest)
		}
		if c.Store().Has(lie) || c.Store().Has(part.Actual) {
			t.Error("bytes that are not their digest are in the store")
		}
	}
	var wrong *DigestError
	if _, err := client(t).Fetch(context.Background(), parse(t, host+"/app"), lie, MaxConfig); !errors.As(err, &wrong) {
		t.Errorf("fetched: %v", err)
	}
}

// Some registries do not say digests to HEAD.
func TestRemoteWithoutDigestHeader(t *testing.T) {
	image := imageOf(t, amd64, "one")
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead && r.Header.Get("User-Agent") == "backtrail/test" {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	push(t, host+"/app:v1", image)
	img, err := client(t).Resolve(context.Background(), parse(t, host+"/app:v1"), v1.Platform{})
	check(t, err)
	if img.Digest() != digestIn(t, image) || !img.Manifest.Holds() {
		t.Errorf("got %s", img.Digest())
	}
}

func TestFetchKeepsAndLimits(t *testing.T) {
	image := imageOf(t, amd64, "one")
	config, err := image.ConfigName()
	check(t, err)
	raw, err := image.RawConfigFile()
	check(t, err)
	var log asked
	host := serve(t, log.wrap)
	push(t, host+"/app:v1", image)
	c, loc := client(t), parse(t, host+"/app:v1")
	var limit *LimitError
	if _, err := c.Fetch(context.Background(), loc, config.String(), 5); !errors.As(err, &limit) {
		t.Errorf("past the limit: %v", err)
	}
	log.take()
	for range 2 {
		data, err := c.Fetch(context.Background(), loc, config.String(), MaxConfig)
		check(t, err)
		if !bytes.Equal(data, raw) {
			t.Error("other bytes")
		}
	}
	if got := log.take(); len(got) != 1 {
		t.Errorf("asked %v", got)
	}
	// A copy that rots on disk is found, dropped and read anew.
	alter(t, mustPath(t, c.Store(), config.String()))
	r, err := c.Blob(context.Background(), loc, descriptorOf(config.String()))
	check(t, err)
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, ErrDamagedStore) {
		t.Errorf("rotten copy, as a stream: %v", err)
	}
	check(t, r.Close())
	if _, err := c.Fetch(context.Background(), loc, config.String(), MaxConfig); err != nil {
		t.Error(err)
	}
	alter(t, mustPath(t, c.Store(), config.String()))
	if data, err := c.Fetch(context.Background(), loc, config.String(), MaxConfig); err != nil || !bytes.Equal(data, raw) {
		t.Errorf("rotten copy: %v", err)
	}
	if _, err := c.Fetch(context.Background(), loc, someDigest, MaxConfig); !errors.Is(err, ErrNotFound) {
		t.Errorf("not there: %v", err)
	}
}

func mustPath(t *testing.T, s *Store, digest string) string {
	t.Helper()
	path, err := s.blobPath(digest)
	check(t, err)
	return path
}

// breakingServer serves one blob and breaks the connection again and again.
func breakingServer(t *testing.T, data []byte, ranges bool, every int) string {
	return serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/blobs/") {
				next.ServeHTTP(w, r)
				return
			}
			rest := data
			var start int
			if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &start); n == 1 && ranges {
				rest = data[start:]
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(data)-1, len(data)))
			}
			w.Header().Set("Content-Length", itoa(len(rest)))
			if start > 0 && ranges {
				w.WriteHeader(http.StatusPartialContent)
			}
			if len(rest) > every {
				_, _ = w.Write(rest[:every])
				if flusher, ok := w.(http.Flusher); ok {
					flusher.Flush()
				}
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write(rest)
		})
	})
}

func TestBlobResumes(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 1000)
	desc := descriptorOf(digestOf(data))
	desc.Size = int64(len(data))
	read := func(host string) ([]byte, error) {
		r, err := client(t).Blob(context.Background(), parse(t, host+"/app"), desc)
		check(t, err)
		defer r.Close()
		return io.ReadAll(r)
	}
	if got, err := read(breakingServer(t, data, true, 3000)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("with ranges: %d bytes, %v", len(got), err)
	}
	if got, err := read(breakingServer(t, data, true, 100)); err == nil || len(got) < 100 || !bytes.HasPrefix(data, got) {
		t.Errorf("breaks too often: %d bytes, %v", len(got), err)
	}
	if got, err := read(breakingServer(t, data, false, 6000)); err == nil || !bytes.HasPrefix(data, got) {
		t.Errorf("without ranges: %d bytes, %v", len(got), err)
	}
}

// A transfer that stands still, or sends a byte now and then, resumes once. If it stays so, it is given up.
func TestBlobStalls(t *testing.T) {
	for name, tt := range map[string]struct {
		slow  int // answers that are too slow
		drip  bool
		fails bool
	}{
		"stands still once": {1, false, false}, "drips once": {1, true, false},
		"stands still": {9, false, true}, "drips": {9, true, true},
	} {
		t.Run(name, func(t *testing.T) { testStall(t, tt.slow, tt.drip, tt.fails) })
	}
}

func testStall(t *testing.T, slow int, drip, fails bool) {
	data := bytes.Repeat([]byte("x"), 1000)
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/blobs/") {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Length", itoa(len(data)))
			if slow--; slow >= 0 {
				for i := 0; r.Context().Err() == nil && (drip || i == 0); i++ {
					_, _ = w.Write(data[:1])
					_ = http.NewResponseController(w).Flush()
					time.Sleep(5 * time.Millisecond)
				}
				<-r.Context().Done()
				return
			}
			_, _ = w.Write(data)
		})
	})
	c, loc := client(t), parse(t, host+"/app")
	c.trip.pace = pace{window: 50 * time.Millisecond, bytes: 100}
	r, err := c.Blob(context.Background(), loc, descriptorOf(digestOf(data)))
	check(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	var tooSlow *SlowError
	if fails != errors.As(err, &tooSlow) || !fails && !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestReferrers(t *testing.T) {
	image := imageOf(t, amd64, "one")
	hash, err := image.Digest()
	check(t, err)
	referrer, ok := mutate.Subject(mutate.ConfigMediaType(imageOf(t, amd64, "sig"), "application/vnd.example.signature"),
		v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: hash, Size: 7}).(v1.Image)
	if !ok {
		t.Fatal("no referrer")
	}
	for _, api := range []bool{true, false} {
		host := serve(t, nil, fake.WithReferrersSupport(api))
		push(t, host+"/app:v1", image)
		push(t, host+"/app:sig", referrer) // go-containerregistry adds the tag where there is no API
		c, loc := client(t), parse(t, host+"/app:v1")
		found, err := c.ReferrersAPI(context.Background(), loc, hash.String(), "")
		if !api {
			if !errors.Is(err, ErrNoReferrersAPI) {
				t.Errorf("no API: %v", err)
			}
			if found, err = c.ReferrersTag(context.Background(), loc, hash.String()); err != nil {
				t.Fatal(err)
			}
		}
		if len(found) != 1 || found[0].Digest.String() != digestIn(t, referrer) || found[0].ArtifactType != "application/vnd.example.signature" {
			t.Errorf("api %t: %v, %v", api, found, err)
		}
		if api {
			none, err := c.ReferrersAPI(context.Background(), loc, hash.String(), "application/other")
			if err != nil || len(none) != 0 {
				t.Errorf("of another type: %v, %v", none, err)
			}
		}
		if _, err := c.ReferrersTag(context.Background(), loc, someDigest); !errors.Is(err, ErrNotFound) {
			t.Errorf("nobody refers: %v", err)
		}
	}
}

func TestReferrersPages(t *testing.T) {
	page := func(n int) string {
		var list []string
		for i := range 3 {
			list = append(list, fmt.Sprintf(`{"mediaType":"m","size":1,"digest":"sha256:%064x"}`, n*3+i))
		}
		return `{"schemaVersion":2,"manifests":[` + strings.Join(list, ",") + `]}`
	}
	pages, elsewhere := 4, false // several links in several headers: only "next" leads on
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/referrers/") {
				next.ServeHTTP(w, r)
				return
			}
			n := len(r.URL.Query().Get("last"))
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			if n < pages-1 {
				w.Header().Add("Link", `</v2/app/referrers/first>; rel="first", </v2/app/x,y;z>; title="rel=next"; rel=prev`)
				w.Header().Add("Link", fmt.Sprintf(`</v2/>; rel="up", <%s?last=%s>; rel="next last"`, r.URL.Path, strings.Repeat("x", n+1)))
			}
			if elsewhere {
				w.Header().Set("Link", `<http://127.0.0.1:1/v2/x>; rel="next"`)
			}
			_, _ = io.WriteString(w, page(n))
		})
	})
	c, loc := client(t), parse(t, host+"/app")
	found, err := c.ReferrersAPI(context.Background(), loc, someDigest, "")
	if err != nil || len(found) != 12 {
		t.Errorf("%d referrers, %v", len(found), err)
	}
	pages = 1 << 20
	var limit *LimitError
	if found, err = c.ReferrersAPI(context.Background(), loc, someDigest, ""); !errors.As(err, &limit) || len(found) != 3*MaxReferrerPages {
		t.Errorf("without end: %d referrers, %v", len(found), err)
	}
	elsewhere = true
	if _, err = c.ReferrersAPI(context.Background(), loc, someDigest, ""); err == nil {
		t.Error("the next page is on another host")
	}
}

// guarded asks for basic authentication, or for a token that a basic login gets.
func guarded(t *testing.T, user, secret string, bearer bool) (wrap func(http.Handler) http.Handler, seen *[]string) {
	t.Helper()
	seen = &[]string{}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name, pass, ok := r.BasicAuth()
			good := ok && name == user && pass == secret
			*seen = append(*seen, name)
			switch {
			case r.URL.Path == "/token" && good:
				_, _ = io.WriteString(w, `{"token":"open sesame"}`)
				return
			case r.URL.Path == "/token":
				w.WriteHeader(http.StatusUnauthorized)
				return
			case bearer && r.Header.Get("Authorization") == "Bearer open sesame", !bearer && good:
				next.ServeHTTP(w, r)
				return
			case bearer:
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="test"`)
			default:
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			}
			w.WriteHeader(http.StatusUnauthorized)
		})
	}, seen
}

// keychain is a pull secret for one user.
type keychain struct{ user, secret string }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	return authn.FromConfig(authn.AuthConfig{Username: k.user, Password: k.secret}), nil
}

// identity is a login by an identity token.
type identity struct{}

func (identity) Resolve(authn.Resource) (authn.Authenticator, error) {
	return authn.FromConfig(authn.AuthConfig{Username: "<token>", IdentityToken: "refresh"}), nil
}

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Registries of private networks may lack TLS. An identity token is not sent to them; the image may be public.
func TestIdentityTokenOverPlainHTTP(t *testing.T) {
	leaked := false
	answer := func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		switch {
		case r.URL.Scheme == "https":
			return nil, errors.New("http: server gave HTTP response to HTTPS client")
		case r.Method == http.MethodPost:
			leaked = true
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/token":
			_, _ = io.WriteString(w, `{"token":"public"}`)
		case r.Header.Get("Authorization") == "" && r.URL.Path == "/v2/":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://10.0.0.1:5000/token",service="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			_, _ = io.WriteString(w, `{"tags":["v1"]}`)
		}
		resp := w.Result()
		resp.Request = r
		return resp, nil
	}
	c, err := New(Options{Store: client(t).Store(), Transport: roundTrip(answer)})
	check(t, err)
	c.sources = nil
	ctx := WithScope(context.Background(), &Scope{Keychain: identity{}})
	tags, err := c.Tags(ctx, parse(t, "10.0.0.1:5000/app:v1"))
	if leaked || err != nil || len(tags) != 1 {
		t.Errorf("tags %v, %v; sent in the clear: %t", tags, err, leaked)
	}
}

func TestCredentials(t *testing.T) {
	image := imageOf(t, amd64, "one")
	for _, bearer := range []bool{false, true} {
		var open http.Handler
		wrap, _ := guarded(t, "alice", "secret", bearer)
		host := serve(t, func(next http.Handler) http.Handler {
			closed := wrap(next)
			open = next
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("User-Agent") != "backtrail/test" {
					open.ServeHTTP(w, r) // the push of the test itself
					return
				}
				closed.ServeHTTP(w, r)
			})
		})
		push(t, host+"/app:v1", image)
		loc := parse(t, host+"/app:v1")

		_, err := client(t).Resolve(context.Background(), loc, v1.Platform{})
		var refusal *AuthError
		if !errors.As(err, &refusal) || refusal.Host != host || refusal.Hint != "try: docker login "+host {
			t.Fatalf("bearer %t: without credentials: %v", bearer, err)
		}
		if text := err.Error(); !strings.Contains(text, "nothing for "+host) || !strings.Contains(text, "without credentials (401)") {
			t.Errorf("it does not say what was tried: %s", text)
		}

		wrong, right := WithScope(t.Context(), &Scope{Keychain: keychain{"alice", "wrong"}}), WithScope(t.Context(), &Scope{Keychain: keychain{"alice", "secret"}})
		_, err = client(t).Resolve(wrong, loc, v1.Platform{})
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "pull secrets (401)") || strings.Contains(err.Error(), "wrong") {
			t.Errorf("bearer %t: wrong credentials: %v", bearer, err)
		}

		c := client(t)
		if _, err := c.Resolve(right, loc, v1.Platform{}); err != nil {
			t.Errorf("bearer %t: pull secret: %v", bearer, err)
		}
		// What one scope was let in with is not offered in another, with the same client and the same repository.
		for what, ctx := range map[string]context.Context{"no scope": t.Context(), "another pod's": wrong} {
			if _, err := c.ReferrersAPI(ctx, loc, someDigest, ""); !errors.As(err, &refusal) {
				t.Errorf("bearer %t: %s: got %v, want a refusal", bearer, what, err)
			}
		}

		// The docker configuration comes first; if it is refused, the pull secret still helps.
		c = client(t)
		stale := `{"auths":{"` + host + `":{"auth":"` + base64.StdEncoding.EncodeToString([]byte("bob:old")) + `"}}}`
		check(t, os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), []byte(stale), 0o600))
		if _, err := c.Resolve(right, loc, v1.Platform{}); err != nil {
			t.Errorf("bearer %t: behind stale credentials: %v", bearer, err)
		}
	}
}

// A refusal of one request does not make working credentials bad.
func TestOneRefusal(t *testing.T) {
	image := imageOf(t, amd64, "one")
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/referrers/") {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	push(t, host+"/app:v1", image)
	c, loc := client(t), parse(t, host+"/app:v1")
	for range 2 {
		if _, err := c.Resolve(context.Background(), loc, v1.Platform{}); err != nil {
			t.Fatal(err)
		}
		var refusal *AuthError
		if _, err := c.ReferrersAPI(context.Background(), loc, digestIn(t, image), ""); !errors.As(err, &refusal) || refusal.Status != http.StatusForbidden {
			t.Fatalf("got %v", err)
		}
	}
}

func TestMapping(t *testing.T) {
	image := imageOf(t, amd64, "one")
	host := serve(t, nil)
	push(t, host+"/mirror/library/nginx:1", image)
	push(t, host+"/acme/tool:1", image)
	var maps []Mapping
	for _, text := range []string{"docker.io=" + host + "/mirror", "ghcr.io/acme=" + host + "/acme", "ghcr.io=127.0.0.1:1"} {
		m, err := ParseMapping(text)
		check(t, err)
		maps = append(maps, m)
	}
	c := client(t, func(o *Options) { o.Map = maps })
	for _, ref := range []string{"nginx:1", "ghcr.io/acme/tool:1"} {
		img, err := c.Resolve(context.Background(), parse(t, ref), v1.Platform{})
		check(t, err)
		if img.Digest() != digestIn(t, image) || strings.Contains(img.Location.String(), "127.0.0.1") {
			t.Errorf("%s: %s at %s", ref, img.Digest(), img.Location)
		}
	}
	if _, err := c.Resolve(context.Background(), parse(t, "ghcr.io/acmes/tool:1"), v1.Platform{}); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("only whole names are mapped: %v", err)
	}
	for _, text := range []string{"", "a", "=b", "a=", "a=B C"} {
		if _, err := ParseMapping(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}
