package binary

// Bounds on what is looked through and shown of an image; counts go on past them.
const (
	// MaxRows bounds the rows of binaries, altered and missing files; the counts go on.
	MaxRows = 2_000
	// MaxTextFile bounds a file of settings that is read whole, in bytes.
	MaxTextFile = 16 << 20
	// MaxScanned bounds the bytes of one program that are searched for signs.
	MaxScanned = 64 << 20
	// MaxScannedAll bounds those of all programs of an image.
	MaxScannedAll = 2 << 30
	// MaxSecrets bounds the secrets that are said of one image, MaxSecretFile the bytes of a file that is looked through
	// for one, and MaxSecretBytes those of all.
	MaxSecrets     = 200
	MaxSecretFile  = 256 << 10
	MaxSecretBytes = 64 << 20
)
