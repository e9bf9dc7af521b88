package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/kube"
)

// world is a dump with a Deployment of two pods, into one of which something was injected, a CronJob's pod and a bare
// pod.
func world(t *testing.T) *kube.Snapshot {
	t.Helper()
	digest := "sha256:" + strings.Repeat("a", 64)
	pod := func(name, owner string, labels string, containers ...string) string {
		var spec, status []string
		for _, c := range containers {
			spec = append(spec, fmt.Sprintf(`{"name":%q,"image":"reg.example/%s:1"}`, c, c))
			status = append(status, fmt.Sprintf(`{"name":%q,"imageID":"reg.example/%s@%s"}`, c, c, digest))
		}
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":%q,"labels":{%s},
			"creationTimestamp":"2026-03-0%dT00:00:00Z","ownerReferences":[%s]},"spec":{"containers":[%s]},
			"status":{"phase":"Running","containerStatuses":[%s]}}`, name, labels, len(containers), owner,
			strings.Join(spec, ","), strings.Join(status, ","))
	}
	template := `"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"reg.example/web:1"}]}}`
	set := `{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5d4","uid":"r1","controller":true}`
	job := `{"apiVersion":"batch/v1","kind":"Job","name":"backup-1","uid":"j1","controller":true}`
	items := []string{
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"namespace":"shop","name":"web","uid":"d1"},"spec":{` + template + `}}`,
		`{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"namespace":"shop","name":"web-5d4","uid":"r1","ownerReferences":[
			{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"d1","controller":true}]},"spec":{` + template + `}}`,
		`{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"namespace":"shop","name":"backup","uid":"c1"},"spec":{"jobTemplate":{"spec":{` + template + `}}}}`,
		`{"apiVersion":"batch/v1","kind":"Job","metadata":{"namespace":"shop","name":"backup-1","uid":"j1","ownerReferences":[
			{"apiVersion":"batch/v1","kind":"CronJob","name":"backup","uid":"c1","controller":true}]},"spec":{` + template + `}}`,
		pod("web-5d4-a", set, `"app":"web"`, "web"),
		pod("web-5d4-b", set, `"app":"web"`, "web", "miner"),
		pod("backup-1-x", job, `"app":"backup"`, "web"),
		pod("alone", "", `"app":"alone"`, "web"),
	}
	s, err := kube.ParseSnapshot("dump.json", []byte(`{"apiVersion":"v1","kind":"List","items":[`+strings.Join(items, ",")+`]}`))
	must(t, err)
	return s
}

func TestPlacesAreContainersOfWorkloads(t *testing.T) {
	l, err := audit.List(t.Context(), world(t), audit.Selection{})
	must(t, err)
	got := map[string]audit.Place{}
	for _, p := range l.Places {
		got[p.Workload+" "+p.Container] = p
	}
	if len(got) != 4 || l.Listed() != 4 {
		t.Fatalf("places %+v", l.Places)
	}
	web := got["deployment/web web"]
	if web.Pods != 2 || web.Injected == nil || *web.Injected || web.Since.Day() != 1 {
		t.Errorf("web %+v", web)
	}
	if miner := got["deployment/web miner"]; miner.Injected == nil || !*miner.Injected || miner.Pods != 1 {
		t.Errorf("injected %+v", miner)
	}
	if _, ok := got["cronjob/backup web"]; !ok {
		t.Error("the CronJob above a Job is not the workload")
	}
	if alone := got["pod/alone web"]; alone.Injected != nil {
		t.Error("no template says what a bare pod was asked to have, and still it does")
	}
	units := audit.Units(l.Places)
	if len(units) != 2 || len(units[1].References) != 1 {
		t.Errorf("the same bytes are examined twice: %+v", units)
	}
}

func TestSelections(t *testing.T) {
	set, err := labels.Parse("app in (web,alone)")
	must(t, err)
	equal, err := labels.Parse("app=backup")
	must(t, err)
	for name, tt := range map[string]struct {
		sel  audit.Selection
		want int
	}{
		"a set of labels":   {audit.Selection{Labels: set}, 3},
		"one label":         {audit.Selection{Labels: equal}, 1},
		"an image":          {audit.Selection{Image: "reg.example/miner"}, 1},
		"a digest":          {audit.Selection{Image: strings.Repeat("a", 20)}, 4},
		"another namespace": {audit.Selection{Namespaces: []string{"other"}}, 0},
	} {
		l, err := audit.List(t.Context(), world(t), tt.sel)
		if err != nil || len(l.Places) != tt.want {
			t.Errorf("%s: %d places, want %d (%v)", name, len(l.Places), tt.want, err)
		}
	}
}

func TestPlatformOfTheFlagIsThatOfEveryPlace(t *testing.T) {
	l, err := audit.List(t.Context(), world(t), audit.Selection{Platform: "linux/arm64"})
	must(t, err)
	for _, u := range audit.Units(l.Places) {
		if u.Platform != "linux/arm64" || !strings.HasSuffix(u.Key, " linux/arm64") {
			t.Errorf("unit %+v", u)
		}
	}
}
