package report

import (
	"cmp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// keptKinds are the words for roles of blobs and folders of exhibits, in the order in which they are named.
var keptKinds = []struct {
	word string
	of   []string
}{
	{"layer", []string{"layer"}},
	{"manifest", []string{"index", "manifest", "config"}},
	{"signature part", []string{"signature", "attestation", "referrer", "sbom"}},
	{"cluster object", []string{"cluster"}},
	{"alert", []string{"alerts"}},
	{"log", []string{"logs"}},
}

// kept says what is on this disk and what is not: what is not kept may vanish.
func kept(c inspect.Case) string {
	have, not := map[string]int{}, map[string]int{}
	for _, b := range c.Blobs {
		switch {
		case b.Of == "known-good":
		case b.State == "carried" || b.State == "damaged":
			have[b.Role]++
		default:
			not[b.Role]++
		}
	}
	for _, e := range c.Exhibits {
		folder, _, _ := strings.Cut(e.Path, "/")
		have[folder]++
	}
	missing := counts(not)
	if c.Pod != nil {
		missing = append([]string{"run-time files"}, missing...)
		if have["logs"] == 0 {
			missing = append(missing, "logs")
		}
	}
	// What is not kept stands first: the line may be cut.
	text := ""
	if len(missing) > 0 {
		text = "NOT KEPT " + strings.Join(missing, ", ") + "; "
	}
	return text + "KEPT " + cmp.Or(strings.Join(counts(have), ", "), "the events of the case")
}

func counts(of map[string]int) []string {
	var texts []string
	for _, k := range keptKinds {
		n := 0
		for _, name := range k.of {
			n += of[name]
		}
		if n > 0 {
			texts = append(texts, plural(n, k.word))
		}
	}
	return texts
}
