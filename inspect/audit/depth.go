package audit

import "fmt"

// Depth is how far each image is looked into.
type Depth string

// The depths, each of which includes the one before.
const (
	Identity Depth = "identity" // signatures, provenance, attached SBOMs, admission; no layer is read
	Packages Depth = "packages" // what is installed, and the distribution; every layer is read once
	Full     Depth = "full"     // every check that a case has about an image alone
)

// Depths lists the depths, the shallowest first.
func Depths() []Depth { return []Depth{Identity, Packages, Full} }

// ParseDepth reads a depth by its name.
func ParseDepth(text string) (Depth, error) {
	for _, d := range Depths() {
		if text == string(d) {
			return d, nil
		}
	}
	return "", fmt.Errorf("reading the depth %q: it is identity, packages or full", text)
}

// Covers reports whether facts of this depth include those of another.
func (d Depth) Covers(other Depth) bool { return d.rank() >= other.rank() }

// rank is the place of a depth in Depths, -1 for none.
func (d Depth) rank() int {
	for i, one := range Depths() {
		if d == one {
			return i
		}
	}
	return -1
}

// DepthGaps lists what a depth leaves out. It is part of every report: an audit of depth identity that finds nothing
// has not looked for malware.
func DepthGaps(d Depth) []Gap {
	gaps := []Gap{{
		What: "admission policies of the API server (CEL), and conditions of webhooks",
		Reason: "of webhooks the selectors were compared: backtrail inspect TARGET shows for one pod what else stood " +
			"before it",
	}}
	switch d {
	case Identity:
		gaps = append(gaps, Gap{What: "packages, files and vulnerabilities", Reason: "depth identity reads no layers"})
	case Packages:
		gaps = append(gaps, Gap{
			What:   "executables, start-up hooks and lock files",
			Reason: "depth packages lists packages only",
		})
	case Full:
	}
	return gaps
}
