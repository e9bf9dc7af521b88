package evidence

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

func TestUntouchedBundleHolds(t *testing.T) {
	in := newIncident(t)
	for _, name := range []string{"bundle", "bundle.tar.gz", "bundle.tar.zst"} {
		r := in.export(t, name, options)
		v := verify(t, r.Path, trusting())
		if v.Status != inspect.Verified || v.Fits != inspect.Verified || v.Reproduced != inspect.Verified || v.Authentic != inspect.Absent {
			t.Errorf("%s: %s, fits %s, reproduced %s, authentic %s: %v", name, v.Status, v.Fits, v.Reproduced, v.Authentic, failures(v))
		}
		if v.Case.ID != "20261123T031204Z-web-7d9f" || v.TagManifest != r.TagManifest {
			t.Errorf("%s: case %s, tag manifest %s", name, v.Case.ID, v.TagManifest)
		}
	}
}

// TestTamperedFilesAreNamed alters, removes and adds a file of each kind, and expects its name in the failure.
func TestTamperedFilesAreNamed(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	sum := bagit.HexOf(bagit.Digest([]byte(miner)))
	for _, name := range []string{
		"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt",
		"data/case.json", "data/events.jsonl", "data/report.html", "data/report.md", "data/custody.jsonl", "data/blobs.jsonl",
		"data/cluster/pod.json", "data/alerts/falco.jsonl", "data/exhibits.json",
		"data/image/index.json", "data/image/oci-layout", "data/image/blobs/sha256/" + bagit.HexOf(in.layers[0].Digest), "data/known-good/index.json",
		"data/damaged/" + bagit.HexOf(bagit.Digest([]byte("these are not the bytes"))), "data/index/" + bagit.HexOf(in.layers[0].DiffID) + ".jsonl.gz",
		"data/binaries/" + sum, "data/binaries/index.json", "data/sbom/diff.json", "data/trust/trusted_root.json",
	} {
		for how, tamper := range map[string]func(path string) error{
			"altered":   func(p string) error { return flip(p) },
			"cut short": func(p string) error { return os.Truncate(p, 3) },
			"removed":   os.Remove,
			"a link": func(p string) error {
				return errors.Join(os.Rename(p, p+".real"), os.Symlink(filepath.Base(p)+".real", p))
			},
		} {
			dir := filepath.Join(t.TempDir(), "copy")
			must(t, os.CopyFS(dir, os.DirFS(r.Path)))
			must(t, tamper(filepath.Join(dir, name)))
			v := verify(t, dir, trusting())
			if v.Status != inspect.Failed || v.Fits != inspect.Failed || !strings.Contains(strings.Join(failures(v), "\n"), name) {
				t.Errorf("%s %s: %s, %v", name, how, v.Status, failures(v))
			}
		}
	}
}

// flip changes a letter and keeps the size.
func flip(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b[len(b)/2] ^= 1
	return os.WriteFile(path, b, 0o600)
}

func TestExtraFilesFail(t *testing.T) {
	in := newIncident(t)
	for _, name := range []string{"data/extra", "extra.txt", "data/logs/.hidden", "fetch.txt", "._bagit.txt"} {
		r := in.export(t, "bundle", options)
		must(t, os.WriteFile(filepath.Join(r.Path, name), []byte("x"), 0o600))
		v := verify(t, r.Path, trusting())
		if v.Fits != inspect.Failed || !strings.Contains(strings.Join(failures(v), "\n"), name) {
			t.Errorf("%s: %v", name, failures(v))
		}
	}
	r := in.export(t, "bundle", options)
	must(t, os.Symlink("/etc/passwd", filepath.Join(r.Path, "data/logs/link")))
	if v := verify(t, r.Path, trusting()); v.Fits != inspect.Failed {
		t.Error("a symbolic link was let pass")
	}
}

// reseal writes all manifests again, as a person would who changes a bundle and knows the format.
func reseal(t *testing.T, dir string) {
	t.Helper()
	var payload []string
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(dir, path)
		if err == nil && !d.IsDir() && bagit.IsPayload(name) {
			payload = append(payload, name)
		}
		return errors.Join(err, relErr)
	}))
	writeManifests(t, dir, "manifest", payload)
	tags := []string{bagit.Manifest256, bagit.Manifest512}
	for _, name := range []string{bagit.DeclarationFile, bagit.InfoFile, readmeFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			tags = append(tags, name)
		}
	}
	writeManifests(t, dir, "tagmanifest", tags)
}

// writeManifests lists files with their digests as sha256sum and sha512sum do, in files of that name.
func writeManifests(t *testing.T, dir, manifest string, names []string) {
	t.Helper()
	slices.Sort(names)
	var sums256, sums512 bytes.Buffer
	for _, name := range names {
		data := read(t, filepath.Join(dir, name))
		fmt.Fprintf(&sums256, "%x  %s\n", sha256.Sum256(data), name)
		fmt.Fprintf(&sums512, "%x  %s\n", sha512.Sum512(data), name)
	}
	must(t, os.WriteFile(filepath.Join(dir, manifest+"-sha256.txt"), sums256.Bytes(), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, manifest+"-sha512.txt"), sums512.Bytes(), 0o600))
}

// rewrite replaces text in a file of the same length, so that Payload-Oxum stays right, and seals the bag again.
func rewrite(t *testing.T, dir, name, from, to string) {
	t.Helper()
	path := filepath.Join(dir, name)
	b := read(t, path)
	if len(from) != len(to) || !bytes.Contains(b, []byte(from)) {
		t.Fatalf("%s: cannot put %q in the place of %q", name, to, from)
	}
	must(t, os.WriteFile(path, bytes.ReplaceAll(b, []byte(from), []byte(to)), 0o600))
	reseal(t, dir)
}

// TestClaimsThatDoNotFollow changes what a bundle says and makes its manifests fit again.
func TestClaimsThatDoNotFollow(t *testing.T) {
	in := newIncident(t)
	o := trusting()
	o.Tool = inspect.Tool{Name: "backtrail", Version: "0.1.0"}
	if r := in.export(t, "bundle", options); verify(t, r.Path, o).Status != inspect.Verified {
		t.Fatal("the bundle does not hold to begin with")
	}
	for _, tt := range []struct{ file, from, to, named string }{
		{"data/case.json", `"critical"`, `"moderate"`, "data/case.json"},
		{"data/events.jsonl", `"critical"`, `"moderate"`, "data/case.json"},
		{"data/custody.jsonl", `"status":200`, `"status":404`, "data/custody.jsonl"},
		{"data/custody.jsonl", "ada@laptop", "eve@laptop", "data/custody.jsonl"},
		{"data/report.html", "CRITICAL", "HARMLESS", "data/report.html"},
		{"data/report.md", "CRITICAL", "HARMLESS", "data/report.md"},
		{"data/cluster/pod.json", "Pod", "Dop", "data/cluster/pod.json"},
		{"data/exhibits.json", "spec.containers[0].env", "spec.containers[0].foo", "data/exhibits.json"},
		{"data/sbom/diff.json", "downgrade", "same-same", "data/sbom/diff.json"},
		{"data/redactions.jsonl", "spec.containers[0].env", "spec.containers[0].foo", "data/redactions.jsonl"},
		{"data/binaries/index.json", `"critical"`, `"moderate"`, "data/binaries/index.json"},
		{"data/packages/index.json", "status", "statos", "data/packages/index.json"},
		{"data/blobs.jsonl", `"role":"config"`, `"role":"confog"`, "data/blobs.jsonl"},
		{"data/image/index.json", "manifests", "manifosts", "data/image/index.json"},
		{"bag-info.txt", "Backtrail-Case-Complete: yes", "Backtrail-Case-Complete: nay", "bag-info.txt"},
		{"bag-info.txt", "Backtrail-Case-Status: failed", "Backtrail-Case-Status: passed", "bag-info.txt"},
		{"data/blobs.jsonl", `"state":"carried","of":"image","role":"manifest"`, `"state":"missing","of":"image","role":"manifest"`, in.image.Digest},
	} {
		r := in.export(t, "bundle", options)
		rewrite(t, r.Path, tt.file, tt.from, tt.to)
		v := verify(t, r.Path, o)
		if v.Status != inspect.Failed || !strings.Contains(strings.Join(failures(v), "\n"), tt.named) {
			t.Errorf("%s with %s: %s, %v", tt.file, tt.to, v.Status, failures(v))
		}
	}
	// A blob that is swapped for another, with manifests that fit.
	r := in.export(t, "bundle", options)
	must(t, flip(filepath.Join(r.Path, "data/image/blobs/sha256", bagit.HexOf(in.layers[0].Digest))))
	reseal(t, r.Path)
	if v := verify(t, r.Path, o); v.Status != inspect.Failed || !strings.Contains(strings.Join(failures(v), "\n"), bagit.HexOf(in.layers[0].Digest)) {
		t.Errorf("a swapped layer: %s, %v", v.Status, failures(v))
	}
}

func TestVerdictsThatComeOutOtherwise(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	change := func(alter func(*inspect.Image)) VerifyOptions {
		o := trusting()
		o.Rerun = func(_ context.Context, _ *Bag, c inspect.Case) (Again, error) {
			i := c.Images[0]
			i.Layers, i.Signatures, i.Provenance = slices.Clone(i.Layers), slices.Clone(i.Signatures), slices.Clone(i.Provenance)
			alter(&i)
			c.Images = []inspect.Image{i}
			return Again{Case: c}, nil
		}
		return o
	}
	for name, alter := range map[string]func(*inspect.Image){
		"image":      func(i *inspect.Image) { i.Status = inspect.Failed },
		"layer":      func(i *inspect.Image) { i.Layers[1].Status, i.Layers[1].Reason = inspect.Failed, "diffid-mismatch" },
		"signature":  func(i *inspect.Image) { i.Signatures[0].Status = inspect.Failed },
		"provenance": func(i *inspect.Image) { i.Provenance[0].Status = inspect.Unknown },
		"no longer":  func(i *inspect.Image) { i.Signatures = nil },
		"policy": func(i *inspect.Image) {
			i.Gates = append(slices.Clone(i.Gates), inspect.Gate{Name: inspect.GatePolicy + "p", Kind: inspect.GateKindImagePolicy, Status: inspect.GatePassed})
		},
		"new": func(i *inspect.Image) { i.Signatures = append(i.Signatures, inspect.Signature{ID: "s2"}) },
	} {
		if v := verify(t, r.Path, change(alter)); v.Status != inspect.Failed || v.Reproduced != inspect.Failed || v.Fits != inspect.Verified {
			t.Errorf("%s: %s, reproduced %s", name, v.Status, v.Reproduced)
		}
	}
	o := trusting()
	o.Rerun = func(context.Context, *Bag, inspect.Case) (Again, error) {
		return Again{}, errors.New("no room")
	}
	if v := verify(t, r.Path, o); v.Status != inspect.Unknown || v.Reproduced != inspect.Unknown {
		t.Errorf("checks that could not run: %s, reproduced %s", v.Status, v.Reproduced)
	}
}

func TestInterruptedChecksClaimNothing(t *testing.T) {
	in := newIncident(t)
	in.events = slices.DeleteFunc(in.events, func(e inspect.Event) bool {
		_, signature := e.Fact.(inspect.Signature)
		_, end := e.Fact.(inspect.End)
		return signature || end
	})
	for n, e := range in.events {
		if i, ok := e.Fact.(inspect.ImageHead); ok {
			i.Status, i.Reason = inspect.Unknown, inspect.Running
			in.events[n].Fact = i
		}
	}
	r := in.export(t, "bundle", options)
	o := trusting()
	o.Rerun = func(_ context.Context, _ *Bag, c inspect.Case) (Again, error) {
		i := c.Images[0]
		i.Status, i.Reason, i.Signatures = inspect.Verified, "", []inspect.Signature{{ID: "s1", Status: inspect.Verified}}
		c.Images = []inspect.Image{i}
		return Again{Case: c}, nil
	}
	if v := verify(t, r.Path, o); v.Status != inspect.Verified {
		t.Errorf("%s: %v", v.Status, failures(v))
	}
}

func TestWhatIsLeftOutIsListed(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", Options{Layers: LayersNone})
	v := verify(t, r.Path, trusting())
	names := map[string]int{}
	for _, c := range v.Checks {
		if c.Basis == BasisNotKept && c.Status == inspect.Absent {
			names[c.Name]++
		}
	}
	if names["layer"] != 2 || names["image"] != 1 {
		t.Errorf("left out: %v", names)
	}
}

func TestWhoVouches(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	rerun := trusting().Rerun
	root := bagit.Digest([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`))
	for name, tt := range map[string]struct {
		o    VerifyOptions
		want inspect.Status
	}{
		"only the bag":         {VerifyOptions{Rerun: rerun}, inspect.Unknown},
		"accepted":             {VerifyOptions{Rerun: rerun, AcceptBag: true}, inspect.Verified},
		"yours":                {VerifyOptions{Rerun: rerun, Roots: []string{"root.json"}}, inspect.Verified},
		"known":                {VerifyOptions{Rerun: rerun, Known: []string{root}}, inspect.Verified},
		"expected":             {VerifyOptions{Rerun: rerun, AcceptBag: true, Expect: r.TagManifest}, inspect.Verified},
		"expected another":     {VerifyOptions{Rerun: rerun, AcceptBag: true, Expect: root}, inspect.Failed},
		"checks were not run":  {VerifyOptions{AcceptBag: true}, inspect.Unknown},
		"another key is yours": {VerifyOptions{Rerun: rerun, Keys: []string{root}}, inspect.Unknown},
	} {
		if v := verify(t, r.Path, tt.o); v.Status != tt.want {
			t.Errorf("%s: %s, %v", name, v.Status, failures(v))
		}
	}
}

// repack writes an archive of members, after letting a test change them.
func repack(t *testing.T, from string, change func(w *tar.Writer, h *tar.Header, data []byte)) string {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(read(t, from)))
	must(t, err)
	tr := tar.NewReader(zr)
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		data, err := io.ReadAll(tr)
		must(t, err)
		change(tw, h, data)
	}
	change(tw, nil, nil)
	must(t, errors.Join(tw.Close(), zw.Close()))
	to := filepath.Join(t.TempDir(), "hostile.tar.gz")
	must(t, os.WriteFile(to, b.Bytes(), 0o600))
	return to
}

func TestHostileArchives(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle.tar.gz", options)
	const top = "20261123T031204Z-web-7d9f/"
	put := func(w *tar.Writer, h tar.Header, data string) {
		h.Size = int64(len(data))
		must(t, w.WriteHeader(&h))
		_, err := w.Write([]byte(data))
		must(t, err)
	}
	for name, add := range map[string]func(w *tar.Writer){
		"leaves the bag": func(w *tar.Writer) { put(w, tar.Header{Name: top + "../../evil", Mode: 0o600}, "x") },
		"absolute":       func(w *tar.Writer) { put(w, tar.Header{Name: "/etc/evil", Mode: 0o600}, "x") },
		"beside":         func(w *tar.Writer) { put(w, tar.Header{Name: "other/file", Mode: 0o600}, "x") },
		"twice":          func(w *tar.Writer) { put(w, tar.Header{Name: top + "bagit.txt", Mode: 0o600}, bagit.Declaration) },
		"symbolic link": func(w *tar.Writer) {
			put(w, tar.Header{Name: top + "data/l", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, "")
		},
		"hard link": func(w *tar.Writer) {
			put(w, tar.Header{Name: top + "data/l", Typeflag: tar.TypeLink, Linkname: top + "bagit.txt"}, "")
		},
		"device":          func(w *tar.Writer) { put(w, tar.Header{Name: top + "data/d", Typeflag: tar.TypeChar}, "") },
		"backslash":       func(w *tar.Writer) { put(w, tar.Header{Name: top + `data\evil`, Mode: 0o600}, "x") },
		"differs by case": func(w *tar.Writer) { put(w, tar.Header{Name: top + "data/CASE.json", Mode: 0o600}, "x") },
		"extra":           func(w *tar.Writer) { put(w, tar.Header{Name: top + "data/extra", Mode: 0o600}, "x") },
	} {
		path := repack(t, r.Path, func(w *tar.Writer, h *tar.Header, data []byte) {
			if h == nil {
				add(w)
				return
			}
			put(w, *h, string(data))
		})
		if v := verify(t, path, trusting()); v.Fits != inspect.Failed || len(failures(v)) == 0 {
			t.Errorf("%s: %s, %v", name, v.Fits, failures(v))
		}
	}
	cut := read(t, r.Path)
	path := filepath.Join(t.TempDir(), "cut.tar.gz")
	must(t, os.WriteFile(path, cut[:len(cut)/2], 0o600))
	if v := verify(t, path, trusting()); v.Status != inspect.Failed {
		t.Errorf("a cut archive: %s", v.Status)
	}
}

func TestNoBundleIsAnError(t *testing.T) {
	if _, err := Verify(context.Background(), filepath.Join(t.TempDir(), "nothing"), VerifyOptions{}); err == nil {
		t.Error("a path that is not there was checked")
	}
}

// TestManifestsFitCoreutils has another program read the manifests.
func TestManifestsFitCoreutils(t *testing.T) {
	in := newIncident(t)
	r := in.export(t, "bundle", options)
	for manifest, tool := range map[string]string{bagit.Manifest256: "sha256sum", bagit.Manifest512: "sha512sum", bagit.TagManifest256: "sha256sum", bagit.TagManifest512: "sha512sum"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("%s is not here", tool)
		}
		cmd := exec.Command(path, "--strict", "--quiet", "-c", manifest)
		cmd.Dir = r.Path
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", manifest, err, out)
		}
	}
}
