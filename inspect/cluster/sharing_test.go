package cluster_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/registry"
)

// shelf is a registry on loopback that writes down what it is asked.
type shelf struct {
	host   string
	client *registry.Client
	mu     sync.Mutex
	asked  []string
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{}
	next := fake.New(fake.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.host = strings.TrimPrefix(server.URL, "http://")
	store, err := registry.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if s.client, err = registry.New(registry.Options{Store: store}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.client.Close() })
	return s
}

// push stores an image with a layer for each text, and gives its digest and the image as a case has it.
func (s *shelf) push(t *testing.T, repository string, texts ...string) inspect.Image {
	t.Helper()
	var img v1.Image = empty.Image
	out := inspect.Image{ImageHead: inspect.ImageHead{
		Reference: s.host + "/" + repository + ":1",
		Status:    inspect.Verified,
	}}
	for n, text := range texts {
		layer := static.NewLayer([]byte(text), types.DockerLayer)
		var err error
		if img, err = mutate.AppendLayers(img, layer); err != nil {
			t.Fatal(err)
		}
		digest, _ := layer.Digest()
		out.Layers = append(out.Layers, inspect.Layer{
			Position: n, Number: n, Digest: digest.String(),
			CreatedBy: "COPY " + text,
		})
	}
	ref, err := name.ParseReference(out.Reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	out.Digest = digest.String()
	out.Location = ref.Context().Name() + "@" + out.Digest
	return out
}

// runs is a pod of a workload that runs an image.
func runs(workload, container string, i inspect.Image) *corev1.Pod {
	p := podOf(workload+"-x", workload, container, i.Reference, i.Digest)
	p.Status.ContainerStatuses[0].ImageID = strings.TrimSuffix(i.Reference, ":1") + "@" + i.Digest
	return p
}

// suspectCase gives the events of a case in which layer 1 of the pod's image brought something bad.
func suspectCase(i inspect.Image) []inspect.Event {
	events := []inspect.Event{{Container: "web", Fact: i.ImageHead}}
	for _, l := range i.Layers {
		events = append(events, inspect.Event{Container: "web", Fact: l})
	}
	return append(events, inspect.Event{Container: "web", Fact: inspect.Binary{
		Path: "/tmp/x", Layer: 1,
		Status: inspect.RowFailed, Severity: inspect.High,
	}})
}

// Other images with the bad layer are found by their manifests, and nothing else is read.
func TestSharing(t *testing.T) {
	s := newShelf(t)
	web := s.push(t, "web", "base", "bad", "web")
	worker := s.push(t, "worker", "base", "bad", "worker")
	moved := s.push(t, "moved", "other", "bad")
	cart := s.push(t, "cart", "base", "cart")
	gone := inspect.Image{ImageHead: inspect.ImageHead{Reference: s.host + "/gone:1", Digest: digestOther}}
	far := inspect.Image{ImageHead: inspect.ImageHead{Reference: "elsewhere.example/far:1", Digest: digestMine}}
	pod := runs("web", "web", web)
	items := []any{
		pod, runs("web2", "web", web), runs("worker", "worker", worker), runs("worker2", "worker", worker),
		runs("moved", "moved", moved),
		runs("cart", "cart", cart), runs("gone", "gone", gone), runs("far", "far", far),
	}
	s.asked = nil
	o := cluster.Options{Cluster: sourceOf(t, items), Pod: pod, Client: s.client}
	c := runChecks(t, suspectCase(web), cluster.Sharing(o))
	i, _ := c.Image("web")
	got := i.Sharing
	if got == nil || got.Looked != 3 || got.Unread != 1 || got.Left != 1 || len(got.Others) != 2 ||
		!slices.Equal(got.Suspect, []int{1}) {
		t.Fatalf("%+v", got)
	}
	if o := got.Others[0]; o.Reference != moved.Reference || o.Prefix != 0 || !slices.Equal(o.Layers, []int{1}) {
		t.Errorf("%+v", o)
	}
	if o := got.Others[1]; o.Reference != worker.Reference || o.Prefix != 2 || !slices.Equal(o.Pods,
		[]string{"shop/worker-x", "shop/worker2-x"}) {
		t.Errorf("%+v", o)
	}
	f, ok := findingOf(c, inspect.CodeLayerElsewhere)
	want := "layer 1 of web, which brought /tmp/x, runs in 3 other pods with another image: shop/moved-x, " +
		"shop/worker-x, shop/worker2-x"
	if !ok || f.Title != want || f.Severity != inspect.Medium || f.Subject != "web" {
		t.Errorf("%q\nwant %q", f.Title, want)
	}
	if !strings.HasSuffix(f.Detail,
		"compared by manifest with 3 other images that run here; 1 could not be read; 1 were left out") {
		t.Error(f.Detail)
	}
	for _, a := range s.asked {
		if !strings.Contains(a, "/manifests/") && a != "GET /v2/" {
			t.Errorf("asked for %s", a)
		}
	}
}

// Where no layer is suspect nothing is asked.
func TestSharingOfACalmCase(t *testing.T) {
	s := newShelf(t)
	web := s.push(t, "web", "base", "web")
	pod := runs("web", "web", web)
	s.asked = nil
	o := cluster.Options{Cluster: sourceOf(t, []any{pod, runs("other", "x", web)}), Pod: pod, Client: s.client}
	c := runChecks(t, suspectCase(web)[:3], cluster.Sharing(o))
	if state, _ := c.Check(inspect.CheckSharing, ""); state.Status != inspect.CheckSkipped || len(s.asked) > 0 {
		t.Errorf("%+v, asked %v", state, s.asked)
	}
}

// What the registry, the node and other pods have by the pod's tag is compared with what it runs.
func TestTagAgainstNodeAndRegistry(t *testing.T) {
	s := newShelf(t)
	before := s.push(t, "web", "before")
	w := newWorld()
	w.pod = runs("web-7d", "web", before)
	node := &corev1.Node{TypeMeta: kind("v1", "Node")}
	node.Name, w.pod.Spec.NodeName = "node-1", "node-1"
	repository := strings.TrimSuffix(before.Reference, ":1")
	node.Status.Images = []corev1.ContainerImage{{Names: []string{repository + "@" + before.Digest, before.Reference}}}
	w.more = []any{node}
	look := func() (inspect.Finding, bool) {
		items := append([]any{w.namespace, w.deployment, w.set, w.pod}, w.more...)
		return findingOf(lookWith(t, cluster.Options{
			Cluster: sourceOf(t, append(items, unrelated()...)), Pod: w.pod,
			Client: s.client,
		}), inspect.CodeTagMoved)
	}
	if f, ok := look(); ok {
		t.Errorf("not moved: %s", f.Title)
	}
	after := s.push(t, "web", "after")
	if f, _ := look(); f.Title != before.Reference+" was moved: the registry has another image by that name today "+
		"("+after.Digest[7:19]+")" {
		t.Error(f.Title)
	}
	node.Status.Images = []corev1.ContainerImage{
		{Names: []string{repository + "@" + before.Digest}},
		{Names: []string{repository + "@" + after.Digest, after.Reference}},
	}
	if f, _ := look(); !strings.Contains(f.Title,
		"was moved: node node-1 has another image by that name now ("+after.Digest[7:19]+"); the registry") {
		t.Error(f.Title)
	}
}
