package inspect

import (
	"slices"
	"time"
)

// PodsSchema is the name of the pod list's JSON form.
const PodsSchema = "backtrail.dev/pods/v1"

// PodList is what runs, flagged pods first.
type PodList struct {
	Schema    string        `json:"schema"`
	Context   string        `json:"context"`
	Pods      []FlaggedPod  `json:"pods"`
	Unmatched []Alert       `json:"unmatched"` // alerts that fit no pod
	Broken    int           `json:"broken"`    // alert lines that could not be read
	Notices   []Notice      `json:"notices"`
	Said      int           `json:"said"`    // alerts that came, each time that one was said
	Sources   []AlertSource `json:"sources"` // of the alerts
	Wrong     *WrongContext `json:"wrongContext,omitempty"`

	State   ListState `json:"-"`
	Crowded int       `json:"-"` // alerts that fit several pods and stand at one of them only
	Hidden  int       `json:"-"` // flagged pods that a selector leaves out
}

// FlaggedPod is a pod with the alerts that matched it.
type FlaggedPod struct {
	Pod
	Alerts []Alert `json:"alerts"`
	Gone   *Gone   `json:"gone,omitempty"` // a flagged pod that was there, and runs no more
}

// Gone describes what became of a pod that runs no more.
type Gone struct {
	Time       Time   `json:"time"`                 // when it was heard of
	ReplacedBy string `json:"replacedBy,omitempty"` // newest pod of the same workload
	// of the container that the alerts name: same or another; empty: not known
	Digest string `json:"digest,omitempty"`
}

// What the digest of the pod is that took the place of another.
const (
	SameDigest    = "same"
	AnotherDigest = "another"
)

// AlertSource is one way by which alerts come.
type AlertSource struct {
	Kind   string `json:"kind"` // file, stdin, webhook, policy report, log of Falco, log of Tetragon
	Name   string `json:"name"` // the file or the request
	Alerts int    `json:"alerts"`
	Broken int    `json:"broken"`
	State  string `json:"state"` // following, ended, lost 03:22:10Z: …; empty: read
	Wrong  bool   `json:"wrong"` // the state is bad news
}

// WrongContext reports whether nothing of what the alerts name is in this cluster.
type WrongContext struct {
	Text     string   `json:"text"`
	Contexts []string `json:"contexts"` // the others of the kubeconfig
}

// ListState is how a list is kept fresh.
type ListState struct {
	Whole bool          // everything that there was at the beginning is in it
	AsOf  Time          // when the pods were as they are shown
	Live  bool          // changes are seen as they happen
	Every time.Duration // else: how often the pods are listed again; 0: never
	Lost  string        // why they cannot be listed now; empty: they can
}

// Sharing describes which other images that run in the cluster have the suspect layers of an image, as their
// manifests list: no layer is read for it, and the same files packed again are another layer.
type Sharing struct {
	Suspect []int         `json:"suspect"` // numbers of the layers that brought what is wrong
	Looked  int           `json:"looked"`  // other images whose manifests were read
	Unread  int           `json:"unread"`  // whose manifests could not be read
	Left    int           `json:"left"`    // not asked for: past a bound, or of a registry that this case does not use
	Others  []SharedImage `json:"others"`  // those with a suspect layer, by reference
}

// SharedImage is another image with layers of this one.
type SharedImage struct {
	Reference string   `json:"reference"` // as a pod names it
	Digest    string   `json:"digest"`    // of index or manifest, as the node reports it
	Layers    []int    `json:"layers"`    // numbers of the suspect layers that it has too
	Prefix    int      `json:"prefix"`    // how many layers, from the lowest on, both images begin with
	Total     int      `json:"total"`     // how many layers it has in all
	Pods      []string `json:"pods"`      // namespace/name
}

// Pods are all pods with a suspect layer, sorted, once each.
func (s *Sharing) Pods() []string {
	if s == nil {
		return nil
	}
	var all []string
	for _, o := range s.Others {
		all = append(all, o.Pods...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// With are the images that have one of the layer numbers.
func (s *Sharing) With(layer int) []SharedImage {
	if s == nil {
		return nil
	}
	var all []SharedImage
	for _, o := range s.Others {
		if slices.Contains(o.Layers, layer) {
			all = append(all, o)
		}
	}
	return all
}

// FactKind is the fact's JSON name.
func (Sharing) FactKind() string { return "sharing" }

func (s Sharing) fold(c *Case, e Event) { c.imageFor(e.Container).Sharing = &s }
