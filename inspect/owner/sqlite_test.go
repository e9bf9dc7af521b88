package owner

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/glebarez/go-sqlite" // the driver that writes the databases of these tests
)

// sqliteFrom runs statements on a new database and gives its bytes.
func sqliteFrom(t testing.TB, statements ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "made.sqlite")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // writable_schema is a setting of one connection
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const rpmSchema = `CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)`

// Rows of many sizes, on pages of many sizes, are read as SQLite wrote them.
func TestHeadersOfAnSQLiteDatabase(t *testing.T) {
	for _, page := range []int{512, 1024, 4096, 65536} {
		for _, size := range []int{0, 1, 100, 400, 477, 478, 1000, 5000, 70_000} {
			fill := fmt.Sprintf(
				"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<40) INSERT INTO Packages(blob) SELECT CAST(printf('%%0*d', %d, i) AS BLOB) FROM n",
				size,
			)
			db := sqliteFrom(
				t,
				fmt.Sprintf("PRAGMA page_size=%d", page),
				rpmSchema,
				"CREATE INDEX x ON Packages(hnum)",
				fill,
			)
			headers, err := rpmHeaders(held{bytes.NewReader(db)})
			if err != nil || len(headers) != 40 {
				t.Fatalf("pages of %d, rows of %d: %d headers, %v", page, size, len(headers), err)
			}
			for i, h := range headers {
				if want := fmt.Sprintf("%0*d", size, i+1); string(h) != want {
					t.Fatalf("pages of %d, rows of %d: row %d is %.40q, want %.40q", page, size, i, h, want)
				}
			}
		}
	}
}

// Whatever is not the table that rpm makes is refused before any statement of its author runs.
func TestOnlyTheTableOfRPMIsRead(t *testing.T) {
	endless := "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x AS hnum, zeroblob(1) AS blob FROM c WHERE x<0"
	for name, db := range map[string][]byte{
		"a view that never ends":  sqliteFrom(t, "CREATE VIEW Packages AS "+endless),
		"a computed column":       sqliteFrom(t, "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB AS (zeroblob(900000000)))", "INSERT INTO Packages(hnum) VALUES (1)"),
		"a virtual table":         sqliteFrom(t, rpmSchema, "PRAGMA writable_schema=on", "UPDATE sqlite_master SET sql='CREATE VIRTUAL TABLE Packages USING fts5(hnum, blob)' WHERE name='Packages'"),
		"columns in other order":  sqliteFrom(t, "CREATE TABLE Packages (blob BLOB, hnum INTEGER)"),
		"a view under a table":    sqliteFrom(t, rpmSchema, "PRAGMA writable_schema=on", "INSERT INTO sqlite_master(type, name, tbl_name, rootpage, sql) VALUES ('view', 'packages', 'packages', 0, 'CREATE VIEW packages AS SELECT 1')"),
		"no such table":           sqliteFrom(t, "CREATE TABLE other (hnum INTEGER PRIMARY KEY, blob BLOB)"),
		"a root that is no page":  sqliteFrom(t, rpmSchema, "PRAGMA writable_schema=on", "UPDATE sqlite_master SET rootpage=77 WHERE name='Packages'"),
		"the schema as its table": sqliteFrom(t, rpmSchema, "PRAGMA writable_schema=on", "UPDATE sqlite_master SET rootpage=1 WHERE name='Packages'"),
	} {
		t.Run(name, func(t *testing.T) {
			if all, err := parseRPM(held{bytes.NewReader(db)}); err == nil {
				t.Errorf("it was read: %v", all)
			} else if !errors.Is(err, errUnsound) && !errors.Is(err, errNoSQLite) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// A tree whose pages all lead to the same page has more rows than could ever be read: each page is read once.
func TestPagesAreReadOnce(t *testing.T) {
	db := sqliteFrom(
		t,
		"PRAGMA page_size=512",
		rpmSchema,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400) INSERT INTO Packages(blob) SELECT zeroblob(200) FROM n",
	)
	root := slices.IndexFunc(
		slices.Collect(slices.Chunk(db, 512)),
		func(p []byte) bool { return p[0] == sqliteTableInner },
	)
	if root < 0 {
		t.Fatal("no page has others below it")
	}
	page := db[root*512:]
	cells := int(page[3])<<8 | int(page[4])
	first := int(page[12])<<8 | int(page[13])
	for i := range cells {
		cell := int(page[12+2*i])<<8 | int(page[13+2*i])
		copy(page[cell:cell+4], page[first:first+4])
	}
	if _, err := rpmHeaders(held{bytes.NewReader(db)}); !errors.Is(err, errNoSQLite) ||
		!strings.Contains(err.Error(), "twice") {
		t.Errorf("the error is %v", err)
	}
}

// nixSchema is that of a Nix store (its src/libstore/schema.sql) as far as readers of packages look at it.
var nixSchema = []string{
	`CREATE TABLE ValidPaths (id integer primary key autoincrement not null, path text unique not null, hash text not null, -- base16
	   registrationTime integer not null, deriver text, narSize integer, ultimate integer, -- null implies "false"
	   sigs text, ca text)`,
	`CREATE TABLE Refs (referrer integer not null, reference integer not null, primary key (referrer, reference),
	   foreign key (referrer) references ValidPaths(id) on delete cascade, foreign key (reference) references ValidPaths(id) on delete restrict)`,
	`CREATE INDEX IndexReferrer ON Refs(referrer)`,
	`CREATE TRIGGER DeleteSelfRefs BEFORE DELETE ON ValidPaths BEGIN DELETE FROM Refs WHERE referrer = old.id AND reference = old.id; END`,
	`CREATE TABLE DerivationOutputs (drv integer not null, id text not null, path text not null, primary key (drv, id))`,
	`INSERT INTO ValidPaths(path, hash, registrationTime) VALUES ('/nix/store/a-hello-2.12', 'sha256:00', 1)`,
}

func TestSoundNix(t *testing.T) {
	if err := SoundNix(held{bytes.NewReader(sqliteFrom(t, nixSchema...))}); err != nil {
		t.Errorf("an ordinary store: %v", err)
	}
	for name, more := range map[string]string{
		"a view in place of a table": "CREATE VIEW Other AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x FROM c",
		"a computed column":          "CREATE TABLE Other (a integer, b blob generated always as (zeroblob(900000000)))",
		"a value of absent columns":  "CREATE TABLE Other (a integer, b text default (hex(zeroblob(900000000))))",
		"an expression of an index":  "CREATE INDEX i ON Refs(abs(referrer))",
	} {
		if err := SoundNix(held{bytes.NewReader(sqliteFrom(t, append(slices.Clone(nixSchema), more)...))}); !errors.Is(
			err,
			errNoSQLite,
		) {
			t.Errorf("%s: %v", name, err)
		}
	}
	doubled := sqliteFrom(t, "CREATE TABLE ValidPaths (id integer, path text, hash text, deriver text)", nixSchema[1])
	if err := SoundNix(held{bytes.NewReader(doubled)}); !errors.Is(err, errNoSQLite) {
		t.Errorf("paths that share a number: %v", err)
	}
}

// FuzzSQLite changes databases: reading them ends, whatever their pages refer to.
func FuzzSQLite(f *testing.F) {
	f.Add(
		sqliteFrom(
			f,
			"PRAGMA page_size=512",
			rpmSchema,
			"INSERT INTO Packages(blob) VALUES (zeroblob(2000)), (x'00'), (x'8eade801')",
		),
	)
	f.Add(sqliteFrom(f, append([]string{"PRAGMA page_size=512"}, nixSchema...)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		began, c := time.Now(), held{bytes.NewReader(data)}
		if headers, err := rpmHeaders(c); err == nil {
			if packed, err := packNDB(headers); err != nil || soundRPM(packed) != nil {
				t.Errorf("%d headers are not packed soundly: %v", len(headers), err)
			}
		}
		_ = SoundNix(c)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// Cells of a page that overlap would be one row many times: a page of 64 KiB has 16,000 rows of 32 KiB then.
func TestCellsDoNotOverlap(t *testing.T) {
	db := sqliteFrom(
		t,
		"PRAGMA page_size=512",
		rpmSchema,
		"INSERT INTO Packages(blob) VALUES (zeroblob(200)), (zeroblob(201))",
	)
	root := slices.IndexFunc(slices.Collect(slices.Chunk(db, 512)), func(p []byte) bool {
		return p[0] == sqliteTableLeaf && p[4] == 2
	})
	if root < 0 {
		t.Fatal("no page has the two rows")
	}
	page := db[root*512:]
	page[4] = 4
	for i := range 4 {
		copy(page[8+2*i:], page[8:10])
	}
	if headers, err := rpmHeaders(held{bytes.NewReader(db)}); !errors.Is(err, errNoSQLite) {
		t.Errorf("%d headers, %v", len(headers), err)
	}
}
