package inspect

import (
	"fmt"
	"time"
)

// Plan is what a run needs.
type Plan struct {
	Header  Header
	Opening []Event // said first: Expected, Trust, notices
	Checks  []Check
	Now     func() time.Time // nil: the wall clock
	From    *Case            // goes on from this case
	Again   []Key            // with From: only these checks, and those that need them
	// Attach is given a way to say what does not come from a check, such as requests and notices of a transport. It
	// may be called from any goroutine; after the end of the case it does nothing.
	Attach func(say func(Event))
}

// validate refuses a slice of checks that cannot be run: a mistake of the program, found at once.
func validate(checks []Check) error {
	at := map[string]int{}
	for i, c := range checks {
		if _, twice := at[c.Name]; twice || c.Name == "" {
			return fmt.Errorf("checks: the name %q stands twice or is empty", c.Name)
		}
		at[c.Name] = i
	}
	for i, c := range checks {
		for _, n := range c.After {
			if j, ok := at[n]; ok && (j >= i || c.Scope == PerCase && checks[j].Scope == PerImage) {
				return fmt.Errorf("checks: %s comes after %q, which must stand before it and be of its scope or of the case", c.Name, n)
			}
		}
		if c.Follows && c.Scope != PerCase {
			return fmt.Errorf("checks: %s follows, and is not of the case as a whole", c.Name)
		}
		for _, n := range c.Needs {
			j, ok := at[n]
			if !ok {
				return fmt.Errorf("checks: %s needs %q, which is not there", c.Name, n)
			}
			if j >= i {
				return fmt.Errorf("checks: %s needs %s, which must stand before it", c.Name, n)
			}
			if c.Scope == PerImage && checks[j].Scope == PerCase && checks[j].Resolves {
				return fmt.Errorf("checks: %s cannot need %s: it starts while that one still finds images", c.Name, n)
			}
		}
	}
	return nil
}
