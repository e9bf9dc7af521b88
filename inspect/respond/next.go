package respond

import (
	"cmp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// Next suggests what to do, the most urgent first: preserve what may vanish, isolate it, then close what is open.
// Nothing of it destroys run-time state before a person has recorded that this was saved or given up.
//
// A pod is contained where the case failed or an alert was matched to it: an alert that nothing explains yet is reason
// enough to keep what vanishes. Commands are for a person to read and paste; every name in them is quoted.
func Next(c inspect.Case) []NextStep {
	var steps []NextStep
	outcome := verdict.Of(&c).Status
	if c.Pod != nil && outcome == inspect.CaseFailed || openAlert(c) {
		steps = append(steps, contain(c)...)
	}
	if c.End == nil || c.End.Status != inspect.CheckDone {
		steps = append(steps, todo("the case is partial: look again when the cause is gone", inspectCommand(c)))
	}
	if i, ok := Focus(c); ok {
		steps = append(steps, closeSignature(c, i)...)
		if outcome != inspect.CasePassed {
			steps = append(steps, closeKnownGood(c, i)...)
		}
	}
	if outcome == inspect.CaseFailed || len(c.Findings) > 0 && c.Findings[0].Severity.Rank() <= inspect.Medium.Rank() {
		steps = append(steps, todo("Export the evidence bundle", exportCommand(c)))
	}
	return steps
}

func todo(why, command string) NextStep { return NextStep{Why: why, Command: command} }

func oneTodo(why, command string) []NextStep { return []NextStep{todo(why, command)} }

// openAlert reports whether an alert was matched to the pod of the case.
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

// closeSignature turns "signed by NAME, no policy requires a signer" into an expectation. The name is that of whoever
// signed, so that only a person can say whether it is the right one.
func closeSignature(c inspect.Case, i inspect.Image) []NextStep {
	for _, s := range i.Signatures {
		if s.Reason == inspect.ReasonNoExpectation && s.Identity != "" {
			return oneTodo("if this is the expected signer, name it and run the checks again",
				inspectCommand(c)+" --certificate-identity "+text.Quote(s.Identity)+" "+
					"--certificate-oidc-issuer "+text.Quote(s.Issuer))
		}
		if s.Reason == inspect.ReasonUnknownKey {
			return oneTodo("give the public key that should have signed", inspectCommand(c)+" --key cosign.pub")
		}
	}
	return nil
}

// closeKnownGood suggests an image to compare with: the best candidate, which the command then confirms, else one
// that a person has to name.
func closeKnownGood(c inspect.Case, i inspect.Image) []NextStep {
	if i.Diff != nil && i.Diff.KnownGood != nil {
		return nil
	}
	if len(i.Candidates) > 0 {
		best := i.Candidates[0]
		return oneTodo("compare with "+best.Why,
			inspectCommand(c)+" --known-good "+text.Quote(cmp.Or(best.Reference, best.Location)))
	}
	return oneTodo("compare with an image that you know is good", inspectCommand(c)+" --known-good REFERENCE")
}

// inspectCommand looks at the same target again, in the same cluster or saved dump. Flags that were given besides are
// not repeated: the session has them, without the values of secret ones.
func inspectCommand(c inspect.Case) string {
	if command, ok := DemoCommand(c); ok {
		return command
	}
	command := "backtrail inspect " + text.Quote(c.Target.Name)
	if c.Target.Namespace != "" {
		command += " -n " + text.Quote(c.Target.Namespace)
	}
	if dump, ok := c.Target.SavedDump(); ok {
		return command + " --snapshot " + text.Quote(dump)
	}
	if c.Target.Kind == inspect.TargetPod || c.Target.Kind == inspect.TargetAlert || c.Pod != nil {
		command += strings.TrimPrefix(c.Target.Kubectl(), "kubectl")
	}
	return command
}

// exportCommand writes the bundle of this case, as it was recorded: the demo's is not on disk, and is made again.
func exportCommand(c inspect.Case) string {
	id := inspect.CaseID(c.Target, c.Started)
	if _, ok := DemoCommand(c); ok {
		return inspectCommand(c) + " --export " + text.Quote(id+".tar.gz")
	}
	return "backtrail open " + text.Quote(id) + " --export " + text.Quote(id+".tar.gz")
}

// DemoCommand returns the command that makes the case of a built-in incident again; nothing else does. It recognizes
// one by its root of trust, since a saved dump may be called demo too.
func DemoCommand(c inspect.Case) (string, bool) {
	dump, ok := c.Target.SavedDump()
	if !ok || !slices.ContainsFunc(c.Trust, func(t inspect.Trust) bool { return t.Name == "the demo" }) {
		return "", false
	}
	switch dump {
	case "demo":
		return "backtrail demo --plain", true
	case "poisoned":
		return "backtrail demo poisoned --plain", true
	default:
		return "", false
	}
}
