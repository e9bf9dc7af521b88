package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"
)

// Bounds of the webhook. Falco raises some alerts a second; falcosidekick opens one connection and
// keeps it.
const (
	// bytes
	maxBody        = 1 << 20
	maxHeader      = 16 << 10
	maxConnections = 64
	postsPerSecond = 200
	postsAtOnce    = 400
	headerTimeout  = 2 * time.Second
	postTimeout    = 10 * time.Second
	idleTimeout    = 30 * time.Second
)

// ErrNotLoopback is an address that others than this machine could reach.
var ErrNotLoopback = errors.New(
	"a webhook for alerts listens on loopback only: it has no authentication, and whoever reaches it can invent alerts",
)

// Webhook takes alerts that falcosidekick (webhook) or Falco (http_output) posts, on loopback. Any
// program on this machine can post to it; web pages cannot.
type Webhook struct {
	listener net.Listener
}

// CheckAddress refuses what is not HOST:PORT with an address of loopback or localhost as host.
func CheckAddress(address string) error {
	_, err := loopback(address)
	return err
}

// loopback is the address with the host as a number.
func loopback(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("an address is HOST:PORT, such as 127.0.0.1:2801: %w", err)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return "", ErrNotLoopback
	}
	return net.JoinHostPort(host, port), nil
}

// Listen opens the port.
func Listen(address string) (*Webhook, error) {
	address, err := loopback(address)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for alerts: %w", err)
	}
	return &Webhook{listener: l}, nil
}

// Address is where it listens.
func (w *Webhook) Address() string { return w.listener.Addr().String() }

// Close frees the port.
func (w *Webhook) Close() error { return w.listener.Close() }

// Serve takes alerts until ctx ends.
func (w *Webhook) Serve(ctx context.Context, feed *Feed) error {
	server := &http.Server{
		Handler:           &receiver{feed: feed, limit: rate.NewLimiter(postsPerSecond, postsAtOnce)},
		ReadHeaderTimeout: headerTimeout, ReadTimeout: postTimeout, WriteTimeout: postTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	feed.SetCondition(false, "listening")
	err := server.Serve(netutil.LimitListener(w.listener, maxConnections))
	if ctx.Err() != nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	feed.SetCondition(true, "no longer listening: "+err.Error())
	return fmt.Errorf("listening for alerts: %w", err)
}

// receiver answers posts, in words.
type receiver struct {
	feed  *Feed
	limit *rate.Limiter
}

// ServeHTTP takes one post.
func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	code, words := h.answer(w, r)
	switch code {
	case http.StatusMethodNotAllowed:
		header.Set("Allow", http.MethodPost)
	case http.StatusTooManyRequests:
		header.Set("Retry-After", "1")
	}
	w.WriteHeader(code)
	_, _ = io.WriteString(w, words+"\n")
}

// answer handles a post, and returns the status and the text of the response. Whatever a browser
// would send is refused: no page may invent alerts.
func (h *receiver) answer(w http.ResponseWriter, r *http.Request) (code int, words string) {
	switch {
	case !loopbackHost(r.Host): // a name that was pointed at this machine, so that a page may talk to it
		return http.StatusForbidden, "this webhook answers to localhost and to addresses of loopback only"
	case fromPage(r.Header):
		return http.StatusForbidden, "a web page may not post alerts"
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "alerts are posted: falcosidekick's webhook, or Falco's http_output"
	case !postsAlerts(r.Header):
		return http.StatusUnsupportedMediaType,
			"the content type of alerts is application/json or text/plain, without an encoding"
	case !h.limit.Allow():
		return http.StatusTooManyRequests, fmt.Sprintf("more than %d posts a second; try again", postsPerSecond)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, fmt.Sprintf("a post is at most %d bytes", maxBody)
	case err != nil:
		return http.StatusBadRequest, "the request body ended early"
	}
	in, _ := Scan(
		bytes.NewReader(body), Limits{Day: time.Now(), Plain: true},
		func(b Batch) bool { h.feed.Append(b); return true },
	)
	switch {
	case in.Count == 0 && in.Broken == 0:
		return http.StatusBadRequest, "there is no alert in it"
	case in.Count == 0:
		return http.StatusBadRequest, "not an alert: " + in.Samples[0].Reason
	case in.Broken > 0:
		return http.StatusOK, fmt.Sprintf("taken: %d; no alerts: %d", in.Count, in.Broken)
	default:
		return http.StatusOK, fmt.Sprintf("taken: %d", in.Count)
	}
}

// loopbackHost reports a Host header that names this machine as it is listened on.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// fromPage reports what only browsers send: the origin of a page, and how they came to ask (Fetch
// Metadata).
func fromPage(h http.Header) bool {
	for _, name := range []string{"Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"} {
		if len(h.Values(name)) > 0 {
			return true
		}
	}
	return false
}

// postsAlerts reports the content types of Falco, falcosidekick and curl --json, and not those of
// forms.
func postsAlerts(h http.Header) bool {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	encoding := h.Get("Content-Encoding")
	return (kind == "application/json" || kind == "text/plain") && (encoding == "" || encoding == "identity")
}
