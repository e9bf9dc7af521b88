// Package signature finds the signatures of an image in every store that may hold them and says of each one, link by
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
package signature
