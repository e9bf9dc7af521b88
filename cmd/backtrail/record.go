package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/redact"
	"github.com/backtrail/backtrail/inspect/report"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/registry"
	"github.com/spf13/cobra"
)

// record adds what a person states to a case of this disk, offline: make gives the fact from the case as it is. It is
// a new session in the ledger, with its own operator and command line, and nothing before it is changed. A case that
// another process has open is refused: a ledger has one writer.
//
// record returns the case with the fact in it. A bundle is never added to, since its manifests fix its content.
func (f *flags) record(ctx context.Context, name string, make func(c *inspect.Case, now time.Time) (inspect.Fact,
	error),
) (*inspect.Case, error) {
	return f.recordAll(ctx, name, func(c *inspect.Case, now time.Time) ([]inspect.Fact, error) {
		fact, err := make(c, now)
		return []inspect.Fact{fact}, err
	})
}

// recordAll is record of several facts, in their order. They are one act: where one cannot be written, those before it
// stay in the record, which shows that the act was not finished.
func (f *flags) recordAll(ctx context.Context, name string, make func(c *inspect.Case, now time.Time) ([]inspect.Fact,
	error),
) (*inspect.Case, error) {
	if evidence.IsBag(name) {
		return nil, hinted(fmt.Errorf("adding to %s: a bundle is not changed", name),
			"name the case on this disk: backtrail cases lists them")
	}
	dir, err := casesDir()
	if err != nil {
		return nil, err
	}
	_, err = ledger.FindCase(ctx, dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hinted(fmt.Errorf("adding to %s: there is no case of that name in %s", name, dir),
			"backtrail cases lists the cases of this machine")
	}
	if err != nil {
		return nil, err
	}
	l, err := ledger.Resume(ctx, dir, name, newOperator().session(time.Now()), time.Now)
	if err != nil {
		// The process that has the case open has the lock of its ledger, which ends with it, also after a crash.
		return nil, hinted(err, "a case that is open in the terminal UI takes this there, with :")
	}
	defer l.Close()
	if err := l.Broken(); err != nil { // nothing is added to a record that was changed
		return nil, hinted(fmt.Errorf("adding to %s: the record of the case is not intact: %w", name, err),
			"backtrail open "+text.Quote(name)+" shows what it has; backtrail inspect begins a new case")
	}
	c := l.Case()
	facts, err := make(&c, time.Now().UTC())
	if err != nil {
		return nil, err
	}
	for _, fact := range facts {
		if _, err := l.Append("", "", fact); err != nil {
			return nil, err
		}
	}
	c = l.Case()
	return &c, nil
}

// statement are the flags of a command by which a person states something: who, and why.
type statement struct{ name, reason string }

// check refuses a statement that no person could account for later.
func (s statement) check(command string) error {
	if strings.TrimSpace(s.reason) == "" {
		return usage("%s: --reason WHY is missing: it becomes part of the record", command)
	}
	if strings.TrimSpace(s.name) == "" {
		return usage("%s: --name is empty", command)
	}
	return nil
}

// awareCommand is the verb aware. The laws have deadlines that count from the moment at
// which an organization became aware
// (Directive (EU) 2022/2555, Article 23; Regulation (EU) 2024/2847, Article 14; Regulation (EU) 2022/2554, Article 19).
// Whether it did is a legal question: a tool that started a clock by itself would answer it.
func awareCommand(f *flags, std streams) *cobra.Command {
	var by statement
	var withdraw string
	cmd := &cobra.Command{
		Use:   "aware CASE TIME nis2|cra|dora --reason WHY",
		Short: "Start a reporting deadline in a case (never automatic)",
		Long: `Start a reporting deadline in a case: someone became aware of the incident at TIME. Deadlines are
never automatic: a person starts one, with name and reason. TIME is now, HH:MM of today in UTC, or a date with time
and zone (2026-11-23T03:12:00Z). A deadline that was started by mistake is withdrawn with a reason; both stay in the
record:

  backtrail aware CASE --withdraw nis2 --reason WHY`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if withdraw != "" {
				return withdrawDeadline(cmd.Context(), f, std, args, withdraw, by)
			}
			return startDeadline(cmd.Context(), f, std, args, by)
		},
	}
	cmd.Flags().StringVar(&by.reason, "reason", "", "`REASON`: what was learned, or what the mistake was")
	cmd.Flags().StringVar(&by.name, "name", newOperator().String(), "`NAME` of the person")
	cmd.Flags().StringVar(&withdraw, "withdraw", "", "withdraw the running deadline of this `LAW`")
	return cmd
}

// startDeadline starts a deadline. The time may lie in the past, and never in the future.
func startDeadline(ctx context.Context, f *flags, std streams, args []string, by statement) error {
	if len(args) != 3 {
		return usage("backtrail aware takes CASE, TIME and one of nis2, cra, dora")
	}
	regime, err := regimeOf(args[2])
	if err != nil {
		return err
	}
	at, err := respond.ParseAware(args[1], time.Now())
	if err != nil {
		return usage("%w", err)
	}
	return f.clock(ctx, std, args[0], by, func(c *inspect.Case, now time.Time) (inspect.Clock, error) {
		return respond.StartClock(c, regime, at, now, by.name, by.reason)
	})
}

// withdrawDeadline ends a deadline that was started by mistake. Both facts stay in the ledger.
func withdrawDeadline(ctx context.Context, f *flags, std streams, args []string, law string, by statement) error {
	if len(args) != 1 {
		return usage("backtrail aware --withdraw takes one CASE")
	}
	regime, err := regimeOf(law)
	if err != nil {
		return err
	}
	return f.clock(ctx, std, args[0], by, func(c *inspect.Case, now time.Time) (inspect.Clock, error) {
		return respond.WithdrawClock(c, regime, now, by.name, by.reason)
	})
}

// clock records what make gives, and prints all deadlines of the case with the time that is left.
func (f *flags) clock(ctx context.Context, std streams, name string, by statement, make func(*inspect.Case,
	time.Time) (inspect.Clock, error),
) error {
	if err := by.check("backtrail aware"); err != nil {
		return err
	}
	c, err := f.record(ctx, name, func(c *inspect.Case, now time.Time) (inspect.Fact, error) {
		k, err := make(c, now)
		if err != nil {
			return nil, hinted(err, "backtrail open "+text.Quote(name)+" shows the clocks of the case")
		}
		return k, nil
	})
	if err != nil {
		return err
	}
	return report.Clocks(f.textTo(std.out), *c, f.style(std.out))
}

// regimeOf reads the short name of a law. Errors are usage errors.
func regimeOf(text string) (inspect.Regime, error) {
	r := inspect.Regime(text)
	if !slices.Contains(respond.Regimes(), r) {
		return "", usage("there is no clock of %q; there are nis2, cra, dora", text)
	}
	return r, nil
}

// runtimeCommand is the verb runtime. Memory and writable layer are lost with the pod, and a rollback is the first
// thing that a runbook suggests: commands that delete are shown only after a person has answered for the state.
func runtimeCommand(f *flags, std streams) *cobra.Command {
	var by statement
	cmd := &cobra.Command{
		Use:   "runtime CASE saved|given-up|open --reason WHY",
		Short: "Record whether the pod's runtime state was preserved; unlocks the commands to roll back and delete",
		Long: `Record whether the runtime state of the pod was preserved: its writable layers and memory, which
exist nowhere else. Until a person has recorded that it was saved or given up, no step is suggested that would
destroy it. open reverts that. It is recorded as a note, with name and reason.`,
		RunE: func(cmd *cobra.Command, args []string) error { return recordRuntime(cmd.Context(), f, std, args, by) },
	}
	cmd.Flags().StringVar(&by.reason, "reason", "", "`REASON`: how it was saved, or why it was given up")
	cmd.Flags().StringVar(&by.name, "name", newOperator().String(), "`NAME` of the person")
	return cmd
}

// recordRuntime records the mark and prints the next steps as they are with it. The case of an image has no pod, and no
// state that could be lost.
func recordRuntime(ctx context.Context, f *flags, std streams, args []string, by statement) error {
	const command = "backtrail runtime"
	if len(args) != 2 {
		return usage("%s takes CASE and one of saved, given-up, open", command)
	}
	switch args[1] {
	case inspect.RuntimeSaved, inspect.RuntimeGivenUp, inspect.RuntimeOpen:
	default:
		return usage("%s: %q is none of saved, given-up, open", command, args[1])
	}
	if err := by.check(command); err != nil {
		return err
	}
	c, err := f.record(ctx, args[0], func(c *inspect.Case, now time.Time) (inspect.Fact, error) {
		if c.Pod == nil {
			return nil, fmt.Errorf("marking the run-time state of %s: the case is of no pod", args[0])
		}
		return inspect.Note{
			Time: inspect.At(now), Author: by.name, Subject: inspect.SubjectRuntime, Mark: args[1],
			Text: by.reason,
		}, nil
	})
	if err != nil {
		return err
	}
	return report.Steps(f.textTo(std.out), *c, f.style(std.out))
}

// maxLate bounds a file of late evidence, in bytes: a checkpoint of a small container, a day of logs.
const maxLate = 512 << 20

// lateFolder is where late evidence lies among the exhibits.
const lateFolder = "added/"

// addCommand is the verb add. What was found later belongs to the case and is no part of what was collected: it is
// recorded as a session of its own, with who added it and from where.
func addCommand(f *flags, std streams) *cobra.Command {
	var by statement
	cmd := &cobra.Command{
		Use:   "add CASE FILE [--reason WHY]",
		Short: "Add late evidence to a case: alerts, a log, an SBOM, any file",
		Long: `Add a file to a case, as it is found later: alerts, a log, an SBOM, a checkpoint. It is kept with its
SHA-256 in the record, by a session of its own, and is carried by every bundle that is exported from then on. Secrets
are removed from texts before they are recorded; other files are kept whole. No check runs again.`,
		RunE: func(cmd *cobra.Command, args []string) error { return addEvidence(cmd.Context(), f, std, args, by) },
	}
	cmd.Flags().StringVar(&by.reason, "reason", "", "`REASON`: what it is, and where it was found")
	cmd.Flags().StringVar(&by.name, "name", newOperator().String(), "`NAME` of the person")
	return cmd
}

// addEvidence keeps a file in the store of this machine and records it, with the reason as a note. The bytes are in the
// store before the record names them: a crash in between leaves a blob that nothing needs, and no line without bytes.
func addEvidence(ctx context.Context, f *flags, std streams, args []string, by statement) error {
	if len(args) != 2 {
		return usage("backtrail add takes CASE and FILE")
	}
	data, err := readBounded(args[1], maxLate)
	if err != nil {
		return hinted(fmt.Errorf("reading the evidence: %w", err), "one file at a time; pack a folder with tar")
	}
	if len(data) == 0 {
		return fmt.Errorf("reading the evidence: %s is empty", args[1])
	}
	dir, err := f.cacheDir()
	if err != nil {
		return err
	}
	store, err := registry.OpenStore(dir)
	if err != nil {
		return hinted(err, "--cache DIR chooses another place for the cache")
	}
	var kept inspect.Exhibit
	_, err = f.recordAll(ctx, args[0], func(c *inspect.Case, now time.Time) ([]inspect.Fact, error) {
		var content []byte
		kept, content = lateExhibit(args[1], data, now)
		for _, x := range c.Exhibits {
			if x.Digest == kept.Digest {
				return nil, fmt.Errorf("adding %s: the case has it already, as %s", args[1], text.Clean(x.Path))
			}
		}
		kept.Path = freePath(c, kept.Path)
		if err := store.Put(kept.Digest, content); err != nil {
			return nil, fmt.Errorf("keeping %s: %w", args[1], err)
		}
		facts := []inspect.Fact{kept}
		if by.reason != "" {
			facts = append(facts, inspect.Note{
				Time: inspect.At(now), Author: by.name, Subject: kept.Path, Text: by.reason,
			})
		}
		return facts, nil
	})
	if err != nil {
		return err
	}
	if len(kept.Redacted) > 0 {
		fmt.Fprintf(std.err, "secrets were removed from it: %s\n", strings.Join(kept.Redacted, ", "))
	}
	_, err = fmt.Fprintf(std.out, "added %s as %s, %s, %s\n", text.Clean(args[1]), text.Clean(kept.Path),
		text.Size(kept.Size), kept.Digest)
	return err
}

// lateExhibit is a file of late evidence with what is kept of it. A text is kept without its secrets, with the digest
// of the original; bytes that are no text are kept as they are, since nothing could be cut out of them.
func lateExhibit(path string, data []byte, now time.Time) (inspect.Exhibit, []byte) {
	source := path
	if abs, err := filepath.Abs(path); err == nil {
		source = abs
	}
	x := inspect.Exhibit{Path: lateFolder + filepath.Base(path), Source: "file " + source, Kept: inspect.At(now)}
	if utf8.Valid(data) && !bytes.ContainsRune(data, 0) {
		if clean, secrets := redact.Text(string(data)); len(secrets) > 0 {
			x.Redacted, x.Original = redact.Kinds(secrets), digestOf(data)
			data = []byte(clean)
		}
	}
	x.Digest, x.Size = digestOf(data), int64(len(data))
	return x, data
}

// digestOf is the SHA-256 of bytes as everything here writes it.
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// freePath is a path that no exhibit of the case has: a second file of a name takes nothing away from the first. The
// number stands behind the ending, so that both sort together: node.log, node.log-2.
func freePath(c *inspect.Case, path string) string {
	taken := map[string]bool{}
	for _, x := range c.Exhibits {
		taken[x.Path] = true
	}
	for n, at := 2, path; ; n++ {
		if !taken[at] {
			return at
		}
		at = fmt.Sprintf("%s-%d", path, n)
	}
}

// custodyCommand is the verb custody. What happens to evidence outside of this program (a disk that is handed over, a
// node that is sealed) is part of the chain of custody only where a person adds it.
func custodyCommand(f *flags, std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "custody",
		Short: "Show the chain of custody of a case, and add to it",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			return usage("backtrail custody takes one of show, add")
		},
	}
	by, at := statement{}, ""
	add := &cobra.Command{
		Use:   "add CASE TEXT",
		Short: "Record an act of custody that happened outside of backtrail",
		Long: `Record an act of custody that happened outside of backtrail: what was handed over, moved or sealed, by
whom and to whom. It is a line of the chain of custody, with your name.

  backtrail custody add CASE "disk of node-3 handed to the forensics team" --at 09:30`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return addCustody(cmd.Context(), f, std, args, by.name, at)
		},
	}
	add.Flags().StringVar(&by.name, "name", newOperator().String(), "`NAME` of the person")
	add.Flags().StringVar(&at, "at", "", "`TIME` at which it happened: HH:MM of today in UTC, or with date and zone")
	show := &cobra.Command{
		Use:   "show CASE|BUNDLE",
		Short: "Print the chain of custody: who did what, when, and each request",
		Args:  oneArgument("CASE or BUNDLE"),
		RunE:  func(cmd *cobra.Command, args []string) error { return showCustody(cmd.Context(), f, std, args[0]) },
	}
	cmd.AddCommand(show, add)
	return cmd
}

// addCustody records the act as a note about the custody of the case.
func addCustody(ctx context.Context, f *flags, std streams, args []string, name, at string) error {
	if len(args) != 2 || strings.TrimSpace(args[1]) == "" {
		return usage("backtrail custody add takes CASE and TEXT: what happened to the evidence")
	}
	if strings.TrimSpace(name) == "" {
		return usage("backtrail custody add: --name is empty")
	}
	what := strings.TrimSpace(args[1])
	if at != "" {
		happened, err := respond.ParseAware(at, time.Now())
		if err != nil {
			return usage("reading --at: %w", err)
		}
		if happened.After(time.Now()) {
			return usage("reading --at: %s lies ahead", happened.UTC().Format(time.RFC3339))
		}
		what = happened.UTC().Format(time.RFC3339) + ": " + what
	}
	_, err := f.record(ctx, args[0], func(_ *inspect.Case, now time.Time) (inspect.Fact, error) {
		return inspect.Note{
			Time: inspect.At(now), Author: name, Subject: inspect.SubjectCustody, Text: what,
		}, nil
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "recorded in %s: %s\n", text.Clean(args[0]), text.Clean(what))
	return err
}

// showCustody prints the chain of a saved case, a line for each act. The bundle has the same lines as JSON. Texts are
// those of servers and people, and are cleaned as a whole line: none can begin a line of its own.
func showCustody(ctx context.Context, f *flags, std streams, name string) error {
	return f.withSaved(ctx, std, name, func(_ *session, saved savedCase) error {
		var failed error
		err := saved.replay(ctx, func(e inspect.Event) {
			line, is := inspect.Custody(e)
			if !is || failed != nil {
				return
			}
			at := e.Time
			if !line.Time.IsZero() {
				at = line.Time
			}
			words := []string{line.What, line.Method, line.URL, line.Detail}
			if line.Status != 0 {
				words = append(words, strconv.Itoa(line.Status))
			}
			words = slices.DeleteFunc(append(words, line.Digest, line.Error), func(s string) bool { return s == "" })
			_, failed = fmt.Fprintf(std.out, "%s  %s\n", at.UTC().Format(time.RFC3339),
				text.Clean(strings.Join(words, "  ")))
		})
		if err == nil {
			err = failed
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		return nil
	})
}
