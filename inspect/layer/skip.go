package layer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/registry"
)

// reasonSkipped is the reason of a layer that was left out because a person wanted it so.
const reasonSkipped registry.Problem = "skipped"

// errLeftOut ends the reading of a layer that a person leaves out while it comes.
var errLeftOut = errors.New("left out by a person while it was read")

// Skips name which layers are not fetched: those that are too large for the link, those that were named beforehand, and
// those that a person leaves out while they come. What is kept already costs nothing and is always read. The zero Skips
// leave out nothing. Set Max and Named before the first layer is read; the rest is safe for concurrent use.
type Skips struct {
	Max   int64    // bytes as stored: larger layers are left out; 0: no bound
	Named []string // numbers in the manifest of the image that is looked at, or digests, or what digests begin with

	mu      sync.Mutex
	out     map[string]string // by digest: why it is left out, "" where a person asks for it, whatever the options are
	reading map[string]context.CancelCauseFunc
}

// Skip leaves out a layer by its digest: where it is being read, the reading ends.
func (s *Skips) Skip(digest string) {
	s.decide(digest, errLeftOut.Error())
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, ok := s.reading[digest]; ok {
		cancel(errLeftOut)
	}
}

// Want takes back that a layer is left out, for the next time that it is read, whyever it was.
func (s *Skips) Want(digest string) { s.decide(digest, "") }

// decide sets the latest word about a layer.
func (s *Skips) decide(digest, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		s.out = map[string]string{}
	}
	s.out[digest] = why
}

// number leaves out the layers that are named by their number, of the image that is looked at: the one that it is
// compared with counts from 0 too. What a person has decided since stays. A name of more than three digits is taken for
// the beginning of a digest.
func (s *Skips) number(layers []registry.Layer) {
	for _, name := range s.Named {
		n, err := strconv.Atoi(name)
		if err != nil || n < 0 || n >= len(layers) || len(name) > 3 || layers[n].Digest() == "" {
			continue
		}
		s.mu.Lock()
		_, decided := s.out[layers[n].Digest()]
		s.mu.Unlock()
		if !decided {
			s.decide(layers[n].Digest(), "left out by --skip-layer "+name)
		}
	}
}

// why describes why a layer is left out, "" if it is not.
func (s *Skips) why(claim registry.Layer) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason(claim)
}

// reason is why with the lock held.
func (s *Skips) reason(claim registry.Layer) string {
	if why, decided := s.out[claim.Digest()]; decided {
		return why
	}
	if s.Max > 0 && claim.Descriptor.Size > s.Max {
		return fmt.Sprintf("left out: its %d bytes are more than --max-layer allows", claim.Descriptor.Size)
	}
	for _, name := range s.Named {
		if digest := strings.TrimPrefix(name, "sha256:"); len(digest) > 3 && strings.HasPrefix(claim.Digest(),
			"sha256:"+digest) {
			return "left out by --skip-layer " + name
		}
	}
	return ""
}

// unless reads a layer that is not left out, until a person does so. Errors: *badLayer, and those of read. The reading
// runs under a context of its own, so that Skip can end it without ending the case. Two images that share the layer
// share the decision.
func (s *Skips) unless(ctx context.Context, claim registry.Layer,
	read func(context.Context) (proof, error),
) (proof, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	why := s.begin(claim, cancel)
	defer s.end(claim)
	if why != "" {
		return proof{}, &badLayer{problem: reasonSkipped, detail: why}
	}
	p, err := read(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errLeftOut) {
		return proof{}, &badLayer{problem: reasonSkipped, detail: errLeftOut.Error()}
	}
	return p, err
}

// begin registers the reading before the reason is looked up, so that a Skip in between ends it.
func (s *Skips) begin(claim registry.Layer, cancel context.CancelCauseFunc) (why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading == nil {
		s.reading = map[string]context.CancelCauseFunc{}
	}
	s.reading[claim.Digest()] = cancel
	return s.reason(claim)
}

func (s *Skips) end(claim registry.Layer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.reading, claim.Digest())
}
