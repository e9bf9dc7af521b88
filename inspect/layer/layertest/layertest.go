// Package layertest makes layers, images and package databases for tests: the same bytes each time, and none that does
// harm. Fixtures are made by code so that a reviewer sees what is in them, and so that digests do not change from run
// to run: times, owners and the order of members are fixed. Nothing of them can be run: programs are headers without
// code, and databases list what a test gives them.
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

// Member is a member of a layer made for a test. Its Header may be changed before it is given to Tar; Size and times
// are set there.
type Member struct {
	tar.Header
	Content string
}

// File makes a file with mode 0644. name is written into the tar as it is, so that a test can give one that no writer
// would: "../x", "/x", "./x".
func File(name, content string) Member { return Member{tar.Header{Name: name, Mode: 0o644}, content} }

// Exe makes a file that may be run.
func Exe(name, content string) Member { return Member{tar.Header{Name: name, Mode: 0o755}, content} }

// Dir makes a directory with mode 0755. A name may end with a slash, as tar writes it.
func Dir(name string) Member {
	return Member{tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeDir}, ""}
}

// Symlink makes a symbolic link; to is written into the tar as it is.
func Symlink(name, to string) Member {
	return Member{tar.Header{Name: name, Linkname: to, Mode: 0o777, Typeflag: tar.TypeSymlink}, ""}
}

// Hardlink makes another name of a program: its header has mode 0755, which containerd sets on the file. to is a path
// within the layer.
func Hardlink(name, to string) Member {
	return Member{tar.Header{Name: name, Linkname: to, Mode: 0o755, Typeflag: tar.TypeLink}, ""}
}

// Whiteout makes an empty file, by whose name a layer takes something away: dir/.wh.NAME, or dir/.wh..wh..opq for all
// in a directory (https://github.com/opencontainers/image-spec/blob/main/layer.md).
func Whiteout(name string) Member { return File(name, "") }

// WithMode returns the member with other mode bits.
func (m Member) WithMode(mode int64) Member {
	m.Mode = mode
	return m
}

// Tar makes a layer's tar, the same bytes each time: members are in the order in which they are given, and all have one
// time.
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

// Layer is a layer and the build step that made it. One whose Members are nil is a step without a layer, as ENV makes
// it.
type Layer struct {
	Step    string
	Members []Member
}

// Step makes a layer.
func Step(by string, members ...Member) Layer { return Layer{by, members} }

// Image writes an image for linux/amd64 as an OCI layout into a directory of the test, and returns its target in the
// form of registry.Parse. It is valid in every part; see Layout for one that is not.
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
// table, and a text that makes it its own. No part of it can be run: the header names no entry point and no segment is
// loaded.
func ELF(machine uint16, dynamic bool, text string) string {
	le := binary.LittleEndian
	head := make([]byte, 64)
	copy(head, "\x7fELF\x02\x01\x01")
	// Offsets are those of Elf64_Ehdr and Elf64_Shdr in the System V ABI.
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

// Dpkg makes the files of dpkg's database for packages: name to the members that it owns. names gives their order.
// Files below /etc are conffiles, whose digests stand in the status file instead of in md5sums.
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
	return fmt.Sprintf("%x", md5.Sum([]byte(content)))
}

// Debian is a small clean base image: bash, coreutils, base-files with a merged /usr. Each call makes a map of its own,
// so that a test may change it. As slim images do, it leaves documentation out that a package lists.
func Debian() (map[string][]Member, Layer) {
	packages := map[string][]Member{
		"base-files": {
			Dir("etc/"), File("etc/debian_version", "13\n"), File("usr/lib/os-release", "ID=debian\n"),
			Symlink("bin", "usr/bin"),
		},
		"bash": {Exe("bin/bash", Program("bash")), File("etc/bash.bashrc", "# rc\n")},
		"coreutils": {
			Exe("usr/bin/ls", Program("ls")), Exe("usr/bin/top", Program("top")),
			File("usr/share/doc/coreutils/copyright", "free\n"),
		},
	}
	// /bin is a link to /usr/bin, and packages list files by both names: the most frequent pitfall of ownership.
	members := []Member{
		Dir("usr/"), Dir("usr/bin/"), Symlink("bin", "usr/bin"), Dir("etc/"), File("etc/debian_version", "13\n"),
		File("usr/lib/os-release", "ID=debian\n"),
		Exe("usr/bin/bash", Program("bash")), File("etc/bash.bashrc", "# rc\n"), Exe("usr/bin/ls", Program("ls")),
		Exe("usr/bin/top", Program("top")),
	}
	return packages, Step("ADD rootfs.tar / # base", append(members, Dpkg(packages, "base-files", "bash",
		"coreutils")...)...)
}

// HeaderWith is the header of a program with an extended attribute, in the PAX record that GNU tar writes.
func HeaderWith(name, attribute, value string) tar.Header {
	return tar.Header{Name: name, Mode: 0o755, PAXRecords: map[string]string{"SCHILY.xattr." + attribute: value}}
}

// APKSum returns the digest of a content as apk lists it in Z: lines: Q1 and SHA-1 in base64.
func APKSum(content string) string {
	sum := sha1.Sum([]byte(content))
	return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
}
