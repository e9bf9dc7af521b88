package evidence

// Bounds on what is written into a bundle and on what is read of one. A bundle may come from a stranger.
// Each is far above what backtrail writes itself, so that only a made-up bundle meets one, and low enough that a
// verification on a laptop ends.
const (
	// MaxCase bounds case.json, in bytes.
	MaxCase = 1 << 30
	// MaxLine bounds a line of custody.jsonl, blobs.jsonl and the listings, in bytes.
	MaxLine = 1 << 20
	// MaxEntries bounds the lines of one listing: those of the largest layer that is indexed (layer.MaxEntries).
	MaxEntries = 1_000_000
	// MaxLayer bounds a layer that is unpacked to open a file of it, in bytes.
	MaxLayer = 64 << 30
	// MaxSmall bounds what is read whole: manifests of images, configs, trust roots.
	MaxSmall = 32 << 20

	// maxBinary and maxBinaries bound the suspect files that are carried, in bytes, each and together.
	maxBinary   = 512 << 20
	maxBinaries = 2 << 30
	// maxPackageFiles and maxPackageBytes bound the package databases that are carried, together.
	maxPackageFiles = 20_000
	maxPackageBytes = 1 << 30
	// maxChildren bounds the blobs that a signature's manifest may name.
	maxChildren = 200
)
