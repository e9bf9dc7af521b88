package demo

import (
	"context"
	"fmt"
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

	server *server
	stop   func() bool // no longer waits for the context
}

// Start makes the incident and serves its registry on a free port of 127.0.0.1, until Close or until ctx ends.
// Errors: no port can be had.
func Start(ctx context.Context) (*Incident, error) {
	shop, err := newShop()
	if err != nil {
		return nil, fmt.Errorf("making the incident: %w", err)
	}
	handler, err := stock(shop.images())
	if err != nil {
		return nil, err
	}
	server, err := serve(handler)
	if err != nil {
		return nil, err
	}
	return &Incident{
		RegistryMap: registry.Mapping{From: host, To: server.address},
		Snapshot:    shop.snapshot(), Alerts: []byte(alerts), TrustedRoot: shop.trust, Expected: expected(),
		Namespace: flaggedNamespace, Pod: flaggedPod, Now: at(14, 9, 0),
		server: server, stop: context.AfterFunc(ctx, func() { _ = server.close() }),
	}, nil
}

// Close stops the registry.
func (i *Incident) Close() error {
	i.stop()
	if err := i.server.close(); err != nil {
		return fmt.Errorf("stopping the demo's registry: %w", err)
	}
	return nil
}
