package inspect

// Ran is what the program of an alert was given to run: an interpreter its script, a launcher its program, a tool
// nothing.
type Ran struct {
	Program string `json:"program"`          // in the image
	Role    string `json:"role"`             // interpreter, launcher, tool
	Kind    string `json:"kind,omitempty"`   // script, module, code, jar, class, program, input
	Target  string `json:"target,omitempty"` // as the command line has it, cut
	Act     string `json:"act,omitempty"`    // one of those below, where the image does not start it
	// Files are what was run and what its options load, the first ones.
	Files []RanFile `json:"files,omitempty"`
	// Proof is how the program's own bytes were cleared: its package, the base image, the known-good; "" for not at
	// all.
	Proof string `json:"proof,omitempty"`
}

// RanFile is a file that the program of an alert was given.
type RanFile struct {
	AlertFile
	Owner string `json:"owner,omitempty"` // package
}

// Acts that happen at run time, whatever the image holds.
const (
	ActExec    = "exec"    // a shell that the container's runtime started: kubectl exec
	ActInstall = "install" // packages were installed
	ActCommand = "command" // a command that another process of the container started
)

// Roles of the program of an alert.
const (
	RoleInterpreter = "interpreter"
	RoleLauncher    = "launcher"
	RoleTool        = "tool"
)
