package evidence

import (
	"fmt"
	"io"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/text"
)

// suspectFile is an item of data/binaries/index.json: a program that needs a look, with its bytes under their digest.
type suspectFile struct {
	SHA256   string           `json:"sha256"`
	Image    string           `json:"image"`
	Subject  string           `json:"subject"`
	Path     string           `json:"path"`
	Size     int64            `json:"size"`
	Mode     string           `json:"mode"`
	Layer    int              `json:"layer"`
	DiffID   string           `json:"diffID"`
	Status   inspect.Status   `json:"status"`
	Severity inspect.Severity `json:"severity"`
	Codes    []string         `json:"codes"`
	State    string           `json:"state"` // carried, left-out, missing
	Detail   string           `json:"detail,omitempty"`
	entry    inspect.Entry
}

// suspectFiles are the files that a case's rows point at, worst first.
type suspectFiles struct {
	list     []*suspectFile
	byDiffID map[string][]*suspectFile
}

// newSuspectFiles lists the files of all images, in the order of the rows, which are worst first.
func newSuspectFiles(c inspect.Case) *suspectFiles {
	s := &suspectFiles{byDiffID: map[string][]*suspectFile{}}
	for _, i := range c.Images {
		for _, b := range i.Binaries {
			if suspectBinary(b) {
				s.add(i, suspectFile{
					SHA256: b.SHA256, Path: b.Path, Size: b.Size, Mode: b.Mode, Layer: b.Layer,
					Status: b.Status.Tone(), Severity: b.Severity, Codes: b.Codes,
				})
			}
		}
		for _, a := range i.Altered {
			if suspectAltered(a) {
				s.add(i, suspectFile{
					SHA256: a.SHA256, Path: a.Path, Layer: a.Layer, Status: a.Status.Tone(),
					Severity: a.Severity, Codes: []string{"altered"},
				})
			}
		}
		for _, a := range i.Autoruns {
			if suspectAutorun(a) {
				s.add(i, suspectFile{
					SHA256: a.SHA256, Path: a.Path, Layer: a.Layer, Status: a.Status.Tone(),
					Severity: a.Severity, Codes: a.Codes,
				})
			}
		}
	}
	return s
}

// add lists a file of a row once. Until its layer's listing was read its bytes are missing.
func (s *suspectFiles) add(i inspect.Image, f suspectFile) {
	for _, l := range i.Layers {
		if l.Number == f.Layer && !l.Empty {
			f.DiffID = l.DiffID
		}
	}
	for _, other := range s.list {
		if other.SHA256 == f.SHA256 && other.Path == f.Path && other.Image == i.Key() {
			return
		}
	}
	f.Image, f.Subject, f.State, f.Detail = i.Key(), i.Container, blobMissing, "its layer was not read"
	s.list = append(s.list, &f)
	s.byDiffID[f.DiffID] = append(s.byDiffID[f.DiffID], &f)
}

// layer finds the entries of the files that lie in a layer: by digest, since a hard link's content is another's entry.
// An entry at the row's own path is preferred to another with the same content.
func (s *suspectFiles) layer(diffID string, entries []inspect.Entry) {
	wanted := s.byDiffID[diffID]
	if len(wanted) == 0 {
		return
	}
	for _, e := range entries {
		if e.Type != inspect.EntryFile {
			continue
		}
		for _, f := range wanted {
			if e.SHA256 == f.SHA256 && (f.State == blobMissing || e.Path == f.Path) {
				f.State, f.Detail, f.entry = blobCarried, "", e
				if f.Size == 0 {
					f.Size = e.Size
				}
			}
		}
	}
}

// writeSuspectFiles writes the files' bytes, within bounds, and their list. Every file of a bundle has mode 0600: none
// of them can be run as it lies there.
func (x *export) writeSuspectFiles(s *suspectFiles) error {
	var total int64
	list := []suspectFile{}
	for _, f := range s.list {
		switch {
		case f.State != blobCarried:
			x.note("the bytes of %s are not in it: %s", text.Clean(f.Path), f.Detail)
		case f.Size > maxBinary || total+f.Size > maxBinaries:
			f.State, f.Detail = blobLeftOut, fmt.Sprintf("larger than the bound: %d bytes for one file, %d for all",
				int64(maxBinary), int64(maxBinaries))
			x.note("the bytes of %s are not in it: %s", text.Clean(f.Path), f.Detail)
		default:
			reason, err := x.writeContent("data/binaries/"+f.SHA256, f.DiffID, f.entry)
			if err != nil {
				return err
			}
			if reason != "" {
				f.State, f.Detail = blobMissing, reason
				x.note("the bytes of %s are not in it: %s", text.Clean(f.Path), reason)
			}
			total += f.Size
		}
		list = append(list, *f)
	}
	return x.bag.AddJSON("data/binaries/index.json", list)
}

// writeContent writes a file of a layer under its digest, once. A reason states why it is not there; an error ends the
// export.
// The digest of the entry was computed when the layer was read; it is computed again from the copy that is written.
func (x *export) writeContent(name, diffID string, e inspect.Entry) (reason string, err error) {
	if !bagit.IsHex(e.SHA256) {
		return "its digest is not known", nil
	}
	if x.bag.Has(name) {
		return "", nil
	}
	open := func() (io.ReadCloser, error) {
		content, err := x.store.Open(x.ctx, diffID, e)
		if err != nil {
			return nil, err
		}
		return bagit.ReadCloser{Reader: io.NewSectionReader(content, 0, content.Size()), Closer: content}, nil
	}
	m, err := x.bag.Measure(open)
	switch {
	case x.ctx.Err() != nil:
		return "", x.ctx.Err()
	case err != nil:
		return err.Error(), nil
	case m.Digest != "sha256:"+e.SHA256:
		return "the copy on this machine is not its digest any more", nil
	}
	return "", x.bag.AddOpened(name, m, open)
}

// suspectLayers gives the digests and diff IDs of the layers that something points at: a layer that does not hold, a
// failed or alerted row, a finding of medium severity or worse, the file of an alert.
// They are what an analyst needs to reproduce a finding; the other layers are large, public most often, and named by
// digest.
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

// aboutSecret reports whether a finding is about a key or a token in the image: a layer is not carried for that, since
// everybody who gets the bundle would have it.
// The file of a secret is not carried by itself either, whatever its severity is.
func aboutSecret(f inspect.Finding) bool {
	return f.Code == inspect.CodeSecret || f.Code == inspect.CodeHiddenSecret
}

// suspectRow reports whether a row of an image points at one of its layers.
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

// suspectBinary reports whether a program's bytes and layer are kept: it is at least of medium severity, or an alert
// names it.
func suspectBinary(b inspect.Binary) bool {
	return b.Status != inspect.RowVerified && b.Severity.Rank() <= inspect.Medium.Rank() || slices.Contains(b.Codes,
		"alerted")
}

// suspectAutorun reports whether the file of a hook and its layer are kept: it is of medium severity or worse.
func suspectAutorun(a inspect.Autorun) bool {
	return a.SHA256 != "" && a.Status != inspect.RowVerified && a.Severity.Rank() <= inspect.Medium.Rank()
}

// suspectAltered reports whether an altered file and its layer are kept: it is of medium severity or worse.
func suspectAltered(a inspect.Altered) bool {
	return a.Status != inspect.RowVerified && a.Severity.Rank() <= inspect.Medium.Rank()
}

// takesLayer reports whether a layer of the image is carried.
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
