package where

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/journal"
)

// advisoryID is the form of the IDs of vulnerabilities and advisories: CVE-2021-44228, GHSA-…, MAL-2024-1, DSA-5649-1.
// Letters that packages also begin with need the digits of a year or number behind them.
// Prefixes of the databases that OSV collects (ossf.github.io/osv-schema, "id"); others are looked up as names first.
var advisoryID = regexp.MustCompile(`^(?i)((CVE|MAL|OSV|DSA|DLA|RHSA|ELSA|ALAS2?|USN|GO|PYSEC|RUSTSEC)-[0-9]` +
	`|GHSA(-[0-9a-z]{4}){3}$)`)

// Size of a sha256 in hex.
const hexSHA256 = 64

// maxWhat bounds what is asked about, in bytes.
// the longest path that Linux opens, and longer than any package URL that is seen
const maxWhat = 4096

// find looks up what a query asks about.
func (s *search) find(q Query) error {
	// The form alone decides what is meant, so that a script gets the same kind of answer each time: a digest, a path,
	// a package URL, the ID of an advisory, and else a name.
	switch what := strings.TrimSpace(q.What); {
	case q.Pack != nil:
		return s.matcher(advisory.MatchPacks(q.Pack))
	case what == "" && len(s.windows) > 0:
		s.depth = journal.Identity
		s.unsure = func(i *journal.StoredImage) string {
			if !known(i.Created) {
				return "its build time is not recorded in the image"
			}
			return ""
		}
		return nil
	case what == "":
		return errors.New("nothing is asked about")
	case len(what) > maxWhat:
		return fmt.Errorf("more than %d bytes are asked about", maxWhat)
	case strings.HasPrefix(what, "sha256:"):
		return s.sum(what)
	case strings.HasPrefix(what, "/"):
		return s.path(path.Clean(what))
	case strings.HasPrefix(what, "pkg:"):
		return s.purl(what)
	case advisoryID.MatchString(what):
		return s.advisory(what)
	default:
		return s.name(what)
	}
}

// sum looks up a digest: of an image, a layer or a file.
func (s *search) sum(digest string) error {
	if b, err := hex.DecodeString(strings.TrimPrefix(digest, "sha256:")); err != nil || len(b) != hexSHA256/2 {
		return fmt.Errorf("%q is no digest: sha256: and %d hexadecimal digits are needed", digest, hexSHA256)
	}
	// Hex is compared as text below, and digests are written in lower case (OCI image-spec, "Digests").
	s.digest = strings.ToLower(digest)
	if err := s.add(s.lookup.ImagesWithDigest(s.ctx, s.digest)); err != nil {
		return err
	}
	if len(s.hits) > 0 {
		// Digests of images and layers are known of every image that is stored.
		s.depth = journal.Identity // it is an image or a layer, and no file
		return nil
	}
	if err := s.add(s.lookup.ImagesWithContent(s.ctx, s.digest)); err != nil {
		return err
	}
	s.stored(len(s.hits) > 0)
	return nil
}

// path looks up a path in images.
func (s *search) path(p string) error {
	if err := s.add(s.lookup.ImagesWithPath(s.ctx, p)); err != nil {
		return err
	}
	s.stored(len(s.hits) > 0 || ofPrograms(p))
	return nil
}

// stored sets what is needed to rule out a file. Only files that can run or be loaded are stored: of others nothing
// follows from not finding them.
func (s *search) stored(kind bool) {
	s.depth = journal.Full
	if !kind {
		s.unsure = func(*journal.StoredImage) string {
			return "only executables, libraries and start-up hooks are stored of an image's files"
		}
	}
}

// Anything in a folder bin or sbin that is not executable is no program, so the answer is right for what could be run
// from there.
// ofPrograms reports whether what can be at a path is stored whenever it is there.
func ofPrograms(p string) bool {
	switch path.Base(path.Dir(p)) {
	case "bin", "sbin":
		return true
	}
	return strings.HasSuffix(p, ".so") || strings.Contains(path.Base(p), ".so.")
}

// purl looks up a package URL, with a version or of all versions.
func (s *search) purl(purl string) error {
	name, is, err := advisory.PURL(purl)
	if err != nil {
		return err
	}
	return s.packages([]string{name}, is)
}

// name looks up packages by their name, NAME@VERSION of one version; else the incident of that ID.
// Names are compared by their spelling, so that PyYAML, pyyaml and py_yaml find the same.
func (s *search) name(what string) error {
	version := ""
	name := what
	if at := strings.LastIndexByte(what, '@'); at > 0 {
		name, version = what[:at], what[at+1:]
	}
	err := s.packages([]string{name}, func(p inspect.Package) bool { return version == "" || p.Version == version })
	// Incidents have names of their own (xz-2024-03). A package of the same name comes first: whoever asks for xz means
	// what is installed.
	if err != nil || len(s.hits) > 0 || version != "" {
		return err
	}
	m, ok, err := s.data.Matcher(what)
	if !ok {
		return err
	}
	return s.matcher(m)
}

// packages takes the images that have a package of some names for which is returns true.
func (s *search) packages(names []string, is func(inspect.Package) bool) error {
	s.depth = max(s.depth, journal.Packages)
	for _, name := range names {
		found, err := s.lookup.PackagesNamed(s.ctx, name)
		if err != nil {
			return err
		}
		var some []journal.StoredPackage
		for _, p := range found {
			if is(p.Package) {
				some = append(some, p)
			}
		}
		if err := s.add(s.lookup.ImagesWith(s.ctx, some)); err != nil {
			return err
		}
	}
	return nil
}

// advisory looks up an ID: what it was found to match when images were looked into, and what its record in today's data
// matches.
func (s *search) advisory(id string) error {
	if err := s.add(s.lookup.ImagesWithLead(s.ctx, id)); err != nil {
		return err
	}
	m, ok, err := s.data.Matcher(id)
	if ok {
		return s.matcher(m)
	}
	s.depth = journal.Packages
	first, errFirst := s.lookup.LeadSince(s.ctx, id)
	s.unsure = func(i *journal.StoredImage) string {
		switch {
		case first.IsZero():
			return "no data that images were compared with has " + id
		case i.Vulnerabilities.IsZero():
			return "it was not compared with known vulnerabilities"
		case i.Vulnerabilities.Before(first.Time):
			return "it was last compared with data about vulnerabilities older than those that have " + id
		}
		return ""
	}
	if err != nil {
		return err
	}
	return errFirst
}

// matcher looks up what an incident or a record is recognized by.
func (s *search) matcher(m advisory.Matcher) error {
	for w := range m.Windows() {
		s.windows = append(s.windows, w)
	}
	s.depth = journal.Packages
	if err := s.packages(m.Names(), m.Affects); err != nil {
		return err
	}
	sums, paths := m.Files()
	for _, sum := range sums {
		if err := s.add(s.lookup.ImagesWithContent(s.ctx, sum)); err != nil {
			return err
		}
	}
	for _, p := range paths {
		if !strings.Contains(p, "/") {
			continue // others may name a file so: a hint, and no hit
		}
		if err := s.add(s.lookup.ImagesWithPath(s.ctx, p)); err != nil {
			return err
		}
	}
	// Part of the record could not be read: what it does not match may be matched by the rest.
	if err := m.Whole(); err != nil {
		s.unsure = func(*journal.StoredImage) string { return err.Error() }
	}
	if !m.Heads() {
		return nil
	}
	// Signers, repositories and layers stand in the facts and have no index of their own: all are read, some
	// milliseconds for a hundred images.
	return s.lookup.EachFacts(s.ctx, func(image int64, i inspect.Image) error {
		for _, digest := range []string{i.Digest, i.Index, i.Config} {
			for _, i.Reference = range s.named[digest] {
				for _, a := range m.Match(i) {
					s.hits[image] = append(s.hits[image], journal.Hit{What: a.Subject, Layer: a.Layer})
				}
			}
		}
		return nil
	})
}
