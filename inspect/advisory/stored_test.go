package advisory

import (
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Rows come out again of the records that they carry, and of nothing else: what is no record gives none.
func TestDataOfTheRowsThatMatched(t *testing.T) {
	pack, err := ReadPack([]byte(goodPack))
	if err != nil {
		t.Fatal(err)
	}
	line := "npm/evil\tMAL-2026-1\t2026-01-03\t-\t*"
	if _, is := parseRecord(line); !is {
		t.Fatal("the test's line is no record")
	}
	image := inspect.Image{Packages: []inspect.Package{
		{Type: "npm", Name: "example", Version: "1.2.3", PURL: "pkg:npm/example@1.2.3"},
		{Type: "npm", Name: "evil", Version: "1.0.0", PURL: "pkg:npm/evil@1.0.0"},
	}}
	osv := inspect.Advisory{
		Source: SourceOSV, Record: line, Data: inspect.AdvisoryData{
			Digest: "sha256:11", Date: inspect.At(time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)),
		},
	}
	rows, _, err := DataOf([]inspect.Advisory{pack.row(inspect.AdvisoryPackage, "x"), osv, osv}).Match(image)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, r.ID+" "+r.Subject)
		if r.Source == SourceOSV && r.Data != osv.Data {
			t.Errorf("of other data: %+v", r.Data)
		}
	}
	if all := strings.Join(got, ", "); len(rows) != 2 || !strings.Contains(all, "example-2026-01") || !strings.Contains(all, "MAL-2026-1") {
		t.Errorf("%s", all)
	}
	// A second run over the rows gives the same rows, byte by byte of their records.
	again, _, err := DataOf(rows).Match(image)
	if err != nil || len(again) != len(rows) {
		t.Errorf("%d rows, then %d: %v", len(rows), len(again), err)
	}
	for name, bad := range map[string]inspect.Advisory{
		"no record": {Source: SourceOSV}, "two lines": {Source: SourceOSV, Record: line + "\nnpm/example\tMAL-2\t-\t-\t*"},
		"no pack": {Source: SourcePack, Record: "id: x"}, "of a flag": {Source: SourceFlag, Record: goodPack},
	} {
		if rows, _, err := DataOf([]inspect.Advisory{bad}).Match(image); err != nil || len(rows) != 0 {
			t.Errorf("%s: %+v, %v", name, rows, err)
		}
	}
}
