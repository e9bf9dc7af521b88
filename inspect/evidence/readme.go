package evidence

import (
	"bytes"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
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
	page := readme{x, line}
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
	page.describeSeal()
	page.describeImages()
	page.describeSignatures()
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

// readme is the page while it is written.
type readme struct {
	*export
	line func(format string, args ...any)
}

// describeSeal adds the commands that check signature and timestamps. What they are checked by is never in the bag.
func (x readme) describeSeal() {
	sealed := bagit.TagManifest256
	switch {
	case x.o.Sign != nil && x.o.Keyless:
		x.line("")
		x.line("3. Who signed it: IDENTITY and ISSUER are those of whoever should have.")
		x.line("")
		x.line("    cosign verify-blob-attestation --certificate-identity IDENTITY --certificate-oidc-issuer ISSUER \\")
		x.line("      --type %s --bundle %s %s", bagPredicate, bagit.SignatureFile, bagit.TagManifest256)
		sealed = bagit.SignatureFile
	case x.o.Sign != nil:
		x.line("")
		x.line("3. Who signed it: KEY.pub is the public key of whoever should have; it is not in the bag.")
		x.line("")
		x.line("    cosign verify-blob-attestation --key KEY.pub --type %s --insecure-ignore-tlog \\", bagPredicate)
		x.line("      --bundle %s %s", bagit.SignatureFile, bagit.TagManifest256)
		sealed = bagit.SignatureFile
	}
	stamps := x.c.Custody.Timestamps
	if x.o.Timestamp == nil && len(stamps) == 0 {
		return
	}
	x.line("")
	x.line("Since when it exists: TSA.pem are the certificates of the timestamp authority, as it publishes them.")
	x.line("")
	if x.o.Timestamp != nil {
		x.line("    openssl ts -verify -data %s -in %s -CAfile TSA.pem", sealed, bagit.TimestampFile)
	}
	for _, t := range stamps {
		if len(t.Response) > 0 {
			x.line("    openssl ts -verify -in %s -CAfile TSA.pem \\", timestampName(t))
			x.line("      -digest $(sed -n %dp data/events.jsonl | tr -d '\\n' | sha256sum | cut -c 1-64)", t.Entry)
		}
	}
}

// describeImages adds the commands that read the layouts of the images.
func (x readme) describeImages() {
	said := map[string]bool{}
	for _, i := range x.c.Images {
		if !x.blobs.carried(ofImage, i.Digest) || said[i.Digest] {
			continue
		}
		if len(said) == 0 {
			x.line("")
			x.line("The images, as an OCI layout; layers that are left out are named in data/blobs.jsonl:")
			x.line("")
		}
		said[i.Digest] = true
		x.line("    sha256sum data/image/blobs/sha256/%s   # manifest of %s", bagit.HexOf(i.Digest),
			text.Clean(i.Container))
		x.line("    skopeo inspect --raw oci:data/image:@%s", i.Digest)
	}
}

// describeSignatures adds the commands that check the cosign signatures of the images offline, against the trust root
// in the bag: whoever has another, or knows the published one, takes that.
func (x readme) describeSignatures() {
	const fulcio, ctfe = trustFolder + "fulcio.pem", trustFolder + "ctfe.pub"
	if !x.bag.Has(fulcio) || !x.bag.Has(trustFolder+"rekor.pub") {
		return
	}
	sct, variables := " --insecure-ignore-sct", "SIGSTORE_ROOT_FILE="+fulcio+
		" SIGSTORE_REKOR_PUBLIC_KEY="+trustFolder+"rekor.pub"
	if x.bag.Has(ctfe) {
		sct, variables = "", variables+" SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="+ctfe
	}
	said := map[string]bool{}
	for _, i := range x.c.Images {
		for _, s := range i.Signatures {
			payload, manifest := rawOf(s, "payload"), x.taggedSignature(s.Subject)
			if s.Kind != "cosign" || s.Identity == "" || said[s.ID] || manifest == "" ||
				!x.blobs.carried(ofImage, payload) {
				continue
			}
			if len(said) == 0 {
				x.line("")
				x.line("The signatures of the images, against the trust root in data/trust (or your own):")
			}
			said[s.ID] = true
			const blobs = "data/image/blobs/sha256/"
			x.line("")
			x.line("    jq '.layers[] | select(.digest == \"%s\") | .annotations | {", payload)
			x.line("      base64Signature: .\"dev.cosignproject.cosign/signature\",")
			x.line("      cert: (.\"dev.sigstore.cosign/certificate\" | @base64),")
			x.line("      rekorBundle: (.\"dev.sigstore.cosign/bundle\" | fromjson)}' \\")
			x.line("      %s%s > /tmp/signature.json", blobs, bagit.HexOf(manifest))
			x.line("    %s cosign verify-blob --offline%s \\", variables, sct)
			x.line("      --new-bundle-format=false --bundle /tmp/signature.json \\")
			x.line("      --certificate-identity %s \\", text.Quote(text.Clean(s.Identity)))
			x.line("      --certificate-oidc-issuer %s \\", text.Quote(text.Clean(s.Issuer)))
			x.line("      %s%s   # %s", blobs, bagit.HexOf(payload), text.Clean(i.Container))
		}
	}
}

// taggedSignature is the carried manifest of the cosign signatures of a digest, which a registry has under a tag of it;
// empty where the bag has none.
func (x readme) taggedSignature(subject string) string {
	for _, l := range x.blobs.lines {
		if l.State == blobCarried && l.Of == ofImage && bagit.HexOf(subject) != "" &&
			l.Tag == "sha256-"+bagit.HexOf(subject)+".sig" {
			return l.Digest
		}
	}
	return ""
}

// rawOf is the digest of a part of a signature; empty where its row does not have it.
func rawOf(s inspect.Signature, name string) string {
	for _, r := range s.Raw {
		if r.Name == name {
			return r.Digest
		}
	}
	return ""
}
