package inspect

import (
	"cmp"
)

// Clock is a report clock: a person states that they became aware, and a law then counts. None runs before a person
// starts it: to open a case is not to become aware. One that was started by mistake is withdrawn, and both stay in
// the record.
type Clock struct {
	Regime    Regime      `json:"regime"`
	Aware     Time        `json:"aware"`   // when they became aware, as they say
	Started   Time        `json:"started"` // when they said so: with the regime the key
	Author    string      `json:"author"`
	Reason    string      `json:"reason"`
	Withdrawn *Withdrawal `json:"withdrawn"` // null while it runs
}

// Withdrawal is the end of a clock that was started by mistake.
type Withdrawal struct {
	Time   Time   `json:"time"`
	Author string `json:"author"`
	Reason string `json:"reason"`
}

// Regime is a law that requires reports.
type Regime string

// The regimes, in the words of the command line.
const (
	NIS2 Regime = "nis2" // Directive (EU) 2022/2555, Art. 23(4)
	CRA  Regime = "cra"  // Regulation (EU) 2024/2847, Art. 14
	DORA Regime = "dora" // Regulation (EU) 2022/2554, Art. 19, and its technical standards
)

// RunningClock gives the clock of a regime that was not withdrawn.
func (c *Case) RunningClock(r Regime) (Clock, bool) {
	for _, k := range c.Clocks {
		if k.Regime == r && k.Withdrawn == nil {
			return k, true
		}
	}
	return Clock{}, false
}

// FactKind is the fact's JSON name.
func (Clock) FactKind() string { return "clock" }

// fold: the key is regime and start: a withdrawal has those of the clock that it ends.
func (k Clock) fold(c *Case, _ Event) {
	upsert(&c.Clocks, k, func(a, b Clock) int {
		return cmp.Or(a.Started.Compare(b.Started.Time), cmp.Compare(a.Regime, b.Regime))
	})
}
