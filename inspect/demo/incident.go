package demo

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// The generated parts; a test compares them with what the generator makes.
//
//go:generate go run ../../testdata/demo/write .
var (
	// images is the content of the registry: an OCI layout as tar, compressed.
	//
	//go:embed images.tar.zst
	images []byte

	// snapshot is the cluster when the responder looks, as `kubectl get … -o json` would print it: a List.
	//
	//go:embed cluster.json
	snapshot []byte

	// trustedRoot is that of the incident's own certificate authority and log.
	//
	//go:embed trusted_root.json
	trustedRoot []byte

	// alerts are Falco's JSON lines: the start of the dropped program in both pods, its connection to a pool, one line
	// that was written twice, one of a pod that is gone, and one that was cut off.
	//
	//go:embed alerts.jsonl
	alerts []byte
)

// The pod that the alerts flag first, and who signs the shop's images: any of its release workflows, for a tag.
const (
	flaggedNamespace = "shop"
	flaggedPod       = "web-7d9c5b6f48-x2kqp"

	host     = "registry.shop.example"
	identity = `^https://github\.com/shop-example/.+/release\.yml@refs/tags/`
	issuer   = "https://token.actions.githubusercontent.com"
)

// Incident is the incident while its registry is up.
type Incident struct {
	RegistryMap registry.Mapping // from the shop's host to the registry on loopback
	Snapshot    []byte           // a List, as `kubectl get … -o json` would print it
	Alerts      []byte           // of Falco, JSON lines
	TrustedRoot []byte           // trusted_root.json of the incident's own authority and log
	Expected    inspect.Expected // who signs the shop's images
	Namespace   string
	Pod         string    // the pod that the IDS flagged
	Now         time.Time // the clock of the incident: when the responder opens the case

	server *server
	stop   func() bool // stops waiting for the context
}

// Start serves the incident that opens by itself: see Story.Start.
func Start(ctx context.Context) (*Incident, error) { return Stories()[0].Start(ctx) }

// incident is the story with its registry up. Both were signed for the same shop.
func (s Story) incident(ctx context.Context, files map[string][]byte, server *server) *Incident {
	return &Incident{
		RegistryMap: registry.Mapping{From: host, To: server.address},
		Snapshot:    files[clusterFile], Alerts: files[alertsFile], TrustedRoot: trustedRoot,
		Expected:  inspect.Expected{IdentityRegexps: []string{identity}, Issuers: []string{issuer}},
		Namespace: s.namespace, Pod: s.pod, Now: s.now,
		server: server, stop: context.AfterFunc(ctx, func() { _ = server.close() }),
	}
}

// Close stops the registry. It may be called again.
func (i *Incident) Close() error {
	i.stop()
	if err := i.server.close(); err != nil {
		return fmt.Errorf("stopping the demo's registry: %w", err)
	}
	return nil
}

// RootDigest returns the digest of the incident's trusted root, sha256:<hex>. The private keys below it are public, so
// that it must be trusted for the demo's own case only.
func RootDigest() string {
	sum := sha256.Sum256(trustedRoot)
	return "sha256:" + hex.EncodeToString(sum[:])
}
