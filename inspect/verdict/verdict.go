// Package verdict derives the outcome of a case from its facts. It is pure: nothing is stored, so nothing can be
// stale, and whoever holds the same facts comes to the same outcome.
package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Verdict is the outcome of a case. (CONTRACT: Status and exit codes.)
type Verdict struct {
	Status   inspect.CaseStatus
	Complete bool     // every check ended, and none was blocked
	Reasons  []string // why the case did not pass, the most important first; empty where it did
}

// Of derives the outcome of a case. What failed outranks what could not be checked: a case with both has failed, and
// Complete is false where there may be more. A case passes only where every check that was asked for ended.
func Of(c *inspect.Case) Verdict {
	failed, partial := failures(c), incomplete(c)
	v := Verdict{Status: inspect.CasePassed, Complete: len(partial) == 0}
	unresolved := append(partial, unresolved(c)...)
	switch {
	case len(failed) > 0:
		v.Status, v.Reasons = inspect.CaseFailed, failed
	case len(unresolved) > 0:
		v.Status, v.Reasons = inspect.CaseIncomplete, unresolved
	}
	return v
}

// failures lists what makes a case failed: bytes that do not match their digests, failed findings, expectations that
// are not met. A gate that a failed finding covers is not listed twice.
func failures(c *inspect.Case) []string {
	var why []string
	for _, i := range c.Images {
		if i.Status == inspect.Failed {
			why = append(why, fmt.Sprintf("%s: image content does not match its digests: %s", i.Container,
				cmp.Or(i.Detail, i.Reason)))
		}
	}
	for _, f := range c.Findings {
		if Fails(c, f) {
			why = append(why, fmt.Sprintf("%s: %s", f.Severity, f.Title))
		}
	}
	why = append(why, blocked(c)...)
	for _, i := range c.Images {
		for _, g := range i.Gates {
			missed := (g.Status == inspect.GateRefused || g.Status == inspect.GateAbsent) &&
				(required(c, g) || g.Kind == inspect.GateKindImagePolicy)
			if missed && !reported(c, i.Container, g.Name) {
				why = append(why, fmt.Sprintf("%s: expected %s: %s", i.Container, g.Name, g.Detail))
			}
		}
	}
	return why
}

// reported reports whether a failed finding of the gate's own check (signature: signatures) covers the gate.
func reported(c *inspect.Case, container, gate string) bool {
	return slices.ContainsFunc(c.Findings, func(f inspect.Finding) bool {
		return f.Status == inspect.RowFailed && f.Subject == container && strings.HasPrefix(f.Check, gate)
	})
}

// unresolved lists what could not be checked although the outcome depends on it: bytes of an image, what a person asked
// for, and a matched alert whose file is not the image's, since no check of the image can explain that one.
func unresolved(c *inspect.Case) []string {
	var why []string
	for _, i := range c.Images {
		if i.Status != inspect.Failed && i.Status != inspect.Verified {
			why = append(why, fmt.Sprintf("%s: the image's bytes could not be checked: %s", i.Container,
				cmp.Or(i.Detail, i.Reason)))
		}
		for _, g := range i.Gates {
			if g.Status == inspect.GateUnknown && required(c, g) {
				why = append(why, fmt.Sprintf("%s: expected %s could not be checked: %s", i.Container, g.Name,
					g.Detail))
			}
		}
	}
	why = append(why, uncompared(c)...)
	for _, a := range c.Alerts {
		if a.Match != inspect.MatchNone && a.File.Origin != inspect.OriginImage {
			why = append(why, fmt.Sprintf("alert %q: %s", a.Rule, cmp.Or(a.File.Detail,
				"its file is not part of the image")))
		}
	}
	return why
}

// incomplete lists the checks that have not ended or could not run, and first that the case itself has not ended. A
// check that does not apply (skipped) leaves nothing open.
func incomplete(c *inspect.Case) []string {
	var why []string
	switch {
	case c.End == nil:
		why = append(why, "the case is partial: it has not ended")
	case c.End.Status != inspect.CheckDone:
		why = append(why, "the case is partial: "+c.End.Reason)
	}
	for _, s := range c.Checks {
		if s.Status == inspect.CheckBlocked && !unasked(c, s) {
			name := strings.TrimSpace(s.Container + " " + s.Name)
			why = append(why, fmt.Sprintf("%s could not be checked: %s", name, s.Reason))
		}
	}
	return why
}

// required reports whether somebody at this machine requires a gate. What a policy of the cluster requires fails a
// case, and leaves it as it is where it could not be checked. A gate that is not required decides nothing.
func required(c *inspect.Case, g inspect.Gate) bool {
	if g.Asked {
		return true
	}
	switch g.Name {
	case inspect.GateSignature:
		return c.Expected.Signer()
	case inspect.GateProvenance:
		return c.Expected.Provenance()
	default:
		return false
	}
}
