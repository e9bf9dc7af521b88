package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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

// describeVerification prints whose case it is, the three results, and under each what was not plainly fine. Whose
// case it is comes first: a bundle of another case can be intact too. Checks that passed are counted only, but for
// those about trust: what a verdict rests on is shown in any case.
func describeVerification(w io.Writer, v evidence.Verification, s report.Style) error {
	complete := "complete"
	if !v.Case.Complete {
		complete = "not complete"
	}
	_, err := fmt.Fprintf(w, `%-12s %s %s
             %s, %s
by           %s, with %s
tag manifest %s

fits         %s  the files fit the manifests of the bundle
reproduced   %s  the claims follow from the bytes in it
             %d of %d claims recomputed, %d claimed, %d not in the bag, %d failed
authentic    %s  who signed it
%s
`, cmp.Or(v.Case.Kind, "case"), text.Clean(v.Case.ID), text.Clean(v.Case.Target), v.Case.Status, complete,
		cmp.Or(text.Clean(v.Case.Operator), "operator not recorded"),
		text.Clean(v.Case.Tool), text.Clean(v.TagManifest), s.Mark(v.Fits), s.Mark(v.Reproduced),
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
