// Package registry reads container images from where they lie: a remote registry, an OCI layout, an OCI archive
// or what docker save writes. It finds index, manifest, config and referrers, streams layers, and keeps bytes in a
// content-addressed store on disk.
//
// It only reads. Every byte that is parsed was compared with the digest that names it; what does not fit is kept as
// it came and never parsed. All reads have a bound, see limits.go.
package registry
