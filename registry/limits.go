package registry

import "time"

// Bounds on what is read from a place that may be hostile. Past one of them there is a *LimitError or a Part with
// ProblemLimit, never a guess.
const (
	// MaxManifest bounds an index, manifest or index.json in bytes: the 4 MiB that the distribution specification
	// asks registries to accept.
	MaxManifest = 4 << 20
	// MaxConfig bounds an image config in bytes. Real ones stay below 100 KiB; long histories reach a few MiB.
	MaxConfig = 8 << 20
	// MaxSmallBlob bounds a blob that is read whole: signature payloads, bundles, statements, SBOMs.
	MaxSmallBlob = 32 << 20
	// MaxLayers bounds the layers of one image; overlayfs mounts at most 500.
	MaxLayers = 512
	// MaxChildren bounds the descriptors of one index.
	MaxChildren = 1000
	// MaxIndexDepth bounds indexes inside indexes, the outermost one counted.
	MaxIndexDepth = 4
	// maxRivals bounds the manifests that are read only to compare them with the chosen one.
	maxRivals = 8
	// MaxReferrers bounds the referrers of one subject over all pages of an answer.
	MaxReferrers = 1000
	// MaxTags bounds the tags that are listed of one repository.
	MaxTags     = 5000
	tagsPerPage = 1000
	maxTagPages = 20
	// MaxReferrerPages bounds the pages of one referrers answer, so that empty pages cannot go on for ever.
	MaxReferrerPages = 100
	// MaxLayerBytes bounds one layer as it is stored, compressed or not.
	MaxLayerBytes = 32 << 30
	// MaxScopeBytes bounds the blobs that are transferred for one case.
	MaxScopeBytes = 256 << 30
	// sizeSlack is how far a blob is read past twice the size that its descriptor claims.
	sizeSlack = 1 << 20
	// MaxPath bounds a path inside a layer in bytes: PATH_MAX of Linux.
	MaxPath = 4096
	// MaxRatio bounds how much larger unpacked bytes may be than packed ones, once RatioFloor bytes came out.
	// Layers seldom pass 20; gzip itself ends at about 1,030, so only runs of one byte come near.
	MaxRatio = 200
	// RatioFloor is how many unpacked bytes are let pass before MaxRatio counts, so that a small file of zeros
	// is no bomb.
	RatioFloor = 1 << 30
	// MaxArchiveMembers bounds the members of an archive (two or three a layer).
	MaxArchiveMembers = 100_000
	// MaxArchiveBytes bounds what a compressed archive may unpack to.
	MaxArchiveBytes = 64 << 30
	// MaxLinkDepth bounds symbolic links between members of an archive.
	MaxLinkDepth = 8
	// MaxRecord bounds a record of the store in bytes.
	MaxRecord = 256 << 20
)

// Bounds on waiting.
const (
	// HelperTimeout is how long a credential helper may take.
	HelperTimeout = 20 * time.Second
	// StallTimeout is how long a request may wait for the head of its answer.
	StallTimeout = 20 * time.Second
	// MaxRetryAfter is the longest wait that a registry may ask for; past it the request fails with that reason.
	MaxRetryAfter = 30 * time.Second
	// FloorBytes and FloorWindow are the slowest transfer that is waited for, 1 KiB/s: slower links exist, and a whole
	// image over them takes days.
	FloorBytes  = 15 << 10
	FloorWindow = 15 * time.Second
	// maxSlow is how often a transfer that was too slow resumes: another connection may reach another server.
	maxSlow = 1
	// resumeFirst and resumeLongest are the pauses before a broken transfer resumes; each is twice the one before.
	resumeFirst   = 100 * time.Millisecond
	resumeLongest = 5 * time.Second
	// maxTimeouts is how often a request is made that got no answer within StallTimeout.
	maxTimeouts = 2
	// MaxAttempts is how often one request is tried.
	MaxAttempts = 4
	// MaxResumes is how often the transfer of one blob resumes.
	MaxResumes = 8
	// MaxRedirects is how many redirects one request follows.
	MaxRedirects = 10
)
