package main

import (
	"context"
	"slices"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/answer"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/binary"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/lock"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/provenance"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/vuln"
	"github.com/backtrail/backtrail/kube"
)

// checks is the one list of checks. A new check is one package or file, and one line here, after those that it needs.
//
// Needs of a check are names of checks that have to end before it begins; the engine refuses a plan in which one of
// them is missing or the needs form a circle. YieldsTo is weaker: the check waits while these run, and does not depend
// on how they end. A check that does not apply to the target ends as skipped with its reason: the list is the same for
// an image, a pod and an alert.
func (s *session) checks(o subject.Options) []engine.Check {
	sig := signature.Options{
		Client: s.client, Store: s.client.Store(), Trust: s.trust, Now: s.now, Notary: s.notary,
		GitHub: s.attested,
	}
	policies := s.policiesOf(o)
	// The pods of its namespace are listed once for all checks that need them.
	if o.Pod != nil {
		o.Roster = kube.NewRoster(o.Cluster, o.Pod.Namespace)
	}
	// One object for all checks of the cluster: what one of them has read is not requested again by the next.
	around := s.around(o)
	sig.Requirements, sig.PolicyNamed = policies.Requirements, policies.Named()
	// The pod was kept before the case began. What the cluster forgets next comes before all that it keeps, and what a
	// registry may delete before the layers, which take longest.
	vanishes := []string{inspect.CheckEvents, inspect.CheckLogs}
	return answered(withCheckpoint(s, []engine.Check{
		cluster.Events(around),
		cluster.Logs(around, s.client.Store(), s.flags.noLogs),
		after(subject.Check(o), vanishes...),
		after(subject.Workload(o), vanishes...),
		cluster.Check(around, inspect.CheckWorkload),
		cluster.Reach(around, inspect.CheckWorkload, inspect.CheckCluster),
		cluster.Helm(around, s.client.Store(), s.flags.helm),
		after(policy.Check(policies), vanishes...),
		signature.Check(sig),
		provenance.Check(s.client),
		binary.Place(),
		after(layer.Layers(s.client, s.cache), inspect.CheckSignatures, inspect.CheckProvenance),
		layer.Base(s.cache, inspect.CheckProvenance),
		binary.Binaries(s.client, s.cache, s.owners),
		sbom.Packages(s.packages),
		subject.KnownGood(o),
		binary.Diff(s.client, s.cache, s.owners),
		autorun.Check(s.client, s.cache, s.owners, inspect.CheckKnownGood),
		sbom.Diff(s.client, s.packages),
		sbom.Attached(s.client),
		sbom.Truth(s.client, s.cache),
		lock.Files(s.client, s.cache, inspect.CheckPackages, inspect.CheckKnownGood),
		advisory.Advisories(s.advisories, s.cache, inspect.CheckPackageDiff, inspect.CheckLockFiles,
			inspect.CheckSignatures, inspect.CheckProvenance),
		vuln.Vulnerabilities(s.vulns, s.statements, s.client.Store()),
		signature.Usual(s.client, s.earlier()),
		provenance.Drift(s.client, s.examiner(sig)),
		provenance.Seen(s.client, s.earlier(), s.now),
		cluster.Sharing(around, inspect.CheckWorkload, inspect.CheckBinaries),
	}))
}

// answered adds the check that answers the three questions. It needs only those of its checks that are in the plan:
// with the others missing it would never begin.
func answered(checks []engine.Check) []engine.Check {
	var needs []string
	for _, c := range checks {
		if slices.Contains(answer.Needs(), c.Name) {
			needs = append(needs, c.Name)
		}
	}
	return append(checks, answer.Check(needs...))
}

// around is what the checks of the cluster work on. What they read is kept as it came, redacted, under its digest: a
// bundle carries the objects that its claims rest on.
func (s *session) around(o subject.Options) cluster.Options {
	return cluster.Options{
		Cluster: o.Cluster, Pod: o.Pod, Container: o.Container, Roster: o.Roster, Client: s.client, Trace: o.Trace,
		Keep: func(obj kube.Object, mark ...string) (inspect.Exhibit, error) {
			return subject.Keep(s.client.Store(), obj, mark...)
		},
	}
}

// after lets other checks go first: the order in which evidence vanishes is the order in which it is collected (RFC
// 3227, section 2.1, order of volatility).
func after(c engine.Check, first ...string) engine.Check {
	c.YieldsTo = first
	return c
}

// examiner verifies the signatures of the known-good in the same way as those of the image: a difference between the
// two must be one of the images, never one of how they were looked at.
func (s *session) examiner(o signature.Options) provenance.Examiner {
	return func(ctx context.Context, location, index, digest string, expected inspect.Expected,
		keep func(inspect.Blob),
	) ([]inspect.Signature, error) {
		return signature.Examine(ctx, o, location, index, digest, expected, keep)
	}
}
