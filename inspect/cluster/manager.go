package cluster

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// setter is a field manager that owns a field: who wrote it last, by the API server's record. Its time is that of
// the manager's last change of any field. A manager names itself.
type setter struct {
	manager string
	time    time.Time
}

// maxFields bounds the managed fields of one manager, in bytes.
// etcd takes objects of 1.5 MiB, and so many bytes are never the fields of one manager
const maxFields = 4 << 20

// setters are the managers that own the field at the end of a path, with f: left out of its steps. A step k: is the key
// of a list by name: k:web.
func setters(entries []metav1.ManagedFieldsEntry, path ...string) []setter {
	var all []setter
	for _, e := range entries {
		if e.FieldsV1 == nil || len(e.FieldsV1.GetRawBytes()) > maxFields || !holds(e.FieldsV1.GetRawBytes(), path) {
			continue
		}
		// Time is that of the manager's last change to any field it owns, not of this one: the API server keeps no
		// more.
		w := setter{manager: e.Manager}
		if e.Time != nil {
			w.time = e.Time.Time
		}
		all = append(all, w)
	}
	return all
}

// holds reports whether a set of fields, as FieldsV1 writes it, has the path.
func holds(raw json.RawMessage, path []string) bool {
	if len(path) == 0 {
		return true
	}
	// The format is fieldsV1 of structured-merge-diff: f:name for a field, k:{"name":"web"} for an element of a list by
	// its key, v:value for one of a set.
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return false
	}
	name, byKey := strings.CutPrefix(path[0], "k:")
	if !byKey {
		inner, ok := fields["f:"+path[0]]
		return ok && holds(inner, path[1:])
	}
	for key, inner := range fields {
		var item struct{ Name string }
		if text, ok := strings.CutPrefix(key, "k:"); ok && json.Unmarshal([]byte(text), &item) == nil &&
			item.Name == name {
			return holds(inner, path[1:])
		}
	}
	return false
}

// isTool reports whether a manager deploys from a repository or a chart.
func isTool(manager string) bool {
	// by the beginning of the name: argocd-controller, argocd-application-controller, flux-client-side-apply
	return begins(manager, "argocd", "kustomize-controller", "helm", "flux", "fleet", "gitops", "kapp", "terraform",
		"hashicorp", "pulumi")
}

// isHand reports whether a manager is a person's tool. Plain kubectl is left out: pipelines use it too.
func isHand(manager string) bool {
	return begins(manager, "kubectl-set", "kubectl-edit", "kubectl-patch", "kubectl-replace", "k9s", "node-fetch",
		"lens", "dashboard", "mozilla", "octant", "headlamp")
}

// isKubectl reports whether kubectl in one of its forms wrote it.
func isKubectl(manager string) bool { return begins(manager, "kubectl", "oc") }

// begins compares without case: managers are named by whoever writes the client, in many spellings.
func begins(manager string, marks ...string) bool {
	manager = strings.ToLower(manager)
	for _, m := range marks {
		if strings.HasPrefix(manager, m) {
			return true
		}
	}
	return false
}

// maxManagers bounds the managers that are shown of one object.
// each client that ever wrote the object is one; the newest matter
const maxManagers = 20

// withManagers adds to the owners of the pod who wrote them, the newest first, and whose image each set.
func (s *scene) withManagers(owners []inspect.Owner) []inspect.Owner {
	all := slices.Clone(owners)
	for i := range all {
		at := slices.IndexFunc(s.lineage.Owners,
			func(w kube.Owner) bool { return w.UID == all[i].UID && w.Unread == "" })
		if at < 0 {
			continue
		}
		w := s.lineage.Owners[at]
		all[i].Created, all[i].Managers = inspect.At(w.Created), s.managers(w.Managers)
	}
	return all
}

// managers lists who wrote the object, without subresources: those are written by controllers all the time.
func (s *scene) managers(entries []metav1.ManagedFieldsEntry) []inspect.Manager {
	var all []inspect.Manager
	for _, e := range entries {
		// status is written by the kubelet and by controllers, scale by autoscalers: neither sets an image
		if e.Subresource != "" || e.Time == nil {
			continue
		}
		m := inspect.Manager{Name: e.Manager, Time: inspect.At(e.Time.Time)}
		for _, c := range s.containers {
			if len(setters([]metav1.ManagedFieldsEntry{e}, "spec", "template", "spec", listOf(c), "k:"+c.Name,
				"image")) > 0 {
				m.Images = append(m.Images, c.Name)
			}
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b inspect.Manager) int { return b.Time.Compare(a.Time.Time) })
	return all[:min(len(all), maxManagers)]
}

// listOf is the field of a pod's specification in which a container stands.
func listOf(c kube.Container) string {
	if c.Type == kube.TypeInit || c.Type == kube.TypeSidecar {
		return "initContainers"
	}
	return "containers"
}
