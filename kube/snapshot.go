package kube

import (
	"context"
	"errors"
)

// Snapshot is a saved dump, as `kubectl get pods,nodes,… -A -o json` writes it.
type Snapshot struct {
	reading
	path string
}

// LoadSnapshot reads a dump: a file or a directory of files, JSON or YAML, each a List, one
// object or several documents. What cannot be read is in Notes; it is an error if nothing can.
func LoadSnapshot(ctx context.Context, path string) (*Snapshot, error) {
	return nil, errors.New("not yet")
}

// ParseSnapshot is LoadSnapshot for bytes at hand. name is for Context and the notes.
func ParseSnapshot(name string, dump []byte) (*Snapshot, error) {
	return nil, errors.New("not yet")
}

// Context is "snapshot PATH".
func (s *Snapshot) Context() string { return "snapshot " + s.path }

// Namespace is that of the only namespace in the dump, else "default".
func (s *Snapshot) Namespace() string { return "default" }

// Notes say which documents of the dump could not be read, and why.
func (s *Snapshot) Notes() []string { return nil }
