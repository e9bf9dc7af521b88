package engine

import (
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Plan is what a run needs.
type Plan struct {
	Header  inspect.Header
	Opening []inspect.Event // appended first: Expected, Trust, notices
	Checks  []Check
	Now     func() time.Time // nil: the wall clock
	Again   []inspect.Key    // on a case that has run: only these checks run, and those that need them
	// Attach is given a way to append what does not come from a check, such as requests and notices of a transport. It
	// may be called from any goroutine; after the end of the case it does nothing.
	Attach func(say func(inspect.Event))
}

// validate refuses a list of checks that cannot be run: a mistake of the program, found at once. Needs stand before the
// check that has them, so that no circle can be written down.
func validate(checks []Check) error {
	at := map[string]int{}
	for i, c := range checks {
		if _, twice := at[c.Name]; twice || c.Name == "" {
			return fmt.Errorf("checks: the name %q is used twice or empty", c.Name)
		}
		at[c.Name] = i
	}
	for i, c := range checks {
		if err := validateYields(checks, at, i, c); err != nil {
			return err
		}
		if c.Follows && c.Scope != PerCase {
			return fmt.Errorf("checks: %s follows, and is not of the case as a whole", c.Name)
		}
		for _, n := range c.Needs {
			j, ok := at[n]
			if !ok {
				return fmt.Errorf("checks: %s needs %q, which is not in the plan", c.Name, n)
			}
			if j >= i {
				return fmt.Errorf("checks: %s needs %s, which must come before it in the list", c.Name, n)
			}
			if c.Scope == PerImage && checks[j].Scope == PerCase && checks[j].Resolves {
				return fmt.Errorf("checks: %s cannot need %s: it starts while that one still finds images", c.Name, n)
			}
		}
	}
	return nil
}

func validateYields(checks []Check, at map[string]int, i int, c Check) error {
	for _, n := range c.YieldsTo {
		if j, ok := at[n]; ok && (j >= i || c.Scope == PerCase && checks[j].Scope == PerImage) {
			return fmt.Errorf("checks: %s yields to %q, which must come before it and be of its scope or of the "+
				"case", c.Name, n)
		}
	}
	return nil
}
