package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// packaged are facts of an image with packages of every kind.
func packaged(count int) Facts {
	f := Facts{Form: FactsForm, Unit: "reg.example/app@sha256:1 linux/amd64", Depth: Packages, State: Done}
	f.Image.Digest = "sha256:1"
	for n := range count {
		p := inspect.Package{
			Type: "deb", Name: fmt.Sprintf("lib%d", n), Version: strings.Repeat("1.", n%3) + "é",
			PURL: "pkg:deb/debian/lib", Layer: n%5 - 1,
		}
		for l := range n % 3 {
			p.Locations = append(p.Locations, fmt.Sprintf("/var/lib/%d", l))
		}
		if n%4 == 0 {
			p.CPEs = []string{"cpe:2.3:a:x:lib:1:*:*:*:*:*:*:*"}
		}
		f.Image.Packages = append(f.Image.Packages, p)
	}
	return f
}

func TestPackedFactsComeBackAsTheyWere(t *testing.T) {
	for _, count := range []int{0, 1, 7, 1000} {
		f := packaged(count)
		raw, err := packFacts(f)
		if err != nil {
			t.Fatal(err)
		}
		back, err := unpackFacts(raw)
		if err != nil || !reflect.DeepEqual(back.Image.Packages, f.Image.Packages) || back.Unit != f.Unit {
			t.Errorf("%d packages come back as %d, %v", count, len(back.Image.Packages), err)
		}
		if f.Image.Packages == nil && count > 0 {
			t.Error("packing took the packages away")
		}
	}
}

func TestFactsOfAnEarlierVersionAreRead(t *testing.T) {
	f := packaged(3)
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	back, err := unpackFacts(raw)
	if err != nil || !reflect.DeepEqual(back.Image.Packages, f.Image.Packages) {
		t.Errorf("they come back as %+v, %v", back.Image.Packages, err)
	}
}

func TestDamagedPackagesAreAnError(t *testing.T) {
	raw, err := packFacts(packaged(20))
	if err != nil {
		t.Fatal(err)
	}
	for end := range raw {
		if _, err := unpackFacts(raw[:end]); err == nil {
			t.Fatalf("of %d bytes the first %d are taken for facts", len(raw), end)
		}
	}
	if _, err := unpackFacts(append(slices.Clone(raw), 0)); err == nil {
		t.Error("a byte too many is passed over")
	}
	huge := append([]byte(packedMark), 2, '{', '}', 0xff, 0xff, 0xff, 0xff, 0x7f, 0)
	if n := testing.AllocsPerRun(1, func() { _, err = unpackFacts(huge) }); err == nil || n > 50 {
		t.Errorf("34 billion packages in %d bytes: %v, %v allocations", len(huge), err, n)
	}
}

// FuzzFacts reads foreign facts: whatever the bytes are, memory stays within their size, and what is read is written as
// the same.
func FuzzFacts(f *testing.F) {
	raw, err := packFacts(packaged(5))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"unit":"x"}`))
	f.Add([]byte(packedMark + "\x02{}\x01\x01"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		one, err := unpackFacts(raw)
		if err != nil {
			return
		}
		again, err := packFacts(one)
		if err != nil {
			t.Fatal(err)
		}
		two, err := unpackFacts(again)
		if err != nil || len(two.Image.Packages) != len(one.Image.Packages) {
			t.Fatalf("%d packages come back as %d: %v", len(one.Image.Packages), len(two.Image.Packages), err)
		}
	})
}

// A recheck has the rows of a full run over the same facts: of random fleets, with compromises and vulnerabilities that
// came after the images were examined.
func TestARecheckHasTheAnswerOfAFullRun(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 20 {
		var l Listing
		examined := map[string]Facts{}
		for n := range 1 + random.IntN(12) {
			f := packaged(random.IntN(30))
			f.Unit = fmt.Sprintf("reg.example/app-%d@sha256:%d", n, n)
			examined[f.Unit] = f
			for place := range 1 + random.IntN(3) {
				l.Places = append(l.Places, Place{
					Namespace: "shop", Workload: fmt.Sprintf("deployment/%d-%d", n, place), Container: "app",
					Unit: f.Unit, Reference: "reg.example/app:1",
				})
			}
		}
		bad := fmt.Sprintf("lib%d", random.IntN(30))
		known := &Known{
			Advisories: func(i inspect.Image) (rows []inspect.Advisory, _ []inspect.Finding, _ error) {
				for _, p := range i.Packages {
					if p.Name == bad {
						subject := p.Name + p.Version + fmt.Sprint(p.Layer)
						rows = append(rows, inspect.Advisory{ID: "MAL-1", Subject: subject})
					}
				}
				return rows, nil, nil
			},
			Vulnerable: func(i inspect.Image) (rows []inspect.Vuln, ok bool, _ error) {
				for _, p := range i.Packages {
					for range p.Locations {
						rows = append(rows, inspect.Vuln{ID: "CVE-1", Package: p.Name, Severity: inspect.Critical})
					}
				}
				return rows, true, nil
			},
		}
		store := OpenStore(t.TempDir())
		first := Runner{Store: store, Known: known, Depth: Packages, Parallel: 2, Examine: examiner(examined)}
		want, err := first.Run(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		second := Runner{Store: store, Known: known, Depth: Packages, Parallel: 3, Recheck: true}
		have, err := second.Run(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(have, want) {
			t.Fatalf("round %d: a recheck has\n%+v\nand the full run\n%+v", round, have, want)
		}
	}
}

// examiner examines images by facts that are at hand.
func examiner(by map[string]Facts) func(context.Context, Unit, Depth) (Facts, error) {
	return func(_ context.Context, u Unit, _ Depth) (Facts, error) { return by[u.Key], nil }
}
