package journal

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// snapshotContext begins the context of a case about a saved dump of a cluster.
const snapshotContext = "snapshot "

// Fold records what a case found: the facts of its images, where they run, which alerts there were and which findings.
// files gives the files of an image's merged tree, see FilesOf; where it fails, the facts are those of depth Packages.
// What the case did not come to is not recorded, so that a partial case can be folded, and folded again later.
func (j *Journal) Fold(ctx context.Context, c *inspect.Case, files func(inspect.Image) ([]File, error)) error {
	var failed []error
	for _, i := range c.Images {
		depth := DepthOf(c, i.Container)
		// it is not known which image runs: there is nothing to store facts under
		if depth < Identity {
			continue
		}
		var of []File
		if depth == Full && files != nil {
			var err error
			if of, err = files(i); err != nil {
				failed = append(failed, err)
			}
		}
		failed = append(failed, j.Put(ctx, FactsOf(c, i.Container, of)))
	}
	if c.Pod == nil {
		return errors.Join(failed...)
	}
	return errors.Join(errors.Join(failed...), j.See(ctx, sightingsOf(c)), j.foldAlerts(ctx, c), j.foldFindings(ctx, c))
}

// placeOf is the place of a container of the case's pod.
func placeOf(c *inspect.Case, container string) Place {
	return Place{
		Cluster: c.Target.Context, Namespace: c.Pod.Namespace, Workload: WorkloadOf(c.Pod),
		Container: container,
	}
}

// sightingsOf are the images that the case's pod was seen to run: since its container was started, as the kubelet
// reports, until now. A dump and a pod that is gone were seen in the past, and prove nothing about now.
func sightingsOf(c *inspect.Case) []Sighting {
	var all []Sighting
	// AsOf of a live case is when it was looked at, and the pod was there then. Of a dump it is when the file was read,
	// which proves nothing about the pod.
	live := c.Target.Kind != inspect.TargetAlert && !strings.HasPrefix(c.Target.Context, snapshotContext)
	for _, k := range c.Pod.Containers {
		p := placeOf(c, k.Name)
		s := Sighting{
			Cluster: p.Cluster, Namespace: p.Namespace, Workload: p.Workload, Container: p.Container,
			Reference: k.Reference, Digest: digestOf(c, k),
		}
		for _, at := range timesOf(c, k, live) {
			s.At = at
			all = append(all, s)
		}
	}
	return all
}

// timesOf are the times at which a container is known to have been there.
func timesOf(c *inspect.Case, k inspect.Container, live bool) []time.Time {
	var all []time.Time
	for _, t := range []inspect.Time{c.Pod.Created, k.Started} {
		if !t.IsZero() && !t.After(c.AsOf().Time) { // a clock that is ahead proves nothing
			all = append(all, t.Time)
		}
	}
	if len(all) > 1 && k.Restarts == 0 {
		all = all[1:] // the image was pulled and started after the pod was made
	}
	if live {
		all = append(all, c.AsOf().Time)
	}
	for _, a := range c.Alerts {
		if a.Subject == k.Name && a.Match != inspect.MatchNone && !a.Earlier && !a.Time.After(c.AsOf().Time) {
			all = append(all, a.Newest().Time)
		}
	}
	return all
}

// digestOf is the digest of the manifest that a container runs, else what the node reports.
func digestOf(c *inspect.Case, k inspect.Container) string {
	if i, ok := c.Image(k.Name); ok && i.Resolved() && i.Key() != "" {
		return i.Key()
	}
	return k.Digest()
}

// foldAlerts records which rules matched which image at which place: an image that ran without any is a better
// known-good.
func (j *Journal) foldAlerts(ctx context.Context, c *inspect.Case) error {
	if len(c.Alerts) == 0 {
		return nil
	}
	return j.change(ctx, "recording alerts", func(w *writer) error {
		for _, a := range c.Alerts {
			i, ok := c.Image(a.Subject)
			// An alert that matches no container, or is about an earlier one, is no mark against the image that runs
			// now.
			if !ok || a.Match == inspect.MatchNone || a.Earlier || i.Key() == "" {
				continue
			}
			place, err := w.place(placeOf(c, a.Subject))
			if err != nil {
				return err
			}
			err = w.putAlert(place, i.Key(), a.Name(), column(a.Time), column(a.Newest()))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *writer) putAlert(place int64, digest, rule string, first, last int64) error {
	return w.run(`INSERT INTO alert (place, digest, rule, first, last) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
		place, digest, rule, first, last)
}

// foldFindings records the findings of each container. A container is looked at in full if no check of it is blocked.
func (j *Journal) foldFindings(ctx context.Context, c *inspect.Case) error {
	var failed []error
	for _, i := range c.Images {
		if i.Key() == "" {
			continue
		}
		var of []inspect.Finding
		for _, f := range c.Findings {
			if f.Subject == i.Container || strings.HasPrefix(f.Subject, i.Container+":") {
				of = append(of, f)
			}
		}
		// Closing needs a look that could have found it: every check about this image, or about the whole case, ended.
		complete := c.End != nil && c.End.Status == inspect.CheckDone
		for _, s := range c.Checks {
			if s.Status == inspect.CheckBlocked && (s.Container == i.Container || s.Container == "") {
				complete = false
			}
		}
		failed = append(failed, j.PutFindings(ctx, placeOf(c, i.Container), i.Key(), c.AsOf().Time, of, complete))
	}
	return errors.Join(failed...)
}

// Record opens the journal at a path, has f change it, and closes it. A file that turns out to be damaged while f
// works is set aside, and f is tried once more on a new one. notice describes that for a person.
func Record(ctx context.Context, path string, f func(*Journal) error) (notice string, err error) {
	notice, err = record(ctx, path, f)
	if !errors.Is(err, ErrDamaged) {
		return notice, err
	}
	if notice, err = SetAside(path); err != nil {
		return "", err
	}
	_, err = record(ctx, path, f)
	return notice, err
}

func record(ctx context.Context, path string, f func(*Journal) error) (notice string, err error) {
	j, err := Open(ctx, path)
	if err != nil {
		return "", err
	}
	return j.Notice(), errors.Join(f(j), j.Close())
}
