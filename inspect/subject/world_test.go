package subject_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// world is a registry and a cluster.
type world struct {
	t      *testing.T
	host   string
	client *registry.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	store, err := registry.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, host: strings.TrimPrefix(server.URL, "http://"), client: client}
}

// push puts an image of a platform under a tag and gives its digest and its config's.
func (w *world) push(ref, platform string) (digest, config string) {
	w.t.Helper()
	img, err := random.Image(100, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		w.t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		w.t.Fatal(err)
	}
	file.OS, file.Architecture, file.Created = p.OS, p.Architecture, v1.Time{
		Time: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	}
	if img, err = mutate.ConfigFile(img, file); err != nil {
		w.t.Fatal(err)
	}
	if err := remote.Write(w.tag(ref), img); err != nil {
		w.t.Fatal(err)
	}
	return hashOf(w.t, img.Digest), hashOf(w.t, img.ConfigName)
}

// pushIndex puts an index of these platforms under a tag and gives its digest and those of the manifests.
func (w *world) pushIndex(ref string, platforms ...string) (index string, manifests []string) {
	w.t.Helper()
	var list v1.ImageIndex = empty.Index
	for _, text := range platforms {
		p, err := v1.ParsePlatform(text)
		if err != nil {
			w.t.Fatal(err)
		}
		img, err := random.Image(100, 1)
		if err != nil {
			w.t.Fatal(err)
		}
		manifests = append(manifests, hashOf(w.t, img.Digest))
		list = mutate.AppendManifests(list, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: p}})
	}
	if err := remote.WriteIndex(w.tag(ref), list); err != nil {
		w.t.Fatal(err)
	}
	return hashOf(w.t, list.Digest), manifests
}

func (w *world) tag(ref string) name.Tag {
	w.t.Helper()
	tag, err := name.NewTag(w.host + "/" + ref)
	if err != nil {
		w.t.Fatal(err)
	}
	return tag
}

func hashOf(t *testing.T, get func() (v1.Hash, error)) string {
	t.Helper()
	h, err := get()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// object is an object of the cluster as a test writes it.
type object map[string]any

func (w *world) cluster(objects ...object) *kube.Snapshot {
	w.t.Helper()
	b, err := json.Marshal(object{"kind": "List", "apiVersion": "v1", "items": objects})
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := kube.ParseSnapshot("test", b)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// run finds pod shop/web, runs the checks of this package on it, and gives the settled case.
func (w *world) run(cluster kube.Source, o subject.Options) inspect.Case {
	w.t.Helper()
	found, err := subject.Find(context.Background(), cluster, "shop", subject.PodTarget{Kind: "pod", Name: "web"})
	if err != nil {
		w.t.Fatal(err)
	}
	o.Client, o.Cluster, o.Pod, o.Objects = w.client, cluster, found.Pod, found.Objects
	if o.Choice == nil {
		o.Choice = &subject.Choice{By: "me"}
	}
	source, err := engine.NewSource(
		engine.Plan{
			Opening: o.Opening(),
			Checks:  []engine.Check{subject.Check(o), subject.Workload(o), subject.KnownGood(o)},
		},
	)
	if err != nil {
		w.t.Fatal(err)
	}
	c := inspect.Case{}
	if err := source(w.t.Context(), c.Apply); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// pod is shop/web of ReplicaSet web-2, on node n1, with one container.
func pod(image, imageID string) object {
	return object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{
			"name": "web", "namespace": "shop", "uid": "pod", "creationTimestamp": "2026-03-01T03:00:00Z",
			"ownerReferences": []object{
				{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-2", "uid": "rs2", "controller": true},
			},
		},
		"spec": object{"nodeName": "n1", "containers": []object{{"name": "app", "image": image}}},
		"status": object{"containerStatuses": []object{{
			"name": "app", "image": image, "imageID": imageID, "containerID": "containerd://" + strings.Repeat("a", 64),
			"state": object{"running": object{"startedAt": "2026-03-01T03:00:05Z"}},
		}}},
	}
}

func node(arch string, images ...string) object {
	return object{
		"apiVersion": "v1", "kind": "Node", "metadata": object{"name": "n1"},
		"status": object{
			"nodeInfo": object{"operatingSystem": "linux", "architecture": arch}, "images": []object{{"names": images}},
		},
	}
}

// workload is Deployment shop/web with two ReplicaSets; the older one asked for an image of its own.
func workload(before, now string) []object {
	template := func(image string) object {
		return object{
			"metadata": object{"labels": object{"app": "web"}},
			"spec":     object{"containers": []object{{"name": "app", "image": image}}},
		}
	}
	set := func(name, uid, revision, created, image string) object {
		return object{
			"apiVersion": "apps/v1", "kind": "ReplicaSet",
			"metadata": object{
				"name": name, "namespace": "shop", "uid": uid, "creationTimestamp": created, "labels": object{
					"app": "web",
				},
				"annotations": object{"deployment.kubernetes.io/revision": revision},
				"ownerReferences": []object{
					{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "dep", "controller": true},
				},
			},
			"spec": object{"selector": object{"matchLabels": object{"app": "web"}}, "template": template(image)},
		}
	}
	deployment := object{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": object{
			"name": "web", "namespace": "shop", "uid": "dep", "creationTimestamp": "2026-02-01T00:00:00Z",
		},
		"spec": object{"selector": object{"matchLabels": object{"app": "web"}}, "template": template(now)},
	}
	return []object{
		deployment, set("web-1", "rs1", "1", "2026-02-01T00:00:00Z", before), set("web-2", "rs2", "2", "2026-03-01T02:59:00Z", now),
	}
}
