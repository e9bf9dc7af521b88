package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// clusterRole is the least role with which everything that backtrail reads of a cluster can be read. With less a case
// lists what could not be read.
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

func rbacCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "rbac",
		Short: "Print the least ClusterRole with which everything can be read, for kubectl apply -f -",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(std.out, clusterRole)
			return err
		},
	}
}
