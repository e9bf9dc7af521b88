package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/auditbag"
	"github.com/backtrail/backtrail/inspect/demo"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/evidence/seal"
	"github.com/backtrail/backtrail/inspect/recompute"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/registry"
)

// acceptBag is the --trusted-root that accepts roots and keys that are only in the bag. Whoever made the bag chose
// them: by default a verdict that rests on them is unknown.
const acceptBag = "bag"

// verifyFlags are the flags of verify alone: who must have signed the bundle itself, and which content it must have.
// They are apart from --key and --certificate-*, which are about images: whoever signs images need not be who hands
// over the evidence.
type verifyFlags struct {
	expect                       string
	signerKeys                   []string
	signerIdentity, signerIssuer string
	authorities                  []string // files of certificates of timestamp authorities
	demo                         bool
}

// verifyCommand is the verb verify.
func verifyCommand(f *flags, std streams) *cobra.Command {
	var own verifyFlags
	cmd := &cobra.Command{
		Use:   "verify BUNDLE",
		Short: "Verify an evidence bundle and compute its claims again from its bytes, offline",
		Long: `Verify an evidence bundle, offline: whether its files fit its manifests, whether its claims follow
from the bytes in it (reproduced), and who signed it (authentic). --signer-key and --signer-identity require a
signature of the bundle itself. --key and --trusted-root accept keys and roots that the verdicts about the images in
it rest on; --trusted-root bag accepts those that are only in the bundle. Whose signature of the images was required
is part of the case.`,
		Args: oneArgument("BUNDLE"),
		RunE: func(cmd *cobra.Command, args []string) error { return runVerify(cmd.Context(), f, std, args[0], own) },
	}
	cmd.Flags().StringVar(&own.expect, "expect", "",
		"require this `DIGEST` of the tag manifest, as printed by the export (sha256:…)")
	cmd.Flags().StringArrayVar(&own.signerKeys, "signer-key", nil,
		"require a signature of the bundle by this public key, a PEM `FILE` (repeatable)")
	cmd.Flags().StringVar(&own.signerIdentity, "signer-identity", "",
		"require a signature of the bundle by this `IDENTITY`")
	cmd.Flags().StringVar(&own.signerIssuer, "signer-issuer", "", "required OIDC issuer `URL` of that identity")
	cmd.Flags().StringArrayVar(&own.authorities, "timestamp-certificate-chain", nil,
		"require a timestamp of the bundle by an authority with these certificates, a PEM `FILE` (repeatable)")
	cmd.Flags().BoolVar(&own.demo, "demo", false,
		"accept the trust root of the built-in incident, whose keys are public")
	return cmd
}

// runVerify verifies a bundle. What it accepts comes from this machine alone: the flags, the policies that are always
// loaded, and the public trust roots that the program carries; never from the bundle, unless --trusted-root bag was
// given.
//
// The claims are computed again with the bag as registry, cluster and clock: no request is made, and a bundle verifies
// in ten years as it does today. Errors are local faults (exit 1); what is wrong with the bundle is its verification.
func runVerify(ctx context.Context, f *flags, std streams, path string, own verifyFlags) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	o := evidence.VerifyOptions{Expect: own.expect, Tool: tool(), AcceptBag: slices.Contains(f.trustedRoots,
		acceptBag), Documents: imageDocuments, Kinds: []evidence.Kind{auditbag.Kind(tool())}}
	r := recompute.Bundle{}
	for _, name := range f.trustedRoots {
		if name == acceptBag {
			continue
		}
		roots, err := rootsOf(name)
		if err != nil {
			return err
		}
		r.Roots = append(r.Roots, roots...)
		o.Roots = append(o.Roots, name)
	}
	expected, err := f.expect.expected()
	if err != nil {
		return err
	}
	for _, k := range expected.Keys {
		o.Keys, o.Named = append(o.Keys, k.Digest), append(o.Named, k.Digest)
	}
	if err := own.signers(&o, r.Roots); err != nil {
		return err
	}
	if err := own.timestamps(&o, r.Roots); err != nil {
		return err
	}
	mine, _, err := f.loadPolicies()
	if err != nil {
		return err
	}
	// What a person requires by policy is accepted as known too: the keys of these policies came from this machine.
	o.Keys = append(o.Keys, mine.Keys()...)
	if known, err := signature.NewTrust(signature.TrustOptions{Offline: true}).Roots(); err == nil {
		for _, k := range known {
			o.Known = append(o.Known, k.Record.Digest)
		}
	}
	if own.demo {
		o.Known = append(o.Known, demo.RootDigest())
	}
	ownTrust, err := f.ownTrust()
	if err != nil {
		return err
	}
	o.Known = append(o.Known, ownTrust...)
	o.Rerun = r.Run
	v, err := evidence.Verify(ctx, path, o)
	if err != nil {
		return hinted(err, "a bundle is the directory or the archive that an export wrote")
	}
	return f.printVerification(std.out, path, v)
}

// signers adds who must have signed the bundle itself. An identity counts by the person's trust roots, or by those that
// backtrail carries; never by one of the bundle.
func (own verifyFlags) signers(o *evidence.VerifyOptions, roots []signature.Root) error {
	for _, name := range own.signerKeys {
		k, err := readKey(name)
		if err != nil {
			return err
		}
		o.Signers = append(o.Signers, signerKey(k))
	}
	switch {
	case own.signerIdentity == "" && own.signerIssuer == "":
		return nil
	case own.signerIdentity == "" || own.signerIssuer == "":
		return usage("--signer-identity and --signer-issuer belong together: another issuer may give the " +
			"same name to others")
	}
	// The embedded root of the public instance is used as it is: an update would need the network, and verify has none.
	trust := signature.FixedTrust(roots...)
	if len(roots) == 0 {
		trust = signature.NewTrust(signature.TrustOptions{Offline: true})
	}
	o.SignerNamed = own.signerIdentity + " of " + own.signerIssuer
	o.VerifySigner = signerIdentity(inspect.Expected{
		Identities: []string{own.signerIdentity},
		Issuers:    []string{own.signerIssuer},
	}, trust)
	return nil
}

// timestamps adds whose timestamps count: those of the authorities that a flag names, and those of the person's trust
// roots. Only the flag requires that there is one.
func (own verifyFlags) timestamps(o *evidence.VerifyOptions, roots []signature.Root) error {
	for _, name := range own.authorities {
		b, err := readBounded(name, 1<<20)
		if err != nil {
			return hinted(fmt.Errorf("reading --timestamp-certificate-chain: %w", err))
		}
		list, err := seal.Certificates(b)
		if err != nil {
			return usage("--timestamp-certificate-chain %s: %w", name, err)
		}
		o.Authorities, o.TimestampRequired = append(o.Authorities, list...), true
	}
	for _, r := range roots {
		o.Authorities = append(o.Authorities, r.TimestampCertificates()...)
	}
	return nil
}

// imageDocuments makes the bills of materials of the case's image again, from the packages that were computed again,
// and never from those that the bundle claims.
func imageDocuments(_ context.Context, c inspect.Case) ([]evidence.Document, error) {
	for _, i := range c.Images {
		if len(i.Packages) > 0 {
			return documentsOf(i, c.Tool)
		}
	}
	return nil, nil
}

// ownTrust are the digests of the person's own certificate authorities and Notary Project trust: a verdict in a bundle
// that rests on one of them is accepted. Digests are enough, since the bundle carries the bytes.
func (f *flags) ownTrust() ([]string, error) {
	var digests []string
	for _, name := range f.caRoots {
		b, err := readBounded(name, 16<<20)
		if err != nil {
			return nil, hinted(fmt.Errorf("reading --ca-roots: %w", err))
		}
		a, err := signature.NewAuthority(b, inspect.TrustFile, name, nil)
		if err != nil {
			return nil, hinted(err)
		}
		digests = append(digests, a.Record.Digest)
	}
	n, err := f.notary()
	if err != nil {
		return nil, err
	}
	if d := n.Trust().Digest; d != "" {
		digests = append(digests, d)
	}
	return digests, nil
}

// rootsOf reads a trusted_root.json. The bound is far above the file of the public instance, which has less than 100
// kB.
func rootsOf(path string) ([]signature.Root, error) {
	b, err := readBounded(path, 16<<20)
	if err != nil {
		return nil, hinted(fmt.Errorf("reading --trusted-root: %w", err))
	}
	roots, err := signature.ReadRoots(b, inspect.TrustFile, path)
	if err != nil {
		return nil, hinted(err)
	}
	return roots, nil
}

// printVerification prints what was found, and turns it into the end of the program: 3 for a defect, 4 where a verdict
// rests on a root or key that is only in the bundle or nothing could be computed again. Texts of checks contain names
// of files and images of the bundle, and are cleaned.
func (f *flags) printVerification(w io.Writer, path string, v evidence.Verification) error {
	if f.output == "json" {
		b, err := inspect.EncodeJSON(v)
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	} else if err := describeVerification(f.textTo(w), v, f.style(w)); err != nil {
		return err
	}
	// Absent is nothing that was asked for: an unsigned bundle, where no flag requires a signature, verifies.
	code := exitPassed
	switch v.Status {
	case inspect.Failed:
		code = exitFailed
	case inspect.Unknown:
		code = exitIncomplete
	case inspect.Verified, inspect.Absent:
	}
	if code == exitPassed {
		return nil
	}
	words, named := fmt.Sprintf("%s is not verified", path), 0
	if v.Reproduced == inspect.Unknown && v.Claims.Recomputed == 0 {
		words += "\n  nothing in it could be computed again"
	}
	for _, c := range v.Checks {
		if c.Status != inspect.Failed && c.Status != inspect.Unknown {
			continue
		}
		if named++; named > maxReasons {
			break
		}
		words += fmt.Sprintf("\n  %s %s: %s", c.Name, text.Clean(c.Subject), text.Clean(c.Detail))
	}
	return &exitError{code: code, err: errors.New(words)}
}

// timestampLine is the line about the timestamp of the bundle; empty where there is none and none was required.
func timestampLine(status inspect.Status, s report.Style) string {
	if status == inspect.Absent {
		return ""
	}
	return fmt.Sprintf("timestamp    %s  since when it exists\n", s.Mark(status))
}

// caseLines are whose case a bundle is of, by its own account.
func caseLines(c evidence.BagCase) string {
	if c.Status == "" {
		return "case         could not be read\n"
	}
	complete := "complete"
	if !c.Complete {
		complete = "not complete"
	}
	return fmt.Sprintf("%-12s %s %s\n             %s, %s\nby           %s, with %s\n", cmp.Or(c.Kind, "case"),
		text.Clean(c.ID), text.Clean(c.Target), c.Status, complete,
		cmp.Or(text.Clean(c.Operator), "operator not recorded"), cmp.Or(text.Clean(c.Tool), "a tool that is not named"))
}

// describeVerification prints whose case it is, the three results, and under each what was not plainly fine. Whose
// case it is comes first: a bundle of another case can be intact too. Checks that passed are counted only, but for
// those about trust: what a verdict rests on is shown in any case.
func describeVerification(w io.Writer, v evidence.Verification, s report.Style) error {
	_, err := fmt.Fprintf(w, `%stag manifest %s

fits         %s  the files fit the manifests of the bundle
reproduced   %s  the claims follow from the bytes in it
             %d of %d claims recomputed, %d claimed, %d not in the bag, %d failed
authentic    %s  who signed it
%s
`, caseLines(v.Case), cmp.Or(text.Clean(v.TagManifest), "none"), s.Mark(v.Fits), s.Mark(v.Reproduced),
		v.Claims.Recomputed,
		v.Claims.Recomputed+v.Claims.Claimed+v.Claims.NotInBag+v.Claims.Failed, v.Claims.Claimed, v.Claims.NotInBag,
		v.Claims.Failed, s.Mark(v.Authentic), timestampLine(v.Timestamp, s))
	if err != nil {
		return err
	}
	counts := map[inspect.Status]int{}
	for _, c := range v.Checks {
		counts[c.Status]++
		if c.Status == inspect.Verified && c.Name != "trust" && c.Name != "signer" && c.Name != "expect" &&
			c.Name != "timestamp" {
			continue
		}
		if c.Status == inspect.Absent && counts[c.Status] > maxReasons {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s  %s %s: %s\n", s.Sign(c.Status), c.Name, text.Clean(c.Subject),
			text.Clean(c.Detail)); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "\n%d checks passed, %d failed, %d could not be made, %d did not apply\n",
		counts[inspect.Verified], counts[inspect.Failed], counts[inspect.Unknown], counts[inspect.Absent])
	return err
}

// maxBundle bounds a Sigstore bundle, in bytes: one with an attestation carries the statement, which may list a whole
// SBOM.
const maxBundle = 32 << 20

// verifyBlobCommand is the verb verify-blob, with the flags of cosign verify-blob for a bundle.
func verifyBlobCommand(f *flags, std streams) *cobra.Command {
	var bundle string
	cmd := &cobra.Command{
		Use:   "verify-blob FILE|sha256:…",
		Short: "Verify a file, or the digest of one, with a Sigstore bundle",
		Args:  oneArgument("FILE or a digest"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVerifyBlob(cmd.Context(), f, std, args[0], bundle)
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", "the Sigstore bundle, a JSON `FILE`")
	return cmd
}

// runVerifyBlob verifies a file, or a digest where the file itself is not at hand. Without an expectation the chain is
// verified, and the result is not: a signature by anyone at all is not what the caller asked about.
func runVerifyBlob(ctx context.Context, f *flags, std streams, name, bundle string) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	if bundle == "" {
		return usage("verify-blob needs --bundle FILE, the Sigstore bundle of %s", name)
	}
	// With both, a file that only one of them has signed would be verified: each is an alternative within its kind
	// only.
	if e := f.expect; len(e.keys) > 0 && len(e.identities)+len(e.identityRegexps) > 0 {
		return usage("--key and --certificate-identity cannot both have signed one file: name one of them")
	}
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	r := signature.BlobRequest{Expected: s.expected, Trust: s.trust}
	if r.Bundle, err = readBounded(bundle, maxBundle); err != nil {
		return hinted(fmt.Errorf("reading the bundle: %w", err))
	}
	// A file whose name is a digest is written as ./sha256:…
	if registry.IsDigest(name) {
		r.Digest = name
	} else {
		file, err := os.Open(name)
		if err != nil {
			return hinted(fmt.Errorf("opening the file to verify: %w", err))
		}
		defer file.Close()
		r.Artifact = file
	}
	sig, err := signature.VerifyBlob(ctx, r)
	if err != nil {
		return hinted(fmt.Errorf("verifying %s with %s: %w", name, bundle, err))
	}
	return s.printBlob(sig, name)
}

// printBlob prints the steps of the verification. Everything but verified is exit 3: unlike for a case, nothing else
// could carry the answer.
func (s *session) printBlob(sig inspect.Signature, name string) error {
	if s.flags.output == "json" {
		b, err := inspect.EncodeJSON(sig)
		if err != nil {
			return err
		}
		if _, err := s.std.out.Write(b); err != nil {
			return err
		}
	} else if err := report.Signature(s.flags.textTo(s.std.out), sig, s.flags.style(s.std.out)); err != nil {
		return err
	}
	if sig.Status == inspect.Verified {
		return nil
	}
	text := fmt.Sprintf("%s is not verified: %s\n  %s", name, sig.Reason, text.Clean(signature.Why(sig)))
	return &exitError{code: exitFailed, err: errors.New(text)}
}
