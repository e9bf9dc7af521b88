package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/audit"
	"github.com/backtrail/backtrail/tui/widget"
)

// sample is some of the rows, for a person who looks closely at a few and has to account for how they were picked. It
// depends on nothing but the audit and the filter: whoever repeats it gets the same rows, and nobody can be suspected
// of having chosen the harmless ones.
type sample struct {
	// keys: of the rows that were picked; empty: there is no sample
	keys map[string]bool
	// of: how many rows it was picked from
	of int
	// filter: that these rows matched; empty: all rows
	filter string
}

// defaultSample is the size that is proposed. Auditors test 25 items of a control that runs daily or more often.
const defaultSample = 25

// words are the sample in a title.
func (p sample) words() string {
	text := fmt.Sprintf("sample of %d of %d", len(p.keys), p.of)
	if p.filter != "" {
		text += fmt.Sprintf(" that match %q", p.filter)
	}
	return text
}

// pick picks n of some keys: those whose SHA-256 together with the seed is lowest. It is a uniform choice, as far as
// the hash is, and the same on every machine.
func pick(keys []string, seed string, n int) map[string]bool {
	type entry struct{ key, sum string }
	all := make([]entry, 0, len(keys))
	for _, k := range keys {
		sum := sha256.Sum256([]byte(seed + "\x00" + k))
		all = append(all, entry{k, hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.sum, b.sum) })
	picked := map[string]bool{}
	for _, e := range all[:min(max(0, n), len(all))] {
		picked[e.key] = true
	}
	return picked
}

// seed is what a sample depends on besides the rows: the time of the audit, to the second.
func (s *Audit) seed() string { return inspect.At(s.began).Stamp() }

// runSample asks how many rows to pick of those that the filter leaves.
func runSample(s *Audit, _ string) tea.Cmd {
	keys := s.matching()
	about := fmt.Sprintf("How many of %s? They are picked by hash of row and audit time: the same audit gives the "+
		"same sample. 0 takes the sample back.", widget.Plural(len(keys), "row"))
	s.shell.Ask("Pick a sample", strconv.Itoa(min(defaultSample, len(keys))), []string{about},
		func(typed string) tea.Cmd {
			n, err := strconv.Atoi(typed)
			if err != nil || n < 0 {
				s.shell.Info(fmt.Sprintf("a sample is a number of rows, 0 to %d, and not %q", len(keys), typed))
				return nil
			}
			s.choose(keys, n)
			return nil
		})
	return nil
}

// choose sets the sample, and shows it.
func (s *Audit) choose(keys []string, n int) {
	s.sample = sample{keys: pick(keys, s.seed(), n), of: len(keys), filter: s.list.Filter()}
	if n == 0 {
		s.sample = sample{}
		s.refresh()
		s.shell.Info("no sample")
		return
	}
	s.refresh()
	s.shell.Info(s.sample.words() + ", marked t; x exports it")
}

// matching are the keys of the rows that match the filter, whatever is folded.
func (s *Audit) matching() []string {
	words := strings.Fields(strings.ToLower(s.list.Filter()))
	var keys []string
	for i := range s.report.Rows {
		text := strings.ToLower(searchText(&s.report.Rows[i]))
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			keys = append(keys, keyOf(&s.report.Rows[i]))
		}
	}
	return keys
}

// exported is the report as x writes it: the sample where there is one, and beside what the audit did not look at what
// the sample leaves out, and what a running audit has not come to. The books stay those of the whole audit.
func (s *Audit) exported() audit.Report {
	r := s.report
	r.Schema = audit.Schema
	// it is written while the audit may go on
	r.Rows, r.NotLookedAt = slices.Clone(r.Rows), slices.Clone(r.NotLookedAt)
	gap := func(what, reason string) {
		r.NotLookedAt = append(r.NotLookedAt, audit.Gap{What: what, Reason: reason})
	}
	if len(s.sample.keys) > 0 {
		r.Rows = slices.DeleteFunc(r.Rows, func(row audit.Row) bool { return !s.sample.keys[keyOf(&row)] })
		gap("rows outside of the sample", fmt.Sprintf("%d of all %d rows are in it: a %s, those with the lowest "+
			"SHA-256 of the audit's time %s and the row's place, reference and digest", len(r.Rows),
			len(s.report.Rows), s.sample.words(), s.seed()))
	}
	switch {
	case s.running:
		gap("the rest of the audit", fmt.Sprintf("it still ran: %d of %d images were done", s.progress.Done,
			s.progress.Total))
	case s.failed != "":
		gap("the rest of the audit", fmt.Sprintf("it did not end (%s): %d of %d images were done", s.failed,
			s.progress.Done, s.progress.Total))
	}
	return r
}
