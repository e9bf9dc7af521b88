package inspect

// The outcomes of things that are no verification have words of their own, so that "verified" keeps one meaning. Each
// type maps to one of the four statuses of a verification only for a sign and a color (Tone), and to what people read
// (Words).

// CaseStatus is the outcome of a case (CONTRACT: Status and exit codes). It is derived by package verdict, never
// stored.
type CaseStatus string

// The outcomes of a case.
const (
	CasePassed     CaseStatus = "passed"
	CaseFailed     CaseStatus = "failed"
	CaseIncomplete CaseStatus = "incomplete"
)

// Tone is the status whose color the outcome takes. A passed case is neutral: nothing was found, which proves nothing.
func (s CaseStatus) Tone() Status {
	switch s {
	case CasePassed:
		return Absent
	case CaseFailed:
		return Failed
	default:
		return Unknown
	}
}

// Words is the outcome as people read it, without its counts and reasons.
func (s CaseStatus) Words() string {
	switch s {
	case CasePassed:
		return "no problems found"
	case CaseFailed:
		return "problems found"
	default:
		return "incomplete"
	}
}

// RowStatus is the outcome of a row of files and programs, and of a finding.
type RowStatus string

// The outcomes of a row.
const (
	RowFailed   RowStatus = "failed"   // severity high or critical
	RowObserved RowStatus = "observed" // seen, and of a lower severity
	RowUnknown  RowStatus = "unknown"  // something could not be checked
	RowVerified RowStatus = "verified" // the content is its package's or that of a confirmed known-good
)

// Tone is the status whose color the outcome takes.
func (s RowStatus) Tone() Status {
	switch s {
	case RowFailed:
		return Failed
	case RowVerified:
		return Verified
	case RowObserved:
		return Absent
	default:
		return Unknown
	}
}

// AnswerStatus is the outcome of one of the three questions.
type AnswerStatus string

// The outcomes of a question.
const (
	Answered      AnswerStatus = "answered" // every part follows from what was seen or derived
	AnswerPartial AnswerStatus = "partial"  // a part is claimed or not known
	AnswerOpen    AnswerStatus = "open"     // a check that it needs runs or could not run
	AnswerNone    AnswerStatus = "none"     // there is nothing to explain
)

// Tone is the status whose color the outcome takes. No answer is shown like a verification that passed.
func (s AnswerStatus) Tone() Status {
	switch s {
	case Answered, AnswerNone:
		return Absent
	default:
		return Unknown
	}
}

// Words is the outcome as people read it.
func (s AnswerStatus) Words() string {
	switch s {
	case Answered:
		return "answered"
	case AnswerPartial:
		return "partly answered"
	case AnswerNone:
		return "nothing to explain"
	default:
		return "open"
	}
}

// CheckStatus is how a check ended.
type CheckStatus string

// The ends of a check.
const (
	CheckDone    CheckStatus = "done"
	CheckSkipped CheckStatus = "skipped" // not applicable
	CheckBlocked CheckStatus = "blocked" // could not run, or has not ended: the reason is Running then
)

// Tone is the status whose color the outcome takes.
func (s CheckStatus) Tone() Status {
	switch s {
	case CheckDone:
		return Verified
	case CheckSkipped:
		return Absent
	default:
		return Unknown
	}
}

// Words is the outcome as people read it, without the reason.
func (s CheckStatus) Words() string {
	switch s {
	case CheckDone:
		return "done"
	case CheckSkipped:
		return "not applicable"
	default:
		return "could not run"
	}
}

// StoreStatus is what a store of signatures held.
type StoreStatus string

// The answers of a store.
const (
	StoreFound       StoreStatus = "found"
	StoreEmpty       StoreStatus = "empty"
	StoreUnreachable StoreStatus = "unreachable"
)

// Tone is the status whose color the outcome takes.
func (s StoreStatus) Tone() Status {
	switch s {
	case StoreFound:
		return Verified
	case StoreEmpty:
		return Absent
	default:
		return Unknown
	}
}

// GateStatus is what a gate did, or would have done.
type GateStatus string

// The outcomes of a gate.
const (
	GatePassed      GateStatus = "passed"
	GateRefused     GateStatus = "refused"      // it would refuse
	GateNotEnforced GateStatus = "not-enforced" // it is there, and was not in the way; the reason stands beside it
	GateAbsent      GateStatus = "absent"       // there is none
	GateUnknown     GateStatus = "unknown"      // not checked; the reason stands beside it
)

// Tone is the status whose color the outcome takes.
func (s GateStatus) Tone() Status {
	switch s {
	case GatePassed:
		return Verified
	case GateRefused:
		return Failed
	case GateNotEnforced, GateAbsent:
		return Absent
	default:
		return Unknown
	}
}

// Words is the outcome as people read it, without the reason.
func (s GateStatus) Words() string {
	switch s {
	case GatePassed:
		return "passed"
	case GateRefused:
		return "would refuse"
	case GateNotEnforced:
		return "not enforced"
	case GateAbsent:
		return "none"
	default:
		return "not checked"
	}
}

// GateOf is the outcome of a gate that a verification stands behind.
func GateOf(s Status) GateStatus {
	switch s {
	case Verified:
		return GatePassed
	case Failed:
		return GateRefused
	case Absent:
		return GateAbsent
	default:
		return GateUnknown
	}
}

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

// Severity describes how urgently a person should look.
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
