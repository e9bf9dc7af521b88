package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/registry"
)

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
