package binary

import "github.com/backtrail/backtrail/inspect/layer/layertest"

// The short names of what tests are made of.
type (
	member    = layertest.Member
	layerSpec = layertest.Layer
	rpmFile   = layertest.RPMFile
)

const (
	amd64 = layertest.AMD64
	site  = layertest.Site
)

var (
	file, exe, dir, symlink = layertest.File, layertest.Exe, layertest.Dir, layertest.Symlink
	hardlink, whiteout      = layertest.Hardlink, layertest.Whiteout
	tarOf, packed, step     = layertest.Tar, layertest.Gzip, layertest.Step
	imageOf                 = layertest.Image
	elfOf, program          = layertest.ELF, layertest.Program
	dpkgOf, debian          = layertest.Dpkg, layertest.Debian
	md5Of, sumOf, apkSumOf  = layertest.MD5, layertest.SHA256, layertest.APKSum
	headerWith, must        = layertest.HeaderWith, layertest.Must
	rpmHeader, fedora       = layertest.RPMHeader, layertest.Fedora
	sqliteOf                = layertest.SQLite
	checkpointOf, zstdOf    = layertest.Checkpoint, layertest.Zstd
	special, many           = layertest.Special, layertest.Many
	record, sha, noisy      = layertest.Record, layertest.Sum, layertest.Noise
	bdbOf                   = layertest.BDB
)
