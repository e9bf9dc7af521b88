package cluster

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// author is who set the image of a container, and in which object.
// It is comparable, so that several images that one manager set are one moment of the timeline.
type author struct {
	setter
	kind, name string
	managedBy  string // the tool that deploys the workload otherwise, "" if none does
}

// object names the object whose managed fields were read.
func (a author) object() string { return a.kind + " " + a.name }

// authorOf finds who set the image, in the workload's template or, where it is not named there, in the pod.
func (s *scene) authorOf(c kube.Container) (author, bool) {
	if w := s.lineage.Workload; w != nil {
		a := author{kind: w.Kind, name: w.Name, managedBy: s.tool(w)}
		if found, ok := imageSetter(w.Managers, c, "spec", "template", "spec"); ok {
			a.setter = found
			return a, true
		}
		return a, false
	}
	// the pod has a controller that could not be read
	if metav1.GetControllerOf(s.pod) != nil {
		return author{}, false // what made the pod wrote all of it; who wrote that could not be read
	}
	found, ok := imageSetter(s.pod.ManagedFields, c, "spec")
	return author{setter: found, kind: "Pod", name: s.pod.Name}, ok
}

// imageSetter is the manager that owns the image; of several a tool, since they agree on the value.
func imageSetter(entries []metav1.ManagedFieldsEntry, c kube.Container, spec ...string) (setter, bool) {
	found := setters(entries, append(spec, listOf(c), "k:"+c.Name, "image")...)
	if len(found) == 0 {
		return setter{}, false
	}
	// Server-side apply allows several owners of a field only where they agree on its value.
	if i := slices.IndexFunc(found, func(w setter) bool { return isTool(w.manager) }); i >= 0 {
		return found[i], true
	}
	return slices.MaxFunc(found, func(a, b setter) int { return a.time.Compare(b.time) }), true
}

// tool names what deploys the workload, by its field managers, labels and annotations.
func (s *scene) tool(w *kube.Workload) string {
	// a field manager is written by the client itself; labels and annotations may be copied with a manifest
	for _, e := range w.Managers {
		if isTool(e.Manager) && e.Subresource == "" {
			return e.Manager
		}
	}
	for _, mark := range []struct{ key, tool string }{
		{"argocd.argoproj.io/tracking-id", "Argo CD"},
		{"argocd.argoproj.io/instance", "Argo CD"},
		{"kustomize.toolkit.fluxcd.io/name", "Flux"},
		{"helm.toolkit.fluxcd.io/name", "Flux"},
		{"meta.helm.sh/release-name", "Helm"},
	} {
		if w.Annotations[mark.key] != "" || w.Labels[mark.key] != "" {
			return mark.tool
		}
	}
	return ""
}

// setBy describes who set the image of a container, and whether that went past the tool that deploys it otherwise.
func (s *scene) setBy(c kube.Container) []inspect.Finding {
	a, ok := s.authorOf(c)
	if !ok {
		return nil
	}
	// the manager's name is what the client claims: an attacker with kubectl may call itself argocd (--field-manager)
	title := fmt.Sprintf("the image of %s in %s was set by %s%s", c.Name, a.object(), a.manager, atTime(a.time))
	code := inspect.CodeImageSetBy
	switch {
	// kubectl by itself is a hand only where a tool deploys the workload: else a pipeline may use it.
	case a.managedBy != "" && !isTool(a.manager) && (isHand(a.manager) || isKubectl(a.manager)):
		code, title = inspect.CodeImageSetByHand, title+", by hand, although "+a.managedBy+" deploys it"
	case isHand(a.manager):
		code, title = inspect.CodeImageEdited, title+", by hand"
	}
	detail := "self-reported by the field manager; the time is of its last change to any field of the object"
	return []inspect.Finding{finding(code, c.Name, title, detail,
		object(a.kind, s.pod.Namespace, a.name, "managedFields: "+a.manager))}
}

// restartedAt is what kubectl rollout restart writes into the template.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// restarted reports whether the pods were made again without another template: nodes then ask for the tag again.
// A rollout restart with imagePullPolicy Always is how a moved tag reaches pods without any change of their
// specification.
func (s *scene) restarted() []inspect.Finding {
	w, when := s.lineage.Workload, s.pod.Annotations[restartedAt]
	// the template must have it too: on a pod alone it proves no restart
	if w == nil || when == "" || s.lineage.Template == nil || s.lineage.Template.Annotations[restartedAt] != when {
		return nil
	}
	by := "kubectl rollout restart"
	for _, who := range setters(w.Managers, "spec", "template", "metadata", "annotations", restartedAt) {
		by = who.manager
	}
	if t, err := time.Parse(time.RFC3339, when); err == nil {
		when = stamp(t)
	}
	return []inspect.Finding{finding(inspect.CodeRestarted, SubjectPod,
		fmt.Sprintf("%s %s was restarted by %s at %s: its nodes pulled the tags again", w.Kind, w.Name, by, when),
		"annotation "+restartedAt+" of its template", object(w.Kind, w.Namespace, w.Name, restartedAt))}
}

// debugging describes who attached an ephemeral container.
func (s *scene) debugging(c kube.Container) inspect.Finding {
	who := ""
	if manager, when := s.attachedBy(c); manager != "" {
		who = " by " + manager + atTime(when)
	}
	title := fmt.Sprintf("debug container %s with image %s was attached to the pod%s", c.Name,
		c.Reference, who)
	return finding(inspect.CodeDebugContainer, c.Name, title,
		"ephemeral containers, as kubectl debug adds them, are in no template",
		object("Pod", s.pod.Namespace, s.pod.Name, "ephemeralContainers"))
}

// attachedBy is who attached an ephemeral container, and when, as the API server keeps it.
func (s *scene) attachedBy(c kube.Container) (manager string, when time.Time) {
	if found := setters(s.pod.ManagedFields, "spec", "ephemeralContainers", "k:"+c.Name); len(found) > 0 {
		return found[0].manager, found[0].time
	}
	return "", time.Time{}
}

// atTime words a time that may not be known.
func atTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " at " + stamp(t)
}
