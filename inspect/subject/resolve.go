package subject

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// Check finds the images of a case: that of its target, or one for each container of its pod. An image that the
// registry no longer has is an image all the same, unknown with the reason. Containers are resolved in parallel; one
// that cannot be resolved does not keep the others. Volumes that are images are named as not inspected. It returns an
// error only for a target that is no pod whose manifest and config cannot be kept: an image that cannot be resolved is
// a fact.
func Check(o Options) engine.Check {
	return engine.Check{
		Name: inspect.CheckSubject, Scope: engine.PerCase, Resolves: true,
		Run: func(ctx context.Context,
			_ engine.On, emit func(inspect.Event),
		) error {
			if o.Pod == nil {
				return o.single(emit)
			}
			ctx = o.Trace(ctx, emit)
			node := o.node(ctx)
			platform, known := o.platform(node)
			var work sync.WaitGroup
			for _, c := range kube.Containers(o.Pod, nil) {
				if o.Container != "" && c.Name != o.Container {
					continue
				}
				work.Go(func() {
					r := &resolver{o: o, container: c, node: node, platform: platform, platformKnown: known}
					r.run(ctx, emit)
				})
			}
			work.Wait()
			for _, n := range imageVolumes(o.Pod, o.Container) {
				emit(inspect.Event{Fact: n})
			}
			return nil
		},
	}
}

// single emits the image of a target that is no pod; it was resolved before the case began. Its manifest and config are
// kept as they were read, since the archive or folder may be gone tomorrow. The finding of a conflict can only arise
// here, since a registry has no archives.
func (o Options) single(emit func(inspect.Event)) error {
	if err := keep(o.Client.Store(), o.Image); err != nil {
		return fmt.Errorf("keeping manifest and config: %w", err)
	}
	for _, b := range Blobs(o.Image, "image") {
		emit(inspect.Event{Container: inspect.ImageContainer, Fact: b})
	}
	i := FromImage(o.Reference, o.Image)
	i.Container = inspect.ImageContainer
	emit(inspect.Event{Container: i.Container, Fact: i.ImageHead})
	chosen(i, o.Image, emit)
	conflicting(i, o.Image.Conflict, emit)
	return nil
}

// node reads the pod's node; nil where it cannot be read. Reading nodes is a right that many accounts lack, so that an
// error here is ordinary.
func (o Options) node(ctx context.Context) *kube.Node {
	if o.Pod.Spec.NodeName == "" {
		return nil
	}
	node, err := o.Cluster.Node(ctx, o.Pod.Spec.NodeName)
	if err != nil {
		return nil
	}
	return node
}

// platform returns the platform of the flag, else that of the pod's node. known is false where neither names one: then
// an index of several platforms stays unresolved. A pod's own image reference never chooses: whoever writes it could
// then choose what is inspected.
func (o Options) platform(node *kube.Node) (p v1.Platform, known bool) {
	if o.Platform.OS != "" {
		return o.Platform, true
	}
	if node == nil || node.Platform() == "" {
		return p, false
	}
	return v1.Platform{OS: node.OS, Architecture: node.Architecture, OSVersion: node.OSVersion()}, true
}

// short returns a digest as people read it. It is for sentences only: facts and evidence have the whole digest.
func short(digest string) string {
	if algorithm, hex, ok := strings.Cut(digest, ":"); ok && len(hex) > 12 {
		return algorithm + ":" + hex[:12] + "…"
	}
	return digest
}
