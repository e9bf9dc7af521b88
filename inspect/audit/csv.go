package audit

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// csvHead are the columns of the CSV form. New ones go to the end: scripts count them.
// Levels, answers and statuses are the words of the JSON form; times are RFC 3339 in UTC.
var csvHead = []string{
	"cluster", "namespace", "workload", "container", "type", "reference", "digest", "platform",
	"pods", "since", "injected", "base", "base created", "distribution", "end of life", "tag moved", "tag means",
	"signature", "signer", "provenance", "source", "sbom", "known-good", "vulnerabilities block",
	"vulnerabilities warn", "vulnerabilities log", "advisories", "admission", "allowed", "critical", "high", "medium",
	"level", "state", "reason",
}

// CSV writes a line for each row (RFC 4180). No cell is a formula, see text.Cell: names and references are foreign.
func (r *Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHead); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	for i := range r.Rows {
		cells := r.Rows[i].cells()
		for n, c := range cells {
			cells[n] = text.Cell(c)
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("writing CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// cells are the values of csvHead.
func (r *Row) cells() []string {
	return []string{
		r.Cluster, r.Namespace, r.Workload, r.Container, r.Type, r.Reference, r.Digest, r.Platform,
		strconv.Itoa(r.Pods), date(r.Since), answerOf(r.Injected), r.Base.Name, date(r.Base.Created),
		r.Base.Distribution, date(r.Base.EndOfLife), answerOf(r.TagMoved), r.TagMeans, string(r.Signature), r.Signer,
		string(r.Provenance), r.Source, string(r.SBOM), r.KnownGood, number(r.Vulnerabilities.Block),
		number(r.Vulnerabilities.Warn), number(r.Vulnerabilities.Log), strings.Join(r.Advisories, " "),
		string(r.Admission), string(r.Allowed), strconv.Itoa(r.Findings.Critical), strconv.Itoa(r.Findings.High),
		strconv.Itoa(r.Findings.Medium), string(r.Level), string(r.State), r.Reason,
	}
}

// date is a time in RFC 3339, empty where it is not known.
func date(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05Z")
}

// answerOf is a truth value that may not be known.
func answerOf(b *bool) string {
	switch {
	case b == nil:
		return string(Unknown)
	case *b:
		return string(Yes)
	}
	return string(No)
}

// number is a count, empty where it is not known.
func number(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
