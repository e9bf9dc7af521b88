package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/triage"
	"github.com/backtrail/backtrail/kube"
)

// podIsGone explains the case of a pod that no longer exists. It is only used where the cluster has answered that it
// has no such pod: a request that failed, or was forbidden, proves nothing and is worded as such.
const podIsGone = "its pod is gone"

// prepareAlert opens the case of an alert, by its number in the list of alerts or by its ID: of its pod if that still
// exists, else of what is left of it. The number is that of `backtrail pods` on the same alerts, and changes when
// others arrive; an ID is a digest of the alert, of which the first digits are enough.
//
// An alert is text that an attacker may have written: a process can log a line of Falco's form. All that it names is
// therefore looked up, in the cluster or the registry, and what cannot be looked up is shown as the claim of the alert.
//
// Errors: exit 2 for an alert that is not there, exit 1 where neither its pod nor its image can be opened.
func (s targetOpener) prepareAlert(ctx context.Context, name string) (prepared, error) {
	// The store of alerts is bounded: where a flood fills it, those of one key are dropped after all others.
	wanted := func(a *alert.Alert) string {
		if a.Named(name) {
			return name
		}
		return ""
	}
	if err := s.alerts.ReadFor(ctx, wanted); err != nil {
		return prepared{}, err
	}
	a, ok := s.alerts.Store.Find(name)
	if !ok {
		return prepared{}, s.noSuchAlert(name)
	}
	// A dump counts as a cluster here: what it does not have was not there when it was made.
	cluster, err := s.openCluster()
	if err != nil { // without a cluster, the registry may be all that is left
		return s.prepareAlertImage(ctx, name, a, err)
	}
	pod, unread := s.lister.PodOf(ctx, cluster, &a)
	switch {
	case ctx.Err() != nil:
		return prepared{}, fmt.Errorf("finding the pod of alert:%s: %w", name, ctx.Err())
	case pod != nil:
		return s.preparePodIn(ctx, pod.Namespace, "pod/"+pod.Name, subject.PodTarget{Kind: "pod", Name: pod.Name})
	case unread != nil:
		return s.prepareGone(ctx, cluster, name, a, nil,
			fmt.Sprintf("whether its pod still exists is not known (%v)", unread))
	}
	return s.prepareGone(ctx, cluster, name, a, nil, podIsGone)
}

// noSuchAlert is the error of an alert that is not there: it is another one where there are no alerts at all, since
// then the flag that reads them is what is missing.
func (s targetOpener) noSuchAlert(name string) error {
	sum := s.alerts.Store.Summary()
	if sum.Entries == 0 {
		return usage("there is no alert:%s, since there are no alerts: --alerts FILE or --alerts-from-cluster "+
			"reads them", name)
	}
	return usage("there is no alert:%s; `backtrail pods` shows the numbers and IDs of the %d alerts", name, sum.Entries)
}

// prepareGone opens the case of a pod that is gone: from the alert, its owner and the registry. listed is the pod as
// it was on the list, nil if it never was; reason is why there is no pod.
//
// The digest that ran is derived, never assumed: the containers are those of the owner's template, and a digest counts
// only as far as another pod of the same owner runs it, or the pod itself was on the list while it lived. How each part
// was derived is in the warning that the case begins with.
func (s targetOpener) prepareGone(
	ctx context.Context, cluster kube.Source, name string, a alert.Alert, listed *inspect.Pod, reason string,
) (prepared, error) {
	r := triage.Reconstruct(ctx, cluster, triage.TracesOf(&a, listed))
	if len(r.Pod.Spec.Containers) == 0 {
		return s.prepareAlertImage(ctx, name, a, errors.New(reason))
	}
	p := prepared{
		target: inspect.Target{
			Kind: inspect.TargetAlert, Name: "alert:" + name, Namespace: r.Pod.Namespace,
			Context: cluster.Context(),
		},
		subject: subject.Options{
			Client: s.client, Platform: s.platform, Pod: r.Pod, Cluster: cluster, Objects: r.Objects,
			Choice: s.choice, Now: s.now, History: history(s.session, cluster.Context()),
		},
	}
	p.opening = p.subject.Opening()
	why := reason + ": this case is about what is left of it. " + strings.Join(r.Basis, "; ")
	notice := inspect.Notice{Level: "warning", Text: strings.TrimPrefix(r.Pod.Namespace+"/"+r.Pod.Name+": ", "/: ") +
		why}
	p.opening = append(p.opening, inspect.Event{Fact: notice})
	p.opening = append(p.opening, s.caseAlerts().OfGone(a, r.Container, why)...)
	return p, nil
}

// prepareAlertImage opens the case of the image that an alert names, where nothing else is left; because is the reason.
// Falco names an image by repository and tag (container.image.repository, container.image.tag), and a tag may mean
// another image by now: that is why the reason stays beside the alert in every report.
func (s targetOpener) prepareAlertImage(ctx context.Context, name string, a alert.Alert,
	because error,
) (prepared, error) {
	reference := triage.TracesOf(&a, nil).Image()
	if reference == "" {
		err := fmt.Errorf("opening alert:%s: %w, and it names no image", name, because)
		return prepared{}, hinted(err, "name the image: backtrail inspect REFERENCE --alerts FILE")
	}
	p, err := s.prepareImage(ctx, reference)
	if err != nil {
		return prepared{}, fmt.Errorf("opening alert:%s: %w, and its image cannot be read: %w", name, because, err)
	}
	p.target = inspect.Target{Kind: inspect.TargetAlert, Name: "alert:" + name, Namespace: a.Namespace}
	p.opening = s.caseAlerts().OfGone(a, inspect.ImageContainer,
		because.Error()+": this is the image that the alert names")
	return p, nil
}

// prepareFlagged opens the case of a row of the list: of its pod, or of its most urgent alert if the pod is gone. A
// pod of the same name that was created since is another one: a row that is gone is never opened as the pod that took
// its name.
func (s targetOpener) prepareFlagged(ctx context.Context, pod inspect.FlaggedPod) (prepared, error) {
	if pod.Name != "" && pod.Gone == nil {
		return s.preparePodIn(ctx, pod.Namespace, "pod/"+pod.Name, subject.PodTarget{Kind: "pod", Name: pod.Name})
	}
	if len(pod.Alerts) == 0 {
		return prepared{}, errors.New("opening the case: the row names neither a pod nor an alert")
	}
	id := pod.Alerts[0].ID
	if pod.Gone == nil {
		return s.prepareAlert(ctx, id)
	}
	a, ok := s.alerts.Store.Find(id)
	if !ok {
		return prepared{}, errors.New("opening the case: the alert is no longer in the list")
	}
	cluster, err := s.openCluster()
	if err != nil {
		return prepared{}, err
	}
	// The list has matched the alert to its pod, which an alert that names a container ID only does not name itself.
	a.Namespace, a.Pod, a.Container = pod.Namespace, pod.Name, cmp.Or(pod.Alerts[0].Subject, a.Container)
	return s.prepareGone(ctx, cluster, id, a, &pod.Pod, podIsGone)
}
