package triage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/kube"
)

// fakeCluster is a cluster that has some pods, or answers with an error.
type fakeCluster struct {
	kube.Source
	pods   []*corev1.Pod
	err    error
	asked  []kube.Scope
	notes  []string
	listed []string // namespaces; none: all
}

func (c *fakeCluster) Context() string   { return "prod" }
func (c *fakeCluster) Namespace() string { return "shop" }

func (c *fakeCluster) Pod(_ context.Context, namespace, name string) (*corev1.Pod, error) {
	for _, p := range c.pods {
		if p.Namespace == namespace && p.Name == name {
			return p, nil
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	return nil, kube.ErrNotFound
}

func (c *fakeCluster) Pods(_ context.Context, scope kube.Scope, each func([]corev1.Pod) error) (kube.Listing, error) {
	c.asked = append(c.asked, scope)
	if c.err != nil {
		return kube.Listing{}, c.err
	}
	for _, p := range c.pods {
		if len(scope.Namespaces) == 0 || slices.Contains(scope.Namespaces, p.Namespace) {
			if err := each([]corev1.Pod{*p}); err != nil {
				return kube.Listing{}, err
			}
		}
	}
	return kube.Listing{Namespaces: c.listed, Notes: c.notes}, nil
}

// said is a line of Falco about a container of a pod of shop.
func said(rule, priority, id, pod string) string {
	return fmt.Sprintf(
		`{"rule":%q,"priority":%q,"time":"2026-03-01T08:01:02Z","output":%q,"output_fields":{"container.id":%q,"k8s.ns.name":"shop","k8s.pod.name":%q}}`,
		rule, priority, rule+" password=hunter2hunter2", id, pod)
}

// lister lists the pods of a cluster with the alerts of a file.
func lister(t *testing.T, c *fakeCluster, lines ...string) *Lister {
	t.Helper()
	sources := &AlertSources{Store: alert.NewStore(0)}
	if len(lines) > 0 {
		sources.File = filepath.Join(t.TempDir(), "alerts")
		if err := os.WriteFile(sources.File, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &Lister{
		Tracker: NewPodTracker(describe), Sources: sources, Relist: time.Millisecond,
		Now:     func() time.Time { return at },
		Cluster: func() (kube.Source, error) { return c, nil },
	}
}

// rows are the pods of a list in their order, with their alerts.
func rows(l inspect.PodList) string {
	var all []string
	for _, p := range l.Pods {
		text := p.Name
		for _, a := range p.Alerts {
			text += "!" + a.Rule
		}
		if p.Gone != nil {
			text += " gone"
			if p.Gone.ReplacedBy != "" {
				text += "→" + p.Gone.ReplacedBy + " " + p.Gone.Digest
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func texts(notices []inspect.Notice) string {
	var all []string
	for _, n := range notices {
		all = append(all, n.Text)
	}
	return strings.Join(all, "\n")
}

// Flagged pods come first, the most urgent alert first; alerts of no pod are apart, broken lines
// are counted.
func TestListOnce(t *testing.T) {
	c := &fakeCluster{
		pods: []*corev1.Pod{
			webPod("web-0", hex64, digestA), webPod("web-1", containerOf("b"), digestA),
			webPod("web-2", containerOf("c"), digestB),
		},
	}
	l := lister(t, c,
		said("Shell", "Notice", containerOf("b")[:12], "web-1"),
		said("Drop", "Critical", containerOf("c")[:12], "web-2"),
		said(
			"Shell", "Notice", containerOf("c")[:12], "web-2",
		), said("Lost", "Error", "999999999999", "gone-0"), `{"rule":`)
	list, err := l.Once(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if got := rows(list); got != "web-2!Drop!Shell, web-1!Shell, web-0" {
		t.Errorf("rows %s", got)
	}
	if len(list.Unmatched) != 1 || list.Unmatched[0].Rule != "Lost" || list.Broken != 1 || list.Said != 4 ||
		list.Context != "prod" || list.Wrong != nil {
		t.Errorf(
			"unmatched %+v, %d broken, %d received, context %s", list.Unmatched, list.Broken, list.Said, list.Context,
		)
	}
	if len(list.Sources) != 1 || list.Sources[0].Alerts != 4 ||
		!strings.Contains(texts(list.Notices), "alerts line 5 skipped: invalid JSON") {
		t.Errorf("sources %+v, notices %s", list.Sources, texts(list.Notices))
	}
	if a := list.Pods[0].Alerts[0]; a.Subject != "web" || a.Match != inspect.MatchContainer || a.Why == "" {
		t.Errorf("the alert is matched as %+v", a)
	}
}

func TestListOfANamespace(t *testing.T) {
	other := webPod("other-0", containerOf("d"), digestA)
	other.Namespace = "bank"
	c := &fakeCluster{
		pods: []*corev1.Pod{webPod("web-0", hex64, digestA), other}, listed: []string{"shop"},
		notes: []string{"some could not be listed"},
	}
	l := lister(t, c, said("Shell", "Notice", "999999999999", "elsewhere"))
	list, err := l.Once(t.Context(), false)
	if err != nil || rows(list) != "web-0" || !strings.Contains(texts(list.Notices), "some could not be listed") {
		t.Errorf("%v, rows %s, notices %s", err, rows(list), texts(list.Notices))
	}
	if s := c.asked[0]; !slices.Equal(s.Namespaces, []string{"shop"}) || !slices.Equal(s.Fallback, []string{"shop"}) {
		t.Errorf("the scope is %+v", s)
	}
	if list.Wrong != nil {
		t.Error("one namespace is too little to say that the context is wrong")
	}
}

func TestListInTheWrongContext(t *testing.T) {
	c := &fakeCluster{pods: []*corev1.Pod{webPod("web-0", hex64, digestA)}}
	elsewhere := strings.ReplaceAll(said("Shell", "Notice", "999999999999", "teller"), `"shop"`, `"bank"`)
	list, err := lister(t, c, elsewhere).Once(t.Context(), true)
	if err != nil || list.Wrong == nil ||
		!strings.Contains(list.Wrong.Text, "exists in prod; the kubeconfig has no other") {
		t.Errorf("%v, %+v", err, list.Wrong)
	}
	if w := wrongContext("prod", []string{"prod", "stage"}); len(w.Contexts) != 1 ||
		!strings.Contains(w.Text, "the kubeconfig also has: stage") {
		t.Errorf("%+v", w)
	}
	if w := wrongContext("snapshot dump.json", nil); !strings.Contains(w.Text, "dump of another cluster") {
		t.Errorf("%+v", w)
	}
}

func TestListErrors(t *testing.T) {
	broken := errors.New("broken")
	if _, err := lister(t, &fakeCluster{err: broken}).Once(t.Context(), true); !errors.Is(err, broken) {
		t.Errorf("listing: %v", err)
	}
	l := lister(t, &fakeCluster{})
	l.Sources.File = filepath.Join(t.TempDir(), "missing")
	var hints interface{ Hints() []string }
	if _, err := l.Once(t.Context(), true); !errors.Is(err, os.ErrNotExist) || !errors.As(err, &hints) ||
		len(hints.Hints()) != 2 {
		t.Errorf("reading: %v", err)
	}
	l = lister(t, &fakeCluster{})
	l.Cluster = func() (kube.Source, error) { return nil, broken }
	if _, err := l.Once(t.Context(), true); !errors.Is(err, broken) {
		t.Errorf("opening: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	l = lister(t, &fakeCluster{})
	l.Sources.FromStdin, l.Sources.Stdin = true, blocked{}
	if _, err := l.Once(ctx, true); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// blocked is a reader that never has anything.
type blocked struct{}

func (blocked) Read([]byte) (int, error) { select {} }

// A flood of invented rules never pushes out an alert that matches a pod, also when it comes first.
func TestListOfAFlood(t *testing.T) {
	c := &fakeCluster{pods: []*corev1.Pod{webPod("web-0", hex64, digestA)}}
	lines := []string{said("Shell", "Notice", hex64[:12], "web-0")}
	for i := range 1500 {
		lines = append(lines, said(fmt.Sprint("invented ", i), "Emergency", fmt.Sprintf("%012x", i), "nowhere"))
	}
	lines = append(lines, said("Drop", "Critical", hex64[:12], "web-0"))
	l := lister(t, c, lines...)
	l.Sources.Store = alert.NewStore(500)
	list, err := l.Once(t.Context(), true)
	if err != nil || rows(list) != "web-0!Drop!Shell" || list.Said != 1502 || len(list.Unmatched) > 500 {
		t.Errorf("%v, rows %s, %d received, %d unmatched", err, rows(list), list.Said, len(list.Unmatched))
	}
	if !strings.Contains(texts(list.Notices), "those of listed pods and the rarest rules were kept") {
		t.Errorf("notices %s", texts(list.Notices))
	}
}

func TestPodOfAnAlert(t *testing.T) {
	unread := errors.New("forbidden")
	c := &fakeCluster{pods: []*corev1.Pod{webPod("web-0", hex64, digestA), webPod("web-1", containerOf("b"), digestA)}}
	l := lister(t, c)
	for name, tt := range map[string]struct {
		alert alert.Alert
		want  string
	}{
		"by name": {alert.Alert{
			Alert: inspect.Alert{Namespace: "shop", Pod: "web-0", Time: inspect.At(at)},
		}, "web-0"},
		"by name, of an earlier pod": {alert.Alert{
			Alert: inspect.Alert{Namespace: "shop", Pod: "web-0", Time: inspect.At(at.Add(-time.Hour))},
		}, ""},
		"by container":                {alert.Alert{Alert: inspect.Alert{ContainerID: containerOf("b")[:12]}}, "web-1"},
		"by UID":                      {alert.Alert{PodUID: "uid-web-1"}, "web-1"},
		"by a digest that two share":  {alert.Alert{Digest: digestA}, ""},
		"by a container that is gone": {alert.Alert{Alert: inspect.Alert{ContainerID: "999999999999"}}, ""},
		"by nothing":                  {alert.Alert{}, ""},
	} {
		p, err := l.PodOf(t.Context(), c, &tt.alert)
		got := ""
		if p != nil {
			got = p.Name
		}
		if got != tt.want || err != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	c.pods, c.err = nil, unread
	if p, err := l.PodOf(
		t.Context(), c, &alert.Alert{Alert: inspect.Alert{Namespace: "shop", Pod: "web-0", ContainerID: hex64[:12]}},
	); p != nil || !errors.Is(err, unread) {
		t.Errorf("what may not be read is not gone: %v, %v", p, err)
	}
}

// A selector chooses rows. The pods that it leaves out are known all the same: their alerts are not those of no pod,
// and they are counted.
func TestASelectorHidesPodsAndCountsTheFlaggedOnes(t *testing.T) {
	web, db := webPod("web-1", containerOf("a"), digestA), webPod("db-0", containerOf("b"), digestA)
	db.UID, db.Labels = "u-db", map[string]string{"app": "db"}
	c := &fakeCluster{pods: []*corev1.Pod{web, db}}
	l := lister(t, c, said("R", "Critical", containerOf("a"), "web-1"))
	l.Tracker.Show(func(p *corev1.Pod) bool { return p.Labels["app"] == "db" })
	l.Selector = "-l app=db"
	list, err := l.Once(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if got := rows(list); got != "db-0" || len(list.Unmatched) != 0 {
		t.Errorf("rows %q, %d alerts without a pod", got, len(list.Unmatched))
	}
	if got := texts(list.Notices); !strings.Contains(got, "1 flagged pod not listed, by the selector -l app=db") {
		t.Errorf("notices: %s", got)
	}
	// The labels of a pod change while it runs.
	web.Labels = map[string]string{"app": "db"}
	l.Tracker.Add([]corev1.Pod{*web})
	if list, _ := l.Tracker.List(l.Sources.Store); rows(list) != "web-1!R, db-0" || list.Hidden != 0 {
		t.Errorf("after a change of labels: %q, %d hidden", rows(list), list.Hidden)
	}
}
