// Package seal makes what is put over evidence when it is finished: keyless signatures of a Sigstore instance, and
// timestamps of an authority (RFC 3161).
//
// Both prove something to a reader who does not trust whoever made the evidence: who signed it, and that it existed at
// a time. Both use the network, and only where a person asked for it: a keyless signature publishes the name of the
// signer for ever, a timestamp shows a digest to the authority. To verify needs no network.
//
// The services are foreign: every answer has a bound, no redirect is followed, and a credential goes to the one host
// that it is for.
package seal
