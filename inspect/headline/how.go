package headline

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// howRules give the way in: what is not in the image, the tag that was moved, what another party handed over, the own
// build; then the answer in its own words.
//
// A tag that was moved precedes base image, dependency and build: whoever moved it may have built the image in any way,
// and what its layers and labels claim about that is the attacker's own statement.
var howRules = []rule{
	howAtRunTime, howVolume, howSidecar, howTagMoved, howBase, howDependency, howBuild, howAnswer, howRunning,
	howNothing,
}

// howAtRunTime is that it came in after the container had started.
func howAtRunTime(v view) (string, string) {
	if v.cause.Kind != inspect.CauseRuntime {
		return "", ""
	}
	switch act := v.act(); {
	case v.cause.Name != "":
		return "as a debug container attached to the running pod; the API server's audit log " +
			"(pods/ephemeralcontainers) names who", ""
	case act == inspect.ActExec:
		return "by exec into the running container; the API server's audit log (pods/exec) names who", ""
	case act == inspect.ActInstall, act == inspect.ActCommand:
		return "by a process of the running container; what made it do so is not known", ""
	}
	return "after the container had started; who wrote it is not known " +
		"(see pods/exec in the API server's audit log)", ""
}

// howVolume is the volume that has the file.
func howVolume(v view) (string, string) {
	if v.cause.Kind != inspect.CauseVolume {
		return "", ""
	}
	var at inspect.Mount // the deepest one: it hides what the others have at its path
	for _, m := range v.mounts() {
		if strings.HasPrefix(v.cause.Path, strings.TrimSuffix(m.Path, "/")+"/") && len(m.Path) > len(at.Path) {
			at = m
		}
	}
	if at.Path == "" {
		return "by a mounted volume", ""
	}
	what := strings.TrimSpace(at.Kind + " " + at.Source)
	return "volume " + at.Volume + " (" + what + ") mounted at " + at.Path, ""
}

// mounts are the volumes of the container that the lines are about, as the pod's specification has them.
func (v view) mounts() []inspect.Mount {
	if v.c.Pod == nil {
		return nil
	}
	for _, k := range v.c.Pod.Containers {
		if k.Name == v.image.Container {
			return k.Mounts
		}
	}
	return nil
}

// howSidecar is what injected a container.
func howSidecar(v view) (string, string) {
	if v.cause.Kind != inspect.CauseSidecar && !v.injected() {
		return "", ""
	}
	for _, f := range v.c.Findings {
		if container, _, _ := strings.Cut(f.Subject, ":"); container == v.image.Container &&
			strings.HasPrefix(f.Code, "injected") {
			return title(f), ""
		}
	}
	if v.c.Pod != nil && !v.c.Pod.Created.IsZero() {
		return "injected when the pod was created, " + clock(v.c.Pod.Created), ""
	}
	return "injected into the pod", ""
}

// injected reports whether the workload's template does not have the container.
func (v view) injected() bool {
	if v.c.Pod == nil {
		return false
	}
	for _, k := range v.c.Pod.Containers {
		if k.Name == v.image.Container {
			return k.Injected
		}
	}
	return false
}

// howTagMoved is a tag that means another digest than in the previous image. A tag moves at every ordinary release too,
// so that this needs a finding that failed beside it.
func howTagMoved(v view) (string, string) {
	if !v.tagMoved() || len(v.lead.Findings) == 0 {
		return "", ""
	}
	known := v.image.Diff.KnownGood
	before, now := short(known.Key()), short(v.image.Key())
	if v.has(inspect.CodeSignatureGone) {
		before, now = before+" (signed)", now+" (unsigned)"
	}
	return "tag " + shortName(v.image.Reference) + " overwritten: " + before + " → " + now + v.pulled(), ""
}

// tagMoved reports whether the previous image went by the same tag. A known-good that a person confirmed may be any
// image, and a pod that names a digest has no tag that could move.
func (v view) tagMoved() bool {
	if v.image.Diff == nil || v.image.Diff.KnownGood == nil || strings.Contains(v.image.Reference, "@") {
		return false
	}
	k := v.image.Diff.KnownGood
	return !k.Confirmed && k.Key() != v.image.Key() && v.image.Reference != "" &&
		(k.Reference == v.image.Reference || strings.HasPrefix(v.image.Reference, k.Reference+":"))
}

// pulled is what made the node resolve the tag again: a restart, else the rollout of the revision that runs. The
// field manager kubectl-rollout is what `kubectl rollout restart` calls itself; a manager names itself, so that the
// line needs the finding about the restart as well.
func (v view) pulled() string {
	if v.c.Pod == nil {
		return ""
	}
	if v.has(inspect.CodeRestarted) {
		for _, o := range v.c.Pod.Owner {
			for _, m := range o.Managers {
				if m.Name == "kubectl-rollout" {
					return ", pulled by `kubectl rollout restart` " + clock(m.Time)
				}
			}
		}
	}
	if r, ok := v.revision(); ok {
		return fmt.Sprintf(", pulled by revision %d %s", r.Number, clock(r.Created))
	}
	return ""
}

// revision is the one of the workload that runs.
func (v view) revision() (inspect.Revision, bool) {
	if v.c.Pod == nil {
		return inspect.Revision{}, false
	}
	for _, r := range v.c.Pod.Revisions {
		if r.Current && r.Number > 0 {
			return r, true
		}
	}
	return inspect.Revision{}, false
}

// rolledOut is the revision that brought the image, behind a text. An injected container came by no revision of the
// workload.
func (v view) rolledOut() string {
	if r, ok := v.revision(); ok && !v.injected() {
		return fmt.Sprintf("; revision %d rolled it out %s", r.Number, clock(r.Created))
	}
	return ""
}

// howBase is the base image: as the cause, or as the owner of the layer that has it.
func howBase(v view) (string, string) {
	l, ok := v.layer()
	if v.cause.Kind != inspect.CauseBase && (!ok || !l.Base) {
		return "", ""
	}
	return "with the base image " + cmp.Or(v.cause.Name, "(its layers are below the image's own)") + v.rolledOut(), ""
}

// howDependency is a package that the own build took in, with the version before. Names are compared as their
// ecosystems do, so that the answer's fastembed_utils is the fastembed-utils of the comparison.
func howDependency(v view) (string, string) {
	if v.cause.Kind != inspect.CausePackage {
		return "", ""
	}
	if d := v.image.Diff; d != nil && d.Packages != nil {
		for _, p := range d.Packages.Changed {
			if normal(p.Name) == normal(bare(v.cause.Name)) {
				return "dependency " + p.Name + " changed in the image's own build: " + p.From + " → " + p.To +
					v.rolledOut(), ""
			}
		}
		for _, p := range d.Packages.Added {
			if normal(p.Name) == normal(bare(v.cause.Name)) {
				return "dependency " + p.Name + " " + p.Version + " is new in the image's own build" + v.rolledOut(), ""
			}
		}
	}
	return "as a dependency of the image's own build" + v.rolledOut(), ""
}

// howBuild is the image's own build, where its layers were compared.
func howBuild(v view) (string, string) {
	l, ok := v.layer()
	if !ok || l.Base {
		return "", ""
	}
	return v.ownBuild() + v.rolledOut(), ""
}

// ownBuild words the image's own build, with how many layers are new where it was compared.
func (v view) ownBuild() string {
	counts := ""
	if d := v.image.Diff; d != nil && d.Layers != nil && !v.brief {
		counts = fmt.Sprintf(" (%s new, %d shared with the %s image)", text.Count(d.Layers.Added, "layer"),
			d.Layers.Shared, v.previous())
	}
	return "by the image's own build" + counts
}

// howAnswer is what the answer found out, in its own words: of the causes that no rule above is about, as a chart or a
// field manager of the cluster.
func howAnswer(v view) (string, string) { return v.answered(inspect.HowIn), "" }

// howRunning is that checks have not ended.
func howRunning(v view) (string, string) {
	if !v.running() {
		return "", ""
	}
	return v.waiting(), ""
}

// howNothing is that the way in is not known, or that there is nothing of which it could be.
func howNothing(v view) (string, string) {
	if v.wrong() {
		return "not known", ""
	}
	return cmp.Or(v.unsure(), "nothing to explain"), ""
}

// unsure is what a line gives in place of "nothing": a case of which not all could be checked has not found nothing.
func (v view) unsure() string {
	if verdict.Of(v.c).Status != inspect.CaseIncomplete {
		return ""
	}
	return "not known: not all could be checked"
}
