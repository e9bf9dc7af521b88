package evidence

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// vulnerabilityFile holds the rows of the vulnerability database that matched.
const vulnerabilityFile = "data/advisories/vulnerabilities.json"

// matchedVuln is an item of vulnerabilityFile.
type matchedVuln struct {
	Subject string               `json:"subject"` // the container
	ID      string               `json:"id"`
	Package string               `json:"package"`
	Version string               `json:"version"`
	Data    inspect.AdvisoryData `json:"data"`
	Record  string               `json:"record"` // as JSON; empty where it was too long
}

// matchedVulns are the rows of a case, container by container, in the order in which the case has them.
func matchedVulns(c inspect.Case) []matchedVuln {
	var list []matchedVuln
	for _, i := range c.Images {
		for _, v := range i.Vulns {
			list = append(list, matchedVuln{i.Container, v.ID, v.Package, v.Version, v.Data, v.Record})
		}
	}
	return list
}

// writeVulnerabilities writes the rows that matched, where there are any.
func (x *export) writeVulnerabilities() error {
	list := matchedVulns(x.c)
	if len(list) == 0 {
		return nil
	}
	return x.bag.AddJSON(vulnerabilityFile, list)
}

// vulnerabilitiesFit compares the rows in the bag with the case, and derives the levels again where the thresholds are
// in the case. Those of the default depend on the version of the program, and the matches on a database that is not in
// the bag: both are claimed.
func (v *reproduction) vulnerabilitiesFit() {
	want := matchedVulns(v.c)
	have, err := v.bag.files.Read(vulnerabilityFile, MaxCase)
	if len(want) == 0 && errors.Is(err, inspect.ErrNotKept) {
		return
	}
	var list []matchedVuln
	if err == nil {
		err = json.Unmarshal(have, &list)
	}
	if err != nil {
		v.fail("vulnerabilities", vulnerabilityFile, "it cannot be read: %v", err)
		return
	}
	a, errA := inspect.EncodeJSON(list)
	b, errB := inspect.EncodeJSON(want)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		v.fail("vulnerabilities", vulnerabilityFile, "it does not have the case's rows")
		return
	}
	v.record("vulnerabilities", vulnerabilityFile, inspect.Verified, BasisBytes, "%d rows are those of the case",
		len(list))
	v.levelsFollow()
}

// levelsFollow derives the level of each vulnerability again from the thresholds that the case names.
// The first difference is reported, and ends it: the others would be of the same cause.
func (v *reproduction) levelsFollow() {
	if v.c.Thresholds == nil {
		return
	}
	derived := 0
	for _, i := range v.c.Images {
		for _, row := range i.Vulns {
			d := threshold.OfVulnerability(*v.c.Thresholds, row, threshold.On{Image: i.Reference, At: v.c.Started})
			if d.Level != row.Threshold || d.Rule != row.Rule || !d.Due.Equal(row.Due.Time) {
				v.fail("thresholds", i.Container, "%s of %s has the level %s, and the thresholds give %s",
					row.ID, row.Package, row.Threshold, d.Level)
				return
			}
			derived++
		}
	}
	v.out.Claims.Recomputed += derived
	v.record("thresholds", v.c.Thresholds.Source, inspect.Verified, BasisBytes,
		"the levels of %d vulnerabilities follow from them", derived)
}
