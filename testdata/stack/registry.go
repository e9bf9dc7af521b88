package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd" // basic authentication
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem" // where blobs are kept
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"golang.org/x/crypto/bcrypt"
)

// runRegistry serves one registry until SIGTERM: CNCF distribution with its blobs on disk, or, with --referrers, the
// one of go-containerregistry in memory, since distribution 3.1 has no referrers API.
func runRegistry(args []string) error {
	flags := flag.NewFlagSet("registry", flag.ContinueOnError)
	addr := flags.String("addr", "", "host:port to listen on")
	root := flags.String("root", "", "folder for blobs")
	referrers := flags.Bool("referrers", false, "serve the referrers API, from memory")
	user := flags.String("user", "", "ask for this user")
	password := flags.String("password", "", "and this password")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	handler := ggcr.New(ggcr.WithReferrersSupport(true))
	if !*referrers {
		config, err := distributionConfig(*root, *user, *password)
		if err != nil {
			return err
		}
		handler = handlers.NewApp(ctx, config)
	}
	return serve(ctx, *addr, handler)
}

// distributionConfig is distribution's configuration with deletion allowed, as registries with retention have it, and
// with basic authentication if user is not empty.
func distributionConfig(root, user, password string) (*configuration.Configuration, error) {
	config := &configuration.Configuration{
		Storage: configuration.Storage{
			"filesystem": configuration.Parameters{"rootdirectory": root},
			"delete":     configuration.Parameters{"enabled": true},
			"maintenance": configuration.Parameters{
				"uploadpurging": map[any]any{"enabled": false},
			},
		},
	}
	config.HTTP.Secret = "stack" // only signs upload state on loopback
	if user == "" {
		return config, nil
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		return nil, fmt.Errorf("hashing the registry's password: %w", err)
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("making the registry's folder: %w", err)
	}
	file := filepath.Join(filepath.Dir(root), filepath.Base(root)+".htpasswd")
	if err := os.WriteFile(file, fmt.Appendf(nil, "%s:%s\n", user, hash), 0o600); err != nil {
		return nil, fmt.Errorf("writing the registry's users: %w", err)
	}
	config.Auth = configuration.Auth{"htpasswd": configuration.Parameters{"realm": "stack", "path": file}}
	return config, nil
}

// serve answers on addr until ctx ends.
func serve(ctx context.Context, addr string, handler http.Handler) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listening for the registry: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return fmt.Errorf("serving the registry: %w", err)
	}
	return nil
}
