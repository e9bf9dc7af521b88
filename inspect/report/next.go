package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Step is something to do next: why, and a command to copy. backtrail never runs one, and none of them destroys
// anything: no delete, drain, restart or rollback.
type Step struct {
	Why     string
	Command string // empty where there is no command for it
}

// Next suggests what to do, the most urgent first: hold what may vanish, then close what is open.
func Next(c inspect.Case) []Step {
	var steps []Step
	if c.Pod != nil && c.Status == inspect.Failed || openAlert(c) {
		steps = append(steps, holdPod(c)...)
	}
	if c.End == nil || c.End.Status != inspect.Verified {
		steps = append(steps, Step{"the case is partial: look again when the cause is gone", inspectCommand(c)})
	}
	if i, ok := focus(c); ok {
		steps = append(steps, closeSignature(c, i)...)
		if c.Status != inspect.Verified {
			steps = append(steps, closeKnownGood(c, i)...)
		}
	}
	if c.Status == inspect.Failed || len(c.Findings) > 0 && c.Findings[0].Severity.Rank() <= inspect.Medium.Rank() {
		steps = append(steps, Step{"hand on what was found as one file that can be checked", exportCommand(c)})
	}
	return steps
}

func openAlert(c inspect.Case) bool {
	if c.Pod == nil {
		return false
	}
	for _, a := range c.Alerts {
		if a.Match != inspect.MatchNone {
			return true
		}
	}
	return false
}

// holdPod keeps the run-time state where it is: nothing else holds its bytes.
func holdPod(c inspect.Case) []Step {
	where := kubectl(c) + " -n " + quote(c.Pod.Namespace)
	pod := quote(c.Pod.Name)
	in := ""
	if _, ok := snapshot(c); ok {
		in = " (in the cluster that the saved dump is of)"
	}
	return []Step{
		{
			"hold the pod: its writable layer and memory are nowhere else" + in,
			where + " annotate pod " + pod + " karpenter.sh/do-not-disrupt=true cluster-autoscaler.kubernetes.io/safe-to-evict=false",
		},
		{"keep its logs, of before a restart too" + in, where + " logs " + pod + " --all-containers --timestamps"},
	}
}

func kubectl(c inspect.Case) string {
	return "kubectl" + contextFlag(c)
}

// snapshot is the path of the saved dump that a case was read from, in place of a cluster.
func snapshot(c inspect.Case) (string, bool) { return strings.CutPrefix(c.Target.Context, "snapshot ") }

// contextFlag names the context, unless the case was read from a saved dump: no kubeconfig knows that one.
func contextFlag(c inspect.Case) string {
	if _, ok := snapshot(c); ok || c.Target.Context == "" {
		return ""
	}
	return " --context " + quote(c.Target.Context)
}

// closeSignature turns "signed by NAME, no rule says who should" into a rule.
func closeSignature(c inspect.Case, i inspect.Image) []Step {
	for _, s := range i.Signatures {
		if s.Reason == "no-expectation" && s.Identity != "" {
			return []Step{{
				"if this is who should have signed, say so and look again",
				inspectCommand(c) + " --certificate-identity " + quote(s.Identity) + " --certificate-oidc-issuer " + quote(s.Issuer),
			}}
		}
		if s.Reason == "unknown-key" {
			return []Step{{"give the public key that should have signed", inspectCommand(c) + " --key cosign.pub"}}
		}
	}
	return nil
}

func closeKnownGood(c inspect.Case, i inspect.Image) []Step {
	if i.Diff != nil && i.Diff.KnownGood != nil {
		return nil
	}
	if len(i.Candidates) > 0 {
		best := i.Candidates[0]
		return []Step{{"compare with " + best.Why, inspectCommand(c) + " --known-good " + quote(cmp.Or(best.Reference, best.Location))}}
	}
	return []Step{{"compare with an image that you know is good", inspectCommand(c) + " --known-good REFERENCE"}}
}

// inspectCommand looks at the same target again, in the same cluster or saved dump.
func inspectCommand(c inspect.Case) string {
	if isDemo(c) {
		return "backtrail demo --plain"
	}
	command := "backtrail inspect " + quote(c.Target.Name)
	if c.Target.Namespace != "" {
		command += " -n " + quote(c.Target.Namespace)
	}
	if dump, ok := snapshot(c); ok {
		return command + " --snapshot " + quote(dump)
	}
	if c.Target.Kind == inspect.TargetPod || c.Target.Kind == inspect.TargetAlert || c.Pod != nil {
		command += contextFlag(c)
	}
	return command
}

// exportCommand writes the bundle of this case, as it was recorded.
func exportCommand(c inspect.Case) string {
	id := ID(c.Target, c.Started)
	if isDemo(c) {
		return inspectCommand(c) + " --export " + quote(id+".tar.gz")
	}
	return "backtrail open " + quote(id) + " --export " + quote(id+".tar.gz")
}

// isDemo knows the built-in incident by its root of trust: nothing else makes that case again.
func isDemo(c inspect.Case) bool {
	dump, ok := snapshot(c)
	return ok && dump == "demo" && slices.ContainsFunc(c.Trust, func(t inspect.Trust) bool { return t.Name == "the demo" })
}

func quote(s string) string { return inspect.Quote(s) }
