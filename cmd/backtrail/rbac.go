package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// clusterRole is the least role with which all that backtrail reads of a cluster can be read. With less it goes on and
// says what it could not see; pods alone are enough for a case.
const clusterRole = `# The least role that backtrail can use in full. It reads no Secret: --pull-secrets needs get on secrets
# besides, and --helm the last rule. Leave out pods/log and use --no-logs, if nobody may read what the
# containers write.
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
# Only for --helm, which lists the Secrets of one Helm release. It is better put into a Role of the
# namespaces where that is wanted: Kubernetes cannot permit some Secrets of a list and not others.
# - apiGroups: [""]
#   resources: [secrets]
#   verbs: [list]
`

func rbacCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "rbac",
		Short: "The least ClusterRole that backtrail can use, for kubectl apply -f -",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(std.out, clusterRole)
			return err
		},
	}
}
