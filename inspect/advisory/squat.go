package advisory

import (
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/backtrail/backtrail/inspect"
)

// maxSquats bounds the look-alike names of one image that are reported.
const maxSquats = 50

// squat is a name that is easily taken for a well-known one.
type squat struct {
	pkg    inspect.Package
	target string
}

// squats finds the packages whose names are close to well-known ones. What the known-good image has too is passed over,
// and so are names that the image already has under a record of their own.
// It is bounded by the names that are new, each compared through an index: no name is compared with all.
func (x *index) squats(i inspect.Image, matched []inspect.Advisory) []squat {
	// What the known-good image has was looked at before: of an update only what came with it is new.
	packages := i.Packages
	if i.Diff != nil && i.Diff.Packages != nil {
		packages = i.Diff.Packages.Added
	}
	var found []squat
	seen := map[string]bool{}
	for _, p := range packages {
		c, ok := coordinatesOf(p)
		// a distribution decides on the names of its packages; there is no registry where a stranger may take a similar
		// one
		if !ok || seen[c.key()] || ofDistribution(c.kind) {
			continue
		}
		seen[c.key()] = true
		target := x.lookalike(c)
		if target == "" || slices.ContainsFunc(matched,
			func(a inspect.Advisory) bool { return a.Subject == p.Name+" "+p.Version }) {
			continue
		}
		if found = append(found, squat{p, target}); len(found) == maxSquats {
			break
		}
	}
	return found
}

// lookalike returns the well-known package that the name of another poses as.
func (x *index) lookalike(c coordinates) string {
	l := x.names.of(c.kind)
	switch c.kind {
	case "golang":
		return goLookalike(l, c.name)
	case "composer":
		return ownerLookalike(l, c.name)
	}
	return l.closest(c.name)
}

// majorVersion is the last part of a Go module's path from its second major version on.
var majorVersion = regexp.MustCompile(`/v[0-9]+$`)

// goLookalike compares the owner of a module: a fork under an owner of its own has the same last part, and is no
// look-alike.
func goLookalike(l *nameList, module string) string {
	module = majorVersion.ReplaceAllString(module, "")
	if l == nil || l.known[module] || strings.Count(module, "/") < 2 {
		return ""
	}
	return ownerLookalike(l, module)
}

// ownerLookalike returns the well-known name whose owner, the last part but one, was changed by a slip or by an
// addition such as "-go", with the same last part.
func ownerLookalike(l *nameList, full string) string {
	if l == nil || l.known[full] {
		return ""
	}
	owner, base := cutLast(full)
	closest := ""
	for target := range l.known {
		other, otherBase := cutLast(target)
		if base != otherBase || owner == other || len(base) == 0 {
			continue
		}
		host, mine := cutLast(owner)
		otherHost, theirs := cutLast(other)
		if host == otherHost && posesAs(mine, theirs) && (closest == "" || target < closest) {
			closest = target
		}
	}
	return closest
}

// cutLast cuts a reference before its last part.
func cutLast(s string) (before, last string) {
	at := strings.LastIndexByte(s, '/')
	return s[:max(at, 0)], s[at+1:]
}

// additions are what look-alike owners put before or after a name.
// Each was seen in the names of look-alike owners or scopes, or is what an official account is often called.
var additions = []string{
	"go", "golang", "js", "py", "php", "dev", "org", "io", "team", "official", "lib", "labs",
	"inc", "hq",
}

// posesAs reports whether an owner's name is made to be taken for another one.
func posesAs(mine, theirs string) bool {
	mine, theirs = strings.ToLower(mine), strings.ToLower(theirs)
	edited, swapped := slip(mine, theirs)
	if (edited || swapped) && len(theirs) >= minSwapped || squash(mine) == squash(theirs) && mine != theirs {
		return true
	}
	return slices.ContainsFunc(additions, func(a string) bool {
		return mine == theirs+"-"+a || mine == a+"-"+theirs || mine == theirs+"_"+a || mine == theirs+a
	})
}

// imageLookalike returns the well-known image that the name of another poses as.
func (x *index) imageLookalike(reference string) string {
	if repository, _ := repositoryOf(reference); repository != "" {
		return lookalikeOf(x.names.of("image"), familiar(repository))
	}
	return ""
}

// familiar shortens the full name of a repository of Docker Hub as people write it.
func familiar(repository string) string {
	hub := strings.TrimPrefix(repository, name.DefaultRegistry+"/")
	return strings.TrimPrefix(hub, "library/")
}

// registries are hosts that images are often pulled from: another host one slip away is made to be taken for it.
var registries = []string{
	"docker.io", "registry.k8s.io", "quay.io", "ghcr.io", "gcr.io", "mcr.microsoft.com",
	"public.ecr.aws", "registry.gitlab.com", "k8s.gcr.io",
}

// lookalikeOf is the popular name that a repository looks like, or "".
func lookalikeOf(l *nameList, repository string) string {
	if l == nil || l.known[repository] {
		return ""
	}
	host, rest, below := strings.Cut(repository, "/")
	if below && strings.Contains(host, ".") {
		for _, known := range registries {
			if edited, swapped := slip(host, known); edited || swapped {
				return known + "/" + rest
			}
		}
	}
	if target := l.closest(repository); target != "" {
		return target
	}
	return poserOwner(l, host, rest)
}

// poserOwner finds an owner at Docker Hub who is named after the image that is offered, with a little more:
// pauseyyf/pause.
func poserOwner(l *nameList, owner, base string) string {
	more, named := strings.CutPrefix(owner, base)
	if !named || more == "" || len(more) > 4 || strings.ContainsAny(owner, ".:") || len(base) < minSwapped {
		return ""
	}
	if l.known[base] || l.known["registry.k8s.io/"+base] {
		return base
	}
	return ""
}
