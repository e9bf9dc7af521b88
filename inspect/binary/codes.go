package binary

// Codes of a row of binaries.
const (
	codeUnowned        = "unowned"
	codeAltered        = "altered"
	codeNotInKnownGood = "not-in-known-good"
	codeChanged        = "changed-since-known-good"
	codeAlerted        = "alerted"
	// alerted, and an interpreter, launcher or tool: not a cause by itself
	codeUsed             = "used"
	codeRan              = "ran-by-alert"         // an alerted interpreter ran it
	codeSwapped          = "changed-same-version" // other content than the known-good of the same version
	codeSetuid           = "setuid"
	codeCapability       = "capability"
	codeHiddenPath       = "hidden-path"
	codeTmpPath          = "tmp-path"
	codeWorldWritable    = "world-writable"
	codePacked           = "packed"
	codeStaticStripped   = "static-stripped"
	codeMiner            = "miner-string"
	codeArchMismatch     = "arch-mismatch"
	codeShadowsPath      = "shadows-path"
	codeLoaderHijack     = "loader-hijack"
	codeEntrypoint       = "entrypoint"
	codeKnownGood        = "known-good"
	codeOwnershipUnknown = "ownership-unknown"
	codeGoModule         = "go-module"
	codeDeleted          = "deleted"   // by a later layer: only a lower one still has it
	codeNoDigest         = "no-digest" // owned, later than its package, and compared with nothing
	codeDownloads        = "runs-download"
	codeRuntime          = "runtime"    // dropped or changed after the container started
	codeObfuscated       = "obfuscated" // a script that unpacks itself
)
