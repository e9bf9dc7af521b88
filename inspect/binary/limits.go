package binary

// Bounds on what is looked through and shown of an image; counts go on past them.
const (
	// MaxRows bounds the rows of binaries, altered and missing files; the counts go on.
	MaxRows = 2_000
	// MaxTextFile bounds a file of settings that is read whole, in bytes.
	MaxTextFile = 16 << 20
	// MaxPreload bounds a file of the loader, in bytes.
	MaxPreload = 4 << 20
	// MaxPathDirs bounds the directories of PATH, MaxWords the words of a command line that may be programs.
	MaxPathDirs = 1_000
	MaxWords    = 1_000
	// MaxScript bounds the text of a file that starts programs, as far as it is read.
	MaxScript = 1 << 20
	// MaxScanned bounds the bytes of one program that are searched for signs.
	MaxScanned = 64 << 20
	// MaxScannedAll bounds those of all programs of an image.
	MaxScannedAll = 2 << 30
	// MaxSecrets bounds the secrets that are said of one image, MaxSecretFile the bytes of a file that is looked
	// through for one, and MaxSecretBytes those of all.
	MaxSecrets     = 200
	MaxSecretFile  = 256 << 10
	MaxSecretBytes = 64 << 20
)
