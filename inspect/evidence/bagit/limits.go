package bagit

// Bounds on what is read of a bag, which may come from a stranger.
const (
	// MaxFiles bounds the files of a bag.
	MaxFiles = 500_000
	// MaxBytes bounds what an archive may unpack to.
	MaxBytes = 256 << 30
	// MaxRatio bounds how much larger unpacked bytes may be than packed ones, once RatioFloor bytes came out: deflate
	// cannot exceed 1032 to 1, and files of a bundle stay below 20 to 1.
	MaxRatio   = 200
	RatioFloor = 1 << 30
	// MaxName bounds the path of a file in a bag, in bytes.
	MaxName = 1024
	// MaxManifest bounds a manifest or tag file, in bytes.
	MaxManifest = 256 << 20
)
