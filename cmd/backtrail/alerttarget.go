package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/kube"
)

// prepareAlert opens the case of an alert, by its number in the list of alerts or by its ID: of its pod where that is still
// there, else of what is left of it.
func (s *session) prepareAlert(ctx context.Context, name string) (prepared, error) {
	if err := s.readAlerts(ctx); err != nil {
		return prepared{}, err
	}
	a, ok := s.alarms.book.Find(name)
	if !ok {
		return prepared{}, s.noSuchAlert(name)
	}
	s.alarms.book.Fill(&a)
	cluster, err := s.openCluster()
	if err != nil { // the registry may be all that there is
		return s.prepareAlertImage(ctx, name, a, err)
	}
	pod, doubt := s.podOf(ctx, cluster, &a)
	switch {
	case ctx.Err() != nil:
		return prepared{}, fmt.Errorf("looking for the pod of alert:%s: %w", name, ctx.Err())
	case pod != nil:
		return s.preparePodIn(ctx, pod.Namespace, "pod/"+pod.Name, subject.PodTarget{Kind: "pod", Name: pod.Name})
	case doubt != nil:
		return s.prepareGone(ctx, cluster, name, a, nil, fmt.Sprintf("whether its pod is still there is not known (%v): this case is of what else is known of it", doubt))
	}
	return s.prepareGone(ctx, cluster, name, a, nil, "its pod is gone: this case is of what is left of it")
}

func (s *session) noSuchAlert(name string) error {
	sum := s.alarms.book.Summary()
	if sum.Entries == 0 {
		return usage("there is no alert:%s, since there are no alerts: --alerts FILE or --alerts-from-cluster reads them", name)
	}
	return usage("there is no alert:%s; `backtrail pods` shows the number of each of the %d alerts, which are alert:1 and so on, and their IDs", name, sum.Entries)
}

// podOf finds the pod that an alert is of, among those that there are; nil if there is none, or none for certain. doubt
// says that the cluster could not be asked.
func (s *session) podOf(ctx context.Context, cluster kube.Source, a *alert.Alert) (found *corev1.Pod, doubt error) {
	if a.Namespace != "" && a.Pod != "" {
		pod, err := cluster.Pod(ctx, a.Namespace, a.Pod)
		switch {
		case err == nil && fits(pod, a):
			return pod, nil
		case err != nil && !errors.Is(err, kube.ErrNotFound):
			doubt = err
		}
	}
	if a.ContainerID == "" && a.Digest == "" {
		return nil, doubt
	}
	index := alert.NewIndex()
	pods := map[string]corev1.Pod{}
	_, err := cluster.Pods(ctx, kube.Scope{Fallback: s.alarms.book.Namespaces()}, func(page []corev1.Pod) error {
		for i := range page {
			if fits(&page[i], a) {
				index.Add(&page[i])
				pods[uid(&page[i])] = page[i]
			}
		}
		return nil
	})
	if m := index.Match(a); len(m.Hits) == 1 {
		h := m.Hits[0]
		if p, ok := pods[cmp.Or(h.UID, h.Namespace+"/"+h.Pod)]; ok {
			return &p, nil
		}
	}
	return nil, cmp.Or(doubt, err)
}

// fits says that an alert may be of this pod.
func fits(pod *corev1.Pod, a *alert.Alert) bool {
	index := alert.NewIndex()
	index.Add(pod)
	return len(index.Match(a).Hits) > 0
}

// prepareGone opens the case of a pod that is gone: from the alert, its owner and the registry. seen is the pod as it was on
// the list, nil if it never was; words say that it is gone.
func (s *session) prepareGone(ctx context.Context, cluster kube.Source, name string, a alert.Alert, seen *inspect.Pod, words string) (prepared, error) {
	ghost := subject.Raise(ctx, cluster, remains(a, seen))
	if len(ghost.Pod.Spec.Containers) == 0 {
		first, _, _ := strings.Cut(words, ": this case")
		return s.prepareAlertImage(ctx, name, a, errors.New(first))
	}
	p := prepared{
		target: inspect.Target{Kind: inspect.TargetAlert, Name: "alert:" + name, Namespace: ghost.Pod.Namespace, Context: cluster.Context()},
		subject: subject.Options{
			Client: s.client, Platform: s.platform, Pod: ghost.Pod, Cluster: cluster, Objects: ghost.Objects, Choice: s.choice, Now: s.now,
		},
	}
	p.opening = p.subject.Opening()
	why := words + ". " + strings.Join(ghost.Basis, "; ")
	p.opening = append(p.opening, inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: strings.TrimPrefix(ghost.Pod.Namespace+"/"+ghost.Pod.Name+": ", "/: ") + why}})
	p.opening = append(p.opening, s.goneAlerts(a, ghost.Container, why)...)
	return p, nil
}

// remains are what the alert says of its pod.
func remains(a alert.Alert, seen *inspect.Pod) subject.Remains {
	r := subject.Remains{
		Namespace: a.Namespace, Name: a.Pod, Node: a.Node, Workload: a.Workload, WorkloadKind: a.WorkloadKind,
		Container: a.Container, ContainerID: a.ContainerID, Reference: a.Image, By: "the alert", Seen: seen,
	}
	switch repo, _, pinned := strings.Cut(a.Image, "@"); {
	case a.Digest == "":
	case a.Config:
		r.ImageID = a.Digest
	case pinned || !strings.Contains(repo, "sha256:"):
		r.ImageID = repository(repo) + "@" + a.Digest
	default:
		r.ImageID = a.Digest
	}
	if strings.HasPrefix(a.Image, "sha256:") { // a digest that was cut at its colon is no reference
		r.Reference = ""
	}
	return r
}

// repository is a reference without its tag.
func repository(reference string) string {
	if colon := strings.LastIndexByte(reference, ':'); colon > strings.LastIndexByte(reference, '/') {
		return reference[:colon]
	}
	return reference
}

// goneAlerts are all alerts of a pod that is gone, as events. They belong to the container of which there is an image.
func (s *session) goneAlerts(a alert.Alert, container, why string) []inspect.Event {
	var mine []alert.Alert
	s.alarms.book.Each(func(other *alert.Alert) bool {
		sameContainer := a.ContainerID != "" && (strings.HasPrefix(a.ContainerID, other.ContainerID) || strings.HasPrefix(other.ContainerID, a.ContainerID)) && other.ContainerID != ""
		samePod := a.Pod != "" && other.Pod == a.Pod && other.Namespace == a.Namespace
		if other.Number == a.Number || sameContainer || samePod && other.ContainerID == "" {
			o := *other
			o.Match, o.Why, o.Subject = inspect.MatchImage, why, container
			if o.Digest != "" {
				o.Match = inspect.MatchDigest
			}
			mine = append(mine, o)
		}
		return true
	})
	return s.eventsOf(mine)
}

// prepareAlertImage opens the case of the image that an alert names, where nothing else is left; because says why.
func (s *session) prepareAlertImage(ctx context.Context, name string, a alert.Alert, because error) (prepared, error) {
	r := remains(a, nil)
	reference := r.Reference
	if strings.Contains(r.ImageID, "@") {
		reference = r.ImageID
	}
	if reference == "" {
		return prepared{}, hinted(fmt.Errorf("opening alert:%s: %w, and it names no image", name, because), "name the image: backtrail inspect REFERENCE --alerts FILE")
	}
	p, err := s.prepareImage(ctx, reference)
	if err != nil {
		return prepared{}, fmt.Errorf("opening alert:%s: %w, and its image cannot be read: %w", name, because, err)
	}
	p.target = inspect.Target{Kind: inspect.TargetAlert, Name: "alert:" + name, Namespace: a.Namespace}
	p.opening = s.goneAlerts(a, inspect.ImageSubject, because.Error()+": this is the image that the alert names")
	return p, nil
}
