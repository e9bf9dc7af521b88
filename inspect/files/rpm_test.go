package files

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rpmdb "github.com/anchore/go-rpmdb/pkg"

	"github.com/backtrail/backtrail/inspect"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// rpmFile is a file of a package made for a test.
type rpmFile struct {
	path, digest string
	flags        int32
}

// rpmHeader encodes a package as rpm keeps it in its databases: number of tags, bytes of data, an index entry for each
// tag, the data (rpm's lib/header.c). algorithm 0 leaves the tag of the digest algorithm out.
func rpmHeader(name string, algorithm int32, files ...rpmFile) []byte {
	var index, data bytes.Buffer
	tags := int32(0)
	be := binary.BigEndian
	tag := func(number, kind int32, count int, value []byte) {
		for kind == rpmdb.RPM_INT32_TYPE && data.Len()%4 != 0 {
			data.WriteByte(0)
		}
		_ = binary.Write(&index, be, []int32{number, kind, int32(data.Len()), int32(count)})
		data.Write(value)
		tags++
	}
	numbers := func(list []int32) []byte {
		var b bytes.Buffer
		_ = binary.Write(&b, be, list)
		return b.Bytes()
	}
	text := func(list ...string) []byte { return []byte(strings.Join(list, "\x00") + "\x00") }
	var bases, dirs, digests []string
	var dirOf, flags []int32
	for _, f := range files {
		dir := path.Dir(f.path) + "/"
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		bases, digests, flags = append(bases, path.Base(f.path)), append(digests, f.digest), append(flags, f.flags)
		dirOf = append(dirOf, int32(slices.Index(dirs, dir)))
	}
	// A header begins with the region tag, whose trailer stands at the end of the data.
	tag(rpmdb.RPMTAG_NAME, rpmdb.RPM_STRING_TYPE, 1, text(name))
	tag(rpmdb.RPMTAG_VERSION, rpmdb.RPM_STRING_TYPE, 1, text("1.0"))
	tag(rpmdb.RPMTAG_RELEASE, rpmdb.RPM_STRING_TYPE, 1, text("1.el9"))
	if len(files) > 0 {
		tag(rpmdb.RPMTAG_FILEDIGESTS, rpmdb.RPM_STRING_ARRAY_TYPE, len(files), text(digests...))
		tag(rpmdb.RPMTAG_FILEFLAGS, rpmdb.RPM_INT32_TYPE, len(files), numbers(flags))
		tag(rpmdb.RPMTAG_DIRINDEXES, rpmdb.RPM_INT32_TYPE, len(files), numbers(dirOf))
		tag(rpmdb.RPMTAG_BASENAMES, rpmdb.RPM_STRING_ARRAY_TYPE, len(files), text(bases...))
		tag(rpmdb.RPMTAG_DIRNAMES, rpmdb.RPM_STRING_ARRAY_TYPE, len(dirs), text(dirs...))
	}
	if algorithm != 0 {
		tag(rpmdb.RPMTAG_FILEDIGESTALGO, rpmdb.RPM_INT32_TYPE, 1, numbers([]int32{algorithm}))
	}
	trailer := data.Len()
	region := tags + 1
	_ = binary.Write(&data, be, []int32{rpmdb.RPMTAG_HEADERIMMUTABLE, rpmdb.RPM_BIN_TYPE, -16 * region, 16})
	var out bytes.Buffer
	_ = binary.Write(&out, be, []int32{region, int32(data.Len()), rpmdb.RPMTAG_HEADERIMMUTABLE, rpmdb.RPM_BIN_TYPE, int32(trailer), 16})
	out.Write(index.Bytes())
	out.Write(data.Bytes())
	return out.Bytes()
}

// sqliteOf makes an rpmdb.sqlite.
func sqliteOf(t testing.TB, headers ...[]byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "rpmdb.sqlite")
	db, err := sql.Open("sqlite", name)
	must(t, err)
	_, err = db.Exec("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
	must(t, err)
	for _, h := range headers {
		_, err := db.Exec("INSERT INTO Packages (blob) VALUES (?)", h)
		must(t, err)
	}
	must(t, db.Close())
	data, err := os.ReadFile(name)
	must(t, err)
	return string(data)
}

// ndbOf makes a Packages.db: a page of slots, then the packages.
func ndbOf(headers ...[]byte) string {
	le := binary.LittleEndian
	slots, blobs := make([]byte, 4096), []byte(nil)
	copy(slots, "RpmP")
	le.PutUint32(slots[12:], 1)
	for i := range 254 {
		slot := slots[32+16*i:]
		copy(slot, "Slot")
		if i >= len(headers) {
			continue
		}
		le.PutUint32(slot[4:], uint32(i+1))
		le.PutUint32(slot[8:], uint32((4096+len(blobs))/16))
		head := make([]byte, 16)
		copy(head, "BlbS")
		le.PutUint32(head[4:], uint32(i+1))
		le.PutUint32(head[12:], uint32(len(headers[i])))
		blobs = append(append(blobs, head...), headers[i]...)
		blobs = append(blobs, make([]byte, (16-len(blobs)%16)%16)...)
	}
	return string(append(slots, blobs...))
}

// bdbOf makes a Berkeley DB hash file: its metadata, a page of items, and the overflow pages with the packages.
func bdbOf(order binary.ByteOrder, headers ...[]byte) string {
	return bdbOfPages(4096, order, headers...)
}

func bdbOfPages(size int, order binary.ByteOrder, headers ...[]byte) string {
	meta, items := make([]byte, size), make([]byte, size)
	order.PutUint32(meta[12:], bdbHash)
	order.PutUint32(meta[20:], uint32(size))
	meta[25] = 8
	items[25] = bdbSorted
	order.PutUint16(items[20:], uint16(2*len(headers)))
	pages, at := [][]byte{meta, items}, size
	for i, h := range headers {
		at -= bdbOffPageLen
		items[at] = bdbOffPage
		order.PutUint32(items[at+4:], uint32(len(pages)))
		order.PutUint32(items[at+8:], uint32(len(h)))
		order.PutUint16(items[bdbHeader+4*i+2:], uint16(at))
		for len(h) > 0 {
			page := make([]byte, size)
			n := copy(page[bdbHeader:], h)
			page[25] = bdbOverflow
			order.PutUint16(page[22:], uint16(n))
			if h = h[n:]; len(h) > 0 {
				order.PutUint32(page[16:], uint32(len(pages)+1))
			}
			pages = append(pages, page)
		}
	}
	order.PutUint32(meta[32:], uint32(len(pages)-1))
	return string(slices.Concat(pages...))
}

// fedora is a small clean image of packages with a database in one of the three forms.
func fedora(t testing.TB) (members []member, headers [][]byte) {
	sum := func(content string) string { return strings.TrimPrefix(sumOf([]byte(content)), "sha256:") }
	members = []member{
		symlink("bin", "usr/bin"), dir("usr/bin/"), exe("usr/bin/bash", program("bash")), exe("usr/bin/ls", program("ls")),
		file("etc/bashrc", "# mine\n"), file("var/log/lastlog", "x"), exe("usr/bin/ghost", program("dropped")), exe("usr/bin/old", program("old")),
	}
	var many []rpmFile // so that a package needs several overflow pages
	for i := range 300 {
		many = append(many, rpmFile{fmt.Sprintf("/usr/share/doc/bash/example-%d", i), sum("example"), rpmdb.RPMFILE_DOC})
	}
	headers = [][]byte{
		rpmHeader("bash", 8, append([]rpmFile{
			{"/bin/bash", sum(program("bash")), 0},
			{"/usr/bin", "", 0},
			{"/etc/bashrc", sum("# theirs\n"), rpmdb.RPMFILE_CONFIG},
			{"/var/log/lastlog", sum("y"), rpmdb.RPMFILE_GHOST},
			{"/usr/bin/ghost", "", rpmdb.RPMFILE_GHOST},
			{"/usr/bin/gone", sum("gone"), 0},
		}, many...)...),
		rpmHeader("coreutils", 10, rpmFile{"/usr/bin/ls", hashOf("sha512", program("ls")), 0}),
		rpmHeader("old", 0, rpmFile{"/usr/bin/old", md5Of(program("old")), 0}),
		rpmHeader("gpg-pubkey", 0),
	}
	return members, headers
}

func hashOf(algorithm, content string) string {
	h := newWeakHash(algorithm)
	h.Write([]byte(content))
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestRPMInItsThreeForms(t *testing.T) {
	members, headers := fedora(t)
	for name, db := range map[string]member{
		"sqlite":                 file("var/lib/rpm/rpmdb.sqlite", sqliteOf(t, headers...)),
		"sqlite in the sysimage": file("usr/lib/sysimage/rpm/rpmdb.sqlite", sqliteOf(t, headers...)),
		"ndb":                    file("usr/lib/sysimage/rpm/Packages.db", ndbOf(headers...)),
		"bdb":                    file("var/lib/rpm/Packages", bdbOf(binary.LittleEndian, headers...)),
		"bdb of another machine": file("var/lib/rpm/Packages", bdbOf(binary.BigEndian, headers...)),
	} {
		t.Run(name, func(t *testing.T) {
			tree, o := ownOf(t, append(slices.Clone(members), db)...)
			var got []string
			for n := range tree.All() {
				c, ok := o.owner[n.Path]
				if !ok || !isRegular(n) {
					continue
				}
				word := "intact"
				switch {
				case o.altered(n.Path):
					word = "altered"
				case c.sum == "":
					word = "no digest"
				}
				got = append(got, fmt.Sprintf("%s=%s %s", n.Path, c.owner, word))
			}
			want := []string{"/etc/bashrc=bash altered", "/usr/bin/bash=bash intact", "/usr/bin/ls=coreutils intact", "/usr/bin/old=old intact", "/var/log/lastlog=bash no digest"}
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if o.level != ownershipKnown || o.detail != "" {
				t.Errorf("ownership %s: %s", o.level, o.detail)
			}
			if len(o.missing) != 301 {
				t.Errorf("%d files are missing", len(o.missing))
			}
		})
	}
}

func TestRPMImage(t *testing.T) {
	members, headers := fedora(t)
	c := newBench(t).examine(t, imageOf(t, v1.Config{}, step("base", append(members, file("var/lib/rpm/rpmdb.sqlite", sqliteOf(t, headers...)))...),
		step("RUN get", exe("usr/bin/ls", program("other")))), nil)
	// The program in the place of a %ghost is nobody's; configuration may differ.
	want := []string{"high /usr/bin/ls x1 altered", "medium /usr/bin/ghost x1 unowned"}
	if got := binaryRows(c.Images[0]); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, a := range c.Images[0].Altered {
		if a.Path == "/etc/bashrc" && (!a.Config || a.Severity != inspect.Low || !strings.HasPrefix(a.Expected, "sha256:")) {
			t.Errorf("configuration: %+v", a)
		}
	}
	if f := c.Images[0].Files; f.Ownership != ownershipKnown || f.Missing != 1 {
		t.Errorf("files: %+v", f)
	}
}

// A database that refers to what it does not hold would end or stop the library that reads it.
func TestBrokenRPMDatabases(t *testing.T) {
	_, headers := fedora(t)
	patch := func(db string, at int, with ...byte) string { return db[:at] + string(with) + db[at+len(with):] }
	ndb, bdb := ndbOf(headers...), bdbOf(binary.LittleEndian, headers...)
	for name, db := range map[string]member{
		"empty":               file("var/lib/rpm/Packages", "x"),
		"no form":             file("var/lib/rpm/Packages", strings.Repeat("x", 600)),
		"broken sqlite":       file("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\x00"+strings.Repeat("x", 600)),
		"slot that is none":   file("var/lib/rpm/Packages.db", patch(ndb, 32, 'X')),
		"slot to nowhere":     file("var/lib/rpm/Packages.db", patch(ndb, 40, 0xff, 0xff, 0xff)),
		"package too large":   file("var/lib/rpm/Packages.db", patch(ndb, 4096+12, 0xff, 0xff, 0xff, 0xff)),
		"page too many":       file("var/lib/rpm/Packages", patch(bdb, 32, 0xff)),
		"overflow in circle":  file("var/lib/rpm/Packages", patch(bdb, 2*4096+16, 2, 0, 0, 0)),
		"overflow to no such": file("var/lib/rpm/Packages", patch(bdb, 2*4096+25, bdbSorted)),
		"items past the page": file("var/lib/rpm/Packages", patch(bdb, 4096+20, 0xfe, 0xff)),
		"item past the page":  file("var/lib/rpm/Packages", patch(bdb, 4096+bdbHeader+2, 0xff, 0x0f, 0, 0)),
		"broken header":       file("var/lib/rpm/rpmdb.sqlite", sqliteOf(t, []byte("no header at all"))),
	} {
		t.Run(name, func(t *testing.T) {
			_, o := ownOf(t, db, exe("usr/bin/x", program("x")))
			if name == "item past the page" {
				return // it points to no package, which is nothing to stumble over
			}
			if o.level != ownershipUnknown || o.detail == "" {
				t.Errorf("ownership %s: %s", o.level, o.detail)
			}
		})
	}
}

// FuzzRPM changes the header of a package within a sound database.
func FuzzRPM(f *testing.F) {
	_, headers := fedora(f)
	for _, h := range headers[1:] {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, header []byte) {
		packages, err := parseRPM(held{bytes.NewReader([]byte(ndbOf(header)))})
		if err != nil {
			return
		}
		for _, p := range packages {
			for _, c := range rpmClaims(p) {
				if !strings.HasPrefix(c.path, "/") {
					t.Errorf("claim %+v", c)
				}
			}
		}
	})
}

// FuzzSoundRPM changes the databases around the headers: what our guard lets pass must not break the library that trusts it.
// The seeds are small, since Go's fuzzing takes long to make large inputs smaller.
func FuzzSoundRPM(f *testing.F) {
	_, headers := fedora(f)
	f.Add([]byte(ndbOf(headers[2])))
	f.Add([]byte(bdbOfPages(512, binary.LittleEndian, headers[1:]...)))
	f.Add([]byte(bdbOfPages(512, binary.BigEndian, headers[2:]...)))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if bytes.HasPrefix(data, []byte("SQLite")) || len(data) > 1<<20 {
			return
		}
		if SoundRPM(held{bytes.NewReader(data)}) == nil {
			_, _ = parseRPM(held{bytes.NewReader(data)})
		}
	})
}

// Bytes of sound databases are changed at random, the same ones each time: whatever comes of it ends in words.
func TestDamagedRPMDatabases(t *testing.T) {
	_, headers := fedora(t)
	seeds := []string{ndbOf(headers[2:]...), bdbOf(binary.LittleEndian, headers...), bdbOf(binary.BigEndian, headers[2:]...)}
	random := rand.New(rand.NewPCG(1, 2))
	for range 800 {
		data := []byte(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(4) {
			page := random.IntN(len(data) / 4096) // most that matters stands where a page begins
			data[4096*page+random.IntN(64)] = byte([]int{0, 1, 2, 3, 7, 13, 255, random.IntN(256)}[random.IntN(8)])
		}
		packages, err := parseRPM(held{bytes.NewReader(data)})
		for _, p := range packages {
			rpmClaims(p)
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	}
}
