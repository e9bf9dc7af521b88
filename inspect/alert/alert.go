// Package alert reads what an IDS said (Falco as JSON or text, falcosidekick, Tetragon) and
// finds the container that it was said of. Everything in an alert may be missing, and its command
// lines are an attacker's: nothing here fails on a strange field, and nothing is trusted further
// than it can be matched.
package alert

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/backtrail/backtrail/inspect"
)

// Names of the sources, as they stand in a case.
const (
	SourceFalco    = "falco"
	SourceTetragon = "tetragon"
)

// Alert is one alert with what it is matched by. Match, Why, Subject and File of the embedded
// alert say no more than the alert alone tells until Index.Match and the check of the binaries have looked.
type Alert struct {
	inspect.Alert
	// Digest of the image, sha256:…, where the alert names one: of its index, manifest or config.
	Digest string
	Config bool   // the digest is that of the config for certain
	Node   string // that it came from, as the IDS knows it
	Target string // the file or the address that the process touched
	// Workload is the pod's owner, and WorkloadKind what it is, where the alert says so.
	Workload, WorkloadKind string
	// Doubtful names fields that stand in a text line twice with different values. They are
	// empty above: a command line can hold them too.
	Doubtful []string
	// Line is the alert as received. Its digest is Raw.
	Line string
	// AlsoLines are the lines of Also.
	AlsoLines []string
}

// received fills in what follows from the bytes of the line.
func (a *Alert) received(line []byte) {
	sum := sha256.Sum256(line)
	a.Raw = "sha256:" + hex.EncodeToString(sum[:])
	a.ID = idOf(a.Raw)
	a.Line, a.Count = string(line), 1
	a.File = located(&a.Alert)
	a.Match = inspect.MatchNone
}

// idOf is the ID of an alert, of the digest of its line: as long as no two alerts can be made to share it.
func idOf(raw string) string { return raw[len("sha256:"):][:32] }
