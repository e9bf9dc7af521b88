package pods

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
)

// What a pod has is taken from its specification, within its namespace; a node and an image are of no namespace.
func TestWhatPodsHaveInCommon(t *testing.T) {
	pod := &inspect.Pod{
		Name: "web-6d4cf56db6-x7k2p", Namespace: "shop", Node: "node-3",
		Owner: []inspect.Owner{{Kind: "ReplicaSet", Name: "web-6d4cf56db6"}},
		Reach: inspect.Reach{
			ServiceAccount: "web", Secrets: []string{"web-db"},
			ConfigMaps: []string{"web-config"},
		},
		Containers: []inspect.Container{{Name: "web", ImageID: "registry.example/web@sha256:aa"}},
	}
	for _, c := range []struct {
		pivot shell.Pivot
		want  bool
		words string
	}{
		{shell.Pivot{Kind: shell.PivotAccount, Namespace: "shop", Name: "web"}, true, "account shop/web"},
		{shell.Pivot{Kind: shell.PivotAccount, Namespace: "blog", Name: "web"}, false, "account blog/web"},
		{shell.Pivot{Kind: shell.PivotNode, Name: "node-3"}, true, "node node-3"},
		{shell.Pivot{Kind: shell.PivotNode, Name: "node-30"}, false, "node node-30"},
		{shell.Pivot{Kind: shell.PivotSecret, Namespace: "shop", Name: "web-db"}, true, "secret shop/web-db"},
		{shell.Pivot{Kind: shell.PivotSecret, Namespace: "shop", Name: "web"}, false, "secret shop/web"},
		{
			shell.Pivot{Kind: shell.PivotConfigMap, Namespace: "shop", Name: "web-config"},
			true,
			"config map shop/web-config",
		},
		{shell.Pivot{Kind: shell.PivotImage, Name: "sha256:aa"}, true, "image sha256:aa"},
		{shell.Pivot{Kind: shell.PivotImage, Name: "sha256:ab"}, false, "image sha256:ab"},
		{
			shell.Pivot{Kind: shell.PivotOwner, Namespace: "shop", Name: "ReplicaSet/web-6d4cf56db6"},
			true,
			"owner shop/ReplicaSet/web-6d4cf56db6",
		},
		{
			shell.Pivot{Kind: shell.PivotOwner, Namespace: "shop", Name: "Deployment/web"},
			true,
			"owner shop/Deployment/web",
		},
		{
			shell.Pivot{Kind: shell.PivotOwner, Namespace: "shop", Name: "Deployment/cart"},
			false,
			"owner shop/Deployment/cart",
		},
		{shell.Pivot{Kind: "of a newer version", Name: "x"}, false, "of a newer version x"},
	} {
		if got := has(pod, c.pivot); got != c.want || c.pivot.Words() != c.words {
			t.Errorf("%+v: %v, %q", c.pivot, got, c.pivot.Words())
		}
	}
}
