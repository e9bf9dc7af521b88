package layer

import "github.com/backtrail/backtrail/inspect/layer/layertest"

// The short names of what tests are made of.
type (
	member    = layertest.Member
	layerSpec = layertest.Layer
)

const (
	amd64 = layertest.AMD64
	site  = layertest.Site
)

var (
	file, exe, dir, symlink = layertest.File, layertest.Exe, layertest.Dir, layertest.Symlink
	hardlink, whiteout      = layertest.Hardlink, layertest.Whiteout
	tarOf, packed, step     = layertest.Tar, layertest.Gzip, layertest.Step
	imageOf, layoutOf       = layertest.Image, layertest.Layout
	elfOf, program          = layertest.ELF, layertest.Program
	debian                  = layertest.Debian
	sumOf                   = layertest.SHA256
	headerWith, must        = layertest.HeaderWith, layertest.Must
	checkpointOf, zstdOf    = layertest.Checkpoint, layertest.Zstd
	special, many           = layertest.Special, layertest.Many
	noisy                   = layertest.Noise
)
