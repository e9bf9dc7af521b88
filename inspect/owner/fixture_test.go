package owner

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
	whiteout                = layertest.Whiteout
	packed, step            = layertest.Gzip, layertest.Step
	imageOf                 = layertest.Image
	program                 = layertest.Program
	dpkgOf                  = layertest.Dpkg
	md5Of, sumOf, apkSumOf  = layertest.MD5, layertest.SHA256, layertest.APKSum
	must                    = layertest.Must
	rpmHeader, fedora       = layertest.RPMHeader, layertest.Fedora
	sqliteOf, ndbOf         = layertest.SQLite, layertest.NDB
	zstdOf                  = layertest.Zstd
	record                  = layertest.Record
	bdbOf, bdbOfPages       = layertest.BDB, layertest.BDBOfPages
)
