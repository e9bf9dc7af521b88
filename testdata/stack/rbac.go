package main

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/backtrail/backtrail/testdata/stack/env"
)

// grant gives each user its rights. The admin has them from its certificate's group, and Nobody gets none.
func grant(ctx context.Context, client kubernetes.Interface) error {
	read := []string{"get", "list", "watch"}
	roles := map[string][]rbacv1.PolicyRule{
		env.Responder: {{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}},
		env.Reader: {
			{APIGroups: []string{""}, Verbs: read, Resources: []string{
				"pods", "pods/log", "events", "nodes", "namespaces", "services", "endpoints", "configmaps",
				"serviceaccounts", "replicationcontrollers", "persistentvolumeclaims", "limitranges", "resourcequotas",
			}},
			{APIGroups: []string{
				"apps", "batch", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "admissionregistration.k8s.io",
				"apiextensions.k8s.io", "policy.sigstore.dev", "kyverno.io", "policies.kyverno.io", "wgpolicyk8s.io", "openreports.io",
			}, Resources: []string{"*"}, Verbs: read},
		},
		env.PodsOnly: {{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: read}},
	}
	secrets := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}}
	roles[env.Releases] = append(roles[env.Reader][:len(roles[env.Reader]):len(roles[env.Reader])], secrets)
	for user, rules := range roles {
		if err := bind(ctx, client, user, rules); err != nil {
			return err
		}
	}
	return nil
}

func bind(ctx context.Context, client kubernetes.Interface, user string, rules []rbacv1.PolicyRule) error {
	meta := metav1.ObjectMeta{Name: user}
	role := &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}
	if _, err := client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating the role of %s: %w", user, err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
	if _, err := client.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("binding the role of %s: %w", user, err)
	}
	return nil
}
