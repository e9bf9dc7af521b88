package pane

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/tui/widget"
)

// frame is a pane as text: what stands above its list, and its rows, in a width. Below 60 columns one region is shown
// at a time, and nothing stands above a list.
func frame(v View, k Kind, width int) string {
	var out []string
	if width >= widget.OneWidth {
		for _, l := range k.Top(v, width) {
			out = append(out, strings.TrimRight(plain(l), " "))
		}
	}
	for _, r := range k.Listed(v) {
		out = append(out, line(v, r, width))
	}
	return strings.Join(out, "\n")
}

// TestPanesAsText has every pane of the incident at the widths of a phone over ssh, of a terminal, and of half a wide
// screen. What is cut with … must not read as something else: versions, statuses and paths are whole as long as they
// can be.
func TestPanesAsText(t *testing.T) {
	for _, c := range []struct {
		pane  Kind
		width int
		want  string
	}{
		{Overview, 40, `
▸ CRIT  layer 2 (COPY fonts/ /)… 2 files
  HIGH  no signature is valid
! ALERT Drop and e… /var/tmp/.font/fontd
? open  vulnerabilities of web could no…
  ans.  Origin: layer 2, COPY fonts/ /
  open  Entry path: still checking
  open  Why not blocked: still checking
  next  1 Preserve the pod
  missing      run-time files (neither …
  collected    1 log, not collected: 1 …
  collected    logs/web.log      40.1 kB
`},
		{Overview, 80, `
▸ CRIT  layer 2 (COPY fonts/ /) plants a miner                           2 files
  HIGH  no signature is valid                                        signatures
! ALERT Drop and execute ×3                                 /var/tmp/.font/fontd
? open  vulnerabilities of web could not run: no database
  ans.  Origin: layer 2, COPY fonts/ /
  open  Entry path: still checking
  open  Why not blocked: still checking
  next  1 Preserve the pod
  missing      run-time files (neither they nor the memory were colle…
  collected    1 log, not collected: 1 (not found)                     03:19:00Z
  collected    logs/web.log                                    40.1 kB 03:19:00Z
`},
		{Overview, 120, `
▸ CRIT  layer 2 (COPY fonts/ /) plants a miner                                                                   2 files
  HIGH  no signature is valid                                                                                signatures
! ALERT Drop and execute ×3                                                                         /var/tmp/.font/fontd
? open  vulnerabilities of web could not run: no database
  ans.  Origin: layer 2, COPY fonts/ /
  open  Entry path: still checking
  open  Why not blocked: still checking
  next  1 Preserve the pod
  missing      run-time files (neither they nor the memory were collected)
  collected    1 log, not collected: 1 (not found)                                                             03:19:00Z
  collected    logs/web.log                                                                            40.1 kB 03:19:00Z
`},
		{Layers, 40, `
all merged image
  2 !   84.0 kB ▏   COPY fonts/ /
  1 ✓    4.1 MB ▍   RUN /bin/sh -c apt-…
  0 ✓   29.0 MB ███ ADD rootfs /
`},
		{Layers, 80, `
prev ■   now ■◆◆   (1 shared, 2 new: 1 RUN apt-get inst…, 2 COPY fonts/ /)
all merged image
  2 !   84.0 kB ▏      COPY fonts/ /
  1 ✓    4.1 MB ▊      RUN /bin/sh -c apt-get install xz
  0 ✓   29.0 MB ██████ ADD rootfs /
`},
		{Layers, 120, `
prev ■   now ■◆◆   (1 shared, 2 new: 1 RUN apt-get install xz, 2 COPY fonts/ /)
all merged image
  2 !   84.0 kB ▏      COPY fonts/ /
  1 ✓    4.1 MB ▊      RUN /bin/sh -c apt-get install xz
  0 ✓   29.0 MB ██████ ADD rootfs /
`},
		{Signatures, 40, `
✗ signature release@shop.ex… is of anot…
– gate      shop-images not enforced: n…
? store     cosign-tag 32e45c9a7ba9: un…
– store     referrers 32e45c9a7ba9: none
`},
		{Signatures, 80, `
         previous 9de70d7a       this 32e45c9a           required
signer   ✓ shop/web/release.yml  ✗ release@shop.example  release@shop.example
           @refs/tags/v1.4.1       (is of another
                                   image)
issuer   token.actions.example   token.actions.example   token.actions.example
✗ signature release@shop.example                     is of another image
– gate      shop-images not enforced: namespace shop lacks policy.sigstore.dev/…
? store     cosign-tag 32e45c9a7ba9: unreachable: 503
– store     referrers 32e45c9a7ba9: none
`},
		{Signatures, 120, `
         previous 9de70d7a                    this 32e45c9a                        required
signer   ✓ shop/web/release.yml               ✗ release@shop.example (is of        release@shop.example
           @refs/tags/v1.4.1                    another image)
issuer   token.actions.example                token.actions.example                token.actions.example
✗ signature release@shop.example                                             is of another image
– gate      shop-images not enforced: namespace shop lacks policy.sigstore.dev/include=true
? store     cosign-tag 32e45c9a7ba9: unreachable: 503
– store     referrers 32e45c9a7ba9: none
`},
		{Provenance, 40, `
? claim  github.com/shop/f… 00ddf00ddf00
`},
		{Provenance, 80, `
         previous 9de70d7a            this 32e45c9a                required
builder  ✓ shop/web/release.yml       ? ci (not checked)           –
           @refs/tags/v1.4.1
source   github.com/shop/web          github.com/shop/fork         –
commit   7c1d94e0b35f                 00ddf00ddf00                 –
? claim  github.com/shop/fork                                       00ddf00ddf00
`},
		{Provenance, 120, `
         previous 9de70d7a                         this 32e45c9a                             required
builder  ✓ shop/web/release.yml @refs/tags/v1.4.1  ? ci (not checked)                        –
source   github.com/shop/web                       github.com/shop/fork                      –
commit   7c1d94e0b35f                              00ddf00ddf00                              –
? claim  github.com/shop/fork                                                                               00ddf00ddf00
`},
		{Packages, 40, `
CRIT xz-utils 5.6.1-1 xz-2024-03: liblz…
HIGH left-pad 1.3.1   version spoof
~ procps             4.0.4-1 → 4.0.4-2
+ xz-utils           5.6.1-1
≠ user changed from 1000 to 0
+ /var/tmp/.font/fontd
? SBOM attached, spdx-json: 2 packages …
`},
		{Packages, 80, `
CRIT xz-utils 5.6.1-1                 xz-2024-03: liblzma contains a backd…   L1
HIGH left-pad 1.3.1                   version spoof                           L2
~ procps                          4.0.4-1 → 4.0.4-2               deb         L1
+ xz-utils                        5.6.1-1                         deb         L1
≠ user changed from 1000 to 0
+ /var/tmp/.font/fontd                                           executable   L2
? SBOM attached, spdx-json: 2 packages unsigned
`},
		{Packages, 120, `
CRIT xz-utils 5.6.1-1                                 xz-2024-03: liblzma contains a backdoor                         L1
HIGH left-pad 1.3.1                                   version spoof                                                   L2
~ procps                                              4.0.4-1 → 4.0.4-2                                   deb         L1
+ xz-utils                                            5.6.1-1                                             deb         L1
≠ user changed from 1000 to 0
+ /var/tmp/.font/fontd                                                                                   executable   L2
? SBOM attached, spdx-json: 2 packages unsigned
`},
		{Binaries, 40, `
CRIT   /var/tmp/.font/fontd  elf      L2
HIGH   /usr/bin/top          altered  L2
MED    /usr/bin/ps           missing  L1
`},
		{Binaries, 80, `
CRIT   /var/tmp/.font/fontd                 unowned hidden-path min… elf      L2
HIGH   /usr/bin/top                         does not match procps 4… altered  L2
MED    /usr/bin/ps                          listed by procps 4.0.4-2 missing  L1
`},
		{Binaries, 120, `
CRIT   /var/tmp/.font/fontd                                         unowned hidden-path miner-string         elf      L2
HIGH   /usr/bin/top                                                 does not match procps 4.0.4-2            altered  L2
MED    /usr/bin/ps                                                  listed by procps 4.0.4-2                 missing  L1
`},
		{Timeline, 40, `
2024-03-14             ● known compromi…
03-14 01:50:00  +729 d ● image built
03-14 02:20:00 +30 min ● pod created
03-14 03:08:00 +48 min ● alert: Drop an…
03-14 03:18:00 +10 min ● note: maliciou…
`},
		{Timeline, 80, `
2024-03-14 03:20:00Z         ● known compromise xz-2024-03 published: … claimed
2026-03-14 01:50:00Z  +729 d ● image built                              claimed
2026-03-14 02:20:00Z +30 min ● pod created                              cluster
2026-03-14 03:08:00Z +48 min ● alert: Drop and execute ×3               alert
2026-03-14 03:18:00Z +10 min ● note: malicious seen on call             local
`},
		{Timeline, 120, `
2024-03-14 03:20:00Z         ● known compromise xz-2024-03 published: xz-utils 5.6.1-1                          claimed
2026-03-14 01:50:00Z  +729 d ● image built                                                                      claimed
2026-03-14 02:20:00Z +30 min ● pod created                                                                      cluster
2026-03-14 03:08:00Z +48 min ● alert: Drop and execute ×3                                                       alert
2026-03-14 03:18:00Z +10 min ● note: malicious seen on call                                                     local
`},
		{BlastRadius, 40, `
privilege    web: privileged
account      web
may do       not known: what the accoun…
secret       web-db: env DB_PASSWORD in…
network      no network policy selects …
same node    shop/cart-0
node         node-3
container    web container shop/web:1.4…
owner        ReplicaSet web-6d4
`},
		{BlastRadius, 80, `
privilege    web: privileged
account      web
may do       not known: what the account may do; only a user who may impersonat…
secret       web-db: env DB_PASSWORD in web
network      no network policy selects it
same node    shop/cart-0
node         node-3
container    web container shop/web:1.4.2
owner        ReplicaSet web-6d4
`},
		{BlastRadius, 120, `
privilege    web: privileged
account      web
may do       not known: what the account may do; only a user who may impersonate it can find out
secret       web-db: env DB_PASSWORD in web
network      no network policy selects it
same node    shop/cart-0
node         node-3
container    web container shop/web:1.4.2
owner        ReplicaSet web-6d4
`},
		{Autoruns, 40, `
HIGH + …c/ld.so.preload preload       L2
info + /app/start.sh    entrypoint
`},
		{Autoruns, 80, `
HIGH + /etc/ld.so.preload                /usr/lib/libfont.so    preload       L2
info + /app/start.sh                     /app/start.sh          entrypoint
`},
		{Autoruns, 120, `
HIGH + /etc/ld.so.preload                                        /usr/lib/libfont.so                    preload       L2
info + /app/start.sh                                             /app/start.sh                          entrypoint
`},
	} {
		if got, want := frame(incident(), c.pane, c.width), strings.Trim(c.want, "\n"); got != want {
			t.Errorf("%s in %d columns is\n%s\nwant\n%s", c.pane.Spec().Name, c.width, got, want)
		}
	}
}
