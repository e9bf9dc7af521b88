package unpack

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	images = flag.Int("images", 2000, "images to compare")
	seed   = flag.Uint64("seed", 0, "seed of the first image; 0 for one of the day")
)

// mainModule is where backtrail is.
const mainModule = "../../.."

// TestUnpack compares backtrail with pkg/archive of containerd 2 and the kernel's overlayfs: no path, type, mode, owner, link,
// content or attribute differs, and what containerd refuses is said to be refused.
func TestUnpack(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("unpacking devices needs root")
	}
	first := firstSeed()
	t.Logf("%d images from seed %d", *images, first)
	ours := start(t)
	var sum totals
	for s := first; s < first+uint64(*images); s++ {
		sum.add(compare(t, ours, s))
		if t.Failed() && sum.failed > 12 {
			break
		}
	}
	t.Log(sum)
}

// firstSeed gives the seed of the first image.
func firstSeed() uint64 {
	if *seed != 0 {
		return *seed
	}
	return uint64(time.Now().Unix())
}

// totals are the figures of a run.
type totals struct {
	images, refused, stopped, doubted, differ, paths, failed int
}

func (a *totals) add(b totals) {
	a.images, a.refused, a.stopped, a.doubted = a.images+1, a.refused+b.refused, a.stopped+b.stopped, a.doubted+b.doubted
	a.differ, a.paths, a.failed = a.differ+b.differ, a.paths+b.paths, a.failed+b.failed
}

func (a totals) String() string {
	return fmt.Sprintf("%d images with %d paths, %d failed: %d refused by overlayfs, %d of these also without it, %d that runtimes unpack to different trees, %d said to be such",
		a.images, a.paths, a.failed, a.refused, a.stopped, a.differ, a.doubted)
}

// compare makes an image, has both unpack it, and compares.
func compare(t *testing.T, ours *peer, seed uint64) totals {
	t.Helper()
	dir, err := os.MkdirTemp("", "unpack-")
	must(t, err)
	defer os.RemoveAll(dir)
	want, err := unpacked(t.Context(), dir, newGenerator(seed))
	must(t, err)
	layers := want.data
	layout := filepath.Join(dir, "layout")
	must(t, writeLayout(layout, layers, "image"))
	got := ours.unpack(t, layout)

	var faults []string
	if got.Error != "" {
		faults = append(faults, got.Error)
	}
	odd := got.odd()
	if refused := odd.refused || odd.stopped; refused != (want.refused != nil) {
		faults = append(faults, fmt.Sprintf("refused %v, containerd: %v", refused, want.refused))
	}
	if odd.stopped != (want.stopped != nil) {
		faults = append(faults, fmt.Sprintf("refused without overlayfs %v, containerd: %v", odd.stopped, want.stopped))
	}
	sum := totals{paths: len(want.tree)}
	if want.refused != nil {
		sum.refused = 1
	}
	if want.stopped != nil {
		sum.stopped = 1
	} else {
		faults = append(faults, differences(got.tree(), want.tree)...)
	}
	if odd.differs {
		sum.doubted = 1
	}
	if want.refused == nil && len(differences(want.native, want.tree)) > 0 {
		if sum.differ = 1; !odd.differs {
			faults = append(faults, fmt.Sprintf("the native snapshotter unpacks another tree, and nothing is said: %q", differences(want.native, want.tree)))
		}
	}
	if len(faults) > 0 {
		sum.failed = 1
		t.Errorf("seed %d: %s\n%s", seed, strings.Join(faults, "\n"), told(layers))
	}
	return sum
}

// differences lists what is not the same in two trees.
func differences(got, want map[string]node) []string {
	var list []string
	for _, p := range slices.Sorted(maps.Keys(want)) {
		g, there := got[p]
		switch {
		case !there:
			list = append(list, fmt.Sprintf("%s: missing, want %v", p, want[p]))
		case g.String() != want[p].String():
			list = append(list, fmt.Sprintf("%s: %v, want %v", p, g, want[p]))
		}
	}
	for _, p := range slices.Sorted(maps.Keys(got)) {
		if _, there := want[p]; !there {
			list = append(list, fmt.Sprintf("%s: %v, want nothing", p, got[p]))
		}
	}
	return list
}

// peer is a running program that prints what backtrail makes of layouts.
type peer struct {
	in  io.Writer
	out *json.Decoder
}

func start(t *testing.T) *peer {
	t.Helper()
	program := filepath.Join(t.TempDir(), "unpack")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/unpack")
	build.Dir = mainModule
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building backtrail: %v\n%s", err, out)
	}
	run := exec.CommandContext(t.Context(), program)
	run.Stderr = os.Stderr
	in, err := run.StdinPipe()
	must(t, err)
	out, err := run.StdoutPipe()
	must(t, err)
	must(t, run.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = run.Wait()
	})
	return &peer{in, json.NewDecoder(bufio.NewReader(out))}
}

// answer is what backtrail makes of one image.
type answer struct {
	Layers []struct {
		Refused, Stopped, Limit, Status, Detail string
		Differs                                 []string
	} `json:"layers"`
	Nodes []struct {
		Path   string            `json:"path"`
		Type   string            `json:"type"`
		Mode   uint32            `json:"mode"`
		UID    int               `json:"uid"`
		GID    int               `json:"gid"`
		Link   string            `json:"link"`
		SHA256 string            `json:"sha256"`
		Device string            `json:"device"`
		Xattrs map[string]string `json:"xattrs"`
	} `json:"nodes"`
	Error string `json:"error"`
}

func (p *peer) unpack(t *testing.T, layout string) answer {
	t.Helper()
	_, err := fmt.Fprintln(p.in, layout)
	must(t, err)
	var a answer
	must(t, p.out.Decode(&a))
	return a
}

type oddness struct{ refused, stopped, differs bool }

func (a answer) odd() oddness {
	var o oddness
	for _, l := range a.Layers {
		o.refused = o.refused || l.Refused != ""
		o.stopped = o.stopped || l.Stopped != ""
		o.differs = o.differs || len(l.Differs) > 0
	}
	return o
}

func (a answer) tree() map[string]node {
	tree := map[string]node{}
	for _, n := range a.Nodes {
		to := node{n.Type, n.Mode, n.UID, n.GID, "", n.SHA256, n.Device, n.Xattrs}
		if len(n.Xattrs) == 0 {
			to.Xattrs = nil
		}
		switch n.Type {
		case "hardlink":
			to.Type = "file"
		case "symlink":
			to.Link, to.Mode = n.Link, 0
		}
		tree[n.Path] = to
	}
	return tree
}

// told lists the members of layers, for a person.
func told(layers [][]byte) string {
	var b strings.Builder
	for i, data := range layers {
		fmt.Fprintf(&b, "layer %d:\n%s", i, members(data))
	}
	return b.String()
}

// writeLayout writes an OCI layout with layers that are not compressed, of an image with a name.
func writeLayout(dir string, layers [][]byte, name string) error {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return err
	}
	put := func(mediaType string, data []byte) (map[string]any, error) {
		sum := sha256.Sum256(data)
		name := hex.EncodeToString(sum[:])
		return map[string]any{"mediaType": mediaType, "digest": "sha256:" + name, "size": len(data)}, os.WriteFile(filepath.Join(blobs, name), data, 0o644)
	}
	var list, ids []any
	for _, data := range layers {
		d, err := put("application/vnd.oci.image.layer.v1.tar", data)
		if err != nil {
			return err
		}
		list, ids = append(list, d), append(ids, d["digest"])
	}
	document := func(mediaType string, v any) (map[string]any, error) {
		data, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		return put(mediaType, data)
	}
	config, err := document("application/vnd.oci.image.config.v1+json", map[string]any{"os": "linux", "architecture": "amd64", "config": map[string]any{}, "rootfs": map[string]any{"type": "layers", "diff_ids": ids}})
	if err != nil {
		return err
	}
	const manifestType = "application/vnd.oci.image.manifest.v1+json"
	manifest, err := document(manifestType, map[string]any{"schemaVersion": 2, "mediaType": manifestType, "config": config, "layers": list})
	if err != nil {
		return err
	}
	manifest["annotations"] = map[string]any{"io.containerd.image.name": name}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []any{manifest}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
