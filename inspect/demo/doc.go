// Package demo has the built-in incidents. Each is a registry on loopback, a cluster as a saved dump, the alerts of an
// IDS and a trusted root. They need no cluster, no registry and no network. Their bytes are embedded; testdata/demo
// generates them.
//
// The story. The shop runs registry.shop.example/shop/web:1.4.2. On the morning of 14 May 2026 its release workflow
// on GitHub builds it from commit 7c1d94e, signs it and attests its provenance (08:14); the Deployment "web" runs it
// from 08:31. At 13:57 somebody with the password of the registry's robot account builds on that very image and
// pushes the result under the same tag. A restart at 14:02 pulls it, in both replicas. A minute later the IDS reports
// that a program in a hidden directory runs and connects to a mining pool; at 14:09 the responder opens the case.
//
// What there is to find:
//
//   - the pods run another digest than in the morning, under the same tag: neither signed nor with provenance;
//   - /var/tmp/.font/fontd, a static program without section headers that no package owns, with a pool's address in
//     it, started by a changed /app/start.sh;
//   - /usr/bin/top, which differs from the file of package procps, and /etc/ld.so.preload with a library that no
//     package owns;
//   - xz-utils and liblzma5 went from 5.4.1 to 5.6.1, with matching checksums: only the comparison shows it;
//   - nothing in the sidecar that the mesh injected, nothing in the init container, and nothing in the pod next door:
//     all are signed by the shop's other release workflows.
//
// The second story, "poisoned", happens six days later. The shop has turned its admission policy on. Its service
// shop/forecast, in Python, is released as 2.3.1 by the usual workflow, signed, attested, and rolled out by Argo CD. A
// minute later its interpreter reads the token of the service account and connects to an address that is not allowed.
// Everything that is checked by cryptography is in order: between the two releases a stranger published 4.2.1 of
// example-metrics, which requirements.txt lets in, and which has one file more, correctly listed in its RECORD:
// example_metrics_init.pth, a line that every Python process executes as it starts, and that decodes what it executes.
//
// Nothing in them is harmful: each program is a few hundred bytes that exit at once, and the rest is text. The names
// are reserved ones (RFC 2606), the addresses too (RFC 5737).
package demo
