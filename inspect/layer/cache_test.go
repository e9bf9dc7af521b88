package layer

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

func TestACatalogueComesBack(t *testing.T) {
	c := newBench(t).cache
	image := sumOf([]byte("image"))
	if _, err := c.Catalogue(t.Context(), image); !errors.Is(err, inspect.ErrNotKept) {
		t.Errorf("a catalogue that was never made: %v", err)
	}
	for _, packages := range [][]inspect.Package{nil, {}, {{Name: "bash", Version: "5.2"}, {Name: "zlib"}}} {
		must(t, c.PutCatalogue(t.Context(), image, packages))
		back, err := c.Catalogue(t.Context(), image)
		must(t, err)
		if len(back) != len(packages) || len(back) > 0 && back[0].Version != packages[0].Version {
			t.Errorf("%+v comes back as %+v", packages, back)
		}
	}
	must(t, c.store.PutRecord(recordCatalogue, image, []byte("[{")))
	if _, err := c.Catalogue(t.Context(), image); err == nil || errors.Is(err, inspect.ErrNotKept) {
		t.Errorf("a catalogue that is broken: %v", err)
	}
}

func TestBlobsAreGivenByTheirDigest(t *testing.T) {
	c := newBench(t).cache
	must(t, c.Store().Put(sumOf([]byte("blob")), []byte("blob")))
	r, err := c.Blob(t.Context(), sumOf([]byte("blob")))
	must(t, err)
	defer r.Close()
	if data, err := io.ReadAll(r); err != nil || string(data) != "blob" {
		t.Errorf("%q %v", data, err)
	}
	if _, err := c.Blob(t.Context(), sumOf([]byte("other"))); !errors.Is(err, inspect.ErrNotKept) {
		t.Errorf("a blob that is not there: %v", err)
	}
	if _, err := c.Blob(t.Context(), "sha256:../../../etc/passwd"); err == nil {
		t.Error("a digest that is a path is opened")
	}
}

func TestAnIndexOfALayerThatIsNotThere(t *testing.T) {
	c := newBench(t).cache
	id := sumOf([]byte("x"))
	if _, err := c.Index(t.Context(), id); !errors.Is(err, inspect.ErrNotKept) {
		t.Errorf("error %v", err)
	}
	for name, data := range map[string]string{
		"of an old version": "backtrail-index/1\n\x00",
		"broken":            indexMark + "\xff",
	} {
		must(t, c.store.PutRecord(recordIndex, id, []byte(data)))
		if got, err := c.Index(t.Context(), id); err == nil || errors.Is(err, inspect.ErrNotKept) {
			t.Errorf("%s: %d entries, %v", name, len(got), err)
		}
	}
	must(t, c.store.PutRecord(recordIndex, id, encodeIndex([]inspect.Entry{{Path: "/a"}})))
	if got, err := c.Index(t.Context(), id); err != nil || len(got) != 1 {
		t.Errorf("an error is remembered: %v", err)
	}
}

// What a case keeps survives a prune; the rest of the cache goes.
func TestWhatACaseKeepsSurvivesAPrune(t *testing.T) {
	dir, s := t.TempDir(), newSlowRegistry(t)
	b := openBench(t, dir)
	images := map[string]string{}
	for _, name := range []string{"kept", "gone"} {
		ref := s.push(t, imageOf(t, v1.Config{}, step("COPY "+name, file(name, name))), name)
		b.examine(t, ref)
		images[name] = ref
	}
	must(t, b.cache.PutCatalogue(t.Context(), "sha256:kept", []inspect.Package{{Name: "p"}}))
	must(t, b.cache.PutCatalogue(t.Context(), "sha256:gone", []inspect.Package{{Name: "p"}}))
	l := resolved(t, b, images["kept"]).Layers[0]
	var kept registry.Kept
	b.cache.KeepLayer(&kept, l.Digest())
	b.cache.KeepImage(&kept, "sha256:kept")
	b.cache.KeepLayer(&kept, "sha256:"+strings.Repeat("0", 64)) // of a layer that was never read
	_, err := b.cache.Store().Prune(t.Context(), time.Now().Add(time.Hour), kept)
	must(t, err)
	again := openBench(t, dir).cache
	if p, ok := again.proven(l.Digest()); !ok || p.DiffID != l.DiffID {
		t.Error("the layer that is kept is not proven any more")
	}
	if _, err := again.Index(t.Context(), l.DiffID); err != nil {
		t.Errorf("its listing: %v", err)
	}
	if list, err := again.Catalogue(t.Context(), "sha256:kept"); err != nil || len(list) != 1 {
		t.Errorf("its catalogue: %v", err)
	}
	if _, err := again.Catalogue(t.Context(), "sha256:gone"); !errors.Is(err, inspect.ErrNotKept) {
		t.Errorf("the other catalogue stays: %v", err)
	}
}

// A proof is a claim of this program of an earlier day: it is believed only while all that it names is there in full.
func TestAProofThatIsNotBelieved(t *testing.T) {
	blobOf := func(b bench, id string) string {
		return filepath.Join(b.cache.store.Dir(), "blobs", "sha256", strings.TrimPrefix(id, "sha256:"))
	}
	for name, spoil := range map[string]func(b bench, l registry.Layer){
		"a blob that is gone": func(b bench, l registry.Layer) { must(t, os.Remove(blobOf(b, l.Digest()))) },
		"a tar that is gone":  func(b bench, l registry.Layer) { must(t, os.Remove(blobOf(b, l.DiffID))) },
		"a blob that was cut": func(b bench, l registry.Layer) { must(t, os.Truncate(blobOf(b, l.Digest()), 5)) },
		"a tar that was cut":  func(b bench, l registry.Layer) { must(t, os.Truncate(blobOf(b, l.DiffID), 0)) },
		"a listing of last year": func(b bench, l registry.Layer) {
			must(t, b.cache.store.PutRecord(recordIndex, l.DiffID, []byte("x")))
		},
		"a proof that is no JSON": func(b bench, l registry.Layer) {
			must(t, b.cache.store.PutRecord(registry.RecordLayer, l.Digest(), []byte("{")))
		},
		"a proof without a diff ID": func(b bench, l registry.Layer) {
			must(t, b.cache.store.PutRecord(registry.RecordLayer, l.Digest(), []byte("{}")))
		},
		"a diff ID that is a path": func(b bench, l registry.Layer) {
			must(t, b.cache.store.PutRecord(registry.RecordLayer, l.Digest(), []byte(`{"diffID":"sha256:../../x"}`)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, s := t.TempDir(), newSlowRegistry(t)
			first := openBench(t, dir)
			ref := s.push(t, imageOf(t, v1.Config{}, step("COPY", file("a", "1"), exe("b", program("b")))), "shop")
			first.examine(t, ref)
			l := resolved(t, first, ref).Layers[0]
			if _, ok := openBench(t, dir).cache.proven(l.Digest()); !ok {
				t.Fatal("the layer was not proven before")
			}
			spoil(first, l)
			second := openBench(t, dir)
			if _, ok := second.cache.proven(l.Digest()); ok {
				t.Error("the proof is believed")
			}
			c := second.examine(t, ref)
			if got := c.Images[0].Layers[0]; got.Status != inspect.Verified || got.DiffID != l.DiffID ||
				got.Source != "" {
				t.Errorf("the layer is not read again: %+v", got)
			}
			if got := strings.Join(regular(t, mustTree(t, second, c)), " "); !strings.HasPrefix(got, "/a=1 /b=") {
				t.Errorf("files %.40q", got)
			}
		})
	}
}

// Rereading gives back a layer that the cache lost, while the process runs.
func TestReread(t *testing.T) {
	s, b := newSlowRegistry(t), newBench(t)
	ref := s.push(t, imageOf(t, v1.Config{}, step("COPY", file("a", "1"))), "shop")
	c := b.examine(t, ref)
	image := c.Images[0]
	id := image.Layers[0].DiffID
	tree := mustTree(t, b, c)
	must(t, b.cache.drop(id))
	must(t, b.cache.Reread(t.Context(), b.client, image))
	if got := read(t, tree, tree.Get("/a")); got != "1" {
		t.Errorf("content %q", got)
	}
	if err := b.cache.Reread(t.Context(), b.client, inspect.Image{}); err == nil {
		t.Error("an image that was never resolved is read again")
	}
}

// The same image is merged once, whoever needs its tree; another order of layers is another image.
func TestTreesAreShared(t *testing.T) {
	c := newBench(t).cache
	var layers []inspect.Layer
	for n, name := range []string{"a", "b"} {
		id, entries := keptLayer(t, c, file("f", name))
		must(t, c.keep("", proof{DiffID: id}, entries))
		layers = append(layers, inspect.Layer{Number: n, DiffID: id})
	}
	one, err := c.Tree(t.Context(), layers)
	must(t, err)
	two, err := TreeOf(t.Context(), c, slices.Clone(layers))
	must(t, err)
	layers[0].DiffID, layers[1].DiffID = layers[1].DiffID, layers[0].DiffID
	other, err := c.Tree(t.Context(), layers)
	must(t, err)
	if one != two || one == other || one.Key() == other.Key() || one.Key() == "" {
		t.Errorf("trees %q, %q, %q", one.Key(), two.Key(), other.Key())
	}
	if a, b := read(t, one, one.Get("/f")), read(t, other, other.Get("/f")); a != "b" || b != "a" {
		t.Errorf("the highest layer does not win: %s, %s", a, b)
	}
}

// The estimates that bound the memory of the cache grow with what they measure.
func TestEstimatesGrow(t *testing.T) {
	entries := []inspect.Entry{{Path: "/a"}, {Path: "/b", Link: "/a"}}
	if a, b := bytesOfEntries(entries[:1]), bytesOfEntries(entries); a <= 0 || b <= a {
		t.Errorf("entries: %d, %d", a, b)
	}
	if a, b := (proof{}).bytes(), (proof{Notes: []string{"note"}}).bytes(); b != a+4 {
		t.Errorf("proofs: %d, %d", a, b)
	}
	small, large := &LayeredImage{Layers: make([]inspect.Layer, 1)}, &LayeredImage{
		Layers: make([]inspect.Layer, 9),
		Image:  &registry.Image{Manifest: registry.Part{Bytes: make([]byte, 1000)}},
	}
	if small.bytes() <= 0 || large.bytes() < small.bytes()+8000 {
		t.Errorf("images: %d, %d", small.bytes(), large.bytes())
	}
}

// Entries are pinned in memory between reading and merging only within a bound; what is past it is read from the disk.
func TestPinnedEntriesAreBounded(t *testing.T) {
	c := newBench(t).cache
	c.pin("one", make([]inspect.Entry, MaxPinnedEntries))
	c.pin("two", make([]inspect.Entry, 1))
	c.pin("one", make([]inspect.Entry, 1)) // a second time is not counted again
	if got := slices.Sorted(maps.Keys(c.pinned)); len(got) != 1 || c.pinnedAll != MaxPinnedEntries {
		t.Errorf("pinned %q, %d entries", got, c.pinnedAll)
	}
	c.unpin("one")
	c.unpin("one")
	c.pin("two", make([]inspect.Entry, 1))
	if c.pinnedAll != 1 || c.pinned["two"] != 1 {
		t.Errorf("%d entries after all were released", c.pinnedAll)
	}
}
