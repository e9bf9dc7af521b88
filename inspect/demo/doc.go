// Package demo is a built-in incident: a registry on loopback, a cluster as a saved dump, the alerts of an IDS and a
// trusted root, all made in memory, the same to the byte in every run. It needs no cluster, no registry and no network.
//
// The story. The shop runs registry.shop.example/shop/web:1.4.2. On the morning of 14 May 2026 its release workflow on
// GitHub builds it from commit 7c1d94e, signs it and attests where it came from (08:14); the Deployment "web" runs it
// from 08:31. At 13:57 somebody who has the password of the registry's robot account builds upon that very image and
// pushes the result under the same tag. A restart at 14:02 pulls it, in both replicas. A minute later the IDS says that a
// program in a hidden folder runs and talks to a mining pool; at 14:09 the responder opens the case.
//
// What there is to find:
//
//   - the pods run another digest than the morning's, under the same tag: neither signed nor with provenance;
//   - /var/tmp/.font/fontd, a static program without section headers that no package owns, with a pool's address in it,
//     started by a changed /app/start.sh;
//   - /usr/bin/top, which is not what the package procps installed, and /etc/ld.so.preload with a library of nobody's;
//   - xz-utils and liblzma5 went from 5.4.1 to 5.6.1, with checksums that fit: only the comparison shows it;
//   - nothing in the sidecar that the mesh injected, nothing in the init container, and nothing in the pod next door:
//     all are signed by the shop's other release workflows.
//
// Nothing in it is harmful: each program is a few hundred bytes that end at once, and the rest is text. The names are
// reserved ones (RFC 2606), the addresses too (RFC 5737).
//
// The parts: run.go says who builds; authority.go, log.go and trust.go are a Sigstore of the shop's own; signature.go
// and attestation.go sign with it; packages.go, package.go, dpkg.go and elf.go make the content of layers (layer.go) and
// images (image.go); base.go, web.go and neighbours.go are the shop's images, shop.go all of them; registry.go serves
// them; cluster.json and alerts.jsonl are what cluster and IDS say.
package demo
