package advisory

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect"
)

// Bounds of an incident pack: an incident is a page of data, and no database.
const (
	maxPackBytes = 16 << 10
	// short enough that a person who imports it can read what it accuses
	maxPackLines = 30
)

// Pack is one published incident, with all that it can be recognized by.
type Pack struct {
	ID        string           `json:"id"`
	Title     string           `json:"title"` // one sentence, without a period
	Severity  inspect.Severity `json:"severity"`
	Published string           `json:"published"` // a date, as 2024-03-29
	Updated   string           `json:"updated"`   // of the pack; empty: as published
	Withdrawn string           `json:"withdrawn"` // a date, once the facts turned out to be wrong
	Sources   []string         `json:"sources"`   // addresses of what was published

	Packages     []Affected `json:"packages"`
	References   []string   `json:"references"`   // of images, with their tag
	Repositories []string   `json:"repositories"` // of images: all of them, or those that were built in the window
	Images       []string   `json:"images"`       // digests of indexes, manifests and configs
	Layers       []string   `json:"layers"`       // digests and diff IDs
	Files        []string   `json:"files"`        // sha256 of contents, as hex
	Paths        []string   `json:"paths"`        // in the image: all of a path from the root, or its end
	Strings      []string   `json:"strings"`      // in commands, settings and start-up hooks
	Hosts        []string   `json:"hosts"`        // the same, and where a lock file takes packages from
	Identities   []string   `json:"identities"`   // of signers, builders and source repositories
	Commits      []string   `json:"commits"`      // of sources and of workflow actions
	Window       *Window    `json:"window"`       // in which the poisoned things were to be had

	// Both are of the bytes that were read: rows carry them as the record that a verdict rests on.
	text   string // as it stands in its file
	digest string // of the file
}

// Affected is a package of a pack. With neither versions nor a range all versions are.
type Affected struct {
	// PURL has no version; that of a distribution's package without a namespace fits every distribution.
	PURL     string   `json:"purl"`
	Versions []string `json:"versions"` // exactly these
	Range    string   `json:"range"`    // constraints, all of which must hold: >=5.6.0 <5.6.1-2
}

// Window is a time of exposure. A bound that is not set is open.
type Window struct {
	From inspect.Time `json:"from"`
	To   inspect.Time `json:"to"`
}

// Holds reports whether a time lies within the window. One that is not known never does.
func (w *Window) Holds(t inspect.Time) bool {
	return w != nil && !t.IsZero() && (w.From.IsZero() || !t.Before(w.From.Time)) && (w.To.IsZero() ||
		!t.After(w.To.Time))
}

// String is the window as people read it.
func (w *Window) String() string {
	return w.From.UTC().Format(time.RFC3339) + " to " + w.To.UTC().Format(time.RFC3339)
}

// ReadPack decodes an incident pack. It refuses unknown fields, what has no source, and what is too long to be
// reviewed.
func ReadPack(data []byte) (*Pack, error) {
	if len(data) > maxPackBytes || bytes.Count(data, []byte("\n")) > maxPackLines {
		return nil, fmt.Errorf("reading an incident pack: more than %d lines or %d bytes", maxPackLines, maxPackBytes)
	}
	p := &Pack{}
	// Strict: a field that is misspelled would be a pack that matches less than its author believes.
	if err := yaml.UnmarshalStrict(data, p); err != nil {
		return nil, fmt.Errorf("reading an incident pack: %w", err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("reading the incident pack %q: %w", p.ID, err)
	}
	sum := sha256.Sum256(data)
	p.text, p.digest = string(data), "sha256:"+hex.EncodeToString(sum[:])
	return p, nil
}

// packID is the form of IDs, which name files and are printed.
var packID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// minText bounds the texts that are looked for inside of others: a shorter one, or none, is in nearly all of them.
const minText = 4

// check refuses what could not be matched, so that a slip of the pen is no silent gap.
func (p *Pack) check() error {
	switch {
	case !packID.MatchString(p.ID):
		return fmt.Errorf("%q is no ID", p.ID)
	case p.Title == "" || len(p.Sources) == 0:
		return fmt.Errorf("a title and a source are needed")
	case p.Severity.Rank() > inspect.Info.Rank():
		return fmt.Errorf("%q is no severity", p.Severity)
	}
	for _, date := range []string{p.Published, p.Updated, p.Withdrawn} {
		if _, err := dateOf(date); err != nil {
			return err
		}
	}
	if p.Published == "" {
		return fmt.Errorf("the date of publication is missing")
	}
	for _, a := range p.Packages {
		if c, err := parsePURL(a.PURL); err != nil {
			return err
		} else if c.version != "" {
			return fmt.Errorf("%q has a version: those that are affected belong under versions or range", a.PURL)
		}
		if _, err := parseConstraints(a.Range); err != nil {
			return err
		}
	}
	if w := p.Window; w != nil && (w.From.IsZero() && w.To.IsZero() || !w.From.IsZero() && !w.To.IsZero() &&
		w.To.Before(w.From.Time)) {
		return errors.New("a window needs a beginning or an end, in this order")
	}
	if err := p.checkTexts(); err != nil {
		return err
	}
	return p.checkDigests()
}

// checkTexts refuses texts that would be found in what has nothing to do with the incident.
func (p *Pack) checkTexts() error {
	for _, list := range [][]string{p.Strings, p.Hosts, p.Identities, p.Commits} {
		for _, s := range list {
			if len(strings.TrimSpace(s)) < minText {
				return fmt.Errorf("%q is too short to be looked for, at least %d characters are needed", s, minText)
			}
		}
	}
	if slices.Contains(p.Paths, "") {
		return errors.New("a path is empty")
	}
	return nil
}

// checkDigests checks that all digests of a pack are digests: one that is misspelled would never match.
func (p *Pack) checkDigests() error {
	for _, d := range append(append([]string{}, p.Images...), p.Layers...) {
		hexPart, ok := strings.CutPrefix(d, "sha256:")
		if !ok || !isSHA256(hexPart) {
			return fmt.Errorf("%q is no digest", d)
		}
	}
	for _, f := range p.Files {
		if !isSHA256(f) {
			return fmt.Errorf("%q is no sha256", f)
		}
	}
	return nil
}

// isSHA256 reports whether a text is a sha256 in lower-case hex.
func isSHA256(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && strings.ToLower(s) == s
}

// dateOf reads a date; the empty one is the zero time.
func dateOf(s string) (inspect.Time, error) {
	if s == "" || s == "-" {
		return inspect.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return inspect.Time{}, fmt.Errorf("reading the date %q: %w", s, err)
	}
	return inspect.At(t), nil
}

// date is when the facts of the pack were last changed.
func (p *Pack) date() inspect.Time {
	for _, s := range []string{p.Updated, p.Published} {
		if t, err := dateOf(s); err == nil && !t.IsZero() {
			return t
		}
	}
	return inspect.Time{}
}

// row begins the row of a match.
func (p *Pack) row(kind inspect.AdvisoryKind, subject string) inspect.Advisory {
	published, _ := dateOf(p.Published)
	return finished(inspect.Advisory{
		ID: p.ID, Source: SourcePack, Kind: kind, Subject: subject, Title: p.Title, Published: published,
		Data: inspect.AdvisoryData{Digest: p.digest, Date: p.date()}, Withdrawn: p.Withdrawn != "", Layer: -1,
		Sources: p.Sources, Severity: p.Severity, Record: p.text,
	})
}

// finished lowers what was withdrawn, and sets the status that follows from the severity.
func finished(a inspect.Advisory) inspect.Advisory {
	if a.Withdrawn {
		a.Severity = inspect.Info
	}
	a.Status = a.Severity.RowStatus()
	return a
}
