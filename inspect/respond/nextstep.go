package respond

// NextStep is something to do next: why, and a command to copy. backtrail never runs one: it reads a cluster and
// changes nothing in it.
type NextStep struct {
	Why     string // begins with what to do, in words to be read out; the reason follows a colon
	Command string // empty where there is no command for it
}
