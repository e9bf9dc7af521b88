package where

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/journal"
)

// An image is in more than one place, and may be an index of several platforms, one of which is hit.
func TestOneHitAmongPlatformsIsAHit(t *testing.T) {
	j, ctx := fleet(t), t.Context()
	for name, packages := range map[string][]inspect.Package{"6": {{Type: "npm", Name: "left-pad", Version: "1"}}, "7": nil} {
		i := inspect.Image{
			ImageHead: inspect.ImageHead{Digest: digest(name), Index: digest("8"), Created: inspect.At(noon)},
			Packages:  packages,
		}
		if err := j.PutImage(ctx, journal.Packages, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.See(ctx, []journal.Sighting{{
		Cluster: "prod", Namespace: "shop", Workload: "deployment/multi", Container: "app",
		Digest: digest("8"), At: noon,
	}}); err != nil {
		t.Fatal(err)
	}
	data := advisory.NewData(t.TempDir())
	for what, want := range map[string]string{
		"left-pad": "hit:multi unchecked:job unchecked:old, 3 not affected",
		// both platforms were looked into, and neither has it
		"left-pad@2": "unchecked:job unchecked:old, 4 not affected",
		// one of them would have to be looked into deeper
		"/usr/bin/api": "hit:api unchecked:job unchecked:multi unchecked:old, 2 not affected",
	} {
		if r, err := Search(ctx, j, data, Query{What: what}); err != nil || outcomes(r) != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", what, outcomes(r), err, want)
		}
	}
}

// An audit of the same depth examines web again without comparing it with vulnerabilities.
func TestALaterLookWithoutDataIsNotNotAffected(t *testing.T) {
	j, ctx := fleet(t), t.Context()
	again, err := j.Image(ctx, digest("a"), journal.Full)
	if err != nil {
		t.Fatal(err)
	}
	again.Vulns = nil
	f := journal.Facts{
		Image: again, Depth: journal.Full, Collected: inspect.At(noon.AddDate(0, 0, 1)),
		Files: []journal.File{{Path: "/usr/bin/web", SHA256: strings.Repeat("a", 64), Kind: journal.FileExecutable}},
	}
	if err := j.Put(ctx, f); err != nil {
		t.Fatal(err)
	}
	r, err := Search(ctx, j, advisory.NewData(t.TempDir()), Query{What: "CVE-2021-44228"})
	if want := "hit:web unchecked:db unchecked:job unchecked:old, 1 not affected"; err != nil || outcomes(r) != want {
		t.Errorf("got %s, %v, want %s", outcomes(r), err, want)
	}
}

func TestMatchesOfOneImageAreBounded(t *testing.T) {
	for n, want := range map[int]int{maxPerImage - 1: maxPerImage - 1, maxPerImage: maxPerImage, maxPerImage + 1: maxPerImage} {
		s := &search{hits: map[int64][]journal.Hit{}}
		for at := range n {
			h := journal.Hit{Image: 1, What: "x", Path: fmt.Sprintf("/%03d", at), Layer: at % 3}
			s.hits[1] = append(s.hits[1], h, h)
		}
		got := s.hitsOf(journal.Run{}, []*journal.StoredImage{{ID: 1}})
		if len(got) != want || !slices.IsSortedFunc(got, func(a, b journal.Hit) int { return a.Layer - b.Layer }) {
			t.Errorf("%d hits, each twice: %d, want %d", n, len(got), want)
		}
	}
}

func TestTheTimeOfABuild(t *testing.T) {
	for text, want := range map[string]bool{"1970-01-01": false, "1980-01-01": false, "2013-02-28": false, "2013-03-01": true, "2026-03-01": true} {
		w, err := advisory.ParseWindow(text + "," + text)
		if err != nil {
			t.Fatal(err)
		}
		s := &search{windows: []*advisory.Window{w}}
		i := &journal.StoredImage{Created: w.From}
		if got := s.built(i); (got != "") != want {
			t.Errorf("%s: %q", text, got)
		}
		layers := []inspect.Layer{{Number: 0, Created: w.From}, {Number: 3, Created: w.From}}
		if got := s.built(&journal.StoredImage{Layers: layers}); want != strings.HasPrefix(got, "layer 3 ") {
			t.Errorf("%s: %q; the youngest layer is the one that tells", text, got)
		}
	}
}

func TestCSVIsInTheOrderOfTheOutcomesAndInert(t *testing.T) {
	r := someResult()
	r.Window = []Match{{Workload: "@SUM(1)", What: "image built"}}
	r.NotChecked = append(r.NotChecked, Skipped{Namespace: "+1", Reason: "-2+3"})
	first := ""
	for range 10 {
		var b strings.Builder
		if err := Print(&b, r, "csv", "x"); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = b.String()
		}
		if b.String() != first {
			t.Fatal("the same result is other bytes")
		}
	}
	rows, err := csv.NewReader(strings.NewReader(first)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, row := range rows[1:] {
		order = append(order, row[0])
		for n, cell := range row {
			if cell != "" && strings.ContainsRune("=+@", rune(cell[0])) || strings.HasPrefix(cell, "-") && n != layerColumn {
				t.Errorf("%s: %q is computed", rows[0][n], cell)
			}
		}
	}
	if want := []string{"hit", "hit", "built-in-window", "not-checked", "not-checked"}; !slices.Equal(order, want) {
		t.Errorf("order %v", order)
	}
}

// Which workloads run a library: one hit, one that has to be looked into, and the rest that is certain to have none.
func ExampleSearch() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	j, err := journal.Open(ctx, journal.Path(dir))
	if err != nil {
		panic(err)
	}
	defer j.Close()
	for name, packages := range map[string][]inspect.Package{"web": {{Type: "npm", Name: "left-pad", Version: "1.0"}}, "api": nil} {
		i := inspect.Image{ImageHead: inspect.ImageHead{Digest: digest(name[:1])}, Packages: packages}
		if err := j.PutImage(ctx, journal.Packages, i); err != nil {
			panic(err)
		}
	}
	for _, name := range []string{"web", "api", "old"} {
		s := journal.Sighting{Namespace: "shop", Workload: "deployment/" + name, Container: "app", Digest: digest(name[:1]), At: noon}
		if err := j.See(ctx, []journal.Sighting{s}); err != nil {
			panic(err)
		}
	}
	r, err := Search(ctx, j, advisory.NewData(dir), Query{What: "left-pad"})
	if err != nil {
		panic(err)
	}
	fmt.Println("runs it:", r.Matches[0].Workload, r.Matches[0].What)
	fmt.Println("not checked:", r.NotChecked[0].Workload, "-", r.NotChecked[0].Reason)
	fmt.Println("not affected:", r.NotAffected)
	// Output:
	// runs it: deployment/web left-pad 1.0
	// not checked: deployment/old - nothing is stored of this image
	// not affected: 1
}
