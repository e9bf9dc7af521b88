package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/subject"
)

// policyFolder is where policies lie that are always loaded.
func policyFolder() (string, error) {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "backtrail", "policies"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding the folder of policies: %w", err)
	}
	return filepath.Join(home, ".config", "backtrail", "policies"), nil
}

// loadPolicies reads the policies of the flags, which must be readable, and those of the folder; unread says what of
// the folder is not.
func (f *flags) loadPolicies() (set *policy.Set, unread, err error) {
	set = &policy.Set{}
	for _, path := range f.policies {
		if err := set.AddFile(path, inspect.TrustFile); err != nil {
			return nil, nil, &exitError{code: exitUsage, err: err,
				hints: []string{"--policy takes YAML or JSON with ClusterImagePolicy, Kyverno's ClusterPolicy, " +
					"Policy or ImageValidatingPolicy"}}
		}
	}
	dir, err := policyFolder()
	if err != nil {
		return set, nil, nil //nolint:nilerr // without a home there is no folder
	}
	return set, set.AddFolder(dir), nil
}

// policiesOf are the policies of a case: of flags and folder, and of the cluster that its pod is in.
func (s *session) policiesOf(o subject.Options) *policy.Loaded {
	l := &policy.Loaded{Files: s.policies, Problem: s.unread, Store: s.client.Store()}
	if o.Cluster != nil && o.Pod != nil {
		l.Cluster, l.Pod = o.Cluster, o.Pod.Namespace
	}
	return l
}

// policies are those that a bundle carries, each from where the case says that it came.
func (r rerun) policies(bag *evidence.Bag, c inspect.Case) (*policy.Loaded, error) {
	set := &policy.Set{}
	for _, t := range c.Trust {
		if t.Kind != policy.Kind {
			continue
		}
		b, err := bag.Trust(t.Digest)
		if err != nil {
			return nil, fmt.Errorf("reading the policy %s of the bundle: %w", t.Digest, err)
		}
		// What could not be understood when the case was made is not understood now; the rest counts.
		_ = set.Add(policy.Source{Bytes: b, Name: t.Name, Origin: t.Origin})
	}
	l := &policy.Loaded{Files: set}
	if c.Pod != nil {
		l.Pod = c.Pod.Namespace
	}
	return l, nil
}
