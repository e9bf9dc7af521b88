package answer

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// handover names, for each image in question, the point at which it passed from other hands into the
// cluster: a debug container, an injected sidecar, a package, the base image, or the image's own build.
func handover(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		if s, ok := handoverOf(c, i); ok {
			s.Text = in(c, i) + s.Text
			all = append(all, s)
		}
	}
	return some(all, "more images in question")
}

// handoverOf decides by the first that applies: how the container came into the pod, a package that changed, the
// layers of the files in question, and last whether the image shares any layer with the previous one.
// The order goes from what needs no image at all to what only the image's layers show.
func handoverOf(c inspect.Case, i inspect.Image) (inspect.Sentence, bool) {
	switch k := container(c, i.Container); {
	case k.Type == inspect.ContainerEphemeral:
		return seen("it came in with a debug container, attached to the running pod", ids(coded(c,
			i.Container, inspect.CodeDebugContainer))...), true
	case k.Injected:
		return injectedSidecar(c, i), true
	}
	found := by(c, i, inspect.CheckBinaries, inspect.CheckDiff)
	if p, ok := changedPackage(c, i); ok {
		return derived("it came in with a package dependency: "+p, append(by(c, i, inspect.CheckPackageDiff),
			found...)...), true
	}
	paths, layers := badPaths(c, i)
	switch base, why := fromBase(i, layers); {
	case base:
		return derived(filesInWords(paths)+" came in with the base image"+why, append(found, ids(coded(c, i.Container,
			inspect.CodeLayerElsewhere))...)...), true
	case len(layers) > 0:
		return derived(addedFiles(paths)+" added by the image's own build"+against(i), found...), true
	case i.Diff != nil && i.Diff.KnownGood != nil && i.Diff.Layers != nil && i.Diff.Layers.Shared == 0:
		return derived("it is another image altogether: it shares no layer with the "+i.Diff.KnownGood.Word()+" "+
			"image", found...), true
	}
	return inspect.Sentence{}, false
}

// fromBase reports whether all layers in question are of the base image, and why: by build steps or what the image
// names, or because images of other names begin with the same layers and both go on with others. One of the same name
// in another repository is likely a copy, and proves nothing.
//
// Layers that two unrelated images begin with were built by neither. A mark without such a witness comes from the
// image's own history, which its builder wrote.
func fromBase(i inspect.Image, layers []int) (bool, string) {
	if len(layers) == 0 {
		return false, ""
	}
	last := slices.Max(layers)
	var others []string
	if i.Sharing != nil {
		for _, o := range i.Sharing.Others {
			if o.Prefix > last && o.Prefix < min(o.Total, layerCount(i)) &&
				path.Base(repository(o.Reference)) != path.Base(repository(i.Reference)) {
				others = append(others, repository(o.Reference))
			}
		}
	}
	slices.Sort(others)
	others = slices.Compact(others)
	marked := !slices.ContainsFunc(layers, func(n int) bool { l, ok := layerOf(i, n); return !ok || !l.Base })
	switch {
	case len(others) > 0:
		return true, fmt.Sprintf(": %s begins with the same %s", listed(others), text.CountOf(last+1, "layer",
			"layers"))
	case marked:
		return true, against(i)
	default:
		return false, ""
	}
}

// layerCount is the number of layers, without steps of the history that have none.
func layerCount(i inspect.Image) int {
	n := 0
	for _, l := range i.Layers {
		if !l.Empty {
			n++
		}
	}
	return n
}

// repository is a reference without tag and digest.
func repository(reference string) string {
	name, _, _ := strings.Cut(text.Clean(reference), "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	return name
}

// injectedSidecar is what explains the container. The findings of the cluster name the webhook.
func injectedSidecar(c inspect.Case, i inspect.Image) inspect.Sentence {
	s := derived("it came in with an injected sidecar: the workload's template does not have it", by(c, i,
		inspect.CheckBinaries,
		inspect.CheckDiff)...)
	for _, f := range coded(c, i.Container, inspect.CodeInjectedOtherImage, inspect.CodeInjectedUnexplained,
		inspect.CodeInjectedExplained,
		inspect.CodeInjectedEverywhere) {
		s.Text = "it came in with an injected sidecar: " + trim(f.Title)
		if f.Detail != "" && (f.Code == inspect.CodeInjectedOtherImage || f.Code == inspect.CodeInjectedEverywhere) {
			s.Text += "; " + trim(f.Detail)
		}
		s.Findings = append(s.Findings, f.ID)
	}
	return s
}

// changedPackage is the package that an alerted file belongs to, where its version changed with this image.
func changedPackage(c inspect.Case, i inspect.Image) (string, bool) {
	if i.Diff == nil || i.Diff.Packages == nil {
		return "", false
	}
	if g, ok := lead(c); ok && g.Container == i.Container {
		if cause := causeOf(c); cause.Kind == inspect.CausePackage {
			if change := changeOf(i.Diff.Packages, cause.Name); change != "" {
				return "package " + text.Clean(bareName(cause.Name)) + change, true
			}
		}
	}
	for _, b := range i.Binaries {
		if b.Owner == "" || !namedByAlert(c, i, b.Path) || slices.Contains(b.Codes, "altered") {
			continue
		}
		if change := changeOf(i.Diff.Packages, b.Owner); change != "" {
			return fmt.Sprintf("%s is of package %s%s", text.Clean(b.Path), text.Clean(bareName(b.Owner)),
				change), true
		}
	}
	return "", false
}

// changeOf describes how a package is other than in the image before, "" where it is the same.
func changeOf(d *inspect.PackageDiff, owner string) string {
	name := bareName(owner)
	for _, p := range d.Changed {
		if sameName(p.Name, name) {
			return fmt.Sprintf(", which changed from %s to %s", text.Clean(p.From), text.Clean(p.To))
		}
	}
	for _, p := range d.Added {
		if sameName(p.Name, name) {
			return fmt.Sprintf(" %s, which is new", text.Clean(p.Version))
		}
	}
	return ""
}

// bareName is an owner without the type before it: litellm of "python litellm".
func bareName(owner string) string {
	if at := strings.LastIndexByte(owner, ' '); at >= 0 {
		return owner[at+1:]
	}
	return owner
}

// sameName compares names of packages as PyPI normalizes them (PEP 503): without case, and with - for _ and dots.
// Names of other indexes are compared more loosely than they are, which at worst names a package of nearly that name.
func sameName(a, b string) bool {
	plain := func(s string) string { return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(s)) }
	return plain(a) == plain(b)
}

// filesInWords names the one file in question, or their number: the first answer names them.
func filesInWords(paths []string) string {
	if len(paths) == 1 {
		return text.Clean(paths[0])
	}
	return fmt.Sprintf("%d files", len(paths))
}

// addedFiles is filesInWords with its verb.
func addedFiles(paths []string) string {
	if len(paths) == 1 {
		return filesInWords(paths) + " was"
	}
	return filesInWords(paths) + " were"
}

// against counts the layers that are shared with the previous image.
func against(i inspect.Image) string {
	if i.Diff == nil || i.Diff.KnownGood == nil || i.Diff.Layers == nil {
		return ""
	}
	return fmt.Sprintf(" (%s, %d shared with the %s image)", text.CountOf(i.Diff.Layers.Added, "new layer",
		"new layers"),
		i.Diff.Layers.Shared, i.Diff.KnownGood.Word())
}
