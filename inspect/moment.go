package inspect

import "cmp"

// Moment is a point on the timeline.
type Moment struct {
	Time   Time   `json:"time"`
	What   string `json:"what"`
	Source string `json:"source"` // who says so, in words: Rekor log entry 30024022, alert, config of the image
	Trust  string `json:"trust"`  // signed, cluster, registry, alert, claimed, local
}

// How far the time of a Moment can be trusted.
const (
	BySignature = "signed"
	ByCluster   = "cluster"
	ByRegistry  = "registry"
	ByAlert     = "alert"
	ByClaim     = "claimed"
	ByUs        = "local"
)

// FactKind is the fact's JSON name.
func (Moment) FactKind() string { return "moment" }

func (m Moment) fold(c *Case, _ Event) {
	upsert(&c.Timeline, m, func(a, b Moment) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.What, b.What), cmp.Compare(a.Source, b.Source))
	})
}
