package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// dumpPods is how many pods an ordinary cluster has.
const dumpPods = 1000

// object is a part of an object of Kubernetes.
type object = map[string]any

// writeDump writes what kubectl get pods -A -o json prints of a cluster with many pods.
func writeDump(to string) error {
	var items []object
	for i := range dumpPods {
		name := fmt.Sprintf("shop-%04d", i)
		items = append(items, object{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": object{"name": name, "namespace": fmt.Sprintf("team-%d", i/50), "uid": name, "creationTimestamp": "2026-01-02T03:04:05Z"},
			"spec":     object{"nodeName": "node-1", "containers": []object{{"name": "shop", "image": "registry.example/shop:v1"}}},
			"status": object{"phase": "Running", "containerStatuses": []object{{
				"name": "shop", "image": "registry.example/shop:v1", "ready": true,
				"imageID":     fmt.Sprintf("registry.example/shop@sha256:%064x", i),
				"containerID": fmt.Sprintf("containerd://%064x", i),
			}}},
		})
	}
	return writeList(to, items)
}

// writeRollout writes the dump of a Deployment that went from one image to the next, and of its pod.
func writeRollout(to, before, now string) error {
	labels := object{"app": "shop"}
	meta := func(name, kind, owner string) object {
		m := object{"name": name, "namespace": "shop", "uid": name, "labels": labels, "creationTimestamp": "2026-01-02T03:04:05Z"}
		if owner != "" {
			m["ownerReferences"] = []object{{"apiVersion": "apps/v1", "kind": kind, "name": owner, "uid": owner, "controller": true}}
		}
		return m
	}
	workload := func(kind, revision, image string, m object) object {
		m["annotations"] = object{"deployment.kubernetes.io/revision": revision}
		return object{"apiVersion": "apps/v1", "kind": kind, "metadata": m, "spec": object{
			"selector": object{"matchLabels": labels},
			"template": object{"metadata": object{"labels": labels}, "spec": object{"containers": []object{{"name": "shop", "image": image}}}},
		}}
	}
	return writeList(to, []object{
		workload("Deployment", "2", now, meta("shop", "", "")),
		workload("ReplicaSet", "1", before, meta("shop-1", "Deployment", "shop")),
		workload("ReplicaSet", "2", now, meta("shop-2", "Deployment", "shop")),
		{
			"apiVersion": "v1", "kind": "Pod", "metadata": meta("shop-2-xyz", "ReplicaSet", "shop-2"),
			"spec":   object{"nodeName": "node-1", "containers": []object{{"name": "shop", "image": now}}},
			"status": object{"phase": "Running", "containerStatuses": []object{{"name": "shop", "image": now, "imageID": now, "containerID": fmt.Sprintf("containerd://%064x", 1)}}},
		},
	})
}

func writeList(to string, items []object) error {
	body, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		return fmt.Errorf("encoding the dump: %w", err)
	}
	if err := os.WriteFile(to, body, 0o600); err != nil {
		return fmt.Errorf("writing the dump: %w", err)
	}
	return nil
}
