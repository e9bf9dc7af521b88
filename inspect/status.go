package inspect

// Status is the outcome of looking at something. There are four, never fewer: a tool that folds "could not check"
// into "fine" or into "bad" lies in an incident.
type Status string

// The four.
const (
	Verified Status = "verified" // checked, and it holds
	Failed   Status = "failed"   // checked, and it does not hold
	Unknown  Status = "unknown"  // could not be checked; a reason stands beside it
	Absent   Status = "absent"   // there is nothing to check
)

// Words is the outcome as people read it, without its reason.
func (s Status) Words() string {
	switch s {
	case Verified:
		return "verified"
	case Failed:
		return "failed"
	case Absent:
		return "none"
	default:
		return "not checked"
	}
}

// Severity says how urgently a person should look.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Severities gives the severities, worst first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low, Info} }

// Rank orders severities, worst first: critical is 0.
func (s Severity) Rank() int {
	switch s {
	case Critical:
		return 0
	case High:
		return 1
	case Medium:
		return 2
	case Low:
		return 3
	case Info:
		return 4
	default:
		return 5
	}
}

// RowStatus is the outcome of a row or finding of this severity that nothing has cleared: failed at high and
// critical, else observed.
func (s Severity) RowStatus() RowStatus {
	if s.Rank() <= High.Rank() {
		return RowFailed
	}
	return RowObserved
}
