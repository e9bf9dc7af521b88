package layer

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	stereoscope "github.com/anchore/stereoscope/pkg/file"

	"github.com/backtrail/backtrail/inspect"
)

func TestScanRecordsWhatTheTarSays(t *testing.T) {
	long := strings.Repeat("long/", 60) + "name"
	members := []member{
		{
			Header:  tar.Header{Name: "./pax\xff", Mode: 0o4755, Uid: 7, Gid: 8, Format: tar.FormatGNU},
			Content: "\x7fELF rest",
		},
		{Header: tar.Header{Name: long, Mode: 0o644, Format: tar.FormatGNU}, Content: "gnu"},
		{Header: tar.Header{Name: "/" + long + "2", Mode: 0o644, Format: tar.FormatPAX}, Content: "pax"},
		{
			Header: tar.Header{
				Name: "cap",
				Mode: 0o755,
				PAXRecords: map[string]string{
					"SCHILY.xattr.security.capability": "\x01\x00",
					"SCHILY.xattr.user.note":           "text",
				},
			},
			Content: "#!/bin/sh\n",
		},
		{Header: tar.Header{Name: "null", Mode: 0o666, Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}, Content: ""},
		{Header: tar.Header{Name: "pipe", Mode: 0o644, Typeflag: tar.TypeFifo}, Content: ""},
		{Header: tar.Header{Name: "empty", Mode: 0o644}, Content: ""},
	}
	data := tarOf(t, members...)
	listed, err := scanTar(t.Context(), bytes.NewReader(data))
	must(t, err)
	entries, notes := listed.entries, listed.notes
	if len(entries) != len(members) || len(notes) != 0 {
		t.Fatalf("%d entries, notes %q", len(entries), notes)
	}
	for i, e := range entries {
		m := members[i]
		if e.Path != cleanPath(m.Name) || e.Mode != uint32(m.Mode) || e.UID != m.Uid || e.GID != m.Gid ||
			e.Size != int64(len(m.Content)) {
			t.Errorf("entry %+v", e)
		}
		if e.Type != inspect.EntryFile {
			continue
		}
		sum := sha256.Sum256([]byte(m.Content))
		if e.SHA256 != hex.EncodeToString(sum[:]) || string(data[e.Offset:e.Offset+e.Size]) != m.Content {
			t.Errorf("content of %+v", e)
		}
	}
	if entries[0].Kind != inspect.KindELF || entries[3].Kind != inspect.KindScript ||
		entries[4].Type != inspect.EntryChar ||
		entries[5].Type != inspect.EntryFIFO {
		t.Error("kinds or types")
	}
	if x := entries[3].Xattrs; x["security.capability"] != "0x0100" || x["user.note"] != "text" {
		t.Errorf("attributes %v", x)
	}
	back, err := decodeIndex(encodeIndex(entries))
	must(t, err)
	if fmt.Sprint(back) != fmt.Sprint(entries) {
		t.Errorf("index comes back as %+v", back)
	}
}

// sparseTar holds a file of 1 MiB of which only the last bytes are stored, in the old GNU form.
func sparseTar(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(t, w.WriteHeader(&tar.Header{Name: "before", Mode: 0o644, Size: 3, Typeflag: tar.TypeReg}))
	_, err := io.WriteString(w, "abc")
	must(t, err)
	must(t, w.Flush())
	h := make([]byte, 512)
	copy(h, "sparse")
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00", 512)) // stored
	copy(h[136:], "00000000000\x00        S")
	copy(h[257:], "ustar  \x00")
	copy(h[386:], fmt.Sprintf("%011o\x00%011o\x00", 1<<20-512, 512))
	copy(h[483:], fmt.Sprintf("%011o\x00", 1<<20)) // real size
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	b.Write(h)
	b.Write(bytes.Repeat([]byte("z"), 512))
	must(t, tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "after", Mode: 0o644, Typeflag: tar.TypeReg}))
	b.Write(make([]byte, 1024))
	return b.Bytes()
}

func TestSparseFiles(t *testing.T) {
	want := append(make([]byte, 1<<20-512), bytes.Repeat([]byte("z"), 512)...)
	data := sparseTar(t)
	b := newBench(t)
	layers, _, err := b.cache.ImageLayers(
		t.Context(),
		b.client,
		layoutOf(t, [][]byte{data}, []string{sumOf(data)}, nil),
		defaultPlatform(),
	)
	must(t, err)
	tree, err := b.cache.Tree(t.Context(), layers)
	must(t, err)
	n := tree.Get("/sparse")
	if n == nil || "sha256:"+n.SHA256 != sumOf(want) || n.Offset >= 0 {
		t.Fatalf("node %+v, layer %+v", n, layers[0])
	}
	if read(t, tree, n) != string(want) || read(t, tree, tree.Get("/before")) != "abc" || tree.Get("/after") == nil {
		t.Error("content of a sparse file, or of what stands around it")
	}
}

func TestOddTarsAreNoted(t *testing.T) {
	listed, err := scanTar(t.Context(), bytes.NewReader(tarOf(
		t,
		file(
			"../etc/x",
			"",
		),
		hardlink("l", "../../etc/shadow"),
		file(strings.Repeat("x/", 3000)+"x", ""),
		symlink(".", "etc"),
		whiteout(".wh."),
	)))
	must(t, err)
	notes := listed.notes
	for i, want := range []string{"leads out", "leads out", "longer than any path", "root directory", "names no file"} {
		if i >= len(notes) || !strings.Contains(notes[i], want) {
			t.Errorf("note %d of %q is not about %q", i, notes, want)
		}
	}
	negative := tarOf(t, file("a", ""))
	copy(negative[124:], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	sum := 0
	for i, c := range negative[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int(c)
	}
	copy(negative[148:], fmt.Sprintf("%06o\x00 ", sum))
	if _, err := scanTar(t.Context(), bytes.NewReader(negative)); err == nil {
		t.Error("a negative size is taken")
	}
}

// syft's cataloguers select by what stereoscope's function says.
func TestMIMETypesAreStereoscopes(t *testing.T) {
	for _, content := range []string{
		"", "text", "#!/bin/sh\necho", "#!/usr/bin/env python3\n", program("x"), "PK\x03\x04rest of a zip", "{\"a\": 1}", "<html></html>", "\x00\x01\x02",
		"\xca\xfe\xba\xbe\x00\x00\x00\x34", strings.Repeat("a,b,c\n", 2000), "MZ" + strings.Repeat("\x00", 100), "%PDF-1.4", "\x1f\x8b\x08\x00",
	} {
		if got, want := mimeOf([]byte(content)[:min(len(content), headSize)]), stereoscope.MIMEType(strings.NewReader(content)); got != want {
			t.Errorf("%.20q is %q, stereoscope says %q", content, got, want)
		}
	}
}

func TestKinds(t *testing.T) {
	pe := make([]byte, 0x80)
	copy(pe, "MZ")
	pe[0x3c] = 0x40
	copy(pe[0x40:], "PE\x00\x00")
	for _, test := range []struct {
		name, content string
		want          inspect.Kind
	}{
		{"/a", program("x"), inspect.KindELF},
		{"/a", "#!/bin/sh", inspect.KindScript},
		{"/a", "\x00asm\x01\x00\x00\x00", inspect.KindWASM},
		{"/a", string(pe), inspect.KindPE},
		{"/a", "MZ in a text", ""},
		{"/a", "\xcf\xfa\xed\xfe\x07\x00\x00\x01", inspect.KindMachO},
		{"/a", "\xca\xfe\xba\xbe\x00\x00\x00\x02", inspect.KindMachO},
		{"/A.class", "\xca\xfe\xba\xbe\x00\x00\x00\x34", ""},
		{"/a.jar", "PK\x03\x04", inspect.KindJar},
		{"/a.zip", "PK\x03\x04", ""},
		{"/a", "", ""},
	} {
		if got := kindOf(test.name, []byte(test.content)); got != test.want {
			t.Errorf("%s %.8q is %q, want %q", test.name, test.content, got, test.want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(tarOf(f, file("a", "1"), hardlink("b", "a"), symlink("c", "a"), whiteout(".wh.d"), dir("e/")))
	f.Add(sparseTar(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		listed, _ := scanWithin(t.Context(), bytes.NewReader(data), 2<<20)
		entries := listed.entries // those before a defect too
		for _, e := range entries {
			if !strings.HasPrefix(e.Path, "/") || strings.Contains(e.Path+"/", "/../") {
				t.Errorf("path %q", e.Path)
			}
		}
		back, err := decodeIndex(encodeIndex(entries))
		if err != nil || len(back) != len(entries) {
			t.Fatalf("index: %v", err)
		}
		half := len(entries) / 2
		tree, err := build(
			t.Context(),
			&Tree{store: listings{"a": entries, "b": entries[:half], "c": entries[half:]}},
			[]inspect.Layer{{Number: 0, DiffID: "a"}, {Number: 1, DiffID: "b"}, {Number: 2, DiffID: "c"}},
		)
		must(t, err)
		for _, r := range tree.Shadowed() {
			if r.By <= r.Node.Layer || tree.Get(r.Node.Path) == r.Node {
				t.Errorf("relic %+v of layer %d", r, r.Node.Layer)
			}
		}
		tree.Before(2, func(*inspect.Node) bool { return true })
		for n := range tree.All() {
			if n.Path != "/" && tree.Get(parent(n.Path)) == nil {
				t.Errorf("%q stands in no directory", n.Path)
			}
			tree.Resolve(n.Path)
		}
	})
}

// listings is a store of nothing but the entries of layers.
type listings map[string][]inspect.Entry

func (l listings) Index(_ context.Context, diffID string) ([]inspect.Entry, error) {
	return l[diffID], nil
}

func (listings) Catalogue(context.Context, string) ([]inspect.Package, error) {
	return nil, inspect.ErrNotKept
}

func (listings) Open(context.Context, string, inspect.Entry) (inspect.Content, error) {
	return nil, inspect.ErrNotKept
}

func (listings) Blob(context.Context, string) (io.ReadCloser, error) { return nil, inspect.ErrNotKept }

func FuzzIndex(f *testing.F) {
	f.Add(
		encodeIndex(
			[]inspect.Entry{{Path: "/a", Type: inspect.EntryFile, SHA256: "00", Xattrs: map[string]string{"a": "b"}}},
		),
	)
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := decodeIndex(data)
		if err == nil && len(entries) > len(data) {
			t.Errorf("%d entries out of %d bytes", len(entries), len(data))
		}
	})
}
