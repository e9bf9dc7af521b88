package evidence

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// Export writes the bundle of a case to a path that does not exist yet: a directory, or an archive where the path ends
// in .tar.gz or .tgz. events opens the case's stream (Ledger.Events, Saved.Events, Bag.Events); a case that still
// runs or was interrupted is exported as partial and marked so. The store gives the bytes that the events name.
//
// The bundle is written beside and renamed. Where that fails, or ctx ends, nothing is left at the path, and the case
// itself is as it was. Result.Taken and an error come together when the bundle, read back, is not what was written.
func Export(ctx context.Context, events func() (io.ReadCloser, error), store inspect.Store, to string,
	o Options,
) (Result, error) {
	stream, err := foldStream(ctx, events)
	if err != nil {
		return Result{}, fmt.Errorf("reading the case to export: %w", err)
	}
	defer stream.close()
	id := cmp.Or(o.Case, inspect.CaseID(stream.c.Target, stream.c.Started))
	if !ledger.IsCaseName(id) {
		return Result{}, fmt.Errorf("exporting case %q: not the name of a case", id)
	}
	out, err := bagit.NewOutlet(to, id)
	if err != nil {
		return Result{}, err
	}
	defer out.Discard()
	x := &export{
		ctx: ctx, c: stream.c, id: id, store: store, o: o, stream: stream,
		bag: bagit.NewWriter(ctx, out, o.Progress), blobs: newBlobSet(stream.c), documents: map[string]document{},
	}
	result, err := x.write()
	if err == nil {
		err = bagit.Explain("putting it in its place", out.Publish())
	}
	// Whoever interrupts the export while it is published gets what is there: the bundle, or nothing.
	if err != nil && ctx.Err() != nil {
		return Result{}, fmt.Errorf("writing the bundle to %s: interrupted, nothing was left there; the case is "+
			"kept: %w", to, ctx.Err())
	}
	if err != nil {
		return Result{}, fmt.Errorf("%w (nothing was left there; the case is kept)",
			bagit.Explain("writing the bundle to "+to, err))
	}
	result.Path = to
	if abs, err := filepath.Abs(to); err == nil {
		result.Path = abs
	}
	if result.Taken = out.Altered(x.bag.All()); len(result.Taken) > 0 {
		return result, fmt.Errorf("reading the bundle back: %s is gone or changed: something on this machine took "+
			"it away after it was written (a virus scanner?); export to another place", result.Taken[0])
	}
	return result, nil
}

// export is one run of Export.
// It is used by one goroutine, from its beginning to its end.
type export struct {
	ctx       context.Context
	c         inspect.Case
	id        string
	store     inspect.Store
	o         Options
	stream    *stream
	bag       *bagit.Writer
	blobs     *blobSet
	documents map[string]document // manifests and indexes that are carried, by blobLine.key
	suspects  map[string]bool     // digests and diff IDs of suspect layers
	notes     []string
	// has is asked for the names in the reports in place of what is written: where a bag is made again, a file that
	// cannot be made again is in the bag all the same. nil: what is written.
	has func(name string) bool
}

// note reports what is not in the bundle, in a sentence.
// Notes are printed at the export and stand nowhere in the bundle, whose payload depends on the case alone.
func (x *export) note(format string, args ...any) {
	x.notes = append(x.notes, fmt.Sprintf(format, args...))
}

// write makes the parts of the bundle in the order in which they matter, should the disk fill up.
// The manifests come last, since they list the digests of all else; the signature is over one of them.
func (x *export) write() (Result, error) {
	x.suspects = suspectLayers(x.c)
	if !verdict.Of(&x.c).Complete {
		x.note("the case is partial; the bundle is marked so")
	}
	for _, part := range []func() error{
		x.writeDeclaration, x.writeCase, x.writeExhibits, x.writeRedactions, x.writeTimestamps, x.writeTrust,
		x.writeBlobs, x.writeListings, x.writeDocuments, x.writeAdvisories, x.writeVulnerabilities,
		x.writeSummaries, x.writeReports, x.writeReadme, x.writeInfo,
	} {
		if err := x.ctx.Err(); err != nil {
			return Result{}, err
		}
		if err := part(); err != nil {
			return Result{}, err
		}
	}
	size, files := x.bag.Oxum()
	manifest, err := x.bag.WriteManifests()
	if err != nil {
		return Result{}, err
	}
	if err := x.seal(manifest); err != nil {
		return Result{}, err
	}
	digest := bagit.Digest(manifest)
	at := endOf(x.c)
	return Result{
		TagManifest: digest, Files: files, Bytes: size, Notes: x.notes,
		Line: fmt.Sprintf("backtrail %s tagmanifest %s %s", x.id, digest, at.Format(lineTime)),
	}, nil
}

// seal writes the signature over the tag manifest, and the timestamp over the signature, beside it: no manifest lists
// them. One that could not be made is an error and no bundle without it: whoever asked for it counts on it.
func (x *export) seal(manifest []byte) error {
	sealed := manifest
	if x.o.Sign != nil {
		bundle, err := x.o.Sign(x.ctx, manifest)
		if err != nil {
			return err
		}
		if err := x.bag.AddBytes(bagit.SignatureFile, bundle); err != nil {
			return err
		}
		sealed = bundle
	}
	if x.o.Timestamp == nil {
		return nil
	}
	response, err := x.o.Timestamp(x.ctx, sha256.Sum256(sealed))
	if err != nil {
		return err
	}
	return x.bag.AddBytes(bagit.TimestampFile, response)
}

// lineTime is how a time stands in the line to copy.
const lineTime = "2006-01-02T15:04:05Z"

// endOf is the time of a case that is used where a bundle needs one: its end, or its start while it runs.
// The time of the export would make two exports of one case differ.
func endOf(c inspect.Case) inspect.Time {
	if c.Finished.IsZero() {
		return c.Started
	}
	return c.Finished
}

// writeDeclaration writes bagit.txt.
func (x *export) writeDeclaration() error {
	return x.bag.AddBytes(bagit.DeclarationFile, []byte(bagit.Declaration))
}

// writeCase writes the case, its record and the chain of custody.
// case.json is for programs; it follows from events.jsonl, which alone is replayed.
func (x *export) writeCase() error {
	data, err := verdict.Encode(x.c)
	if err != nil {
		return err
	}
	if err := x.bag.AddBytes("data/case.json", data); err != nil {
		return err
	}
	if err := x.addFile("data/events.jsonl", x.stream.events); err != nil {
		return err
	}
	if err := x.addFile("data/custody.jsonl", x.stream.custody); err != nil {
		return err
	}
	return nil
}

// writeReports draws the reports, which name where in the bag the bytes of a claim lie: they come after all of these.
func (x *export) writeReports() error {
	in := report.Bag{Has: x.bag.Has, Custody: x.stream.last}
	if x.has != nil {
		in.Has = x.has
	}
	for _, r := range renderings {
		text, err := r.render(x.c, in)
		if err != nil {
			return fmt.Errorf("writing %s: %w", r.name, err)
		}
		if err := x.bag.AddBytes(r.name, text); err != nil {
			return err
		}
	}
	return nil
}

// addFile writes a temporary file of the stream, from its beginning.
func (x *export) addFile(name string, f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return x.bag.Add(name, size, io.NewSectionReader(f, 0, size))
}

// writeExhibits writes what was kept as it was received, and a list of it with what was redacted.
func (x *export) writeExhibits() error {
	list := []exhibitLine{}
	for _, e := range x.c.Exhibits {
		line := exhibitLine{Exhibit: e, Name: exhibitName(e.Path), State: blobCarried}
		if err := x.writeExhibit(&line); err != nil {
			return err
		}
		list = append(list, line)
	}
	return x.bag.AddJSON("data/exhibits.json", list)
}

// exhibitLine is an item of data/exhibits.json.
// The state is of the export: an exhibit with the reason of Missing was never collected.
type exhibitLine struct {
	inspect.Exhibit
	Name  string `json:"name"`  // of the file in the bundle
	State string `json:"state"` // carried, missing, damaged
}

// writeExhibit carries one exhibit if its bytes are its digest, and records in the line what became of it. Two
// exhibits whose names become the same get a name by digest.
func (x *export) writeExhibit(line *exhibitLine) error {
	if line.Missing != "" {
		line.State, line.Name = blobMissing, ""
		return nil
	}
	open := x.opener(line.Digest)
	m, err := x.bag.Measure(open)
	switch {
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case err != nil:
		line.State = blobMissing
		if !errors.Is(err, inspect.ErrNotKept) {
			x.note("%s could not be read: %v", line.Name, err)
		} else {
			x.note("%s is not kept here any more", line.Name)
		}
		return nil
	// What was received was redacted and hashed when it was recorded. Other bytes under that digest are not what was
	// seen.
	case m.Digest != line.Digest:
		line.State, line.Name = blobDamaged, "data/damaged/"+bagit.HexOf(m.Digest)
	}
	if x.bag.Has(line.Name) {
		line.Name = "data/exhibits/" + bagit.HexOf(m.Digest)
	}
	if x.bag.Has(line.Name) {
		return nil
	}
	return x.bag.AddOpened(line.Name, m, open)
}

// writeDocuments writes the bills of materials and what differs between them.
// A bill of materials that cannot be made is a note, and no reason to lose the evidence.
func (x *export) writeDocuments() error {
	if err := x.writePackageDiff(); err != nil || x.o.Documents == nil {
		return err
	}
	documents, err := x.o.Documents(x.ctx, x.c)
	if x.ctx.Err() != nil {
		return x.ctx.Err()
	}
	if err != nil {
		x.note("the bills of materials are not in it: %v", err)
	}
	for _, d := range documents {
		name := "data/sbom/" + safePart(d.Name)
		if x.bag.Has(name) || safePart(d.Name) == "" {
			x.note("a second bill of materials named %s is not in it", name)
			continue
		}
		if err := x.bag.AddBytes(name, d.Data); err != nil {
			return err
		}
	}
	return nil
}

// writePackageDiff writes what packages differ from the known-good, where anything was compared.
func (x *export) writePackageDiff() error {
	list := packageDiffs(x.c)
	if len(list) == 0 {
		return nil
	}
	return x.bag.AddJSON(packageDiffFile, list)
}

// packageDiffFile has the package differences of all images, as the case has them.
const packageDiffFile = "data/sbom/diff.json"

// packageDiff is an item of data/sbom/diff.json.
type packageDiff struct {
	Subject   string               `json:"subject"`
	Image     string               `json:"image"`
	KnownGood *inspect.KnownGood   `json:"knownGood"`
	Packages  *inspect.PackageDiff `json:"packages"`
}

// packageDiffs are the package differences of the images that were compared.
func packageDiffs(c inspect.Case) []packageDiff {
	var list []packageDiff
	for _, i := range c.Images {
		if i.Diff != nil && i.Diff.Packages != nil {
			list = append(list, packageDiff{i.Container, i.Key(), i.Diff.KnownGood, i.Diff.Packages})
		}
	}
	return list
}

// renderings are the reports that stand in every bundle.
// Both are pure functions of the case and of the names in the bag: Verify draws them again and compares every byte.
var renderings = []struct {
	name   string
	render func(inspect.Case, report.Bag) ([]byte, error)
}{
	{"data/report.html", rendered(report.Bag.HTML)},
	{"data/report.md", rendered(report.Bag.Markdown)},
}
