package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/journal"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/triage"
	"github.com/backtrail/backtrail/kube"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// podsCommand is the verb pods: the first screen of the terminal UI, printed once.
func podsCommand(f *flags, std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pods",
		Short: "Print the pods of the cluster, flagged ones first",
		Long: `Print the pods of the cluster or of a dump with the alerts about them, flagged ones first.

  backtrail pods --alerts falco.log -o wide       also node, account, owner and digests
  backtrail pods -l app=web -o name               names only, as kubectl prints them
  backtrail pods -n shop --field-selector spec.nodeName=node-3`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPods(cmd.Context(), f, std) },
	}
	registerList(f, cmd.Flags())
	return cmd
}

func runPods(ctx context.Context, f *flags, std streams) error {
	if err := f.checkOutput("plain", "wide", "name", "json", "yaml"); err != nil {
		return err
	}
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	return s.printPods(ctx)
}

// printPods prints the list as it stands at the end of reading: pods, alerts and what could not be read of either.
// Alert lines that are none are counted, and no error: a log always has some.
func (s *session) printPods(ctx context.Context) error {
	list, err := s.lister.Once(ctx, s.flags.wholeCluster())
	if err != nil {
		return err
	}
	s.recordSightings(ctx, &list)
	if s.flags.output == "json" || s.flags.output == "yaml" {
		text, err := inspect.EncodeJSON(list)
		if err == nil && s.flags.output == "yaml" {
			text, err = yaml.JSONToYAML(text)
		}
		if err != nil {
			return fmt.Errorf("encoding the list of pods: %w", err)
		}
		_, err = s.std.out.Write(text)
		return err
	}
	for _, n := range list.Notices {
		if list.Wrong != nil && n.Text == list.Wrong.Text {
			continue // the list begins with it
		}
		fmt.Fprintf(s.std.err, "%s: %s\n", n.Level, text.Clean(n.Text))
	}
	out, style := s.flags.textTo(s.std.out), s.flags.style(s.std.out)
	switch s.flags.output {
	case "name":
		return report.PodNames(out, list)
	case "wide":
		return report.PodsWide(out, list, style)
	default:
		return report.Pods(out, list, style)
	}
}

// recordSightings adds what runs to the journal: a tag that is moved tomorrow then has a yesterday, also for pods that
// no case was ever opened on. A list is printed whether or not it can be recorded.
func (s *session) recordSightings(ctx context.Context, list *inspect.PodList) {
	if s.journal == "" {
		return
	}
	j, err := journal.Open(ctx, s.journal)
	if err == nil {
		err = errors.Join(j.See(ctx, journal.SightingsOf(list, s.now())), j.Close())
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(s.std.err, "note: what runs was not recorded in the journal: %s\n", text.Clean(err.Error()))
	}
}

// wholeCluster reports whether lists show all namespaces: asked for, or nothing else was.
func (f *flags) wholeCluster() bool { return f.allNamespaces || f.namespace == "" }

// demoAlerts names the source of the demo's alerts.
const demoAlerts = "the demo"

// stdinAlerts reports that alerts are read from stdin.
func (f *flags) stdinAlerts() bool { return f.alerts == "-" }

// alertSources returns the sources that the flags name; nothing is read yet. The store of alerts is bounded (0: by its
// default), since a log may have millions of lines and an attacker can add to it.
func (s *session) alertSources() *triage.AlertSources {
	sources := &triage.AlertSources{Store: alert.NewStore(0), Stdin: s.std.in, FromStdin: s.flags.stdinAlerts()}
	if !sources.FromStdin {
		sources.File = s.flags.alerts
	}
	if s.flags.clusterAlerts {
		sources.Cluster = func() (kube.Source, error) { return s.openCluster() }
	}
	// A pipe whose writer never ends looks like a program that hangs: after a moment the line explains it.
	sources.OnStdinWait = func() {
		fmt.Fprintln(s.std.err,
			"reading alerts from stdin until it ends; ctrl+c stops (a log that goes on: leave out its -f, or use "+
				"the terminal UI)")
	}
	return sources
}

// caseAlerts returns what turns alerts into events. Their text is kept under its digest, as it came, so that a bundle
// has the line that an alert was read from.
func (s *session) caseAlerts() *triage.CaseAlerts {
	return &triage.CaseAlerts{Sources: s.alerts, Keep: func(digest, data string) error {
		if store := s.client.Store(); !store.Has(digest) {
			return store.Put(digest, []byte(data))
		}
		return nil
	}}
}

// podLister returns what lists the pods of the cluster with their alerts. The cluster and the clock are those of the
// session at the time of the call: the demo replaces both after the session was made.
func (s *session) podLister() *triage.Lister {
	describe := func(pod *corev1.Pod) inspect.Pod { return subject.FromPod(pod, nil) }
	tracker := triage.NewPodTracker(describe)
	if s.flags.filter != nil {
		tracker.Show(s.flags.filter.Picks)
	}
	return &triage.Lister{
		Tracker: tracker, Sources: s.alerts, Namespace: s.flags.namespace,
		Relist: triage.RelistEvery, Selector: s.flags.filter.String(),
		Cluster: func() (kube.Source, error) { return s.openCluster() }, Now: func() time.Time { return s.now() },
	}
}

// checkListen refuses an address that others could reach, and --listen where nothing is on screen that could show what
// comes. The webhook has no authentication: whoever reaches it can add alerts, and with them choose what a responder
// looks at first. Only loopback
// addresses are accepted; of names only localhost, which is taken for 127.0.0.1 and not resolved.
func (f *flags) checkListen(printed bool, what string) error {
	if f.listen == "" {
		return nil
	}
	if err := alert.CheckAddress(f.listen); err != nil {
		return &exitError{code: exitUsage, err: fmt.Errorf("--listen %s: %w", f.listen, err), hints: []string{
			"--listen 127.0.0.1:2801; from elsewhere a tunnel leads there: ssh -L, or ssh -R",
		}}
	}
	if !printed {
		return nil
	}
	return &exitError{
		code: exitUsage,
		err: fmt.Errorf("--listen takes alerts while the terminal UI is on screen; %s prints what there is, and "+
			"ends", what), hints: []string{
			"have falcosidekick or Falco write a file, and read it with --alerts FILE; or --alerts-from-cluster " +
				"reads what the cluster has",
		},
	}
}

// listenForAlerts opens the webhook's port: what is wrong with it is printed before the screen is taken.
func (s *session) listenForAlerts() error {
	if s.flags.listen == "" {
		return nil
	}
	hook, err := alert.Listen(s.flags.listen)
	if err != nil {
		return hinted(fmt.Errorf("--listen %s: %w", s.flags.listen, err),
			"another program may have the port (2801 is falcosidekick's own, and another backtrail may run): "+
				"choose another, such as 127.0.0.1:2802")
	}
	s.alerts.Webhook = hook
	return nil
}
