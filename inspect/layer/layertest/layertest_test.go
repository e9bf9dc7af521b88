package layertest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"debug/elf"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// listed reads a tar with the standard library: name, type, mode and content of each member.
func listed(t *testing.T, data []byte) []string {
	t.Helper()
	var list []string
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		Must(t, err)
		content, err := io.ReadAll(r)
		Must(t, err)
		list = append(list, fmt.Sprintf("%s %c %o %s%s", h.Name, h.Typeflag, h.Mode, h.Linkname, content))
	}
}

func TestMembersAreWhatTheyAreCalled(t *testing.T) {
	data := Tar(
		t,
		Dir("d/"),
		File("d/a", "text"),
		Exe("d/b", "#!/bin/sh\n"),
		Symlink("l", "../d"),
		Hardlink("h", "d/a"),
		Whiteout("d/.wh.x"),
		Special("null", tar.TypeChar),
		Special("pipe", tar.TypeFifo),
		Exe("su", "s").WithMode(0o4755),
	)
	want := []string{
		"d/ 5 755 ", "d/a 0 644 text", "d/b 0 755 #!/bin/sh\n", "l 2 777 ../d", "h 1 755 d/a", "d/.wh.x 0 644 ",
		"null 3 666 ", "pipe 6 666 ", "su 0 4755 s",
	}
	if got := listed(t, data); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A test that builds the same layer twice gets the same digest: cases of it can be compared.
func TestTheSameMembersAreTheSameBytes(t *testing.T) {
	members := []Member{
		Dir("d/"), File("d/a", Noise(1, 5000)), {Header: HeaderWith("d/ping", "security.capability", "\x01\x00")},
	}
	first := Tar(t, members...)
	if !bytes.Equal(first, Tar(t, members...)) {
		t.Error("tars differ")
	}
	if !bytes.Equal(Gzip(t, first), Gzip(t, first)) || !bytes.Equal(Zstd(t, first), Zstd(t, first)) {
		t.Error("packed tars differ")
	}
	if SHA256(first) == SHA256(Tar(t, members[1:]...)) {
		t.Error("other members have the same digest")
	}
}

func TestAMemberIsNotChangedByItsTar(t *testing.T) {
	m := File("a", "content")
	other := m.WithMode(0o4755)
	Tar(t, m, other)
	if m.Typeflag != 0 || m.Size != 0 || m.Mode != 0o644 || other.Mode != 0o4755 {
		t.Errorf("%+v, %+v", m.Header, other.Header)
	}
}

func TestAttributesAreThoseOfPAX(t *testing.T) {
	r := tar.NewReader(bytes.NewReader(Tar(t, Member{Header: HeaderWith("f", "user.note", "text")})))
	h, err := r.Next()
	Must(t, err)
	if h.PAXRecords["SCHILY.xattr.user.note"] != "text" || h.Mode != 0o755 {
		t.Errorf("%+v", h)
	}
}

func TestPackedDataIsUnpackedByOthers(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("x"), []byte(Noise(2, 100_000))} {
		z, err := gzip.NewReader(bytes.NewReader(Gzip(t, data)))
		Must(t, err)
		back, err := io.ReadAll(z)
		Must(t, err)
		d, err := zstd.NewReader(nil)
		Must(t, err)
		defer d.Close()
		other, err := d.DecodeAll(Zstd(t, data), nil)
		Must(t, err)
		if !bytes.Equal(back, data) || !bytes.Equal(other, data) {
			t.Errorf("%d bytes come back as %d and %d", len(data), len(back), len(other))
		}
	}
}

// Noise stays as large when it is packed, which tests of slow links rest on.
func TestNoiseDoesNotPack(t *testing.T) {
	for _, size := range []int{0, 1, 10_000} {
		noise := Noise(7, size)
		if len(noise) != size || noise != Noise(7, size) || size > 100 && noise == Noise(8, size) {
			t.Errorf("%d bytes of noise for %d", len(noise), size)
		}
		if packed := len(Gzip(t, []byte(noise))); packed < size {
			t.Errorf("%d bytes pack to %d", size, packed)
		}
	}
}

// debug/elf is what backtrail reads programs with.
func TestProgramsAreELF(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		machine elf.Machine
		dynamic bool
	}{
		"a dynamic program":    {Program("text"), elf.EM_X86_64, true},
		"a static program":     {ELF(AMD64, false, "text"), elf.EM_X86_64, false},
		"of another processor": {ELF(uint16(elf.EM_AARCH64), true, ""), elf.EM_AARCH64, true},
	} {
		f, err := elf.NewFile(strings.NewReader(test.content))
		Must(t, err)
		if f.Machine != test.machine || f.Type != elf.ET_EXEC || f.Class != elf.ELFCLASS64 {
			t.Errorf("%s: %+v", name, f.FileHeader)
		}
		interpreter := slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
		if interpreter != test.dynamic || f.Section(".shstrtab") == nil {
			t.Errorf("%s: dynamic %v, sections %+v", name, interpreter, f.Sections)
		}
	}
	if Program("one") == Program("two") {
		t.Error("programs of different texts are the same")
	}
}

// The database lists what dpkg would: the files of each package, digests of all but directories, links and conffiles,
// which stand in the status file.
func TestDpkg(t *testing.T) {
	packages := map[string][]Member{
		"bash":  {Dir("etc/"), File("etc/bash.bashrc", "# rc\n"), Exe("bin/bash", "b"), Symlink("bin/sh", "bash")},
		"empty": {},
	}
	files := map[string]string{}
	for _, m := range Dpkg(packages, "bash", "empty") {
		files[m.Name] = m.Content
	}
	for name, want := range map[string]string{
		"var/lib/dpkg/info/bash.list":     "/.\n/etc\n/etc/bash.bashrc\n/bin/bash\n/bin/sh\n",
		"var/lib/dpkg/info/bash.md5sums":  MD5("b") + "  bin/bash\n",
		"var/lib/dpkg/info/empty.list":    "/.\n",
		"var/lib/dpkg/info/empty.md5sums": "",
		"var/lib/dpkg/status": "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n" +
			"Conffiles:\n /etc/bash.bashrc " + MD5("# rc\n") + "\nDescription: made for a test\n continued\n\n" +
			"Package: empty\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n" +
			"Conffiles:\nDescription: made for a test\n continued\n\n",
	} {
		if got, ok := files[name]; !ok || got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
	if _, ok := files["var/lib/dpkg/info/"]; !ok {
		t.Error("the directory of the database is not listed")
	}
}

// All that the packages of the base image list is in its layer, with the content that is listed.
func TestDebianIsClean(t *testing.T) {
	packages, base := Debian()
	there := map[string]string{}
	for _, m := range base.Members {
		there[strings.TrimSuffix(m.Name, "/")] = m.Content
	}
	for name, members := range packages {
		for _, m := range members {
			p := strings.TrimSuffix(m.Name, "/")
			if merged, ok := strings.CutPrefix(p, "bin/"); ok {
				p = "usr/bin/" + merged
			}
			if content, ok := there[p]; m.Typeflag == 0 && !strings.HasPrefix(p, "usr/share/doc/") &&
				(!ok || content != m.Content) {
				t.Errorf("%s of %s is not in the layer as it is listed", m.Name, name)
			}
		}
	}
	if again, _ := Debian(); len(again) != len(packages) || base.Step == "" {
		t.Error("the base image differs from call to call")
	}
	delete(packages, "bash")
	if again, _ := Debian(); again["bash"] == nil {
		t.Error("tests share the map of packages")
	}
}

func TestDigestsAreThoseOfTheirTools(t *testing.T) {
	if got, want := MD5("x"), fmt.Sprintf("%x", md5.Sum([]byte("x"))); got != want { //nolint:gosec // as dpkg has it
		t.Errorf("md5sum gives %s, not %s", want, got)
	}
	// printf x | sha1sum | xxd -r -p | base64
	if got := APKSum("x"); got != "Q1EfatjsUqKYSrqv18O1FlA3hcIHI=" {
		t.Errorf("apk lists %s", got)
	}
	if got := SHA256(nil); got != "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("the digest of nothing is %s", got)
	}
}

// A row of RECORD is CSV with path, digest and size, the digest in base64 without padding.
func TestRecordRows(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(Record("pkg/a.py", "x = 1\n") + Record("pkg/b.py", ""))).ReadAll()
	Must(t, err)
	if len(rows) != 2 || rows[0][0] != "pkg/a.py" || rows[0][2] != "6" || rows[1][2] != "0" {
		t.Fatalf("rows %q", rows)
	}
	algorithm, sum, _ := strings.Cut(rows[0][1], "=")
	raw, err := base64.RawURLEncoding.DecodeString(sum)
	Must(t, err)
	if algorithm != "sha256" || !bytes.Equal(raw, Sum("x = 1\n")) {
		t.Errorf("digest %s", rows[0][1])
	}
	if !strings.HasPrefix(Site, "usr/") || !strings.HasSuffix(Site, "/site-packages/") {
		t.Errorf("packages are in %s", Site)
	}
}

func TestManyMembersAreNumbered(t *testing.T) {
	list := Many(3, func(i int) Member { return File(fmt.Sprint(i), "") })
	if len(list) != 3 || list[0].Name != "0" || list[2].Name != "2" || len(Many(0, nil)) != 0 {
		t.Errorf("%+v", list)
	}
}

// The archive has the members that CRI-O and containerd write, and what changed as a tar in it.
func TestCheckpointHasItsMembers(t *testing.T) {
	members := map[string]string{}
	data := Checkpoint(t, File("tmp/x", "y"), Special("etc/motd", tar.TypeChar))
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		Must(t, err)
		content, err := io.ReadAll(r)
		Must(t, err)
		members[h.Name] = string(content)
	}
	if got := listed(t, []byte(members["rootfs-diff.tar"])); !slices.Equal(got, []string{
		"tmp/x 0 644 y",
		"etc/motd 3 666 ",
	}) {
		t.Errorf("changes %q", got)
	}
	for name, want := range map[string]string{
		"config.dump":   `"rootfsImageName":"shop:1"`,
		"spec.dump":     `"io.kubernetes.pod.name":"web-0"`,
		"deleted.files": `["/etc/motd"]`,
	} {
		if !strings.Contains(members[name], want) {
			t.Errorf("%s: %s", name, members[name])
		}
	}
	if _, ok := members["checkpoint/pages-1.img"]; !ok {
		t.Error("it has no memory")
	}
}
