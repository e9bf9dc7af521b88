package evidence

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// reproduction computes the claims of a bag again from what it carries.
type reproduction struct{ *verifier }

// run checks that what the bundle claims follows from what it carries.
func (v *reproduction) run() {
	// Bytes that are not what the manifests list are not its maker's claim: comparing them would lend them weight.
	if v.out.Fits != inspect.Verified {
		v.record("case", "data/case.json", inspect.Unknown, BasisBytes,
			"not checked: the files do not fit the manifests")
		return
	}
	c, err := v.bag.Case(v.ctx)
	if err != nil {
		v.fail("case", "data/events.jsonl", "it cannot be replayed: %v", err)
		return
	}
	v.c = c
	v.out.Case = caseOf(v.out.Case.ID, c)
	v.foldFits()
	v.custodyFits()
	v.exhibitsFit()
	v.redactionsFit()
	v.timestampsFit()
	v.packageDiffFits()
	v.advisoriesFit()
	v.vulnerabilitiesFit()
	v.summariesFit()
	v.reports()
	for _, i := range c.Images {
		v.listed(i)
	}
	v.infoFits()
	(&comparison{verifier: v.verifier}).run()
	v.exportAgain()
}

// foldFits compares case.json with the case that the events fold to.
// A reader of the bundle may open case.json alone, so it must not state anything that the events do not.
func (v *reproduction) foldFits() {
	have, err := v.bag.files.Read("data/case.json", MaxCase)
	if err != nil {
		v.fail("case", "data/case.json", "it cannot be read: %v", err)
		return
	}
	want, err := verdict.Encode(v.c)
	if err != nil {
		v.fail("case", "data/case.json", "%v", err)
		return
	}
	if bytes.Equal(have, want) {
		v.record("case", "data/case.json", inspect.Verified, BasisBytes, "it is what the events fold to")
		return
	}
	fields, err := v.differ(have, want)
	switch {
	case err != nil:
		v.fail("case", "data/case.json", "it cannot be read: %v", err)
	case len(fields) > 0:
		v.fail("case", "data/case.json", "it is not what the events fold to; these differ: %s", strings.Join(fields,
			", "))
	default:
		v.record("case", "data/case.json", inspect.Verified, BasisBytes,
			"it is what the events fold to, in the words of another version")
	}
}

// differ names the fields of two cases that are not the same. A case that another version wrote may lack fields that
// this one has, or have others: both are compared as this version reads them.
func (v *reproduction) differ(have, want []byte) ([]string, error) {
	if !v.sameTool() {
		var err error
		if have, err = reread(have); err != nil {
			return nil, err
		}
		if want, err = reread(want); err != nil {
			return nil, err
		}
	}
	var a, b map[string]json.RawMessage
	if err := json.Unmarshal(have, &a); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(want, &b); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for name := range a {
		names[name] = !bytes.Equal(a[name], b[name])
	}
	for name := range b {
		names[name] = !bytes.Equal(a[name], b[name])
	}
	maps.DeleteFunc(names, func(_ string, differs bool) bool { return !differs })
	fields := slices.Sorted(maps.Keys(names))
	if len(fields) == 0 && v.sameTool() {
		fields = []string{"the way it is written"}
	}
	return fields, nil
}

// reread writes a case as this version writes it: fields that it does not have are lost, and those that the other did
// not have are empty. The outcome is no fact of a case, and stands beside it: every version has to come to the same.
func reread(data []byte) ([]byte, error) {
	var c struct {
		Status   inspect.CaseStatus `json:"status"`
		Complete bool               `json:"complete"`
		inspect.Case
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	return inspect.EncodeJSON(c)
}

// sameTool reports whether this very program wrote the case, so that it must come out byte by byte.
// Name, version and revision have to be equal. A bag states its own tool: a false one makes a bag fail that is not
// byte by byte what this program writes, and gains nothing.
func (v *verifier) sameTool() bool { return v.o.Tool.Version != "" && v.o.Tool == v.c.Tool }

// custodyFits compares the chain of custody with the events that it was made from.
// That the chain holds in itself was checked before (fitting.custody). Here each line is made again from the events.
func (v *reproduction) custodyFits() {
	have, err := v.bag.files.Stream("data/custody.jsonl")
	if err != nil {
		return
	}
	defer have.Close()
	var lines [][]byte
	err = eachLine(have, func(_ int, b []byte) error {
		lines = append(lines, bytes.Clone(b))
		return nil
	})
	made := &lineComparer{want: lines}
	c := &custody{w: made}
	if err == nil {
		var failed error
		err = v.bag.Replay()(v.ctx, func(e inspect.Event) { failed = cmp.Or(failed, c.event(e)) })
		err = errors.Join(err, failed)
	}
	n, differs := made.n, made.differs
	switch {
	case err != nil:
		v.fail("custody", "data/custody.jsonl", "it cannot be compared with the events: %v", err)
	case differs > 0:
		v.fail("custody", "data/custody.jsonl", "line %d does not follow from the events", differs)
	case n < len(lines):
		v.fail("custody", "data/custody.jsonl", "line %d does not follow from the events", n+1)
	default:
		v.record("custody", "data/custody.jsonl", inspect.Verified, BasisBytes,
			"%d lines, each follows from the one before it and from the events", n)
	}
}

// lineComparer is written lines and finds the first that differs from the expected ones.
type lineComparer struct {
	want    [][]byte
	n       int
	differs int // number of the line, from 1; 0 while all are equal
}

// Write compares one line with the line in its place. It never fails.
func (c *lineComparer) Write(line []byte) (int, error) {
	c.n++
	if c.differs == 0 && (c.n > len(c.want) || !bytes.Equal(bytes.TrimSuffix(line, []byte("\n")), c.want[c.n-1])) {
		c.differs = c.n
	}
	return len(line), nil
}

// exhibitsFit compares what lies in the folders of exhibits with the exhibits that the events name.
//
// An exhibit that is not carried is counted as not in the bag: a person who takes away what was received leaves a gap
// that is named, and no bag that looks complete.
func (v *reproduction) exhibitsFit() {
	const file = "data/exhibits.json"
	var list []exhibitLine
	data, err := v.bag.files.Read(file, bagit.MaxManifest)
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		v.fail("exhibits", file, "it cannot be read: %v", err)
		return
	}
	if len(list) != len(v.c.Exhibits) {
		v.fail("exhibits", file, "it lists %d exhibits; the events name %d", len(list), len(v.c.Exhibits))
		return
	}
	named, failed, carried := map[string]bool{}, false, 0
	for n, e := range v.c.Exhibits {
		l := list[n]
		if l.Path != e.Path || l.Digest != e.Digest || !slices.Equal(l.Redacted, e.Redacted) ||
			l.Truncated != e.Truncated || l.Original != e.Original || l.Missing != e.Missing {
			failed = true
			v.fail("exhibits", file, "it states of %s what the events do not", e.Path)
			continue
		}
		if why := v.exhibitState(l); why != "" {
			failed = true
			v.fail("exhibits", cmp.Or(l.Name, e.Path), "%s", why)
			continue
		}
		if l.State == blobCarried {
			named[l.Name] = true
			carried++
			continue
		}
		if e.Missing == "" { // one that could not be collected is no claim: the record names the reason
			v.out.Claims.NotInBag++
			v.record("exhibits", e.Path, inspect.Absent, BasisNotKept, "its bytes are not in the bag (%s)", l.State)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.sums)) {
		if isExhibitFile(name) && !named[name] {
			failed = true
			v.fail("exhibits", name, "no event names it")
		}
	}
	if !failed {
		v.record("exhibits", file, inspect.Verified, BasisBytes, "%d exhibits are what the events name", carried)
	}
}

// exhibitState compares what a line states of an exhibit's bytes with the bag, and returns what is wrong; empty: it is
// so. The state is a claim of whoever wrote the bag: bytes that are there are never passed over for it.
func (v *reproduction) exhibitState(l exhibitLine) string {
	sum, there := v.sums[l.Name]
	switch l.State {
	case blobCarried:
		if !there || "sha256:"+sum.SHA256 != l.Digest {
			return "it is not what was kept: the events name " + l.Digest
		}
	case blobMissing:
		if there {
			return "data/exhibits.json calls it missing, and it is there"
		}
	case blobDamaged:
		// Damaged bytes lie under their own digest, so that nothing takes them for the exhibit.
		if !strings.HasPrefix(l.Name, "data/damaged/") || !there || "sha256:"+sum.SHA256 == l.Digest {
			return "data/exhibits.json calls it damaged, and the bytes that came are not in data/damaged"
		}
	default:
		return fmt.Sprintf("data/exhibits.json gives it the state %q, which no export writes", l.State)
	}
	return ""
}

// isExhibitFile reports whether nothing but exhibits lies in a file's folder; data/trust holds roots and keys besides.
func isExhibitFile(name string) bool {
	for _, folder := range append([]string{"exhibits"}, exhibitFolders...) {
		if strings.HasPrefix(name, "data/"+folder+"/") {
			return folder != "trust"
		}
	}
	return false
}

// packageDiffFits compares data/sbom/diff.json with the case.
func (v *reproduction) packageDiffFits() {
	want := packageDiffs(v.c)
	have, err := v.bag.files.Read(packageDiffFile, MaxCase)
	if len(want) == 0 && errors.Is(err, inspect.ErrNotKept) {
		return
	}
	var list []packageDiff
	if err == nil {
		err = json.Unmarshal(have, &list)
	}
	if err != nil {
		v.fail("sbom", packageDiffFile, "it cannot be read: %v", err)
		return
	}
	a, errA := inspect.EncodeJSON(list)
	b, errB := inspect.EncodeJSON(want)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		v.fail("sbom", packageDiffFile, "it is not the case's difference of packages")
		return
	}
	v.record("sbom", packageDiffFile, inspect.Verified, BasisBytes, "it is the case's difference of packages")
}

// drawnElsewhere is the outcome of a report that another version drew: nothing here bears it out but the bag's
// signature.
func (v *reproduction) drawnElsewhere() inspect.Status {
	if v.out.Authentic == inspect.Verified {
		return inspect.Absent
	}
	return inspect.Unknown
}

// reports draws the reports again. Another version may draw them otherwise: then they cannot be compared.
func (v *reproduction) reports() {
	in := report.Bag{Has: v.has, Custody: v.info()[infoCustody]}
	for _, r := range renderings {
		have, err := v.bag.files.Read(r.name, MaxCase)
		if err != nil {
			v.fail("report", r.name, "it cannot be read: %v", err)
			continue
		}
		want, err := r.render(v.c, in)
		switch {
		case err == nil && bytes.Equal(have, want):
			v.record("report", r.name, inspect.Verified, BasisBytes, "it follows from the case")
		case v.sameTool():
			v.fail("report", r.name, "it is not what this program draws from the case")
		default:
			v.record("report", r.name, v.drawnElsewhere(), BasisClaimed,
				"another version drew it (%s): read the case itself (backtrail open)", toolName(v.c.Tool))
		}
	}
}

// listed compares the rows of an image with the listings of its layers, which are there whatever layers are carried.
// The listing of a layer that is not carried is itself a claim; the basis of these checks names that.
func (v *reproduction) listed(i inspect.Image) {
	layers := map[int]string{}
	for _, l := range i.Layers {
		if !l.Empty {
			layers[l.Number] = l.DiffID
		}
	}
	rows := map[string]map[string]string{} // diff ID, path, sha256
	add := func(layer int, path, sum string) {
		diffID := layers[layer]
		if !bagit.IsHex(sum) || diffID == "" {
			return
		}
		if rows[diffID] == nil {
			rows[diffID] = map[string]string{}
		}
		rows[diffID][path] = sum
	}
	for _, b := range i.Binaries {
		add(b.Layer, b.Path, b.SHA256)
	}
	for _, a := range i.Altered {
		add(a.Layer, a.Path, a.SHA256)
	}
	for _, diffID := range slices.Sorted(maps.Keys(rows)) {
		v.listedRows(i.Container, diffID, rows[diffID])
	}
}

// listedRows compares the rows of one layer with its listing. Only the first difference is reported.
func (v *reproduction) listedRows(subject, diffID string, rows map[string]string) {
	what := subject + " " + diffID
	entries, err := v.bag.Index(v.ctx, diffID)
	if err != nil {
		v.record("files", what, inspect.Absent, BasisNotKept, "the listing of this layer is not in the bag")
		return
	}
	sums := map[string]bool{}
	paths := map[string]string{}
	for _, e := range entries {
		if e.Type == inspect.EntryFile {
			sums[e.SHA256] = true
			paths[e.Path] = e.SHA256
		}
	}
	for _, path := range slices.Sorted(maps.Keys(rows)) {
		// A hard link has no digest of its own: its content is another entry's.
		at, isFile := paths[path]
		if isFile && at != rows[path] || !isFile && !sums[rows[path]] {
			v.record("files", subject+":"+path, inspect.Failed, BasisListing,
				"the listing of layer %s does not have it with the digest %s", text.ShortDigest(diffID),
				text.ShortDigest(rows[path]))
			return
		}
	}
	v.out.Claims.Recomputed += len(rows)
	v.record("files", what, inspect.Verified, BasisListing,
		"%d files that need a look are in the listing as the case states", len(rows))
}
