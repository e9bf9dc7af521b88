package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// comparison compares the rows of a case with those of the checks that were run again.
type comparison struct {
	*verifier
	again Again
}

// run runs the checks again and compares. Where no image's manifest is in the bag (docker-save has none) there is
// nothing to run them on, and every row is listed as not in the bag.
// Every row of the case is compared, and every row that came out again: a lie can add, change and leave out.
func (v *comparison) run() {
	if v.o.Rerun == nil {
		v.record("checks", "", inspect.Unknown, BasisBytes, "the checks were not run again")
		return
	}
	if slices.ContainsFunc(v.c.Images, func(i inspect.Image) bool { return i.Digest != "" && v.carried(i.Digest) }) {
		var err error
		if v.again, err = v.o.Rerun(v.ctx, v.bag, v.c); err != nil {
			v.record("checks", "", inspect.Unknown, BasisBytes, "the checks could not be run again: %v", err)
			return
		}
	}
	v.namedImages()
	for _, i := range v.c.Images {
		if i.Digest == "" || !v.carried(i.Digest) || v.leftAway(i) {
			v.leftOut(i)
			continue
		}
		r, _ := v.again.Case.Image(i.Container)
		v.sameLayers(i, r)
		v.countsAgain(i)
		v.sameImage(i, r)
		v.sameSignatures(i, r)
		v.sameProvenance(i, r)
		v.sameSBOMs(i, r)
		v.samePolicies(i, r)
		v.fileRows(i, r)
	}
	v.listings()
	v.findings()
	v.received()
}

// leftOut lists the rows of an image that nothing in the bag can be opened as.
func (v *comparison) leftOut(i inspect.Image) {
	why := "its manifest is not in the bag"
	switch {
	case v.leftAway(i) && v.carried(i.Digest):
		why = "its configuration was left out of the bag"
	case i.Digest == "":
		why = "it has no manifest to be opened by"
		if v.sameSaved(i) {
			return
		}
	}
	v.notInBag("image", i.Container, "%s", why)
	for _, l := range i.Layers {
		if !l.Empty {
			v.notInBag("layer", fmt.Sprintf("%s layer %d %s", i.Container, l.Number, cmp.Or(l.Digest, l.DiffID)),
				"the image: %s", why)
		}
	}
	for _, s := range i.Signatures {
		v.notInBag("signature", i.Container+" signature "+s.ID, "the image: %s", why)
	}
	for _, p := range i.Provenance {
		v.notInBag("provenance", i.Container+" provenance "+p.ID, "the image: %s", why)
	}
}

// sameSaved reproduces an image of the docker-save form, which has neither manifest nor signatures: the config and the
// layers, which are carried as tars, are their digests, and the config names these layers in this order.
// It returns false where not all of it is carried. The form is that of `docker save`: manifest.json with Config and
// Layers, no digest of a manifest.
func (v *comparison) sameSaved(i inspect.Image) bool {
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
	data, err := bagit.ReadBounded(r, MaxSmall, i.Config)
	if err != nil {
		return false
	}
	// A file below blobs/sha256 is its digest (fitting.ownNames), and the diff ID of a plain tar is its digest.
	found := rowOutcome{inspect.Verified, ""}
	if !slices.Equal(configDiffIDs(data), diffIDs) {
		found = rowOutcome{inspect.Failed, inspect.ReasonDiffIDMismatch}
	}
	for _, l := range i.Layers {
		if !l.Empty {
			v.compare("layer", fmt.Sprintf("%s layer %d %s", i.Container, l.Number, l.DiffID),
				v.ended(inspect.CheckLayers,
					i.Container), rowOutcome{l.Status, l.Reason}, rowOutcome{inspect.Verified, ""})
		}
	}
	v.compare("image", i.Container, v.ended(inspect.CheckLayers, i.Container), rowOutcome{i.Status, i.Reason}, found)
	return true
}

// leftAway reports whether the configuration of an image was left out on request. Where its manifest is carried, that
// has to name it: else whoever made the bag could have any image passed over, by the digest of nothing.
func (v *comparison) leftAway(i inspect.Image) bool {
	if bagit.HexOf(i.Config) == "" || v.carried(i.Config) || !v.left[i.Config] {
		return false
	}
	r, err := v.bag.Blob(v.ctx, i.Digest)
	if err != nil {
		return true // nothing in the bag contradicts it
	}
	defer r.Close()
	data, err := bagit.ReadBounded(r, MaxSmall, i.Digest)
	if err != nil {
		return false
	}
	doc, ok := parseDocument(data)
	return ok && doc.Config != nil && doc.Config.Digest == i.Config
}

// carried reports whether a blob lies in the image's layout; that it is its digest was checked before.
func (v *verifier) carried(digest string) bool {
	return v.bag.files.Has("data/image/blobs/sha256/" + bagit.HexOf(digest))
}

// damaged reports whether the bytes which came in a blob's place are kept, and are not its digest.
// Such a row is not taken from the check that runs again, which has no blob of that digest and can only find it
// missing.
func (v *verifier) damaged(digest string) bool {
	for _, b := range v.c.Blobs {
		if b.Digest == digest && b.State == blobDamaged && b.Actual != digest {
			return v.bag.files.Has("data/damaged/" + bagit.HexOf(b.Actual))
		}
	}
	return false
}

// rowOutcome is a status with its reason, as a row of the case states it.
type rowOutcome struct {
	status inspect.Status
	reason string
}

// String is the status with its reason.
func (a rowOutcome) String() string {
	if a.reason == "" {
		return string(a.status)
	}
	return fmt.Sprintf("%s (%s)", a.status, a.reason)
}

// compare reports whether a claim comes out again. What a check that was interrupted left unknown is no claim.
func (v *comparison) compare(name, subject string, ended bool, claimed, found rowOutcome) {
	if !ended && claimed.status == inspect.Unknown && claimed != found {
		v.record(name, subject, inspect.Absent, BasisBytes,
			"the check did not end, so the case claims nothing; the bytes in the bag give %s", found)
		return
	}
	if claimed == found {
		v.out.Claims.Recomputed++
		v.record(name, subject, inspect.Verified, BasisBytes, "%s, as the case states", found)
		return
	}
	v.fail(name, subject, "the case states %s; the bytes in the bag give %s", claimed, found)
}

// ended reports whether a check came to its end on an image: in a partial case it may not have.
// In a case that was interrupted, rows that are absent or unknown are no claims.
func (v *comparison) ended(check, subject string) bool {
	state, ok := v.c.Check(check, subject)
	return ok && !state.Running() && state.Status != inspect.CheckBlocked
}

// unclaimed speaks of a row that the case does not have.
func (v *comparison) unclaimed(name, check, subject, id string) {
	if v.ended(check, subject) {
		v.fail(name, subject+" "+name+" "+id, "the bag carries it, and the case does not name it")
		return
	}
	v.record(name, subject+" "+name+" "+id, inspect.Absent, BasisBytes,
		"the check did not end, so the case does not name it")
}

// fromBytes are the fields of a layer that follow from its bytes, or from those of all layers, and not from manifest
// and config; the counts are compared with the listings.
var fromBytes = []string{"status", "reason", "detail"}

// countedElsewhere are compared with the listings, are the work of another check, or describe how the bytes came at the
// time: from the registry or from the cache.
var countedElsewhere = []string{"added", "modified", "removed", "base", "detail", "source"}

// sameLayers compares the layers with manifest and config, and with their bytes where they are carried.
func (v *comparison) sameLayers(i, again inspect.Image) {
	ended := v.ended(inspect.CheckLayers, i.Container)
	diffIDs := v.configured(i.Config)
	for _, l := range i.Layers {
		subject := fmt.Sprintf("%s layer %d %s", i.Container, l.Number, l.Digest)
		at := slices.IndexFunc(again.Layers, func(o inspect.Layer) bool { return o.Position == l.Position })
		switch {
		case at < 0:
			v.fail("layer", subject, "the manifest and config in the bag have no such layer")
		case v.damaged(l.Digest):
			v.compare("layer", subject, ended, rowOutcome{l.Status, l.Reason}, rowOutcome{
				inspect.Failed,
				inspect.ReasonDigestMismatch,
			})
		case !l.Empty && !v.carried(l.Digest):
			found, skip := again.Layers[at], slices.Concat(fromBytes, countedElsewhere)
			switch {
			case l.DiffID == "" && l.Status != inspect.Verified:
				skip = append(skip, "diffID") // it was not read: the case claims nothing of what it unpacks to
			case found.DiffID == "" && l.Number < len(diffIDs):
				found.DiffID = diffIDs[l.Number] // the config names it, whether the layer was read or not
			}
			v.row("layer", subject, ended, l, found, skip...)
			v.notInBag("layer", subject, "its bytes are not in the bag")
		default:
			v.row("layer", subject, ended, l, again.Layers[at], countedElsewhere...)
		}
	}
	for _, l := range again.Layers {
		if !slices.ContainsFunc(i.Layers, func(o inspect.Layer) bool { return o.Position == l.Position }) {
			v.failOr(ended, "layer", fmt.Sprintf("%s layer %d %s", i.Container, l.Number, l.Digest),
				"the manifest in the bag has it, and the case does not")
		}
	}
}

// configured are the diff IDs that a config in the bag names.
func (v *comparison) configured(config string) []string {
	r, err := v.bag.Blob(v.ctx, config)
	if err != nil {
		return nil
	}
	defer r.Close()
	data, err := bagit.ReadBounded(r, MaxSmall, config)
	if err != nil {
		return nil
	}
	return configDiffIDs(data)
}

// ofTheWay are the fields of an image on how it was found, which the bag does not show.
var ofTheWay = []string{"reference", "location", "left", "unresolved", "detail"}

// sameImage compares what manifest and config state, and the image's status if all that it rests on is there.
func (v *comparison) sameImage(i, again inspect.Image) {
	ended := v.ended(inspect.CheckLayers, i.Container)
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
	// The manifest is carried where this is called, and names the config: another one is a lie, in the bag or not.
	if !v.carried(i.Config) && (again.Config == "" || again.Config == i.Config) {
		v.notInBag("image", i.Container, "its config is not in the bag")
		return
	}
	v.row("image", i.Container, ended, i.ImageHead, again.ImageHead, append([]string{"status", "reason"},
		ofTheWay...)...)
	switch {
	case broken:
		v.compare("image", i.Container, ended, rowOutcome{status: i.Status}, rowOutcome{status: inspect.Failed})
	case len(out) > 0:
		v.notInBag("image", i.Container, "layers %s are not in the bag", strings.Join(out, ", "))
	default:
		v.compare("image", i.Container, ended, rowOutcome{i.Status, i.Reason}, rowOutcome{again.Status, again.Reason})
	}
}

// sameSBOMs compares the bills of materials that came with the image. One that is not found again is claimed: the tag
// that cosign attaches an SBOM by is not in the bag. What the files in the image confirm of it (truth) is the work of
// another check, which is not run again.
func (v *comparison) sameSBOMs(i, again inspect.Image) {
	came := func(list []inspect.SBOM) map[string]inspect.SBOM {
		by := map[string]inspect.SBOM{}
		for _, s := range list {
			if (s.Origin == sbomAttached || s.Origin == sbomAttested) && v.carried(s.Digest) {
				by[s.Origin+" "+s.Digest] = s
			}
		}
		return by
	}
	claimed, found := came(i.SBOMs), came(again.SBOMs)
	if !v.ran(inspect.CheckAttachedSBOM, i.Container) {
		v.out.Claims.Claimed += len(claimed)
		return
	}
	ended := v.ended(inspect.CheckAttachedSBOM, i.Container)
	for _, key := range slices.Sorted(maps.Keys(claimed)) {
		f, there := found[key]
		if !there {
			v.out.Claims.Claimed++
			continue
		}
		v.row("sbom", i.Container+" "+key, ended, claimed[key], f, "truth")
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if _, named := claimed[key]; !named {
			v.failOr(ended, "sbom", i.Container+" "+key,
				"it comes out of the bytes in the bag, and the case does not have it")
		}
	}
}

// Where an SBOM came from, of those that came with an image.
const (
	sbomAttached = "attached"
	sbomAttested = "attested"
)

// bareSteps leaves out what the steps of a signature state of the roots, which are called otherwise in a bag.
// Their names and statuses are compared; a detail may name the file of a root on the other machine.
func bareSteps(s inspect.Signature) inspect.Signature {
	s.Steps = slices.Clone(s.Steps)
	for n := range s.Steps {
		s.Steps[n].Detail = ""
	}
	return s
}

// sameSignatures compares the signatures of an image, both ways. In which store one was found is not compared: the
// bag has all in one layout.
// A signature in the bag that the case does not name is a stripped one: the image would look unsigned, or signed by
// fewer. One that the case names and whose bytes are not there is counted, and verifies nothing.
func (v *comparison) sameSignatures(i, again inspect.Image) {
	found := map[string]inspect.Signature{}
	for _, s := range again.Signatures {
		found[s.ID] = s
	}
	for _, s := range i.Signatures {
		subject := fmt.Sprintf("%s signature %s", i.Container, s.ID)
		r, ok := found[s.ID]
		delete(found, s.ID)
		switch {
		case ok:
			v.row("signature", subject, v.ended(inspect.CheckSignatures, i.Container), bareSteps(s), bareSteps(r),
				"store")
		case v.carried(s.Digest):
			v.fail("signature", subject, "the case states %s; it is not found among the signatures in the bag",
				s.Status)
		default:
			v.notInBag("signature", subject, "its bytes are not in the bag")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		v.unclaimed("signature", inspect.CheckSignatures, i.Container, id)
	}
}

// sameProvenance compares the statements of an image, both ways. One whose bytes are carried has to be found again.
func (v *comparison) sameProvenance(i, again inspect.Image) {
	found := map[string]inspect.Provenance{}
	for _, p := range again.Provenance {
		found[p.ID] = p
	}
	for _, p := range i.Provenance {
		subject := fmt.Sprintf("%s provenance %s", i.Container, p.ID)
		r, ok := found[p.ID]
		delete(found, p.ID)
		carried := slices.ContainsFunc(p.Raw, func(raw inspect.RawPart) bool { return v.carried(raw.Digest) })
		switch {
		case ok:
			v.row("provenance", subject, v.ended(inspect.CheckProvenance, i.Container), p, r)
		case carried:
			v.fail("provenance", subject, "the case states %s; it is not found again from the bag", p.Status)
		default:
			v.notInBag("provenance", subject, "its bytes are not in the bag")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		v.unclaimed("provenance", inspect.CheckProvenance, i.Container, id)
	}
}
