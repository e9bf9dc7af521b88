package subject

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// maxCandidates bounds how many earlier images are looked up for one container. Each costs a request or two to a
// registry; a Deployment keeps ten revisions by default.
const maxCandidates = 8

// candidates lists what may have run before in this container, the newest first. A ReplicaSet holds what its template
// names, often a tag, and the same tag twice; the digest then comes from pods that are still there, from the journal,
// or from the images that the node still has. At most maxCandidates, so that one container costs a bounded number of
// requests. An attacker who rolls a poisoned image out twice is in the list with the first of them: that is why none of
// it counts as known-good before a person confirmed it.
func (s search) candidates(ctx context.Context, pod *inspect.Pod) []inspect.Candidate {
	container := s.image.Container
	var all []inspect.Candidate
	for _, r := range pod.Revisions {
		if r.Current || newer(pod.Revisions, r) || r.Images[container] == "" {
			continue
		}
		why := fmt.Sprintf("revision %d (%s)", r.Number, r.Name)
		if id := kube.ParseImageID(r.Running[container]); id.Kind == kube.IDRepo {
			all = append(all, inspect.Candidate{Reference: r.Images[container], Location: id.Repository + "@" +
				id.Digest, Why: why + ", pods of it still run", Confidence: "high"})
			continue
		}
		all = append(all, byReference(r.Images[container], why, s.image.Reference)...)
	}
	all = append(all, s.remembered(ctx, pod)...)
	all = append(all, s.onNode(ctx, pod)...)
	return all[:min(len(all), maxCandidates)]
}

// remembered is what earlier cases and audits saw running in this container. A history that cannot be read is a notice:
// the other sources still count. They are records of this machine and not of the cluster, so that a journal on another
// machine may have others.
func (s search) remembered(ctx context.Context, pod *inspect.Pod) []inspect.Candidate {
	if s.o.History == nil {
		return nil
	}
	all, err := s.o.History(ctx, pod, s.image)
	if err != nil {
		s.emit(inspect.Event{Fact: inspect.Notice{
			Level: "warning",
			Text:  "what earlier cases saw running here is not known: " + err.Error(),
		}})
	}
	return all
}

// newer reports whether a revision came after the one that this pod is of: what was rolled back is no previous one.
// Numbers only grow: a rollback gets a new, higher one.
func newer(all []inspect.Revision, r inspect.Revision) bool {
	i := slices.IndexFunc(all, func(o inspect.Revision) bool { return o.Current })
	return i >= 0 && r.Number > all[i].Number
}

// byReference is a candidate by what a template names: certain if it names a digest; a tag may have moved, and the very
// tag that this pod runs proves nothing. A reference that cannot be parsed names nothing. Confidence is about how
// likely it is that this image ran here, and not about whether it is good.
func byReference(reference, why, mine string) []inspect.Candidate {
	loc, err := registry.ParseReference(reference)
	switch {
	case err != nil || reference == mine && loc.Digest == "":
		return nil
	case loc.Digest != "":
		return []inspect.Candidate{{Reference: reference, Location: reference, Why: why, Confidence: "high"}}
	default:
		return []inspect.Candidate{{Reference: reference, Location: reference, Why: why +
			", by what the tag points to today", Confidence: "low"}}
	}
}

// onNode looks at the images that the pod's node still has: a digest of the same repository that is not this one. The
// kubelet reports its largest images only (--node-status-max-images), so that a missing one proves nothing. What a node
// reports is the kubelet's word, and a node may be compromised with the pod.
func (s search) onNode(ctx context.Context, pod *inspect.Pod) []inspect.Candidate {
	mine, err := registry.ParseReference(s.image.Reference)
	if err != nil || pod.Node == "" {
		return nil
	}
	node, err := s.o.Cluster.Node(ctx, pod.Node)
	if err != nil {
		s.emit(inspect.Event{Fact: inspect.Notice{Level: "info", Text: "images that node " + pod.Node +
			" still has are not known: " + err.Error()}})
		return nil
	}
	var all []inspect.Candidate
	for _, img := range node.Images {
		for _, name := range img.Names {
			loc, err := registry.ParseReference(name)
			if err != nil || loc.Digest == "" || loc.Name() != mine.Name() || s.runs(loc.Digest) {
				continue
			}
			all = append(all, inspect.Candidate{
				Reference: mine.Name(), Location: name, Confidence: "medium",
				Why: "an image of the same repository that node " + pod.Node + " still has and no longer runs here",
			})
		}
	}
	slices.SortFunc(all, func(a, b inspect.Candidate) int { return strings.Compare(a.Location, b.Location) })
	return all
}

// runs reports whether a digest is the one that runs: the image itself is no candidate to compare with. Both are
// compared, since a node reports the digest of the index or that of the manifest, by the runtime.
func (s search) runs(digest string) bool { return digest == s.image.Index || digest == s.image.Digest }
