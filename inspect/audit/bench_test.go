package audit_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// packagesOfAnImage are those of a service on a distribution's base: 10,000 such images have 3 million.
const packagesOfAnImage = 300

// fleetSize is the number of images of the benchmark: 200, or what BENCH_IMAGES is set to. make bench-recheck sets the
// size of the budget, 10,000.
func fleetSize(b *testing.B) int {
	b.Helper()
	text := os.Getenv("BENCH_IMAGES")
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	must(b, err)
	return n
}

// storedFleet keeps facts of images on 20 bases, and lists a workload for each.
func storedFleet(b *testing.B, images int) (*audit.Store, audit.Listing) {
	b.Helper()
	store, l := audit.OpenStore(b.TempDir()), audit.Listing{Context: "prod"}
	for n := range images {
		unit := fmt.Sprintf("reg.example/app-%d@sha256:%064x", n, n)
		f := audit.Facts{
			Form: audit.FactsForm, Unit: unit, Depth: audit.Packages, State: audit.Done,
			Collected: inspect.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)),
		}
		f.Image.Location, f.Image.Digest = unit, fmt.Sprintf("sha256:%064x", n)
		for p := range packagesOfAnImage {
			kind, name, version := "deb", fmt.Sprintf("lib%d", p), fmt.Sprint(n%20)
			if p >= packagesOfAnImage*2/3 {
				kind, name, version = "npm", fmt.Sprintf("mod%d", p), fmt.Sprint(n%7)
			}
			f.Image.Packages = append(f.Image.Packages, inspect.Package{
				Type: kind, Name: name, Version: version,
				PURL: "pkg:" + kind + "/" + name + "@" + version,
			})
		}
		must(b, store.Put(f))
		l.Places = append(l.Places, audit.Place{
			Cluster: "prod", Namespace: fmt.Sprintf("team-%d", n%40), Pods: 3,
			Workload: fmt.Sprintf("deployment/app-%d", n), Container: "app", Reference: fmt.Sprintf("reg.example/app-%d:1", n),
			Unit: unit,
		})
	}
	return store, l
}

// BenchmarkRecheck compares stored facts with what is known today: no registry, no layer. The budget is 5 s for 10,000
// images with 3 million packages, 1 s is the aim.
func BenchmarkRecheck(b *testing.B) {
	images := fleetSize(b)
	store, l := storedFleet(b, images)
	data := advisory.NewData(b.TempDir())
	known := &audit.Known{
		Thresholds: threshold.Default(), Advisories: data.Match,
		At: inspect.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)),
	}
	for b.Loop() {
		r := &audit.Runner{Store: store, Known: known, Depth: audit.Packages, Parallel: 4, Recheck: true}
		report, err := r.Run(b.Context(), l)
		must(b, err)
		if report.Books.Done != images {
			b.Fatalf("books %+v", report.Books)
		}
	}
	b.ReportMetric(float64(images*packagesOfAnImage)*float64(b.N)/b.Elapsed().Seconds(), "packages/s")
}
