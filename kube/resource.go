package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/labels"
)

// objects are the two reads that everything else rests on. The error is an *Error.
type objects interface {
	// get reads one object.
	get(ctx context.Context, res resource, namespace, name string) (Object, error)
	// list streams the objects that the selector picks, in pages; namespace "" means all. It gives the version from
	// which a watch sees all that changes, "" for a dump.
	list(ctx context.Context, res resource, namespace string, selector labels.Selector,
		each func(page []found) error) (version string, err error)
	// home is the namespace to fall back to.
	home() string
	// lacks describes why nothing is known of a kind at all: a dump in which there is none may have been made without
	// it.
	lacks(res resource) error
}

// found is an object of a list, as it was received.
type found struct{ raw json.RawMessage }

// resource is a kind of object and where the API keeps it.
type resource struct {
	group, version, plural, kind string
	global                       bool // not in a namespace

	// fields is a selector for a list that a live server evaluates. A dump does not: whoever sets it checks the answer.
	fields string
	page   int // objects asked for at once; 0: PageSize
}

// The kinds that backtrail reads.
func pods() resource { return resource{version: "v1", plural: "pods", kind: "Pod"} }

// nodes are in no namespace.
func nodes() resource { return resource{version: "v1", plural: "nodes", kind: "Node", global: true} }

// replicaSets are the revisions of Deployments.
func replicaSets() resource { return apps("replicasets", "ReplicaSet") }

// revisions keep the templates of StatefulSets and DaemonSets.
func revisions() resource { return apps("controllerrevisions", "ControllerRevision") }

// deployments make ReplicaSets.
func deployments() resource { return apps("deployments", "Deployment") }

// statefulSets make pods of fixed names.
func statefulSets() resource { return apps("statefulsets", "StatefulSet") }

// daemonSets make a pod on each node.
func daemonSets() resource { return apps("daemonsets", "DaemonSet") }

// jobs run pods to their end.
func jobs() resource { return resource{group: "batch", version: "v1", plural: "jobs", kind: "Job"} }

// cronJobs make Jobs; their template lies one level deeper and is not read.
func cronJobs() resource {
	return resource{group: "batch", version: "v1", plural: "cronjobs", kind: "CronJob"}
}

// replicationControllers are the older form of ReplicaSets; OpenShift's DeploymentConfigs still make them.
func replicationControllers() resource {
	return resource{version: "v1", plural: "replicationcontrollers", kind: "ReplicationController"}
}

// apps is a kind of group apps/v1.
func apps(plural, kind string) resource {
	return resource{group: "apps", version: "v1", plural: plural, kind: kind}
}

// owners are the kinds that own pods, or own what owns pods.
func owners() []resource {
	return []resource{
		replicaSets(), deployments(), statefulSets(), daemonSets(), jobs(), cronJobs(), replicationControllers(),
	}
}

// path is where the API keeps the object, or the list of them if name is "".
func (r resource) path(namespace, name string) string {
	p := "/apis/" + r.group + "/" + r.version
	if r.group == "" {
		p = "/api/" + r.version
	}
	if namespace != "" && !r.global {
		p += "/namespaces/" + namespace
	}
	p += "/" + r.plural
	if name != "" {
		p += "/" + name
	}
	return p
}

// object wraps raw with the names that it was asked for by.
func (r resource) object(namespace, name string, raw []byte) Object {
	return Object{Kind: r.kind, Namespace: namespace, Name: name, Path: r.path(namespace, name), Raw: raw}
}

// checkNames refuses what would be another path than the one meant.
func checkNames(namespace, name string) error {
	if name == "" {
		return errors.New("no name given")
	}
	// "..", "/" and "%" in a name of a dump or an owner reference would be another path of the API
	for _, s := range []string{namespace, name} {
		if reasons := content.IsPathSegmentName(s); len(reasons) > 0 {
			return fmt.Errorf("name %q %s", s, reasons[0])
		}
	}
	return nil
}

// named writes an object as people do: pod shop/web-0.
func (r resource) named(namespace, name string) string {
	word := r.words()
	if namespace == "" || r.global {
		return word + " " + name
	}
	return word + " " + namespace + "/" + name
}

// words is the kind in small letters.
func (r resource) words() string {
	b := []byte(r.kind)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
