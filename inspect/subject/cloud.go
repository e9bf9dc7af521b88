package subject

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
)

// eksAudience is that of the token by which EKS Pod Identity identifies a pod
// (docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html). The token is of no use at the API server, which
// accepts its own audience only.
const eksAudience = "pods.eks.amazonaws.com"

// variables are those by which the webhooks of clouds give a pod its role. Whoever writes the pod's specification can
// set them by hand: a role that is named is one that the pod may try, and the cloud decides.
var variables = []struct{ name, cloud string }{{"AWS_ROLE_ARN", "AWS"}, {"AZURE_CLIENT_ID", "Azure"}}

// roles names the roles of a cloud that the pod itself shows: the webhooks of the clouds write them into its
// environment and its token volumes. The service account may name more. A role is named as it stands there. What it may
// do stands at the cloud, and is not queried. A role by an annotation counts only where an agent of that name runs in
// the cluster, which is not looked up: it is listed as what it may be.
func roles(pod *corev1.Pod, containers []*corev1.Container, tokens []inspect.Token) []inspect.CloudRole {
	var all []inspect.CloudRole
	add := func(r inspect.CloudRole) {
		if !slices.ContainsFunc(all, func(o inspect.CloudRole) bool { return o.Cloud == r.Cloud && o.Name == r.Name }) {
			all = append(all, r)
		}
	}
	for _, c := range containers {
		for i := range c.Env {
			e := &c.Env[i]
			for _, v := range variables {
				if e.Name == v.name && e.Value != "" {
					add(inspect.CloudRole{Cloud: v.cloud, Name: e.Value, Source: "env " + e.Name + " of " + c.Name})
				}
			}
		}
	}
	if name := pod.Annotations["iam.amazonaws.com/role"]; name != "" { // kube2iam, kiam
		add(inspect.CloudRole{Cloud: "AWS", Name: name, Source: "annotation iam.amazonaws.com/role of the pod"})
	}
	if name := pod.Labels["aadpodidbinding"]; name != "" { // AAD Pod Identity, before workload identity
		add(inspect.CloudRole{Cloud: "Azure", Name: name, Source: "label aadpodidbinding of the pod"})
	}
	for _, t := range tokens {
		switch {
		case t.Audience == eksAudience:
			add(inspect.CloudRole{Cloud: "AWS", Source: "EKS Pod Identity: a token for " + eksAudience +
				"; the role stands in the associations of the cluster at AWS"})
		case strings.HasPrefix(t.Audience, "https://iam.googleapis.com/"), strings.HasPrefix(t.Audience,
			"//iam.googleapis.com/"):
			add(inspect.CloudRole{Cloud: "Google Cloud", Source: "a token for " + t.Audience})
		}
	}
	return all
}
