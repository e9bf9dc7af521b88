//go:build !unix

package kube

import (
	"log/slog"
	"os"
	"time"

	"k8s.io/klog/v2"
)

// redirectStderr catches klog's lines only: the descriptor cannot be exchanged here.
func redirectStderr(w *os.File) (back func(), err error) {
	klog.SetSlogLogger(slog.New(slog.NewTextHandler(w, nil)))
	return klog.ClearLogger, nil
}

// pipeGrace is no deadline: pipes have none here, and nobody else holds this one.
func pipeGrace() time.Time { return time.Time{} }
