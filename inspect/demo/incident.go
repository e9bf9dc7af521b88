package demo

import (
	"context"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Incident is the incident while its registry is up.
type Incident struct {
	RegistryMap registry.Mapping // from the shop's host to the registry on loopback
	Snapshot    []byte           // what `kubectl get … -o json` would print: a List
	Alerts      []byte           // of Falco, JSON lines
	TrustedRoot []byte           // trusted_root.json of the incident's own authority and log
	Expected    inspect.Expected // who signs the shop's images
	Namespace   string
	Pod         string    // the pod that the IDS flagged
	Now         time.Time // the clock of the incident: when the responder opens the case
}

// Start makes the incident and serves its registry on a free port of 127.0.0.1, until Close or until ctx ends.
// Errors: no port can be had.
func Start(_ context.Context) (*Incident, error) {
	return &Incident{}, nil
}

// Close stops the registry.
func (i *Incident) Close() error { return nil }
