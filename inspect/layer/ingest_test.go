package layer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

func TestLayersThatDoNotHold(t *testing.T) {
	good := tarOf(t, file("a", "1"))
	other := tarOf(t, file("b", "2"))
	zipped := packed(t, other)
	layerFile := func(dir string, m map[string]any) string {
		return filepath.Join(dir, m["layers"].([]map[string]any)[1]["digest"].(string)[7:])
	}
	for name, test := range map[string]struct {
		layer  []byte
		diffID string
		edit   func(dir string, m map[string]any)
		status inspect.Status
		reason string
		state  string // of its blob
		files  string
	}{
		"all holds": {zipped, sumOf(other), nil, inspect.Verified, "", "carried", "/a /b"},
		"flipped bit": {zipped, sumOf(other), func(dir string, m map[string]any) {
			must(t, os.WriteFile(layerFile(dir, m), append([]byte("x"), zipped[1:]...), 0o644))
		}, inspect.Failed, "digest-mismatch", "damaged", "/a"},
		"cut off": {zipped, sumOf(other), func(dir string, m map[string]any) {
			must(t, os.WriteFile(layerFile(dir, m), zipped[:40], 0o644))
		}, inspect.Failed, "digest-mismatch", "damaged", "/a"},
		"not there": {zipped, sumOf(other), func(dir string, m map[string]any) {
			must(t, os.Remove(layerFile(dir, m)))
		}, inspect.Unknown, "missing-blob", "missing", "/a"},
		"other size": {zipped, sumOf(other), func(_ string, m map[string]any) {
			m["layers"].([]map[string]any)[1]["size"] = len(zipped) + 1
		}, inspect.Failed, "size-mismatch", "carried", "/a /b"},
		"a config that names another diff ID": {
			zipped, sumOf(good), nil, inspect.Failed, "diffid-mismatch", "carried", "/a /b",
		},
		"gzip that ends in the middle": {
			zipped[:len(zipped)-12], sumOf(other), nil, inspect.Failed, "malformed", "carried", "/a /b",
		},
		"no tar": {
			packed(t, []byte(strings.Repeat("no tar", 1000))), sumOf(other), nil, inspect.Failed, "malformed",
			"carried", "/a",
		},
		"a tar that ends in the middle": {
			packed(t, other[:600]), sumOf(other[:600]), nil, inspect.Verified, "", "carried", "/a /b",
		},
		"a tar that ends in a file": {
			packed(t, tarOf(t, file("b", strings.Repeat("b", 2000)))[:1000]), "", nil, inspect.Failed, "malformed",
			"carried", "/a",
		},
		"trailing bytes belong to the diff ID": {
			packed(t, append(bytes.Clone(other), "trailing"...)), sumOf(append(bytes.Clone(other), "trailing"...)), nil,
			inspect.Verified, "", "carried", "/a /b",
		},
		"several gzip members": {
			append(packed(t, other[:700]), packed(t, other[700:])...), sumOf(other), nil, inspect.Verified, "",
			"carried", "/a /b",
		},
		"zstd": {zstdOf(t, other), sumOf(other), nil, inspect.Verified, "", "carried", "/a /b"},
		"zstd:chunked": {
			chunked(t, other), sumOf(other), nil, inspect.Verified, "", "carried", "/a /b",
		},
		"zstd:chunked that ends early": {
			chunked(t, other)[:len(chunked(t, other))-20], sumOf(other), nil, inspect.Failed, "malformed", "carried",
			"/a /b",
		},
		"zstd that ends in a frame": {
			zstdOf(t, other)[:30], sumOf(other), nil, inspect.Failed, "malformed", "carried", "/a",
		},
		"zstd with a huge window": {
			[]byte("\x28\xb5\x2f\xfd\x00\xb8\x01\x00\x00"), sumOf(other), nil, inspect.Failed, "malformed", "carried",
			"/a",
		},
		"eStargz":        {stargz(t), sumOf(starTar(t)), nil, inspect.Verified, "", "carried", "/a /b"},
		"not compressed": {other, sumOf(other), nil, inspect.Verified, "", "carried", "/a /b"},
		"empty":          {[]byte{}, sumOf(nil), nil, inspect.Verified, "", "carried", "/a"},
	} {
		t.Run(name, func(t *testing.T) {
			id := test.diffID
			if id == "" {
				id = sumOf(good)
			}
			b := newBench(t)
			c := b.examine(t, layoutOf(t, [][]byte{packed(t, good), test.layer}, []string{sumOf(good), id}, test.edit))
			var seen []string
			for n := range mustTree(t, b, c).All() {
				if isRegular(n) {
					seen = append(seen, n.Path)
				}
			}
			if got := strings.Join(seen, " "); got != test.files {
				t.Errorf("files %s, want %s", got, test.files)
			}
			i := c.Images[0]
			l := i.Layers[1]
			if l.Status != test.status || l.Reason != test.reason || i.Status != test.status ||
				i.Reason != test.reason {
				t.Errorf("layer %s %s (%s), image %s %s", l.Status, l.Reason, l.Detail, i.Status, i.Reason)
			}
			if (l.Status == inspect.Verified) != (l.Detail == "") {
				t.Errorf("detail %q", l.Detail)
			}
			blob := c.Blobs[0]
			if blob.Digest != l.Digest {
				blob = c.Blobs[1]
			}
			if blob.State != test.state || (blob.Actual != "") != (test.state == "damaged") {
				t.Errorf("blob %+v", blob)
			}
		})
	}
}

// chunked packs a tar as zstd:chunked does: members in frames of their own, then its list and a footer in frames that are
// skipped.
func chunked(t testing.TB, data []byte) []byte {
	t.Helper()
	skipped := func(n int) []byte {
		return append([]byte{0x50, 0x2a, 0x4d, 0x18, byte(n), 0, 0, 0}, bytes.Repeat([]byte("{"), n)...)
	}
	return slices.Concat(zstdOf(t, data[:512]), zstdOf(t, data[512:]), skipped(200), skipped(40))
}

// starTar is the tar of an eStargz layer: a landmark, a file, and the list of both.
func starTar(t testing.TB) []byte {
	t.Helper()
	return tarOf(
		t,
		file(".no.prefetch.landmark", "\x0f"),
		file("b", "2"),
		file("stargz.index.json", "{\n\t\"version\": 1,\n\t\"entries\": [\n{\"name\": \"b\"}]}"),
	)
}

// stargz packs it, with the empty gzip member at the end that says where the list is.
func stargz(t testing.TB) []byte {
	t.Helper()
	data := starTar(t)
	var footer bytes.Buffer
	w := gzip.NewWriter(&footer)
	w.Extra = []byte("SG\x16\x000000000000000400STARGZ")
	must(t, w.Close())
	return slices.Concat(packed(t, data[:1024]), packed(t, data[1024:]), footer.Bytes())
}

// What only has the name of a list is a file like any other.
func TestOnlyAListIsLeftOut(t *testing.T) {
	list := `{"version":1,"entries":[]}`
	for name, members := range map[string][]member{
		"a program":       {file("a", ""), exe("stargz.index.json", list)},
		"other content":   {file("a", ""), file("stargz.index.json", "#!/bin/sh\n")},
		"not the last":    {file("stargz.index.json", list), file("a", "")},
		"another place":   {file("a", ""), file("x/stargz.index.json", list)},
		"a true landmark": {file(".prefetch.landmark", "0123"), file("a", "")},
	} {
		listed, err := scanTar(t.Context(), bytes.NewReader(tarOf(t, members...)))
		must(t, err)
		if len(listed.entries) != 2 {
			t.Errorf("%s: %d entries", name, len(listed.entries))
		}
	}
}

func TestDamagedBytesAreKeptAndNotRead(t *testing.T) {
	data := packed(t, tarOf(t, file("a", "1")))
	bad := packed(t, tarOf(t, file("evil", "1")))
	b := newBench(t)
	target := layoutOf(
		t,
		[][]byte{data},
		[]string{sumOf(tarOf(t, file("a", "1")))},
		func(dir string, _ map[string]any) {
			must(t, os.WriteFile(filepath.Join(dir, sumOf(data)[7:]), bad, 0o644))
		},
	)
	layers, _, err := b.cache.ImageLayers(t.Context(), b.client, target, v1.Platform{})
	must(t, err)
	if layers[0].DiffID != "" {
		t.Errorf("a damaged layer has the diff ID %s", layers[0].DiffID)
	}
	r, err := b.cache.Blob(t.Context(), sumOf(bad))
	must(t, err)
	_ = r.Close()
	if b.cache.store.Has(sumOf(data)) || b.cache.store.Has(sumOf(tarOf(t, file("evil", "1")))) {
		t.Error("damaged bytes stand under a digest that they are not, or were unpacked into the store")
	}
}

// A config may claim the diff ID of a layer that is known; the layer must be read all the same.
func TestAKnownDiffIDProvesNothing(t *testing.T) {
	good := tarOf(t, file("a", "1"))
	b := newBench(t)
	first := layoutOf(t, [][]byte{packed(t, good)}, []string{sumOf(good)}, nil)
	_, _, err := b.cache.ImageLayers(t.Context(), b.client, first, v1.Platform{})
	must(t, err)
	evil := tarOf(t, file("evil", "1"))
	layers, _, err := b.cache.ImageLayers(
		t.Context(),
		b.client,
		layoutOf(t, [][]byte{packed(t, evil)}, []string{sumOf(good)}, nil),
		v1.Platform{},
	)
	must(t, err)
	if l := layers[0]; l.Reason != "diffid-mismatch" || l.DiffID != sumOf(evil) {
		t.Errorf("%+v", l)
	}
}

// Layers in another order than the config's are no good image; that it is the order is said.
func TestLayersInAnotherOrder(t *testing.T) {
	one, two := tarOf(t, file("a", "1")), tarOf(t, file("a", "2"))
	b := newBench(t)
	layers, _, err := b.cache.ImageLayers(
		t.Context(),
		b.client,
		layoutOf(t, [][]byte{packed(t, two), packed(t, one)}, []string{sumOf(one), sumOf(two)}, nil),
		v1.Platform{},
	)
	must(t, err)
	for i, l := range layers {
		if l.Status != inspect.Failed || l.Reason != "diffid-mismatch" ||
			!strings.Contains(l.Detail, fmt.Sprintf("which the config has as layer %d", 1-i)) {
			t.Errorf("layer %d: %+v", i, l)
		}
	}
}

func TestALayoutIsReadEachTime(t *testing.T) {
	data := tarOf(t, file("a", "1"), member{Header: tar.Header{Name: "../up", Mode: 0o644}})
	zipped := packed(t, data)
	dir := t.TempDir()
	target := layoutOf(t, [][]byte{zipped}, []string{sumOf(data)}, nil)
	b := openBench(t, dir)
	first, _, err := b.cache.ImageLayers(t.Context(), b.client, target, v1.Platform{})
	must(t, err)
	if !strings.Contains(first[0].Detail, "leads out") {
		t.Errorf("detail %q", first[0].Detail)
	}
	// A layout is evidence in hand: what the store has of it does not stand in for its bytes.
	must(t, os.Remove(filepath.Join(strings.TrimPrefix(target, "oci:"), "blobs", "sha256", sumOf(zipped)[7:])))
	again, _, err := openBench(t, dir).cache.ImageLayers(t.Context(), b.client, target, v1.Platform{})
	must(t, err)
	if again[0].Reason != "missing-blob" {
		t.Errorf("gone from the layout: %+v", again[0])
	}
}

// What a registry gave once, verified and unpacked, is not transferred again. A store that lost a part is not believed.
func TestALayerOfARegistryIsReadOnce(t *testing.T) {
	data := tarOf(t, file("a", "1"))
	dir, s := t.TempDir(), newSlowRegistry(t)
	s.rate = 1 << 20
	ref := s.push(t, layoutOf(t, [][]byte{packed(t, data)}, []string{sumOf(data)}, nil), "shop")
	read := func() inspect.Layer {
		b := openBench(t, dir)
		layers, _, err := b.cache.ImageLayers(t.Context(), b.client, ref, v1.Platform{})
		must(t, err)
		return layers[0]
	}
	first := read()
	asked := len(s.asked)
	cached := first
	cached.Source = inspect.SourceCache
	if again := read(); again != cached || len(s.asked) != asked {
		t.Errorf("first %+v\nagain %+v; asked for %v", first, again, s.asked)
	}
	must(t, os.Truncate(filepath.Join(dir, "blobs", "sha256", sumOf(data)[7:]), 100))
	if third := read(); third != first {
		t.Errorf("after damage %+v", third)
	}
}

func TestIngestEndsWithItsContext(t *testing.T) {
	data := packed(t, tarOf(t, file("a", strings.Repeat("1", 1<<20))))
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := b.cache.ImageLayers(
		ctx,
		b.client,
		layoutOf(t, [][]byte{data}, []string{sumOf(nil)}, nil),
		v1.Platform{},
	)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	left, err := filepath.Glob(filepath.Join(b.cache.store.Dir(), "blobs", "sha256", ".tmp*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestUnpackedBytesAreBounded(t *testing.T) {
	u := unpacked{
		r:    bytes.NewReader(make([]byte, 100)),
		in:   &counter{n: 10 << 20},
		name: "gzip",
		room: &allowance{},
		out:  registry.RatioFloor + registry.MaxRatio*(10<<20),
	}
	_, err := u.Read(make([]byte, 100))
	if !errors.As(err, new(*registry.LimitError)) {
		t.Errorf("error %v", err)
	}
}
