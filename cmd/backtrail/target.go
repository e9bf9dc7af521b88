package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/binary"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/triage"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
	"github.com/backtrail/backtrail/tui/fleet"
	"github.com/google/go-containerregistry/pkg/authn"
	corev1 "k8s.io/api/core/v1"
)

// prepared is a case that can be started: what it is about was found. opening are the first facts of the case: the pod
// as it was when the case was opened, and its alerts.
type prepared struct {
	target  inspect.Target
	subject subject.Options
	opening []inspect.Event
	keys    authn.Keychain // of the pod, for the registries of its case; nil without
}

// targetOpener turns what a person named on the command line, or picked from the list of pods, into a case to run.
type targetOpener struct{ *session }

// prepare finds what a target names. Nothing there: an error, and no case is begun. alert:N comes first, then a kind
// of kubectl before a slash (pod/, deploy/, …), then what names an image. An image whose repository begins with such a
// kind is written with the host of its registry.
func (s targetOpener) prepare(ctx context.Context, target string) (prepared, error) {
	if number, ok := strings.CutPrefix(target, "alert:"); ok {
		return s.prepareAlert(ctx, number)
	}
	t, ok, err := subject.ParsePod(target)
	if err != nil {
		return prepared{}, &exitError{
			code: exitUsage, err: err,
			hints: []string{"backtrail inspect pod/web-0 -n shop; an image of such a name is written with the " +
				"host of its registry"},
		}
	}
	if ok {
		return s.preparePodIn(ctx, s.flags.namespace, target, t)
	}
	return s.prepareImage(ctx, target)
}

// prepareImage finds an image: by reference in a registry, or by path in a layout or archive. Only its index or
// manifest is read here; an image whose parts are damaged is a case, one that is not there is none.
func (s targetOpener) prepareImage(ctx context.Context, target string) (prepared, error) {
	loc, err := registry.Parse(target)
	if err != nil {
		return prepared{}, &exitError{code: exitUsage, err: err, hints: []string{
			"a target is pod/NAME, deploy/NAME, an image reference, oci:DIR, oci-archive:FILE, " +
				"docker-archive:FILE, or a path that begins with / or ./",
		}}
	}
	img, err := s.client.Resolve(ctx, loc, s.platform)
	if err != nil {
		return prepared{}, explain(fmt.Errorf("opening image %s: %w", target, err), loc)
	}
	p := prepared{
		target: inspect.Target{Kind: inspect.TargetImage, Name: target},
		subject: subject.Options{
			Client: s.client, Platform: s.platform, Image: img, Reference: target,
			Choice: s.choice, Now: s.now,
		},
	}
	return p, nil
}

// explain adds what to try when an image cannot be opened. Registries answer with 401 or 404 for an image that is
// there and may not be read, which is why both hints name the other possibility.
func explain(err error, loc registry.Location) error {
	var auth *registry.AuthError
	var ambiguous *registry.AmbiguousError
	switch {
	case errors.As(err, &ambiguous):
		return &exitError{code: exitUsage, err: err, hints: []string{fmt.Sprintf("name one: %s:%s:NAME", loc.Kind,
			loc.Path)}}
	case errors.As(err, &auth):
		return hinted(err, "log in with the command above, or give the pull secrets of a pod with --pull-secrets")
	case errors.Is(err, registry.ErrNotFound) && loc.Local():
		return hinted(err, "a layout is a directory with index.json; docker save and skopeo write archives: "+
			"docker-archive:FILE, oci-archive:FILE")
	case errors.Is(err, registry.ErrNotFound):
		return hinted(err, "the registry does not have it (any more): check name and tag, or inspect the pod that "+
			"runs it, which keeps what is left")
	case errors.As(err, new(net.Error)):
		return hinted(err, "is the registry reached from here? HTTPS_PROXY names a proxy, --registry-map FROM=TO "+
			"a mirror",
			"oci-archive:FILE and docker-archive:FILE read an image that was copied by other means")
	default:
		return hinted(err)
	}
}

// preparePodIn finds a pod of a namespace; empty: that of the context, as for kubectl. The pod is read once: the case
// is about what was there at that moment, and what happens to the pod later is an event of its watch.
func (s targetOpener) preparePodIn(ctx context.Context, namespace, name string, t subject.PodTarget) (prepared, error) {
	cluster, err := s.openCluster()
	if err != nil {
		return prepared{}, err
	}
	found, err := subject.Find(ctx, cluster, namespace, t)
	if err != nil {
		return prepared{}, fmt.Errorf("finding %s: %w", name, err)
	}
	p := prepared{
		target: inspect.Target{
			Kind: inspect.TargetPod, Name: "pod/" + found.Pod.Name,
			Namespace: found.Pod.Namespace, Container: t.Container, Context: cluster.Context(),
		},
		subject: subject.Options{
			Client: s.client, Platform: s.platform, Pod: found.Pod, Cluster: cluster, Container: t.Container,
			Objects: found.Objects, Choice: s.choice, Now: s.now, History: history(s.session, cluster.Context()),
		},
	}
	// The case is about a pod; that it was found by its workload is kept, for the command that finds its next pod.
	if t.Kind != "pod" {
		p.target.Workload = t.Kind + "/" + t.Name
	}
	if s.flags.pullSecrets {
		p.keys = pullSecretsOf(ctx, cluster, found.Pod, s.notice)
	}
	p.opening = p.subject.Opening()
	// Only alerts of this pod are of interest: the index has them kept when a flood fills the bounded store.
	index := triage.NewIndex()
	index.Add(found.Pod)
	if err := s.alerts.ReadFor(ctx, index.PodOf); err != nil {
		return prepared{}, err
	}
	p.opening = append(p.opening, s.caseAlerts().Of(found.Pod)...)
	return p, nil
}

// isFile reports whether a path is there, as a file, a folder or anything else. One that may not be looked at counts
// as not there: whatever is written next reports why.
func isFile(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readCheckpoint reads the kubelet checkpoint that a flag names, "" for none. It is a tar that the container runtime
// wrote (Kubernetes, KEP-2008, forensic container checkpointing), with the files that have changed since the container
// started.
func readCheckpoint(ctx context.Context, s *session, file string) error {
	if file == "" {
		return nil
	}
	p, err := s.cache.ReadCheckpoint(ctx, file)
	if err != nil {
		return hinted(err, "a kubelet checkpoint is a tar with config.dump, spec.dump and rootfs-diff.tar, on the "+
			"node below /var/lib/kubelet/checkpoints")
	}
	s.checkpoint = p
	return nil
}

// withCheckpoint adds the check of run-time state, where there is a checkpoint: without one the case does not show a
// check that did not run.
func withCheckpoint(s *session, checks []engine.Check) []engine.Check {
	if s.checkpoint == nil {
		return checks
	}
	return append(checks, binary.Runtime(s.cache, s.owners, s.checkpoint))
}

// pullSecretsOf reads the pull secrets of a pod and of its service account: the credentials of its case, and of no
// other. It is nil where there are none. Secrets that may not be read are reported; the others count. They are kept in
// memory only: neither the ledger nor a bundle nor the cache has them.
func pullSecretsOf(ctx context.Context, cluster kube.Source, pod *corev1.Pod,
	notice func(string),
) authn.Keychain {
	found, err := cluster.PullSecrets(ctx, pod)
	if err != nil {
		notice("not all pull secrets could be read: " + err.Error())
	}
	if len(found) == 0 {
		return nil
	}
	keychain, err := kube.PullKeychain(found)
	if err != nil {
		notice("not all pull secrets can be used: " + err.Error())
	}
	return keychain
}

// podAt finds the pod of a workload that a place is about: one that runs its digest in its container, else the newest
// of the workload. Of several such pods one that has a case already goes first: a person goes on there. The names of
// pods that a workload made begin with its own; those of a CronJob have a Job between.
func (s targetOpener) podAt(ctx context.Context, p fleet.Place, hasCase func(*inspect.Pod) bool,
) (inspect.FlaggedPod, error) {
	cluster, err := s.openCluster()
	if err != nil {
		return inspect.FlaggedPod{}, err
	}
	kind, name, _ := strings.Cut(p.Workload, "/")
	var best inspect.Pod
	rank := 0
	_, err = cluster.Pods(ctx, kube.Scope{Namespaces: []string{p.Namespace}}, func(page []corev1.Pod) error {
		for i := range page {
			pod := subject.FromPod(&page[i], nil)
			mine := kind == "pod" && pod.Name == name || kind != "pod" && strings.HasPrefix(pod.Name, name+"-")
			if !mine {
				continue
			}
			of := 1
			if slices.ContainsFunc(pod.Containers, func(c inspect.Container) bool {
				return c.Name == p.Container && p.Digest != "" && c.Digest() == p.Digest
			}) {
				of = 2
				if hasCase(&pod) {
					of = 3
				}
			}
			if of > rank || of == rank && pod.Created.After(best.Created.Time) {
				best, rank = pod, of
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return inspect.FlaggedPod{}, fmt.Errorf("finding a pod of %s in namespace %s: %w", p.Workload, p.Namespace, err)
	}
	if rank == 0 {
		return inspect.FlaggedPod{}, fmt.Errorf("no pod of %s runs in namespace %s now; `backtrail inspect IMAGE@%s` "+
			"opens the image", p.Workload, p.Namespace, p.Digest)
	}
	return inspect.FlaggedPod{Pod: best}, nil
}
