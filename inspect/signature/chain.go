package signature

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// chain records the links of one signature: each with what was compared with what.
// A link that was not reached is unknown, and one that does not apply is absent: the four statuses are never folded.
type chain struct {
	steps   []inspect.Step
	reasons map[string]string // by step
}

// newChain begins with no link reached.
// The order is that of inspect.StepNames, which decides the reason of the signature.
func newChain() *chain {
	c := &chain{reasons: map[string]string{}}
	for _, name := range inspect.StepNames() {
		c.steps = append(c.steps, inspect.Step{Name: name, Status: inspect.Unknown, Detail: "not reached"})
	}
	return c
}

// A later call for the same link replaces the earlier one.
func (c *chain) set(name string, status inspect.Status, reason, format string, args ...any) {
	for i := range c.steps {
		if c.steps[i].Name == name {
			c.steps[i].Status, c.steps[i].Detail = status, fmt.Sprintf(format, args...)
			c.reasons[name] = reason
		}
	}
}

// pass records that a link holds, with what was compared.
func (c *chain) pass(name, format string, args ...any) {
	c.set(name, inspect.Verified, "", format, args...)
}

// fail records that a link does not hold, and the reason that the signature then has.
func (c *chain) fail(name, reason, format string, args ...any) {
	c.set(name, inspect.Failed, reason, format, args...)
}

// absent records that a link does not apply, and why.
func (c *chain) absent(name, format string, args ...any) {
	c.set(name, inspect.Absent, "", format, args...)
}

// open records that a link could not be checked, and why. An empty reason leaves that of the signature to other links.
func (c *chain) open(name, reason, format string, args ...any) {
	c.set(name, inspect.Unknown, reason, format, args...)
}

// status is that of a link; unknown where there is none by that name.
func (c *chain) status(name string) inspect.Status {
	i := slices.IndexFunc(c.steps, func(s inspect.Step) bool { return s.Name == name })
	return c.steps[i].Status
}

// verdict is the status and reason that follow from the links: the first failing one decides, else the first that could
// not be checked, with the reason.
// A failed link outweighs an unknown one, wherever it stands.
func (c *chain) verdict() (inspect.Status, string) {
	for _, s := range c.steps {
		if s.Status == inspect.Failed {
			return inspect.Failed, c.reasons[s.Name]
		}
	}
	status := inspect.Verified
	for _, s := range c.steps {
		if s.Status == inspect.Unknown {
			status = inspect.Unknown
			if c.reasons[s.Name] != "" {
				return status, c.reasons[s.Name]
			}
		}
	}
	return status, ""
}

// sound reports whether every link but the last holds: what is left is who should have signed.
// An absent link is sound, an unknown one is not.
func (c *chain) sound() bool {
	for _, s := range c.steps {
		if s.Name != inspect.StepIdentity && s.Status != inspect.Verified && s.Status != inspect.Absent {
			return false
		}
	}
	return true
}

// reached counts the links that hold, to choose between two explanations of the same signature.
// Absent counts as holding, since nothing was to be checked.
func (c *chain) reached() int {
	n := 0
	for _, s := range c.steps {
		if s.Status == inspect.Failed || s.Status == inspect.Unknown {
			break
		}
		n++
	}
	return n
}
