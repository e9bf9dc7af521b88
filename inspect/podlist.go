package inspect

// PodsSchema is the name of the pod list's JSON form.
const PodsSchema = "backtrail.dev/pods/v1"

// PodList is what runs, flagged pods first.
type PodList struct {
	Schema    string       `json:"schema"`
	Context   string       `json:"context"`
	Pods      []FlaggedPod `json:"pods"`
	Unmatched []Alert      `json:"unmatched"` // alerts that fit no pod
	Broken    int          `json:"broken"`    // alert lines that could not be read
	Notices   []Notice     `json:"notices"`
}

// FlaggedPod is a pod with the alerts that matched it.
type FlaggedPod struct {
	Pod
	Alerts []Alert `json:"alerts"`
}
