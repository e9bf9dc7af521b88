package registry

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// defaultPlatform is taken on every laptop, whatever it is itself, since that is what clusters mostly run.
func defaultPlatform() v1.Platform { return v1.Platform{OS: "linux", Architecture: "amd64"} }

// runnable returns the children of an index that are images: no BuildKit attestations, no referrers.
func runnable(index *v1.IndexManifest) []v1.Descriptor {
	var images []v1.Descriptor
	for _, d := range index.Manifests {
		unknown := d.Platform != nil && d.Platform.OS == "unknown"
		if !unknown && !isCompanion(d) {
			images = append(images, d)
		}
	}
	return images
}

func platformsOf(images []v1.Descriptor) []v1.Platform {
	var out []v1.Platform
	for _, d := range images {
		if d.Platform != nil {
			out = append(out, *d.Platform)
		}
	}
	return out
}

// choose picks the child for a platform. A layout may hold only some of the children: has says which, and without a
// platform only those count, unless none is there. Errors: *PlatformError.
func choose(images []v1.Descriptor, want v1.Platform, has func(digest string) bool) (v1.Descriptor, error) {
	given := want.OS != "" || want.Architecture != ""
	if given {
		return match(images, want)
	}
	var present []v1.Descriptor
	for _, d := range images {
		if has(hashString(d.Digest)) {
			present = append(present, d)
		}
	}
	if len(present) == 0 {
		present = images
	}
	if len(present) == 1 {
		return present[0], nil
	}
	return match(present, defaultPlatform())
}

func match(images []v1.Descriptor, want v1.Platform) (v1.Descriptor, error) {
	for _, d := range images {
		if d.Platform != nil && fits(*d.Platform, want) {
			return d, nil
		}
	}
	// One image without a platform is nobody's in particular.
	if len(images) == 1 && images[0].Platform == nil {
		return images[0], nil
	}
	return v1.Descriptor{}, &PlatformError{Want: want, Have: platformsOf(images)}
}

// fits compares what is asked for; arm64 is arm64/v8, as containerd normalises it.
func fits(have, want v1.Platform) bool {
	same := func(have, want string) bool { return want == "" || have == want }
	return same(have.OS, want.OS) && same(have.Architecture, want.Architecture) &&
		same(have.OSVersion, want.OSVersion) && (want.Variant == "" || variant(have) == variant(want))
}

func variant(p v1.Platform) string {
	if p.Architecture == "arm64" && p.Variant == "" {
		return "v8"
	}
	return p.Variant
}
