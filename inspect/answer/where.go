package answer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// maxNamed bounds how many files one answer names: it is read out on a call.
const maxNamed = 3

// unexpectedFiles names the programs that belong to nobody, with layer and build step.
func unexpectedFiles(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range c.Images {
		for _, b := range i.Binaries {
			if b.Status != inspect.Failed || b.Owner != "" || toldByAlert(c, i, b.Path) {
				continue
			}
			all = append(all, Sentence{
				Text:  fmt.Sprintf("%s%s belongs to no package and came with %s", in(c, i), inspect.Clean(b.Path), layer(i, b.Layer)),
				Basis: Seen, Findings: about(c, i.Subject, b.Path),
			})
		}
	}
	return some(all, "more programs that belong to nobody")
}

// alteredFiles names the packaged files that are not what their package says.
func alteredFiles(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range c.Images {
		for _, a := range i.Altered {
			if a.Status != inspect.Failed || toldByAlert(c, i, a.Path) {
				continue
			}
			all = append(all, Sentence{
				Text:  fmt.Sprintf("%s%s is not what package %s installed; this copy came with %s", in(c, i), inspect.Clean(a.Path), inspect.Clean(a.Package), layer(i, a.Layer)),
				Basis: Seen, Findings: about(c, i.Subject, a.Path),
			})
		}
	}
	return some(all, "more packaged files that were replaced")
}

// damagedBytes names images whose bytes are not what their digests say.
func damagedBytes(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range c.Images {
		if i.Status == inspect.Failed {
			all = append(all, Sentence{Text: fmt.Sprintf("the bytes of image %s are not what their digests say: %s", i.Subject, trim(i.Detail)), Basis: Seen})
		}
	}
	return all
}

// builtFrom says which source and builder the provenance names, and how far that can be believed.
func builtFrom(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range suspects(c) {
		best, ok := bestProvenance(i)
		switch {
		case !ok:
			all = append(all, Sentence{Text: in(c, i) + "which commit and builder made the image is not known: it carries no provenance", Basis: Open})
		case best.Signed && best.Status == inspect.Verified:
			all = append(all, Sentence{Text: fmt.Sprintf("%sit was built from %s at %s by %s", in(c, i), said(best.Source), said(best.Commit), said(best.Builder)), Basis: Seen})
		default:
			all = append(all, Sentence{Text: fmt.Sprintf("%sits provenance names %s at %s, built by %s", in(c, i), said(best.Source), said(best.Commit), said(best.Builder)), Basis: Claimed})
		}
	}
	return all
}

func bestProvenance(i inspect.Image) (inspect.Provenance, bool) {
	var best inspect.Provenance
	for n, p := range i.Provenance {
		if n == 0 || rank(p) < rank(best) {
			best = p
		}
	}
	return best, len(i.Provenance) > 0
}

// rank orders statements by how far they can be believed.
func rank(p inspect.Provenance) int {
	switch {
	case p.Signed && p.Status == inspect.Verified:
		return 0
	case p.Signed:
		return 1
	default:
		return 2
	}
}

// suspects are the images that a failed finding or an alert is about.
func suspects(c inspect.Case) []inspect.Image {
	var all []inspect.Image
	for _, i := range c.Images {
		if isSuspect(c, i) {
			all = append(all, i)
		}
	}
	return all
}

func isSuspect(c inspect.Case, i inspect.Image) bool {
	if i.Status == inspect.Failed {
		return true
	}
	for _, f := range failed(c) {
		if f.Subject == i.Subject || strings.HasPrefix(f.Subject, i.Subject+":") {
			return true
		}
	}
	for _, a := range c.Alerts {
		if a.Match != inspect.MatchNone && a.Subject == i.Subject {
			return true
		}
	}
	return false
}

// layer names a layer, its build step, and whether the image before had it.
func layer(i inspect.Image, number int) string {
	for _, l := range i.Layers {
		if l.Number != number || l.Empty {
			continue
		}
		text := fmt.Sprintf("layer %d", number)
		if l.CreatedBy != "" {
			text += fmt.Sprintf(" (build step: %s)", cut(inspect.Clean(l.CreatedBy), 90))
		}
		if l.Base {
			text += ", which is of the base image"
		}
		return text
	}
	return "a layer that is not known"
}

// in names the container where a case has several images.
func in(c inspect.Case, i inspect.Image) string {
	if len(c.Images) < 2 {
		return ""
	}
	return "in " + inspect.Clean(i.Subject) + ": "
}

// some keeps the first sentences, and counts the rest.
func some(all []Sentence, rest string) []Sentence {
	if len(all) <= maxNamed {
		return all
	}
	var ids []string
	for _, s := range all[maxNamed:] {
		ids = append(ids, s.Findings...)
	}
	return append(all[:maxNamed:maxNamed], Sentence{Text: fmt.Sprintf("and %d %s", len(all)-maxNamed, rest), Basis: Seen, Findings: ids})
}

// trim takes the period off a sentence that another part wrote.
func trim(s string) string { return strings.TrimRight(inspect.Clean(s), ". ") }

func said(s string) string {
	if s == "" {
		return "(not said)"
	}
	return inspect.Clean(s)
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
