package demo

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// server is the registry on a free port of this machine.
type server struct {
	http    *http.Server
	address string
	done    chan struct{}
}

// serve serves a handler on loopback. Requests that would change something are refused.
func serve(handler http.Handler) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serving the demo's registry: %w", err)
	}
	reading := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "this registry is read-only", http.StatusMethodNotAllowed)
			return
		}
		handler.ServeHTTP(w, r)
	})
	s := &server{
		http: &http.Server{
			Handler:           reading,
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          log.New(io.Discard, "", 0),
		},
		address: listener.Addr().String(), done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener)
	}()
	return s, nil
}

// close stops the server and waits for its end.
func (s *server) close() error {
	err := s.http.Close()
	<-s.done
	return err
}
