// Package layertest makes layers, images and package databases for tests: the same bytes each time, and none that
// does harm.
package layertest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"path"
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

// Member is a member of a layer made for a test.
type Member struct {
	tar.Header
	Content string
}

// File makes a file with mode 0644.
func File(name, content string) Member { return Member{tar.Header{Name: name, Mode: 0o644}, content} }

// Exe makes a file that may be run.
func Exe(name, content string) Member { return Member{tar.Header{Name: name, Mode: 0o755}, content} }

// Dir makes a directory.
func Dir(name string) Member {
	return Member{tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeDir}, ""}
}

// Symlink makes a symbolic link.
func Symlink(name, to string) Member {
	return Member{tar.Header{Name: name, Linkname: to, Mode: 0o777, Typeflag: tar.TypeSymlink}, ""}
}

// Hardlink makes another name of a program.
func Hardlink(name, to string) Member {
	return Member{tar.Header{Name: name, Linkname: to, Mode: 0o755, Typeflag: tar.TypeLink}, ""}
}

// Whiteout makes an empty file, by whose name a layer takes something away.
func Whiteout(name string) Member { return File(name, "") }

// WithMode returns the member with other mode bits.
func (m Member) WithMode(mode int64) Member {
	m.Mode = mode
	return m
}

// Tar makes a layer's tar, the same bytes each time.
func Tar(t testing.TB, members ...Member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := m.Header
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Size = int64(len(m.Content)); h.Typeflag != tar.TypeXGlobalHeader {
			h.ModTime = time.Unix(1_700_000_000, 0)
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.Content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Gzip packs data.
func Gzip(t testing.TB, data []byte) []byte {
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

// Layer is a layer and the build step that made it.
type Layer struct {
	Step    string
	Members []Member
}

// Step makes a layer.
func Step(by string, members ...Member) Layer { return Layer{by, members} }

// Image writes an image as an OCI layout and returns its target.
func Image(t testing.TB, config v1.Config, layers ...Layer) string {
	t.Helper()
	img, err := mutate.Config(empty.Image, config)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		add := mutate.Addendum{History: v1.History{CreatedBy: l.Step, EmptyLayer: l.Members == nil}}
		if l.Members != nil {
			data := Gzip(t, Tar(t, l.Members...))
			add.Layer, err = tarball.LayerFromOpener(func() (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(data)), nil
			})
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
	written, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := written.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	return "oci:" + dir
}

// ELF makes the smallest ELF file that debug/elf reads: a header, one program header where it is dynamic, a section
// table, and a text that makes it its own.
func ELF(machine uint16, dynamic bool, text string) string {
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

// AMD64 is the number of the architecture in ELF headers.
const AMD64 = 62

// Program makes an ordinary dynamic program for amd64.
func Program(text string) string { return ELF(AMD64, true, text) }

// Dpkg makes the files of dpkg's database for packages: name to the members that it owns.
func Dpkg(packages map[string][]Member, names ...string) []Member {
	var status strings.Builder
	all := []Member{Dir("var/"), Dir("var/lib/"), Dir("var/lib/dpkg/"), Dir("var/lib/dpkg/info/")}
	for _, name := range names {
		fmt.Fprintf(&status,
			"Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\nConffiles:\n", name)
		var list, sums strings.Builder
		list.WriteString("/.\n")
		for _, m := range packages[name] {
			p := path.Clean("/" + m.Name)
			fmt.Fprintf(&list, "%s\n", p)
			switch {
			case m.Typeflag != 0:
			case strings.HasPrefix(p, "/etc/"):
				fmt.Fprintf(&status, " %s %s\n", p, MD5(m.Content))
			default:
				fmt.Fprintf(&sums, "%s  %s\n", MD5(m.Content), strings.TrimPrefix(p, "/"))
			}
		}
		status.WriteString("Description: made for a test\n continued\n\n")
		all = append(all, File("var/lib/dpkg/info/"+name+".list", list.String()),
			File("var/lib/dpkg/info/"+name+".md5sums", sums.String()))
	}
	return append(all, File("var/lib/dpkg/status", status.String()))
}

// MD5 returns the digest of a content in hex, as dpkg lists it.
func MD5(content string) string {
	return fmt.Sprintf("%x", md5.Sum([]byte(content))) //nolint:gosec // dpkg has no other
}

// Debian is a small clean base image: bash, coreutils, base-files with a merged /usr.
func Debian() (map[string][]Member, Layer) {
	packages := map[string][]Member{
		"base-files": {Dir("etc/"), File("etc/debian_version", "13\n"), File("usr/lib/os-release", "ID=debian\n"),
			Symlink("bin", "usr/bin")},
		"bash": {Exe("bin/bash", Program("bash")), File("etc/bash.bashrc", "# rc\n")},
		"coreutils": {Exe("usr/bin/ls", Program("ls")), Exe("usr/bin/top", Program("top")),
			File("usr/share/doc/coreutils/copyright", "free\n")},
	}
	members := []Member{
		Dir("usr/"), Dir("usr/bin/"), Symlink("bin", "usr/bin"), Dir("etc/"), File("etc/debian_version", "13\n"),
		File("usr/lib/os-release", "ID=debian\n"),
		Exe("usr/bin/bash", Program("bash")), File("etc/bash.bashrc", "# rc\n"), Exe("usr/bin/ls", Program("ls")),
		Exe("usr/bin/top", Program("top")),
	}
	return packages, Step("ADD rootfs.tar / # base", append(members, Dpkg(packages, "base-files", "bash",
		"coreutils")...)...)
}

// HeaderWith is the header of a program with an extended attribute.
func HeaderWith(name, attribute, value string) tar.Header {
	return tar.Header{Name: name, Mode: 0o755, PAXRecords: map[string]string{"SCHILY.xattr." + attribute: value}}
}

// APKSum returns the digest of a content as apk lists it.
func APKSum(content string) string {
	sum := sha1.Sum([]byte(content))
	return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
}
