package subject

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// tagged puts on the timeline what the tag that the pod asks for means today, and since when according to the registry
// this changed. It costs one HEAD, which is no pull. What the registry does not give is left out: it is no part of any
// verdict. Last-Modified is a claim of the registry, which many do not send. Nothing is emitted for a reference by
// digest, which cannot move. An attacker who may push can move the tag back after the pull, so that a tag which means
// the same today is no proof that it did so then.
func (r *resolver) tagged(ctx context.Context, emit func(inspect.Event), i inspect.Image) {
	spec, err := registry.ParseReference(r.container.Reference)
	if err != nil || r.o.Now == nil || spec.Tag == "" || spec.Digest != "" {
		return
	}
	now, err := r.o.Client.TagNow(ctx, spec, spec.Tag)
	if err != nil || now.Digest == "" {
		return
	}
	means := "which the pod runs"
	switch {
	case i.Digest == "" && i.Index == "":
		means = "while it is not known what the pod runs"
	case now.Digest != i.Digest && now.Digest != i.Index:
		means = "which is not what the pod runs"
	}
	tag, source := fmt.Sprintf("tag %s of %s", spec.Tag, spec.Name()), "asked of the registry"
	emit(inspect.Event{Container: i.Container, Fact: inspect.Moment{
		Time: inspect.At(r.o.Now()), What: fmt.Sprintf("%s was seen to mean %s, %s", tag, short(now.Digest), means),
		Source: source, Trust: inspect.ByRegistry,
	}})
	if !now.Changed.IsZero() {
		emit(inspect.Event{Container: i.Container, Fact: inspect.Moment{
			Time: inspect.At(now.Changed), What: tag + " was pushed or changed last",
			Source: "Last-Modified of the registry", Trust: inspect.ByRegistry,
		}})
	}
}
