package triage

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/kube"
)

// describe is what the cases need of a pod.
func describe(p *corev1.Pod) inspect.Pod {
	d := inspect.Pod{
		Name: p.Name, Namespace: p.Namespace, UID: string(p.UID), Created: inspect.At(p.CreationTimestamp.Time),
	}
	for _, o := range p.OwnerReferences {
		d.Owner = append(d.Owner, inspect.Owner{Kind: o.Kind, Name: o.Name, UID: string(o.UID)})
	}
	for _, c := range kube.Containers(p, nil) {
		d.Containers = append(d.Containers, inspect.Container{Name: c.Name, Reference: c.Reference, ImageID: c.ImageID})
	}
	return d
}

// Alerts that name an image only fit many pods: they flag them all, but not without a bound.
func TestAlertsThatFitManyPodsAreBounded(t *testing.T) {
	tracker, store := NewPodTracker(describe), alert.NewStore(0)
	var pods []corev1.Pod
	for n := range 100 {
		pods = append(pods, *webPod(fmt.Sprintf("web-%05d", n), containerOf("a"), digestA))
	}
	tracker.Add(pods)
	feed := store.Open(alert.KindFile, "x")
	say := func(n int) {
		var lines strings.Builder
		for i := range n {
			fmt.Fprintf(
				&lines,
				`{"rule":"R","output_fields":{"container.image.repository":"reg.example/web","container.image.tag":"1","container.id":"%012x","proc.exepath":"/bin/%d"}}`+"\n",
				n*1_000_000+i, i,
			)
		}
		if _, err := alert.Scan(
			strings.NewReader(lines.String()), alert.Limits{},
			func(b alert.Batch) bool { feed.Append(b); return true },
		); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (flagged, alerts, crowded int) {
		l, _ := tracker.List(store)
		for _, p := range l.Pods {
			if len(p.Alerts) > 0 {
				flagged++
			}
			alerts += len(p.Alerts)
		}
		return flagged, alerts, l.Crowded
	}
	say(2)
	if flagged, alerts, crowded := count(); flagged != 50 || alerts != 100 || crowded != 0 {
		t.Errorf("two alerts flag %d pods, %d times, %d at one only", flagged, alerts, crowded)
	}
	say(3000)
	if _, alerts, crowded := count(); alerts > maxSharedAlerts+3002 || crowded < 1900 {
		t.Errorf("3,002 alerts stand on the list %d times, %d at one pod only", alerts, crowded)
	}
}
