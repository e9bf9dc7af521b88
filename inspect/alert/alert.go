// Package alert reads the alerts of runtime sensors (Falco, Tetragon, KubeArmor, Tracee, Kubescape,
// Suricata, Hubble) in the forms in which log collectors hand them on, and stores them. Everything
// in an alert may be missing, and its command lines are an attacker's: no strange field is an
// error, and nothing is trusted further than it can be matched.
package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"

	"github.com/backtrail/backtrail/inspect"
)

// Names of the sources, as they stand in a case.
const (
	SourceFalco     = "falco"
	SourceTetragon  = "tetragon"
	SourceKubeArmor = "kubearmor"
	SourceTracee    = "tracee"
	SourceKubescape = "kubescape"
	SourceSuricata  = "suricata"
	SourceHubble    = "hubble"
)

// Alert is one alert with everything that it can be matched by. Match, Why, Subject and File of the
// embedded alert are provisional until triage has matched it and the files of the image are known.
type Alert struct {
	inspect.Alert
	// Digest of the image, sha256:…, where the alert names one: of its index, manifest or config.
	Digest string
	// the digest is certainly that of the config
	Config bool
	// where the alert was raised
	Node string
	// the file or the address that the process accessed
	Target string
	PodUID string
	// Addresses are those on both ends of a connection: one of them may be that of the pod.
	Addresses []netip.Addr
	// Workload is the owner of the pod, and WorkloadKind its kind, where the alert names it.
	Workload, WorkloadKind string
	// Doubtful names fields that occur twice in a text line, with different values. They are empty
	// above, since a command line can contain them too.
	Doubtful []string
	// Line is the alert as received. Its digest is Raw.
	Line string
	// AlsoLines are the lines of Also.
	AlsoLines []string
}

// received sets what follows from the bytes of the line: its digest, and from that the ID. Two lines of the same
// bytes are one alert, whatever feed they came by.
func (a *Alert) received(line []byte) {
	sum := sha256.Sum256(line)
	a.Raw = "sha256:" + hex.EncodeToString(sum[:])
	a.ID = idOf(a.Raw)
	a.Line, a.Count = string(line), 1
	a.File = located(&a.Alert)
	a.Match = inspect.MatchNone
}

// idOf returns the ID of an alert, from the digest of its line. 128 bits are enough that nobody can
// construct two alerts with one ID.
func idOf(raw string) string { return raw[len("sha256:"):][:32] }
