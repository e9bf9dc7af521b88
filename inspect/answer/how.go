package answer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// atRunTime says what did not come in with the image.
func atRunTime(c inspect.Case) []Sentence {
	for _, a := range c.Alerts {
		if a.Match == inspect.MatchNone {
			continue
		}
		switch a.File.Origin {
		case inspect.OriginRuntime, inspect.OriginMemfd:
			return []Sentence{{Text: "the file of the alert came in after the container had started, not with the image", Basis: Derived}}
		case inspect.OriginChanged:
			return []Sentence{{Text: "the file of the alert was written or changed after the container had started", Basis: Derived}}
		case inspect.OriginVolume:
			return []Sentence{{Text: "the file of the alert lies on a mounted volume, not in the image", Basis: Derived}}
		}
	}
	return nil
}

// handover names the point at which the files came in: the base image, a sidecar that somebody injected, or the
// image's own build.
func handover(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range suspects(c) {
		layers := badLayers(i)
		if len(layers) == 0 {
			continue
		}
		text := "they came in with the image's own build"
		switch {
		case injected(c, i.Subject):
			text = "they came in with a container that was injected: the workload's template does not have it"
		case allBase(layers):
			text = "they came in with the base image"
		}
		if i.Diff != nil && i.Diff.KnownGood != nil && i.Diff.Layers != nil {
			text += fmt.Sprintf("; of its layers %d are those of the %s image and %d are new", i.Diff.Layers.Shared, i.Diff.KnownGood.Word(), i.Diff.Layers.Added)
		}
		all = append(all, Sentence{Text: in(c, i) + text, Basis: Derived, Findings: by(c, "binaries", "diff")})
	}
	return all
}

// badLayers are the layers that brought a file that failed.
func badLayers(i inspect.Image) []inspect.Layer {
	bad := map[int]bool{}
	for _, b := range i.Binaries {
		if b.Status == inspect.Failed {
			bad[b.Layer] = true
		}
	}
	for _, a := range i.Altered {
		if a.Status == inspect.Failed {
			bad[a.Layer] = true
		}
	}
	var all []inspect.Layer
	for _, l := range i.Layers {
		if !l.Empty && bad[l.Number] {
			all = append(all, l)
		}
	}
	return all
}

func allBase(layers []inspect.Layer) bool {
	for _, l := range layers {
		if !l.Base {
			return false
		}
	}
	return true
}

func injected(c inspect.Case, subject string) bool {
	if c.Pod == nil {
		return false
	}
	for _, k := range c.Pod.Containers {
		if k.Name == subject {
			return k.Injected
		}
	}
	return false
}

// changedDependencies names packages that are not those of the image before.
func changedDependencies(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range suspects(c) {
		if i.Diff == nil || i.Diff.Packages == nil {
			continue
		}
		var names []string
		for _, p := range i.Diff.Packages.Changed {
			names = append(names, fmt.Sprintf("%s from %s to %s", inspect.Clean(p.Name), inspect.Clean(p.From), inspect.Clean(p.To)))
		}
		for _, p := range i.Diff.Packages.Added {
			names = append(names, fmt.Sprintf("%s %s is new", inspect.Clean(p.Name), inspect.Clean(p.Version)))
		}
		if len(names) == 0 {
			continue
		}
		more := ""
		if len(names) > maxNamed {
			more = fmt.Sprintf(" and %d more", len(names)-maxNamed)
			names = names[:maxNamed]
		}
		all = append(all, Sentence{Text: in(c, i) + "dependencies changed with it: " + strings.Join(names, ", ") + more, Basis: Seen, Findings: by(c, "package-diff")})
	}
	return all
}

// rollout says which rollout brought the digest, and what ran before.
func rollout(c inspect.Case) []Sentence {
	if c.Pod == nil {
		return nil
	}
	for _, r := range c.Pod.Revisions {
		if !r.Current {
			continue
		}
		text := fmt.Sprintf("revision %d (%s) rolled it out at %s", r.Number, inspect.Clean(r.Name), r.Created.Format("2006-01-02 15:04:05Z"))
		for _, i := range suspects(c) {
			if i.Diff != nil && i.Diff.KnownGood != nil && sameTag(i) {
				text += fmt.Sprintf("; the reference %s is the one of the %s image, so the tag was moved", inspect.Clean(i.Reference), i.Diff.KnownGood.Word())
				break
			}
		}
		return []Sentence{{Text: text, Basis: Seen}}
	}
	return nil
}

// sameTag says that the image before was asked for by the same reference, by a tag.
func sameTag(i inspect.Image) bool {
	k := i.Diff.KnownGood
	repository, _, _ := strings.Cut(i.Reference, "@")
	return !strings.Contains(i.Reference, "@") && (k.Reference == i.Reference || strings.HasPrefix(repository, k.Reference+":")) && !k.Confirmed
}
