package signature

// Bounds on what is read of signatures: all of it is foreign.
const (
	// maxBundle bounds a Sigstore bundle, a signed payload and an annotation in bytes. SBOM attestations reach tens
	// of MiB.
	maxBundle = 32 << 20
	// maxTrustedRoot bounds a trusted_root.json in bytes; the public instance's has 7 KiB.
	maxTrustedRoot = 4 << 20
	// maxRoots bounds the trusted roots in one file.
	maxRoots = 20
	// maxAnnotation bounds one annotation of cosign's in bytes: a certificate chain, a log entry.
	maxAnnotation = 4 << 20
	// maxSignatures bounds the signatures that are looked at for one image. Hundreds are real: one for each rebuild.
	// An attacker who may push could add a million of them to hide the one that counts or to keep the check busy; more
	// are named, and leave the image open.
	maxSignatures = 500
	// maxBetween bounds the certificates between a signer and a root.
	maxBetween = 20
	// maxSubjects bounds the subjects of one statement, as sigstore-go does.
	// A release of many files has a subject for each.
	maxSubjects = 1024
	// maxNamedIndexes bounds how many digests that a statement names are looked up, to see if they contain the image.
	// Each is a request to the registry that a stranger's statement causes.
	maxNamedIndexes = 4
	// maxPages bounds the pages that GitHub is asked for, of one digest in one repository.
	// A page has up to a hundred attestations.
	maxPages = 10
	// maxRepositories bounds the repositories of GitHub that one image is looked for in.
	maxRepositories = 4
	// maxTrustFile bounds a certificate file and a trust policy of the Notary Project in bytes, maxTrustFiles the
	// files of one trust store, maxNotary all of them together.
	maxTrustFile  = 1 << 20
	maxTrustFiles = 1000
	maxNotary     = 64 << 20
	// maxKeys bounds the keys that a person may expect.
	maxKeys = 100
)
