package files

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// member is a member of a layer made for a test.
type member struct {
	tar.Header
	content string
}

func file(name, content string) member { return member{tar.Header{Name: name, Mode: 0o644}, content} }

func exe(name, content string) member { return member{tar.Header{Name: name, Mode: 0o755}, content} }

func dir(name string) member {
	return member{tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeDir}, ""}
}

func symlink(name, to string) member {
	return member{tar.Header{Name: name, Linkname: to, Mode: 0o777, Typeflag: tar.TypeSymlink}, ""}
}

func hardlink(name, to string) member {
	return member{tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeLink}, ""}
}
func whiteout(name string) member { return file(name, "") }

func (m member) mode(mode int64) member {
	m.Mode = mode
	return m
}

// tarOf makes a layer's tar, the same bytes each time.
func tarOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := m.Header
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		h.Size, h.ModTime = int64(len(m.content)), time.Unix(1_700_000_000, 0)
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packed(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// layerSpec is a layer and the build step that made it.
type layerSpec struct {
	step    string
	members []member
}

func step(by string, members ...member) layerSpec { return layerSpec{by, members} }

// imageOf writes an image as an OCI layout and returns its target.
func imageOf(t testing.TB, config v1.Config, layers ...layerSpec) string {
	t.Helper()
	img, err := mutate.Config(empty.Image, config)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		add := mutate.Addendum{History: v1.History{CreatedBy: l.step, EmptyLayer: l.members == nil}}
		if l.members != nil {
			data := packed(t, tarOf(t, l.members...))
			add.Layer, err = tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		if img, err = mutate.Append(img, add); err != nil {
			t.Fatal(err)
		}
	}
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c = c.DeepCopy()
	c.OS, c.Architecture = "linux", "amd64"
	if img, err = mutate.ConfigFile(img, c); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "image")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	return "oci:" + dir
}

// elfOf makes the smallest ELF file that debug/elf reads: a header, one program header where it is dynamic, a section
// table, and a text that makes it its own.
func elfOf(machine uint16, dynamic bool, text string) string {
	le := binary.LittleEndian
	head := make([]byte, 64)
	copy(head, "\x7fELF\x02\x01\x01")
	le.PutUint16(head[16:], 2) // executable
	le.PutUint16(head[18:], machine)
	le.PutUint32(head[20:], 1)
	le.PutUint16(head[52:], 64)
	le.PutUint16(head[54:], 56)
	le.PutUint16(head[58:], 64)
	body := head
	if dynamic {
		le.PutUint64(head[32:], 64)
		le.PutUint16(head[56:], 1)
		prog := make([]byte, 56)
		le.PutUint32(prog, 3) // PT_INTERP
		body = append(body, prog...)
	}
	body = append(body, text...)
	names := "\x00.shstrtab\x00"
	namesAt := len(body)
	body = append(body, names...)
	sections := make([]byte, 2*64)
	second := sections[64:]
	le.PutUint32(second, 1)
	le.PutUint32(second[4:], 3) // SHT_STRTAB
	le.PutUint64(second[24:], uint64(namesAt))
	le.PutUint64(second[32:], uint64(len(names)))
	le.PutUint64(body[40:], uint64(len(body)))
	le.PutUint16(body[60:], 2)
	le.PutUint16(body[62:], 1)
	return string(append(body, sections...))
}

const amd64 = 62

// program makes an ordinary dynamic program for amd64.
func program(text string) string { return elfOf(amd64, true, text) }

// dpkgOf makes the files of dpkg's database for packages: name to the members that it owns.
func dpkgOf(packages map[string][]member, names ...string) []member {
	var status strings.Builder
	all := []member{dir("var/"), dir("var/lib/"), dir("var/lib/dpkg/"), dir("var/lib/dpkg/info/")}
	for _, name := range names {
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\nConffiles:\n", name)
		var list, sums strings.Builder
		list.WriteString("/.\n")
		for _, m := range packages[name] {
			p := cleanPath(m.Name)
			fmt.Fprintf(&list, "%s\n", p)
			switch {
			case m.Typeflag != 0:
			case strings.HasPrefix(p, "/etc/"):
				fmt.Fprintf(&status, " %s %s\n", p, md5Of(m.content))
			default:
				fmt.Fprintf(&sums, "%s  %s\n", md5Of(m.content), strings.TrimPrefix(p, "/"))
			}
		}
		status.WriteString("Description: made for a test\n continued\n\n")
		all = append(all, file("var/lib/dpkg/info/"+name+".list", list.String()), file("var/lib/dpkg/info/"+name+".md5sums", sums.String()))
	}
	return append(all, file("var/lib/dpkg/status", status.String()))
}

func md5Of(content string) string {
	h := newWeakHash("md5")
	_, _ = io.WriteString(h, content)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// debian is a small clean base image: bash, coreutils, base-files with a merged /usr.
func debian() (map[string][]member, layerSpec) {
	packages := map[string][]member{
		"base-files": {dir("etc/"), file("etc/debian_version", "13\n"), file("usr/lib/os-release", "ID=debian\n"), symlink("bin", "usr/bin")},
		"bash":       {exe("bin/bash", program("bash")), file("etc/bash.bashrc", "# rc\n")},
		"coreutils":  {exe("usr/bin/ls", program("ls")), exe("usr/bin/top", program("top")), file("usr/share/doc/coreutils/copyright", "free\n")},
	}
	members := []member{
		dir("usr/"), dir("usr/bin/"), symlink("bin", "usr/bin"), dir("etc/"), file("etc/debian_version", "13\n"), file("usr/lib/os-release", "ID=debian\n"),
		exe("usr/bin/bash", program("bash")), file("etc/bash.bashrc", "# rc\n"), exe("usr/bin/ls", program("ls")), exe("usr/bin/top", program("top")),
	}
	return packages, step("ADD rootfs.tar / # base", append(members, dpkgOf(packages, "base-files", "bash", "coreutils")...)...)
}

// headerWith is the header of a program with an extended attribute.
func headerWith(name, attribute, value string) tar.Header {
	return tar.Header{Name: name, Mode: 0o755, PAXRecords: map[string]string{xattrPrefix + attribute: value}}
}
