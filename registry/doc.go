// Package registry reads container images from where they lie: a remote registry, an OCI layout, an OCI archive
// or what docker save writes. It finds index, manifest, config and referrers, streams layers, and keeps bytes in a
// content-addressed store on disk.
//
// It only reads. Every byte that is parsed was compared with the digest that names it; what does not fit is kept as
// it came and never parsed. All reads have a bound, see limits.go.
//
// The ways in, and what each does not do:
//
//	Parse            what a person wrote; may name a file of this machine
//	ParseReference   what a stranger wrote (a pod, an index, a bundle); never leads to a file
//	Client.Resolve   index, manifest, config, with their Problems; no layer
//	Client.Reopen    the same image again by its digests; never chooses anew
//	Client.Layer     the bytes of a layer, unverified: whoever reads hashes them on the way
//	Client.Fetch     a small blob, verified
//	Client.TagNow    what a tag means today, by a HEAD, which is no pull
//	Store            bytes by digest on disk, and records by kind and key
//
// Three kinds of failure are distinguished everywhere. ErrNotFound: the place answered that there is nothing. A Part
// with a Problem: there is something, and it does not match its name, or could not be looked at (Problem.Unchecked).
// Any other error: the place did not answer, refused, or asked for patience; nothing follows from it about the image.
//
// A registry is hostile in general: it chooses every header, redirect, challenge, size and byte. It is never sent the
// credentials of another host, never makes a request to an address of a cloud's metadata, never decides how much is
// read, and never names what is compared.
package registry
