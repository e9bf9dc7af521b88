package lock

import (
	"encoding/json"
	"fmt"
	"strings"
)

// composerLock is a composer.lock, or the installed.json that composer leaves in vendor.
type composerLock struct {
	Packages []composerPackage `json:"packages"`
	Dev      []composerPackage `json:"packages-dev"`
}

// composerPackage is what of a package is compared (https://getcomposer.org/doc/01-basic-usage.md). The source and the
// dist are both kept: an attacker who changes one of them to an archive of his own leaves the other as it was.
type composerPackage struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Type    string `json:"type"`
	Source  struct {
		URL       string `json:"url"`
		Reference string `json:"reference"`
	} `json:"source"`
	Dist struct {
		Type      string `json:"type"` // zip, path
		URL       string `json:"url"`
		Reference string `json:"reference"`
	} `json:"dist"`
}

// readComposer reads composer.lock and the installed.json of composer 2, which have the same form. Names are compared
// in lower case, as Packagist does it. The commit stands in for an integrity: archives of a repository have none. An
// error is JSON that is none; an entry without a name is passed over.
func readComposer(data []byte) ([]entry, error) {
	var l composerLock
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("reading a lock of composer: %w", err)
	}
	if l.Packages == nil {
		return nil, fmt.Errorf("reading a lock of composer: it has no packages")
	}
	var all []entry
	for n, p := range append(append([]composerPackage{}, l.Packages...), l.Dev...) {
		all = append(all, entry{
			name: strings.ToLower(p.Name), version: p.Version, resolved: first(p.Dist.URL, p.Source.URL),
			integrity: first(p.Dist.Reference, p.Source.Reference),
			link:      p.Dist.Type == "path", spare: n >= len(l.Packages) || p.Type == "metapackage",
		})
	}
	return clip(all), nil
}
