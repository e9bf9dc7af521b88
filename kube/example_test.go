package kube_test

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/kube"
)

// A saved dump answers like a cluster.
func ExampleParseSnapshot() {
	dump := `{"apiVersion": "v1", "kind": "List", "items": [
	  {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": "web-0"},
	   "spec": {"nodeName": "node-1", "containers": [{"name": "web", "image": "ghcr.io/shop/web:1.4.2"}]}}]}`
	cluster, err := kube.ParseSnapshot("dump.json", []byte(dump))
	if err != nil {
		fmt.Println(err)
		return
	}
	pod, err := cluster.Pod(context.Background(), "shop", "web-0")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cluster.Context(), pod.Spec.NodeName, pod.Spec.Containers[0].Image)
	// Output: snapshot dump.json node-1 ghcr.io/shop/web:1.4.2
}
