package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// poisoned is what the second incident has besides the first: an OCI layout without the blobs that the first has, with
// its cluster and its alerts beside it.
//
//go:embed poisoned.tar.zst
var poisoned []byte

// Files of the second incident next to its layout.
const (
	clusterFile = "cluster.json"
	alertsFile  = "alerts.jsonl"
)

// Story is one of the built-in incidents.
type Story struct {
	Name    string // the argument of the command; "" for the one that opens without
	Summary string // one line of help

	namespace, pod string // the pod that the IDS flagged
	now            time.Time
	parts          func() (layout, error)
}

// Stories lists the built-in incidents, the one that opens by itself first.
func Stories() []Story {
	return []Story{
		{
			Summary:   "a tag overwritten with an unsigned image that starts a miner",
			namespace: flaggedNamespace, pod: flaggedPod, now: time.Date(2026, time.May, 14, 14, 9, 0, 0, time.UTC),
			parts: firstParts,
		},
		{
			Name:      "poisoned",
			Summary:   "a release that is signed, attested and packaged, with a poisoned dependency",
			namespace: flaggedNamespace, pod: "forecast-84c5f6d7bb-k7w2m",
			now:   time.Date(2026, time.May, 20, 9, 58, 0, 0, time.UTC),
			parts: poisonedParts,
		},
	}
}

// Named returns the incident of a name.
func Named(name string) (Story, bool) {
	for _, s := range Stories() {
		if s.Name == name {
			return s, true
		}
	}
	return Story{}, false
}

// firstParts are the embedded files of the first incident.
func firstParts() (layout, error) {
	l, err := unpack(images)
	l.files = map[string][]byte{clusterFile: snapshot, alertsFile: alerts}
	return l, err
}

// poisonedParts joins what both incidents have into one registry: it is the same shop, six days later.
func poisonedParts() (layout, error) {
	before, err := unpack(images)
	if err != nil {
		return layout{}, err
	}
	l, err := unpack(poisoned)
	if err != nil {
		return layout{}, fmt.Errorf("unpacking the second incident: %w", err)
	}
	if l.files[clusterFile] == nil || l.files[alertsFile] == nil {
		return layout{}, errors.New("unpacking the second incident: its cluster or its alerts are missing")
	}
	maps.Copy(l.blobs, before.blobs)
	l.index.Manifests = append(append([]v1.Descriptor{}, before.index.Manifests...), l.index.Manifests...)
	return l, nil
}

// Start serves the registry of the story on a free port of 127.0.0.1, until Close or until ctx ends. It returns an
// error if no port is available.
func (s Story) Start(ctx context.Context) (*Incident, error) {
	parts, err := s.parts()
	if err != nil {
		return nil, fmt.Errorf("unpacking the incident: %w", err)
	}
	handler, err := parts.handler(ctx)
	if err != nil {
		return nil, fmt.Errorf("filling the registry: %w", err)
	}
	server, err := serve(handler)
	if err != nil {
		return nil, err
	}
	return s.incident(ctx, parts.files, server), nil
}
