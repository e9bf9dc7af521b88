package policy

import (
	"slices"
	"strings"

	gcr "github.com/google/go-containerregistry/pkg/name"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// name is an image as policies may call it.
type name struct {
	forms []string // fully qualified, with tag or digest: index.docker.io/library/nginx:1.27
	given string   // as it was written
	local bool     // in a layout or archive: it has no name in a registry
}

// nameOf gives the names of an image: as it was referred to, and by its digests, which is what an admission controller
// sees after it has resolved the tag.
func nameOf(i inspect.Image) name {
	// A reference that cannot be parsed has no name that an admission controller would have seen: no pod runs it under
	// that name.
	loc, err := registry.Parse(i.Reference)
	if err != nil || loc.Local() {
		return name{local: true}
	}
	n := name{given: i.Reference}
	ref, err := gcr.ParseReference(i.Reference, gcr.WeakValidation)
	if err != nil {
		return name{local: true}
	}
	n.forms = append(n.forms, ref.Name())
	// With a digest the tag has no meaning any more, and a rule may name it all the same.
	if tagged, digest, ok := strings.Cut(i.Reference, "@"); ok && digest != "" {
		if t, err := gcr.NewTag(tagged, gcr.WeakValidation); err == nil && strings.HasSuffix(tagged, ":"+t.TagStr()) {
			n.forms = append(n.forms, t.Name())
		}
	}
	for _, d := range []string{i.Digest, i.Index} {
		if d != "" {
			n.forms = append(n.forms, ref.Context().Name()+"@"+d)
		}
	}
	slices.Sort(n.forms)
	n.forms = slices.Compact(n.forms)
	return n
}
