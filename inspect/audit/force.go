package audit

import (
	"github.com/backtrail/backtrail/inspect"
)

// force is whether the policies of a cluster are in force at the place of a row. A policy that no webhook enforces in a
// namespace refuses nothing there, and what it would accept was not checked by it either: an image that may run and one
// that nothing kept out look the same until this is asked.
type force struct {
	known *Known
	row   *Row
	// refusal is the gate's status where policies refuse: refused where one of these is in force, else what is known of
	// their webhooks. pass is the same where all of them are met; empty: it is as the policies say.
	refusal, pass inspect.GateStatus
}

func newForce(k *Known, row *Row) *force {
	return &force{known: k, row: row, refusal: inspect.GateNotEnforced}
}

// weigh adds what stands before a new pod to the verdict of one requirement. The verdict stays: whether an image may
// run is what policies are asked, whether anything would have stopped it is the status of the gate.
func (f *force) weigh(d inspect.PolicyRequirement, g inspect.Gate) inspect.Gate {
	refuses := (g.Status == inspect.GateRefused || g.Status == inspect.GateAbsent) && g.Mode != inspect.ModeWarn
	status, why := inspect.GatePassed, ""
	if d.Origin == inspect.TrustCluster && d.By != "" && f.known.Enforced != nil {
		status, why = f.known.Enforced(d.By, f.row.Namespace)
	}
	switch {
	case status == inspect.GatePassed && refuses:
		f.refusal = inspect.GateRefused
	case status == inspect.GatePassed:
	case refuses && f.refusal != inspect.GateRefused && status == inspect.GateUnknown:
		f.refusal = inspect.GateUnknown
	case g.Status == inspect.GatePassed && f.pass != inspect.GateNotEnforced:
		f.pass = status
	}
	if why != "" && status != inspect.GatePassed && refuses {
		g.Detail += "; " + why
	}
	if why != "" && status == inspect.GateNotEnforced {
		(&judgement{row: f.row}).cross(Log, why)
	}
	return g
}
