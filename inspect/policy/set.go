package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Set is all policies of a case.
// It does not change once it is read: With makes another one.
type Set struct {
	policies []Policy
	sources  []Source
}

// Add takes the policies of a source. The error states what in it could not be read; the rest is taken.
func (s *Set) Add(source Source) error {
	found, err := Parse(source)
	if len(s.policies)+len(found) > maxPolicies {
		return fmt.Errorf("reading policies of %s: they are more than %d", source.Name, maxPolicies)
	}
	s.add(source, found)
	return err
}

// add keeps a source once, and its policies in an order that does not depend on when they came.
func (s *Set) add(source Source, found []Policy) {
	digest := source.Digest()
	// The same bytes, from a folder and from a flag, are one source: the first one that was added gives its origin.
	if len(found) == 0 || slices.ContainsFunc(s.sources, func(o Source) bool { return o.Digest() == digest }) {
		return
	}
	s.sources = append(s.sources, source)
	s.policies = append(s.policies, found...)
	slices.SortStableFunc(s.policies, func(a, b Policy) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest))
	})
}

// With gives a set that holds those of another too. Either may be nil.
// The order of policies is by name and digest, so that verdicts come in the same order whatever was read first.
func (s *Set) With(other *Set) *Set {
	all := &Set{}
	for _, from := range []*Set{s, other} {
		if from == nil {
			continue
		}
		for _, source := range from.sources {
			digest := source.Digest()
			all.add(source, slices.DeleteFunc(slices.Clone(from.policies),
				func(p Policy) bool { return p.Digest != digest }))
		}
	}
	return all
}

// Names lists the policies: name and digest of the bytes that each was read from.
func (s *Set) Names() []string {
	names := []string{}
	if s == nil {
		return names
	}
	for _, p := range s.policies {
		names = append(names, p.Name+" "+p.Digest)
	}
	return slices.Compact(names)
}

// Sources are the bytes that the policies were read from, each once, by digest: a bundle carries them, and a set that
// they are added to requires the same.
func (s *Set) Sources() []Source {
	if s == nil {
		return nil
	}
	return slices.SortedFunc(slices.Values(s.sources),
		func(a, b Source) int { return cmp.Compare(a.Digest(), b.Digest()) })
}

// Keys lists the digests of the public keys that the policies name.
func (s *Set) Keys() []string {
	var keys []string
	for _, p := range s.policies {
		for _, g := range p.demand.Groups {
			for _, a := range g.Authorities {
				for _, k := range a.Keys {
					keys = append(keys, k.Digest)
				}
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Requirements gives what the policies require that apply to an image in a namespace, or that may be; the namespace
// is empty where there is none. One that a flag names is asked even where the image has no name that its globs could
// be compared with: then it can neither pass nor fail.
func (s *Set) Requirements(i inspect.Image, namespace string) []inspect.PolicyRequirement {
	if s == nil {
		return nil
	}
	n := nameOf(i)
	var all []inspect.PolicyRequirement
	for _, p := range s.policies {
		is, open := p.images.about(n)
		if n.local && !is && p.Origin == inspect.TrustFile {
			open = "an image in a layout or archive has no name in a registry, so only the glob ** matches it"
		}
		if !is && open == "" {
			continue
		}
		// a copy: what follows is about this image and namespace only, so slices of it are clipped before they grow
		d := p.demand
		if p.in != nil && !p.in(namespace, &d) {
			continue
		}
		d.Policy, d.Digest, d.Origin = s.nameOf(p), p.Digest, p.Origin
		if open != "" {
			d.MayAccept, d.AlsoRequires = append(slices.Clip(d.MayAccept), open), append(slices.Clip(d.AlsoRequires),
				open)
		}
		all = append(all, d)
	}
	return all
}

// nameOf is a policy's name, with its digest where others have the same.
func (s *Set) nameOf(p Policy) string {
	same := 0
	for _, o := range s.policies {
		if o.Name == p.Name {
			same++
		}
	}
	if same == 1 {
		return p.Name
	}
	return fmt.Sprintf("%s (%s %.12s)", p.Name, p.Kind, strings.TrimPrefix(p.Digest, "sha256:"))
}
