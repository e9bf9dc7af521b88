package layer

import (
	"time"

	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/registry"
)

// Bounds on what is indexed. What the bytes of layers may be is bounded in registry/limits.go. Past a bound a layer is
// unknown, with the reason "limit" and the bound in words.
const (
	// MaxEntries bounds the members of one layer's tar. The largest images seen have some 500,000 files.
	MaxEntries = 1_000_000
	// MaxImageEntries bounds those of all layers of an image together, so that many layers are no way around
	// MaxEntries.
	MaxImageEntries = 1_500_000
	// MaxPinnedEntries bounds those that are pinned in memory between the reading of layers and their merging; the
	// others are read again from the store.
	MaxPinnedEntries = 500_000
	// MaxKeptLayers bounds the layers whose listing or proof is kept in memory for the next time, MaxKeptIndexBytes and
	// MaxKeptProofBytes their estimated bytes. What is dropped is read again from the store.
	MaxKeptLayers     = 4096
	MaxKeptIndexBytes = 192 << 20
	MaxKeptProofBytes = 8 << 20
	// MaxKeptTrees and MaxKeptTreeBytes bound the merged trees that are kept, and their estimated bytes: those of a
	// pod's images and of what these are compared with; an audit goes over hundreds.
	MaxKeptTrees     = 32
	MaxKeptTreeBytes = 320 << 20
	// MaxKeptImages and MaxKeptImageBytes bound the images whose manifest and layers are kept.
	MaxKeptImages     = 256
	MaxKeptImageBytes = 32 << 20
	// MaxNames bounds the bytes of paths, links and extended attributes of one layer, all in all.
	MaxNames = 192 << 20
	// MaxImplicit bounds the bytes of the paths of directories that the layers of an image do not list and that
	// something lies in: a few bytes in a tar name thousands of them. Images have below one MiB.
	MaxImplicit = 48 << 20
	// MaxLookup bounds the bytes of paths that are looked up where links may lead them elsewhere, for an image.
	MaxLookup = 256 << 20
	// MaxXattr bounds the name and the value of one extended attribute, as Linux does (XATTR_SIZE_MAX).
	MaxXattr = 64 << 10
	// MaxSparse bounds the bytes that the sparse files of one layer claim to have: holes cost nothing to claim.
	MaxSparse = 8 << 30
	// MaxHeld bounds a file whose content has to be held in memory, a sparse one.
	MaxHeld = 256 << 20
	// MaxLinks bounds how many symbolic links one path is followed through, as Linux does (ELOOP).
	MaxLinks = 40
	// MaxNotes bounds the remarks about one layer.
	MaxNotes = 20
	// MaxWindow bounds the memory that a zstd stream may ask for.
	MaxWindow = 128 << 20
	// MaxMaterials bounds the images that provenance may name as what an image was built from.
	MaxMaterials = 20
	// MaxCheckpointMembers bounds the members of a checkpoint archive, MaxCheckpointText each of its descriptions in
	// bytes.
	MaxCheckpointMembers = 100_000
	MaxCheckpointText    = 16 << 20
	// MaxDeleted bounds the paths that a checkpoint lists as deleted. Each takes a few bytes of JSON there and a block
	// of 512 bytes in the tar that is made of the list.
	MaxDeleted = 200_000
	// MaxChanges is how many changed files a diff lists; its counts are complete.
	MaxChanges = 1000
)

// Time that a check may take which reads an image's files from the cache and runs libraries on them. Where a machine
// is busy it is a multiple of what an ordinary image takes.
const (
	workBase  = 20 * time.Second
	workSpeed = 2e6 // bytes of packed layers a second
)

// WorkLimit bounds the time of a check that reads the files of an image, by the size of its layers. workSpeed is far
// below what one core does, so that a busy machine does not turn a good image into an unchecked one.
func WorkLimit(on engine.On) time.Duration {
	var size int64
	for _, l := range on.Image().Layers {
		size += max(0, l.Size)
	}
	return workBase + time.Duration(float64(size)/workSpeed)*time.Second
}

// budget is what the layers of one image may take together while they are unpacked, beyond the entries that they list.
type budget struct {
	implicit int64 // see MaxImplicit
	looked   int64 // see MaxLookup
	grown    int64 // bytes of paths that links make longer than they are named, see MaxNames
}

// makeDirectory takes the bytes of the path of a directory that no entry names. Errors: *registry.LimitError.
func (b *budget) makeDirectory(n int) error {
	if b.implicit += int64(n); b.implicit > MaxImplicit {
		return &registry.LimitError{What: "bytes of the paths of directories that no layer lists", Limit: MaxImplicit}
	}
	return nil
}

// lookUp takes the bytes of a path that is looked up. Errors: *registry.LimitError.
func (b *budget) lookUp(n int) error {
	if b.looked += int64(n); b.looked > MaxLookup {
		return &registry.LimitError{
			What:  "bytes of paths that are looked up for the links of an image",
			Limit: MaxLookup,
		}
	}
	return nil
}

// grow takes the bytes of a path that a link leads to. Errors: *registry.LimitError.
func (b *budget) grow(n int) error {
	if b.grown += int64(n); b.grown > MaxNames {
		return &registry.LimitError{What: "bytes of paths that links lead to in an image", Limit: MaxNames}
	}
	return nil
}
