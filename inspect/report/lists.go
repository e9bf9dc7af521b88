package report

import (
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// Diff writes what differs between an image (now) and another (before), by the names that the person gave them.
// An error is that of the writer, as with every function here.
func Diff(w io.Writer, d inspect.Diff, before, now string, s Style) error {
	d = cleaned(d)
	p := &printer{style: s}
	p.raw(fmt.Sprintf("before  %s\nnow     %s\n\n", clean(before), clean(now)))
	for _, b := range diffBlocks(d, maxRows) {
		p.block(b)
	}
	return p.flush(w)
}

// Clocks writes the report clocks of a case, with what is due.
func Clocks(w io.Writer, c inspect.Case, s Style) error {
	now := s.now(c)
	p := &printer{style: s}
	for _, b := range clockSection(cleaned(c), now).blocks {
		p.block(b)
	}
	return p.flush(w)
}

// Steps writes what to do next.
// They are those of the report, in its order, and none is run.
func Steps(w io.Writer, c inspect.Case, s Style) error {
	p := &printer{style: s}
	for _, b := range nextSection(cleaned(c)).blocks {
		p.block(b)
	}
	return p.flush(w)
}

// Signature writes one signature step by step, as verify-blob prints it.
// Each link stands with what was compared with what, also those that were not reached.
func Signature(w io.Writer, sig inspect.Signature, s Style) error {
	p := &printer{style: s}
	p.item(signatureItem(cleaned(sig)))
	return p.flush(w)
}
