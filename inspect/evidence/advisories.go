package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// advisoryFile holds the records that matched, each as it stands in its data.
const advisoryFile = "data/advisories/matched.json"

// matchedRecord is an item of advisoryFile.
// Whoever makes a bag can write any record here; what it rests on is the digest of the data, which a reader compares
// with the published data of the same source and date.
type matchedRecord struct {
	Subject string               `json:"subject"` // the container
	ID      string               `json:"id"`
	Source  string               `json:"source"`
	Kind    inspect.AdvisoryKind `json:"kind"`
	Matched string               `json:"matched"`
	Data    inspect.AdvisoryData `json:"data"`
	// The record as its source published it: YAML of an incident pack, or one JSON object of OSV
	// (https://ossf.github.io/osv-schema/).
	Record string `json:"record"`
}

// matchedRecords are the records that a case matched, in the order of its rows: container by container.
func matchedRecords(c inspect.Case) []matchedRecord {
	var list []matchedRecord
	for _, i := range c.Images {
		for _, a := range i.Advisories {
			list = append(list, matchedRecord{i.Container, a.ID, a.Source, a.Kind, a.Subject, a.Data, a.Record})
		}
	}
	return list
}

// writeAdvisories writes the records that matched, where there are any.
func (x *export) writeAdvisories() error {
	list := matchedRecords(x.c)
	if len(list) == 0 {
		return nil
	}
	return x.bag.AddJSON(advisoryFile, list)
}

// advisoriesFit compares the records with the case, and those that are whole files of their own with the digest of
// their data.
func (v *verifier) advisoriesFit() {
	want := matchedRecords(v.c)
	have, err := v.bag.files.Read(advisoryFile, MaxCase)
	// No file where nothing matched; one that is there all the same has to be empty of records.
	if len(want) == 0 && errors.Is(err, inspect.ErrNotKept) {
		return
	}
	var list []matchedRecord
	if err == nil {
		err = json.Unmarshal(have, &list)
	}
	if err != nil {
		v.fail("advisories", advisoryFile, "it cannot be read: %v", err)
		return
	}
	a, errA := inspect.EncodeJSON(list)
	b, errB := inspect.EncodeJSON(want)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		v.fail("advisories", advisoryFile, "it does not have the case's records")
		return
	}
	for _, r := range list {
		// An incident pack is a file of its own, so the record is all of its data. A record of OSV is one of many in
		// an archive, whose digest cannot be computed from it.
		if strings.HasPrefix(r.Record, "id: ") && bagit.Digest([]byte(r.Record)) != r.Data.Digest {
			v.fail("advisories", advisoryFile, "the record %s does not have the digest of its data", r.ID)
			return
		}
	}
	v.record("advisories", advisoryFile, inspect.Verified, BasisBytes, "%d records are those of the case", len(list))
}
