package evidence

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// reproduced asks whether what the bundle claims follows from what it carries.
func (v *verifier) reproduced() {
	if v.out.Intact != inspect.Verified {
		v.say("case", "data/case.json", inspect.Unknown, BasisBytes, "not asked: the bag is not intact")
		return
	}
	c, err := v.bag.Case(v.ctx)
	if err != nil {
		v.fail("case", "data/events.jsonl", "it cannot be replayed: %v", err)
		return
	}
	v.c = c
	v.foldFits()
	v.custodyFits()
	v.reports()
	for _, i := range c.Images {
		v.listed(i)
	}
	v.rerun()
}

// foldFits compares case.json with the case that the events fold to.
func (v *verifier) foldFits() {
	have, err := v.bag.files.read("data/case.json", MaxCase)
	if err != nil {
		v.fail("case", "data/case.json", "it cannot be read: %v", err)
		return
	}
	want, err := inspect.EncodeCase(v.c)
	if err != nil {
		v.fail("case", "data/case.json", "%v", err)
		return
	}
	if bytes.Equal(have, want) {
		v.say("case", "data/case.json", inspect.Verified, BasisBytes, "it is what the events fold to")
		return
	}
	fields, err := v.differ(have, want)
	switch {
	case err != nil:
		v.fail("case", "data/case.json", "it cannot be read: %v", err)
	case len(fields) > 0:
		v.fail("case", "data/case.json", "it is not what the events fold to; these differ: %s", strings.Join(fields, ", "))
	default:
		v.say("case", "data/case.json", inspect.Verified, BasisBytes, "it is what the events fold to, in the words of another version")
	}
}

// differ names the fields of two cases that are not the same. A case that another version wrote may lack fields that
// this one knows, or have others: both are compared as this version reads them.
func (v *verifier) differ(have, want []byte) ([]string, error) {
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

func reread(data []byte) ([]byte, error) {
	var c inspect.Case
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	return inspect.EncodeJSON(c)
}

// sameTool says that this very program wrote the case, so that it must come out byte by byte.
func (v *verifier) sameTool() bool { return v.o.Tool.Version != "" && v.o.Tool == v.c.Tool }

// custodyFits compares the chain of custody with the events that it was made from.
func (v *verifier) custodyFits() {
	have, err := v.bag.files.stream("data/custody.jsonl")
	if err != nil {
		return
	}
	defer have.Close()
	var lines []custodyLine
	who := ""
	err = eachLine(have, func(_ int, b []byte) error {
		var l custodyLine
		if err := json.Unmarshal(b, &l); err != nil {
			return err
		}
		who = l.Who
		l.Previous = ""
		lines = append(lines, l)
		return nil
	})
	n, differs := 0, 0
	c := &custody{w: io.Discard, who: who}
	seen := func(line custodyLine) {
		if n++; differs == 0 && (n > len(lines) || lines[n-1] != line) {
			differs = n
		}
	}
	if err == nil {
		err = v.bag.Replay()(v.ctx, func(e inspect.Event) {
			if line, ok := c.lineOf(e); ok {
				line.Who, line.Tool, line.Number = who, c.tool, n+1
				seen(line)
			}
		})
	}
	switch {
	case err != nil:
		v.fail("custody", "data/custody.jsonl", "it cannot be compared with the events: %v", err)
	case differs > 0:
		v.fail("custody", "data/custody.jsonl", "line %d is not what the events say", differs)
	case n < len(lines):
		v.fail("custody", "data/custody.jsonl", "line %d is not what the events say", n+1)
	default:
		v.say("custody", "data/custody.jsonl", inspect.Verified, BasisBytes, "%d lines, each follows from the one before it and from the events", n)
	}
}

// reports draws the reports again. Another version may draw them otherwise: then they cannot be compared, and the
// verdict does not rest on them.
func (v *verifier) reports() {
	for _, r := range renderings {
		have, err := v.bag.files.read(r.name, MaxCase)
		if err != nil {
			v.fail("report", r.name, "it cannot be read: %v", err)
			continue
		}
		want, err := r.render(v.c)
		switch {
		case err == nil && bytes.Equal(have, want):
			v.say("report", r.name, inspect.Verified, BasisBytes, "it says what the case says")
		case v.sameTool():
			v.fail("report", r.name, "it is not what this program draws from the case")
		default:
			v.say("report", r.name, inspect.Absent, BasisNotKept, "another version drew it (%s): read the case itself (backtrail open)", toolName(v.c.Tool))
		}
	}
}

// listed compares the rows of an image with the listings of its layers, which are there whatever layers are carried.
func (v *verifier) listed(i inspect.Image) {
	layers := map[int]string{}
	for _, l := range i.Layers {
		if !l.Empty {
			layers[l.Number] = l.DiffID
		}
	}
	rows := map[string]map[string]string{} // diff ID, path, sha256
	add := func(layer int, path, sum string) {
		diffID := layers[layer]
		if !isHex(sum) || diffID == "" {
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
		v.listedRows(i.Subject, diffID, rows[diffID])
	}
}

func (v *verifier) listedRows(subject, diffID string, rows map[string]string) {
	what := subject + " " + diffID
	entries, err := v.bag.Index(v.ctx, diffID)
	if err != nil {
		v.say("files", what, inspect.Absent, BasisNotKept, "the listing of this layer is not in the bag")
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
			v.say("files", subject+":"+path, inspect.Failed, BasisListing, "the listing of layer %s does not have it with the digest %s", short(diffID), short(rows[path]))
			return
		}
	}
	v.say("files", what, inspect.Verified, BasisListing, "%d files that need a look stand in the listing as the case says", len(rows))
}

// rerun runs the checks again and compares. Where no image's manifest is in the bag (docker-save has none) there is
// nothing to run them on, and every row is listed as not in the bag.
func (v *verifier) rerun() {
	if v.o.Rerun == nil {
		v.say("checks", "", inspect.Unknown, BasisBytes, "the checks were not run again")
		return
	}
	var again inspect.Case
	if slices.ContainsFunc(v.c.Images, func(i inspect.Image) bool { return i.Digest != "" && v.carried(i.Digest) }) {
		var err error
		if again, err = v.o.Rerun(v.ctx, v.bag, v.c); err != nil {
			v.say("checks", "", inspect.Unknown, BasisBytes, "the checks could not be run again: %v", err)
			return
		}
	}
	for _, i := range v.c.Images {
		if i.Digest == "" || !v.carried(i.Digest) {
			v.leftOut(i)
			continue
		}
		r, _ := again.Image(i.Subject)
		v.sameLayers(i, r)
		v.sameImage(i, r)
		v.sameSignatures(i, r)
		v.sameProvenance(i, r)
	}
}

// leftOut lists the rows of an image that nothing in the bag can be opened as.
func (v *verifier) leftOut(i inspect.Image) {
	why := "its manifest is not in the bag"
	if i.Digest == "" {
		why = "it has no manifest to be opened by"
		if v.sameSaved(i) {
			return
		}
	}
	v.say("image", i.Subject, inspect.Absent, BasisNotKept, "%s", why)
	for _, l := range i.Layers {
		if !l.Empty {
			v.say("layer", fmt.Sprintf("%s layer %d %s", i.Subject, l.Number, cmp.Or(l.Digest, l.DiffID)), inspect.Absent, BasisNotKept, "the image: %s", why)
		}
	}
	for _, s := range i.Signatures {
		v.say("signature", i.Subject+" signature "+s.ID, inspect.Absent, BasisNotKept, "the image: %s", why)
	}
	for _, p := range i.Provenance {
		v.say("provenance", i.Subject+" provenance "+p.ID, inspect.Absent, BasisNotKept, "the image: %s", why)
	}
}

// sameSaved reproduces an image of the docker-save form, which has neither manifest nor signatures: the config and the
// layers, which are carried as tars, are their digests, and the config names these layers in this order.
func (v *verifier) sameSaved(i inspect.Image) bool {
	var diffIDs []string
	for _, l := range i.Layers {
		if l.Empty {
			continue
		}
		if !v.carried(l.DiffID) {
			return false
		}
		diffIDs = append(diffIDs, l.DiffID)
	}
	if !v.carried(i.Config) || len(diffIDs) == 0 {
		return false
	}
	r, err := v.bag.Blob(v.ctx, i.Config)
	if err != nil {
		return false
	}
	defer r.Close()
	data, err := readBounded(r, MaxSmall, i.Config)
	if err != nil {
		return false
	}
	found := verdict{inspect.Verified, ""}
	if !slices.Equal(configDiffIDs(data), diffIDs) {
		found = verdict{inspect.Failed, "diffid-mismatch"}
	}
	for _, l := range i.Layers {
		if !l.Empty {
			v.compare("layer", fmt.Sprintf("%s layer %d %s", i.Subject, l.Number, l.DiffID), verdict{l.Status, l.Reason}, verdict{inspect.Verified, ""})
		}
	}
	v.compare("image", i.Subject, verdict{i.Status, i.Reason}, found)
	return true
}

// carried says that a blob lies in the image's layout; that it is its digest was checked before.
func (v *verifier) carried(digest string) bool {
	_, there := v.bag.files.sizes["data/image/blobs/sha256/"+hexOf(digest)]
	return there
}

// damaged says that the bytes which came in a blob's place are kept, and are not its digest.
func (v *verifier) damaged(digest string) bool {
	for _, b := range v.c.Blobs {
		if b.Digest == digest && b.State == blobDamaged && b.Actual != digest {
			_, there := v.bag.files.sizes["data/damaged/"+hexOf(b.Actual)]
			return there
		}
	}
	return false
}

// verdict is a status with its reason, as a row of the case states it.
type verdict struct {
	status inspect.Status
	reason string
}

func (a verdict) String() string {
	if a.reason == "" {
		return string(a.status)
	}
	return fmt.Sprintf("%s (%s)", a.status, a.reason)
}

func (v *verifier) compare(name, subject string, claimed, found verdict) {
	if claimed == found {
		v.say(name, subject, inspect.Verified, BasisBytes, "%s, as the case says", found)
		return
	}
	v.fail(name, subject, "the case says %s; the bytes in the bag say %s", claimed, found)
}

func (v *verifier) sameLayers(i, again inspect.Image) {
	for _, l := range i.Layers {
		if l.Empty {
			continue
		}
		subject := fmt.Sprintf("%s layer %d %s", i.Subject, l.Number, l.Digest)
		at := slices.IndexFunc(again.Layers, func(o inspect.Layer) bool { return !o.Empty && o.Number == l.Number })
		switch {
		case v.damaged(l.Digest):
			v.compare("layer", subject, verdict{l.Status, l.Reason}, verdict{inspect.Failed, "digest-mismatch"})
		case !v.carried(l.Digest):
			v.say("layer", subject, inspect.Absent, BasisNotKept, "its bytes are not in the bag")
		case at < 0:
			v.fail("layer", subject, "the case says %s; the manifest in the bag has no such layer", l.Status)
		default:
			v.compare("layer", subject, verdict{l.Status, l.Reason}, verdict{again.Layers[at].Status, again.Layers[at].Reason})
		}
	}
}

// sameImage compares an image's status, if all that it rests on is there.
func (v *verifier) sameImage(i, again inspect.Image) {
	var out []string
	broken := false
	for _, l := range i.Layers {
		switch {
		case l.Empty:
		case v.damaged(l.Digest):
			broken = true
		case !v.carried(l.Digest):
			out = append(out, fmt.Sprint(l.Number))
		}
	}
	switch {
	case broken:
		v.compare("image", i.Subject, verdict{status: i.Status}, verdict{status: inspect.Failed})
	case !v.carried(i.Key()) || !v.carried(i.Config):
		v.say("image", i.Subject, inspect.Absent, BasisNotKept, "its manifest or config is not in the bag")
	case len(out) > 0:
		v.say("image", i.Subject, inspect.Absent, BasisNotKept, "layers %s are not in the bag", strings.Join(out, ", "))
	default:
		v.compare("image", i.Subject, verdict{i.Status, i.Reason}, verdict{again.Status, again.Reason})
	}
}

func (v *verifier) sameSignatures(i, again inspect.Image) {
	found := map[string]inspect.Signature{}
	for _, s := range again.Signatures {
		found[s.ID] = s
	}
	for _, s := range i.Signatures {
		subject := fmt.Sprintf("%s signature %s", i.Subject, s.ID)
		r, ok := found[s.ID]
		delete(found, s.ID)
		switch {
		case ok:
			v.compare("signature", subject, verdict{s.Status, s.Reason}, verdict{r.Status, r.Reason})
		case v.carried(s.Digest):
			v.fail("signature", subject, "the case says %s; it is not found among the signatures in the bag", s.Status)
		default:
			v.say("signature", subject, inspect.Absent, BasisNotKept, "its bytes are not in the bag")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		v.fail("signature", i.Subject+" signature "+id, "the bag carries it, and the case does not name it")
	}
}

func (v *verifier) sameProvenance(i, again inspect.Image) {
	found := map[string]inspect.Provenance{}
	for _, p := range again.Provenance {
		found[p.ID] = p
	}
	for _, p := range i.Provenance {
		subject := fmt.Sprintf("%s provenance %s", i.Subject, p.ID)
		r, ok := found[p.ID]
		delete(found, p.ID)
		carried := slices.ContainsFunc(p.Raw, func(raw inspect.RawPart) bool { return v.carried(raw.Digest) })
		switch {
		case ok:
			v.compare("provenance", subject, verdict{p.Status, p.Reason}, verdict{r.Status, r.Reason})
		case carried:
			v.fail("provenance", subject, "the case says %s; it is not found again from the bag", p.Status)
		default:
			v.say("provenance", subject, inspect.Absent, BasisNotKept, "its bytes are not in the bag")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		v.fail("provenance", i.Subject+" provenance "+id, "the bag carries it, and the case does not name it")
	}
}
