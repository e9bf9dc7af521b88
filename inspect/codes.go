package inspect

// This file has every word that a script may compare: the codes of findings and rows, the reasons and the names of
// checks. They are part of the formats of CONTRACT.md and never change their meaning. Typed ones (gates, privileges,
// causes, statuses) stand with their types.

// Codes of findings about a program or another file of the image. Found by: binary.
const (
	CodeUnexpectedBinary  = "unexpected-binary"    // an executable that no package, base or known-good explains
	CodeReplacedProgram   = "replaced-program"     // a later layer put other bytes in the place of a package's program
	CodeSwappedProgram    = "swapped-program"      // other bytes than the known-good's, at the same version
	CodeUnprovenProgram   = "unproven-program"     // owned without a usable digest, and from a later layer
	CodeAlteredFile       = "altered-file"         // its bytes are not those that its package lists
	CodeLoaderHijack      = "loader-hijack"        // the dynamic loader is made to load it into every program
	CodeDeletedProgram    = "deleted-program"      // only a lower layer still has it
	CodeDeletedPrograms   = "deleted-programs"     // the same, counted: none of them has a sign
	CodeAlertedFile       = "alerted-file"         // an alert names it
	CodeAlertedNotInImage = "alerted-not-in-image" // an alert names a path that the image does not have
	CodeUsedInterpreter   = "used-interpreter"     // an alert names an interpreter or tool: used, not a cause
	CodeDestination       = "destination"          // the image names where the connection of an alert leads
	CodeRuntimeProgram    = "runtime-program"      // came into the container after its start
	CodeRuntimeChanges    = "runtime-changes"      // what else changed after the start, counted
	CodeCheckpoint        = "checkpoint"           // the image is a checkpoint of a container
	CodeLongPath          = "long-path"            // longer than programs can open
	CodeOddLayer          = "odd-layer"            // a layer that no build step explains
)

// Codes of findings about what a configuration or a special file permits. Found by: binary.
const (
	CodeRaisedPrivilege    = "raised-privilege" // given by a later layer to an unaltered program
	CodeNewPrivilege       = "new-privilege"    // the known-good has the file without the privilege
	CodeSetuidShell        = "setuid-shell"
	CodeWorldWritable      = "world-writable"
	CodeDevice             = "device"       // a device node in a layer
	CodeLibraryPath        = "library-path" // loads libraries from where others may put them
	CodeUID0               = "uid-0"        // an account beside root has user id 0, in any spelling
	CodeSudo               = "sudo"
	CodeOpenAccount        = "open-account" // somebody may log in with a known password, or with none
	CodeRepository         = "repository"   // packages may come from another place
	CodeUserRoot           = "user-root"
	CodeUserBecameRoot     = "user-became-root"
	CodePort               = "port" // declares a port for logging in
	CodeVolume             = "volume"
	CodeEntrypointChanged  = "entrypoint-changed"
	CodeSecret             = "secret"
	CodeHiddenSecret       = "hidden-secret" // deleted by a later layer, and still in a lower one
	CodeEnvSecret          = "env-secret"
	CodeHistorySecret      = "history-secret"
	CodeHistoryDecodes     = "history-decodes"      // a build step decodes what it runs
	CodeLabelForeignSource = "label-foreign-source" // a label names another source repository than before
)

// Codes of findings about layers, the base and the manifest. Found by: layer, subject.
const (
	CodeLayerRefused    = "layer-refused"   // containerd does not unpack it
	CodeLayerAmbiguous  = "layer-ambiguous" // runtimes unpack it differently
	CodeBaseImage       = "base-image"
	CodeBaseMismatch    = "base-mismatch" // claims a base whose layers it does not have
	CodeBaseSwapped     = "base-swapped"  // the known-good has another base
	CodeBuiltFrom       = "built-from"
	CodeRivalManifests  = "rival-manifests"  // several manifests fit the node, and differ
	CodeMarkedManifest  = "marked-manifest"  // what runs is presented as an attestation
	CodeArchiveConflict = "archive-conflict" // manifest.json and index.json of an archive differ
)

// Codes of findings about package databases, locks and lists of packages. Found by: owner, lock, sbom.
const (
	CodeDatabaseGrew      = "database-grew"       // a package's list of files grew at the same version
	CodeDatabaseChanged   = "database-changed"    // sums or conffiles changed or went at the same version
	CodeSecondDatabase    = "second-database"     // of another kind than the image's
	CodeClaimedTwice      = "claimed-twice"       // two packages list the path
	CodeIncompletePackage = "incomplete-package"  // a package appears without its other files
	CodeLockPhantom       = "lock-phantom"        // installed, and in no lock
	CodeLockVersionSpoof  = "lock-version-spoof"  // installed in another version than the lock's
	CodeLockForeignSource = "lock-foreign-source" // from another registry, a repository or an archive
	CodeLockRewritten     = "lock-rewritten"
	CodeLockScriptGone    = "lock-script-gone" // an install script that erased itself
	CodePackagesChanged   = "packages-changed"
	CodePackageAdded      = "package-added"
	CodePackageRemoved    = "package-removed"
	CodePackageChanged    = "package-changed"
	CodeSBOMDiffers       = "sbom-differs" // the publisher's list is not what is there
)

// Codes of findings about known compromises. Found by: advisory.
const (
	CodeKnownCompromise   = "known-compromise"
	CodeWithdrawnAdvisory = "withdrawn-advisory" // its source took it back
	CodeLookalikeName     = "lookalike-name"     // close to a well-known name
	CodeExposureWindow    = "exposure-window"    // built, pulled or started while a compromise was served
)

// Codes of findings about signatures. Found by: signature.
const (
	CodeUnsigned          = "unsigned"           // no signature, and none expected
	CodeUnsignedUnusual   = "unsigned-unusual"   // nearly all other images of the repository are signed
	CodeSignatureExpected = "signature-expected" // none that fits the expectation
	CodeSignatureBroken   = "signature-broken"   // altered, or of other bytes
	CodeSignatureForeign  = "signature-foreign"  // of an authority that the trusted root does not have
	CodePolicyNotMet      = "policy-not-met"
)

// Codes of findings about provenance, and its changes against an earlier image. Found by: provenance.
const (
	CodeVerificationFailed    = "verification-failed"
	CodeProvenanceUnsigned    = "provenance-unsigned"
	CodeProvenanceMissing     = "provenance-missing"
	CodeProvenanceGone        = "provenance-gone"
	CodeProvenanceNew         = "provenance-new"
	CodeSignatureGone         = "signature-gone"
	CodeSignatureNew          = "signature-new"
	CodeSignerChanged         = "signer-changed"
	CodeSignerAdded           = "signer-added"
	CodeSignerRefChanged      = "signer-ref-changed" // the same workflow at another branch or tag
	CodeSignedRefChanged      = "signed-ref-changed"
	CodeSourceChanged         = "source-changed"
	CodeSourceForeign         = "source-foreign" // a repository of another owner
	CodeRefChanged            = "ref-changed"
	CodeBuilderChanged        = "builder-changed"
	CodeBuilderForeign        = "builder-foreign"
	CodeBuilderVersionChanged = "builder-version-changed"
	CodeBuilderRunChanged     = "builder-run-changed"
	CodeBuildTypeChanged      = "build-type-changed"
	CodeTriggerChanged        = "trigger-changed"
	CodeRunnerChanged         = "runner-changed"
	CodeWorkflowChanged       = "workflow-changed"
	CodeModuleSigns           = "module-signs"
	CodeVisibilityChanged     = "visibility-changed"
	CodeOwnerIDChanged        = "owner-id-changed"      // the owner's name was registered anew
	CodeRepositoryIDChanged   = "repository-id-changed" // the repository's name was registered anew
)

// Codes of findings about the cluster around the pod. Found by: cluster.
const (
	CodeTagMoved            = "tag-moved"            // other pods run another digest of the same reference
	CodeRestarted           = "restarted"            // a restart that made nodes pull a tag again
	CodeImageSetBy          = "image-set-by"         // who set it, and when
	CodeImageSetByHand      = "image-set-by-hand"    // although a tool manages the workload
	CodeImageEdited         = "image-edited"         // by hand, and nothing else manages the workload
	CodeDebugContainer      = "debug-container"      // an ephemeral container was attached
	CodeStaticPod           = "static-pod"           // a kubelet started it from a file, without admission
	CodeInjectedUnexplained = "injected-unexplained" // no webhook and no annotation explains it
	CodeInjectedOtherImage  = "injected-other-image" // another image than the same sidecar of other workloads
	CodeInjectedExplained   = "injected-explained"   // explained, and few others to compare with
	CodeInjectedEverywhere  = "injected-everywhere"  // explained by a webhook, and equal in other workloads
	CodeHelmRelease         = "helm-release"
	CodeHelmImage           = "helm-image"         // the release requires the workload's image
	CodeHelmImageChanged    = "helm-image-changed" // by the release's last revision
	CodeHelmSwapped         = "helm-swapped"       // the workload has another image than its release
	CodeNoImagePolicy       = "no-image-policy"    // nothing in the cluster verifies images
	CodeNamespaceExempt     = "namespace-exempt"   // a verifier of images leaves out this pod
	CodePolicyFailsOpen     = "policy-fails-open"  // requests are admitted unchecked while it does not answer
	CodePolicyOnlyWarns     = "policy-only-warns"  // it does not refuse
	CodeNoNetworkPolicy     = "no-network-policy"  // every connection is allowed
	CodeLayerElsewhere      = "layer-elsewhere"    // other pods run the layer
)

// Codes of rows: what a program or an autorun has, each a reason for its severity. Found by: binary, autorun.
const (
	CodeUnowned               = "unowned" // no package owns the file
	CodeOwnershipUnknown      = "ownership-unknown"
	CodeAltered               = "altered"   // its bytes are not those that its package lists
	CodeNoDigest              = "no-digest" // owned, later than its package, and compared with nothing
	CodeNotInKnownGood        = "not-in-known-good"
	CodeChangedSinceKnownGood = "changed-since-known-good"
	CodeChangedSameVersion    = "changed-same-version" // other bytes than the known-good's, at the same version
	CodeKnownGood             = "known-good"           // a confirmed known-good has the same
	CodeGained                = "gained"               // its package was there before, without it
	CodeSameVersion           = "same-version"         // its package has other content at the same version
	CodeAlerted               = "alerted"              // an alert names it, or the interpreter that runs it
	CodeUsed                  = "used"                 // alerted, and an interpreter, launcher or tool
	CodeRanByAlert            = "ran-by-alert"         // an alerted interpreter ran it
	CodeSetuid                = "setuid"
	CodeCapability            = "capability"
	CodeHiddenPath            = "hidden-path"
	CodeTmpPath               = "tmp-path"
	CodeShadowsPath           = "shadows-path" // found in PATH before the program of the same name
	CodePacked                = "packed"       // by UPX or with the entropy of a packer
	CodeStaticStripped        = "static-stripped"
	CodeMinerString           = "miner-string"
	CodeArchMismatch          = "arch-mismatch" // of another architecture than the image
	CodeGoModule              = "go-module"     // its build information names a module
	CodeEntrypoint            = "entrypoint"
	CodeDeleted               = "deleted" // only a lower layer still has it
	CodeRunsDownload          = "runs-download"
	CodeObfuscated            = "obfuscated"     // unpacks itself
	CodeRuntime               = "runtime"        // dropped or changed after the container started
	CodeHiddenTarget          = "hidden-target"  // what it starts is in a hidden place or where everyone may write
	CodeUnownedTarget         = "unowned-target" // what it loads is of no package
	CodeMissingTarget         = "missing-target" // what it loads is not in the image
	CodeLetsIn                = "lets-in"        // permits a login
	CodeWrapsOriginal         = "wraps-original" // a script in the place of the program that the other image starts
)

// Reasons of signatures, statements, images, layers and SBOMs: why one is not verified. The order of the first nine is
// the order of precedence where several apply.
const (
	ReasonInvalidSignature   = "invalid-signature" // the bytes are not what was signed
	ReasonSubjectMismatch    = "subject-mismatch"  // signed for another digest
	ReasonUntrustedRoot      = "untrusted-root"    // no chain to an authority of the trusted root
	ReasonIdentityMismatch   = "identity-mismatch" // verified, and not of an expected signer
	ReasonLogMismatch        = "log-mismatch"      // the log's entry is of something else
	ReasonNoTimestamp        = "no-timestamp"      // nothing proves that it was made while the certificate was valid
	ReasonUnknownKey         = "unknown-key"       // no key at hand verifies it
	ReasonMalformed          = "malformed"
	ReasonNoExpectation      = "no-expectation" // the chain is verified, and no signer was expected
	ReasonUnsigned           = "unsigned"
	ReasonSourceMismatch     = "source-mismatch"
	ReasonBranchMismatch     = "branch-mismatch"
	ReasonTagMismatch        = "tag-mismatch"
	ReasonNotATagBuild       = "not-a-tag-build" // the expectation is a release, and the build is of a branch
	ReasonBuilderMismatch    = "builder-mismatch"
	ReasonDigestMismatch     = "digest-mismatch"
	ReasonDiffIDMismatch     = "diffid-mismatch" // the uncompressed bytes are not those that the config lists
	ReasonSizeMismatch       = "size-mismatch"   // the descriptor has another size
	ReasonLayerCountMismatch = "layer-count-mismatch"
	ReasonMissingBlob        = "missing-blob"
	ReasonLimit              = "limit"       // past a bound: what was read until then is kept
	ReasonUnsupported        = "unsupported" // a form that is not read here, named in the detail
	ReasonUnreadable         = "unreadable"  // of an SBOM: there, and not understood
)

// Names of checks. They stand in the ledger, in `-o json`, in `backtrail help json` and in `thresholds`; the package
// named beside each implements it.
const (
	CheckSubject         = "subject"         // subject: which image, by digest, and which manifest the node runs
	CheckWorkload        = "workload"        // subject: owners and revisions of the pod
	CheckKnownGood       = "known-good"      // subject: the image that is compared with
	CheckCluster         = "cluster"         // cluster: admission, quota, accounts, network policies around the pod
	CheckHelm            = "helm"            // cluster: releases and their values
	CheckEvents          = "events"          // cluster: events of the pod and its owners
	CheckLogs            = "logs"            // cluster: the last lines of its containers
	CheckReach           = "reach"           // cluster: what its service account may do
	CheckSharing         = "sharing"         // cluster: other pods that run the same image or layer
	CheckWatch           = "watch"           // cluster: what becomes of the pod while the case is open
	CheckPolicies        = "policies"        // policy: what admission requires of the image
	CheckSignatures      = "signatures"      // signature
	CheckSigningNorm     = "signing-norm"    // signature: whether the repository's other images are signed
	CheckProvenance      = "provenance"      // provenance
	CheckDrift           = "drift"           // provenance: against the known-good's
	CheckSignerHistory   = "signer-history"  // provenance: against what this machine saw of the repository before
	CheckLayers          = "layers"          // layer: reads every layer, once; all that follow build on it
	CheckBase            = "base"            // layer: where the base image ends
	CheckBinaries        = "binaries"        // binary: programs, their owners and their signs
	CheckDiff            = "diff"            // binary: files against the known-good's
	CheckAlertLocation   = "alert-location"  // binary: the layer of the file that an alert names
	CheckRuntime         = "runtime"         // binary: what a checkpoint or a runtime's diff adds
	CheckAutoruns        = "autoruns"        // autorun
	CheckLockFiles       = "lock-files"      // lock
	CheckPackages        = "packages"        // sbom: what cataloguers find
	CheckPackageDiff     = "package-diff"    // sbom: packages against the known-good's
	CheckAttachedSBOM    = "attached-sbom"   // sbom: the publisher's
	CheckSBOMTruth       = "sbom-truth"      // sbom: the publisher's against what is there
	CheckAdvisories      = "advisories"      // advisory: known compromises
	CheckVulnerabilities = "vulnerabilities" // vuln
	CheckAnswers         = "answers"         // answer
)

// CheckNames are the names of all checks, in the order of a walk: the subject, the cluster, the chain of signatures,
// the content, what is known about it.
var CheckNames = []string{
	CheckSubject, CheckWorkload, CheckKnownGood, CheckCluster, CheckHelm, CheckEvents, CheckLogs, CheckReach,
	CheckSharing, CheckWatch, CheckPolicies, CheckSignatures, CheckSigningNorm, CheckProvenance, CheckDrift,
	CheckSignerHistory, CheckLayers, CheckBase, CheckBinaries, CheckDiff, CheckAlertLocation, CheckRuntime,
	CheckAutoruns, CheckLockFiles, CheckPackages, CheckPackageDiff, CheckAttachedSBOM, CheckSBOMTruth,
	CheckAdvisories, CheckVulnerabilities, CheckAnswers,
}
