package main

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/answer"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/inspect/files"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/provenance"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
)

// checks is the one slice of checks. A new check is one package or file, and one line here, after those that it needs.
func (s *session) checks(o subject.Options) []inspect.Check {
	sig := signature.Options{Client: s.client, Store: s.client.Store(), Trust: s.trust, Now: s.now, Notary: s.notary, GitHub: s.attested}
	policies := s.policiesOf(o)
	around := cluster.Options{Cluster: o.Cluster, Pod: o.Pod, Container: o.Container, Trace: o.Trace}
	sig.Demands, sig.PolicyNamed = policies.Demands, policies.Named()
	return s.withCheckpoint([]inspect.Check{
		subject.Check(o),
		subject.Workload(o),
		cluster.Logs(around, s.client.Store(), s.flags.noLogs),
		cluster.Check(around, subject.WorkloadName),
		policy.Check(policies),
		signature.Check(sig),
		provenance.Check(s.client),
		files.Layers(s.client, s.cache),
		files.Base(s.cache, provenance.Name),
		files.Binaries(s.client, s.cache),
		sbom.Packages(s.cache),
		subject.KnownGood(o),
		files.Diff(s.client, s.cache),
		sbom.Diff(s.client, s.cache),
		sbom.Attached(s.client),
		signature.Usual(s.client),
		provenance.Drift(s.client, s.examiner(sig)),
		provenance.Seen(s.client, s.now),
		answer.Check(signature.Name, provenance.Name, "layers", files.CheckBase, "binaries", "packages", subject.KnownGoodName, "diff", "package-diff", provenance.DriftName, cluster.Name),
	})
}

// examiner verifies the signatures of the known-good in the same way as those of the image.
func (s *session) examiner(o signature.Options) provenance.Examiner {
	return func(ctx context.Context, location, index, digest string, expected inspect.Expected, keep func(inspect.Blob)) ([]inspect.Signature, error) {
		return signature.Examine(ctx, o, location, index, digest, expected, keep)
	}
}
