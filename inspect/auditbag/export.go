package auditbag

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/text"
)

// Content is what a bag is made of, besides the images that its collector kept.
type Content struct {
	Report   *audit.Report
	Listing  *audit.Listing
	Basis    Basis // without policies and waivers, which are taken from the fields below and the thresholds
	Sources  []policy.Source
	Before   *audit.Report // that changes were listed against; nil: there is none
	Exported inspect.Time  // of the act of writing; for bag-info.txt alone
	Sign     evidence.Signer
}

// Export writes the bag and puts it in its place. The payload depends on what the audit found alone: two exports of it
// have the same manifests. Where it fails, or ctx ends, nothing is left at the path.
func (c *Collector) Export(ctx context.Context, path string, from Content) (evidence.Result, error) {
	x := &export{Content: from, c: c, bag: bagit.NewWriter(ctx, c.out, nil)}
	x.Basis.Schema, x.Basis.Waivers = BasisSchema, waiversOf(from.Basis.Thresholds, from.Basis.At)
	x.Basis.Policies = []Policy{}
	result, err := x.write(ctx)
	if err == nil {
		err = bagit.Explain("putting it in its place", c.out.Publish())
	}
	if err != nil {
		return evidence.Result{}, fmt.Errorf("%w (nothing was left there; what was found of the images is kept)",
			bagit.Explain("writing the bundle to "+path, err))
	}
	result.Path = path
	if abs, err := filepath.Abs(path); err == nil {
		result.Path = abs
	}
	if result.Taken = c.out.Altered(x.bag.All()); len(result.Taken) > 0 {
		return result, fmt.Errorf("reading the bundle back: %s is gone or changed: something on this machine took it "+
			"away after it was written; export to another place", result.Taken[0])
	}
	return result, nil
}

// export is one run of Export.
type export struct {
	Content
	c   *Collector
	bag *bagit.Writer
}

// write writes the parts: what people read first, then what it rests on, and the manifests last.
func (x *export) write(ctx context.Context) (evidence.Result, error) {
	for _, part := range []func() error{
		x.declaration, x.policies, x.report, x.basis, x.images, x.info,
	} {
		if err := ctx.Err(); err != nil {
			return evidence.Result{}, err
		}
		if err := part(); err != nil {
			return evidence.Result{}, err
		}
	}
	size, files := x.bag.Oxum()
	manifest, err := x.bag.WriteManifests()
	if err != nil {
		return evidence.Result{}, err
	}
	if x.Sign != nil {
		signature, err := x.Sign(ctx, manifest)
		if err != nil {
			return evidence.Result{}, err
		}
		if err := x.bag.AddBytes(bagit.SignatureFile, signature); err != nil {
			return evidence.Result{}, err
		}
	}
	digest := bagit.Digest(manifest)
	return evidence.Result{
		TagManifest: digest, Files: files, Bytes: size,
		Line: fmt.Sprintf("backtrail %s tagmanifest %s %s", x.c.id, digest, x.Basis.At.Format("2006-01-02T15:04:05Z")),
	}, nil
}

func (x *export) declaration() error {
	return x.bag.AddBytes(bagit.DeclarationFile, []byte(bagit.Declaration))
}

// report writes the report in its forms, what was listed, and the report that it was compared with.
func (x *export) report() error {
	if err := x.bag.AddJSON(reportFile, x.Report); err != nil {
		return err
	}
	for _, r := range renderings {
		drawn, err := r.draw(x.Report, &x.Basis)
		if err != nil {
			return fmt.Errorf("drawing %s: %w", r.name, err)
		}
		if err := x.bag.AddBytes(r.name, drawn); err != nil {
			return err
		}
	}
	if x.Before != nil {
		if err := x.bag.AddJSON(beforeFile, x.Before); err != nil {
			return err
		}
	}
	return x.bag.AddJSON(listingFile, listingOf(x.Listing))
}

// policies writes the policies as they were read.
func (x *export) policies() error {
	for _, s := range x.Sources {
		x.Basis.Policies = append(x.Basis.Policies, Policy{Name: s.Name, Origin: s.Origin, Digest: s.Digest()})
		if err := x.bag.AddBytes(policyFolder+bagit.HexOf(s.Digest()), s.Bytes); err != nil {
			return err
		}
	}
	return nil
}

func (x *export) basis() error { return x.bag.AddJSON(basisFile, x.Basis) }

// images writes the facts of each image, and all lines as one file.
func (x *export) images() error {
	lines, err := os.Create(filepath.Join(x.c.dir, "images.jsonl"))
	if err != nil {
		return fmt.Errorf("writing %s: %w", imagesFile, err)
	}
	defer lines.Close()
	for _, unit := range x.c.sorted() {
		line, err := os.ReadFile(x.c.linePath(unit))
		if err != nil {
			return fmt.Errorf("writing %s: %w", imagesFile, err)
		}
		if _, err := lines.Write(line); err != nil {
			return fmt.Errorf("writing %s: %w", imagesFile, err)
		}
		image, err := ParseImage(line)
		if err != nil {
			return err
		}
		facts := bagit.HexOf(image.Facts)
		if err := x.addFile(factsFolder+facts, filepath.Join(x.c.dir, facts)); err != nil {
			return err
		}
	}
	return x.add(imagesFile, lines)
}

// addFile writes a file of the collector, once: two images may have the same facts.
func (x *export) addFile(name, path string) error {
	if x.bag.Has(name) {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer f.Close()
	return x.add(name, f)
}

// add writes an open file from its beginning.
func (x *export) add(name string, f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return x.bag.Add(name, size, io.NewSectionReader(f, 0, size))
}

// info writes bag-info.txt with what belongs to the act of writing.
func (x *export) info() error {
	size, files := x.bag.Oxum()
	signed := "no"
	if x.Sign != nil {
		signed = "yes"
	}
	outcome := outcomeOf(x.Report)
	complete := "no"
	if outcome.Complete {
		complete = "yes"
	}
	var b bytes.Buffer
	for _, l := range [][2]string{
		{"Bag-Software-Agent", toolName(x.Basis.Tool)},
		{"Bagging-Date", x.Exported.Format("2006-01-02")},
		{"Contact-Name", x.Basis.Operator},
		{"External-Identifier", x.c.id},
		{"External-Description", "audit of " + strings.Join(x.Report.Scope.Contexts, ", ")},
		{"Payload-Oxum", fmt.Sprintf("%d.%d", size, files)},
		{"Signed", signed},
		{"Backtrail-Exported-By", x.Basis.Operator},
		{"Backtrail-Exported-At", x.Exported.Format("2006-01-02T15:04:05Z")},
		{infoStatus, string(outcome.Status)},
		{infoComplete, complete},
	} {
		fmt.Fprintf(&b, "%s: %s\n", l[0], text.Clean(l[1]))
	}
	return x.bag.AddBytes(bagit.InfoFile, b.Bytes())
}

// renderings are the forms of the report that stand in every bag. All are functions of report and basis: Verify draws
// them again and compares every byte.
var renderings = []struct {
	name string
	draw func(r *audit.Report, b *Basis) ([]byte, error)
}{
	{"data/audit.html", drawn(func(r *audit.Report, w io.Writer, s audit.Style) error { return r.HTML(w, s) })},
	{"data/audit.md", drawn(func(r *audit.Report, w io.Writer, s audit.Style) error { return r.Markdown(w, s) })},
	{readmeFile, readme},
	{"data/audit.csv", drawn(func(r *audit.Report, w io.Writer, _ audit.Style) error { return r.CSV(w) })},
}

// Labels of bag-info.txt that are of audits.
const (
	infoStatus   = "Backtrail-Audit-Status"
	infoComplete = "Backtrail-Audit-Complete"
)

// drawn is a rendering as bytes.
func drawn(draw func(*audit.Report, io.Writer, audit.Style) error) func(*audit.Report, *Basis) ([]byte, error) {
	return func(r *audit.Report, basis *Basis) ([]byte, error) {
		var b bytes.Buffer
		err := draw(r, &b, basis.style())
		return b.Bytes(), err
	}
}

// errNoDigest is the error of a line whose facts are not named by a digest.
var errNoDigest = errors.New("its facts are not named by a sha256 digest")
