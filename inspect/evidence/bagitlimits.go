package evidence

// Bounds on what is read of a bag, which may come from a stranger.
const (
	// MaxBagFiles bounds the files of a bundle.
	MaxBagFiles = 500_000
	// MaxBagBytes bounds what an archive may unpack to.
	MaxBagBytes = 256 << 30
	// MaxRatio bounds how much larger unpacked bytes may be than packed ones, once RatioFloor bytes came out.
	MaxRatio   = 200
	RatioFloor = 1 << 30
	// MaxName bounds the path of a file in a bundle, in bytes.
	MaxName = 1024
	// MaxManifest bounds a manifest or tag file, in bytes.
	MaxManifest = 256 << 20
)
