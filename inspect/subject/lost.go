package subject

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// maxElsewhere bounds how many other references are asked for a digest that its registry no longer has. More would make
// a case of a deleted image wait for registries that have nothing to do with it.
const maxElsewhere = 4

// gone reports whether the registry has lost what the pod runs: retention deletes digests that pods still run. An error
// of the network is not that: the registry may still have it.
func gone(img *registry.Image, err error) bool {
	return errors.Is(err, registry.ErrNotFound) || img != nil && img.Manifest.Problem == registry.ProblemMissing
}

// elsewhere looks for the same digest under the other references that the cluster has for it: the repository that the
// node reports (kubernetes#40062), the names that the node has for it, the repositories of other pods that run it. The
// same digest is the same bytes, wherever they come from. The bytes are verified by the digest like any others, so that
// a hostile mirror gains nothing. Each place that was queried is noted in asked, also where it failed, for the words of
// left.
func (r *resolver) elsewhere(ctx context.Context, spec registry.Location, id kube.ImageID) (*registry.Image, string) {
	for _, loc := range r.references(ctx, spec, id.Digest) {
		r.asked = append(r.asked, loc.Name())
		img, err := r.resolve(ctx, loc)
		if err == nil && !gone(img, nil) {
			return img, fmt.Sprintf("%s no longer has this digest; it was read from %s, which has the same bytes",
				spec.Name(), loc.Name())
		}
	}
	return nil, ""
}

// references are the other places of a digest that are worth asking. At most maxElsewhere: each is a request to a
// registry that may not know this cluster. The names come from the cluster, and an attacker who may create pods can
// have the search query a registry of theirs; the answer is verified by its digest.
func (r *resolver) references(ctx context.Context, spec registry.Location, digest string) []registry.Location {
	var all []registry.Location
	add := func(repository string) {
		loc, err := registry.ParseReference(repository + "@" + digest)
		if err != nil || importedName.MatchString(repository) || loc.Name() == spec.Name() || len(all) == maxElsewhere {
			return
		}
		if !slices.ContainsFunc(all, func(o registry.Location) bool { return o.Name() == loc.Name() }) {
			all = append(all, loc)
		}
	}
	add(r.container.Image().Repository)
	for _, name := range r.onNode(digest).Names {
		if loc, err := registry.ParseReference(name); err == nil {
			add(loc.Name())
		}
	}
	// What cannot be listed is left out: the check of the workload reports it.
	_, _ = r.o.Cluster.Pods(ctx, kube.Scope{Fallback: []string{r.o.Pod.Namespace}}, func(page []corev1.Pod) error {
		for i := range page {
			for _, c := range kube.Containers(&page[i], nil) {
				if id := c.Image(); id.Digest == digest && id.Kind == kube.IDRepo {
					add(id.Repository)
					if loc, err := registry.ParseReference(c.Reference); err == nil {
						add(loc.Name())
					}
				}
			}
		}
		return nil
	})
	return all
}

// onNode is the node's own record of the image, empty where it has none. The names of a node are compared by their
// digest: the repository may be another one, as where a mirror was asked. The node may have the digest under names of
// several repositories, of which all are in Names.
func (r *resolver) onNode(digest string) kube.NodeImage {
	if r.node == nil {
		return kube.NodeImage{}
	}
	for _, i := range r.node.Images {
		if slices.ContainsFunc(i.Names, func(name string) bool { return strings.HasSuffix(name, "@"+digest) }) {
			return i
		}
	}
	return kube.NodeImage{}
}

// left describes what is left of a digest that no registry has. It is what an investigator needs next: where somebody
// may still have the bytes, and whether the node may be asked before it removes what it does not use. The texts are for
// a person, in the order in which they should be tried.
func (r *resolver) left(digest string) []string {
	var all []string
	if len(r.asked) > 0 {
		all = append(all, "not there either: "+strings.Join(r.asked, ", "))
	}
	image := r.onNode(digest)
	switch {
	case r.node == nil:
		all = append(all, "whether its node still has it is not known: the node could not be read")
	case len(image.Names) == 0:
		all = append(all, fmt.Sprintf("node %s does not report it (it reports its %d largest images)", r.node.Name,
			len(r.node.Images)))
	default:
		all = append(all, fmt.Sprintf("node %s still has it, %d bytes, as %s: copy it from there before the "+
			"kubelet collects it", r.node.Name, image.Size, strings.Join(image.Names, ", ")))
	}
	return append(all, "what ran before can still be compared and read, if its digest is there: see the known-good")
}
