package alert

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// hook is a webhook that runs.
type hook struct {
	t     *testing.T
	store *Store
	at    string
	stop  context.CancelFunc
	done  chan error
}

func listen(t *testing.T) *hook {
	t.Helper()
	w, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	h := &hook{t: t, store: newStore(t, 0), at: w.Address(), stop: stop, done: make(chan error, 1)}
	go func() { h.done <- w.Serve(ctx, h.store.Open(KindWebhook, w.Address())) }()
	t.Cleanup(stop)
	return h
}

// post posts a body; change makes the request another.
func (h *hook) post(body string, change func(r *http.Request)) (code int, words string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, "http://"+h.at+"/", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(b))
}

func TestWebhook(t *testing.T) {
	h := listen(t)
	payload := strings.Replace(falcoOne, `{"hostname"`, `{"uuid":"4711","hostname"`, 1)
	if code, words := h.post(payload, nil); code != http.StatusOK || words != "taken: 1" {
		t.Errorf("%d %s", code, words)
	}
	if code, words := h.post(
		textOne, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
	); code != http.StatusOK || words != "taken: 1" {
		t.Errorf("%d %s", code, words)
	}
	if code, words := h.post(payload+"\n{broken", nil); code != http.StatusOK || words != "taken: 1; no alerts: 1" {
		t.Errorf("%d %s", code, words)
	}
	s := h.store.Summary()
	if s.Alerts != 3 || s.Broken != 1 || s.Feeds[0].Condition != "listening" {
		t.Errorf("%+v", s)
	}
	h.stop()
	if err := <-h.done; err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", h.at); err == nil {
		_ = c.Close()
		t.Error("the port is still open")
	}
}

// What is no alert, and who is no IDS, is told so, and nothing of it is kept.
func TestWebhookRefuses(t *testing.T) {
	h := listen(t)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, tt := range []struct {
		name   string
		body   string
		change func(*http.Request)
		code   int
		words  string
	}{
		{"a page", falcoOne, header("Origin", "https://evil.example"), http.StatusForbidden, "a web page may not"},
		{"a page without an origin", falcoOne, header("Origin", "null"), http.StatusForbidden, "a web page may not"},
		{
			"a link of a page", falcoOne, header("Sec-Fetch-Site", "cross-site"), http.StatusForbidden,
			"a web page may not",
		},
		{
			"a name that was pointed here", falcoOne, func(r *http.Request) { r.Host = "rebind.example:2801" },
			http.StatusForbidden, "localhost",
		},
		{
			"a form", falcoOne, header("Content-Type", "application/x-www-form-urlencoded"),
			http.StatusUnsupportedMediaType, "application/json",
		},
		{
			"no type", falcoOne, func(r *http.Request) { r.Header.Del("Content-Type") },
			http.StatusUnsupportedMediaType, "application/json",
		},
		{
			"packed", falcoOne, header("Content-Encoding", "gzip"), http.StatusUnsupportedMediaType,
			"without an encoding",
		},
		{"a look", "", func(r *http.Request) { r.Method = http.MethodGet }, http.StatusMethodNotAllowed, "are posted"},
		{
			"a question before", "", func(r *http.Request) { r.Method = http.MethodOptions },
			http.StatusMethodNotAllowed, "are posted",
		},
		{"nothing", "", nil, http.StatusBadRequest, "no alert in it"},
		{"something else", `{"level":"info"}`, nil, http.StatusBadRequest, "not an alert of a known form"},
		{"no JSON", `{"rule":`, nil, http.StatusBadRequest, "invalid JSON"},
		{
			"too much", `{"rule":"` + strings.Repeat("x", maxBody) + `"}`, nil, http.StatusRequestEntityTooLarge,
			"at most",
		},
	} {
		if code, words := h.post(tt.body, tt.change); code != tt.code || !strings.Contains(words, tt.words) {
			t.Errorf("%s: %d %s", tt.name, code, words)
		}
	}
	if s := h.store.Summary(); s.Alerts != 0 {
		t.Errorf("%+v", s)
	}
	for _, host := range []string{"localhost", "LOCALHOST:2801", "127.0.0.1", "[::1]:2801", "::1"} {
		if !loopbackHost(host) {
			t.Errorf("host %s is this machine", host)
		}
	}
}

// raw sends bytes and gives the first line of the answer.
func (h *hook) raw(sent string) string {
	h.t.Helper()
	c, err := net.Dial("tcp", h.at)
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * headerTimeout))
	_, _ = io.WriteString(c, sent) // who is refused may not be listened to to the end
	answer, err := bufio.NewReader(c).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err.Error()
	}
	return strings.TrimSpace(answer)
}

func TestHostileClients(t *testing.T) {
	h := listen(t)
	if got := h.raw(
		"POST / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 4*maxHeader) + "\r\n\r\n",
	); !strings.Contains(got, "431") && !strings.Contains(got, "reset") {
		t.Errorf("a large header: %s", got)
	}
	if got := h.raw("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"); !strings.Contains(got, "400") {
		t.Errorf("TLS: %s", got)
	}
	if got := h.raw(
		"POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
	); !strings.Contains(got, "403") {
		t.Errorf("no host: %s", got)
	}
	began := time.Now()
	if got := h.raw("POST / HTTP/1.1\r\nHost: loc"); strings.Contains(got, "200") ||
		time.Since(began) > 2*headerTimeout {
		t.Errorf("a header that does not end: %q after %v", got, time.Since(began))
	}
}

// Connections that say nothing take no place for ever, and a flood of posts is told to wait.
func TestWebhookBoundsAFlood(t *testing.T) {
	h := listen(t)
	for range maxConnections {
		c, err := net.Dial("tcp", h.at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if code, words := h.post(falcoOne, nil); code != http.StatusOK { // once the first of them were sent away
		t.Errorf("%d %s", code, words)
	}
	codes := make([]int, 4*postsAtOnce)
	var work sync.WaitGroup
	for w := range 8 {
		work.Go(func() {
			for i := w; i < len(codes); i += 8 {
				codes[i], _ = h.post(said("R", "web-0", "/x", fmt.Sprint(i), i), nil)
			}
		})
	}
	work.Wait()
	count := map[int]int{}
	for _, c := range codes {
		count[c]++
	}
	if count[http.StatusOK]+count[http.StatusTooManyRequests] != len(codes) || count[http.StatusOK] < postsAtOnce/2 {
		t.Errorf("answers %v", count)
	}
	if s := h.store.Summary(); s.Alerts != count[http.StatusOK]+1 || s.Entries > 3 {
		t.Errorf("%d alerts in %d entries; answers %v", s.Alerts, s.Entries, count)
	}
}

func TestListenOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{":2801", "0.0.0.0:2801", "[::]:2801", "192.0.2.1:2801", "example.com:2801"} {
		if err := CheckAddress(address); !errors.Is(err, ErrNotLoopback) {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, address := range []string{"2801", "", "127.0.0.1", "0.0.0.0:2801"} {
		if w, err := Listen(address); err == nil {
			_ = w.Close()
			t.Errorf("%q is listened on", address)
		}
	}
	first, err := Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := Listen(first.Address()); err == nil || errors.Is(err, ErrNotLoopback) ||
		!strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a port that is taken: %v", err)
	}
}
