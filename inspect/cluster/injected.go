package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/kube"
)

// enough is the number of other workloads with the same image from which a sidecar counts as the cluster's own.
// Fewer could be the attacker's own: whoever can inject into one workload can often inject into the next.
const enough = 3

// injection describes what explains a container that the owner's template does not have, and whether others got the
// same.
func (s *scene) injection(c kube.Container) inspect.Finding {
	// Three kinds of evidence, of falling weight: a webhook of the cluster that selects the pod, the same image in
	// other workloads, an annotation that names it.
	hooks := s.injectors()
	note := s.annotation(c.Name)
	same, other := s.siblings(c)
	why := explanation(hooks, note, s.mutating.err)
	detail := why + "; " + compared(same, other)
	evidence := []inspect.Evidence{object("Pod", s.pod.Namespace, s.pod.Name,
		"container "+c.Name+" is not in the template of its owner")}
	for _, h := range hooks {
		evidence = append(evidence, object(h.kind(), "", h.config, h.name))
	}
	title := c.Name + " was injected"
	switch {
	// Others have a sidecar of this name and none has this image: the name is borrowed, or the image is newer than
	// theirs. Both are worth a look.
	case len(same) == 0 && len(other) > 0:
		return finding(inspect.CodeInjectedOtherImage, c.Name,
			title+", and runs another image than "+text.CountOf(len(other), "other workload",
				"other workloads")+" with this sidecar", detail, evidence...)
	// all three: set up by the cluster, everywhere, without an exception
	case len(hooks) > 0 && len(same) >= enough && len(other) == 0:
		return finding(inspect.CodeInjectedEverywhere, c.Name,
			title+fmt.Sprintf(" by the cluster, with the same image as in %d other workloads", len(same)), detail,
			evidence...)
	case len(hooks) > 0 || note != "":
		return finding(inspect.CodeInjectedExplained, c.Name, title+": "+why, compared(same, other), evidence...)
	default:
		return finding(inspect.CodeInjectedUnexplained, c.Name, title+", and "+why, compared(same, other), evidence...)
	}
}

// injectors are the mutating webhooks that were asked about the pod.
func (s *scene) injectors() []hook {
	// sidecars come in with the pod: the requests of its owners are no matter here
	pod := s.requests(kube.Container{})[0]
	return slices.DeleteFunc(s.hooks(), func(h hook) bool {
		if !h.mutates || verifierOf(h) != "" || !pod.ruledBy(h.rules) || pod.before(h.created) {
			return true
		}
		c, _ := s.choose(pod, h.namespace, h.object)
		return c != picked
	})
}

// annotation names the pod's annotation that claims this container, "" if none does.
// An annotation is written by whoever makes the pod: it explains, and proves nothing.
func (s *scene) annotation(container string) string {
	const istio, linkerd = "sidecar.istio.io/status", "linkerd.io/proxy-version"
	var status struct{ Containers, InitContainers []string }
	// Istio writes the names of what it injected as JSON into sidecar.istio.io/status; Linkerd writes its version only,
	// and names its containers linkerd-….
	if text := s.pod.Annotations[istio]; text != "" && json.Unmarshal([]byte(text), &status) == nil {
		if slices.Contains(status.Containers, container) || slices.Contains(status.InitContainers, container) {
			return istio
		}
	}
	if s.pod.Annotations[linkerd] != "" && strings.HasPrefix(container, "linkerd-") {
		return linkerd
	}
	return ""
}

// explanation words what explains an injected container: webhooks that select the pod, which only somebody with rights
// on the whole cluster sets up, and an annotation, which is a claim.
func explanation(hooks []hook, note string, unread error) string {
	var names []string
	for _, h := range hooks {
		names = append(names, h.name)
	}
	slices.Sort(names)
	claim := ""
	if note != "" {
		claim = "annotation " + note + " names it, which anyone may write"
	}
	switch {
	// With several webhooks it is not known which of them did it: webhooks leave no mark of their own.
	case len(names) == 1 && claim != "":
		return "webhook " + names[0] + " explains it, and " + claim
	case len(names) == 1:
		return "webhook " + names[0] + " explains it"
	case len(names) > 1 && claim != "":
		return "one of webhooks " + some(names) + " may explain it, and " + claim
	case len(names) > 1:
		return "one of webhooks " + some(names) + " may explain it"
	case claim != "" && unread != nil:
		return claim + "; which webhooks change pods is not known"
	case claim != "":
		return claim + "; no webhook that selects this pod explains it"
	case unread != nil:
		return "what injected it is not known: the mutating webhooks could not be read"
	default:
		return "nothing explains it: no mutating webhook selects this pod, and no annotation names it"
	}
}

// siblings are the other workloads with a container of this name: with the same image, and with another.
func (s *scene) siblings(c kube.Container) (same, other []string) {
	mine := kube.WorkloadOf(s.pod)
	digest := c.Image().Digest
	for _, p := range s.peers.list {
		for _, n := range p.Containers {
			switch {
			// The same workload proves nothing: all its pods have what was injected into it.
			case n.Name != c.Name || p.Workload == mine || n.Image.Digest == "" || digest == "":
			case n.Image.Digest == digest:
				same = append(same, p.Workload)
			default:
				other = append(other, p.Workload)
			}
		}
	}
	slices.Sort(same)
	slices.Sort(other)
	return slices.Compact(same), slices.Compact(other)
}

// compared words which other workloads have a container of this name, and with which image.
func compared(same, other []string) string {
	switch {
	case len(same)+len(other) == 0:
		return "no other workload has a container of this name to compare with"
	case len(other) == 0:
		return "its image is that of " + some(same)
	case len(same) == 0:
		return some(other) + " got another image"
	default:
		return "its image is that of " + some(same) + "; " + some(other) + " got another"
	}
}
