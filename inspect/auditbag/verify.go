package auditbag

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/text"
)

// Kind describes bundles of audits for evidence.Verify. tool is this program: renderings of its own version are drawn
// again.
func Kind(tool inspect.Tool) evidence.Kind {
	required := []string{reportFile, basisFile, listingFile, imagesFile}
	for _, r := range renderings {
		required = append(required, r.name)
	}
	return evidence.Kind{
		Name: "audit", Mark: reportFile, Required: required,
		Again: func(ctx context.Context, files *bagit.Files, authentic bool) evidence.Recomputed {
			v := &verifier{
				ctx: ctx, files: files, tool: tool, authentic: authentic,
				keys: map[string]bool{}, used: map[string]bool{},
			}
			v.run()
			return v.out
		},
	}
}

// verifier computes the claims of one bag again.
type verifier struct {
	ctx       context.Context
	files     *bagit.Files
	tool      inspect.Tool
	authentic bool // a signer whom the person named signed the bag
	out       evidence.Recomputed

	report   audit.Report
	basis    Basis
	listing  *audit.Listing
	policies *policy.Set
	places   map[string][]audit.Place // that have no row yet, by unit
	rows     []audit.Row              // made again
	gaps     []audit.Gap
	keys     map[string]bool // public keys that verdicts rest on
	used     map[string]bool // files of the payload that something names
	defects  int
}

// record adds a check.
func (v *verifier) record(name, subject string, s inspect.Status, b evidence.Basis, format string, args ...any) {
	v.out.Checks = append(v.out.Checks, evidence.BagCheck{
		Name: name, Subject: subject, Status: s, Basis: b, Detail: fmt.Sprintf(format, args...),
	})
}

// fail records a claim that does not follow. Past maxDefects they are only counted.
func (v *verifier) fail(name, subject, format string, args ...any) {
	if v.defects++; v.defects <= maxDefects {
		v.record(name, subject, inspect.Failed, evidence.BasisBytes, format, args...)
	}
}

// run makes the report again and compares it. It ends where one of the parts cannot be read: nothing that rests on it
// could be compared.
func (v *verifier) run() {
	if !v.read() {
		return
	}
	v.out.Case = outcomeOf(&v.report)
	v.out.Case.Target = text.Clean("audit of " + strings.Join(v.report.Scope.Contexts, ", "))
	v.out.Case.Tool, v.out.Case.Operator = toolName(v.basis.Tool), text.Clean(v.basis.Operator)
	if !v.images() {
		return
	}
	v.compareCounts(v.compareRows())
	v.compareGaps()
	v.compareChanges()
	v.compareThresholds()
	v.compareInfo()
	v.draw()
	v.unnamed()
	for k := range v.keys {
		v.out.Keys = append(v.out.Keys, k)
	}
	slices.Sort(v.out.Keys)
	if over := v.defects - maxDefects; over > 0 {
		v.record("row", "", inspect.Failed, evidence.BasisBytes, "and %d more that do not follow", over)
	}
}

// outcomeOf is what a report comes to, in the words of a case.
func outcomeOf(r *audit.Report) evidence.BagCase {
	c := evidence.BagCase{Status: inspect.CasePassed, Complete: len(r.Unchecked()) == 0 && r.Books.Balanced()}
	switch {
	case len(r.Blocked()) > 0:
		c.Status = inspect.CaseFailed
	case !c.Complete:
		c.Status = inspect.CaseIncomplete
	}
	return c
}

// read reads report, basis, listing and policies.
func (v *verifier) read() bool {
	var l listing
	for _, f := range []struct {
		name  string
		limit int64
		into  any
	}{{reportFile, maxReport, &v.report}, {basisFile, maxBasis, &v.basis}, {listingFile, maxReport, &l}} {
		if err := v.decode(f.name, f.limit, f.into); err != nil {
			v.fail("audit", f.name, "it cannot be read: %v", err)
			return false
		}
	}
	if v.report.Schema != audit.Schema || v.basis.Schema != BasisSchema {
		v.fail("audit", reportFile, "its forms are %q and %q: another version wrote it", v.report.Schema,
			v.basis.Schema)
		return false
	}
	if l.Skipped < 0 || l.Over < 0 {
		v.fail("audit", listingFile, "its counts are out of bounds")
		return false
	}
	v.listing = l.audited()
	v.places = map[string][]audit.Place{}
	for _, p := range v.listing.Places {
		if p.Unit == "" {
			v.rows = append(v.rows, audit.Unexamined(p, ""))
			continue
		}
		v.places[p.Unit] = append(v.places[p.Unit], p)
	}
	return v.readPolicies()
}

// decode reads a file of JSON within a bound.
func (v *verifier) decode(name string, limit int64, into any) error {
	v.used[name] = true
	raw, err := v.files.Read(name, limit)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// readPolicies parses the policies again. That the bytes are their digest was checked with the manifests, as for all
// files that are named by one.
func (v *verifier) readPolicies() bool {
	v.policies = &policy.Set{}
	for _, p := range v.basis.Policies {
		name := policyFolder + bagit.HexOf(p.Digest)
		raw, err := v.files.Read(name, maxBasis)
		if err != nil {
			v.fail("policy", p.Name, "its bytes cannot be read: %v", err)
			return false
		}
		v.used[name] = true
		// An error is about a document of another kind in the same file, which was left out at the audit too.
		_ = v.policies.Add(policy.Source{Bytes: raw, Name: p.Name, Origin: p.Origin})
	}
	return true
}

// images makes the rows of every image again, one image after the other, so that the memory does not grow with their
// packages.
func (v *verifier) images() bool {
	r, err := v.files.Stream(imagesFile)
	if err != nil {
		v.fail("audit", imagesFile, "it cannot be read: %v", err)
		return false
	}
	defer r.Close()
	v.used[imagesFile] = true
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if v.ctx.Err() != nil {
			return false
		}
		image, err := ParseImage(lines.Bytes())
		if err != nil {
			v.fail("image", imagesFile, "%v", err)
			return false
		}
		if err := v.image(image); err != nil {
			v.fail("image", image.Unit, "%v", err)
		}
	}
	if err := lines.Err(); err != nil {
		v.fail("audit", imagesFile, "it cannot be read: %v", err)
		return false
	}
	for unit := range v.places {
		v.fail("image", unit, "it was listed, and %s has no line of it", imagesFile)
	}
	return true
}

// ParseImage reads a line of images.jsonl. Errors: no JSON, or facts without a digest.
func ParseImage(line []byte) (Image, error) {
	var i Image
	if err := json.Unmarshal(bytes.TrimSpace(line), &i); err != nil {
		return i, fmt.Errorf("reading a line of %s: %w", imagesFile, err)
	}
	if bagit.HexOf(i.Facts) == "" {
		return i, fmt.Errorf("reading the line of %s: %w", i.Unit, errNoDigest)
	}
	return i, nil
}

// image makes the rows of one image again, and checks that what matched it is about what it has.
func (v *verifier) image(i Image) error {
	places := v.places[i.Unit]
	if len(places) == 0 {
		return fmt.Errorf("it was not listed, or has two lines")
	}
	delete(v.places, i.Unit)
	var f audit.Facts
	if err := v.decode(factsFolder+bagit.HexOf(i.Facts), maxFacts, &f); err != nil {
		return fmt.Errorf("reading its facts: %w", err)
	}
	if f.Unit != i.Unit {
		return fmt.Errorf("its facts are of %s", f.Unit)
	}
	v.about(&f, &i.Comparison)
	v.compareData(&i.Comparison)
	known := audit.Known{
		Requirements: v.policies.Requirements, Unread: v.basis.Unread, Expected: v.basis.Expected,
		Thresholds: v.basis.Thresholds, At: v.basis.At, Enforced: v.basis.enforced(),
	}.Replay(i.Comparison)
	joined := known.Join(&f)
	for _, p := range places {
		v.rows = append(v.rows, joined.Row(p))
	}
	v.gaps = append(v.gaps, joined.Gaps()...)
	v.claims(&f, &i.Comparison)
	return nil
}

// claims counts what the bag cannot bear out: what the registry answered about the image, signatures whose bytes are
// not in the bag, and what databases had. The keys of signatures that count are those that verdicts rest on.
func (v *verifier) claims(f *audit.Facts, c *audit.Comparison) {
	v.out.Claims.Claimed++
	if c.Asked {
		v.out.Claims.Claimed++
	}
	if c.Compared {
		v.out.Claims.Claimed++
	}
	for _, s := range f.Image.Signatures {
		v.out.Claims.NotInBag++
		if s.Key != "" && s.Holds() {
			v.keys[s.Key] = true
		}
	}
}
