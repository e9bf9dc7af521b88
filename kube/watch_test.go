package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// watched is a server that answers the watches one after the other with what the script says, and keeps the last open.
type watched struct {
	*apiServer
	script []string // events of one request each; a number is a status code in place of them
	mu     sync.Mutex
	asked  []string // queries of the watches
}

func serveWatch(t *testing.T, script ...string) *watched {
	s := &watched{apiServer: serve(t, pod("bare", "bare", nil, nil, "x"), pod("web", "web", nil, nil, "x")), script: script}
	s.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("watch") != "true" {
			return false
		}
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.Path+" "+r.URL.Query().Get("fieldSelector")+" "+r.URL.Query().Get("resourceVersion"))
		n := len(s.asked)
		s.mu.Unlock()
		text := ""
		if n <= len(s.script) {
			text = s.script[n-1]
		}
		var code int
		if _, err := fmt.Sscanf(text, "%d", &code); err == nil {
			answer(w, code, http.StatusText(code), "said by the server")
			return true
		}
		_, _ = io.WriteString(w, text)
		_ = http.NewResponseController(w).Flush()
		if n >= len(s.script) {
			<-r.Context().Done()
		}
		return true
	}
	return s
}

// event writes an event about a pod as the server does.
func event(kind, name, version string) string {
	p := pod(name, name, nil, nil, "x")
	p.ResourceVersion = version
	raw, _ := json.Marshal(p)
	return fmt.Sprintf(`{"type":%q,"object":%s}`+"\n", kind, raw)
}

func bookmark(version string) string {
	return fmt.Sprintf(`{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":%q}}}`+"\n", version)
}

const gone = `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410,"message":"too old resource version"}}` + "\n"

// until watches until so many changes were told, and writes them down.
func (s *watched) until(t *testing.T, w PodWatch, count int) []string {
	t.Helper()
	var got []string
	enough := errors.New("enough")
	err := s.open(t, "").WatchPods(t.Context(), w, func(c PodChange) error {
		if c.Time.IsZero() {
			t.Errorf("%s without a time", c.Type)
		}
		switch {
		case c.Pod != nil:
			if c.Object.Name != c.Pod.Name || !bytes.Contains(c.Object.Raw, []byte(c.Pod.ResourceVersion)) {
				t.Errorf("object %s of pod %s", c.Object.Path, c.Pod.Name)
			}
			got = append(got, fmt.Sprintf("%s %s@%s", c.Type, c.Pod.Name, c.Pod.ResourceVersion))
		case c.Type == PodsListed:
			got = append(got, fmt.Sprintf("%s %d", c.Type, len(c.Pods)))
		default:
			got = append(got, string(c.Type))
		}
		if len(got) == count {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("got %v after %q", err, got)
	}
	return got
}

// A list comes in pages, so that nobody has to hold all of it.
func TestWatchListsInPages(t *testing.T) {
	s := serveWatch(t)
	s.pageSize = 1
	var got []string
	enough := errors.New("enough")
	err := s.open(t, "").WatchPods(t.Context(), PodWatch{}, func(c PodChange) error {
		got = append(got, fmt.Sprintf("%s: page %d of %d pods, more %v", c.Type, c.Page, len(c.Pods), c.More))
		if c.More {
			return nil
		}
		return enough
	})
	if diff := cmp.Diff([]string{"listed: page 0 of 1 pods, more true", "listed: page 1 of 1 pods, more false"}, got); diff != "" || !errors.Is(err, enough) {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestWatchPods(t *testing.T) {
	all, shop := "/api/v1/pods", "/api/v1/namespaces/shop/pods"
	for _, tt := range []struct {
		name   string
		watch  PodWatch
		script []string
		told   []string
		asked  []string
	}{
		{
			"from a version",
			PodWatch{Version: "7"},
			[]string{event("ADDED", "web", "8") + event("MODIFIED", "web", "9") + event("DELETED", "web", "10")},
			[]string{"added web@8", "modified web@9", "deleted web@10"},
			[]string{all + "  7"},
		},
		{
			"lists first without one",
			PodWatch{Namespace: "shop"},
			[]string{event("ADDED", "new", "101")},
			[]string{"listed 2", "added new@101"},
			[]string{shop + "  100"},
		},
		{
			"one pod",
			PodWatch{Namespace: "shop", Name: "web", Version: "7"},
			[]string{event("MODIFIED", "other", "8") + event("MODIFIED", "web", "9")},
			[]string{"modified web@9"},
			[]string{shop + " metadata.name=web 7"},
		},
		{
			"goes on where it was, by bookmarks too",
			PodWatch{Version: "7"},
			[]string{event("MODIFIED", "web", "8"), bookmark("20"), event("MODIFIED", "web", "21")},
			[]string{"modified web@8", "modified web@21"},
			[]string{all + "  7", all + "  8", all + "  20"},
		},
		{
			"lists again when the version is forgotten",
			PodWatch{Version: "7"},
			[]string{event("MODIFIED", "web", "8") + gone, event("MODIFIED", "web", "101")},
			[]string{"modified web@8", "listed 2", "modified web@101"},
			[]string{all + "  7", all + "  100"},
		},
		{
			"also where the answer itself is 410",
			PodWatch{Version: "7"},
			[]string{"410", event("MODIFIED", "web", "101")},
			[]string{"listed 2", "modified web@101"},
			[]string{all + "  7", all + "  100"},
		},
		{
			"tries again after a loss",
			PodWatch{Version: "7"},
			[]string{event("MODIFIED", "web", "8"), "500", event("MODIFIED", "web", "9")},
			[]string{"modified web@8", "lost", "live", "modified web@9"},
			[]string{all + "  7", all + "  8", all + "  8"},
		},
		{
			"lists again after an event that cannot be read",
			PodWatch{Version: "7"},
			[]string{`{"type":"MODIFIED","object":{"metadata":{}}}`, event("MODIFIED", "web", "101")},
			[]string{"listed 2", "modified web@101"},
			[]string{all + "  7", all + "  100"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // a loss is waited out
			s := serveWatch(t, tt.script...)
			if diff := cmp.Diff(tt.told, s.until(t, tt.watch, len(tt.told))); diff != "" {
				t.Errorf("told:\n%s", diff)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if diff := cmp.Diff(tt.asked, s.asked); diff != "" {
				t.Errorf("asked:\n%s", diff)
			}
		})
	}
}

// A list says where the watch goes on.
func TestListingVersion(t *testing.T) {
	a := serve(t, manyPods(3)...)
	a.pageSize = 2
	_, _, l, err := names(t, a.open(t, ""), Scope{})
	if err != nil || l.Versions[""] != "100" {
		t.Errorf("got %+v, %v", l, err)
	}
	_, _, l, err = names(t, a.open(t, ""), Scope{Namespaces: []string{"shop", "bank"}})
	if diff := cmp.Diff(map[string]string{"shop": "100", "bank": "100"}, l.Versions); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, _, l, _ = names(t, a.Snapshot, Scope{}); l.Versions != nil {
		t.Errorf("a dump is not watched: %v", l.Versions)
	}
}

// Where watching is not permitted it ends, and says so.
func TestWatchForbidden(t *testing.T) {
	err := serveWatch(t, "403").open(t, "").WatchPods(t.Context(), PodWatch{Namespace: "shop", Name: "web", Version: "7"}, nil)
	checkWords(t, err, ErrForbidden, []string{"watching pod shop/web: said by the server", "backtrail rbac"})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	s := serveWatch(t, event("MODIFIED", "web", "8"))
	var requests []Request
	ctx := WithTrace(t.Context(), Trace{Request: func(r Request) { requests = append(requests, r) }})
	ctx, stop := context.WithCancel(ctx)
	err := s.open(t, "").WatchPods(ctx, PodWatch{Version: "7"}, func(PodChange) error { stop(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(requests) != 1 || requests[0].Status != http.StatusOK || requests[0].Bytes == 0 || !strings.Contains(requests[0].Path, "watch=true") {
		t.Errorf("the trace has %+v", requests)
	}
}

func TestWatchOfNamesThatArePaths(t *testing.T) {
	c := serve(t, shop()...).open(t, "")
	for _, w := range []PodWatch{{Namespace: "a/b"}, {Namespace: "shop", Name: ".."}, {Namespace: "..", Name: "web"}} {
		if err := c.WatchPods(t.Context(), w, nil); err == nil || !strings.Contains(err.Error(), "watching") {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

// A pod with a field of another type is given as far as it was read.
func TestWatchOfAStrangePod(t *testing.T) {
	s := serveWatch(t, `{"type":"ADDED","object":{"metadata":{"name":"odd","namespace":"shop","resourceVersion":"8"},"spec":7}}`)
	enough := errors.New("enough")
	err := s.open(t, "").WatchPods(t.Context(), PodWatch{Version: "7"}, func(c PodChange) error {
		if c.Pod.Name != "odd" || c.Err == nil {
			t.Errorf("got %+v", c)
		}
		return enough
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
}

// Each event is bounded; the stream is not.
func TestWatchIsBoundedPerEvent(t *testing.T) {
	one := event("MODIFIED", "web", "8")
	many := strings.Repeat(one, 3*maxWatchEvent/len(one))
	count := 0
	if err := decodeWatch(strings.NewReader(many), func(watchEvent) error { count++; return nil }); err != nil || count*len(one) != len(many) {
		t.Errorf("%d events, %v", count, err)
	}
	endless := io.MultiReader(strings.NewReader(one+`{"type":"`), &repeat{}) // never ends
	err := decodeWatch(endless, func(watchEvent) error { return nil })
	if !errors.Is(err, ErrLimit) || !errors.Is(err, errWatchEvent) {
		t.Errorf("got %v", err)
	}
}

// repeat is an endless line.
type repeat struct{}

func (*repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// The guard bounds an answer as a whole unless it is a watch.
func TestGuardOfAWatch(t *testing.T) {
	g := &guard{next: roundTripper(func(r *http.Request) (*http.Response, error) {
		if _, ok := r.Context().Deadline(); !ok {
			t.Error("without a deadline")
		}
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(io.LimitReader(&repeat{}, maxAnswer+1))}, nil
	})}
	for path, fails := range map[string]bool{"/api/v1/pods?watch=true": false, "/api/v1/pods": true, "/api/v1/pods?watch=1": true} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x"+path, nil)
		resp, err := g.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if errors.Is(err, ErrLimit) != fails {
			t.Errorf("%s: %v", path, err)
		}
		_ = resp.Body.Close()
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func FuzzDecodeWatch(f *testing.F) {
	for _, seed := range []string{
		event("ADDED", "web", "8") + bookmark("9"), gone, `{"type":"ADDED"}`, `{"type":7}`, `{"type":"ERROR","object":null}`, "{}{}", "[", "\x00",
	} {
		f.Add([]byte(seed))
	}
	types := []PodChangeType{PodAdded, PodModified, PodDeleted}
	f.Fuzz(func(t *testing.T, stream []byte) {
		w := &podWatcher{PodWatch: PodWatch{Version: "7"}, each: func(c PodChange) error {
			if !slices.Contains(types, c.Type) || c.Pod == nil || c.Pod.Name == "" {
				t.Errorf("told %+v", c)
			}
			return nil
		}}
		_ = decodeWatch(bytes.NewReader(stream), w.event)
		if w.Version == "" {
			t.Error("the version was lost")
		}
		_ = decodeWatch(bytes.NewReader(stream), func(e watchEvent) error {
			_ = decodePod(e.Object, &corev1.Pod{})
			return nil
		})
	})
}
