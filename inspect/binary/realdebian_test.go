package binary

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/owner"
)

// realDebian gives the tar of a Debian as Debian's own packages make it. It is made once, by mmdebstrap and from Debian's
// mirrors, and kept beside the repository, in the user's cache.
func realDebian(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Debian takes minutes to make")
	}
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		t.Skip("no mmdebstrap here (apt-get install mmdebstrap): no real Debian to look at")
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no place to keep a real Debian: %v", err)
	}
	name := filepath.Join(dir, "backtrail-test", "debian-bookworm-1.tar")
	if _, err := os.Stat(name); err == nil {
		return name
	}
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	made := name + fmt.Sprintf(".%d", os.Getpid())
	defer os.Remove(made)
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates,python3,openssh-server,procps,sudo,cron,ssl-cert", "--format=tar", "bookworm", made).CombinedOutput()
	if err != nil {
		t.Skipf("a real Debian cannot be made here: %v: %s", err, bytes.TrimSpace(out[max(0, len(out)-300):]))
	}
	must(t, os.Rename(made, name))
	return name
}

// memberOf reads a file of a tar.
func memberOf(t *testing.T, archive, name string) string {
	t.Helper()
	f, err := os.Open(archive)
	must(t, err)
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("%s has no %s", archive, name)
		}
		must(t, err)
		if strings.TrimPrefix(h.Name, "./") == name {
			data, err := io.ReadAll(r)
			must(t, err)
			return string(data)
		}
	}
}

// onDebian puts layers upon a real Debian.
func onDebian(t *testing.T, archive string, layers ...layerSpec) string {
	t.Helper()
	base, err := tarball.LayerFromFile(archive)
	must(t, err)
	img, err := mutate.Append(empty.Image, mutate.Addendum{Layer: base, History: v1.History{CreatedBy: "ADD rootfs.tar /"}})
	must(t, err)
	for _, l := range layers {
		data := packed(t, tarOf(t, l.Members...))
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
		must(t, err)
		img, err = mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: l.Step}})
		must(t, err)
	}
	dir := filepath.Join(t.TempDir(), "image")
	path, err := layout.Write(dir, empty.Index)
	must(t, err)
	must(t, path.AppendImage(img))
	return "oci:" + dir
}

func TestARealDebianIsCalm(t *testing.T) {
	archive := realDebian(t)
	b := newBench(t)
	c := b.examine(t, onDebian(t, archive), nil)
	i := c.Images[0]
	if i.Files.Ownership != owner.Known || i.Files.Owned < 5000 || i.Files.Altered > 0 || i.Files.Missing > 0 {
		t.Errorf("files %+v, altered %+v, missing %+v", i.Files, i.Altered, i.Missing)
	}
	for _, f := range c.Findings {
		if f.Severity.Rank() < inspect.Low.Rank() {
			t.Errorf("%s %s: %s", f.Severity, f.Code, f.Title)
		}
	}
	if len(i.Binaries) > 0 {
		t.Errorf("rows %q", binaryRows(i))
	}
	for _, l := range i.Layers {
		if l.Status != inspect.Verified || l.Detail != "" {
			t.Errorf("layer %+v", l)
		}
	}
	// With what perfctl did upon it, the three files are the first rows.
	bash := memberOf(t, archive, "usr/bin/bash")
	c = b.examine(t, onDebian(t, archive, step("RUN perf", file("usr/lib/libgcwrap.so", program("wrap")), file("etc/ld.so.preload", "/lib/libgcwrap.so\n"), exe("usr/bin/top", program("hides")), exe("usr/bin/ldd", "#!/bin/sh\nexit 0\n"),
		exe("usr/local/bin/bash", bash))), nil)
	want := []string{"high /usr/bin/ldd x1 altered", "high /usr/bin/top x1 altered", "high /usr/lib/libgcwrap.so x1 unowned loader-hijack"}
	got := binaryRows(c.Images[0])
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("rows %q", got)
	}
}
