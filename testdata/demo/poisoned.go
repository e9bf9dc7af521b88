package shop

import (
	_ "embed"
	"fmt"
	"strings"
)

// The cluster of the second incident and its alerts, with names in braces in place of digests.
var (
	//go:embed poisoned.json
	poisonedCluster string

	//go:embed poisoned.jsonl
	poisonedAlerts []byte
)

// poisonedFile is the second incident: what it has besides the first, as an OCI layout with two files more.
const poisonedFile = "poisoned.tar.zst"

// poisoned is the second incident, six days later in the same shop: released by its own workflow, signed, attested, and
// its package as its package manager installed it.
type poisoned struct {
	releases   [2]image // shop/forecast 2.3.0 and 2.3.1
	signatures []image
}

// poisoned adds the second incident to what the shop's registry holds; its entries in the log follow those of the first.
func (s *shop) poisoned() (poisoned, error) {
	var p poisoned
	for n, r := range forecastReleases() {
		built, err := r.build(s.base)
		if err != nil {
			return p, fmt.Errorf("building shop/forecast %s: %w", r.version(), err)
		}
		p.releases[n] = built
		vouched, err := r.vouch(s.notary, built, s.base)
		if err != nil {
			return p, fmt.Errorf("signing shop/forecast %s: %w", r.version(), err)
		}
		p.signatures = append(p.signatures, vouched...)
	}
	return p, nil
}

// pack writes the second incident without the blobs that the first has.
func (s *shop) pack(p poisoned) (File, error) {
	digests := strings.NewReplacer("{{before}}", p.releases[0].digest(), "{{now}}", p.releases[1].digest(), "{{cart}}", s.cart.digest())
	has := map[string]bool{}
	for _, i := range s.images() {
		for _, b := range append(i.blobs, i.manifests...) {
			has[blobPath(b)] = true
		}
	}
	layout, err := archive(append(p.releases[:], p.signatures...), has,
		File{clusterFile, []byte(digests.Replace(poisonedCluster))}, File{alertsFile, poisonedAlerts})
	if err != nil {
		return File{}, fmt.Errorf("writing the second incident: %w", err)
	}
	packed, err := compress(layout)
	if err != nil {
		return File{}, fmt.Errorf("compressing the second incident: %w", err)
	}
	return File{poisonedFile, packed}, nil
}
