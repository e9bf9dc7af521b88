package journal_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/journal"
)

// listOf is a list of pods with one container, whose node reports an image under a digest.
func listOf(context, imageID string, started time.Time) *inspect.PodList {
	pod := inspect.Pod{
		Namespace: "shop", Name: "web-0", Owner: []inspect.Owner{{Kind: "StatefulSet", Name: "web"}},
		Containers: []inspect.Container{{
			Name: "app", Reference: "reg.example/web:1", ImageID: imageID, Started: inspect.At(started),
		}},
	}
	return &inspect.PodList{Context: context, Pods: []inspect.FlaggedPod{{Pod: pod}}}
}

func TestAListOfPodsIsASighting(t *testing.T) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	const id, digest = "reg.example/web@sha256:" +
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "sha256:" +
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for name, c := range map[string]struct {
		list        *inspect.PodList
		first, last time.Time // zero: nothing is recorded
	}{
		"of a cluster": {listOf("prod", id, at.Add(-time.Hour)), at.Add(-time.Hour), at},
		"of a dump": {
			listOf("snapshot d.json", id, at.Add(-time.Hour)), at.Add(-time.Hour), at.Add(-time.Hour),
		},
		"not started":        {listOf("prod", id, time.Time{}), at, at},
		"a clock ahead":      {listOf("prod", id, at.Add(time.Hour)), at, at},
		"nothing reported":   {listOf("prod", "", at), time.Time{}, time.Time{}},
		"a dump not started": {listOf("snapshot d.json", id, time.Time{}), time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			j, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "journal.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			for range 2 { // twice is once
				if err := j.See(t.Context(), journal.SightingsOf(c.list, at)); err != nil {
					t.Fatal(err)
				}
			}
			runs, err := j.Runs(t.Context())
			if err != nil || len(runs) > 1 || len(runs) == 1 == c.first.IsZero() {
				t.Fatalf("%d runs, %v", len(runs), err)
			}
			if len(runs) == 0 {
				return
			}
			r := runs[0]
			if r.Workload != "statefulset/web" || r.Digest != digest || !r.First.Equal(c.first) || !r.Last.Equal(c.last) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A tag that is moved leads back to what it meant before, by lists of pods alone: no case, no audit, no flag.
func TestTheFirstRolloutIsFoundFromTheSecondByTheJournalAlone(t *testing.T) {
	j, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	begin := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	id := func(c byte) string {
		b := make([]byte, 64)
		for n := range b {
			b[n] = c
		}
		return "reg.example/web@sha256:" + string(b)
	}
	for day := range 40 {
		at := begin.AddDate(0, 0, day)
		if err := j.See(t.Context(), journal.SightingsOf(listOf("prod", id('a'), begin), at)); err != nil {
			t.Fatal(err)
		}
	}
	second := begin.AddDate(0, 0, 40)
	seen := journal.SightingsOf(listOf("prod", id('b'), second), second.Add(time.Hour))
	if err := j.See(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	place := journal.Place{Cluster: "prod", Namespace: "shop", Workload: "statefulset/web", Container: "app"}
	now := id('b')[len("reg.example/web@"):]
	found, err := j.Candidates(t.Context(), place, "reg.example/web:1", now)
	if err != nil || len(found) == 0 {
		t.Fatalf("%d candidates, %v", len(found), err)
	}
	if best := found[0]; best.Digest != id('a')[len("reg.example/web@"):] || best.Why == "" || best.Confidence == "" {
		t.Errorf("%+v", best)
	}
}
