package owner

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// logged makes a database in one transaction and changes it in others, which stay in its write-ahead log.
func logged(t testing.TB, page string, before []string, after ...string) (db, log []byte) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "made.sqlite")
	conn, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetMaxOpenConns(1)
	run := func(statements ...string) {
		for _, s := range statements {
			if _, err := conn.Exec(s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	run("PRAGMA page_size="+page, "PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0")
	run(before...)
	run("PRAGMA wal_checkpoint(TRUNCATE)")
	run(after...)
	return readFile(t, name), readFile(t, name+"-wal")
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// insert adds headers of packages to the table of rpm.
func insert(headers ...[]byte) []string {
	var all []string
	for _, h := range headers {
		all = append(all, "INSERT INTO Packages(blob) VALUES (x'"+hexOf(h)+"')")
	}
	return all
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}

func content(b []byte) held { return held{bytes.NewReader(b)} }

// What a log has committed is read as if it stood in the database, at every size of page and whatever grew or shrank.
func TestWriteAheadLog(t *testing.T) {
	fill := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<60) " +
		"INSERT INTO Packages(blob) SELECT CAST(printf('%0300d', i) AS BLOB) FROM n"
	for _, page := range []string{"512", "4096", "65536"} {
		db, log := logged(t, page, []string{rpmSchema, fill}, fill, "DELETE FROM Packages WHERE hnum<=30")
		w, err := openWAL(t.Context(), content(db), content(log))
		if err != nil || w == nil {
			t.Fatalf("pages of %s: %v, %v", page, w, err)
		}
		headers, err := rpmHeaders(w)
		if err != nil || len(headers) != 90 {
			t.Errorf("pages of %s: %d packages, %v", page, len(headers), err)
		}
		if alone, err := rpmHeaders(content(db)); err != nil || len(alone) != 60 {
			t.Errorf("pages of %s, without the log: %d packages, %v", page, len(alone), err)
		}
		// any range reads the same as all at once
		all, err := io.ReadAll(io.NewSectionReader(w, 0, w.Size()))
		must(t, err)
		r := rand.New(rand.NewPCG(1, 2))
		for range 50 {
			at := r.IntN(len(all))
			part := make([]byte, 1+r.IntN(min(3000, len(all)-at)))
			if n, err := w.ReadAt(part, int64(at)); n != len(part) || err != nil || !bytes.Equal(part, all[at:at+n]) {
				t.Errorf("pages of %s: %d of %d bytes at %d, %v", page, n, len(part), at, err)
			}
		}
	}
}

// A log counts up to its last whole transaction whose checksums hold, as for SQLite.
func TestALogCountsAsFarAsItHolds(t *testing.T) {
	db, log := logged(t, "512", []string{rpmSchema, "INSERT INTO Packages(blob) VALUES (x'01')"},
		"INSERT INTO Packages(blob) VALUES (x'02')", "INSERT INTO Packages(blob) VALUES (zeroblob(3000))",
		"INSERT INTO Packages(blob) VALUES (x'04')")
	changed := func(at int) []byte {
		b := bytes.Clone(log)
		b[at] ^= 0xff
		return b
	}
	last := len(log) - walFrame - 512
	for name, tt := range map[string]struct {
		log  []byte
		want int
	}{
		"whole":                     {log, 4},
		"cut in its last frame":     {log[:len(log)-1], 3},
		"last page changed":         {changed(len(log) - 1), 3},
		"last salt changed":         {changed(last + 8), 3},
		"first page changed":        {changed(walHeader + walFrame), 1},
		"header changed":            {changed(12), 1},
		"cut in a transaction":      {log[:walHeader+2*(walFrame+512)], 2},
		"header alone":              {log[:walHeader], 1},
		"shorter than its header":   {log[:20], 1},
		"another page size claimed": {changed(11), 1},
	} {
		w, err := openWAL(t.Context(), content(db), content(tt.log))
		must(t, err)
		got, err := rpmHeaders(content(db))
		if w != nil {
			got, err = rpmHeaders(w)
		}
		if err != nil || len(got) != tt.want {
			t.Errorf("%s: %d packages, want %d; %v", name, len(got), tt.want, err)
		}
	}
}

// Packages that only the log has are packages; a layer that adds a log changes the database.
func TestTheLogOfAnRPMDatabase(t *testing.T) {
	sum := strings.TrimPrefix(sumOf([]byte(program("miner"))), "sha256:")
	list := rpmFile{Path: "/usr/bin/tool", Digest: strings.TrimPrefix(sumOf([]byte(program("tool"))), "sha256:")}
	mine := rpmFile{Path: "/usr/bin/miner", Digest: sum}
	other := rpmHeader("other", 8, mine)
	db, log := logged(t, "4096", append([]string{rpmSchema}, insert(rpmHeader("tools", 8, list))...), insert(other)...)
	base := []member{file("var/lib/rpm/rpmdb.sqlite", string(db)), exe("usr/bin/tool", program("tool"))}
	with := append(slices.Clone(base), file("var/lib/rpm/rpmdb.sqlite-wal", string(log)),
		exe("usr/bin/miner", program("miner")))
	if o := stacked(t, with); standing(o, "/usr/bin/miner") != "other intact" || o.Level != Known {
		t.Errorf("with its log: %s, %s %s", standing(o, "/usr/bin/miner"), o.Level, o.Detail)
	}
	alone := stacked(t, base, []member{exe("usr/bin/miner", program("miner"))})
	if o := alone; standing(o, "/usr/bin/miner") != "unowned" {
		t.Errorf("without it: %s", standing(o, "/usr/bin/miner"))
	}

	// The same package in the same version gets a file more, by a layer that has nothing but a log and the file.
	db, log = logged(t, "4096", append([]string{rpmSchema}, insert(rpmHeader("tools", 8, list))...),
		append([]string{"DELETE FROM Packages"}, insert(rpmHeader("tools", 8, list, mine))...)...)
	base[0] = file("var/lib/rpm/rpmdb.sqlite", string(db))
	o := stacked(t, base, []member{
		file("var/lib/rpm/rpmdb.sqlite-wal", string(log)), exe("usr/bin/miner", program("miner")),
	})
	want := "database-grew by layer 1: tools 1.0-1.el9 /usr/bin/miner"
	if got := tampered(o); !slices.Equal(got, []string{want}) || standing(o, "/usr/bin/miner") != "unowned" {
		t.Errorf("%q, %s", got, standing(o, "/usr/bin/miner"))
	}
}

// A rollback journal that was not finished is named; one that is done is not, and neither excuses a file.
func TestTheJournalOfAnRPMDatabase(t *testing.T) {
	sum := strings.TrimPrefix(sumOf([]byte(program("tool"))), "sha256:")
	db := sqliteOf(t, rpmHeader("tools", 8, rpmFile{Path: "/usr/bin/tool", Digest: sum}))
	for journal, want := range map[string]string{
		"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + strings.Repeat("\x00", 504): "rpmdb.sqlite-journal",
		strings.Repeat("\x00", 512):                                      "",
		"":                                                               "",
	} {
		o := stacked(t, []member{
			file("var/lib/rpm/rpmdb.sqlite", db), file("var/lib/rpm/rpmdb.sqlite-journal", journal),
			exe("usr/bin/tool", program("tool")), exe("usr/bin/miner", program("miner")),
		})
		if !strings.Contains(o.Detail, want) || (want == "") != (o.Level == Known) || o.Listing != Known ||
			standing(o, "/usr/bin/tool") != "tools intact" {
			t.Errorf("%.8q: %s, listing %s: %s", journal, o.Level, o.Listing, o.Detail)
		}
	}
}

// dpkg's own journal counts over its status file.
func TestUpdatesOfDpkg(t *testing.T) {
	status := stanza("tool", "1") + stanza("gone", "1")
	update := stanza("late", "2") +
		strings.Replace(stanza("gone", "1"), "install ok installed", "deinstall ok config-files", 1)
	base := append(dpkgFiles(map[string]string{
		"status": status, "tool.list": "/usr/bin/tool\n", "late.list": "/usr/bin/late\n", "gone.list": "/usr/bin/gone\n",
	}), exe("usr/bin/tool", program("tool")), exe("usr/bin/late", program("late")), exe("usr/bin/gone", program("gone")))
	updated := append(slices.Clone(base), file("var/lib/dpkg/updates/0001", update),
		file("var/lib/dpkg/updates/tmp.i", stanza("never", "1")))
	for name, tt := range map[string]struct {
		members []member
		want    []string
	}{
		"none":    {base, []string{"tool without a digest", "unowned", "gone without a digest"}},
		"updates": {updated, []string{"tool without a digest", "late without a digest", "unowned"}},
	} {
		o := stacked(t, tt.members)
		got := []string{standing(o, "/usr/bin/tool"), standing(o, "/usr/bin/late"), standing(o, "/usr/bin/gone")}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if databaseKind("/var/lib/dpkg/updates/0001") != "dpkg" || databaseKind("/var/lib/rpm/rpmdb.sqlite-wal") != "rpm" ||
		databaseKind("/tmp/rpmdb.sqlite-wal") != "" {
		t.Error("a layer that has them does not count as one that changes the database")
	}
}

// FuzzWAL changes logs: reading ends, whatever they claim, and the whole has the size that they commit.
func FuzzWAL(f *testing.F) {
	db, log := logged(f, "512", []string{rpmSchema}, "INSERT INTO Packages(blob) VALUES (zeroblob(2000)), (x'00')")
	f.Add(log, true)
	f.Add(log[:len(log)/2], false)
	f.Fuzz(func(t *testing.T, data []byte, mend bool) {
		if len(data) > 1<<18 {
			return
		}
		if mend && len(data) > walHeader { // a checksum that fits lets the fuzzer past the header
			order := binary.ByteOrder(binary.LittleEndian)
			if data[3]&1 == 1 {
				order = binary.BigEndian
			}
			sum := walSum{}.add(order, data[:24])
			binary.BigEndian.PutUint32(data[24:], sum.first)
			binary.BigEndian.PutUint32(data[28:], sum.second)
		}
		w, err := openWAL(t.Context(), content(db), content(data))
		if err != nil || w == nil {
			return
		}
		if _, err := rpmHeaders(w); err == nil && w.Size()%w.page != 0 {
			t.Errorf("size %d of pages of %d", w.Size(), w.page)
		}
	})
}
