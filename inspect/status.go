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

// RowStatus is the status of a row of binaries, altered files, missing files or findings that nothing has cleared:
// failed at severity high and critical, else unknown.
func (s Severity) RowStatus() Status {
	if s.Rank() <= High.Rank() {
		return Failed
	}
	return Unknown
}
