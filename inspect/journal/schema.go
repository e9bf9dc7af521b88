package journal

import (
	"context"
	"fmt"
)

// migrations are the steps from an empty file to the present form, in their order. A step that was released is never
// changed: a change of the form is a new step. SQLite's user_version counts the steps that a file has taken.
//
// Times are milliseconds since 1970 in UTC, 0 for none. Digests of contents are kept as 32 bytes, those that name
// images and layers as text, since they are printed.
var migrations = []string{`
CREATE TABLE place (
	id INTEGER PRIMARY KEY, cluster TEXT NOT NULL, namespace TEXT NOT NULL, workload TEXT NOT NULL,
	container TEXT NOT NULL, UNIQUE (cluster, namespace, workload, container));
CREATE TABLE sighting (
	place INTEGER NOT NULL, reference TEXT NOT NULL, digest TEXT NOT NULL,
	first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (place, reference, digest)) WITHOUT ROWID;
CREATE INDEX sighting_digest ON sighting (digest);
CREATE INDEX sighting_reference ON sighting (reference);
CREATE TABLE alert (
	place INTEGER NOT NULL, digest TEXT NOT NULL, rule TEXT NOT NULL,
	first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (place, digest, rule)) WITHOUT ROWID;

CREATE TABLE image (
	id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, location TEXT NOT NULL, depth INTEGER NOT NULL,
	version INTEGER NOT NULL, created INTEGER NOT NULL, collected INTEGER NOT NULL,
	advisories INTEGER NOT NULL, vulnerabilities INTEGER NOT NULL, facts BLOB NOT NULL, packages BLOB NOT NULL);
CREATE TABLE alias (digest TEXT NOT NULL, image INTEGER NOT NULL, PRIMARY KEY (digest, image)) WITHOUT ROWID;
CREATE INDEX alias_image ON alias (image);
CREATE TABLE layer (
	image INTEGER NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL, diff_id TEXT NOT NULL,
	created INTEGER NOT NULL, base INTEGER NOT NULL, PRIMARY KEY (image, number)) WITHOUT ROWID;
CREATE INDEX layer_digest ON layer (digest);
CREATE INDEX layer_diff_id ON layer (diff_id);
CREATE TABLE signer (
	image INTEGER NOT NULL, identity TEXT NOT NULL, issuer TEXT NOT NULL, key TEXT NOT NULL,
	PRIMARY KEY (image, identity, issuer, key)) WITHOUT ROWID;
CREATE TABLE lead (
	image INTEGER NOT NULL, id TEXT NOT NULL COLLATE NOCASE, kind TEXT NOT NULL, subject TEXT NOT NULL,
	layer INTEGER NOT NULL, PRIMARY KEY (image, id, kind, subject)) WITHOUT ROWID;
CREATE INDEX lead_id ON lead (id);

CREATE TABLE package (
	id INTEGER PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, purl TEXT NOT NULL,
	spelling TEXT NOT NULL, base TEXT NOT NULL, upstream TEXT NOT NULL,
	UNIQUE (name, version, type, purl));
CREATE INDEX package_spelling ON package (spelling);
CREATE INDEX package_base ON package (base) WHERE base <> '';
CREATE INDEX package_upstream ON package (upstream) WHERE upstream <> '';
CREATE INDEX package_purl ON package (purl);
CREATE TABLE path (id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE);
CREATE TABLE content (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE);
CREATE TABLE part (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE);
CREATE TABLE part_package (
	part INTEGER NOT NULL, package INTEGER NOT NULL, path INTEGER NOT NULL,
	PRIMARY KEY (part, package, path)) WITHOUT ROWID;
CREATE INDEX part_package_package ON part_package (package);
CREATE TABLE part_file (
	part INTEGER NOT NULL, path INTEGER NOT NULL, content INTEGER NOT NULL, kind TEXT NOT NULL,
	PRIMARY KEY (part, path, kind)) WITHOUT ROWID;
CREATE INDEX part_file_path ON part_file (path);
CREATE INDEX part_file_content ON part_file (content);
CREATE TABLE image_part (
	image INTEGER NOT NULL, layer INTEGER NOT NULL, part INTEGER NOT NULL,
	PRIMARY KEY (image, layer, part)) WITHOUT ROWID;
CREATE INDEX image_part_part ON image_part (part);

CREATE TABLE finding (
	place INTEGER NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, code TEXT NOT NULL, severity TEXT NOT NULL,
	title TEXT NOT NULL, opened INTEGER NOT NULL, seen INTEGER NOT NULL, closed INTEGER NOT NULL,
	PRIMARY KEY (place, id, digest)) WITHOUT ROWID;
CREATE TABLE waiver (
	place INTEGER NOT NULL, finding TEXT NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
	given INTEGER NOT NULL, ends INTEGER NOT NULL, PRIMARY KEY (place, finding)) WITHOUT ROWID;
CREATE TABLE audit (
	id INTEGER PRIMARY KEY, scope TEXT NOT NULL, at INTEGER NOT NULL, depth INTEGER NOT NULL, document BLOB NOT NULL,
	UNIQUE (scope, at));
`}

// migrate brings the file to the present form. Two processes that begin at once take the steps once.
func (j *Journal) migrate(ctx context.Context) error {
	version, err := j.version(ctx)
	if err != nil {
		return err
	}
	switch {
	case version == len(migrations):
		return nil
	case version > len(migrations):
		return fmt.Errorf("%w: its form is %d, and this version reads up to %d", ErrNewer, version, len(migrations))
	}
	// One change for all steps: a process that is killed leaves the old form. user_version is part of the transaction.
	return j.change(ctx, "bringing the journal to its present form", func(w *writer) error {
		at, _, err := w.number("PRAGMA user_version")
		if err != nil {
			return err
		}
		for n := int(at); n < len(migrations); n++ {
			if _, err := w.tx.ExecContext(ctx, migrations[n]); err != nil {
				return err
			}
			if _, err := w.tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", n+1)); err != nil {
				return err
			}
		}
		return nil
	})
}

// version is the number of steps that the file has taken. It reads the table of tables too: a file that is cut off is
// found here.
func (j *Journal) version(ctx context.Context) (version int, err error) {
	if err := j.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, damage(err)
	}
	var tables int
	if err := j.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return 0, damage(err)
	}
	return version, nil
}
