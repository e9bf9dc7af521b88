// Package signature finds the signatures of an image in every store that may have them and reports of each one, link by
// link, what was compared with what: integrity, certificate chain, SCT, transparency log, timestamp, signature, subject
// and identity.
//
// The verdict is never our own: Sigstore bundles are judged by sigstore-go, annotations on cosign's tags by cosign's
// library, Notary Project signatures by notation-go. The explanation comes from their exported steps. A verified
// signature describes who signed these bytes; not that they are harmless, nor what ran later.
//
// stores.go and github*.go ask, collect.go and examine.go gather; bundle*.go is the Sigstore bundle, annotation*.go
// what cosign keeps in annotations, notation.go and notary*.go the Notary Project's; chain.go and links.go are the
// links that all have; expectation.go and requirements.go are who should have signed, trust.go whom to believe,
// authority.go a certificate authority of one's own, summary.go what follows for the image, usual.go what others in
// its repository do.
//
// Each link has one of four statuses. Verified and failed are of what was compared; unknown is of what could not be,
// such as a signature by a key that is not at hand, and absent of what does not apply, such as a certificate of a
// managed key. The status of a signature is that of its first link that fails, in the order above, else of the first
// that is unknown (chain.verdict).
//
// All that is read is foreign: whoever may push to a repository writes its tags, referrers and annotations, and whoever
// serves a registry may answer anything. So bytes are compared with their digests before they are parsed, every reading
// has a bound (limits.go), a panic of a library costs one signature (protect), and no name in a certificate or payload
// counts before what proves it holds. A store that does not answer never makes an image unsigned: what it may have is
// an open question, which the gate and the check name.
//
// Nothing depends on the clock of the machine. Certificates are judged at signed times, and where there is none, at the
// clock of the case; so a bundle of evidence gives the same verdicts later. No authority is asked about revocation, and
// GitHub only where a flag allows it, since a request names what is being looked at.
package signature
