package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/spf13/cobra"
)

// draftFlags are those of the verb policy draft. Without --glob the policy is for all images of the image's repository.
type draftFlags struct {
	container, signer, glob string
	write                   bool
}

func policyCommand(f *flags, std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Policies that state who should have signed",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(draftCommand(f, std))
	return cmd
}

// draftCommand is the verb policy draft.
func draftCommand(f *flags, std streams) *cobra.Command {
	var own draftFlags
	cmd := &cobra.Command{
		Use:   "draft TARGET|CASE",
		Short: "Print a ClusterImagePolicy for the signer seen",
		Long: `Print a ClusterImagePolicy that requires the signer of this image for all images of its repository.
With --write it is also written to the directory of policies that are always loaded; an existing file is never
overwritten. Nothing is sent to a cluster: kubectl apply is yours to run.`,
		Args: oneArgument("TARGET or CASE"),
		RunE: func(cmd *cobra.Command, args []string) error { return draftPolicy(cmd.Context(), f, std, args[0], own) },
	}
	cmd.Flags().StringVar(&own.container, "container", "",
		"`CONTAINER` whose image the policy is for, if there are several")
	cmd.Flags().StringVar(&own.signer, "signer", "",
		"`SIGNER` to require, an identity or key (sha256:…), if several have signed")
	cmd.Flags().StringVar(&own.glob, "glob", "",
		"images that the policy is for (default: all of the image's repository)")
	cmd.Flags().BoolVar(&own.write, "write", false, "write it to the policy directory, after it was shown")
	return cmd
}

// draftPolicy prints a policy for the signer of an image, and with --write writes it to the folder after it was shown.
// A draft states what is, and a person has to know whether it should be so: an image that an attacker has signed gives
// a policy that requires the attacker. The text begins with that.
func draftPolicy(ctx context.Context, f *flags, std streams, target string, own draftFlags) error {
	s, err := newSession(f, std)
	if err != nil {
		return err
	}
	defer s.close()
	c, err := s.signed(ctx, target)
	if err != nil {
		return err
	}
	i, err := own.image(c)
	if err != nil {
		return err
	}
	sig, err := own.choose(i)
	if err != nil {
		return err
	}
	d, err := s.newDraft(c, i, sig, own.glob)
	if err != nil {
		return hinted(err)
	}
	// It is on stdout in any case: what is written is what was shown.
	if _, err := std.out.Write(d.Text); err != nil || !own.write {
		return err
	}
	folder, err := policyFolder()
	if err != nil {
		return err
	}
	if err := d.Write(folder); err != nil {
		return hinted(err)
	}
	fmt.Fprintf(std.err, "written: %s\n", d.Path(folder))
	return nil
}

// signed gives a saved case, or one in which only the signatures were looked at: no layer is read, and nothing is
// recorded. The name of a saved case comes first; an image of the same name is written with its registry.
func (s *session) signed(ctx context.Context, target string) (*inspect.Case, error) {
	c := &inspect.Case{}
	dir, err := casesDir()
	if err != nil {
		return nil, err
	}
	if _, err := ledger.FindCase(ctx, dir, target); err == nil || evidence.IsBag(target) {
		saved, err := s.findSaved(ctx, target)
		if err != nil {
			return nil, err
		}
		defer saved.close()
		return c, saved.replay(ctx, c.Apply)
	}
	p, err := targetOpener{s}.prepare(ctx, target)
	if err != nil {
		return nil, err
	}
	// The plan of a case without what a signer is not found by; the checks that stay need none of those that go.
	plan := s.plan(p)
	plan.Checks = slices.DeleteFunc(plan.Checks, func(check engine.Check) bool {
		return check.Name != inspect.CheckSubject && check.Name != inspect.CheckPolicies &&
			check.Name != inspect.CheckSignatures
	})
	source, err := engine.NewSource(plan)
	if err != nil {
		return nil, err
	}
	return c, source(ctx, c.Apply)
}

// image picks the image that the policy is about. With several containers one has to be named: a sidecar's image is
// signed by others than the image beside it.
func (d draftFlags) image(c *inspect.Case) (inspect.Image, error) {
	var names []string
	for _, i := range c.Images {
		if i.Container == d.container || d.container == "" && len(c.Images) == 1 {
			return i, nil
		}
		names = append(names, i.Container)
	}
	if len(names) == 0 {
		return inspect.Image{}, hinted(errors.New("drafting a policy: the case has no image"),
			"backtrail inspect shows why")
	}
	if d.container != "" {
		return inspect.Image{}, usage("there is no container %s; there are %s", d.container, strings.Join(names, ", "))
	}
	return inspect.Image{}, usage("there are several containers: name one with --container: %s", strings.Join(names,
		", "))
}

// choose picks the signature whose signer is to be expected: a signature before an attestation, since a policy that
// requires a signature is the simpler one. Only a signature that holds counts, whether it was expected or not; with two
// signers a person has to choose.
func (d draftFlags) choose(i inspect.Image) (inspect.Signature, error) {
	var signers, others []string
	var best inspect.Signature
	for _, s := range i.Signatures {
		if !s.Holds() {
			continue
		}
		// As the list of signers shows them too: two issuers may vouch for one identity.
		if d.signer != "" && d.signer != s.Identity && d.signer != s.Key && d.signer != s.Signer() {
			others = append(others, s.Signer())
			continue
		}
		if !slices.Contains(signers, s.Signer()) {
			signers = append(signers, s.Signer())
		}
		if best.ID == "" || best.PredicateType != "" && s.PredicateType == "" {
			best = s
		}
	}
	switch {
	case len(signers) > 1:
		return best, usage("several have signed: name one with --signer:\n  %s", strings.Join(signers, "\n  "))
	case len(signers) == 1:
		return best, nil
	case len(others) > 0:
		slices.Sort(others)
		return best, usage("no signature is by %s; there are:\n  %s", d.signer,
			strings.Join(slices.Compact(others), "\n  "))
	case len(i.Signatures) == 0:
		return best, hinted(errors.New("drafting a policy: the image is unsigned"),
			"backtrail inspect lists the stores that were searched")
	default:
		return best, hinted(fmt.Errorf("drafting a policy: none of the %d signatures is by a signer who can be "+
			"named", len(i.Signatures)),
			signature.Why(i.Signatures[0]), "--key FILE or --trusted-root FILE may verify them")
	}
}

// newDraft drafts a policy from a case, with the keys that are known to it: a signature names the digest of its key
// only. An identity that the public Sigstore instance vouches for is drafted with its addresses (Public).
func (s *session) newDraft(c *inspect.Case, i inspect.Image, sig inspect.Signature, glob string) (policy.Draft, error) {
	r := policy.Request{
		Image: i, Signature: sig, Keys: append(slices.Clone(c.Expected.Keys), s.expected.Keys...),
		Glob: glob,
	}
	// A root that came by TUF, or with the program, is that of the public instance; one of a file may be anyone's.
	for _, t := range c.Trust {
		if t.Kind == signature.TrustKind && (t.Origin == inspect.TrustTUF || t.Origin == inspect.TrustEmbedded) {
			r.Public = true
		}
	}
	return policy.NewDraft(r)
}

// DraftPolicy drafts a policy for the terminal UI, which shows it before it is written. Write of the draft fails where
// the file is there, also where it came while the draft was being read.
func (v *view) DraftPolicy(_ context.Context, c *inspect.Case, subj string,
	sig inspect.Signature,
) (caseview.PolicyDraft, error) {
	i, ok := c.Image(subj)
	if !ok {
		return caseview.PolicyDraft{}, fmt.Errorf("drafting a policy: the case has no image of %s", subj)
	}
	d, err := v.session.newDraft(c, i, sig, "")
	if err != nil {
		return caseview.PolicyDraft{}, err
	}
	folder, err := policyFolder()
	if err != nil {
		return caseview.PolicyDraft{}, err
	}
	write := func(context.Context) error { return d.Write(folder) }
	return caseview.PolicyDraft{Path: d.Path(folder), Text: string(d.Text), Write: write}, nil
}

// policyFolder is where the policies are that are always loaded.
func policyFolder() (string, error) {
	dir, err := configDir()
	if err != nil {
		return "", fmt.Errorf("finding the folder of policies: %w", err)
	}
	return filepath.Join(dir, "policies"), nil
}

// configDir is where policies and settings are: $XDG_CONFIG_HOME/backtrail, else ~/.config/backtrail. A relative
// XDG_CONFIG_HOME is ignored, as the XDG Base Directory Specification has it: it would make verdicts depend on the
// working directory.
func configDir() (string, error) {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "backtrail"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".config", "backtrail"), nil
}

// loadPolicies reads the policies of the flags, which must be readable, and those of the folder; unread is the error
// of what in the folder is not. That is no error of the run: the case goes on, and is incomplete, since it is not
// known what the file requires.
func (f *flags) loadPolicies() (set *policy.Set, unread, err error) {
	set = &policy.Set{}
	for _, path := range f.policies {
		if err := set.AddFile(path, inspect.TrustFile); err != nil {
			return nil, nil, &exitError{
				code: exitUsage, err: err,
				hints: []string{"--policy takes YAML or JSON with ClusterImagePolicy, Kyverno's ClusterPolicy, " +
					"Policy or ImageValidatingPolicy"},
			}
		}
	}
	dir, err := policyFolder()
	if err != nil {
		return set, nil, nil //nolint:nilerr // without a home there is no folder
	}
	return set, set.AddFolder(dir), nil
}

// policiesOf are the policies of a case: of flags and folder, and of the cluster that its pod is in. For an image
// without a pod no cluster is read: it is not known in which one it would run.
func (s *session) policiesOf(o subject.Options) *policy.Loaded {
	l := &policy.Loaded{Files: s.policies, Problem: s.unread, Store: s.client.Store()}
	if o.Cluster != nil && o.Pod != nil {
		l.Cluster, l.Pod = o.Cluster, o.Pod.Namespace
	}
	return l
}
