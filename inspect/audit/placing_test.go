package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/kube"
)

// podJSON is a running pod of a ReplicaSet, with containers as name=imageID; owner "" is none.
func podJSON(name, owner string, containers ...string) string {
	var spec, status []string
	for _, c := range containers {
		n, id, _ := strings.Cut(c, "=")
		spec = append(spec, fmt.Sprintf(`{"name":%q,"image":"reg.example/%s:1"}`, n, n))
		status = append(status, fmt.Sprintf(`{"name":%q,"imageID":%q}`, n, id))
	}
	above := ""
	if owner != "" {
		above = fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"ReplicaSet","name":%q,"uid":%q,"controller":true}`, owner, owner)
	}
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":%q,
		"creationTimestamp":"2026-03-01T00:00:00Z","labels":{"pod-template-hash":"h1"},"ownerReferences":[%s]},
		"spec":{"nodeName":"n1","containers":[%s]},"status":{"phase":"Running","containerStatuses":[%s]}}`, name, above,
		strings.Join(spec, ","), strings.Join(status, ","))
}

// setJSON is a ReplicaSet of Deployment web whose template has containers.
func setJSON(name string, containers ...string) string {
	var spec []string
	for _, c := range containers {
		spec = append(spec, fmt.Sprintf(`{"name":%q,"image":"reg.example/%s:1"}`, c, c))
	}
	return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"namespace":"shop","name":%q,"uid":%q,
		"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"d1","controller":true}]},
		"spec":{"template":{"spec":{"containers":[%s]}}}}`, name, name, strings.Join(spec, ","))
}

const webDeployment = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"namespace":"shop","name":"web","uid":"d1"},
	"spec":{"template":{"spec":{"containers":[{"name":"app","image":"reg.example/app:1"}]}}}}`

// dump is a saved cluster of objects.
func dump(t *testing.T, objects ...string) *kube.Snapshot {
	t.Helper()
	s, err := kube.ParseSnapshot("dump.json", []byte(`{"apiVersion":"v1","kind":"List","items":[`+
		strings.Join(objects, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listed lists a source and encodes what there is.
func listed(t *testing.T, from kube.Source) (Listing, string) {
	t.Helper()
	l, err := List(t.Context(), from, Selection{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return l, string(raw)
}

var (
	idA = "reg.example/app@sha256:" + strings.Repeat("a", 64)
	idB = "reg.example/app@sha256:" + strings.Repeat("b", 64)
)

// During an upgrade of the nodes one digest is reported in the words of two container runtimes.
func TestOneImageInTheWordsOfTwoRuntimesIsOneRow(t *testing.T) {
	l, _ := listed(t, dump(t, webDeployment, setJSON("web-h1", "app"), podJSON("web-a", "web-h1", "app="+idA),
		podJSON("web-b", "web-h1", "app=docker-pullable://"+idA), podJSON("web-c", "web-h1", "app="+idB)))
	if len(l.Places) != 2 || l.Places[0].Pods != 2 || l.Places[1].Pods != 1 {
		t.Fatalf("places %+v", l.Places)
	}
	if len(Units(l.Places)) != 2 {
		t.Errorf("units %+v", Units(l.Places))
	}
}

// An old revision had the sidecar injected, the new one has it in its template: it was injected.
func TestInjectedIntoOnePodIsInjected(t *testing.T) {
	objects := []string{
		webDeployment, setJSON("web-old", "app"), setJSON("web-new", "app", "proxy"),
		podJSON("web-1", "web-old", "app="+idA, "proxy="+idB), podJSON("web-2", "web-new", "app="+idA, "proxy="+idB),
	}
	_, first := listed(t, dump(t, objects...))
	r := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		r.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		l, again := listed(t, dump(t, objects...))
		if again != first {
			t.Fatalf("the same cluster in another order is other bytes:\n%s\n%s", first, again)
		}
		for _, p := range l.Places {
			if p.Injected == nil || *p.Injected != (p.Container == "proxy") {
				t.Errorf("%s injected: %v", p.Container, deref(p.Injected))
			}
		}
	}
}

func TestWorstInjected(t *testing.T) {
	yes, no := true, false
	for _, tt := range []struct{ a, b, want *bool }{
		{&yes, &yes, &yes}, {&yes, &no, &yes}, {&yes, nil, &yes}, {&no, &no, &no}, {&no, nil, nil}, {nil, nil, nil},
	} {
		for _, got := range []*bool{worstInjected(tt.a, tt.b), worstInjected(tt.b, tt.a)} {
			if deref(got) != deref(tt.want) {
				t.Errorf("%v and %v: %v, want %v", deref(tt.a), deref(tt.b), deref(got), deref(tt.want))
			}
		}
	}
}

// What is past the bound has no row, and still it is counted, and the end of the program is not "all is well".
func TestPlacesPastTheBoundAreNotChecked(t *testing.T) {
	places := make([]Place, 5)
	for n := range places {
		places[n] = Place{Container: fmt.Sprint(n)}
	}
	for most, over := range map[int]int{4: 1, 5: 0, 6: 0} {
		l := &lister{out: Listing{Places: places, Skipped: 2}}
		l.bound(most)
		if l.out.Over != over || l.out.Listed() != 7 || (len(l.out.Gaps) > 0) != (over > 0) {
			t.Errorf("a bound of %d: %d over, listed %d, gaps %+v", most, l.out.Over, l.out.Listed(), l.out.Gaps)
		}
		r := &Report{}
		for range l.out.Places {
			r.Rows = append(r.Rows, Row{State: Done})
		}
		r.settle(l.out.Listed(), l.out.Skipped, l.out.Over)
		if !r.Books.Balanced() || r.Books.NotChecked != over || len(r.Unchecked()) != over {
			t.Errorf("a bound of %d: books %+v, unchecked %q", most, r.Books, r.Unchecked())
		}
	}
}

// partly is a cluster some of whose objects may not be read.
type partly struct {
	*kube.Snapshot
	pods, nodes error
	lineage     func(*corev1.Pod) (kube.Lineage, error)
}

func (p partly) Pods(ctx context.Context, s kube.Scope, each func([]corev1.Pod) error) (kube.Listing, error) {
	if p.pods != nil {
		return kube.Listing{}, p.pods
	}
	l, err := p.Snapshot.Pods(ctx, s, each)
	l.Notes = append(l.Notes, "namespace pay: not permitted")
	return l, err
}

func (p partly) Lineage(ctx context.Context, pod *corev1.Pod) (kube.Lineage, error) {
	if p.lineage != nil {
		return p.lineage(pod)
	}
	return p.Snapshot.Lineage(ctx, pod)
}

func (p partly) Node(ctx context.Context, name string) (*kube.Node, error) {
	if p.nodes != nil {
		return nil, p.nodes
	}
	return p.Snapshot.Node(ctx, name)
}

func TestWhatMayNotBeReadStandsInTheGaps(t *testing.T) {
	forbidden := errors.New("nodes is forbidden")
	from := partly{
		Snapshot: dump(t, podJSON("web-a", "web-h1", "app="+idA), podJSON("other", "", "app="+idA)), nodes: forbidden,
		lineage: func(pod *corev1.Pod) (kube.Lineage, error) {
			if len(pod.OwnerReferences) == 0 {
				return kube.Lineage{}, nil
			}
			return kube.Lineage{Owners: []kube.Owner{{Kind: "ReplicaSet", Name: "web-h1", Unread: "replicasets is forbidden"}}},
				errors.New("the API server did not answer")
		},
	}
	l, _ := listed(t, from)
	words := fmt.Sprint(l.Gaps)
	for _, want := range []string{
		"namespace pay: not permitted", "replicasets is forbidden", "the API server did not answer",
		"the platform of 1 node could not be read",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("no gap %q in %s", want, words)
		}
	}
	// the hash of the template is taken off the name of a ReplicaSet whose Deployment may not be read
	if l.Places[0].Workload != "deployment/web" || l.Places[0].Injected != nil || l.Places[0].Platform != "" {
		t.Errorf("place %+v", l.Places[0])
	}
	if l.Places[1].Workload != "pod/other" {
		t.Errorf("place %+v", l.Places[1])
	}

	from.pods = errors.New("pods is forbidden")
	if _, err := List(t.Context(), from, Selection{}); err == nil || !strings.Contains(err.Error(), "listing what runs: pods is forbidden") {
		t.Errorf("got %v", err)
	}
}

func TestGapsOfAKindAreBounded(t *testing.T) {
	var pods []string
	for n := range 40 {
		pods = append(pods, podJSON(fmt.Sprintf("web-%02d", n), fmt.Sprintf("set-%02d", n), "app="+idA))
	}
	from := partly{Snapshot: dump(t, pods...), lineage: func(pod *corev1.Pod) (kube.Lineage, error) {
		return kube.Lineage{}, fmt.Errorf("reading %s: forbidden", pod.OwnerReferences[0].Name)
	}}
	l, _ := listed(t, from)
	n := 0
	for _, g := range l.Gaps {
		if g.What == "owners of pods" {
			n++
		}
	}
	if n != maxGapsOfAKind+1 {
		t.Errorf("%d gaps of one kind", n)
	}
}

func TestAStaticPodIsItsOwnWorkload(t *testing.T) {
	pod := strings.Replace(podJSON("etcd-n1", "x", "etcd="+idA), `"kind":"ReplicaSet","name":"x"`, `"kind":"Node","name":"n1"`, 1)
	l, _ := listed(t, dump(t, pod))
	if len(l.Places) != 1 || l.Places[0].Workload != "pod/etcd-n1" || l.Places[0].Injected != nil {
		t.Errorf("places %+v", l.Places)
	}
}

func TestAListThatIsEndedIsAnError(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if l, err := List(ctx, dump(t, podJSON("a", "", "app="+idA)), Selection{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%d places, %v", len(l.Places), err)
	}
}
