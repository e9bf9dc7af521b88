package audit_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/audit"
)

// asked makes a request of a server of metrics.
func asked(t *testing.T, m *audit.MetricsServer, method, path, host string) (status int, header http.Header, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(m.URL(), "/metrics")+path, nil)
	must(t, err)
	if host != "" {
		r.Host = host
	}
	resp, err := http.DefaultClient.Do(r)
	must(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, resp.Header, string(raw)
}

func TestMetricsAreServed(t *testing.T) {
	m, err := audit.ListenMetrics("127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { must(t, m.Close()) })
	if status, header, _ := asked(t, m, http.MethodGet, "/metrics", ""); status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("before there is a report: %d", status)
	}
	began := day("2026-03-01").Time
	must(t, m.Publish(sample(), began))
	want := written(t, func(b *bytes.Buffer) error { return sample().OpenMetrics(b) })
	status, header, body := asked(t, m, http.MethodGet, "/metrics", "")
	if status != http.StatusOK || body != want {
		t.Errorf("%d:\n%s", status, body)
	}
	if got := header.Get("Content-Type"); got != "application/openmetrics-text; version=1.0.0; charset=utf-8" {
		t.Errorf("type %s", got)
	}
	if got := header.Get("Last-Modified"); got != "Sun, 01 Mar 2026 00:00:00 GMT" {
		t.Errorf("of %s", got)
	}
	for name, tt := range map[string]struct {
		method, path, host string
		want               int
	}{
		"the head alone":            {http.MethodHead, "/metrics", "", http.StatusOK},
		"by the name of loopback":   {http.MethodGet, "/metrics", "localhost:9464", http.StatusOK},
		"by the other loopback":     {http.MethodGet, "/metrics", "[::1]:9464", http.StatusOK},
		"a name pointed at it":      {http.MethodGet, "/metrics", "rebound.example", http.StatusForbidden},
		"one that begins alike":     {http.MethodGet, "/metrics", "localhost.evil.example", http.StatusForbidden},
		"an address of the network": {http.MethodGet, "/metrics", "10.0.0.1:9464", http.StatusForbidden},
		"another path":              {http.MethodGet, "/", "", http.StatusNotFound},
		"one that climbs":           {http.MethodGet, "/metrics/../../etc/passwd", "", http.StatusNotFound},
		"a change":                  {http.MethodPost, "/metrics", "", http.StatusMethodNotAllowed},
		"a deletion":                {http.MethodDelete, "/metrics", "", http.StatusMethodNotAllowed},
	} {
		if status, _, body := asked(t, m, tt.method, tt.path, tt.host); status != tt.want || status != http.StatusOK && strings.Contains(body, "backtrail_") {
			t.Errorf("%s: %d, want %d", name, status, tt.want)
		}
	}
}

func TestWhereMetricsAreServed(t *testing.T) {
	for address, local := range map[string]bool{"0": true, ":0": true, "localhost:0": true, "127.0.0.1:0": true, "0.0.0.0:0": false} {
		m, err := audit.ListenMetrics(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if m.Local() != local {
			t.Errorf("%s: on loopback %v, at %s", address, m.Local(), m.URL())
		}
		must(t, m.Close())
		must(t, m.Close()) // as a deferred one does
	}
	for _, bad := range []string{"", "a:b:c", "127.0.0.1:port", "127.0.0.1:99999", "999.0.0.1:0"} {
		if m, err := audit.ListenMetrics(bad); err == nil && bad != "" {
			t.Errorf("%q is taken: %s", bad, m.URL())
			_ = m.Close()
		} else if err == nil {
			_ = m.Close() // an empty port is one that the system chooses
		}
	}
	taken, err := audit.ListenMetrics("0")
	must(t, err)
	defer taken.Close()
	address := strings.TrimSuffix(strings.TrimPrefix(taken.URL(), "http://"), "/metrics")
	if _, err := audit.ListenMetrics(address); err == nil || !strings.Contains(err.Error(), "listening for requests of metrics") {
		t.Errorf("a port that is taken: %v", err)
	}
}

func TestMetricsAreServedUntilTheContextEnds(t *testing.T) {
	m, err := audit.ListenMetrics("0")
	must(t, err)
	must(t, m.Publish(sample(), day("2026-03-01").Time))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Wait(ctx) }()
	if status, _, _ := asked(t, m, http.MethodGet, "/metrics", ""); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	stop()
	must(t, <-ended)
	if _, err := http.Get(m.URL()); err == nil {
		t.Error("it serves on")
	}
}
