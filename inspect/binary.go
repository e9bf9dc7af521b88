package inspect

import (
	"cmp"
	"fmt"
	"slices"
)

// Binary is a suspicious executable.
type Binary struct {
	Path      string    `json:"path"`
	Kind      Kind      `json:"kind"`
	SHA256    string    `json:"sha256"`
	Size      int64     `json:"size"`
	Mode      string    `json:"mode"` // octal: 0755, 4755
	Layer     int       `json:"layer"`
	CreatedBy string    `json:"createdBy"`
	Owner     string    `json:"owner"` // package, or empty
	Count     int       `json:"count"` // files that this row stands for
	Status    RowStatus `json:"status"`
	Severity  Severity  `json:"severity"`
	Codes     []string  `json:"codes"`
	Detail    string    `json:"detail"`
}

// FactKind is the fact's JSON name.
func (Binary) FactKind() string { return "binary" }

// fold keeps the rows worst first. A row's severity may change, so its old place is found by its path.
func (b Binary) fold(c *Case, e Event) {
	i := c.imageFor(e.Container)
	i.Binaries = slices.DeleteFunc(i.Binaries, func(o Binary) bool { return o.Path == b.Path })
	upsert(&i.Binaries, b, func(a, b Binary) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), -cmp.Compare(a.weight(), b.weight()),
			cmp.Compare(a.Path, b.Path))
	})
}

// weight orders rows of the same severity: the alerted one first, then the one with more signs.
func (b Binary) weight() int {
	w := len(b.Codes)
	if slices.Contains(b.Codes, "alerted") {
		w += 100
	}
	return w
}

// Altered is a packaged file whose content does not match its package.
type Altered struct {
	Path     string    `json:"path"`
	Kind     Kind      `json:"kind"`
	Package  string    `json:"package"`
	Layer    int       `json:"layer"`
	Expected string    `json:"expected"` // algorithm:hex, md5 for dpkg, sha1 for apk
	Actual   string    `json:"actual"`
	Config   bool      `json:"config"`
	Status   RowStatus `json:"status"`
	Severity Severity  `json:"severity"`
	Detail   string    `json:"detail"`
	SHA256   string    `json:"sha256"`
}

// FactKind is the fact's JSON name.
func (Altered) FactKind() string { return "altered" }

func (a Altered) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Altered, a, func(a, b Altered) int { return cmp.Compare(a.Path, b.Path) })
}

// Missing is a file that a package lists and the image does not have.
type Missing struct {
	Path       string    `json:"path"`
	Package    string    `json:"package"`
	Layer      int       `json:"layer"`
	Executable bool      `json:"executable"`
	Status     RowStatus `json:"status"`
	Severity   Severity  `json:"severity"`
}

// FactKind is the fact's JSON name.
func (Missing) FactKind() string { return "missing" }

func (m Missing) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Missing, m, func(a, b Missing) int { return cmp.Compare(a.Path, b.Path) })
}

// Files counts the regular files of the merged tree.
type Files struct {
	Total     int    `json:"total"`
	Owned     int    `json:"owned"`
	Unowned   int    `json:"unowned"`
	Altered   int    `json:"altered"`
	Missing   int    `json:"missing"`
	Ownership string `json:"ownership"` // known, partial, unknown
	Detail    string `json:"detail"`    // why it is partial or unknown

	// Equal and Unverifiable are the other classes of what is owned, beside Altered: the content is what the package
	// lists, or there is no digest to compare it with.
	Equal        int `json:"equal"`
	Unverifiable int `json:"unverifiable"`
	// Packages has the same by package, of those with a file in the image; MorePackages is how many are left out.
	Packages     []PackageFiles `json:"packages"`
	MorePackages int            `json:"morePackages,omitempty"`
}

// PackageFiles are the regular files of one package, by the classes of ownership: Files is the sum of the other three.
type PackageFiles struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Database     string `json:"database"` // dpkg, apk, rpm, python …
	Files        int    `json:"files"`
	Equal        int    `json:"equal"`
	Unverifiable int    `json:"unverifiable"`
	Altered      int    `json:"altered"`
}

// Classes words how much of what is owned is proven: "98 equal to their digests, 2 not verifiable". Empty for cases of
// older versions, which have no such counts.
func (f Files) Classes() string {
	if f.Equal+f.Unverifiable == 0 {
		return ""
	}
	return fmt.Sprintf("%d equal to their digests, %d not verifiable", f.Equal, f.Unverifiable)
}

// Of returns the counts of a package; several of one name, as of two architectures, are added up.
func (f Files) Of(name, version string) PackageFiles {
	sum := PackageFiles{Name: name, Version: version}
	for _, p := range f.Packages {
		if p.Name == name && p.Version == version {
			sum.Database = p.Database
			sum.Files += p.Files
			sum.Equal += p.Equal
			sum.Unverifiable += p.Unverifiable
			sum.Altered += p.Altered
		}
	}
	return sum
}

// FactKind is the fact's JSON name.
func (Files) FactKind() string { return "files" }

func (f Files) fold(c *Case, e Event) { c.imageFor(e.Container).Files = f }

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
