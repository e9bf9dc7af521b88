// Package shop generates the built-in incidents of backtrail, the same to the byte in every run. `make demo` writes them into
// inspect/demo, which embeds them and describes the stories.
//
// authority.go, log.go and trust.go are a Sigstore instance of the shop's own; signature.go and attestation.go sign with
// it, as the workflows of run.go. packages.go, package.go, dpkg.go and elf.go make the contents of layers (layer.go) and
// images (image.go); base.go, web.go and neighbours.go are the images, shop.go is all of them, and files.go what is
// embedded. cluster.json is the template of the cluster, with names in braces in place of digests.
//
// forecast.go and wheel.go are the releases of the second incident, poisoned.go is what it adds to the first.
//
// Nothing in it is harmful: each program is a few hundred bytes that exit at once, and the rest is text.
package shop
