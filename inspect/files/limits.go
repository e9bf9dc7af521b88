package files

// Bounds on what is indexed. What the bytes of layers may be is bounded in registry/limits.go. Past a bound a layer is
// unknown, with the reason "limit" and the bound in words.
const (
	// MaxEntries bounds the members of one layer's tar. The largest images seen have some 500,000 files.
	MaxEntries = 1_000_000
	// MaxImageEntries bounds those of all layers of an image together, so that many layers are no way around MaxEntries.
	MaxImageEntries = 1_500_000
	// MaxHeldEntries bounds those that are held in memory between the reading of layers and their merging; the others are
	// read again from the store.
	MaxHeldEntries = 500_000
	// MaxNames bounds the bytes of paths, links and extended attributes of one layer, all in all.
	MaxNames = 192 << 20
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
	// MaxDatabase bounds one file of a package database.
	MaxDatabase = 64 << 20
	// MaxRPM bounds an rpm database, which is one file.
	MaxRPM = 512 << 20
	// MaxDatabaseFiles bounds the files of one package database (three a package).
	MaxDatabaseFiles = 200_000
	// MaxClaims bounds the files that the databases of one image name.
	MaxClaims = 3_000_000
	// MaxPasts bounds the layers below which package databases are read again, to see what later ones changed.
	MaxPasts = 16
	// MaxMaterials bounds the images that provenance may name as what an image was built from.
	MaxMaterials = 20
	// MaxCheckpointMembers bounds the members of a checkpoint archive, MaxCheckpointText each of its descriptions in bytes.
	MaxCheckpointMembers = 100_000
	MaxCheckpointText    = 16 << 20
	// MaxRows bounds the rows of binaries, altered and missing files; the counts go on.
	MaxRows = 2_000
	// MaxScanned bounds the bytes of one program that are searched for signs.
	MaxScanned = 64 << 20
	// MaxScannedAll bounds those of all programs of an image.
	MaxScannedAll = 2 << 30
	// MaxSecrets bounds the secrets that are said of one image, MaxSecretFile the bytes of a file that is looked through
	// for one, and MaxSecretBytes those of all.
	MaxSecrets     = 200
	MaxSecretFile  = 256 << 10
	MaxSecretBytes = 64 << 20
	// MaxChanges is how many changed files a diff lists; its counts are complete.
	MaxChanges = 1000
)
