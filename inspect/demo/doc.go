// Package demo is a built-in incident: a registry on loopback, a cluster as a saved dump, the alerts of an IDS and a
// trusted root, all made in memory, the same to the byte in every run. It needs no cluster, no registry and no network.
//
// The story. The shop runs registry.shop.example/shop/web:1.4.2. On the morning of 14 May 2026 its build server on
// GitHub builds it from commit 7c1d94e, signs it and attests where it came from; the Deployment "web" runs it from 08:31.
// At 13:57 somebody who has the password of the registry's robot account builds upon that very image and pushes the
// result under the same tag. A restart at 14:02 pulls it. Within four minutes the IDS says that a program in a hidden
// folder runs and talks to a mining pool.
//
// What a responder can find:
//
//   - the pod runs another digest than the known-good one, under the same tag: neither signed nor with provenance;
//   - /var/tmp/.font/fontd, a static and stripped program that no package owns, with a mining pool's address in it;
//   - /usr/bin/top, which is not what the package procps says, and /etc/ld.so.preload, which nobody should have;
//   - xz-utils and liblzma5 went from 5.4.1 to 5.6.1, with checksums that fit: only the comparison shows it;
//   - an injected sidecar, which is explained and signed by another team, and clean.
//
// Nothing in it is harmful: each program is a few hundred bytes that end at once, and the rest is text.
package demo
