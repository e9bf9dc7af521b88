package trustroot

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// repository is a TUF repository in this process: one key with all roles, one target.
type repository struct {
	t      *testing.T
	signer signature.Signer
	key    *metadata.Key
	anchor []byte
	server *httptest.Server

	mu    sync.Mutex
	files map[string][]byte
}

// newRepository serves target as the trusted root; its metadata expire at the given time.
func newRepository(t *testing.T, target []byte, expires time.Time) *repository {
	t.Helper()
	r := &repository{t: t, files: map[string][]byte{}}
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	var err error
	if r.signer, err = signature.LoadSigner(private, crypto.Hash(0)); err != nil {
		t.Fatal(err)
	}
	if r.key, err = metadata.KeyFromPublicKey(private.Public()); err != nil {
		t.Fatal(err)
	}
	root := metadata.Root(expires)
	for _, role := range []string{metadata.ROOT, metadata.TIMESTAMP, metadata.SNAPSHOT, metadata.TARGETS} {
		if err := root.Signed.AddKey(r.key, role); err != nil {
			t.Fatal(err)
		}
	}
	r.anchor = signed(r, root)
	r.publish(target, 1, expires)
	r.server = httptest.NewServer(http.HandlerFunc(r.answer))
	t.Cleanup(r.server.Close)
	return r
}

// publish signs metadata of a version for the target.
func (r *repository) publish(target []byte, version int64, expires time.Time) {
	r.t.Helper()
	targets := metadata.Targets(expires)
	targets.Signed.Version = version
	file, err := metadata.TargetFile().FromBytes(Target, target, "sha256")
	if err != nil {
		r.t.Fatal(err)
	}
	targets.Signed.Targets[Target] = file
	snapshot := metadata.Snapshot(expires)
	snapshot.Signed.Version, snapshot.Signed.Meta["targets.json"] = version, metadata.MetaFile(version)
	timestamp := metadata.Timestamp(expires)
	timestamp.Signed.Version, timestamp.Signed.Meta["snapshot.json"] = version, metadata.MetaFile(version)

	number := string(rune('0' + version))
	r.put("/"+number+".targets.json", signed(r, targets))
	r.put("/"+number+".snapshot.json", signed(r, snapshot))
	r.put("/timestamp.json", signed(r, timestamp))
	r.put("/targets/"+hex.EncodeToString(file.Hashes["sha256"])+"."+Target, target)
}

// signed is the JSON of metadata with the repository's signature.
func signed[T metadata.Roles](r *repository, m *metadata.Metadata[T]) []byte {
	r.t.Helper()
	if _, err := m.Sign(r.signer); err != nil {
		r.t.Fatal(err)
	}
	b, err := m.ToBytes(false)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *repository) put(path string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[path] = data
}

func (r *repository) answer(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	data, ok := r.files[q.URL.Path]
	if !ok {
		http.NotFound(w, q)
		return
	}
	_, _ = w.Write(data)
}

func (r *repository) client(t *testing.T) Client {
	return Client{Cache: t.TempDir(), Mirror: r.server.URL, Anchor: r.anchor}
}

// never is an expiry that no clock reaches, past one that all have passed.
var (
	never = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
	past  = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
)

// with returns the embedded root with the start of its log's key at a time, as a repository has it after a new key.
func with(t *testing.T, start string) []byte {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(Embedded(), &root); err != nil {
		t.Fatal(err)
	}
	for _, l := range root["tlogs"].([]any) {
		key := l.(map[string]any)["publicKey"].(map[string]any)
		key["validFor"] = map[string]any{"start": start}
	}
	for _, name := range []string{"ctlogs", "timestampAuthorities"} {
		delete(root, name)
	}
	cas := root["certificateAuthorities"].([]any)
	root["certificateAuthorities"] = cas[:1]
	b, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFetch(t *testing.T) {
	want := with(t, "2026-05-01T00:00:00Z")
	r := newRepository(t, want, never)
	c := r.client(t)
	f, err := c.Fetch(context.Background())
	if err != nil || !bytes.Equal(f.Data, want) || f.Mirror != r.server.URL || f.Updated.IsZero() {
		t.Fatalf("got %d bytes of %s at %s, %v", len(f.Data), f.Mirror, f.Updated, err)
	}
	// Without network the cache is used as long as its metadata hold, with the time of the last answer.
	r.server.Close()
	again, err := c.Fetch(context.Background())
	if err != nil || !bytes.Equal(again.Data, want) || !again.Updated.Equal(f.Updated) {
		t.Errorf("from the cache: %d bytes at %s, %v", len(again.Data), again.Updated, err)
	}
}

// What TUF does not verify is no trusted root.
func TestFetchRefuses(t *testing.T) {
	good := with(t, "2026-05-01T00:00:00Z")
	for name, change := range map[string]func(*repository, *Client){
		"other bytes of the target": func(r *repository, _ *Client) {
			for path := range r.files {
				if strings.HasPrefix(path, "/targets/") {
					r.files[path] = bytes.Replace(r.files[path], []byte("2026"), []byte("2027"), 1)
				}
			}
		},
		"metadata of another key": func(r *repository, _ *Client) {
			r.files["/timestamp.json"] = bytes.Replace(r.files["/timestamp.json"], []byte(`"sig":"`), []byte(`"sig":"00`), 1)
		},
		"an anchor that is none":   func(_ *repository, c *Client) { c.Anchor = []byte("{}") },
		"metadata that expired":    func(r *repository, _ *Client) { r.publish(good, 2, past) },
		"a folder that is a file":  func(_ *repository, c *Client) { c.Cache = filepath.Join(blocked(t), "cache") },
		"no folder":                func(_ *repository, c *Client) { c.Cache = "" },
		"a repository that is not": func(r *repository, _ *Client) { r.server.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t, good, never)
			c := r.client(t)
			change(r, &c)
			if f, err := c.Fetch(context.Background()); err == nil {
				t.Errorf("got %d bytes", len(f.Data))
			}
		})
	}
}

// blocked is the path of a file, below which no folder can be made.
func blocked(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A repository that does not answer ends with the context.
func TestFetchEndsWithItsContext(t *testing.T) {
	waiting, release := make(chan struct{}, 10), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		waiting <- struct{}{}
		<-release
	}))
	defer server.Close()
	defer close(release)
	r := newRepository(t, with(t, "2026-05-01T00:00:00Z"), never)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-waiting
		cancel()
	}()
	// the library may still write into its cache when the test ends
	cache, err := os.MkdirTemp("", "trustroot")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(cache) })
	c := Client{Cache: cache, Mirror: server.URL, Anchor: r.anchor}
	if _, err := c.Fetch(ctx); err == nil || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("the error is %v", err)
	}
}
