package inspect

import (
	"cmp"
	"slices"
	"strings"
)

// Alert is one event that an IDS reported.
type Alert struct {
	ID          string `json:"id"` // hash of the line as received: the key
	Source      string `json:"source"`
	Rule        string `json:"rule"`
	Priority    string `json:"priority"`
	Time        Time   `json:"time"`
	Imprecise   bool   `json:"imprecise,omitempty"` // a time of day without date or zone
	Output      string `json:"output"`
	Namespace   string `json:"namespace"`
	Pod         string `json:"pod"`
	Container   string `json:"container"`
	ContainerID string `json:"containerID"`
	Path        string `json:"path"` // of the program that the alert names
	// CommandLine is that of the process, its name first, words joined by blanks, without secrets. Whoever started the
	// process chose the words.
	CommandLine string `json:"commandLine,omitempty"`
	Directory   string `json:"directory,omitempty"` // working directory of the process
	Parent      string `json:"parent,omitempty"`    // name or path of the process that started it
	Terminal    bool   `json:"terminal,omitempty"`  // it had one
	// FileDigest is the hash of that file as the sensor computed it, ALGORITHM:HEX; "" if it computed none.
	FileDigest string `json:"fileDigest,omitempty"`
	// Destination is the far end of the connection that the alert is about.
	Destination Destination `json:"destination,omitzero"`
	Image       string      `json:"image"`
	Match       string      `json:"match"`   // digest, container-id, pod, image, none
	Subject     string      `json:"subject"` // of the image that it was matched to
	Why         string      `json:"why"`     // the match, or why there is none, in words
	File        AlertFile   `json:"file"`
	Ran         *Ran        `json:"ran,omitempty"`   // what the program was given to run, where that is its nature
	Flags       []string    `json:"flags,omitempty"` // EXE_UPPER_LAYER and the like
	Count       int         `json:"count"`           // how often it was said
	Raw         string      `json:"raw"`             // digest of the line as received, an exhibit

	// Of what was repeated: Time and Raw are of the first.
	Last     Time     `json:"last,omitzero"`      // when it was said last
	Variants int      `json:"variants,omitempty"` // how many different texts it had, if more than one
	Also     []string `json:"also,omitempty"`     // some of the other texts

	Earlier bool `json:"earlier,omitempty"` // a pod of this name is there, and the alert is of one before it

	Title  string `json:"title,omitempty"`  // the message without its fields, where no rule is named
	Number int    `json:"number,omitempty"` // alert:N
	From   string `json:"from,omitempty"`   // the file or the request that it came by
}

// Destination is the far end of a connection.
type Destination struct {
	Address string `json:"address"`
	Port    int    `json:"port,omitempty"`
	Name    string `json:"name,omitempty"` // of the DNS, in lower case, where the alert has it
}

// Name is what the alert is called: its rule, or its message where that is not known.
func (a *Alert) Name() string {
	if a.Rule != "" {
		return a.Rule
	}
	return a.Title
}

// Newest is when it was last repeated.
func (a *Alert) Newest() Time {
	if a.Last.After(a.Time.Time) {
		return a.Last
	}
	return a.Time
}

// PriorityRank orders Falco's priorities, worst first. What has none, as Tetragon's events, comes before what is only
// for information.
func PriorityRank(p string) int {
	const none = 6
	order := []string{"emergency", "alert", "critical", "error", "warning", "notice", "", "informational", "debug"}
	if at := slices.Index(order, strings.ToLower(p)); at >= 0 {
		return at
	}
	if strings.EqualFold(p, "info") {
		return none + 1
	}
	return none
}

// Flags of an alert that show where the kernel found the program that ran (evt.arg.flags of Falco's execve): in the
// upper, writable layer of the container's overlay, in a lower one, which is the image's, or in memory.
const (
	FlagUpper = "EXE_UPPER_LAYER"
	FlagLower = "EXE_LOWER_LAYER"
	FlagMemfd = "EXE_FROM_MEMFD"
)

// HostID is what Falco calls the container of a process outside of all of them.
const HostID = "host"

// Origins of an alerted file.
const (
	OriginImage   = "image"
	OriginChanged = "changed-at-runtime"
	OriginRuntime = "runtime"
	OriginMemfd   = "memfd"
	OriginVolume  = "volume"
	OriginHost    = "host"
	OriginUnknown = "unknown"
)

// How an alert was matched to a container.
const (
	MatchDigest    = "digest"
	MatchContainer = "container-id"
	MatchPod       = "pod"
	MatchImage     = "image"
	MatchNone      = "none"
)

// AlertFile is where the file that an alert names comes from.
type AlertFile struct {
	Path   string `json:"path"`
	Origin string `json:"origin"` // image, changed-at-runtime, runtime, memfd, volume, host, unknown
	Layer  int    `json:"layer"`  // -1 where it is in none
	SHA256 string `json:"sha256"`
	Detail string `json:"detail"` // one sentence
}

// FactKind is the fact's JSON name.
func (Alert) FactKind() string { return "alert" }

// fold: the key is its time and the hash of its line.
func (a Alert) fold(c *Case, _ Event) {
	upsert(&c.Alerts, a, func(a, b Alert) int { return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.ID, b.ID)) })
}
