package headline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Group is the findings that one cause explains: a layer, a package, who signed.
type Group struct {
	// ID is stable while findings come in, so that a selection on screen stays: layer:web:6, signing:web, Observed, or
	// the container and the key of the cause
	ID        string
	Container string
	Severity  inspect.Severity
	Title     string
	// Aside counts what is in it: 4 files · 1 other pod
	Aside string
	// Layer that brought all of it; below 0 for none
	Layer    int
	Findings []inspect.Finding // in the order of the case, worst first; never empty
}

// Groups puts the findings of a case into groups, worst first. What is no problem is one group, the last.
func Groups(c *inspect.Case) []Group {
	var groups []Group
	at := map[string]int{}
	for _, f := range c.Findings {
		key, layer := groupOf(c, f)
		container, _, _ := strings.Cut(f.Subject, ":")
		i, ok := at[key]
		if !ok {
			i = len(groups)
			at[key] = i
			groups = append(groups, Group{ID: key, Container: container, Severity: f.Severity, Layer: layer})
		}
		groups[i].Findings = append(groups[i].Findings, f)
	}
	for i := range groups {
		groups[i].Title, groups[i].Aside = groups[i].words(c)
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), -cmp.Compare(len(a.alerted(c)), len(b.alerted(c))))
	})
	return groups
}

// Observed is the ID of the group of what is no problem by itself.
const Observed = "observed"

// rank orders groups: by severity, what is no problem last.
func (g Group) rank() int {
	if g.ID == Observed {
		return 1 << 10
	}
	return g.Severity.Rank()
}

// alerted are the findings about a file that an alert names: among equally severe groups theirs is the first.
func (g Group) alerted(c *inspect.Case) []inspect.Finding {
	var all []inspect.Finding
	for _, f := range g.Findings {
		for i := range c.Alerts {
			if p := fileOf(f); p != "" && p == pathOf(&c.Alerts[i]) && c.Alerts[i].Match != inspect.MatchNone {
				all = append(all, f)
				break
			}
		}
	}
	return all
}

// groupOf is the group of a finding, and its layer; below 0 for none. Files and hooks of one layer are one group, since
// one build step brought them; what is about who signed or built the image is one as well, whatever checks found it.
func groupOf(c *inspect.Case, f inspect.Finding) (key string, layer int) {
	container, _, _ := strings.Cut(f.Subject, ":")
	cause := inspect.ParseCause(f.CausedBy())
	switch {
	case f.Status == inspect.RowObserved && f.Severity.Rank() >= inspect.Low.Rank():
		return Observed, -1
	case isSigning(f):
		return "signing:" + container, -1
	case f.Code == inspect.CodeLayerElsewhere:
		if i, ok := c.Image(container); ok && i.Sharing != nil && len(i.Sharing.Suspect) > 0 {
			return layerKey(container, i.Sharing.Suspect[0]), i.Sharing.Suspect[0]
		}
	case cause.Kind == inspect.CauseFile || cause.Kind == inspect.CauseHook || cause.Kind == inspect.CauseLayer:
		if n := layerOf(c, f); n >= 0 {
			return layerKey(container, n), n
		}
	}
	return container + ":" + f.CausedBy(), -1
}

// layerKey is the ID of the group of a layer: layers of one number in two images are two.
func layerKey(container string, layer int) string {
	return fmt.Sprintf("layer:%s:%d", container, layer)
}

// layerOf is the first layer among the evidence of a finding, else that of its file; below 0 for none. Evidence may
// name a layer by its digest or by its diff ID. Two rows of an image may hold one path in different layers: the
// evidence comes first because it is what the finding rests on.
func layerOf(c *inspect.Case, f inspect.Finding) int {
	container, _, _ := strings.Cut(f.Subject, ":")
	i, _ := c.Image(container)
	for _, e := range f.Evidence {
		for _, l := range i.Layers {
			if e.Kind == "layer" && e.Digest != "" && !l.Empty && (l.Digest == e.Digest || l.DiffID == e.Digest) {
				return l.Number
			}
		}
	}
	p := fileOf(f)
	for _, b := range i.Binaries {
		if p != "" && b.Path == p {
			return b.Layer
		}
	}
	for _, a := range i.Autoruns {
		if p != "" && a.Path == p {
			return a.Layer
		}
	}
	return -1
}

// words are the group's sentence, and the counts behind it.
func (g Group) words(c *inspect.Case) (words, aside string) {
	i, _ := c.Image(g.Container)
	v := view{c: c, image: i}
	switch {
	case g.ID == Observed:
		return text.Count(len(g.Findings), "observation") + " that are no problem by themselves", ""
	case strings.HasPrefix(g.ID, "signing:"):
		return g.signing(v)
	case g.Layer >= 0:
		return g.ofLayer(v)
	default:
		aside = ""
		if n := len(g.Findings); n > 1 {
			aside = text.Count(n, "finding")
		}
		return title(g.Findings[0]), aside
	}
}

// signing is the sentence of what is wrong with signatures and provenance.
func (g Group) signing(v view) (string, string) {
	parts := []string{}
	for _, x := range []struct{ code, word string }{
		{inspect.CodeSignatureExpected, "required"},
		{inspect.CodePolicyNotMet, "policy"},
		{inspect.CodeSignatureGone, "identity"},
		{inspect.CodeProvenanceGone, "provenance"},
	} {
		if slices.ContainsFunc(g.Findings, func(f inspect.Finding) bool { return f.Code == x.code }) {
			parts = append(parts, x.word)
		}
	}
	words := title(g.Findings[0])
	if len(v.image.Signatures) == 0 && slices.ContainsFunc(g.Findings, func(f inspect.Finding) bool {
		return f.Code == inspect.CodeSignatureExpected || f.Code == inspect.CodePolicyNotMet ||
			f.Code == inspect.CodeSignatureGone
	}) {
		words = "image is unsigned"
		if p := slices.Index(parts, "required"); p >= 0 {
			words, parts = "image is unsigned, and a signature is required", slices.Delete(parts, p, p+1)
		}
		for i := range parts {
			parts[i] = map[string]string{
				"policy": "policy not met", "identity": "signer gone",
				"provenance": "provenance gone",
			}[parts[i]]
		}
		return words, strings.Join(parts, " · ")
	}
	if n := len(g.Findings); n > 1 {
		return words, text.Count(n, "finding")
	}
	return words, ""
}

// ofLayer is what a layer brought.
func (g Group) ofLayer(v view) (string, string) {
	paths := map[string]bool{}
	worst := ""
	for _, f := range g.Findings {
		if p := fileOf(f); p != "" {
			if worst == "" {
				worst = p
			}
			paths[p] = true
		}
	}
	step := ""
	for _, l := range v.image.Layers {
		if l.Number == g.Layer && !l.Empty {
			step = StepText(l.CreatedBy)
		}
	}
	name := fmt.Sprintf("layer %d", g.Layer)
	if step != "" {
		name += " (" + step + ")"
	}
	aside := text.Count(len(paths), "file")
	if n := podsWith(v.image, g.Layer); n > 0 {
		aside += " · " + text.Count(n, "other pod")
	}
	if worst == "" {
		return title(g.Findings[0]), aside
	}
	return name + " " + v.deed(worst), aside
}

// deed is what a layer did with a file.
func (v view) deed(path string) string {
	for _, a := range v.image.Altered {
		if a.Path == path {
			return "replaces " + path
		}
	}
	for _, a := range v.image.Autoruns {
		if a.Path == path && a.Status == inspect.RowFailed {
			return "sets a start-up hook, " + path
		}
	}
	noun := v.noun(path)
	if noun == "miner" || noun == "downloader" {
		return "plants a " + noun
	}
	return "adds " + article(noun)
}

// article puts a or an before a noun.
func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// podsWith counts the pods that run a layer in another image.
func podsWith(i inspect.Image, layer int) int {
	pods := map[string]bool{}
	for _, o := range i.Sharing.With(layer) {
		for _, p := range o.Pods {
			pods[p] = true
		}
	}
	return len(pods)
}
