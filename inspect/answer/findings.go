package answer

import (
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// subjectPod is the subject of findings about the pod as a whole.
const subjectPod = "pod"

// failed are the findings that failed, worst first: the case sorts them so.
func failed(c inspect.Case) []inspect.Finding {
	var all []inspect.Finding
	for _, f := range c.Findings {
		if f.Status == inspect.RowFailed {
			all = append(all, f)
		}
	}
	return all
}

// about gives the IDs of the findings about a container, or a file in it, whose evidence is at that path.
func about(c inspect.Case, subject, path string) []string {
	var ids []string
	for _, f := range c.Findings {
		if f.Subject != subject && !strings.HasPrefix(f.Subject, subject+":") {
			continue
		}
		if slices.ContainsFunc(f.Evidence, func(e inspect.Evidence) bool { return e.Path == path }) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// by gives the IDs of the failed findings of some checks about an image or a file in it.
func by(c inspect.Case, i inspect.Image, checks ...string) []string {
	var ids []string
	for _, f := range failedOf(c, i) {
		if slices.Contains(checks, f.Check) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// coded are the findings about exactly that subject that have one of the codes.
// Codes are stable, so that rules rest on them and never on a title.
func coded(c inspect.Case, subject string, codes ...string) []inspect.Finding {
	var all []inspect.Finding
	for _, f := range c.Findings {
		if f.Subject == subject && slices.Contains(codes, f.Code) {
			all = append(all, f)
		}
	}
	return all
}

// ids are the IDs of findings, in their order.
func ids(list []inspect.Finding) []string {
	var all []string
	for _, f := range list {
		all = append(all, f.ID)
	}
	return all
}

// titlesOf are the titles of findings about the images in question, of one of the codes, as sentences.
func titlesOf(c inspect.Case, codes ...string) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		all = append(all, titles(coded(c, i.Container, codes...))...)
	}
	return all
}

// gate is the gate of that name.
func gate(i inspect.Image, name string) (inspect.Gate, bool) {
	for _, g := range i.Gates {
		if g.Name == name {
			return g, true
		}
	}
	return inspect.Gate{}, false
}
