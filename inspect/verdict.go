package inspect

import (
	"fmt"
	"slices"
	"strings"
)

// Names of the gates that the case's status rests on.
const (
	GateSignature  = "signature"  // by the signature check: absent, or what the expectation says
	GateProvenance = "provenance" // by the provenance check
)

// Settle sets Complete and Status from what the case holds, and gives the reasons, most important first, for which
// it is not verified. (CONTRACT: Status and exit codes.)
func (c *Case) Settle() []string {
	failed, open := c.failures(), c.openEnds()
	c.Complete = len(c.incomplete()) == 0
	open = append(c.incomplete(), open...)
	switch {
	case len(failed) > 0:
		c.Status = Failed
		return failed
	case len(open) > 0:
		c.Status = Unknown
		return open
	default:
		c.Status = Verified
		return nil
	}
}

// failures lists what makes a case failed: bytes that do not hold, failed findings, expectations that are not met.
func (c *Case) failures() []string {
	var why []string
	for _, i := range c.Images {
		if i.Status == Failed {
			why = append(why, fmt.Sprintf("%s: the image's bytes do not hold: %s", i.Container, orReason(i.Detail, i.Reason)))
		}
	}
	for _, f := range c.Findings {
		if f.Status == Failed {
			why = append(why, fmt.Sprintf("%s: %s", f.Severity, f.Title))
		}
	}
	for _, i := range c.Images {
		for _, g := range i.Gates {
			missed := (g.Status == Failed || g.Status == Absent) && (c.asked(g) || g.Kind == GateKindImagePolicy)
			if missed && !c.said(i.Container, g.Name) {
				why = append(why, fmt.Sprintf("%s: expected %s: %s", i.Container, g.Name, g.Detail))
			}
		}
	}
	return why
}

// said says that a failed finding of the gate's own check (signature: signatures) has told the same already.
func (c *Case) said(subject, gate string) bool {
	return slices.ContainsFunc(c.Findings, func(f Finding) bool {
		return f.Status == Failed && f.Subject == subject && strings.HasPrefix(f.Check, gate)
	})
}

// openEnds lists what could not be checked although the verdict needs it.
func (c *Case) openEnds() []string {
	var why []string
	for _, i := range c.Images {
		if i.Status != Failed && i.Status != Verified {
			why = append(why, fmt.Sprintf("%s: the image's bytes could not be checked: %s", i.Container, orReason(i.Detail, i.Reason)))
		}
		for _, g := range i.Gates {
			if g.Status == Unknown && c.asked(g) {
				why = append(why, fmt.Sprintf("%s: expected %s could not be checked: %s", i.Container, g.Name, g.Detail))
			}
		}
	}
	for _, a := range c.Alerts {
		if a.Match != MatchNone && a.File.Origin != OriginImage {
			why = append(why, fmt.Sprintf("alert %q: %s", a.Rule, orReason(a.File.Detail, "the file that it names is not the image's")))
		}
	}
	return why
}

// incomplete lists the checks that did not end, or that could not look.
func (c *Case) incomplete() []string {
	var why []string
	switch {
	case c.End == nil:
		why = append(why, "the case is partial: it has not ended")
	case c.End.Status != Verified:
		why = append(why, "the case is partial: "+c.End.Reason)
	}
	for _, s := range c.Checks {
		if s.Status == Unknown || s.Running() {
			why = append(why, fmt.Sprintf("%s could not be checked: %s", orReason(s.Container+" "+s.Name, s.Name), s.Reason))
		}
	}
	return why
}

// asked says that somebody at this machine asked for a gate. What a policy of the cluster asks fails a case, and leaves it
// as it is where it could not be checked.
func (c *Case) asked(g Gate) bool {
	if g.Asked {
		return true
	}
	switch g.Name {
	case GateSignature:
		return c.Expected.Signer()
	case GateProvenance:
		return c.Expected.Provenance()
	default:
		return false
	}
}

func orReason(s, other string) string {
	if s == "" || s[0] == ' ' {
		return other
	}
	return s
}
