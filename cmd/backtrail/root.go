package main

import (
	"cmp"
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/kube"
)

// rootCommand is the command line: a verb a file. It is made anew for each run, since cobra keeps the values of flags
// in the commands.
//
// Errors and usage are printed by exitCode alone, in one form. What all verbs have in common is checked before any of
// them runs, in PersistentPreRunE: cobra calls only the innermost one, so that no verb may have its own.
func rootCommand(std streams) *cobra.Command {
	f := &flags{}
	root := &cobra.Command{
		Use:   "backtrail",
		Short: "Trace a running container image back to its origin",
		Long: `backtrail traces a running container image back to its origin: where it came from, how it got in, and
why it was not blocked. It is read-only.

Without a command it opens the terminal UI on the pods of the current kubeconfig context, flagged ones first. Pick
one and walk its layers, signatures, provenance, packages and unexpected executables; x exports the evidence bundle.

  backtrail demo                                  a built-in incident: no cluster, no registry, no network
  backtrail demo poisoned                         another one: signed, attested, and poisoned all the same
  backtrail --alerts falco.log                    the pods of this cluster with Falco's alerts; the file is followed
  backtrail --alerts-from-cluster                 the same with the alerts that the cluster itself has
  backtrail inspect pod/web-0 -n shop -o brief    one case, printed

` + topicList(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("there is no command %q; to inspect an image or a pod: backtrail inspect %[1]s", args[0])
			}
			return nil
		},
		RunE:              func(cmd *cobra.Command, _ []string) error { return f.browse(cmd.Context(), std) },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return checkLine(cmd, f) },
	}
	f.register(root.PersistentFlags())
	registerList(f, root.Flags())
	root.SetHelpCommand(helpCommand(std))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%w", err) })
	root.AddCommand(
		demoCommand(f, std), podsCommand(f, std), inspectCommand(f, std), diffCommand(f, std),
		auditCommand(f, std), whereCommand(f, std), journalCommand(f, std), casesCommand(f, std), openCommand(f, std),
		awareCommand(f, std), runtimeCommand(f, std), addCommand(f, std), custodyCommand(f, std),
		verifyCommand(f, std), verifyBlobCommand(f, std), policyCommand(f, std), rbacCommand(std),
		cacheCommand(f, std), dbCommand(f, std), thresholdsCommand(f, std), manCommand(std), versionCommand(f, std),
	)
	f.complete(root)
	if std.plugin {
		asPlugin(root)
	}
	return root
}

// pluginName is the file that kubectl looks for in $PATH to run `kubectl backtrail` (kubernetes.io, "Extend kubectl
// with plugins").
const pluginName = "kubectl-backtrail"

// isPlugin reports whether the program was started under that name: by kubectl, or by a link of krew.
func isPlugin(arg0 string) bool {
	return strings.TrimSuffix(filepath.Base(arg0), ".exe") == pluginName
}

// asPlugin makes usage and examples name the command as it was typed.
func asPlugin(cmd *cobra.Command) {
	if !cmd.HasParent() {
		cmd.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl backtrail"}
	}
	cmd.Long = inPluginWords(cmd.Long)
	for _, sub := range cmd.Commands() {
		asPlugin(sub)
	}
}

// commandStart finds the program's name where a command begins: at the begin of a line, or in a quotation.
var commandStart = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("(?m)(^ *|[`(;|] *)backtrail ([a-z-])")
})

// inPluginWords is a text whose commands are typed by way of kubectl.
func inPluginWords(s string) string {
	return commandStart().ReplaceAllString(s, "${1}kubectl backtrail $2")
}

// checkLine checks what all verbs have in common, before any of them runs. The order matters: a flag that the verb does
// not use is refused by name, before its value is looked at; and settings of config.yaml, which are for all verbs, come
// after that.
func checkLine(cmd *cobra.Command, f *flags) error {
	if err := checkFlags(cmd); err != nil {
		return err
	}
	if slices.Contains(oneForm, strings.TrimPrefix(cmd.CommandPath(), "kubectl ")) {
		if err := f.checkOutput("plain"); err != nil {
			return err
		}
	}
	if err := useSettings(cmd); err != nil {
		return err
	}
	if err := checkCluster(f); err != nil {
		return err
	}
	f.given = givenFlags(cmd)
	return f.checkListen(cmd.HasParent() && cmd.Name() != "demo", cmd.CommandPath())
}

// completeTimeout bounds what a press of the tab key waits for a cluster. Nothing is offered afterwards, as where there
// is nothing.
const completeTimeout = 2 * time.Second

// maxCompleted bounds the names that are offered: a shell lists all of them.
const maxCompleted = 1000

// complete registers what shells offer for arguments and flags. All of it is read-only, and silent: an error, or a line
// of a credential plugin, would be drawn into the command that is being typed.
func (f *flags) complete(root *cobra.Command) {
	offer := func(names func(context.Context) []string) cobra.CompletionFunc {
		return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			ctx, stop := context.WithTimeout(cmd.Context(), completeTimeout)
			defer stop()
			var fit []string
			// A name of a cluster with control characters is left out: the shell would print it as it is.
			for _, n := range names(ctx) {
				if len(args) == 0 && len(fit) < maxCompleted && strings.HasPrefix(n, typed) && text.Clean(n) == n {
					fit = append(fit, n)
				}
			}
			return fit, cobra.ShellCompDirectiveNoFileComp
		}
	}
	cases := offer(caseNames)
	for _, path := range []string{
		"open", "aware", "runtime", "add", "custody add", "custody show", "thresholds explain", "policy draft",
	} {
		cmd, _, err := root.Find(strings.Fields(path))
		if err != nil {
			continue
		}
		cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string,
			cobra.ShellCompDirective,
		) {
			names, _ := cases(cmd, args, typed)
			return names, cobra.ShellCompDirectiveDefault // a bundle is a path
		}
	}
	if cmd, _, err := root.Find([]string{"inspect"}); err == nil {
		pods := offer(f.podNames)
		cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string,
			cobra.ShellCompDirective,
		) {
			if !strings.HasPrefix(typed, "pod/") { // an image or a path: no cluster is read for these
				return []string{"pod/"}, cobra.ShellCompDirectiveNoSpace
			}
			if name, _, inPod := strings.Cut(strings.TrimPrefix(typed, "pod/"), ":"); inPod {
				containers := offer(func(ctx context.Context) []string { return f.containerNames(ctx, name) })
				return containers(cmd, args, typed)
			}
			return pods(cmd, args, typed)
		}
	}
	flag := func(names func(context.Context) []string) cobra.CompletionFunc {
		complete := offer(names)
		return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return complete(cmd, nil, typed)
		}
	}
	_ = root.RegisterFlagCompletionFunc("context", flag(f.contextNames)) // it fails for a flag that is not there
	_ = root.RegisterFlagCompletionFunc("namespace", flag(f.namespaceNames))
	_ = root.RegisterFlagCompletionFunc("output", flag(func(context.Context) []string { return outputs }))
}

// caseNames are the names of the cases on this disk, the newest first. Their summaries are read, and no ledger that has
// one: hundreds of cases are listed within the time that a person waits for the tab key.
func caseNames(ctx context.Context) (names []string) {
	_, saved, _ := savedCases(ctx)
	for _, c := range saved {
		names = append(names, c.ID)
	}
	return names
}

// silentCluster opens the cluster of the flags, without a word on the terminal and without its input.
func silentCluster(f *flags) (kube.Source, error) {
	if f.snapshot != "" {
		return kube.LoadSnapshot(context.Background(), f.snapshot)
	}
	// Without Warn and Waiting nothing is printed; a credential plugin that needs input fails at once.
	return kube.Open(kube.Options{
		Kubeconfig: f.kubeconfig, Context: f.context, Namespace: f.namespace, Overrides: f.overrides,
		InCluster: f.inCluster, UserAgent: "backtrail/" + version, NoStdin: true,
	})
}

// contextNames are the contexts of the kubeconfig. The one that is being typed is not one of them yet.
func (f *flags) contextNames(context.Context) []string {
	c, err := kube.Open(kube.Options{Kubeconfig: f.kubeconfig, NoStdin: true})
	if err != nil {
		return nil
	}
	return c.Contexts()
}

// namespaceNames are the namespaces that have pods, sorted. They are taken from the pods and not from the list of
// namespaces: the least role of `backtrail rbac` lists both, and a responder often may list pods only.
func (f *flags) namespaceNames(ctx context.Context) []string {
	return namesOf(ctx, f, kube.Scope{}, func(p *corev1.Pod) string { return p.Namespace })
}

// podNames are the pods of the namespace of -n, else of the context, as targets.
func (f *flags) podNames(ctx context.Context) []string {
	cluster, err := silentCluster(f)
	if err != nil {
		return nil
	}
	return namesOf(ctx, f, kube.Scope{Namespaces: []string{cmp.Or(f.namespace, cluster.Namespace())}},
		func(p *corev1.Pod) string { return "pod/" + p.Name })
}

// containerNames are the containers of a pod, as targets.
func (f *flags) containerNames(ctx context.Context, name string) (names []string) {
	cluster, err := silentCluster(f)
	if err != nil {
		return nil
	}
	pod, err := cluster.Pod(ctx, cmp.Or(f.namespace, cluster.Namespace()), name)
	if err != nil {
		return nil
	}
	for _, c := range kube.Containers(pod, nil) {
		names = append(names, "pod/"+name+":"+c.Name)
	}
	return names
}

// namesOf are the different names that pods of a scope have, sorted, as far as they came in time.
func namesOf(ctx context.Context, f *flags, scope kube.Scope, of func(*corev1.Pod) string) []string {
	cluster, err := silentCluster(f)
	if err != nil {
		return nil
	}
	var names []string
	_, _ = cluster.Pods(ctx, scope, func(page []corev1.Pod) error {
		for i := range page {
			names = append(names, of(&page[i]))
		}
		return ctx.Err()
	})
	slices.Sort(names)
	return slices.Compact(names)
}
