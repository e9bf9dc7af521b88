package main

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/triage"
	"github.com/backtrail/backtrail/kube"
)

// demoAlerts names the source of the demo's alerts.
const demoAlerts = "the demo"

// stdinAlerts reports that alerts are read from stdin.
func (f *flags) stdinAlerts() bool { return f.alerts == "-" }

// alertSources returns the sources that the flags name.
func (s *session) alertSources() *triage.AlertSources {
	sources := &triage.AlertSources{Store: alert.NewStore(0), Stdin: s.std.in, FromStdin: s.flags.stdinAlerts()}
	if !sources.FromStdin {
		sources.File = s.flags.alerts
	}
	if s.flags.clusterAlerts {
		sources.Cluster = func() (kube.Source, error) { return s.openCluster() }
	}
	sources.OnStdinWait = func() {
		fmt.Fprintln(s.std.err,
			"reading alerts from stdin until it ends; ctrl+c stops (a log that goes on: leave out its -f, or use "+
				"the terminal UI)")
	}
	return sources
}

// caseAlerts returns what turns alerts into events.
func (s *session) caseAlerts() *triage.CaseAlerts {
	return &triage.CaseAlerts{Sources: s.alerts, Keep: func(digest, data string) error {
		if store := s.client.Store(); !store.Has(digest) {
			return store.Put(digest, []byte(data))
		}
		return nil
	}}
}

// podLister returns what lists the pods of the cluster with their alerts. The cluster and the clock are those of the
// session at the time of the call.
func (s *session) podLister() *triage.Lister {
	describe := func(pod *corev1.Pod) inspect.Pod { return subject.FromPod(pod, nil) }
	return &triage.Lister{
		Tracker: triage.NewPodTracker(describe), Sources: s.alerts, Namespace: s.flags.namespace,
		Relist:  triage.RelistEvery,
		Cluster: func() (kube.Source, error) { return s.openCluster() }, Now: func() time.Time { return s.now() },
	}
}
