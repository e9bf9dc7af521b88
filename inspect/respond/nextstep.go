package respond

// NextStep is something to do next: why, and a command to copy. backtrail never runs one.
type NextStep struct {
	Why     string
	Command string // empty where there is no command for it
}
