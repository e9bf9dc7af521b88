package inspect

import (
	"cmp"
)

// Advisory is a known compromise that something of an image matches: a malicious release, a poisoned image or file, or
// the time in which it was to be had. It is a lead and no verdict: records are withdrawn, and false positives happen.
type Advisory struct {
	ID        string       `json:"id"`      // MAL-2024-1234, xz-backdoor
	Source    string       `json:"source"`  // incident-pack, osv, flag
	Kind      AdvisoryKind `json:"kind"`    // what matched
	Subject   string       `json:"subject"` // the package and version, digest or path that matched
	Title     string       `json:"title"`   // what happened, in a sentence
	Published Time         `json:"published"`
	Data      AdvisoryData `json:"data"`
	Withdrawn bool         `json:"withdrawn"`
	Layer     int          `json:"layer"` // that holds the subject; -1 where no one layer does
	Locations []string     `json:"locations"`
	Sources   []string     `json:"sources"` // addresses of what was published about it
	Status    RowStatus    `json:"status"`
	Severity  Severity     `json:"severity"`
	Record    string       `json:"record"` // the row or pack that matched, as it stands in its data
}

// AdvisoryKind is what of an image an advisory matches by.
type AdvisoryKind string

// The kinds of matches.
const (
	AdvisoryPackage  AdvisoryKind = "package"
	AdvisoryDigest   AdvisoryKind = "digest" // of the image: index, manifest or config; or its reference
	AdvisoryLayer    AdvisoryKind = "layer"
	AdvisoryFile     AdvisoryKind = "file" // by its sha256, or by its path
	AdvisoryString   AdvisoryKind = "string"
	AdvisoryIdentity AdvisoryKind = "identity" // of a signer, a source repository or a commit
	AdvisoryWindow   AdvisoryKind = "window"   // built or started in the time of exposure
)

// AdvisoryData names the data that an advisory was read from.
type AdvisoryData struct {
	Digest string `json:"digest"`
	Date   Time   `json:"date"` // of the data, not of the download
}

// FactKind is the fact's JSON name.
func (Advisory) FactKind() string { return "advisory" }

// fold: the key is its advisory, what matched and the subject that did.
func (a Advisory) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Advisories, a, func(a, b Advisory) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
}
