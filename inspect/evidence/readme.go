package evidence

import (
	"bytes"
	"fmt"

	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// readmeFile explains how to check a bag without this program.
const readmeFile = "README.txt"

// writeReadme writes README.txt with the command lines of standard tools, filled in for this bag.
func (x *export) writeReadme() error {
	outcome := verdict.Of(&x.c)
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("Evidence of %s", text.Clean(x.c.Target.Name))
	line("Case %s, status %s, recorded by %s.", x.id, outcome.Status, toolName(x.c.Tool))
	line("A BagIt 1.0 bag (RFC 8493). Run these commands in this folder; none of them needs backtrail or a network.")
	line("")
	line("1. The files are those that were written:")
	line("")
	line("    sha256sum --check --strict --quiet %s %s", bagit.TagManifest256, bagit.Manifest256)
	line("    sha512sum --check --strict --quiet %s %s", bagit.TagManifest512, bagit.Manifest512)
	line("")
	line("2. The content is the one that was announced: compare with the digest posted at the export.")
	line("")
	line("    sha256sum %s", bagit.TagManifest256)
	if x.o.Sign != nil {
		line("")
		line("3. Who signed it: KEY.pub is the public key of whoever should have; it is not in the bag.")
		line("")
		line("    cosign verify-blob-attestation --key KEY.pub --type %s --insecure-ignore-tlog \\", bagPredicate)
		line("      --bundle %s %s", bagit.SignatureFile, bagit.TagManifest256)
	}
	x.describeImages(line)
	line("")
	line("The record (data/events.jsonl) and the chain of custody (data/custody.jsonl) name in each line the " +
		"SHA-256 of")
	line("the line before it, without its line break. Line 1 of the record:")
	line("")
	line("    head -n 1 data/events.jsonl | tr -d '\\n' | sha256sum")
	line("")
	line("Secrets were removed before anything was recorded: data/redactions.jsonl lists them.")
	line("What is in data/binaries and data/image may be malware. Nothing in this folder is executable.")
	return x.bag.AddBytes(readmeFile, b.Bytes())
}

// describeImages adds the commands that read the layouts of the images.
func (x *export) describeImages(line func(format string, args ...any)) {
	said := map[string]bool{}
	for _, i := range x.c.Images {
		if !x.blobs.carried(ofImage, i.Digest) || said[i.Digest] {
			continue
		}
		if len(said) == 0 {
			line("")
			line("The images, as an OCI layout; layers that are left out are named in data/blobs.jsonl:")
			line("")
		}
		said[i.Digest] = true
		line("    sha256sum data/image/blobs/sha256/%s   # manifest of %s", bagit.HexOf(i.Digest),
			text.Clean(i.Container))
		line("    skopeo inspect --raw oci:data/image:@%s", i.Digest)
	}
}
