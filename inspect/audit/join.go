package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Known is what rows are joined with: what is known of the world today. Nothing of it is read from a registry.
type Known struct {
	Digest string // of all of it, see DigestOf
	// Requirements gives what policies ask of an image in a namespace.
	Requirements func(i inspect.Image, namespace string) []inspect.PolicyRequirement
	// Unread describes why it is not known which policies the cluster has; empty where they were read.
	Unread   string
	Expected inspect.Expected // of flags
	// Enforced gives how a product stands before new pods of a namespace, in words too: a policy of the cluster refuses
	// nothing where the webhook of its product is not called. nil: it is not known, and policies count as enforced.
	Enforced func(product, namespace string) (inspect.GateStatus, string)
	// Advisories compares an image with known compromises; the error states what was not compared.
	Advisories func(i inspect.Image) ([]inspect.Advisory, []inspect.Finding, error)
	// Vulnerable compares the packages of an image with known vulnerabilities; ok is false where there is no data. The
	// error states what was not compared.
	Vulnerable func(i inspect.Image) (rows []inspect.Vuln, ok bool, err error)
	Thresholds inspect.Thresholds // what blocks, what warns
	At         inspect.Time       // of the audit: deadlines and waivers end by it
	// Good gives the known-good digest of a place, and since when its digest was seen to run; both may be empty.
	Good func(p Place, digest string) (good string, since inspect.Time)
}

// Joined are facts with what is publicly known of the image, whichever place runs it: it is worked out once for all
// rows of the image.
type Joined struct {
	*Facts
	known      *Known
	advisories []inspect.Advisory
	found      []inspect.Finding
	vulns      []inspect.Vuln
	compared   bool  // with known vulnerabilities
	gaps       []Gap // what was not compared
	comparison Comparison
}

// Join compares the facts of an image with what is known.
func (k *Known) Join(f *Facts) *Joined {
	j := &Joined{Facts: f, known: k, advisories: f.Image.Advisories, found: f.Findings}
	if k.Advisories != nil {
		rows, found, err := k.Advisories(f.Image)
		j.comparison.Asked, j.comparison.Advisories, j.comparison.Findings = true, rows, found
		j.renew(rows, found)
		if err != nil {
			j.comparison.Incomplete = err.Error()
			j.gaps = append(j.gaps, Gap{What: "advisories", Reason: cut(err.Error())})
		}
	}
	if k.Vulnerable != nil && f.Depth.Covers(Packages) && f.State == Done {
		rows, ok, err := k.Vulnerable(f.Image)
		j.comparison.Vulns, j.comparison.Compared = rows, ok
		if j.vulns, j.compared = rows, ok; err != nil {
			j.comparison.Failed = err.Error()
			j.gaps = append(j.gaps, Gap{What: "vulnerabilities", Reason: cut(err.Error())})
		}
	}
	return j
}

// renew replaces what was known of compromises when the image was examined by what is known today. What matched by
// files is kept: these are read by depth full only, and do not change.
func (j *Joined) renew(rows []inspect.Advisory, found []inspect.Finding) {
	// Packages, digests, layers and identities stand in the facts, so they are compared again, and a record that was
	// withdrawn no longer matches. Contents of files do not: what they matched at depth full stays.
	byFile := slices.DeleteFunc(slices.Clone(j.advisories), func(a inspect.Advisory) bool {
		return a.Kind != inspect.AdvisoryFile && a.Kind != inspect.AdvisoryString
	})
	j.found = slices.DeleteFunc(slices.Clone(j.found), func(f inspect.Finding) bool {
		return f.Check == inspect.CheckAdvisories && (len(byFile) == 0 ||
			slices.ContainsFunc(found, func(o inspect.Finding) bool { return o.ID == f.ID }))
	})
	j.advisories, j.found = append(byFile, rows...), append(j.found, found...)
}

// Row is the row of a place that runs the image.
func (j *Joined) Row(p Place) Row {
	row := newRow(p)
	row.Digest = cmp.Or(j.digest(), row.Digest)
	row.State, row.Reason = j.State, j.Reason
	row.Platform = cmp.Or(j.Image.Platform, row.Platform)
	row.Base = j.Base
	j.tagged(&row, p.Reference)
	requirements := j.requirements(p)
	j.signed(&row, requirements)
	row.Provenance, row.Source = j.built(requirements)
	row.SBOM = j.attached()
	j.admit(&row, requirements)
	for _, a := range j.advisories {
		row.Advisories = append(row.Advisories, a.ID)
	}
	row.Advisories = sortedSet(row.Advisories)
	for _, f := range j.found {
		row.Findings.count(f.Severity)
	}
	if j.known.Good != nil {
		good, since := j.known.Good(p, row.Digest)
		row.KnownGood = good
		j.comparison.Earlier = append(j.comparison.Earlier, Earlier{good, since})
		if !since.IsZero() && (row.Since.IsZero() || since.Before(row.Since.Time)) {
			row.Since = since
		}
	}
	j.judge(&row)
	return row
}

// newRow is a row of which nothing but its place is known.
func newRow(p Place) Row {
	return Row{
		Cluster: p.Cluster, Namespace: p.Namespace, Workload: p.Workload, Container: p.Container,
		Reference: p.Reference, Digest: digestOf(p), Injected: p.Injected, Since: p.Since, Type: p.Type, Pods: p.Pods,
		Platform: p.Platform, Allowed: Unknown, Admission: inspect.GateUnknown, Signature: inspect.Unknown,
		Provenance: inspect.Unknown, SBOM: inspect.Unknown, State: NotChecked, Reason: p.Problem,
	}
}

// unexamined is the row of a place whose image nobody looked at.
func unexamined(p Place, reason string) Row {
	row := newRow(p)
	row.State, row.Reason = NotChecked, cmp.Or(p.Problem, reason)
	return row
}

// tagged sets whether the tag that the pod names means another image today.
func (j *Joined) tagged(row *Row, reference string) {
	t, asked := j.tag(reference)
	// Whether a tag has moved is known only where the registry gave its digest. A tag that is gone has not moved: pods
	// that name it cannot start again, which is another problem.
	if !asked || t.Digest == "" {
		if strings.Contains(reference, "@sha256:") { // a digest does not move
			moved := false
			row.TagMoved = &moved
		}
		return
	}
	if j.Image.Digest == "" && j.Image.Index == "" {
		return
	}
	// a tag that means the index of the manifest that runs means the image that runs
	moved := t.Digest != j.Image.Digest && t.Digest != j.Image.Index
	row.TagMoved = &moved
	if moved {
		row.TagMeans = t.Digest
	}
}

// requirements are all that ask something of the image at a place: flags first, then policies.
func (j *Joined) requirements(p Place) []inspect.PolicyRequirement {
	var all []inspect.PolicyRequirement
	if d, ok := FlagRequirement(j.known.Expected); ok {
		all = append(all, d)
	}
	if j.known.Requirements != nil {
		image := j.Image
		image.Reference = p.Reference
		all = append(all, j.known.Requirements(image, p.Namespace)...)
	}
	return all
}

// count adds a finding of a severity.
func (f *Findings) count(s inspect.Severity) {
	switch s {
	case inspect.Critical:
		f.Critical++
	case inspect.High:
		f.High++
	case inspect.Medium:
		f.Medium++
	default: // lower ones are not counted by severity
	}
}

// attached is the best status of the SBOMs that came with the image.
func (j *Joined) attached() inspect.Status {
	best := inspect.Absent
	for _, s := range j.Image.SBOMs {
		if s.Origin != "generated" && (best == inspect.Absent || better(s.Status, best)) {
			best = s.Status
		}
	}
	if best == inspect.Absent && (j.State != Done && len(j.Image.Stores) == 0 || len(j.unreachable()) > 0) {
		return inspect.Unknown
	}
	return best
}

// better reports whether a status is better news than another.
func better(a, b inspect.Status) bool {
	rank := func(s inspect.Status) int {
		return slices.Index([]inspect.Status{inspect.Verified, inspect.Unknown, inspect.Failed, inspect.Absent}, s)
	}
	return rank(a) < rank(b)
}
