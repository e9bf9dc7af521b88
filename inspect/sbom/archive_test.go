package sbom

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// zipMember is a file of an archive.
type zipMember struct {
	name   string
	body   []byte
	packed bool
}

func zipOf(t testing.TB, members ...zipMember) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Store}
		if m.packed {
			h.Method = zip.Deflate
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write(m.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// overlapping makes an archive in an archive, depth times: on each level one stored file, named by many entries.
func overlapping(copies, depth int) []byte {
	le := binary.LittleEndian
	inner := []byte("Manifest-Version: 1.0\n")
	for level := range depth + 1 {
		names := []string{"META-INF/MANIFEST.MF"}
		if level > 0 {
			names = nil
			for i := range copies {
				names = append(names, fmt.Sprintf("lib%d.jar", i))
			}
		}
		common := le.AppendUint32(le.AppendUint32(nil, 0), 0x21<<16) // method, time; flags stand before
		common = common[2:]
		common = le.AppendUint32(common, crc32.ChecksumIEEE(inner))
		common = le.AppendUint32(le.AppendUint32(common, uint32(len(inner))), uint32(len(inner)))
		local := append([]byte("PK\x03\x04\x14\x00\x00\x00"), common...)
		local = le.AppendUint16(le.AppendUint16(local, uint16(len(names[0]))), 0)
		local = append(append(local, names[0]...), inner...)
		var directory []byte
		for _, n := range names {
			directory = append(directory, "PK\x01\x02\x14\x00\x14\x00\x00\x00"...)
			directory = append(directory, common...)
			directory = le.AppendUint16(directory, uint16(len(n)))
			directory = append(append(directory, make([]byte, 16)...), n...)
		}
		end := append([]byte("PK\x05\x06"), 0, 0, 0, 0)
		end = le.AppendUint16(le.AppendUint16(end, uint16(len(names))), uint16(len(names)))
		end = le.AppendUint32(le.AppendUint32(end, uint32(len(directory))), uint32(len(local)))
		inner = slices.Concat(local, directory, end, []byte{0, 0})
	}
	return inner
}

// contentOf is content in memory.
type contentOf struct{ *bytes.Reader }

func (contentOf) Close() error { return nil }

func TestArchivesThatTakeForEverAreRefused(t *testing.T) {
	large := bytes.Repeat([]byte("Name: x\n"), MaxDescription/8+1)
	library := zipOf(t, zipMember{name: "META-INF/MANIFEST.MF", body: []byte("Manifest-Version: 1.0\n")})
	deep := library
	for range MaxArchiveDepth + 2 {
		deep = zipOf(t, zipMember{name: "inner.WAR", body: deep, packed: true})
	}
	for name, tt := range map[string]struct {
		archive []byte
		why     string
	}{
		"one file named many times": {overlapping(10, 7), "archives within archives"},
		"few names, many levels":    {overlapping(2, 40), "deep"},
		"too deep":                  {deep, "deep"},
		"a description too large": {
			zipOf(t, zipMember{"META-INF/MANIFEST.MF", large, true}), "MANIFEST.MF has more than",
		},
		"a description in a nested one": {
			zipOf(t, zipMember{"lib/a.jar", zipOf(t, zipMember{"META-INF/maven/pom.xml", large, true}), true}),
			"pom.xml has more than",
		},
		"an ordinary application": {
			zipOf(t, zipMember{"BOOT-INF/lib/a.jar", library, false}, zipMember{"WEB-INF/lib/b.jar", library, true}),
			"",
		},
		"no archive":                     {[]byte("#!/bin/sh\n"), ""},
		"an archive that ends too early": {library[:len(library)/2], ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := newArchiveBudget().admit(t.Context(), contentOf{bytes.NewReader(tt.archive)})
			switch {
			case tt.why == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.why != "" && (!errors.Is(err, errArchive) || !strings.Contains(err.Error(), tt.why)):
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// The bounds hold for all archives of an image together.
func TestArchivesShareABudget(t *testing.T) {
	b := newArchiveBudget()
	b.archives = 25
	one := contentOf{bytes.NewReader(overlapping(10, 1))}
	for i, want := range []bool{true, true, false} {
		if err := b.admit(t.Context(), one); (err == nil) != want {
			t.Errorf("archive %d: %v", i, err)
		}
	}
}

// An archive that is left out makes the packages unknown with the reason; those of other files stay.
func TestPackagesWithAnArchiveThatTakesForEver(t *testing.T) {
	b, began := newBench(t), time.Now()
	layers, img, _ := b.read(t, "oci:"+save(t, imageOf(t, makeLayer(
		t,
		textFile("etc/os-release", osRelease),
		textFile(
			"var/lib/dpkg/status",
			dpkgStatus("curl", "1"),
		),
		textFile("app/app.jar", string(overlapping(10, 9))),
	))))
	said, ended := events(img, layers, inspect.Verified), error(nil)
	c := walk(t, said, ended, Packages(NewCataloguer(b.cache)))
	state, _ := c.Check(inspect.CheckPackages, c.Images[0].Container)
	if state.Status != inspect.CheckBlocked ||
		!strings.Contains(state.Reason, "/app/app.jar: the archive is past a limit") {
		t.Errorf("the check ended as %+v", state)
	}
	if got := names(c.Images[0].Packages); !slices.Contains(got, "curl 1") {
		t.Errorf("packages are %q", got)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A link chooses the cataloguer as a name does.
func TestALinkedDatabaseIsGuarded(t *testing.T) {
	b := newBench(t)
	r := resolverOf(
		t,
		b,
		[]member{
			symlink("var/lib/rpm/rpmdb.sqlite", "/opt/data"),
			textFile("opt/data", "SQLite format 3\x00"+strings.Repeat("x", 600)),
		},
	)
	found, err := r.FilesByGlob("**/var/lib/rpm/rpmdb.sqlite")
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	if _, err := r.FileContentsByLocation(found[0]); err == nil || r.refused["/opt/data"] == "" {
		t.Errorf("it was opened: %v, %v", err, r.refused)
	}
}

// FuzzArchive changes archives: walking them ends soon.
func FuzzArchive(f *testing.F) {
	f.Add(overlapping(3, 3))
	f.Add(zipOf(f, zipMember{"a.jar", zipOf(f, zipMember{"META-INF/MANIFEST.MF", []byte("x: y\n"), true}), true}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		defer stop()
		_ = newArchiveBudget().admit(ctx, contentOf{bytes.NewReader(data)})
		if ctx.Err() != nil {
			t.Error("it did not end")
		}
	})
}
