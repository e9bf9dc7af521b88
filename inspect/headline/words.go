package headline

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// short gives the first eight digits of a digest.
func short(digest string) string {
	hex := digest[strings.LastIndexByte(digest, ':')+1:]
	return hex[:min(8, len(hex))]
}

// shortImage is the digest of the image in short, or its name.
func (v view) shortImage() string {
	if k := v.image.Key(); k != "" {
		return short(k)
	}
	return shortName(v.image.Reference)
}

// shortName is a reference without its registry and digest: shop/web:1.4.2.
func shortName(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if host, rest, ok := strings.Cut(name, "/"); ok && strings.ContainsAny(host, ".:") {
		return rest
	}
	return name
}

// clock is a time of day in UTC. The date is on the timeline.
func clock(t inspect.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return t.UTC().Format("15:04:05Z")
}

// maxNamed bounds how many pods a line names.
const maxNamed = 2

// listed names the first of a list.
func listed(names []string) string {
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
}

// bare is the name of a package without its type: litellm of "python litellm".
func bare(name string) string { return name[strings.LastIndexByte(name, ' ')+1:] }

// maxPath bounds a path in the shorter form of a line, in bytes.
const maxPath = 44

// path is a path; in the shorter form of a line, one that is long is its file, with the folder that it is in
// where both are short.
func (v view) path(p string) string {
	if !v.brief || len(p) <= maxPath {
		return p
	}
	dir, file := path.Split(p)
	if folder := path.Base(dir); len(folder)+len(file) < maxPath/2+8 {
		file = folder + "/" + file
	}
	return "…/" + file
}

// title is a finding's sentence without its container and period.
func title(f inspect.Finding) string {
	container, _, _ := strings.Cut(f.Subject, ":")
	return strings.TrimRight(strings.TrimPrefix(f.Title, container+": "), ". ")
}

// previous is what the image is compared with: known-good only where a person confirmed it.
func (v view) previous() string {
	if v.image.Diff == nil || v.image.Diff.KnownGood == nil {
		return "previous"
	}
	return v.image.Diff.KnownGood.Word()
}

// nouns names a file by the signs that convict it, the most telling first. The codes are those of package binary.
var nouns = []struct{ code, noun string }{
	{inspect.CodeMinerString, "miner"},
	{inspect.CodeRunsDownload, "downloader"},
	{
		inspect.CodeLoaderHijack,
		"preloaded library",
	},
	{"obfuscated", "obfuscated script"},
	{"altered", "replaced program"},
	{"setuid", "setuid executable"},
	{"unowned", "unpackaged executable"},
}

// noun is what a file of the image is.
func (v view) noun(path string) string {
	for _, b := range v.image.Binaries {
		if b.Path != path {
			continue
		}
		for _, n := range nouns {
			if slices.Contains(b.Codes, n.code) {
				return n.noun
			}
		}
		return "executable"
	}
	return "file"
}

// hook is what starts the cause by itself: the row at its path, or one that a package of the cause owns. Rows that are
// no problem by themselves, as the .pth files of coverage and setuptools, start nothing that a line is about.
func (v view) hook() (inspect.Autorun, bool) {
	for _, a := range v.image.Autoruns {
		if a.Status != inspect.RowFailed || a.Path == "" {
			continue
		}
		if a.Path == v.cause.Path || v.cause.Kind == inspect.CausePackage && a.Owner != "" &&
			strings.HasPrefix(a.Owner+" ", bare(v.cause.Name)+" ") {
			return a, true
		}
	}
	return inspect.Autorun{}, false
}

// blocked names the checks that could not run, once each.
func blocked(c *inspect.Case) []string {
	var names []string
	for _, s := range c.Checks {
		if s.Status == inspect.CheckBlocked && !s.Running() && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// waiting names the checks that run.
func (v view) waiting() string { return v.waitingOr("still checking") }

// waitingOr names the checks that run, at most three, and is something else where none does. The answers are left out:
// they wait for the others, and to name them explains nothing.
func (v view) waitingOr(otherwise string) string {
	var names []string
	for _, s := range v.c.Checks {
		if s.Running() && s.Name != inspect.CheckAnswers && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return otherwise
	}
	if more := len(names) - 3; more > 0 {
		names = append(names[:3:3], fmt.Sprintf("%d more", more))
	}
	return "still checking: " + strings.Join(names, ", ")
}

// answered is the most useful sentence of an answer: one that is certain before one that is claimed, and that
// before what is not known. What is not certain carries its basis, so that a claim is not read as a fact. Empty where
// the answer is still to come.
func (v view) answered(question string) string {
	for _, a := range v.c.Answers {
		if a.Question != question {
			continue
		}
		for _, certain := range []bool{true, false} {
			for _, s := range a.Sentences {
				if s.Known() == certain {
					text := strings.TrimPrefix(s.Text, "in "+v.image.Container+": ")
					if !certain {
						text += " (" + s.Source() + ")"
					}
					return text
				}
			}
		}
		if len(a.Sentences) == 0 && len(a.Waiting) == 0 {
			return a.Text
		}
	}
	return ""
}
