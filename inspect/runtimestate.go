package inspect

// SubjectRuntime is the subject of a note that marks what became of the pod's run-time state: its writable layers and
// memory, which nothing else holds.
const SubjectRuntime = "runtime"

// What a person says of the run-time state. Until then nothing is suggested that would destroy it.
const (
	RuntimeSaved   = "saved"
	RuntimeGivenUp = "given-up"
	RuntimeOpen    = "open" // said, and taken back
)

// Runtime is the last note about the run-time state; ok is false while it is open.
func (c *Case) Runtime() (n Note, ok bool) {
	for _, o := range c.Notes {
		if o.Subject == SubjectRuntime && o.Mark != "" {
			n = o
		}
	}
	return n, n.Mark == RuntimeSaved || n.Mark == RuntimeGivenUp
}

// Gone is the change by which the pod went, while the case was open.
func (c *Case) Gone() (PodChange, bool) {
	for _, x := range c.Changes {
		if x.State == PodGone || x.State == PodReplaced {
			return x, true
		}
	}
	return PodChange{}, false
}
