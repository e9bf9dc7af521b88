package main

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect/alert"
)

// Alerts that name an image only fit many pods: they flag them all, but not without a bound.
func TestAlertsThatFitManyPodsAreBounded(t *testing.T) {
	r, book := newRoster(), alert.NewBook(0, t.TempDir())
	defer book.Close()
	var pods []corev1.Pod
	for n := range 100 {
		pods = append(pods, webPod(fmt.Sprintf("web-7d9c5b6f48-%05d", n), "a", 0))
	}
	r.add(pods)
	feed := book.Open(alert.KindFile, "x")
	say := func(n int) {
		var lines strings.Builder
		for i := range n {
			fmt.Fprintf(&lines, `{"rule":"R","output_fields":{"container.image.repository":"127.0.0.1:1/web","container.image.tag":"1","container.id":"%012x","proc.exepath":"/bin/%d"}}`+"\n", n*1_000_000+i, i)
		}
		if _, err := alert.Scan(strings.NewReader(lines.String()), alert.Limits{}, func(b alert.Batch) bool { feed.Take(b); return true }); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (flagged, alerts, crowded int) {
		l, _ := r.list(book)
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
