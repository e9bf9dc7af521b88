package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// metricsPath is where Prometheus looks by default.
const metricsPath = "/metrics"

// openMetricsType is the media type of the exposition (OpenMetrics 1.0, "Protocol Negotiation").
const openMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

// Bounds of one request, which may come from anything that reaches the port.
const (
	metricsTimeout = 10 * time.Second // for the head of a request, and for the answer to be taken
	metricsHead    = 16 << 10         // bytes of the head
)

// MetricsServer serves the metrics of one report over HTTP, for Prometheus to scrape where there is no text file
// collector. It has no authentication: by default it listens on loopback, and names of workloads leave the machine only
// where a person names another address. It answers GET and HEAD of /metrics and nothing else, and does nothing on
// request: the report is computed once.
type MetricsServer struct {
	listener net.Listener
	local    bool // it listens on loopback
	server   *http.Server
	page     atomic.Pointer[metricsPage] // nil until there is a report
	ended    chan error
}

// metricsPage is what is served: always the same bytes.
type metricsPage struct {
	body []byte
	at   time.Time
}

// ListenMetrics begins to listen at HOST:PORT. Without a host, as :9464 or 9464, that is on loopback; port 0 lets the
// system choose one. Until Publish requests are answered with 503. Errors: an address that is none, or that is taken.
func ListenMetrics(address string) (*MetricsServer, error) {
	host, port, err := metricsAddress(address)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listening for requests of metrics: %w", err)
	}
	m := &MetricsServer{listener: listener, ended: make(chan error, 1)}
	if at, err := netip.ParseAddrPort(listener.Addr().String()); err == nil {
		m.local = at.Addr().Unmap().IsLoopback()
	}
	m.server = &http.Server{
		Handler: m, ReadTimeout: metricsTimeout, WriteTimeout: metricsTimeout,
		MaxHeaderBytes: metricsHead,
	}
	go func() { m.ended <- m.server.Serve(listener) }()
	return m, nil
}

// CheckMetricsAddress reports whether an address is one that ListenMetrics could listen at: nil, or what it should be.
// It opens nothing, so that a misspelt flag is found before a cluster is.
func CheckMetricsAddress(address string) error {
	_, _, err := metricsAddress(address)
	return err
}

// metricsAddress reads HOST:PORT or PORT. Ports are numbers: names of services differ between machines.
func metricsAddress(address string) (host, port string, err error) {
	whole := address
	if !strings.Contains(address, ":") {
		whole = ":" + address
	}
	if host, port, err = net.SplitHostPort(whole); err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", "", fmt.Errorf("reading the address %q for metrics: it is PORT or HOST:PORT, as 9464 or "+
			"0.0.0.0:9464", address)
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1" // a name is looked up; this one must not lead elsewhere
	}
	return host, port, nil
}

// Local reports whether only this machine reaches the server.
func (m *MetricsServer) Local() bool { return m.local }

// URL is where the metrics are.
func (m *MetricsServer) URL() string { return "http://" + m.listener.Addr().String() + metricsPath }

// Publish serves a report from now on; at is when its audit began. Errors: as OpenMetrics.
func (m *MetricsServer) Publish(r *Report, at time.Time) error {
	var b bytes.Buffer
	if err := r.OpenMetrics(&b); err != nil {
		return err
	}
	m.page.Store(&metricsPage{body: b.Bytes(), at: at})
	return nil
}

// Wait serves until the context ends, which is the regular end and no error.
func (m *MetricsServer) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return m.Close()
	case err := <-m.ended:
		m.ended <- err // for Close
		return fmt.Errorf("serving metrics: %w", err)
	}
}

// Close ends the server. Requests that are under way are cut off: each gets its answer in one piece or not at all.
func (m *MetricsServer) Close() error {
	err := m.server.Close()
	if ended := <-m.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	m.ended <- http.ErrServerClosed // a second Close finds it ended
	return err
}

// ServeHTTP answers one request.
func (m *MetricsServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := m.page.Load()
	switch {
	case m.local && !loopbackHost(r.Host):
		// A page in a browser on this machine may have a name that was pointed at loopback (DNS rebinding).
		http.Error(w, "these metrics are for this machine only", http.StatusForbidden)
	case r.URL.Path != metricsPath:
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "metrics are read with GET", http.StatusMethodNotAllowed)
	case page == nil:
		w.Header().Set("Retry-After", "30")
		http.Error(w, "the audit is under way", http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", openMetricsType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", page.at, bytes.NewReader(page.body))
	}
}

// loopbackHost reports a Host header that names this machine by its own names.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}
