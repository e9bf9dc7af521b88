package respond

import (
	"cmp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Focus is the image that the case is about: the one that an alert was matched to, else the one with the worst
// finding, else one that does not hold, else the first container of its own. ok is false for a case without images.
// Brief and screens open on it; a person may change the container.
func Focus(c inspect.Case) (inspect.Image, bool) {
	for _, a := range c.Alerts {
		if i, ok := c.Image(a.Subject); ok && a.Match != inspect.MatchNone {
			return i, true
		}
	}
	for _, f := range c.Findings {
		subject, _, _ := strings.Cut(f.Subject, ":")
		if i, ok := c.Image(subject); ok && f.Status == inspect.RowFailed {
			return i, true
		}
	}
	if len(c.Images) == 0 {
		return inspect.Image{}, false
	}
	return slices.MinFunc(c.Images, func(a, b inspect.Image) int {
		return cmp.Compare(statusRank(a.Status)*10+typeRank(c, a), statusRank(b.Status)*10+typeRank(c, b))
	}), true
}

// statusRank puts bytes that do not match before those that could not be checked.
func statusRank(s inspect.Status) int {
	return slices.Index([]inspect.Status{inspect.Failed, inspect.Unknown, inspect.Verified, inspect.Absent}, s)
}

// typeRank puts the pod's own containers before those that were added to it: injected sidecars and debug containers. An
// image that no container names comes last.
func typeRank(c inspect.Case, i inspect.Image) int {
	if c.Pod == nil {
		return 0
	}
	for _, o := range c.Pod.Containers {
		if o.Name == i.Container {
			rank := slices.Index([]inspect.ContainerType{
				inspect.ContainerMain, inspect.ContainerInit,
				inspect.ContainerSidecar, inspect.ContainerEphemeral,
			}, o.Type)
			if o.Injected {
				rank += 4
			}
			return rank
		}
	}
	return 8
}
