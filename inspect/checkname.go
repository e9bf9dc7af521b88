package inspect

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
