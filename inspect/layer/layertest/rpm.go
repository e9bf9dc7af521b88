package layertest

import (
	"bytes"
	"crypto/sha512"
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rpmdb "github.com/anchore/go-rpmdb/pkg"
	_ "github.com/glebarez/go-sqlite" // the driver of the databases that are made here
)

// RPMFile is a file of a package made for a test. Digest is in hex, empty for directories and ghosts; Flags are
// rpmdb.RPMFILE_….
type RPMFile struct {
	Path, Digest string
	Flags        int32
}

// RPMHeader encodes a package as rpm keeps it in its databases: number of tags, bytes of data, an index entry for each
// tag, the data (rpm's lib/header.c). algorithm 0 leaves the tag of the digest algorithm out. Arrays of files run in
// parallel, and directories are numbered (DIRINDEXES), as since rpm 4.
func RPMHeader(name string, algorithm int32, files ...RPMFile) []byte {
	return RPMScripted(name, algorithm, nil, files...)
}

// RPMScripted is RPMHeader with texts by the number of their tag: 1023 to 1026 are the scripts that rpm runs.
func RPMScripted(name string, algorithm int32, texts map[int32]string, files ...RPMFile) []byte {
	var index, data bytes.Buffer
	tags := int32(0)
	be := binary.BigEndian
	tag := func(number, kind int32, count int, value []byte) {
		// Numbers are aligned to their size within the data.
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
		dir := path.Dir(f.Path) + "/"
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		bases, digests, flags = append(bases, path.Base(f.Path)), append(digests, f.Digest), append(flags, f.Flags)
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
	for _, number := range slices.Sorted(maps.Keys(texts)) {
		tag(number, rpmdb.RPM_STRING_TYPE, 1, text(texts[number]))
	}
	if algorithm != 0 {
		tag(rpmdb.RPMTAG_FILEDIGESTALGO, rpmdb.RPM_INT32_TYPE, 1, numbers([]int32{algorithm}))
	}
	trailer := data.Len()
	region := tags + 1
	_ = binary.Write(&data, be, []int32{rpmdb.RPMTAG_HEADERIMMUTABLE, rpmdb.RPM_BIN_TYPE, -16 * region, 16})
	var out bytes.Buffer
	_ = binary.Write(&out, be, []int32{
		region, int32(data.Len()), rpmdb.RPMTAG_HEADERIMMUTABLE, rpmdb.RPM_BIN_TYPE,
		int32(trailer), 16,
	})
	out.Write(index.Bytes())
	out.Write(data.Bytes())
	return out.Bytes()
}

// SQLite makes an rpmdb.sqlite, with the one table that readers need.
func SQLite(t testing.TB, headers ...[]byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "rpmdb.sqlite")
	db, err := sql.Open("sqlite", name)
	Must(t, err)
	_, err = db.Exec("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
	Must(t, err)
	for _, h := range headers {
		_, err := db.Exec("INSERT INTO Packages (blob) VALUES (?)", h)
		Must(t, err)
	}
	Must(t, db.Close())
	data, err := os.ReadFile(name)
	Must(t, err)
	return string(data)
}

// NDB makes a Packages.db: a page of slots, then the packages (rpm's lib/backend/ndb/rpmpkg.c). It holds at most 254
// packages.
func NDB(headers ...[]byte) string {
	le := binary.LittleEndian
	slots, blobs := make([]byte, 4096), []byte(nil)
	copy(slots, "RpmP")
	// A slot is 16 bytes: mark, number of the package, place of its blob in units of 16 bytes, size in such units.
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

// BDB makes a Berkeley DB hash file: its metadata, a page of items, and the overflow pages with the packages. Databases
// of machines of either byte order are found in images.
func BDB(order binary.ByteOrder, headers ...[]byte) string {
	return BDBOfPages(4096, order, headers...)
}

// BDBOfPages is BDB with pages of a size, which is a power of two between 512 and 65536. Each item has a key of which
// readers need nothing, and a value in overflow pages.
func BDBOfPages(size int, order binary.ByteOrder, headers ...[]byte) string {
	meta, items := make([]byte, size), make([]byte, size)
	// Magic number of a hash file, size of a page, type of this page (8: metadata of a hash; 13: items; 7: overflow).
	order.PutUint32(meta[12:], 0x061561)
	order.PutUint32(meta[20:], uint32(size))
	meta[25] = 8
	items[25] = 13
	order.PutUint16(items[20:], uint16(2*len(headers)))
	pages, at := [][]byte{meta, items}, size
	for i, h := range headers {
		at -= 12
		items[at] = 3 // an item in overflow pages
		order.PutUint32(items[at+4:], uint32(len(pages)))
		order.PutUint32(items[at+8:], uint32(len(h)))
		order.PutUint16(items[26+4*i+2:], uint16(at))
		for len(h) > 0 {
			page := make([]byte, size)
			n := copy(page[26:], h)
			page[25] = 7
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

// Fedora is a small image of packages with the headers for a database in one of the three forms. Besides clean files it
// has a changed configuration file, a log that is a ghost, a ghost that stands where nothing is expected, and a file
// that is missing.
func Fedora(t testing.TB) (members []Member, headers [][]byte) {
	sum := func(content string) string { return strings.TrimPrefix(SHA256([]byte(content)), "sha256:") }
	members = []Member{
		Symlink("bin", "usr/bin"), Dir("usr/bin/"), Exe("usr/bin/bash", Program("bash")), Exe("usr/bin/ls",
			Program("ls")),
		File("etc/bashrc", "# mine\n"), File("var/log/lastlog", "x"), Exe("usr/bin/ghost", Program("dropped")),
		Exe("usr/bin/old", Program("old")),
	}
	var many []RPMFile // so that a package needs several overflow pages
	for i := range 300 {
		many = append(many, RPMFile{
			fmt.Sprintf("/usr/share/doc/bash/example-%d", i), sum("example"),
			rpmdb.RPMFILE_DOC,
		})
	}
	headers = [][]byte{
		RPMHeader("bash", 8, append([]RPMFile{
			{"/bin/bash", sum(Program("bash")), 0},
			{"/usr/bin", "", 0},
			{"/etc/bashrc", sum("# theirs\n"), rpmdb.RPMFILE_CONFIG},
			{"/var/log/lastlog", sum("y"), rpmdb.RPMFILE_GHOST},
			{"/usr/bin/ghost", "", rpmdb.RPMFILE_GHOST},
			{"/usr/bin/gone", sum("gone"), 0},
		}, many...)...),
		RPMHeader("coreutils", 10, RPMFile{"/usr/bin/ls", hashOf(Program("ls")), 0}),
		RPMHeader("old", 0, RPMFile{"/usr/bin/old", MD5(Program("old")), 0}),
		RPMHeader("gpg-pubkey", 0),
	}
	return members, headers
}

// hashOf returns SHA-512 in hex, which rpm uses where the header names algorithm 10.
func hashOf(content string) string { return fmt.Sprintf("%x", sha512.Sum512([]byte(content))) }
