package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/demo"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/signature"
)

// acceptBag is the --trusted-root that accepts what only the bag vouches for.
const acceptBag = "bag"

func verifyCommand(f *flags, std streams) *cobra.Command {
	var expect string
	cmd := &cobra.Command{
		Use:   "verify BUNDLE",
		Short: "Verify an evidence bundle and compute its claims again from its bytes, offline",
		Long: `Verify an evidence bundle, offline: is it intact, do its claims follow from the bytes in it (reproduced), and who
signed it (authentic). --trusted-root FILE and --key FILE verify with yours; --trusted-root bag accepts roots and keys that
are only in the bundle.`,
		Args: oneArgument("BUNDLE"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.verify(cmd.Context(), std, args[0], expect) },
	}
	cmd.Flags().StringVar(&expect, "expect", "", "require this `DIGEST` of the tag manifest, as printed by the export (sha256:…)")
	return cmd
}

func (f *flags) verify(ctx context.Context, std streams, path, expect string) error {
	if err := f.checkOutput("plain", "json"); err != nil {
		return err
	}
	o := evidence.VerifyOptions{Expect: expect, Tool: tool(), AcceptBag: slices.Contains(f.trustedRoots, acceptBag)}
	r := rerun{}
	for _, name := range f.trustedRoots {
		if name == acceptBag {
			continue
		}
		roots, err := rootsOf(name)
		if err != nil {
			return err
		}
		r.roots = append(r.roots, roots...)
		o.Roots = append(o.Roots, name)
	}
	expected, err := f.expect.expected()
	if err != nil {
		return err
	}
	for _, k := range expected.Keys {
		o.Keys = append(o.Keys, k.Digest)
		o.Signers = append(o.Signers, signerKey(k))
	}
	mine, _, err := f.loadPolicies()
	if err != nil {
		return err
	}
	o.Keys = append(o.Keys, mine.Keys()...)
	if known, err := signature.NewTrust(signature.TrustOptions{Offline: true}).Roots(); err == nil {
		for _, k := range known {
			o.Known = append(o.Known, k.Record.Digest)
		}
	}
	if isDemo(ctx, path) {
		// The keys of the demo's root are public: it is known for the demo's own case, and for no other.
		o.Known = append(o.Known, demo.RootDigest())
	}
	own, err := f.ownTrust()
	if err != nil {
		return err
	}
	o.Known = append(o.Known, own...)
	o.Rerun = r.run
	v, err := evidence.Verify(ctx, path, o)
	if err != nil {
		return hinted(err, "a bundle is the directory or the .tar.gz that an export wrote")
	}
	return f.printVerification(std.out, path, v)
}

// isDemo says that a bundle claims to be a case of the built-in incident.
func isDemo(ctx context.Context, path string) bool {
	if !evidence.IsBag(path) {
		return false
	}
	bag, err := evidence.OpenBag(ctx, path, "")
	if err != nil {
		return false
	}
	defer bag.Close()
	c, err := bag.Case(ctx)
	return err == nil && c.Target.Context == demoContext
}

// ownTrust are the digests of the person's own certificate authorities and Notary Project trust.
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

func (f *flags) printVerification(w io.Writer, path string, v evidence.Verification) error {
	if f.output == "json" {
		b, err := inspect.EncodeJSON(v)
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	} else if err := describeVerification(w, v, f.style(w)); err != nil {
		return err
	}
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
	text, named := fmt.Sprintf("%s is not verified", path), 0
	for _, c := range v.Checks {
		if c.Status != inspect.Failed && c.Status != inspect.Unknown {
			continue
		}
		if named++; named > maxReasons {
			break
		}
		text += fmt.Sprintf("\n  %s %s: %s", c.Name, inspect.Clean(c.Subject), inspect.Clean(c.Detail))
	}
	return &exitError{code: code, err: errors.New(text)}
}

// describeVerification prints the three answers, and under each what was not plainly fine.
func describeVerification(w io.Writer, v evidence.Verification, s report.Style) error {
	_, err := fmt.Fprintf(w, "case         %s\ntag manifest %s\n\nintact       %s  the files are those that were written\nreproduced   %s  the claims follow again from the bytes in it\nauthentic    %s  who vouches for it\n\n",
		inspect.Clean(v.Case), inspect.Clean(v.TagManifest), s.Mark(v.Intact), s.Mark(v.Reproduced), s.Mark(v.Authentic))
	if err != nil {
		return err
	}
	counts := map[inspect.Status]int{}
	for _, c := range v.Checks {
		counts[c.Status]++
		if c.Status == inspect.Verified && c.Name != "trust" && c.Name != "signer" {
			continue
		}
		if c.Basis == evidence.BasisNotKept && counts[c.Status] > maxReasons {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s  %s %s: %s\n", s.Sign(c.Status), c.Name, inspect.Clean(c.Subject), inspect.Clean(c.Detail)); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "\n%d checks held, %d failed, %d could not be made, %d had nothing to look at\n",
		counts[inspect.Verified], counts[inspect.Failed], counts[inspect.Unknown], counts[inspect.Absent])
	return err
}
