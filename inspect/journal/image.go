package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/backtrail/backtrail/inspect"
)

// ErrNotStored marks that facts are not stored, not deep enough, or of an older version. It is no statement about the
// image.
var ErrNotStored = errors.New("no facts are stored")

// Facts are what was found in an image, whichever cluster runs it.
type Facts struct {
	Image inspect.Image
	Depth Depth
	Files []File // of the merged tree, see FilesOf; needed at depth Full

	Collected       inspect.Time
	Advisories      inspect.Time // when the image was compared with known compromises; zero: it was not
	Vulnerabilities inspect.Time // of the data about vulnerabilities that it was compared with; zero: it was not
}

// maxFacts bounds the JSON form of the facts of one image when it is read back.
// A full image with 50,000 packages is some 40 MB. The bound is on what is decompressed, since the file may come from
// elsewhere.
const maxFacts = 512 << 20

// FactsOf gives the facts of a container's image as a case found them; files are those of its merged tree.
func FactsOf(c *inspect.Case, container string, files []File) Facts {
	image, _ := c.Image(container)
	f := Facts{Image: image, Depth: DepthOf(c, container), Files: files, Collected: c.AsOf()}
	ended := func(check string) inspect.Time {
		if s, ok := c.Check(check, container); ok && !s.Running() && s.Status == inspect.CheckDone {
			return s.Ended
		}
		return inspect.Time{}
	}
	// Dates are those of the data where there is one, and of the check otherwise: where compares them with the date of
	// a record.
	f.Advisories = ended(inspect.CheckAdvisories)
	if !ended(inspect.CheckVulnerabilities).IsZero() && image.VulnData != nil {
		f.Vulnerabilities = image.VulnData.Date
	}
	return f
}

// PutImage stores facts of an image that was looked into to a depth. At Full its files are needed: without them the
// facts count as those of depth Packages.
func (j *Journal) PutImage(ctx context.Context, depth Depth, image inspect.Image, files ...File) error {
	return j.Put(ctx, Facts{Image: image, Depth: depth, Files: files, Collected: inspect.At(time.Now())})
}

// Put stores the facts of an image, under the digest of its manifest (of its config where it has none). What a deeper
// look found before is kept: packages and files of a digest do not change, only who signed it does.
func (j *Journal) Put(ctx context.Context, f Facts) error {
	digest := f.Image.Key()
	if digest == "" || f.Depth < Identity {
		return errors.New("storing the facts of an image: it is not known which one it is")
	}
	// An image without any executable does not run: its files were not read, or are past what is kept.
	if f.Depth >= Full && (len(f.Files) == 0 || len(f.Files) > maxFiles) {
		f.Depth = Packages
	}
	f.Image = independent(f.Image)
	return j.change(ctx, "storing the facts of "+digest, func(w *writer) error {
		known, err := w.facts(digest)
		if err != nil {
			return err
		}
		if known != nil {
			older := f.Collected.Before(known.Collected.Time)
			switch {
			case known.Depth >= f.Depth && older:
				return nil // a saved case that is folded late: all that it has is known, and newer
			case known.Depth > f.Depth:
				return w.putFacts(digest, known.renewed(f))
			case older:
				f = f.renewed(*known)
			}
			f = f.compared(*known)
		}
		if err := w.putFacts(digest, f); err != nil {
			return err
		}
		image, _, err := w.number("SELECT id FROM image WHERE digest = ?", digest)
		if err != nil {
			return err
		}
		var packages []inspect.Package
		var files []File
		if f.Depth >= Packages {
			packages = f.Image.Packages
		}
		if f.Depth >= Full {
			files = filesOf(f.Files, f.Image.Autoruns)
		}
		return w.putParts(image, packages, files)
	})
}

// independent is an image without all that depends on where it runs and on what it was compared with.
func independent(i inspect.Image) inspect.Image {
	i = i.Clone()
	// What a container is called, by which tag it was pulled, what gates came to and with what the image was compared
	// belong to a place and a day. The same digest elsewhere must not inherit them.
	i.Container, i.Reference = inspect.ImageContainer, ""
	i.Candidates, i.Diff, i.Gates, i.Sharing = nil, nil, nil, nil
	for n := range i.Autoruns {
		i.Autoruns[n].New = nil
	}
	for n := range i.Vulns { // what a comparison, a flag and thresholds make of it is decided again each time
		v := &i.Vulns[n]
		v.New, v.VEX, v.Threshold, v.Due, v.Rule = nil, "", "", inspect.Time{}, ""
	}
	for n, b := range i.Binaries {
		i.Binaries[n].Codes = slices.DeleteFunc(slices.Clone(b.Codes), func(c string) bool { return c == "alerted" })
	}
	return i
}

// renewed are deeper facts with what a later, less deep look found of signers and statements.
func (f Facts) renewed(later Facts) Facts {
	i := later.Image
	f.Collected = later.Collected
	f.Image.Stores, f.Image.Signatures, f.Image.Provenance = i.Stores, i.Signatures, i.Provenance
	if i.Location != "" {
		f.Image.Location = i.Location
	}
	return f
}

// compared are facts with what an earlier look at the same bytes found of known compromises and vulnerabilities, where
// this one was compared with older data or with none. An audit examines images without these comparisons: were what a
// case found before lost by it, the image would count as not affected, since it was compared once.
func (f Facts) compared(known Facts) Facts {
	if f.Advisories.Before(known.Advisories.Time) {
		f.Image.Advisories, f.Advisories = known.Image.Advisories, known.Advisories
	}
	if f.Vulnerabilities.Before(known.Vulnerabilities.Time) {
		f.Image.Vulns, f.Image.VulnData = known.Image.Vulns, known.Image.VulnData
		f.Vulnerabilities = known.Vulnerabilities
	}
	return f
}

// putFacts writes the row of an image, and what is looked up by other keys than its digest.
func (w *writer) putFacts(digest string, f Facts) error {
	head := f.Image
	head.Packages = nil
	// Packages are a column of their own: they are most of the bytes, and questions about signers and statements do not
	// read them.
	doc, errFacts := encode(head)
	packages, errPackages := encode(f.Image.Packages)
	if err := errors.Join(errFacts, errPackages); err != nil {
		return err
	}
	err := w.run(`INSERT INTO image (digest, location, depth, version, created, collected, advisories, vulnerabilities,
		facts, packages) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (digest) DO UPDATE SET location = excluded.location,
		depth = excluded.depth, version = excluded.version, created = excluded.created,
		collected = excluded.collected, advisories = max(advisories, excluded.advisories),
		vulnerabilities = max(vulnerabilities, excluded.vulnerabilities), facts = excluded.facts,
		packages = excluded.packages`,
		digest, f.Image.Location, int(f.Depth), FactsVersion, column(f.Image.Created), column(f.Collected),
		column(f.Advisories), column(f.Vulnerabilities), doc, packages)
	if err != nil {
		return err
	}
	image, _, err := w.number("SELECT id FROM image WHERE digest = ?", digest)
	if err != nil {
		return err
	}
	// What depends on signers, data and registries is written anew each time; parts only by deeper looks.
	for _, table := range []string{"alias", "layer", "signer", "lead"} {
		if err := w.run("DELETE FROM "+table+" WHERE image = ?", image); err != nil {
			return err
		}
	}
	return w.putKeys(image, f.Image)
}

// putKeys stores what an image is found by besides packages and files.
func (w *writer) putKeys(image int64, i inspect.Image) error {
	// What a node reports may be any of the three: containerd gives the index or the manifest, Docker and CRI-O the
	// config of an image without a registry.
	for _, d := range []string{i.Digest, i.Index, i.Config} {
		if d == "" {
			continue
		}
		if err := w.run("INSERT OR IGNORE INTO alias (digest, image) VALUES (?, ?)", d, image); err != nil {
			return err
		}
	}
	for _, l := range i.Layers {
		if l.Empty {
			continue
		}
		err := w.run(`INSERT OR REPLACE INTO layer (image, number, digest, diff_id, created, base)
			VALUES (?, ?, ?, ?, ?, ?)`, image, l.Number, l.Digest, l.DiffID, column(l.Created), l.Base)
		if err != nil {
			return err
		}
	}
	for _, s := range i.Signatures {
		// a name in a signature that was not verified is a claim
		if s.Status != inspect.Verified {
			continue
		}
		err := w.run("INSERT OR IGNORE INTO signer (image, identity, issuer, key) VALUES (?, ?, ?, ?)",
			image, s.Identity, s.Issuer, s.Key)
		if err != nil {
			return err
		}
	}
	return w.putLeads(image, i)
}

// putLeads stores by which advisories and vulnerabilities an image is found.
func (w *writer) putLeads(image int64, i inspect.Image) error {
	const insert = "INSERT OR IGNORE INTO lead (image, id, kind, subject, layer) VALUES (?, ?, ?, ?, ?)"
	for _, a := range i.Advisories {
		if err := w.run(insert, image, a.ID, string(a.Kind), a.Subject, a.Layer); err != nil {
			return err
		}
	}
	for _, v := range i.Vulns {
		for _, id := range append(aliasesOf(v), v.ID) {
			if err := w.run(insert, image, id, leadVulnerability, v.Package+" "+v.Version, layerOf(i, v)); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxAliases bounds the other IDs of one vulnerability.
// A record of OSV or GHSA has a handful; the record was written elsewhere.
const maxAliases = 50

// aliasesOf are the other IDs of a vulnerability, by its record: a GHSA names its CVE.
func aliasesOf(v inspect.Vuln) []string {
	var r struct {
		Aliases []string `json:"aliases"`
	}
	if json.Unmarshal([]byte(v.Record), &r) != nil {
		return nil // without a record there are none
	}
	return r.Aliases[:min(len(r.Aliases), maxAliases)]
}

// leadVulnerability is the kind of a lead that is a vulnerability; the others are kinds of advisories.
const leadVulnerability = "vulnerability"

// layerOf is the layer of the package that a vulnerability is in; -1 where the package is not known.
func layerOf(i inspect.Image, v inspect.Vuln) int {
	for _, p := range i.Packages {
		if p.Name == v.Package && p.Version == v.Version {
			return p.Layer
		}
	}
	return -1
}

// facts reads what is stored of an image in this program's version; nil where nothing is.
func (w *writer) facts(digest string) (*Facts, error) {
	row := w.tx.QueryRowContext(w.ctx, factsQuery+" WHERE digest = ? AND version >= ?", digest, FactsVersion)
	f, err := scanFacts(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return f, err
}

// factsQuery reads the columns of scanFacts.
const factsQuery = "SELECT image.digest, depth, collected, advisories, vulnerabilities, facts, packages " +
	"FROM image"

func scanFacts(scan func(...any) error) (*Facts, error) {
	var f Facts
	var digest string
	var depth int
	var collected, advisories, vulnerabilities int64
	var facts, packages []byte
	if err := scan(&digest, &depth, &collected, &advisories, &vulnerabilities, &facts, &packages); err != nil {
		return nil, err
	}
	err := errors.Join(decode(facts, &f.Image), decode(packages, &f.Image.Packages))
	if err != nil {
		return nil, fmt.Errorf("decoding the facts of %s: %w", digest, err)
	}
	f.Depth, f.Collected = Depth(depth), timeOf(collected)
	f.Advisories, f.Vulnerabilities = timeOf(advisories), timeOf(vulnerabilities)
	return &f, nil
}

// Image returns the facts of an image, by the digest of its manifest, index or config, that are at least as deep as
// wanted. Errors: ErrNotStored. Of an index whose images for several platforms are stored the one with the lowest
// digest is returned.
func (j *Journal) Image(ctx context.Context, digest string, depth Depth) (inspect.Image, error) {
	row := j.db.QueryRowContext(ctx, factsQuery+` JOIN (SELECT image FROM alias WHERE digest = ?) a
		ON a.image = image.id
		WHERE depth >= ? AND version >= ? ORDER BY image.digest LIMIT 1`, digest, int(depth), FactsVersion)
	f, err := scanFacts(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return inspect.Image{}, fmt.Errorf("reading the facts of %s to depth %s: %w", digest, depth, ErrNotStored)
	}
	if err != nil {
		return inspect.Image{}, fmt.Errorf("reading the facts of %s: %w", digest, damage(err))
	}
	return f.Image, nil
}

// Missing returns those of the digests for which no facts of at least a depth, of this version, are stored, in their
// order and each once: the work that is left.
func (j *Journal) Missing(ctx context.Context, digests []string, depth Depth) ([]string, error) {
	present, err := j.db.PrepareContext(ctx, `SELECT 1 FROM alias a JOIN image i ON i.id = a.image
		WHERE a.digest = ? AND i.depth >= ? AND i.version >= ? LIMIT 1`)
	if err != nil {
		return nil, fmt.Errorf("reading which facts are stored: %w", damage(err))
	}
	// one statement for all digests: an audit looks up thousands
	defer present.Close()
	var missing []string
	seen := map[string]bool{}
	for _, d := range digests {
		if seen[d] {
			continue
		}
		seen[d] = true
		var one int
		switch err := present.QueryRowContext(ctx, d, int(depth), FactsVersion).Scan(&one); {
		case errors.Is(err, sql.ErrNoRows):
			missing = append(missing, d)
		case err != nil:
			return nil, fmt.Errorf("reading which facts are stored: %w", damage(err))
		}
	}
	return missing, nil
}

// encode writes the JSON form of a value, packed.
func encode(value any) ([]byte, error) {
	doc, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return pack(doc)
}

// decode reads a value whose JSON form was packed.
func decode(packed []byte, into any) error {
	doc, err := unpack(packed)
	if err != nil {
		return err
	}
	return json.Unmarshal(doc, into)
}

// coder compresses and decompresses. Both are safe for concurrent use.
// The encoder writes frames of one goroutine, so that the same facts are the same bytes.
type coder struct {
	*zstd.Encoder
	*zstd.Decoder
}

// coders are made when they are first needed: their tables take a while.
var coders = sync.OnceValues(func() (coder, error) {
	e, errEncoder := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	d, errDecoder := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFacts))
	return coder{e, d}, errors.Join(errEncoder, errDecoder)
})

// pack compresses the JSON form of facts.
func pack(doc []byte) ([]byte, error) {
	c, err := coders()
	if err != nil {
		return nil, err
	}
	return c.EncodeAll(doc, nil), nil
}

// unpack reads what pack writes, within maxFacts.
func unpack(b []byte) ([]byte, error) {
	c, err := coders()
	if err != nil {
		return nil, err
	}
	return c.DecodeAll(b, nil)
}
