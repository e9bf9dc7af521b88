package evidence

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// discarding is an outlet that keeps nothing: what would be written is only hashed.
type discarding struct{}

// Create begins a file that is only hashed.
func (discarding) Create(string, int64) (io.WriteCloser, error) { return discarded{io.Discard}, nil }

// Publish does nothing.
func (discarding) Publish() error { return nil }

// Discard does nothing.
func (discarding) Discard() {}

// Altered is nothing: no file was written.
func (discarding) Altered([]bagit.FileSum) []string { return nil }

// discarded is a writer whose bytes go nowhere.
type discarded struct{ io.Writer }

// Close does nothing.
func (discarded) Close() error { return nil }

// exportAgain makes the payload again from the ledger and the bytes in the bag, which determine it, and compares all
// files. A file that is not made again rests on bytes that are not in the bag: it is claimed, as is all of what another
// version of the program wrote otherwise.
//
// It finds what single comparisons do not look at: a file that no check reads, a listing of files whose bytes are right
// and whose names lie, an order that was changed.
func (v *reproduction) exportAgain() {
	sums, err := v.made()
	if err != nil {
		v.record("payload", "data", inspect.Unknown, BasisBytes, "it could not be made again: %v", err)
		return
	}
	failed, same := false, 0
	for _, name := range slices.Sorted(maps.Keys(v.sums)) {
		if !bagit.IsPayload(name) {
			continue
		}
		sum, made := sums[name]
		switch {
		case !made:
			v.out.Claims.Claimed++
			if determined(name) && v.sameTool() {
				failed = true
				v.fail("payload", name, "nothing in the case leads to this file")
				continue
			}
			v.record("payload", name, inspect.Absent, BasisClaimed, "what it was made from is not in the bag")
		case sum.SHA256 == v.sums[name].SHA256:
			same++
			v.out.Claims.Recomputed++
		// Each of them was compared by its meaning before, whatever version wrote it; this is about every byte.
		case v.sameTool():
			failed = true
			v.fail("payload", name, "it is not what this program writes for the case")
		default:
			v.record("payload", name, inspect.Absent, BasisClaimed, "another version wrote it (%s)", toolName(v.c.Tool))
		}
	}
	if !failed {
		v.record("payload", "data", inspect.Verified, BasisBytes,
			"%d files are made again from the ledger and the bytes in the bag", same)
	}
}

// determined reports whether a file follows from the ledger and the bag: all but documents about the known-good, whose
// packages are not in it.
func determined(name string) bool { return !strings.HasPrefix(name, "data/sbom/known-good") }

// made exports the case of the bag again and returns the digests of the files.
// The bag is the store, so only what is in it can come out; nothing is written to the disk.
func (v *reproduction) made() (map[string]bagit.FileSum, error) {
	stream, err := foldStream(v.ctx, v.bag.Events)
	if err != nil {
		return nil, err
	}
	defer stream.close()
	info := v.info()
	config := false
	for digest := range v.left {
		config = config || slices.ContainsFunc(stream.c.Images,
			func(i inspect.Image) bool { return i.Config == digest })
	}
	x := &export{
		ctx: v.ctx, c: stream.c, id: v.out.Case.ID, store: v.bag, stream: stream, blobs: newBlobSet(stream.c),
		o: Options{
			Layers: Layers(cmp.Or(info[infoLayers], string(LayersSuspect))), Documents: v.o.Documents,
			WithoutConfig: config,
		},
		bag:       bagit.NewWriter(v.ctx, discarding{}, nil),
		documents: map[string]document{}, has: v.has,
	}
	if _, err := x.write(); err != nil {
		return nil, err
	}
	sums := map[string]bagit.FileSum{}
	for _, s := range x.bag.All() {
		sums[s.Name] = s
	}
	return sums, nil
}

// has reports whether the bag has a file.
func (v *reproduction) has(name string) bool {
	_, there := v.sums[name]
	return there
}

// infoFits compares bag-info.txt with the case.
// Only the labels that follow from the case are compared. Who exported it, when, and from which bundle, is covered by
// the manifests and the signature alone.
func (v *reproduction) infoFits() {
	info := v.info()
	complete := "no: the case is partial"
	outcome := verdict.Of(&v.c)
	if outcome.Complete {
		complete = "yes"
	}
	failed := false
	for label, want := range map[string]string{
		infoStatus: string(outcome.Status), infoComplete: complete, infoDescription: "evidence of " + v.c.Target.Name,
	} {
		if have := info[label]; have != text.Clean(want) {
			failed = true
			v.fail("bag-info", bagit.InfoFile, "%s is %q; by the case it is %q", label, have, text.Clean(want))
			continue
		}
		v.out.Claims.Recomputed++
	}
	if !failed {
		v.record("bag-info", bagit.InfoFile, inspect.Verified, BasisBytes, "it agrees with the case")
	}
}
