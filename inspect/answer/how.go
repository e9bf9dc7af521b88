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
		path := inspect.Clean(a.File.Path)
		switch a.File.Origin {
		case inspect.OriginRuntime:
			return []Sentence{{Text: path + " was written after the container had started: it did not come in with the image", Basis: Derived}}
		case inspect.OriginMemfd:
			return []Sentence{{Text: "the program of the alert was put into memory after the container had started: it did not come in with the image", Basis: Derived}}
		case inspect.OriginChanged:
			return []Sentence{{Text: "the copy of " + path + " that ran was written or changed after the container had started", Basis: Derived}}
		case inspect.OriginVolume:
			return []Sentence{{Text: path + " came in by a mounted volume, not with the image", Basis: Derived}}
		}
	}
	return nil
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
