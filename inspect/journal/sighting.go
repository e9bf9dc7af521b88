package journal

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Place is where something runs: a container of a workload.
type Place struct {
	// Names are as the cluster has them, uncleaned: they are compared, and cleaned where they are shown.
	Cluster   string `json:"cluster"` // the context of the kubeconfig, or the saved dump
	Namespace string `json:"namespace"`
	Workload  string `json:"workload"` // see WorkloadOf
	Container string `json:"container"`
}

// Sighting is that a container of a workload was seen to run an image. Digest is that of the manifest where it is
// known, else what the node reports, which may be an index's.
type Sighting struct {
	Cluster   string
	Namespace string
	Workload  string // see WorkloadOf
	Container string
	Reference string // as the pod names it
	Digest    string
	At        time.Time
}

// Place is where the image was seen.
func (s Sighting) Place() Place { return Place{s.Cluster, s.Namespace, s.Workload, s.Container} }

// Run is what the sightings of one image under one reference in one container come to.
type Run struct {
	Place
	Reference string       `json:"reference"`
	Digest    string       `json:"digest"`
	First     inspect.Time `json:"firstSeen"`
	Last      inspect.Time `json:"lastSeen"`
}

// WorkloadOf names the workload of a pod: kind and name of its topmost owner, as deployment/web, or pod/web-0 where
// nothing owns it. A list of pods has no Deployments, whose ReplicaSets are named after them.
func WorkloadOf(p *inspect.Pod) string {
	if len(p.Owner) == 0 {
		return "pod/" + p.Name
	}
	kind := strings.ToLower(p.Owner[len(p.Owner)-1].Kind)
	if kind == "replicaset" && p.Workload() != p.Owner[len(p.Owner)-1].Name {
		kind = "deployment"
	}
	return kind + "/" + p.Workload()
}

// SightingsOf are the images that the pods of a list were seen to run: since each container was started, as the kubelet
// reports, until the list was read. A dump was read at a time that proves nothing about its pods: of these only the
// start counts. Containers whose node has not reported a digest are left out, and times that are ahead of the clock.
func SightingsOf(list *inspect.PodList, at time.Time) []Sighting {
	live := !strings.HasPrefix(list.Context, snapshotContext)
	var all []Sighting
	for n := range list.Pods {
		p := &list.Pods[n].Pod
		workload := WorkloadOf(p)
		for _, k := range p.Containers {
			s := Sighting{
				Cluster: list.Context, Namespace: p.Namespace, Workload: workload, Container: k.Name,
				Reference: k.Reference, Digest: k.Digest(),
			}
			if s.Digest == "" {
				continue
			}
			if start := k.Started; !start.IsZero() && !start.After(at) {
				s.At = start.Time
				all = append(all, s)
			}
			if live {
				s.At = at
				all = append(all, s)
			}
		}
	}
	return all
}

// See records sightings, in one change. Those without a digest or a time are left out: nothing follows from them.
func (j *Journal) See(ctx context.Context, all []Sighting) error {
	if len(all) == 0 {
		return nil
	}
	return j.change(ctx, "recording what runs", func(w *writer) error {
		for _, s := range all {
			if s.Digest == "" || s.At.IsZero() {
				continue
			}
			if err := w.see(s.Place(), s.Reference, s.Digest, s.At.UnixMilli(), s.At.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
}

// see widens the time in which an image was seen at a place.
func (w *writer) see(p Place, reference, digest string, first, last int64) error {
	place, err := w.place(p)
	if err != nil {
		return err
	}
	// One row for each image at a place: what came back later widens its time, and where two images ran in turn their
	// times overlap.
	return w.run(`INSERT INTO sighting (place, reference, digest, first, last) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
		place, reference, digest, first, last)
}

// place returns the number of a place.
func (w *writer) place(p Place) (int64, error) {
	return w.idOf("SELECT id FROM place WHERE cluster = ? AND namespace = ? AND workload = ? AND container = ?",
		"INSERT INTO place (cluster, namespace, workload, container) VALUES (?, ?, ?, ?)",
		p.Cluster, p.Namespace, p.Workload, p.Container)
}

// runColumns are what scanRun reads, of sighting s and place p.
const runColumns = "p.cluster, p.namespace, p.workload, p.container, s.reference, s.digest, s.first, s.last"

// runOrder makes lists of runs the same every time: by place, the newest first.
const runOrder = " ORDER BY p.cluster, p.namespace, p.workload, p.container, s.last DESC, s.reference, s.digest"

func scanRun(r *sql.Rows) (run Run, err error) {
	var first, last int64
	err = r.Scan(&run.Cluster, &run.Namespace, &run.Workload, &run.Container, &run.Reference, &run.Digest,
		&first, &last)
	run.First, run.Last = timeOf(first), timeOf(last)
	return run, err
}

func (j *Journal) runs(ctx context.Context, where string, args ...any) ([]Run, error) {
	var all []Run
	err := j.query(ctx, "reading what ran", func(r *sql.Rows) error {
		run, err := scanRun(r)
		all = append(all, run)
		return err
	}, "SELECT "+runColumns+" FROM sighting s JOIN place p ON p.id = s.place "+where+runOrder, args...)
	return all, err
}

// Runs lists all that was seen running, by place, the newest first.
func (j *Journal) Runs(ctx context.Context) ([]Run, error) { return j.runs(ctx, "") }

// RunsAt lists what was seen running in one container of a workload, the newest first.
func (j *Journal) RunsAt(ctx context.Context, p Place) ([]Run, error) {
	return j.runs(ctx, "WHERE p.cluster = ? AND p.namespace = ? AND p.workload = ? AND p.container = ?",
		p.Cluster, p.Namespace, p.Workload, p.Container)
}

// timeOf is the time of a column of milliseconds.
func timeOf(milliseconds int64) inspect.Time {
	if milliseconds == 0 {
		return inspect.Time{}
	}
	return inspect.At(time.UnixMilli(milliseconds))
}

// column is what is stored of a time.
func column(t inspect.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
