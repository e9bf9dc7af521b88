package main

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/spf13/cobra"
)

// casesCommand is the verb cases. It reads summaries that each case keeps beside its events, and the events themselves
// where a summary is missing or older: the list is as right after a crash as before.
func casesCommand(f *flags, std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "cases",
		Short: "List the cases on this disk, newest first",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return listCases(cmd.Context(), f, std) },
	}
}

// savedCases are the cases on this disk, the newest first, and the folder that they are in. A folder that is not there
// yet is an empty list. A case that cannot be read is in the list, with the reason in its Problem.
func savedCases(ctx context.Context) (dir string, saved []ledger.Saved, err error) {
	if dir, err = casesDir(); err != nil {
		return "", nil, err
	}
	saved, err = ledger.Cases(ctx, dir)
	return dir, saved, err
}

// listCases prints the cases. That there are none is a note on stderr: stdout stays empty for a script that counts
// lines.
func listCases(ctx context.Context, f *flags, std streams) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	dir, saved, err := savedCases(ctx)
	if err != nil {
		return err
	}
	if f.output == "json" {
		b, err := inspect.EncodeJSON(saved)
		if err != nil {
			return fmt.Errorf("encoding the cases: %w", err)
		}
		_, err = std.out.Write(b)
		return err
	}
	if len(saved) == 0 {
		fmt.Fprintf(std.err, "no case yet in %s\n", dir)
		return nil
	}
	style := f.style(std.out)
	for _, c := range saved {
		fmt.Fprintf(std.out, "%s  %-18s  %-40s  %s\n", text.Clean(c.ID), style.Paint(c.Status.Tone(),
			c.Status.Words()), text.Clean(c.Target), state(c))
	}
	return nil
}

// state describes what became of a case, by what matters most to a person who looks for it: a case that cannot be read
// before one that is open, and both before whether it was exported. The path is that of the newest export; nothing
// checks that the bundle is still there.
func state(c ledger.Saved) string {
	switch {
	case c.Problem != "":
		return "cannot be read: " + text.Clean(c.Problem)
	case c.Running:
		return "open now"
	case c.Partial:
		return "partial"
	case len(c.Exported) > 0:
		text := "exported to " + text.Clean(c.Exported[len(c.Exported)-1].Path)
		if c.AddedTo() {
			text += ", added to since"
		}
		return text
	default:
		return "not exported"
	}
}

// clusterRole is the least role with which everything that backtrail reads of a cluster can be read. With less a case
// lists what could not be read.
//
// It has no verb but get, list and watch: the transport of package kube refuses all others, whatever the role allows.
// watch is granted for pods alone, since nothing else is followed. Secrets are left out: RBAC can limit get
// to Secrets by name (resourceNames), and their names are only known at run time, so that a ClusterRole with them
// would open all Secrets of the cluster.
const clusterRole = `# The least role with which backtrail can read everything. It does not read Secrets:
# --pull-secrets also needs get on secrets, and --helm the last rule. Without pods/log,
# use --no-logs. With less than this role a case lists what could not be read; pods alone
# are enough for a case.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: backtrail
rules:
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [nodes, namespaces, events]
  verbs: [get, list]
- apiGroups: [""]
  resources: [services]
  verbs: [list]
- apiGroups: [""]
  resources: [serviceaccounts, pods/log]
  verbs: [get]
- apiGroups: [apps]
  resources: [deployments, replicasets, statefulsets, daemonsets, controllerrevisions]
  verbs: [get, list]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, list]
- apiGroups: [policy.sigstore.dev]
  resources: [clusterimagepolicies]
  verbs: [list]
- apiGroups: [kyverno.io]
  resources: [clusterpolicies, policies]
  verbs: [list]
- apiGroups: [policies.kyverno.io]
  resources: [imagevalidatingpolicies]
  verbs: [list]
- apiGroups: [wgpolicyk8s.io]
  resources: [policyreports, clusterpolicyreports]
  verbs: [list]
- apiGroups: [openreports.io]
  resources: [reports, clusterreports]
  verbs: [list]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list]
- apiGroups: [admissionregistration.k8s.io]
  resources:
  - mutatingwebhookconfigurations
  - validatingwebhookconfigurations
  - validatingadmissionpolicies
  - validatingadmissionpolicybindings
  verbs: [get, list]
# Only for --helm, which lists the Secrets of one Helm release. Better a Role in the namespaces where that
# is wanted: Kubernetes cannot limit list to some of the Secrets.
# - apiGroups: [""]
#   resources: [secrets]
#   verbs: [list]
`

// rbacCommand is the verb rbac. It needs no cluster: the role is the same for all of them.
func rbacCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "rbac",
		Short: "Print the least ClusterRole with which everything can be read, for kubectl apply -f -",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(std.out, clusterRole)
			return err
		},
	}
}
