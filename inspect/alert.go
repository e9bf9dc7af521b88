package inspect

// Alert is something that an IDS said.
type Alert struct {
	ID          string    `json:"id"` // hash of the line as received: the key
	Source      string    `json:"source"`
	Rule        string    `json:"rule"`
	Priority    string    `json:"priority"`
	Time        Time      `json:"time"`
	Imprecise   bool      `json:"imprecise,omitempty"` // a time of day without date or zone
	Output      string    `json:"output"`
	Namespace   string    `json:"namespace"`
	Pod         string    `json:"pod"`
	Container   string    `json:"container"`
	ContainerID string    `json:"containerID"`
	Path        string    `json:"path"` // of the program that the alert names
	Image       string    `json:"image"`
	Match       string    `json:"match"`   // digest, container-id, pod, image, none
	Subject     string    `json:"subject"` // of the image that it was matched to
	Why         string    `json:"why"`     // the match, or why there is none, in words
	File        AlertFile `json:"file"`
	Flags       []string  `json:"flags,omitempty"` // EXE_UPPER_LAYER and the like
	Count       int       `json:"count"`           // how often it was said
	Raw         string    `json:"raw"`             // digest of the line as received, an exhibit
}

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
