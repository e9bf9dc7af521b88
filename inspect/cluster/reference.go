package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// parts takes tag and digest of a reference; the tag is latest where there is neither.
func parts(reference string) (tag, digest string) {
	name, digest, _ := strings.Cut(reference, "@")
	// a colon before the last slash belongs to a port
	if slash := strings.LastIndex(name, "/"); strings.Contains(name[slash+1:], ":") {
		tag = name[strings.LastIndex(name, ":")+1:]
	}
	if tag == "" && digest == "" {
		tag = "latest"
	}
	return tag, digest
}

// today is what a tag means now: a digest, and where that is an index, its manifests.
type today struct {
	digest    string
	manifests []string
}

// same reports whether two digests are one image: nodes report that of an index or that of a manifest in it.
func (t today) same(a, b string) bool {
	in := func(d string) bool { return d == t.digest || slices.Contains(t.manifests, d) }
	return a == b || in(a) && in(b)
}

// tagsToday asks the registry what the tags of the pod's containers mean now, each with a HEAD; of one that does not
// answer nothing is known. Only where that is not what runs, the index is read.
func tagsToday(ctx context.Context, o Options) map[string]today {
	// by container name
	found := map[string]today{}
	if o.Client == nil {
		return found
	}
	for _, c := range kube.Containers(o.Pod, nil) {
		loc, err := registry.ParseReference(c.Reference)
		if err != nil || loc.Digest != "" || o.Container != "" && c.Name != o.Container {
			continue
		}
		tag, err := o.Client.TagNow(ctx, loc, loc.Tag)
		if err != nil || tag.Digest == "" {
			continue
		}
		now := today{digest: tag.Digest}
		// a node may report the digest of the manifest where the tag means an index: only then one more request is
		// needed
		if tag.Digest != c.Image().Digest {
			now.manifests, _ = o.Client.Manifests(ctx, loc, tag.Digest)
		}
		found[c.Name] = now
	}
	return found
}

// tagMoved compares with what else is known of the tag: what other pods that asked for it run, what the node has by
// that name, and what the registry has today. Where one of them is another image, the tag was moved in between.
func (s *scene) tagMoved(c kube.Container) []inspect.Finding {
	mine := c.Image()
	// a pod that names a digest does not follow the tag; a config's digest cannot be compared with a manifest's
	if _, digest := parts(c.Reference); digest != "" || mine.Kind != kube.IDRepo || c.Injected {
		return nil
	}
	evidence := []inspect.Evidence{object("Pod", s.pod.Namespace, s.pod.Name, "imageID of "+c.Name+": "+c.ImageID)}
	now := s.tags[c.Name]
	// Each of the three sources is independent: a registry that is unreachable leaves the node and the other pods.
	var said []string
	if others := s.runsElse(c.Reference, func(digest string) bool {
		return now.same(digest,
			mine.Digest)
	}); len(others) > 0 {
		said = append(said, fmt.Sprintf("%s by that name: %s",
			text.CountOf(len(others), "other pod runs another image", "other pods run another image"), some(others)))
	}
	if digest := s.onNode(c.Reference); digest != "" && !now.same(digest, mine.Digest) {
		said = append(said, fmt.Sprintf("node %s has another image by that name now (%s)", s.pod.Spec.NodeName,
			text.ShortDigest(digest)))
		evidence = append(evidence, object("Node", "", s.pod.Spec.NodeName, "status.images: "+digest))
	}
	if now.digest != "" && !now.same(now.digest, mine.Digest) {
		said = append(said, fmt.Sprintf("the registry has another image by that name today (%s)",
			text.ShortDigest(now.digest)))
		evidence = append(evidence, inspect.Evidence{Kind: "manifest", Digest: now.digest, Text: c.Reference +
			" today"})
	}
	if len(said) == 0 {
		return nil
	}
	return []inspect.Finding{finding(inspect.CodeTagMoved, c.Name,
		fmt.Sprintf("%s was moved: %s", c.Reference, strings.Join(said, "; ")),
		"one name stands for more than one image, and this pod runs "+text.ShortDigest(mine.Digest), evidence...)}
}

// runsElse are the pods that asked for a reference and run another image.
func (s *scene) runsElse(reference string, same func(digest string) bool) []string {
	var others []string
	for _, p := range s.peers.list {
		for _, n := range p.Containers {
			if n.Reference == reference && n.Image.Kind == kube.IDRepo && !same(n.Image.Digest) {
				others = append(others, p.Path())
			}
		}
	}
	slices.Sort(others)
	return slices.Compact(others)
}

// onNode is the digest of the image that the node has under a tag, "" where it has none or gives none.
func (s *scene) onNode(reference string) string {
	if s.node == nil {
		return ""
	}
	for _, img := range s.node.Images {
		if !slices.Contains(img.Names, reference) {
			continue
		}
		// the other names of the same image: one of them has the digest
		for _, name := range img.Names {
			if id := kube.ParseImageID(name); id.Kind == kube.IDRepo &&
				strings.HasPrefix(reference, id.Repository+":") {
				return id.Digest
			}
		}
	}
	return ""
}

// some names the first three of a list.
func some(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
}
