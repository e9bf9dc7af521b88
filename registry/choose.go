package registry

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	specs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Candidate is a descriptor of an index that a node could run.
type Candidate struct {
	Digest   string      // sha256:<hex> of a manifest or of a nested index
	Config   string      // digest of its config; empty where it was not read
	Platform v1.Platform // as the index claims it; zero where the index gives none
	Chosen   bool        // the image is about this one
	Rival    bool        // a runtime ranks it exactly as the chosen one, which precedes it in the index
	Marked   bool        // annotations or an artifact type present it as an attestation or another companion
	Alias    bool        // its platform is not written in the normal form, so that a literal comparison misses it
}

// maxVariant bounds the length of a variant, such as "v8.2". The library enumerates all versions below a variant, and
// platforms of known images are the image author's text.
const maxVariant = 4

// defaultPlatform returns what is chosen without a node and without --platform, on every machine alike, since most
// clusters run it.
func defaultPlatform() v1.Platform { return v1.Platform{OS: "linux", Architecture: "amd64"} }

// ranking orders the platforms of an index for one node.
type ranking struct {
	want v1.Platform
	by   platforms.MatchComparer
}

// rank returns the order in which containerd prefers platforms on a node (github.com/containerd/platforms, Only: names
// normalized, lower variants accepted, 386 behind amd64). containerd itself detects the variant of a 32-bit arm
// processor; Kubernetes does not report it, and v7 stands in.
func rank(want v1.Platform) ranking {
	want.OS = cmp.Or(want.OS, defaultPlatform().OS)
	spec := specOf(want)
	if len(want.Variant) > maxVariant {
		return ranking{want, platforms.OnlyStrict(spec)}
	}
	return ranking{want, platforms.Only(spec)}
}

// specOf is a platform in the type that containerd compares; both have the same fields.
func specOf(p v1.Platform) specs.Platform {
	return specs.Platform{
		OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, OSVersion: p.OSVersion,
		OSFeatures: slices.Clone(p.OSFeatures),
	}
}

// spec fills in an operating system that an index left out: a runtime takes its own.
func (r ranking) spec(p v1.Platform) specs.Platform {
	p.OS = cmp.Or(p.OS, r.want.OS)
	return specOf(p)
}

// fits reports whether a node would run an image of the platform at all.
func (r ranking) fits(p v1.Platform) bool { return r.by.Match(r.spec(p)) }

// less reports whether a runtime prefers a to b. Both fit. On Windows the newest release that fits comes first
// (github.com/containerd/platforms, Default of Windows).
func (r ranking) less(a, b v1.Platform) bool {
	if r.want.OS == "windows" {
		return a.OSVersion > b.OSVersion
	}
	return r.by.Less(r.spec(a), r.spec(b))
}

// order returns the descriptors that a runtime would take from an index, the preferred one first: those that fit and
// those without a platform, which come last (github.com/containerd/containerd, core/images, FilterPlatforms and
// LimitManifests). Annotations and artifact types play no part.
func (r ranking) order(list []v1.Descriptor) []v1.Descriptor {
	var fit []v1.Descriptor
	for _, d := range list {
		if d.Platform == nil || r.fits(*d.Platform) {
			fit = append(fit, d)
		}
	}
	slices.SortStableFunc(fit, func(a, b v1.Descriptor) int {
		switch {
		case r.before(a, b):
			return -1
		case r.before(b, a):
			return 1
		}
		return 0
	})
	return fit
}

// before reports whether a descriptor is preferred. One without a platform is what remains when no other fits.
func (r ranking) before(a, b v1.Descriptor) bool {
	if a.Platform == nil || b.Platform == nil {
		return a.Platform != nil && b.Platform == nil
	}
	return r.less(*a.Platform, *b.Platform)
}

// runnable returns the descriptors of an index that some node could run. BuildKit gives its attestations the platform
// unknown/unknown; other companions have none.
func runnable(index *v1.IndexManifest) []v1.Descriptor {
	var images []v1.Descriptor
	for _, d := range index.Manifests {
		// A companion that has a platform a node could run is an image to containerd, whatever its annotations claim:
		// it is listed, so that a hidden image shows.
		unknown := d.Platform != nil && (d.Platform.OS == "unknown" || d.Platform.Architecture == "unknown")
		if !unknown && (d.Platform != nil || !isCompanion(d)) {
			images = append(images, d)
		}
	}
	return images
}

// choice is what was chosen from one index.
type choice struct {
	want   v1.Platform // that the choice was made for
	chosen v1.Descriptor
	list   []Candidate // all that some node could run
}

// choose picks the descriptor that a node of the platform want would run. Without a platform it takes the only one
// that is there, as present reports it (a layout may lack the others), else the default. Errors: ErrNotFound,
// *PlatformError.
func choose(index *v1.IndexManifest, want v1.Platform, present func(digest string) bool) (choice, error) {
	images := runnable(index)
	given := want.OS != "" || want.Architecture != ""
	// A layout that was saved for one platform lists all of them and holds one: that one is meant.
	if !given {
		if only, ok := onlyPresent(images, present); ok {
			return choice{chosen: only, list: candidates(images, only, nil)}, nil
		}
		want = defaultPlatform()
	}
	r := rank(want)
	fit := r.order(index.Manifests)
	switch {
	case len(fit) == 0 && len(images) == 0:
		return choice{}, fmt.Errorf("choosing in the index: it names no image: %w", ErrNotFound)
	case len(fit) == 0:
		return choice{}, &PlatformError{Want: want, Have: platformsOf(images), Candidates: candidates(images,
			v1.Descriptor{}, nil)}
	}
	// Two entries that a runtime ranks alike differ between tools: which of them ran depends on the reader. Both are
	// reported.
	equal := func(d v1.Descriptor) bool {
		return slices.ContainsFunc(fit, func(f v1.Descriptor) bool {
			return f.Digest == d.Digest && !r.before(fit[0],
				f)
		})
	}
	return choice{want: want, chosen: fit[0], list: candidates(images, fit[0], equal)}, nil
}

// onlyPresent returns the one image that is there; where none is, the one that is listed.
func onlyPresent(images []v1.Descriptor, present func(digest string) bool) (v1.Descriptor, bool) {
	there := slices.DeleteFunc(slices.Clone(images),
		func(d v1.Descriptor) bool { return !present(hashString(d.Digest)) })
	if len(there) == 0 {
		there = images
	}
	if len(there) != 1 {
		return v1.Descriptor{}, false
	}
	return there[0], true
}

// candidates describes what an index offers; equal reports whether a descriptor is ranked as the chosen one, nil:
// none is.
func candidates(images []v1.Descriptor, chosen v1.Descriptor, equal func(v1.Descriptor) bool) []Candidate {
	var list []Candidate
	for _, d := range append(slices.Clone(images), chosen) {
		digest := hashString(d.Digest)
		if digest == "" || slices.ContainsFunc(list, func(c Candidate) bool { return c.Digest == digest }) {
			continue
		}
		c := Candidate{Digest: digest, Chosen: d.Digest == chosen.Digest, Marked: isCompanion(d)}
		if d.Platform != nil {
			c.Platform, c.Alias = *d.Platform, isAlias(*d.Platform)
		}
		c.Rival = !c.Chosen && equal != nil && equal(d)
		list = append(list, c)
	}
	return list
}

// isAlias reports whether a platform is written in a form that runtimes normalize, such as x86_64 for amd64. The
// variants v8 of arm64 and v7 of arm, which everybody writes, are none.
func isAlias(p v1.Platform) bool {
	n := platforms.Normalize(specOf(p))
	return p.OS != n.OS || p.Architecture != n.Architecture
}

// platformsOf lists the platforms that an index names, for the error that none of them fits.
func platformsOf(images []v1.Descriptor) []v1.Platform {
	var out []v1.Platform
	for _, d := range images {
		if d.Platform != nil {
			out = append(out, *d.Platform)
		}
	}
	return out
}
