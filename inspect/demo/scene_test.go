package demo_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/answer"
	"github.com/backtrail/backtrail/inspect/binary"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/inspect/demo"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/inspect/provenance"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/triage"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// scene is the incident with what a responder works with.
type scene struct {
	*demo.Incident
	client  *registry.Client
	cache   *layer.Cache
	owners  *owner.Cache
	trust   *signature.Trust
	cluster *kube.Snapshot
}

func open(t testing.TB) scene { return openStory(t, "") }

// openStory starts the built-in incident of a name.
func openStory(t testing.TB, name string) scene {
	t.Helper()
	story, ok := demo.Named(name)
	if !ok {
		t.Fatalf("there is no incident %q", name)
	}
	incident, err := story.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = incident.Close() })
	store, err := registry.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Options{Store: store, Map: []registry.Mapping{incident.RegistryMap}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	root, err := signature.NewRoot(incident.TrustedRoot, inspect.TrustFile, "demo")
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := kube.ParseSnapshot("demo", incident.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	return scene{incident, client, layer.NewCache(store), owner.NewCache(), signature.FixedTrust(root), cluster}
}

// walk runs every check on a pod, with the alerts that fit it.
func (s scene) walk(t testing.TB, pod string) *inspect.Case {
	t.Helper()
	found, err := subject.Find(t.Context(), s.cluster, s.Namespace, subject.PodTarget{Kind: "pod", Name: pod})
	if err != nil {
		t.Fatal(err)
	}
	target := inspect.Target{Kind: inspect.TargetPod, Name: "pod/" + pod, Namespace: s.Namespace}
	return s.run(t, target, subject.Options{Client: s.client, Pod: found.Pod, Cluster: s.cluster, Objects: found.Objects, Choice: &subject.Choice{}}, s.alerts(t, pod))
}

// look runs every check on an image.
func (s scene) look(t testing.TB, reference string) *inspect.Case {
	t.Helper()
	target := inspect.Target{Kind: inspect.TargetImage, Name: reference}
	return s.run(t, target, subject.Options{Client: s.client, Image: s.resolve(t, reference), Reference: reference, Choice: &subject.Choice{}}, nil)
}

func (s scene) run(t testing.TB, target inspect.Target, o subject.Options, opening []inspect.Event) *inspect.Case {
	t.Helper()
	now := func() time.Time { return s.Now }
	sig := signature.Options{Client: s.client, Store: s.client.Store(), Trust: s.trust, Now: now}
	examine := func(ctx context.Context, location, index, digest string, expected inspect.Expected, keep func(inspect.Blob)) ([]inspect.Signature, error) {
		return signature.Examine(ctx, sig, location, index, digest, expected, keep)
	}
	packages := sbom.NewCataloguer(s.cache)
	around := cluster.Options{Cluster: o.Cluster, Pod: o.Pod, Client: s.client}
	source, err := engine.NewSource(engine.Plan{
		Header:  inspect.Header{Schema: inspect.Schema, Target: target, Started: inspect.At(s.Now)},
		Opening: append([]inspect.Event{{Fact: s.Expected}}, opening...),
		Now:     now,
		Checks: []engine.Check{
			cluster.Events(around), subject.Check(o), subject.Workload(o), cluster.Check(around, inspect.CheckWorkload), cluster.Reach(around, inspect.CheckCluster), signature.Check(sig), provenance.Check(s.client), layer.Layers(s.client, s.cache),
			binary.Binaries(s.client, s.cache, s.owners), sbom.Packages(packages), subject.KnownGood(o), binary.Diff(s.client, s.cache, s.owners),
			sbom.Diff(s.client, packages), provenance.Drift(s.client, examine), cluster.Sharing(around, "layers", "binaries"),
			answer.Check(inspect.CheckSignatures, inspect.CheckProvenance, "layers", "binaries", "packages", inspect.CheckKnownGood, "diff", "package-diff", inspect.CheckDrift, inspect.CheckCluster, inspect.CheckSharing),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &inspect.Case{}
	if err := source(t.Context(), c.Apply); err != nil {
		t.Fatal(err)
	}

	for _, k := range c.Checks {
		if k.Status != inspect.CheckDone && k.Status != inspect.CheckSkipped {
			t.Errorf("check %s of %q ended as %s: %s", k.Name, k.Container, k.Status, k.Reason)
		}
	}
	return c
}

// alerts are those that fit a pod, as first events of its case.
func (s scene) alerts(t testing.TB, pod string) []inspect.Event {
	t.Helper()
	in, err := alert.Read(strings.NewReader(string(s.Alerts)), alert.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.cluster.Pod(t.Context(), s.Namespace, pod)
	if err != nil {
		t.Fatal(err)
	}
	index := triage.NewIndex()
	index.Add(p)
	var events []inspect.Event
	for _, a := range in.Alerts {
		m := index.Match(&a)
		containers, ok := m.Of(s.Namespace, pod)
		if !ok {
			continue
		}
		triage.Apply(m, &a.Alert)
		a.Subject = containers[0]
		events = append(events, inspect.Event{Fact: a.Alert})
	}
	return events
}

func (s scene) resolve(t testing.TB, reference string) *registry.Image {
	t.Helper()
	loc, err := registry.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	img, err := s.client.Resolve(t.Context(), loc, v1.Platform{OS: "linux", Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// referencesIn are the images that a snapshot names by digest.
func referencesIn(snapshot []byte) []string {
	var all []string
	for _, m := range regexp.MustCompile(`"(registry\.shop\.example/[^"]+@sha256:[0-9a-f]{64})"`).FindAllSubmatch(snapshot, -1) {
		all = append(all, string(m[1]))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// good is the web server's image that the nodes still have and no longer run.
func (s scene) good(t testing.TB) string {
	t.Helper()
	now := s.resolve(t, "registry.shop.example/shop/web:1.4.2")
	for _, r := range referencesIn(s.Snapshot) {
		if strings.Contains(r, "/shop/web@") && !strings.HasSuffix(r, now.Digest()) {
			return r
		}
	}
	t.Fatal("the snapshot does not name the good image")
	return ""
}
