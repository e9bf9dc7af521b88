package cluster

import "context"

// roles are the annotations of service accounts by which clouds give a role to their pods.
var roles = []struct{ annotation, cloud string }{
	{"eks.amazonaws.com/role-arn", "AWS"}, {"iam.gke.io/gcp-service-account", "Google Cloud"}, {"azure.workload.identity/client-id", "Azure"},
}

// cloudRole names the role of a cloud that the pod's service account has, "" where it has none or cannot be read:
// whether the account may be read is a matter of the role that backtrail itself was given.
func cloudRole(ctx context.Context, o Options) string {
	if o.Pod.Spec.ServiceAccountName == "" {
		return ""
	}
	account, err := o.Cluster.ServiceAccount(ctx, o.Pod.Namespace, o.Pod.Spec.ServiceAccountName)
	if err != nil {
		return ""
	}
	for _, r := range roles {
		if name := account.Annotations[r.annotation]; name != "" {
			return r.cloud + " " + name
		}
	}
	return ""
}
