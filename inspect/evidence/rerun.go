package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

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
		if i.Digest == "" || !v.carried(i.Digest) || v.leftAway(i.Config) {
			v.leftOut(i)
			continue
		}
		r, _ := again.Image(i.Container)
		v.sameLayers(i, r)
		v.sameImage(i, r)
		v.sameSignatures(i, r)
		v.sameProvenance(i, r)
		v.samePolicies(i, r)
	}
}

// leftOut lists the rows of an image that nothing in the bag can be opened as.
func (v *verifier) leftOut(i inspect.Image) {
	why := "its manifest is not in the bag"
	switch {
	case v.leftAway(i.Config) && v.carried(i.Digest):
		why = "its configuration was left out of the bag"
	case i.Digest == "":
		why = "it has no manifest to be opened by"
		if v.sameSaved(i) {
			return
		}
	}
	v.say("image", i.Container, inspect.Absent, BasisNotKept, "%s", why)
	for _, l := range i.Layers {
		if !l.Empty {
			v.say("layer", fmt.Sprintf("%s layer %d %s", i.Container, l.Number, cmp.Or(l.Digest, l.DiffID)), inspect.Absent, BasisNotKept, "the image: %s", why)
		}
	}
	for _, s := range i.Signatures {
		v.say("signature", i.Container+" signature "+s.ID, inspect.Absent, BasisNotKept, "the image: %s", why)
	}
	for _, p := range i.Provenance {
		v.say("provenance", i.Container+" provenance "+p.ID, inspect.Absent, BasisNotKept, "the image: %s", why)
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
	found := rowOutcome{inspect.Verified, ""}
	if !slices.Equal(configDiffIDs(data), diffIDs) {
		found = rowOutcome{inspect.Failed, "diffid-mismatch"}
	}
	for _, l := range i.Layers {
		if !l.Empty {
			v.compare("layer", fmt.Sprintf("%s layer %d %s", i.Container, l.Number, l.DiffID), v.ended(checkLayers, i.Container), rowOutcome{l.Status, l.Reason}, rowOutcome{inspect.Verified, ""})
		}
	}
	v.compare("image", i.Container, v.ended(checkLayers, i.Container), rowOutcome{i.Status, i.Reason}, found)
	return true
}

// leftAway reports whether the configuration of an image was left out on request.
func (v *verifier) leftAway(config string) bool {
	return hexOf(config) != "" && !v.carried(config) && v.left[config]
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

// rowOutcome is a status with its reason, as a row of the case states it.
type rowOutcome struct {
	status inspect.Status
	reason string
}

func (a rowOutcome) String() string {
	if a.reason == "" {
		return string(a.status)
	}
	return fmt.Sprintf("%s (%s)", a.status, a.reason)
}

// compare says whether a claim comes out again. What a check that was interrupted left unknown is no claim.
func (v *verifier) compare(name, subject string, ended bool, claimed, found rowOutcome) {
	if !ended && claimed.status == inspect.Unknown && claimed != found {
		v.say(name, subject, inspect.Absent, BasisBytes, "the check did not end, so the case claims nothing; the bytes in the bag say %s", found)
		return
	}
	if claimed == found {
		v.say(name, subject, inspect.Verified, BasisBytes, "%s, as the case says", found)
		return
	}
	v.fail(name, subject, "the case says %s; the bytes in the bag say %s", claimed, found)
}

// The checks whose rows are compared, by the names that they have in the case.
const (
	checkLayers     = "layers"
	checkSignatures = "signatures"
	checkProvenance = "provenance"
)

// ended says that a check came to its end on an image: in a partial case it may not have.
func (v *verifier) ended(check, subject string) bool {
	state, ok := v.c.Check(check, subject)
	return ok && !state.Running() && state.Status != inspect.CheckBlocked
}

// unclaimed speaks of a row that the case does not have.
func (v *verifier) unclaimed(name, check, subject, id string) {
	if v.ended(check, subject) {
		v.fail(name, subject+" "+name+" "+id, "the bag carries it, and the case does not name it")
		return
	}
	v.say(name, subject+" "+name+" "+id, inspect.Absent, BasisBytes, "the check did not end, so the case does not name it")
}

func (v *verifier) sameLayers(i, again inspect.Image) {
	for _, l := range i.Layers {
		if l.Empty {
			continue
		}
		subject := fmt.Sprintf("%s layer %d %s", i.Container, l.Number, l.Digest)
		at := slices.IndexFunc(again.Layers, func(o inspect.Layer) bool { return !o.Empty && o.Number == l.Number })
		switch {
		case v.damaged(l.Digest):
			v.compare("layer", subject, v.ended(checkLayers, i.Container), rowOutcome{l.Status, l.Reason}, rowOutcome{inspect.Failed, "digest-mismatch"})
		case !v.carried(l.Digest):
			v.say("layer", subject, inspect.Absent, BasisNotKept, "its bytes are not in the bag")
		case at < 0:
			v.fail("layer", subject, "the case says %s; the manifest in the bag has no such layer", l.Status)
		default:
			v.compare("layer", subject, v.ended(checkLayers, i.Container), rowOutcome{l.Status, l.Reason}, rowOutcome{again.Layers[at].Status, again.Layers[at].Reason})
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
		v.compare("image", i.Container, v.ended(checkLayers, i.Container), rowOutcome{status: i.Status}, rowOutcome{status: inspect.Failed})
	case !v.carried(i.Key()) || !v.carried(i.Config):
		v.say("image", i.Container, inspect.Absent, BasisNotKept, "its manifest or config is not in the bag")
	case len(out) > 0:
		v.say("image", i.Container, inspect.Absent, BasisNotKept, "layers %s are not in the bag", strings.Join(out, ", "))
	default:
		v.compare("image", i.Container, v.ended(checkLayers, i.Container), rowOutcome{i.Status, i.Reason}, rowOutcome{again.Status, again.Reason})
	}
}

func (v *verifier) sameSignatures(i, again inspect.Image) {
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
			v.compare("signature", subject, v.ended(checkSignatures, i.Container), rowOutcome{s.Status, s.Reason}, rowOutcome{r.Status, r.Reason})
		case v.carried(s.Digest):
			v.fail("signature", subject, "the case says %s; it is not found among the signatures in the bag", s.Status)
		default:
			v.say("signature", subject, inspect.Absent, BasisNotKept, "its bytes are not in the bag")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		v.unclaimed("signature", checkSignatures, i.Container, id)
	}
}

func (v *verifier) sameProvenance(i, again inspect.Image) {
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
			v.compare("provenance", subject, v.ended(checkProvenance, i.Container), rowOutcome{p.Status, p.Reason}, rowOutcome{r.Status, r.Reason})
		case carried:
			v.fail("provenance", subject, "the case says %s; it is not found again from the bag", p.Status)
		default:
			v.say("provenance", subject, inspect.Absent, BasisNotKept, "its bytes are not in the bag")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		v.unclaimed("provenance", checkProvenance, i.Container, id)
	}
}
