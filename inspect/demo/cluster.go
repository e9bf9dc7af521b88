package demo

import (
	_ "embed"
	"strings"
)

// The cluster when the responder looks: in place of the images' digests stand names in braces.
//
//go:embed cluster.json
var clusterTemplate string

// alerts are what Falco wrote: the start of the dropped program in both pods, its connection to a pool, one line that
// was written twice, one of a pod that is gone, and one that was cut off.
//
//go:embed alerts.jsonl
var alerts string

// The pod that the alerts flag first.
const (
	flaggedNamespace = "shop"
	flaggedPod       = "web-7d9c5b6f48-x2kqp"
)

// snapshot is the cluster with the digests of the shop's images.
func (s *shop) snapshot() []byte {
	return []byte(strings.NewReplacer(
		"{{good}}", s.good.digest(), "{{bad}}", s.bad.digest(), "{{migrate}}", s.migrate.digest(),
		"{{proxy}}", s.proxy.digest(), "{{cart}}", s.cart.digest(), "{{report}}", s.report.digest(),
	).Replace(clusterTemplate))
}
