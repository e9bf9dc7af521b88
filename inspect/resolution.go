package inspect

import (
	"cmp"
	"fmt"
)

// Unresolved is the reason why it is not known which bytes a container runs. Such an image has no location and no
// layers, and nothing of another image stands in for it.
type Unresolved string

// The reasons. The empty one is that of an image that is resolved.
const (
	UnresolvedGone Unresolved = "gone" // the registry no longer has the digest that runs
	// the node has reported no digest: not pulled, or never running
	UnresolvedNotReported Unresolved = "not-reported"
	UnresolvedConfigOnly  Unresolved = "config-only" // the node reports a config digest, which names no manifest
	// the index holds several platforms, and that of the node is not known or not there
	UnresolvedPlatform    Unresolved = "platform-unknown"
	UnresolvedReference   Unresolved = "invalid-reference" // what the pod names is no reference to a registry
	UnresolvedUnreachable Unresolved = "unreachable"       // the registry gave no answer, or refused access
)

// Manifest is an entry of an image's index that some node could run.
type Manifest struct {
	Digest   string `json:"digest"`
	Platform string `json:"platform"` // as the index claims it; empty where the index gives none
	Chosen   bool   `json:"chosen"`   // the image of the case
	// runtimes rank it as high as the chosen one, and its content is another or not known
	Rival  bool `json:"rival"`
	Marked bool `json:"marked"` // presented as an attestation or another companion, by the index's annotations
}

// Read returns nil for an image whose bytes can be read, else the reason for which a check that would have to read them
// cannot run: a check works on the digest that was resolved, or not at all.
func (h ImageHead) Read() error {
	if h.Resolved() {
		return nil
	}
	return fmt.Errorf("it is not known which image runs: %s", cmp.Or(h.Detail, string(h.Unresolved)))
}

// Resolved reports whether it is known which bytes the image is.
func (h ImageHead) Resolved() bool { return h.Location != "" }
