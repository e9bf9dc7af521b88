package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// host is the registry that the shop's images name.
const host = "registry.shop.example"

// server is the registry, on a free port of this machine.
type server struct {
	http    *http.Server
	address string
	done    chan struct{}
}

// stock fills a registry in memory.
func stock(images []image) (http.Handler, error) {
	blobs := registry.NewInMemoryBlobHandler()
	shelf, ok := blobs.(registry.BlobPutHandler)
	if !ok {
		return nil, errors.New("filling the registry: its store takes no blobs")
	}
	handler := registry.New(registry.WithBlobHandler(blobs), registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
	for _, i := range images {
		for _, b := range i.blobs {
			if err := shelf.Put(context.Background(), i.repository, b.hash, io.NopCloser(bytes.NewReader(b.data))); err != nil {
				return nil, fmt.Errorf("filling the registry with %s: %w", i.repository, err)
			}
		}
		for n, m := range i.manifests {
			name := m.hash.String()
			if n == len(i.manifests)-1 && i.tag != "" {
				name = i.tag
			}
			if err := push(handler, i.repository, name, m); err != nil {
				return nil, fmt.Errorf("filling the registry with %s:%s: %w", i.repository, name, err)
			}
		}
	}
	return handler, nil
}

// push hands a manifest to the registry without a connection.
func push(to http.Handler, repository, name string, manifest blob) error {
	r, err := http.NewRequest(http.MethodPut, "http://"+host+"/v2/"+repository+"/manifests/"+name, bytes.NewReader(manifest.data))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", string(manifest.mediaType))
	var a answer
	to.ServeHTTP(&a, r)
	if a.status != http.StatusCreated {
		return fmt.Errorf("the registry answered %d: %s", a.status, a.body.String())
	}
	return nil
}

// answer keeps what a handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// serve answers on loopback, and only to those who read.
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
		http:    &http.Server{Handler: reading, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)},
		address: listener.Addr().String(), done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener)
	}()
	return s, nil
}

func (s *server) close() error {
	err := s.http.Close()
	<-s.done
	return err
}
