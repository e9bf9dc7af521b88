package pane

import (
	"strings"
	"testing"
)

// TestDetailsAsText has what is read beside a row. Every digest and path is whole, every code has words, and what could
// not be checked has its reason.
func TestDetailsAsText(t *testing.T) {
	for _, c := range []struct {
		pane Kind
		// row: how its identity begins
		row, want string
	}{
		{Overview, "group:layer:web:2", `
CRIT fontd is unpackaged and was alerted
HIGH top does not match package procps

layer       2  COPY fonts/ /
alert       Drop and execute ×3 /var/tmp/.font/fontd

→ shows the findings one by one.
`},
		{Overview, "alert:a1", `
Drop and execute
priority    Critical
time        2026-03-14 03:08:00Z
source      syscall
count       3
matched by  pod

Where the file is
path        /var/tmp/.font/fontd
✗ image: The image's own file ran.
layer       2

As received
exe=/var/tmp/.font/fontd
`},
		{Layers, "layer:2", `
Layer 2
✓ verified
origin      own
size        84.0 kB in the registry
files       3 added, 0 modified, 0 removed
digest      sha256:1a000
diff ID     sha256:d1000
created     unknown (claimed)
step        COPY fonts/ / # buildkit
`},
		{Signatures, "signature:g1", `
✗ failed: the signature is of another image
✗ subject: the payload names 9de70d7a4af0, this is 32e45c9a7ba9
signed by   release@shop.example
issuer      https://token.actions.example
kind        cosign from tag

The chain, from root to subject
✓ certificate       chains to the trust root
│
✗ subject           the payload names 9de70d7a4af0, this is 32e45c9a7ba9
│
? log               the log was not reachable

A verified signature proves who signed these bytes, not that they are harmless.

Required
identity    release@shop.example
issuer      https://token.actions.example

Digests
subject     sha256:9de70d7a4af0
`},
		{Provenance, "provenance:p1", `
? not checked: unsigned
Unsigned: self-reported by the builder.
builder     ci
source      git+https://github.com/shop/fork
commit      00ddf00ddf00ddf0
predicate   https://slsa.dev/provenance/v1
`},
		{Packages, "lock:/app/package-lock.json:left-pad:/app/node_modules/left-pad:version-spoof", `
left-pad 1.3.1
version spoof
lock        /app/package-lock.json
locked      1.3.0
installed   1.3.1
path        /app/node_modules/left-pad
layer       L2  COPY fonts/ /
why         its package.json was changed
`},
		{Packages, "changed:deb:procps:4.0.4-1", `
procps
upgrade compared with the previous shop/web@9de70d7a4af0
from        4.0.4-1
to          4.0.4-2
type        deb
layer       1  RUN /bin/sh -c apt-get install xz

Its files that something was found about
• /usr/bin/top: does not match its checksum
• /usr/bin/ps: missing
`},
		{Binaries, "binary:/var/tmp/.font/fontd", `
/var/tmp/.font/fontd
  severity critical

Contains the address of a mining pool.

Signs
• no package owns it (unowned)
• in a hidden directory, or under a hidden name (hidden-path)
• contains strings of cryptocurrency miners (miner-string)

The file
kind        elf
mode        0755
size        81.9 kB
owner       no package owns it
layer       2
step        COPY fonts/ /
sha256      5f0a

Alerts that name it
! 2026-03-14 03:08:00Z Critical Drop and execute
  The image's own file ran.
`},
		{Binaries, "altered:/usr/bin/top", `
/usr/bin/top
  severity high: does not match the checksum of its package

Its size differs too.
package     procps 4.0.4-2
expected    md5:0a (legacy digest: collisions are known)
actual      md5:ff
layer       2  COPY fonts/ /
`},
		{BlastRadius, "reach:may do:", `
may do
not known: what the account may do; only a user who may impersonate it can find out

Roles and bindings are not read: what authorization webhooks allow is not in them.

To copy (y); it is not run
kubectl --context prod auth can-i --list -n shop --as system:serviceaccount:shop:web
`},
		{Autoruns, "autorun:preload:/etc/ld.so.preload:/usr/lib/libfont.so", `
/etc/ld.so.preload
  severity high
is loaded into every program

every program loads it

Command or code
/usr/lib/libfont.so

Signs
• changes what the loader loads (loader-hijack)

Where it is from
kind        preload
owner       no package owns it
new         yes, since the previous shop/web@9de70d7a4af0
layer       2
`},
	} {
		v, found := incident(), false
		for _, r := range c.pane.Listed(v) {
			if !strings.HasPrefix(r.Key(), c.row) {
				continue
			}
			found = true
			var lines []string
			for l := range strings.Lines(detail(v, r)) {
				lines = append(lines, strings.TrimRight(l, " \n"))
			}
			if got, want := strings.Join(lines, "\n"), strings.Trim(c.want, "\n"); got != want {
				t.Errorf("beside %s stands\n%s\nwant\n%s", r.Key(), got, want)
			}
		}
		if !found {
			t.Errorf("there is no row %s", c.row)
		}
	}
}
