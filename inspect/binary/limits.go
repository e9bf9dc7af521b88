package binary

// Bounds on what is looked through and shown of an image; counts go on past them.
const (
	// MaxRows bounds the rows of binaries, altered and missing files; the counts go on. A row is some 500 bytes of
	// JSON, so all of them stay within a few megabytes.
	MaxRows = 2_000
	// MaxTextFile bounds a file of settings that is read whole, in bytes. The passwd of a large directory service has a
	// few megabytes; a longer file is not read at all.
	MaxTextFile = 16 << 20
	// MaxPreload bounds a file of the loader, in bytes.
	MaxPreload = 4 << 20
	// MaxPathDirs bounds the directories of PATH, MaxWords the words of a command line that may be programs.
	MaxPathDirs = 1_000
	MaxWords    = 1_000
	// MaxScript bounds the text of a file that starts programs, as far as it is read. What follows is ignored: a script
	// that hides its work behind a megabyte is still seen by its place and owner.
	MaxScript = 1 << 20
	// MaxScanned bounds the bytes of one program that are searched for signs. Programs of Go and Node.js reach about
	// 100 MB; their headers and code come first.
	MaxScanned = 64 << 20
	// MaxScannedAll bounds those of all programs of an image. It bounds the time of a check, since bytes are read one
	// file after the other and are not kept.
	MaxScannedAll = 2 << 30
	// MaxModule bounds the bytes of one module of an interpreter that are looked through, MaxModules those of all. A
	// bundle of JavaScript has some megabytes; an image of 2,000 packages has about 60 MB of modules.
	MaxModule  = 4 << 20
	MaxModules = 128 << 20
	// MaxSecrets bounds the secrets that are reported of one image, MaxSecretFile the bytes of a file that is looked
	// through for one, and MaxSecretBytes those of all.
	MaxSecrets     = 200
	MaxSecretFile  = 256 << 10
	MaxSecretBytes = 64 << 20
)
