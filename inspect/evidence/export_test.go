package evidence

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/registry"
)

func TestBundleHoldsWhatTheContractNames(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	sum := bagit.HexOf(bagit.Digest([]byte(miner)))
	for _, name := range []string{
		"README.txt", "data/redactions.jsonl",
		"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt",
		"data/case.json", "data/events.jsonl", "data/report.html", "data/report.md", "data/custody.jsonl", "data/blobs.jsonl",
		"data/alerts/falco.jsonl", "data/cluster/pod.json", "data/logs/etc/passwd.log",
		"data/image/oci-layout", "data/image/index.json", "data/image/blobs/sha256/" + bagit.HexOf(in.image.Digest),
		"data/image/blobs/sha256/" + bagit.HexOf(in.layers[1].Digest), "data/known-good/index.json",
		"data/damaged/" + bagit.HexOf(bagit.Digest([]byte("these are not the bytes"))),
		"data/index/" + bagit.HexOf(in.layers[0].DiffID) + ".jsonl.gz",
		"data/packages/" + bagit.HexOf(bagit.Digest([]byte("Package: base-files\n"))),
		"data/binaries/" + sum, "data/binaries/index.json", "data/sbom/diff.json", "data/trust/trusted_root.json",
	} {
		info, err := os.Lstat(filepath.Join(r.Path, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o: nothing in a bundle may be run", name, info.Mode().Perm())
		}
	}
	info := string(read(t, filepath.Join(r.Path, "bag-info.txt")))
	for _, want := range []string{"Signed: no", "Backtrail-Parent: none", "External-Identifier: 20261123T031204Z-web-7d9f", "Backtrail-Case-Complete: yes"} {
		if !strings.Contains(info, want+"\n") {
			t.Errorf("bag-info.txt lacks %q:\n%s", want, info)
		}
	}
	tag := bagit.Digest(read(t, filepath.Join(r.Path, "tagmanifest-sha256.txt")))
	if r.TagManifest != tag || !strings.HasPrefix(r.Line, "backtrail 20261123T031204Z-web-7d9f tagmanifest "+tag+" 2026-11-23T03:") {
		t.Errorf("line = %q, tag manifest %s", r.Line, tag)
	}
}

func TestBundleOpensAgainAsLayout(t *testing.T) {
	in := newIncident(t)
	for _, name := range []string{"bundle", "bundle.tar.gz"} {
		r := in.export(t, name, options)
		bag, err := OpenBag(context.Background(), r.Path, t.TempDir())
		must(t, err)
		defer bag.Close()
		dir, cleanup, err := bag.Layout(context.Background(), ofImage)
		must(t, err)
		defer cleanup()
		store, err := registry.OpenStore(t.TempDir())
		must(t, err)
		client, err := registry.New(registry.Options{Store: store})
		must(t, err)
		defer client.Close()
		loc, err := registry.Parse("oci:" + dir)
		must(t, err)
		img, err := client.Resolve(context.Background(), loc, v1.Platform{})
		must(t, err)
		if img.Digest() != in.image.Digest {
			t.Errorf("%s: the layout opens as %s", name, img.Digest())
		}
		if _, err := client.Manifest(context.Background(), loc, "sha256-"+bagit.HexOf(in.image.Digest)+".sig"); err != nil {
			t.Errorf("%s: the signature is not found by its tag: %v", name, err)
		}
		found, err := client.LayoutReferrers(context.Background(), loc, in.image.Digest)
		if err != nil || len(found) != 1 {
			t.Errorf("%s: referrers = %v, %v", name, found, err)
		}
	}
}

func TestSameCaseSameBytes(t *testing.T) {
	in := newIncident(t)
	a, b := in.export(t, "a.tar.gz", options), in.export(t, "b.tar.gz", options)
	if !bytes.Equal(read(t, a.Path), read(t, b.Path)) {
		t.Error("two archives of one case differ")
	}
	c, d := in.export(t, "c", options), in.export(t, "d", options)
	if c.TagManifest != a.TagManifest || c.TagManifest != d.TagManifest {
		t.Errorf("tag manifests differ: %s %s %s", a.TagManifest, c.TagManifest, d.TagManifest)
	}
}

func TestLayersAsChosen(t *testing.T) {
	in := newIncident(t)
	for _, tt := range []struct {
		layers    Layers
		base, top bool
	}{{LayersAll, true, true}, {LayersSuspect, false, true}, {"", false, true}, {LayersNone, false, false}} {
		r := in.export(t, "bundle", Options{Layers: tt.layers})
		for n, want := range []bool{tt.base, tt.top} {
			_, err := os.Stat(filepath.Join(r.Path, "data/image/blobs/sha256", bagit.HexOf(in.layers[n].Digest)))
			if (err == nil) != want {
				t.Errorf("--layers %q: layer %d carried = %v", tt.layers, n, err == nil)
			}
			if _, err := os.Stat(filepath.Join(r.Path, "data/index", bagit.HexOf(in.layers[n].DiffID)+".jsonl.gz")); err != nil {
				t.Errorf("--layers %q: no listing of layer %d", tt.layers, n)
			}
		}
		if v := verify(t, r.Path, trusting()); v.Status != inspect.Verified {
			t.Errorf("--layers %q: %s: %v", tt.layers, v.Status, failures(v))
		}
	}
}

func TestPartialCaseSaysSo(t *testing.T) {
	in := newIncident(t)
	in.events = in.events[:len(in.events)-1]
	r := in.export(t, "bundle", options)
	if !slices.Contains(r.Notes, "the case is partial; the bundle is marked so") {
		t.Errorf("notes: %v", r.Notes)
	}
	if md := string(read(t, filepath.Join(r.Path, "data/report.md"))); !strings.Contains(md, "PARTIAL") {
		t.Error("the report does not say that the case is partial")
	}
	if info := string(read(t, filepath.Join(r.Path, "bag-info.txt"))); !strings.Contains(info, "Backtrail-Case-Complete: no") {
		t.Error(info)
	}
	if v := verify(t, r.Path, trusting()); v.Status != inspect.Verified {
		t.Errorf("%s: %v", v.Status, failures(v))
	}
}

func TestCutLastLineIsPassedOver(t *testing.T) {
	in := newIncident(t)
	open := in.opener(t)
	cut := func() (io.ReadCloser, error) {
		r, err := open()
		return bagit.ReadCloser{Reader: io.MultiReader(r, strings.NewReader(`{"seq":99,"find`)), Closer: r}, err
	}
	to := filepath.Join(t.TempDir(), "bundle")
	_, err := Export(context.Background(), cut, in.store, to, options)
	must(t, err)
	if v := verify(t, to, trusting()); v.Status != inspect.Verified {
		t.Errorf("%s: %v", v.Status, failures(v))
	}
}

// An export of a record that was changed carries the change: it never turns into a bundle that holds.
func TestAChangedRecordStaysChanged(t *testing.T) {
	in := newIncident(t)
	open := in.opener(t)
	changed := func() (io.ReadCloser, error) {
		r, err := open()
		added := `{"seq":0,"time":"2026-11-23T03:12:04Z","note":{"text":"put in later"}}` + "\n"
		return bagit.ReadCloser{Reader: io.MultiReader(r, strings.NewReader(added)), Closer: r}, err
	}
	to := filepath.Join(t.TempDir(), "bundle")
	_, err := Export(context.Background(), changed, in.store, to, options)
	must(t, err)
	if v := verify(t, to, trusting()); v.Status != inspect.Failed {
		t.Errorf("%s: a record with an entry outside of its chain holds", v.Status)
	}
}

func TestExportNeverReplaces(t *testing.T) {
	in := newIncident(t)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "there"), []byte("mine"), 0o600))
	for _, to := range []string{filepath.Join(dir, "there"), dir} {
		if _, err := Export(context.Background(), in.opener(t), in.store, to, options); err == nil {
			t.Errorf("%s was replaced", to)
		}
	}
	empty := t.TempDir()
	if _, err := Export(context.Background(), in.opener(t), in.store, empty, options); err != nil {
		t.Errorf("an empty directory was refused: %v", err)
	}
}

// endlessStore gives bytes without end for one blob, so that an export can be interrupted in its middle.
type endlessStore struct {
	*memoryStore
	digest string
	cancel func()
}

func (s endlessStore) Blob(ctx context.Context, digest string) (io.ReadCloser, error) {
	if digest == s.digest {
		s.cancel()
		return io.NopCloser(zeros{}), nil
	}
	return s.memoryStore.Blob(ctx, digest)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestInterruptedExportLeavesNothing(t *testing.T) {
	in := newIncident(t)
	for _, name := range []string{"bundle", "bundle.tar.gz"} {
		ctx, cancel := context.WithCancel(context.Background())
		dir := t.TempDir()
		_, err := Export(ctx, in.opener(t), endlessStore{in.store, in.layers[1].Digest, cancel}, filepath.Join(dir, name), options)
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "nothing was left there") {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

func TestFullDiskInWords(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	defer func() { must(t, syscall.Unmount(dir, 0)) }()
	in := newIncident(t)
	for _, name := range []string{"bundle", "bundle.tar.gz"} {
		big := make([]byte, 256<<10)
		_, _ = rand.NewChaCha8([32]byte{}).Read(big) // so that it does not compress away
		digest := in.store.put(big)
		in.say(inspect.Event{Check: "cluster", Fact: inspect.Exhibit{Path: "logs/" + name + ".log", Digest: digest}})
		_, err := Export(context.Background(), in.opener(t), in.store, filepath.Join(dir, name), options)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left there") || !strings.Contains(err.Error(), "the case is kept") {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

func TestStoreThatLiesIsNotCarried(t *testing.T) {
	in := newIncident(t)
	in.store.blobs[in.layers[1].Digest] = []byte("rotten")
	r := in.export(t, "bundle", options)
	if _, err := os.Stat(filepath.Join(r.Path, "data/image/blobs/sha256", bagit.HexOf(in.layers[1].Digest))); !errors.Is(err, fs.ErrNotExist) {
		t.Error("bytes that are not their digest lie in the layout")
	}
	if _, err := os.Stat(filepath.Join(r.Path, "data/damaged", bagit.HexOf(bagit.Digest([]byte("rotten"))))); err != nil {
		t.Error(err)
	}
	if len(r.Notes) == 0 || !strings.Contains(strings.Join(r.Notes, "\n"), "is not its digest any more") {
		t.Errorf("notes: %v", r.Notes)
	}
}
