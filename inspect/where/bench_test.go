package where

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/journal"
)

// Size of the fleet of the benchmark: 300 packages for each image are those of a service on a distribution's base.
const (
	benchImages   = 1000
	benchBases    = 20
	basePackages  = 220
	ownPackages   = 80
	baseFiles     = 900
	ownFiles      = 100
	benchReplicas = 2 // workloads that run an image
)

// benchFleet is a journal of 1,000 images on 20 bases with 300,000 packages and a million files.
func benchFleet(b *testing.B) *journal.Journal {
	b.Helper()
	ctx := context.Background()
	j, err := journal.Open(ctx, journal.Path(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = j.Close() })
	at := inspect.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	sum := func(kind, of, n int) string { return fmt.Sprintf("%08x%028x%028x", kind, of, n) }
	for n := range benchImages {
		i := inspect.Image{ImageHead: inspect.ImageHead{Digest: "sha256:" + sum(0, n, 0), Created: at}}
		base := n % benchBases
		var files []journal.File
		for p := range basePackages {
			i.Packages = append(i.Packages, inspect.Package{
				Type: "deb", Name: fmt.Sprintf("lib%d", p), Version: fmt.Sprint(base),
				PURL: fmt.Sprintf("pkg:deb/debian/lib%d@%d?arch=amd64", p, base), Locations: []string{"/var/lib/dpkg/status"},
			})
		}
		for p := range ownPackages {
			i.Packages = append(i.Packages, inspect.Package{
				Type: "npm", Name: fmt.Sprintf("mod%d", p), Version: fmt.Sprint(n % 7), Layer: 3,
				PURL: fmt.Sprintf("pkg:npm/mod%d@%d", p, n%7), Locations: []string{fmt.Sprintf("/app/%d/node_modules/mod%d/package.json", n, p)},
			})
		}
		for f := range baseFiles {
			files = append(files, journal.File{Path: fmt.Sprintf("/usr/bin/b%d", f), SHA256: sum(1, base, f), Kind: journal.FileExecutable})
		}
		for f := range ownFiles {
			files = append(files, journal.File{Path: fmt.Sprintf("/app/bin/a%d", f), Layer: 3, SHA256: sum(2, n, f), Kind: journal.FileExecutable})
		}
		for l := range 8 {
			i.Layers = append(i.Layers, inspect.Layer{Number: l, Position: l, Created: at, CreatedBy: "RUN something", Digest: "sha256:" + sum(3, n, l)})
		}
		if err := j.Put(ctx, journal.Facts{Image: i, Depth: journal.Full, Files: files, Collected: at}); err != nil {
			b.Fatal(err)
		}
		var seen []journal.Sighting
		for r := range benchReplicas {
			seen = append(seen, journal.Sighting{
				Cluster: "prod", Namespace: fmt.Sprint("ns", n%30), Workload: fmt.Sprintf("deployment/w%d-%d", n, r),
				Container: "app", Reference: fmt.Sprintf("registry.example/w%d:1", n), Digest: i.Digest, At: at.Time,
			})
		}
		if err := j.See(ctx, seen); err != nil {
			b.Fatal(err)
		}
	}
	return j
}

// BenchmarkWhere is to stay under 300 ms for each of these over 1,000 images.
func BenchmarkWhere(b *testing.B) {
	j, data := benchFleet(b), advisory.NewData(b.TempDir())
	head := "id: bench\ntitle: a test\nseverity: high\npublished: 2026-01-02\nsources: [https://example.com]\n"
	pack, err := advisory.ReadPack([]byte(head + "packages: [{purl: pkg:npm/mod7, versions: ['3']}]\nstrings: [curl evil]\npaths: [bin/a7]\n"))
	if err != nil {
		b.Fatal(err)
	}
	window, err := advisory.ParseWindow("2026-02-01,2026-03-02")
	if err != nil {
		b.Fatal(err)
	}
	for _, q := range []struct {
		name string
		Query
	}{
		{"rare package", Query{What: "mod7@3"}},
		{"package of every image", Query{What: "lib7"}},
		{"path", Query{What: "/usr/bin/b7"}},
		{"content", Query{What: "sha256:" + fmt.Sprintf("%08x%028x%028x", 1, 3, 7)}},
		{"none", Query{What: "no-such-package"}},
		{"window", Query{Window: window}},
		{"incident", Query{Pack: pack}},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Search(b.Context(), j, data, q.Query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
