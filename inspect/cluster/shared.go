package cluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// finding reports whether the suspect layers run elsewhere too.
func (s *suspectImage) finding(found inspect.Sharing) (inspect.Finding, bool) {
	pods := found.Pods()
	// that nothing else runs a suspect layer is in the fact, and is no finding
	if len(pods) == 0 {
		return inspect.Finding{}, false
	}
	numbers, evidence := s.shared(found)
	// words for one or several: "layer 4 … runs in 2 other pods"
	what, verb := "layer ", "runs"
	if len(numbers) > 1 {
		what, verb = "layers ", "run"
	}
	var images []string
	for _, o := range found.Others {
		images = append(images, o.Reference)
	}
	slices.Sort(images)
	return inspect.Finding{
		ID:    inspect.FindingID(inspect.CheckSharing, inspect.CodeLayerElsewhere, s.image.Container),
		Check: inspect.CheckSharing, Code: inspect.CodeLayerElsewhere,
		Severity: inspect.Medium,
		Status:   inspect.Medium.RowStatus(), Subject: s.image.Container, Evidence: evidence,
		Title: fmt.Sprintf("%s%s of %s, which brought %s, %s in %s with another image: %s", what, andAll(numbers),
			s.image.Container, andAll(s.brought), verb,
			text.CountOf(len(pods), "other pod", "other pods"), some(pods)),
		Detail: "with " + some(slices.Compact(images)) + "; " + counted(found),
	}, true
}

// shared are the numbers of the suspect layers that others have, with the manifests that say so and the layers.
func (s *suspectImage) shared(found inspect.Sharing) (numbers []string, evidence []inspect.Evidence) {
	for _, o := range found.Others {
		evidence = append(evidence, inspect.Evidence{Kind: "manifest", Digest: o.Digest, Text: o.Reference})
	}
	for _, l := range s.image.Layers {
		if !l.Empty && len(found.With(l.Number)) > 0 {
			numbers = append(numbers, fmt.Sprint(l.Number))
			evidence = append(evidence, inspect.Evidence{Kind: "layer", Digest: l.Digest, Text: l.CreatedBy})
		}
	}
	return numbers, evidence
}

// andAll names the first of a list as people say them: a, b and c.
func andAll(names []string) string {
	if len(names) < 2 || len(names) > 3 {
		return some(names)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// counted describes how much was looked at.
func counted(s inspect.Sharing) string {
	text := "compared by manifest with " + text.CountOf(s.Looked, "other image that runs here",
		"other images that run here")
	if s.Unread > 0 {
		text += fmt.Sprintf("; %d could not be read", s.Unread)
	}
	if s.Left > 0 {
		text += fmt.Sprintf("; %d were left out", s.Left)
	}
	return text
}
