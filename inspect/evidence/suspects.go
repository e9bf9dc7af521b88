package evidence

import (
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// suspectLayers gives the digests and diff IDs of the layers that something points at: a layer that does not hold, a
// failed or alerted row, a finding of medium severity or worse, the file of an alert.
func suspectLayers(c inspect.Case) map[string]bool {
	suspects := map[string]bool{}
	for _, i := range c.Images {
		for _, l := range i.Layers {
			if l.Status == inspect.Failed || suspectRow(c, i, l.Number) && !l.Empty {
				suspects[l.Digest], suspects[l.DiffID] = true, true
			}
		}
	}
	for _, f := range c.Findings {
		if f.Severity.Rank() > inspect.Medium.Rank() || f.Status == inspect.RowVerified || aboutSecret(f) {
			continue
		}
		for _, e := range f.Evidence {
			if e.Kind == roleLayer || e.Kind == "file" {
				suspects[e.Digest] = true
			}
		}
	}
	delete(suspects, "")
	return suspects
}

// aboutSecret says that a finding is about a key or a token in the image: a layer is not carried for that, since
// everybody who gets the bundle would have it.
func aboutSecret(f inspect.Finding) bool { return f.Code == "secret" || f.Code == "hidden-secret" }

// suspectRow says that a row of an image points at one of its layers.
func suspectRow(c inspect.Case, i inspect.Image, layer int) bool {
	for _, b := range i.Binaries {
		if b.Layer == layer && suspectBinary(b) {
			return true
		}
	}
	for _, a := range i.Altered {
		if a.Layer == layer && suspectAltered(a) {
			return true
		}
	}
	for _, a := range i.Autoruns {
		if a.Layer == layer && suspectAutorun(a) {
			return true
		}
	}
	return slices.ContainsFunc(c.Alerts, func(a inspect.Alert) bool {
		return a.Match != inspect.MatchNone && a.Subject == i.Container && a.File.SHA256 != "" && a.File.Layer == layer
	})
}

// suspectBinary says that a program's bytes and layer are kept: it is at least of medium severity, or an alert names
// it.
func suspectBinary(b inspect.Binary) bool {
	return b.Status != inspect.RowVerified && b.Severity.Rank() <= inspect.Medium.Rank() || slices.Contains(b.Codes,
		"alerted")
}

// suspectAutorun says that the file of a hook and its layer are kept: it is of medium severity or worse.
func suspectAutorun(a inspect.Autorun) bool {
	return a.SHA256 != "" && a.Status != inspect.RowVerified && a.Severity.Rank() <= inspect.Medium.Rank()
}

func suspectAltered(a inspect.Altered) bool {
	return a.Status != inspect.RowVerified && a.Severity.Rank() <= inspect.Medium.Rank()
}

// takesLayer says whether a layer of the image is carried.
func (x *export) takesLayer(digest string) bool {
	switch x.o.Layers {
	case LayersAll:
		return true
	case LayersNone:
		return false
	default:
		return x.suspects[digest]
	}
}
