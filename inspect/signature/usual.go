package signature

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// sampleTags bounds the requests that one unsigned image causes.
const (
	sampleTags  = 40 // tags whose digests are asked for, with HEAD
	sampleAtOne = 8  // requests at once
	// An image without a signature stands out where at least usualOf digests were seen and usualShare in ten are
	// signed.
	usualOf    = 5
	usualShare = 8
)

// Usual reports for an unsigned image how many digests of its repository are signed by cosign's tags: one that no one
// signed where nearly all are signed is a sign of its own. Referrers cannot be counted that way; what earlier looks
// found in any store, as the journal has it, is counted too. earlier is nil where there is no journal.
//
// It raises a medium finding at most, and lowers nothing: habits are no policy.
func Usual(client *registry.Client, earlier inspect.PastImages) engine.Check {
	return engine.Check{
		Name: inspect.CheckSigningNorm, Scope: engine.PerImage,
		Needs: []string{inspect.CheckSignatures},
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			i := on.Image()
			if err := i.Read(); err != nil {
				return err
			}
			gate, unsigned := unsignedGate(i)
			loc, err := registry.Parse(i.Location)
			if !unsigned || err != nil || loc.Local() {
				return engine.Nothing("only asked for an unsigned image of a registry")
			}
			h, err := habitOf(ctx, client, loc, i, earlier)
			var limit *registry.LimitError
			if err != nil && !errors.As(err, &limit) && h.seen == 0 {
				return engine.Nothing("what is usual in %s is not known: %v", loc.Name(), err)
			}
			if h.seen == 0 {
				return engine.Nothing("no other digest of %s is known", loc.Name())
			}
			gate.Detail += "; " + h.words(loc)
			emit(inspect.Event{Fact: gate})
			if h.unusual() {
				emit(h.finding(on.Container, i, loc))
			}
			return nil
		},
	}
}

// unsignedGate is the gate of signatures, and whether it is absent: only then is there something to compare.
func unsignedGate(i inspect.Image) (inspect.Gate, bool) {
	for _, g := range i.Gates {
		if g.Name == inspect.GateSignature {
			return g, g.Status == inspect.GateAbsent
		}
	}
	return inspect.Gate{}, false
}

// habit is how many of the digests that are known of a repository are signed.
type habit struct {
	seen, signed int
	recorded     int // of those seen, that only the journal has
}

// words is what was counted, as a sentence.
func (h habit) words(loc registry.Location) string {
	if h.recorded > 0 {
		return fmt.Sprintf("%d of %d other digests known in %s are signed (%d known from the journal)", h.signed,
			h.seen, loc.Name(), h.recorded)
	}
	return fmt.Sprintf("%d of %d other digests known in %s are signed by cosign's tags", h.signed, h.seen, loc.Name())
}

// unusual reports whether an unsigned image stands out: of enough digests, nearly all are signed.
func (h habit) unusual() bool { return h.seen >= usualOf && h.signed*10 >= h.seen*usualShare }

// finding is of medium severity: the habit is what one moment shows of the tags.
func (h habit) finding(subject string, i inspect.Image, loc registry.Location) inspect.Event {
	return inspect.Event{Fact: inspect.Finding{
		ID:    inspect.FindingID(inspect.CheckSigningNorm, inspect.CodeUnsignedUnusual, subject),
		Check: inspect.CheckSigningNorm, Code: inspect.CodeUnsignedUnusual, Subject: subject,
		Status: inspect.RowObserved, Severity: inspect.Medium,
		Title: fmt.Sprintf("%s is not signed, and nearly all others of its repository are.",
			summary{subject: subject}.name()),
		Detail:   h.words(loc),
		Evidence: []inspect.Evidence{{Kind: "manifest", Digest: i.Key(), Text: "the image"}},
	}}
}

// habitOf looks at the last tags of a repository, at the digests that have a signature, and at what earlier looks
// found; the image itself is not counted. The error is that of the registry, with what is known without it.
func habitOf(ctx context.Context, client *registry.Client, loc registry.Location, i inspect.Image,
	earlier inspect.PastImages,
) (habit, error) {
	tags, err := client.Tags(ctx, loc)
	signed, plain := map[string]bool{}, []string{}
	for _, t := range tags {
		if hex, ok := strings.CutPrefix(t, "sha256-"); ok {
			if hex, ok := strings.CutSuffix(hex, ".sig"); ok {
				signed["sha256:"+hex] = true
			}
			continue
		}
		plain = append(plain, t)
	}
	plain = plain[max(0, len(plain)-sampleTags):]
	all := digestsOf(ctx, client, loc, plain)
	for digest := range signed {
		all[digest] = true // a tag may have moved away from it since
	}
	h := habit{recorded: recorded(ctx, earlier, loc.Name(), i, all, signed)}
	for digest := range all {
		if digest == i.Index || digest == i.Digest {
			continue
		}
		h.seen++
		if signed[digest] {
			h.signed++
		}
	}
	return h, err
}

// digestsOf asks what tags mean, several at once. A tag that cannot be asked for is left out.
func digestsOf(ctx context.Context, client *registry.Client, loc registry.Location, tags []string) map[string]bool {
	found := map[string]bool{}
	var mu sync.Mutex
	var work sync.WaitGroup
	slots := make(chan struct{}, sampleAtOne)
	for _, t := range tags {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			now, err := client.TagNow(ctx, loc, t)
			if err != nil || now.Digest == "" {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			found[now.Digest] = true
		})
	}
	work.Wait()
	return found
}

// recorded adds the images of the journal to the digests that are known and signed, and returns how many of them the
// registry's tags do not show. An image is counted once, under its index or its manifest, whichever is known already.
func recorded(ctx context.Context, earlier inspect.PastImages, repository string, i inspect.Image,
	all, signed map[string]bool,
) (added int) {
	if earlier == nil {
		return 0
	}
	images, err := earlier(ctx, repository)
	if err != nil {
		return 0 // a journal that cannot be read leaves what the registry shows
	}
	for _, e := range images {
		digest := cmp.Or(e.Image.Index, e.Image.Digest)
		if all[e.Image.Digest] {
			digest = e.Image.Digest
		}
		if digest == "" || digest == i.Index || digest == i.Digest || e.Image.Digest == i.Digest {
			continue
		}
		if !all[digest] {
			all[digest] = true
			added++
		}
		signed[digest] = signed[digest] || slices.ContainsFunc(e.Image.Signatures,
			func(s inspect.Signature) bool { return s.Holds() && s.OfImage() })
	}
	return added
}
