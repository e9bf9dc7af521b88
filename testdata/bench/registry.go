package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem" // where blobs are kept
)

// serve is the CNCF distribution registry on loopback with its blobs below the folder args[0]. It prints its address and runs until
// it is stopped or its parent is gone.
func serve(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: bench serve FOLDER")
	}
	config := &configuration.Configuration{Storage: configuration.Storage{
		"filesystem":  configuration.Parameters{"rootdirectory": args[0]},
		"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
	}}
	config.HTTP.Secret = "bench" // only signs upload state on loopback
	config.Log.Level = "error"
	config.Log.AccessLog.Disabled = true
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the registry: %w", err)
	}
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: handlers.NewApp(ctx, config), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the registry: %w", err)
	}
	return nil
}

// startRegistry runs serve in a process of its own, which ends with ctx. It returns HOST:PORT.
func startRegistry(ctx context.Context, dir string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("starting the registry: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, verbServe, dir)
	cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := os.Create(dir + ".log")
	if err != nil {
		return "", fmt.Errorf("starting the registry: %w", err)
	}
	defer log.Close()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("starting the registry: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("starting the registry: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("starting the registry: it ended without an address: %w", err)
	}
	return strings.TrimSpace(line), nil
}
