package answer

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// handover names, for each image in question, the point at which it passed from somebody else's hands into the
// cluster: a debug container, an injected sidecar, the base image, a package, or the image's own build.
func handover(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range suspects(c) {
		if s, ok := handoverOf(c, i); ok {
			s.Text = in(c, i) + s.Text
			all = append(all, s)
		}
	}
	return all
}

func handoverOf(c inspect.Case, i inspect.Image) (Sentence, bool) {
	layers, found := badLayers(i), by(c, "binaries", "diff")
	switch k := container(c, i.Subject); {
	case k.Type == inspect.ContainerEphemeral:
		return Sentence{"it came in with a debug container, which somebody attached to the running pod", Seen, ids(coded(c, i.Subject, "debug-container"))}, true
	case k.Injected:
		return injectedSidecar(c, i), true
	}
	if p, ok := changedPackage(c, i); ok {
		return Sentence{"it came in with a package dependency: " + p, Derived, append(by(c, "package-diff"), found...)}, true
	}
	shared := sharing(i)
	switch {
	case len(layers) > 0 && allBase(layers):
		return Sentence{brought(i) + " came in with the base image" + shared, Derived, found}, true
	case len(layers) > 0:
		return Sentence{brought(i) + " came in with the image's own build" + shared, Derived, found}, true
	case i.Diff != nil && i.Diff.KnownGood != nil && i.Diff.Layers != nil && i.Diff.Layers.Shared == 0:
		return Sentence{"it is another image altogether: it shares no layer with the " + i.Diff.KnownGood.Word() + " image", Derived, found}, true
	}
	return Sentence{}, false
}

// injectedSidecar says what explains the container; the findings of the cluster say it in their words.
func injectedSidecar(c inspect.Case, i inspect.Image) Sentence {
	s := Sentence{Text: "it came in with an injected sidecar: the workload's template does not have it", Basis: Derived, Findings: by(c, "binaries", "diff")}
	for _, f := range coded(c, i.Subject, "injected-other-image", "injected-unexplained", "injected-explained", "injected-everywhere") {
		s.Text = "it came in with an injected sidecar: " + trim(f.Title)
		if f.Detail != "" && f.Code == "injected-other-image" {
			s.Text += "; " + trim(f.Detail)
		}
		s.Findings = append(s.Findings, f.ID)
	}
	return s
}

// changedPackage is the package that an alerted or altered file belongs to, where its version changed with this image.
func changedPackage(c inspect.Case, i inspect.Image) (string, bool) {
	if i.Diff == nil || i.Diff.Packages == nil {
		return "", false
	}
	for _, b := range i.Binaries {
		if b.Owner == "" || !toldByAlert(c, i, b.Path) {
			continue
		}
		for _, p := range i.Diff.Packages.Changed {
			if p.Name == b.Owner {
				return fmt.Sprintf("%s is of package %s, which changed from %s to %s", inspect.Clean(b.Path), inspect.Clean(p.Name), inspect.Clean(p.From), inspect.Clean(p.To)), true
			}
		}
		for _, p := range i.Diff.Packages.Added {
			if p.Name == b.Owner {
				return fmt.Sprintf("%s is of package %s %s, which is new", inspect.Clean(b.Path), inspect.Clean(p.Name), inspect.Clean(p.Version)), true
			}
		}
	}
	return "", false
}

// brought names the one file that failed, or says that there are several, which the first answer names.
func brought(i inspect.Image) string {
	var paths []string
	for _, b := range i.Binaries {
		if b.Status == inspect.Failed {
			paths = append(paths, b.Path)
		}
	}
	for _, a := range i.Altered {
		if a.Status == inspect.Failed && !slices.Contains(paths, a.Path) {
			paths = append(paths, a.Path)
		}
	}
	if len(paths) == 1 {
		return inspect.Clean(paths[0])
	}
	return fmt.Sprintf("these %d files", len(paths))
}

func sharing(i inspect.Image) string {
	if i.Diff == nil || i.Diff.KnownGood == nil || i.Diff.Layers == nil {
		return ""
	}
	return fmt.Sprintf("; of its layers %d are those of the %s image and %d are new", i.Diff.Layers.Shared, i.Diff.KnownGood.Word(), i.Diff.Layers.Added)
}

// container is that of a subject, zero where the case has no pod.
func container(c inspect.Case, subject string) inspect.Container {
	if c.Pod == nil {
		return inspect.Container{}
	}
	for _, k := range c.Pod.Containers {
		if k.Name == subject {
			return k
		}
	}
	return inspect.Container{}
}

// subjectPod is the subject of findings about the pod as a whole.
const subjectPod = "pod"

// coded are the findings about a subject of one of the codes.
func coded(c inspect.Case, subject string, codes ...string) []inspect.Finding {
	var all []inspect.Finding
	for _, f := range c.Findings {
		if f.Subject == subject && slices.Contains(codes, f.Code) {
			all = append(all, f)
		}
	}
	return all
}

func ids(list []inspect.Finding) []string {
	var all []string
	for _, f := range list {
		all = append(all, f.ID)
	}
	return all
}
