package answer

import (
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// subjectPod is the subject of findings about the pod as a whole.
const subjectPod = "pod"

// failed are the findings that failed, worst first.
func failed(c inspect.Case) []inspect.Finding {
	var all []inspect.Finding
	for _, f := range c.Findings {
		if f.Status == inspect.RowFailed {
			all = append(all, f)
		}
	}
	return all
}

// about gives the IDs of the findings that rest on a path of a subject.
func about(c inspect.Case, subject, path string) []string {
	var ids []string
	for _, f := range c.Findings {
		if !strings.HasPrefix(f.Subject, subject) {
			continue
		}
		if slices.ContainsFunc(f.Evidence, func(e inspect.Evidence) bool { return e.Path == path }) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// by gives the IDs of the failed findings of some checks.
func by(c inspect.Case, checks ...string) []string {
	var ids []string
	for _, f := range failed(c) {
		if slices.Contains(checks, f.Check) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

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

// told are the titles of findings about the images in question, of one of the codes.
func told(c inspect.Case, codes ...string) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		all = append(all, titles(coded(c, i.Container, codes...))...)
	}
	return all
}

func gate(i inspect.Image, name string) (inspect.Gate, bool) {
	for _, g := range i.Gates {
		if g.Name == name {
			return g, true
		}
	}
	return inspect.Gate{}, false
}
