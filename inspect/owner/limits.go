package owner

// Bounds on package databases. Past one the database counts as broken, or its rest is left out, and ownership is
// partial.
const (
	// MaxDatabase bounds one file of a package database. The status file of a large desktop has some ten megabytes.
	MaxDatabase = 64 << 20
	// MaxRPM bounds an rpm database, which is one file. Berkeley DB files of old distributions reach 200 MB.
	MaxRPM = 512 << 20
	// MaxRPMHeaders and MaxRPMPackages bound the packages of an rpm database in SQLite, which are held in memory.
	MaxRPMHeaders  = 256 << 20
	MaxRPMPackages = 200_000
	// MaxDatabaseFiles bounds the files of one package database (three a package).
	MaxDatabaseFiles = 200_000
	// MaxClaims bounds the files that the databases of one image name. A claim takes some 320 bytes, so that this is
	// about one gigabyte at worst.
	MaxClaims = 3_000_000
	// MaxPasts bounds the layers below which package databases are read again, to see what later ones changed. Each one
	// costs as much as reading the databases once.
	MaxPasts = 16
	// MaxKeptOwners and MaxKeptOwnerBytes bound the images whose ownership is kept, and its estimated bytes.
	MaxKeptOwners     = 32
	MaxKeptOwnerBytes = 192 << 20
	// MaxTamperedPaths bounds the files that are named of one thing that a layer did to a package database.
	MaxTamperedPaths = 50
	// MaxEnvironments bounds the conda environments of an image.
	MaxEnvironments = 2_000
)
