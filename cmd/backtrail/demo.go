package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/demo"
	"github.com/backtrail/backtrail/inspect/journal"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/vuln"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
	"github.com/backtrail/backtrail/tui"
)

// demoName is the dump of the built-in incident that opens by itself; the others are named as their stories are. It is
// named as a person's dump is (--snapshot), so that the context of its case reads "snapshot demo".
const demoName = "demo"

// demoCommand is the verb demo. It uses the code of a real case throughout: a registry on loopback, a dump in place of
// a cluster, alerts in Falco's form. Only the data is made up.
func demoCommand(f *flags, std streams) *cobra.Command {
	var own inspectFlags
	var tour bool
	cmd := &cobra.Command{
		Use:       "demo [" + strings.Join(storyNames(), "|") + "]",
		Short:     "Open the terminal UI on a built-in incident; needs no cluster, registry or network",
		Long:      demoHelp(),
		Args:      oneStory,
		ValidArgs: storyNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := own.checkExport(cmd); err != nil {
				return err
			}
			if tour && (own.export != "" || !f.interactive(std)) {
				return usage("--tour needs a terminal, and no --export, --plain or -o")
			}
			story, _ := demo.Named(strings.Join(args, ""))
			if tour && story.Name != "" {
				return usage("--tour walks through the incident that opens without a name, not %q", story.Name)
			}
			return runDemo(cmd.Context(), f, std, own, story, tour)
		},
	}
	cmd.Flags().StringVar(&own.export, "export", "", "write the evidence bundle to `PATH` (without the terminal UI)")
	cmd.Flags().StringVar(&own.layers, "layers", "suspect", "layers in the bundle: all, suspect or none")
	cmd.Flags().BoolVar(&tour, "tour", false, "walk through the seven questions of an incident, step by step")
	return cmd
}

// storyNames are the built-in incidents that have to be named.
func storyNames() []string {
	var names []string
	for _, s := range demo.Stories() {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	return names
}

func demoHelp() string {
	var b strings.Builder
	b.WriteString("Open the terminal UI on a built-in incident; needs no cluster, registry or network.\n" +
		"Without a terminal, or with --plain, the report of its flagged pod is printed.\n\nIncidents:\n")
	for _, s := range demo.Stories() {
		fmt.Fprintf(&b, "  %-24s  %s\n", strings.TrimSpace("backtrail demo "+s.Name), s.Summary)
	}
	return b.String()
}

// oneStory refuses what is not the name of one incident.
func oneStory(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if _, ok := demo.Named(args[0]); !ok || args[0] == "" {
		return usage("there is no built-in incident %q; there are: %s, and the one that opens without a name",
			args[0], strings.Join(storyNames(), ", "))
	}
	if len(args) > 1 {
		return usage("backtrail demo takes one incident, not also %q", args[1])
	}
	return nil
}

// tourOf is the walk through the incident: the seven questions of whoever is called at night, each with where its
// answer stands and the key that leads to the next one. A text has two lines of a terminal of 80 columns. What they
// state of the incident is compared with the screen by a test.
func tourOf(pod string) []tui.TourStep {
	step := func(at, text string) tui.TourStep { return tui.TourStep{At: at, Text: text} }
	return []tui.TourStep{
		step("pods", "Falco flagged pod "+pod+". Seven questions follow, each with one key. "+
			"Press enter: open its case."),
		step("overview", "1 Which file is suspicious? WHAT: a miner, part of the image: a restart brings it back. "+
			"Press 2: its layer."),
		step("layers", "2 Which layer and build step? Layer 6, COPY fonts/ /, one of two that the previous image "+
			"lacks. Press 3: who signed."),
		step("signatures", "3 Who signed, who should have? Nobody; release.yml of shop-example is required. "+
			"Press 4: provenance."),
		step("provenance", "4 How does the provenance differ? The previous image had a builder and a source, "+
			"this has none. Press 5: what changed."),
		step("packages", "5 What changed? xz-utils and liblzma5 are now 5.6.1, a known compromise. "+
			"Press 1: why nothing blocked it."),
		step("overview", "6 Why not blocked? MISSED: shop-images would deny it, but namespace shop lacks a label. "+
			"Press x, then enter: export."),
		step("exported", "7 Hand it over: the bundle was read back, and Y copies how to verify it. Enter closes, "+
			"q quits. On a cluster: backtrail"),
	}
}

// runDemo shows the built-in incident. Its cache is a folder of its own that is gone afterwards, so that it always
// begins cold and leaves nothing but the case.
func runDemo(ctx context.Context, f *flags, std streams, own inspectFlags, story demo.Story, tour bool) error {
	if err := f.checkOutput(outputs...); err != nil {
		return err
	}
	// Its registry listens on loopback, on a port that the system chooses, for as long as the incident is open.
	incident, err := story.Start(ctx)
	if err != nil {
		return fmt.Errorf("making the demo: %w", err)
	}
	defer incident.Close()
	dir, err := os.MkdirTemp("", "backtrail-demo-")
	if err != nil {
		return fmt.Errorf("making a place for the demo: %w", err)
	}
	defer os.RemoveAll(dir)
	// An export is for scripts and demonstrations of the bundle: a terminal UI would wait for a key before it.
	plain := own.export != "" || !f.interactive(std)
	s, err := demoSession(f, std, cmp.Or(story.Name, demoName), incident, dir)
	if err != nil {
		return err
	}
	defer s.close()
	if !plain {
		// audit and where of the terminal UI have what this demo has found, and no other one
		s.records = journal.Path(dir)
		if tour {
			s.tour = tourOf(incident.Pod)
		}
		return s.showPods(ctx)
	}
	p, err := targetOpener{s}.prepare(ctx, "pod/"+incident.Pod)
	if err != nil {
		return err
	}
	return s.headless(ctx, p, own)
}

// asNamed records the requests to the demo's registry under the name that it stands for: its port is the system's
// choice, and two runs give the same case. Its clock is not that of the incident, so no offset is measured.
func asNamed(maps []string, emit func(inspect.Event)) (func(registry.Request), func(host, user, source string)) {
	from, to, _ := strings.Cut(strings.Join(maps, ""), "=")
	named := func(address string) string { return strings.ReplaceAll(address, to, from) }
	account := accountsTo(emit)
	return func(r registry.Request) {
			r.URL = named(r.URL)
			emit(requestEvent(r))
		}, func(host, user, source string) {
			account(named(host), user, source)
		}
}

// demoSession is a session in which cluster, registry, trust, expectations, alerts and clock are the incident's, and
// nothing is of the person: no journal, no vulnerability database, no name. Two runs therefore give the same case,
// byte by byte, on any machine; a test compares them.
//
// The incident's trust root signs anything for anyone, since its keys are in the source. It counts in this session, and
// where verify is given --demo; no other command takes it.
func demoSession(f *flags, std streams, name string, incident *demo.Incident, dir string) (*session, error) {
	f.cache, f.namespace, f.offline = dir, incident.Namespace, true
	f.registryMaps = []string{incident.RegistryMap.From + "=" + incident.RegistryMap.To}
	s, err := newSession(f, std)
	if err != nil {
		return nil, err
	}
	root, err := signature.NewRoot(incident.TrustedRoot, inspect.TrustFile, "the demo")
	if err != nil {
		return nil, err
	}
	s.journal, s.passing = "", true // nothing of it ever ran: backtrail where must not find it
	s.facts = filepath.Join(dir, "facts")
	s.trust, s.expected = signature.FixedTrust(root), incident.Expected
	s.alerts.Preset, s.alerts.PresetName = bytes.NewReader(incident.Alerts), demoAlerts
	s.vulns = vuln.NewData(filepath.Join(dir, "no-database"), "") // the demo is the same on every machine
	s.now = func() time.Time { return incident.Now }
	s.choice = &subject.Choice{By: "responder@demo"}
	s.openCluster = func() (kube.Source, error) { return kube.ParseSnapshot(name, incident.Snapshot) }
	return s, nil
}
