package vuln

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Rows of one vulnerability from several namespaces become one with the worst of each, in whatever order grype gave them;
// doing it twice changes nothing.
func TestRowsAreMergedInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	at := inspect.At(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	rows := []inspect.Vuln{
		{ID: "CVE-1", Package: "xz", Version: "5", Severity: inspect.Low, EPSS: 0.1},
		{ID: "CVE-1", Package: "xz", Version: "5", Severity: inspect.Critical, KEV: true, Published: at},
		{ID: "CVE-1", Package: "xz", Version: "5", Severity: inspect.Unrated, EPSS: 0.7, Fixed: "6", FixState: "fixed"},
		{ID: "CVE-1", Package: "xz", Version: "6", Severity: inspect.High},
		{ID: "CVE-2", Package: "xz", Version: "5", Severity: inspect.Medium},
	}
	want := merged(slices.Clone(rows))
	if len(want) != 3 {
		t.Fatalf("%d rows are left: %+v", len(want), want)
	}
	for range 50 {
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		if got := merged(slices.Clone(rows)); !reflect.DeepEqual(got, want) {
			t.Fatalf("in another order they are %+v, want %+v", got, want)
		}
	}
	at1 := slices.IndexFunc(want, func(v inspect.Vuln) bool { return v.ID == "CVE-1" && v.Version == "5" })
	if v := want[at1]; v.Severity != inspect.Critical || !v.KEV || v.EPSS != 0.7 || v.Fixed != "6" ||
		v.Published != at {
		t.Errorf("the merged row is %+v", v)
	}
	if again := merged(slices.Clone(want)); !reflect.DeepEqual(again, want) {
		t.Errorf("merged again they are %+v", again)
	}
}

// Packages that could not be compared are counted, and the first of them are named.
func TestFailuresAreCountedAndBounded(t *testing.T) {
	var none failures
	if none.err() != nil {
		t.Error("nothing failed, and there is an error")
	}
	for n, want := range map[int]string{
		1:             "1 package could not be compared: xz 5: broken",
		maxErrors:     "3 packages could not",
		maxErrors + 1: "4 packages could not",
	} {
		var f failures
		for range n {
			f.add(inspect.Package{Name: "xz", Version: "5"}, errors.New("broken\nwith a trace of many lines"))
		}
		got := f.err().Error()
		if !strings.HasPrefix(got, want) || strings.Contains(got, "trace") || strings.Count(got, "xz 5") != min(n,
			maxErrors) {
			t.Errorf("of %d: %s", n, got)
		}
	}
}

func TestSeveritiesOfGrype(t *testing.T) {
	for text, want := range map[string]inspect.Severity{
		"Critical": inspect.Critical, "high": inspect.High,
		"MEDIUM": inspect.Medium, "low": inspect.Low, "Negligible": inspect.Info, "unknown": inspect.Unrated,
		"": inspect.Unrated, "info": inspect.Unrated,
	} {
		if got := severityOf(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
