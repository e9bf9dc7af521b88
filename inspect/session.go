package inspect

// Session is one stretch of work on a case: who did it, where, and with which program. The first one follows the
// header; a later one is recorded with the first fact that somebody adds to a reopened case.
type Session struct {
	Operator   string   `json:"operator"` // the user of the operating system, or the name given by --operator
	CaseNumber string   `json:"caseNumber,omitempty"`
	Host       string   `json:"host"`
	TimeZone   string   `json:"timeZone"` // name and offset from UTC, as in CET +0100
	Tool       Tool     `json:"tool"`
	SHA256     string   `json:"sha256"`  // sha256:… of the program's own file; empty where it could not be read
	Command    []string `json:"command"` // the command line; values of secret flags are left out
	Started    Time     `json:"started"`
}

// FactKind is the fact's name in JSON.
func (Session) FactKind() string { return "session" }

func (s Session) fold(c *Case, _ Event) { c.Sessions = append(c.Sessions, s) }
