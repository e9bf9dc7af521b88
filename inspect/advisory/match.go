package advisory

import (
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// maxRows bounds the rows of one image: a poisoned base may hold thousands of bad files.
const maxRows = 1000

// matches collects the rows of one image.
type matches struct {
	*index
	image     inspect.Image
	rows      []inspect.Advisory
	seen      map[string]bool
	missed    int              // matches past the bound
	concerned map[*Pack]string // the package that a pack names, of whatever version
	window    *Window          // of a flag
	started   inspect.Time     // when the pod was made
}

// newMatches begins the matches of one image.
func newMatches(x *index, image inspect.Image) *matches {
	return &matches{index: x, image: image, seen: map[string]bool{}, concerned: map[*Pack]string{}}
}

// add lists an advisory once by its ID, kind and subject. Past maxRows it is only counted.
// The key has no layer and no place: the same package in two layers is one row, the first.
func (m *matches) add(a inspect.Advisory) {
	key := a.ID + "\x00" + string(a.Kind) + "\x00" + a.Subject
	if m.seen[key] {
		return
	}
	if len(m.rows) >= maxRows {
		m.missed++
		return
	}
	m.seen[key] = true
	m.rows = append(m.rows, a)
}

// packages matches what is installed by package and version, and notes which packs it concerns whatever its version.
func (m *matches) packages() {
	for _, p := range m.image.Packages {
		if !m.mayName(p) {
			continue
		}
		c, ok := coordinatesOf(p)
		if !ok {
			continue
		}
		// Names first, versions second: that an image has the package of an incident in a version that is not affected
		// is what windows need to know.
		for _, cand := range m.candidates(c) {
			what := p.Name + " " + p.Version
			if m.concerned[cand.pack] == "" {
				m.concerned[cand.pack] = what
			}
			if cand.affected.affects(c.kind, p.Version) {
				m.add(placed(cand.pack.row(inspect.AdvisoryPackage, what), p))
			}
		}
		for _, r := range m.db.find(c.key()) {
			if r.affects(c.kind, p.Version) {
				m.add(placed(m.db.row(r, p.Name+" "+p.Version), p))
			}
		}
	}
}

// candidates are the packages of packs that a package, or one that it was built from, may be.
func (x *index) candidates(c coordinates) []candidate {
	var all []candidate
	for _, key := range append([]string{c.key()}, c.upstreamKeys()...) {
		for _, cand := range x.packages[key] {
			if cand.space == "" || cand.space == c.space {
				all = append(all, cand)
			}
		}
	}
	return all
}

// placed names where in the image a package lies.
func placed(a inspect.Advisory, p inspect.Package) inspect.Advisory {
	a.Layer, a.Locations = p.Layer, p.Locations
	return a
}

// digests matches the image and its layers by their digests, and the image by its reference.
func (m *matches) digests() {
	i := m.image
	repository, tag := repositoryOf(i.Reference)
	for _, p := range m.packs {
		for _, d := range []string{i.Index, i.Digest, i.Config} {
			if d != "" && slices.Contains(p.Images, d) {
				m.add(p.row(inspect.AdvisoryDigest, d))
			}
		}
		for _, l := range i.Layers {
			// Compressing a layer anew gives it another digest and the same diff ID (OCI image-spec, "Layer DiffID"): a
			// copy at another registry is found by that.
			for _, d := range []string{l.Digest, l.DiffID} {
				if d != "" && slices.Contains(p.Layers, d) {
					a := p.row(inspect.AdvisoryLayer, d)
					a.Layer = l.Number
					m.add(a)
				}
			}
		}
		if repository != "" {
			m.reference(p, repository, tag)
		}
	}
}

// reference matches an image by its name. A name alone proves little once the poisoned images are gone: where the pack
// names a window, an image that was built outside of it is only worth knowing.
func (m *matches) reference(p *Pack, repository, tag string) {
	for _, r := range p.References {
		if want, wantTag := repositoryOf(r); sameRepository(want, repository) && wantTag == tag {
			a := p.row(inspect.AdvisoryDigest, m.image.Reference)
			if p.Window != nil && !p.Window.Holds(m.image.Created) {
				a.Severity = inspect.Low
				a = finished(a)
			}
			m.add(a)
		}
	}
	if p.Window != nil {
		return // a matter of the window
	}
	for _, r := range p.Repositories {
		if want, _ := repositoryOf(r); sameRepository(want, repository) {
			m.add(p.row(inspect.AdvisoryDigest, m.image.Reference))
		}
	}
}

// repositoryOf is the full name of the repository of a reference, with its tag; empty where it is no reference.
func repositoryOf(reference string) (repository, tag string) {
	if strings.HasPrefix(reference, "/") || strings.Contains(reference, ":/") {
		return "", "" // a layout or an archive
	}
	before, _, pinned := strings.Cut(reference, "@")
	ref, err := name.ParseReference(before)
	if err != nil {
		return "", ""
	}
	if t, ok := ref.(name.Tag); ok && (!pinned || strings.Contains(path.Base(before), ":")) {
		tag = t.TagStr()
	}
	return ref.Context().Name(), tag
}

// sameRepository reports whether a repository is the wanted one, or a copy of it at a mirror of Docker Hub.
func sameRepository(want, have string) bool {
	if want == "" || want == have {
		return want != ""
	}
	// Mirrors keep the path below a prefix of theirs: mirror.example/dockerhub/acme/web. Official images, whose path is
	// short and common, are not matched so.
	at, hub := strings.CutPrefix(want, name.DefaultRegistry+"/")
	return hub && !strings.HasPrefix(at, "library/") && strings.HasSuffix(have, "/"+at)
}

// file matches a file of the tree by its content and its path.
func (m *matches) file(n *inspect.Node) {
	if !layer.IsRegular(n) { // a hard link is a file too, and may outlast the one that it was made of
		return
	}
	for _, p := range m.files[n.SHA256] {
		a := p.row(inspect.AdvisoryFile, n.Path)
		a.Layer, a.Locations = n.Layer, []string{n.Path}
		m.add(a)
	}
	// Found by the last part of the path, then compared in full: a relative path fits at the end of a path only, at a
	// slash.
	for _, p := range m.paths[lastPart(n.Path)] {
		if n.Path == p.path || !strings.HasPrefix(p.path, "/") && strings.HasSuffix(n.Path, "/"+p.path) {
			a := p.pack.row(inspect.AdvisoryFile, n.Path)
			a.Layer, a.Locations = n.Layer, []string{n.Path}
			if !strings.Contains(p.path, "/") && a.Severity.Rank() < inspect.Medium.Rank() {
				a.Severity, a.Status = inspect.Medium, inspect.Medium.RowStatus() // others may name a file so
			}
			m.add(a)
		}
	}
}

// lastPart is what stands after the last slash.
func lastPart(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

// identities matches who signed, what was built from where, and which commits.
func (m *matches) identities() {
	for _, p := range m.packs {
		for _, s := range m.image.Signatures {
			for _, id := range p.Identities {
				// Part of an identity is enough for a lead: an incident is often known by an account or a repository,
				// not by each workflow. Patterns are at least minText long.
				if s.Identity != "" && strings.Contains(s.Identity, id) {
					m.add(p.row(inspect.AdvisoryIdentity, s.Identity))
				}
			}
		}
		for _, s := range m.image.Provenance {
			m.provenance(p, s)
		}
	}
}

// provenance compares a statement with the builders and sources that a pack names. An unsigned statement is compared
// too: what it claims about itself may convict it, and never clears it.
func (m *matches) provenance(p *Pack, s inspect.Provenance) {
	for _, id := range p.Identities {
		if strings.Contains(s.Source, id) || strings.Contains(s.Builder, id) {
			m.add(p.row(inspect.AdvisoryIdentity, s.Source+" "+s.Builder))
		}
	}
	for _, commit := range p.Commits {
		if s.Commit == commit {
			m.add(p.row(inspect.AdvisoryIdentity, "commit "+commit))
		}
		for _, material := range s.Materials {
			if strings.Contains(material.URI, commit) || material.Digest == commit ||
				strings.HasSuffix(material.Digest, ":"+commit) {
				m.add(p.row(inspect.AdvisoryIdentity, "material "+material.URI))
			}
		}
	}
	for _, material := range s.Materials {
		if slices.Contains(p.Images, material.Digest) || slices.Contains(p.Images, "sha256:"+material.Digest) {
			m.add(p.row(inspect.AdvisoryIdentity, "material "+material.URI))
		}
	}
}

// strings matches texts and hosts in what the image starts and how it was built.
// A text that is found is a lead about a command or a setting, not about a file: contents of files are matched by
// digest.
func (m *matches) strings() {
	texts := startTexts(m.image)
	for _, p := range m.packs {
		for _, want := range append(slices.Clone(p.Strings), p.Hosts...) {
			for _, t := range texts {
				if strings.Contains(t.text, want) {
					a := p.row(inspect.AdvisoryString, want)
					a.Layer, a.Locations = t.layer, []string{t.where}
					m.add(a)
				}
			}
		}
	}
}

// startText is a text that decides what runs, and where it stands.
type startText struct {
	where, text string
	layer       int
}

// startTexts are the texts that an image starts by itself, with where they stand.
func startTexts(i inspect.Image) []startText {
	s := i.Settings
	all := []startText{
		{"entrypoint", strings.Join(s.Entrypoint, " "), -1},
		{"command", strings.Join(s.Cmd, " "), -1},
		{"environment", strings.Join(s.Env, "\n"), -1},
		{"health check", strings.Join(s.Health, " "), -1},
		{"build triggers", strings.Join(s.OnBuild, "\n"), -1},
	}
	for _, l := range i.Layers {
		all = append(all, startText{"build step", l.CreatedBy, l.Number})
	}
	for _, r := range i.Lock {
		all = append(all, startText{r.File, r.Resolved, r.Layer})
	}
	return all
}
