package owner

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/layer"
)

func TestRPMInItsThreeForms(t *testing.T) {
	members, headers := fedora(t)
	for name, db := range map[string]member{
		"sqlite":                 file("var/lib/rpm/rpmdb.sqlite", sqliteOf(t, headers...)),
		"sqlite in the sysimage": file("usr/lib/sysimage/rpm/rpmdb.sqlite", sqliteOf(t, headers...)),
		"ndb":                    file("usr/lib/sysimage/rpm/Packages.db", ndbOf(headers...)),
		"bdb":                    file("var/lib/rpm/Packages", bdbOf(binary.LittleEndian, headers...)),
		"bdb of another machine": file("var/lib/rpm/Packages", bdbOf(binary.BigEndian, headers...)),
	} {
		t.Run(name, func(t *testing.T) {
			tree, o := ownOf(t, append(slices.Clone(members), db)...)
			var got []string
			for n := range tree.All() {
				c, ok := o.Claims[n.Path]
				if !ok || !layer.IsRegular(n) {
					continue
				}
				word := "intact"
				switch {
				case o.Altered(n.Path):
					word = "altered"
				case c.Sum == "":
					word = "no digest"
				}
				got = append(got, fmt.Sprintf("%s=%s %s", n.Path, c.Package, word))
			}
			want := []string{
				"/etc/bashrc=bash altered",
				"/usr/bin/bash=bash intact",
				"/usr/bin/ls=coreutils intact",
				"/usr/bin/old=old intact",
				"/var/log/lastlog=bash no digest",
			}
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if o.Level != Known || o.Detail != "" {
				t.Errorf("ownership %s: %s", o.Level, o.Detail)
			}
			if len(o.Missing) != 301 {
				t.Errorf("%d files are missing", len(o.Missing))
			}
		})
	}
}

// A Database that refers to what it does not hold would end or stop the library that reads it.
func TestBrokenRPMDatabases(t *testing.T) {
	_, headers := fedora(t)
	patch := func(db string, at int, with ...byte) string { return db[:at] + string(with) + db[at+len(with):] }
	ndb, bdb := ndbOf(headers...), bdbOf(binary.LittleEndian, headers...)
	for name, db := range map[string]member{
		"empty":               file("var/lib/rpm/Packages", "x"),
		"no form":             file("var/lib/rpm/Packages", strings.Repeat("x", 600)),
		"broken sqlite":       file("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\x00"+strings.Repeat("x", 600)),
		"slot that is none":   file("var/lib/rpm/Packages.db", patch(ndb, 32, 'X')),
		"slot to nowhere":     file("var/lib/rpm/Packages.db", patch(ndb, 40, 0xff, 0xff, 0xff)),
		"package too large":   file("var/lib/rpm/Packages.db", patch(ndb, 4096+12, 0xff, 0xff, 0xff, 0xff)),
		"page too many":       file("var/lib/rpm/Packages", patch(bdb, 32, 0xff)),
		"overflow in circle":  file("var/lib/rpm/Packages", patch(bdb, 2*4096+16, 2, 0, 0, 0)),
		"overflow to no such": file("var/lib/rpm/Packages", patch(bdb, 2*4096+25, bdbSorted)),
		"items past the page": file("var/lib/rpm/Packages", patch(bdb, 4096+20, 0xfe, 0xff)),
		"item past the page":  file("var/lib/rpm/Packages", patch(bdb, 4096+bdbHeader+2, 0xff, 0x0f, 0, 0)),
		"broken header":       file("var/lib/rpm/rpmdb.sqlite", sqliteOf(t, []byte("no header at all"))),
	} {
		t.Run(name, func(t *testing.T) {
			_, o := ownOf(t, db, exe("usr/bin/x", program("x")))
			if name == "item past the page" {
				return // it points to no package, which is nothing to stumble over
			}
			if o.Level != Unknown || o.Detail == "" {
				t.Errorf("ownership %s: %s", o.Level, o.Detail)
			}
		})
	}
}

// FuzzRPM changes the header of a package within a sound Database.
func FuzzRPM(f *testing.F) {
	_, headers := fedora(f)
	for _, h := range headers[1:] {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, header []byte) {
		packages, err := parseRPM(held{bytes.NewReader([]byte(ndbOf(header)))})
		if err != nil {
			return
		}
		for _, p := range packages {
			for _, c := range rpmClaims(p) {
				if !strings.HasPrefix(c.Path, "/") {
					t.Errorf("claim %+v", c)
				}
			}
		}
	})
}

// FuzzSoundRPM changes the databases around the headers: what our guard lets pass must not break the library that trusts it.
// The seeds are small, since Go's fuzzing takes long to make large inputs smaller.
func FuzzSoundRPM(f *testing.F) {
	_, headers := fedora(f)
	f.Add([]byte(ndbOf(headers[2])))
	f.Add([]byte(bdbOfPages(512, binary.LittleEndian, headers[1:]...)))
	f.Add([]byte(bdbOfPages(512, binary.BigEndian, headers[2:]...)))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		if soundRPM(held{bytes.NewReader(data)}) == nil {
			_, _ = parseRPM(held{bytes.NewReader(data)})
		}
	})
}

// Bytes of sound databases are changed at random, the same ones each time: whatever comes of it ends in words.
func TestDamagedRPMDatabases(t *testing.T) {
	_, headers := fedora(t)
	seeds := []string{
		ndbOf(headers[2:]...),
		bdbOf(binary.LittleEndian, headers...),
		bdbOf(binary.BigEndian, headers[2:]...),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 800 {
		data := []byte(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(4) {
			page := random.IntN(len(data) / 4096) // most that matters stands where a page begins
			data[4096*page+random.IntN(64)] = byte([]int{0, 1, 2, 3, 7, 13, 255, random.IntN(256)}[random.IntN(8)])
		}
		packages, err := parseRPM(held{bytes.NewReader(data)})
		for _, p := range packages {
			rpmClaims(p)
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	}
}
