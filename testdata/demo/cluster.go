package shop

import (
	_ "embed"
	"strings"
)

// The cluster when the responder looks: in place of the images' digests stand names in braces.
//
//go:embed cluster.json
var clusterTemplate string

// snapshot is the cluster with the digests of the shop's images.
func (s *shop) snapshot() []byte {
	return []byte(strings.NewReplacer(
		"{{good}}", s.good.digest(), "{{bad}}", s.bad.digest(), "{{migrate}}", s.migrate.digest(),
		"{{proxy}}", s.proxy.digest(), "{{cart}}", s.cart.digest(), "{{report}}", s.report.digest(),
	).Replace(clusterTemplate))
}
