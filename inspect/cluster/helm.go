package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/engine"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Helm reads the Secrets of the Helm release that the pod's workload claims to belong to, and compares what its
// manifest asks for with what runs. asked is set where a person allowed it.
func Helm(o Options, store *registry.Store, asked bool) engine.Check {
	return engine.Check{Name: inspect.CheckHelm, Scope: engine.PerCase, Run: func(ctx context.Context, _ engine.On,
		emit func(inspect.Event),
	) error {
		switch {
		case o.Pod == nil:
			return engine.Nothing("the target is not a pod")
		case !asked:
			return engine.Nothing("not requested: --helm reads the Secrets of the release")
		}
		if o.Trace != nil {
			ctx = o.Trace(ctx, emit)
		}
		// The lineage is read again, not taken from the other check: this one also runs where that one could not.
		s := &scene{pod: o.Pod}
		s.lineage, _ = o.Cluster.Lineage(ctx, o.Pod)
		for _, c := range kube.Containers(o.Pod, s.lineage.Template) {
			if (o.Container == "" || c.Name == o.Container) && !c.Injected && c.Type != kube.TypeEphemeral {
				s.containers = append(s.containers, c)
			}
		}
		w := s.lineage.Workload
		if w == nil {
			return engine.Nothing("the pod has no workload")
		}
		mark, ok := chartOf(w.Owner)
		if !ok {
			return engine.Nothing("%s %s has no labels of a Helm release", w.Kind, w.Name)
		}
		if mark.release == "" {
			return engine.Unchecked("%s %s has labels of Helm, but none that names the release", w.Kind, w.Name)
		}
		secrets, err := o.Cluster.HelmReleases(ctx, mark.namespace, mark.release)
		switch {
		case errors.Is(err, kube.ErrForbidden):
			return engine.Unchecked("the Helm release %s could not be read: not permitted to list the Secrets of "+
				"namespace %s", mark.release, mark.namespace)
		case err != nil:
			return engine.Unchecked("the Helm release %s could not be read: %s", mark.release, firstLine(err))
		}
		h := helmHistory{scene: s, store: store, emit: emit}
		return h.tell(secrets)
	}}
}

// helmHistory is the revisions of one release, the newest first.
type helmHistory struct {
	*scene
	store     *registry.Store
	emit      func(inspect.Event)
	revisions []*helmRelease
	evidence  map[int]inspect.Evidence // of each revision
}

// tell decodes the revisions, keeps each as an exhibit, puts it on the timeline and compares the containers with the
// one that is deployed. A revision that cannot be decoded leaves the check incomplete; the others are used.
func (h *helmHistory) tell(secrets []corev1.Secret) error {
	h.evidence = map[int]inspect.Evidence{}
	var broken []string
	for _, s := range secrets {
		r, err := decodeRelease(s.Data["release"])
		if err != nil {
			broken = append(broken, s.Name+": "+err.Error())
			continue
		}
		h.revisions = append(h.revisions, r)
		// kept before it is compared: findings name it as their evidence
		if err := h.keep(r, s); err != nil {
			return err
		}
		if when := r.deployed(); !when.IsZero() {
			h.emit(inspect.Event{Fact: inspect.Moment{
				Time: inspect.At(when), What: fmt.Sprintf("revision %d of Helm release %s deployed, %s", r.Version,
					r.Name, r.chart()),
				Source: "Helm release " + s.Name, Trust: inspect.ByCluster,
			}})
		}
	}
	slices.SortFunc(h.revisions, func(a, b *helmRelease) int { return cmp.Compare(b.Version, a.Version) })
	for _, c := range h.containers {
		if f, ok := h.compare(c); ok {
			h.emit(inspect.Event{Fact: f})
		}
	}
	if len(broken) > 0 {
		return engine.Unchecked("%d of %d revisions of the release could not be read: %s", len(broken), len(secrets),
			broken[0])
	}
	return nil
}

// compare describes what the release asks for in a container, against what its workload asks for.
func (h *helmHistory) compare(c kube.Container) (inspect.Finding, bool) {
	w := h.lineage.Workload
	// Helm marks exactly one revision as deployed. A release whose upgrade failed may have none; then nothing is
	// compared.
	at := slices.IndexFunc(h.revisions, func(r *helmRelease) bool { return r.Info.Status == "deployed" })
	if at < 0 {
		return inspect.Finding{}, false
	}
	now := h.revisions[at]
	asked, ok := now.asks(w.Namespace, w.Kind, w.Name, c.Name)
	if !ok {
		return inspect.Finding{}, false
	}
	release := fmt.Sprintf("Helm release %s (%s, revision %d%s)", now.Name, now.chart(), now.Version,
		atTime(now.deployed()))
	evidence := []inspect.Evidence{
		h.evidence[now.Version],
		object(w.Kind, w.Namespace, w.Name, "its template names "+c.Reference),
	}
	// The pod is compared, not the workload: it names the image that the workload had when it was made.
	if asked != c.Reference {
		title := fmt.Sprintf("the image of %s was changed outside Helm: %s renders %s, and %s %s has %s", c.Name,
			release, asked, w.Kind, w.Name, c.Reference)
		if a, ok := h.authorOf(c); ok {
			title += fmt.Sprintf(", as %s set it%s", a.manager, atTime(a.time))
		}
		return helmFinding(inspect.CodeHelmSwapped, c.Name, title,
			"whoever upgrades or rolls back the release writes its own image again", evidence), true
	}
	by := now.givenBy(asked)
	// the newest one before that has the container at all: revisions in between may have failed
	for _, before := range h.revisions[at+1:] {
		was, ok := before.asks(w.Namespace, w.Kind, w.Name, c.Name)
		if !ok {
			continue
		}
		if was != asked {
			title := fmt.Sprintf("%s changed the image of %s: revision %d (%s) renders %s, this one renders %s, %s",
				release, c.Name, before.Version, before.chart(), was, asked, by)
			return helmFinding(inspect.CodeHelmImageChanged, c.Name, title, "", append(evidence,
				h.evidence[before.Version])), true
		}
		break
	}
	return helmFinding(inspect.CodeHelmImage, c.Name, fmt.Sprintf("%s renders the image of %s, %s", release, c.Name,
		by), "",
		evidence), true
}

// helmFinding makes a finding of the check of the release, whose ID differs from one of the cluster with the same
// code.
func helmFinding(code, container, title, detail string, evidence []inspect.Evidence) inspect.Finding {
	f := finding(code, container, title, detail, evidence...)
	f.ID, f.Check = inspect.FindingID(inspect.CheckHelm, code, container), inspect.CheckHelm
	return f
}

// givenBy names whose values set the image: those that were given to the release, or the chart's own.
func (r *helmRelease) givenBy(image string) string {
	if paths := naming(r.Config, image); len(paths) > 0 {
		return "by values that were given to it (" + some(paths) + ")"
	}
	if paths := naming(r.Chart.Values, image); len(paths) > 0 {
		return "by the chart's own values (" + some(paths) + ")"
	}
	return "as the chart is written"
}

// keep makes an exhibit of a revision: what it asks for, and its values without what may be secret.
func (h *helmHistory) keep(r *helmRelease, s corev1.Secret) error {
	// Values hold passwords as a matter of course. What is kept is what names images, and a list of what was left out.
	given, taken := withheld(r.Config)
	own, more := withheld(r.Chart.Values)
	for i := range taken {
		taken[i] = ".values" + taken[i]
	}
	for i := range more {
		more[i] = ".chart.values" + more[i]
	}
	raw, err := json.MarshalIndent(map[string]any{
		"release": r.Name, "namespace": r.Namespace, "revision": r.Version, "status": r.Info.Status,
		"deployed": r.Info.LastDeployed,
		"chart": map[string]any{
			"name": r.Chart.Metadata.Name, "version": r.Chart.Metadata.Version,
			"appVersion": r.Chart.Metadata.AppVersion, "values": own,
		},
		"values":    given,
		"workloads": r.workloads(),
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("keeping revision %d of the release: %w", r.Version, err)
	}
	x := inspect.Exhibit{
		Path:     fmt.Sprintf("cluster/helm-%s-%s.v%d.json", fileName(r.Namespace), fileName(r.Name), r.Version),
		Source:   kube.SecretPath(s.Namespace, s.Name),
		Redacted: append(append(taken, more...), ".manifest: all but the images of its workloads"),
	}
	if err := keep(h.store, &x, raw); err != nil {
		return err
	}
	h.emit(inspect.Event{Fact: x})
	h.evidence[r.Version] = inspect.Evidence{
		Kind: "helm-release", Digest: x.Digest, Path: x.Path,
		Text: fmt.Sprintf("revision %d, %s", r.Version, r.chart()),
	}
	return nil
}

// fileName keeps of a foreign name what may stand in the name of a file.
func fileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '_'
	}, name)
	return strings.TrimLeft(clean[:min(len(clean), 63)], ".")
}
