package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/journal"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/spf13/cobra"
)

// keepDays is how long journal prune keeps what no longer runs, unless --older-than names another age.
const keepDays = 400

// journalCommand is the verb journal. The journal is kept for the questions of later days, and nothing depends on it: a
// case, a report and a bundle are the same without.
func journalCommand(f *flags, std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "What has been seen running where: prune, export, import, check",
		Long: `The journal records which images ran where, since when and until when, and what was found in them. Every
case adds to it at its end; backtrail where reads it, and so does the search for the last known-good image. It is one
SQLite file, journal.db in $XDG_DATA_HOME/backtrail. --no-journal or ` + noJournal + `=1 switches it off.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return journalCheck(cmd.Context(), f, std, false) },
	}
	aside := false
	check := &cobra.Command{
		Use: "check", Short: "Read the whole file and report damage; exit 3 where there is any", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return journalCheck(cmd.Context(), f, std, aside) },
	}
	check.Flags().BoolVar(&aside, "set-aside", false, "rename a damaged file, so that a new journal begins")
	var older string
	prune := &cobra.Command{
		Use: "prune", Short: "Remove what ended long ago, and make the file smaller", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return journalPrune(cmd.Context(), std, older) },
	}
	prune.Flags().StringVar(&older, "older-than", strconv.Itoa(keepDays)+"d",
		"remove what was not seen for this long, `AGE`: 90d, 12w or a duration such as 36h")
	export := &cobra.Command{
		Use: "export FILE|-", Short: "Write all of it as lines of JSON", Args: oneArgument("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return journalExport(cmd.Context(), std, args[0]) },
	}
	bring := &cobra.Command{
		Use: "import FILE|-", Short: "Add what journal export wrote, here or on another machine",
		Args: oneArgument("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return journalImport(cmd.Context(), std, args[0]) },
	}
	cmd.AddCommand(check, prune, export, bring)
	return cmd
}

// journalCheck reads the whole file: SQLite's integrity check. A file that is
// no database at all was set aside when it was opened, which is exit 3 too: what it contained is not in the new one.
func journalCheck(ctx context.Context, f *flags, std streams, aside bool) error {
	if err := f.checkOutput("plain"); err != nil {
		return err
	}
	j, err := openJournal(ctx, std)
	if err != nil {
		return err
	}
	defer j.Close()
	if j.Notice() != "" {
		return &exitError{
			code: exitFailed, err: errors.New("the journal was damaged"),
			hints: []string{"a new one begins; journal import takes an earlier export"},
		}
	}
	problems, err := j.Check(ctx)
	if err != nil {
		return hinted(err)
	}
	if len(problems) > 0 {
		return journalDamaged(std, j, problems, aside)
	}
	size := int64(0)
	if info, err := os.Stat(j.Path()); err == nil {
		size = info.Size()
	}
	sum, err := j.Count(ctx)
	if err != nil {
		return hinted(err)
	}
	_, err = fmt.Fprintf(std.out, "%s: sound, %s\nsightings  %d in %s of workloads\nimages     %d\n"+
		"packages   %d\naudits     %d\n", j.Path(), text.Size(size), sum.Sightings,
		text.Count(sum.Places, "container"), sum.Images, sum.Packages, sum.Audits)
	return err
}

// journalDamaged prints what is wrong with the file, and sets it aside with --set-aside. Without that the file stays in
// place: what can still be read of it is exported first.
func journalDamaged(std streams, j *journal.Journal, problems []string, aside bool) error {
	for _, p := range problems {
		fmt.Fprintln(std.out, text.Clean(p))
	}
	hints := []string{
		"journal export writes what can still be read",
		"journal check --set-aside renames the file, and a new journal begins",
	}
	if aside {
		notice, err := journal.SetAside(j.Path())
		if err != nil {
			return hinted(err)
		}
		hints = []string{notice}
	}
	return &exitError{code: exitFailed, err: fmt.Errorf("the journal %s is damaged", j.Path()), hints: hints}
}

// journalPrune removes what ended long ago. What still runs stays, however old it is.
func journalPrune(ctx context.Context, std streams, older string) error {
	age, err := parseAge(older)
	if err != nil {
		return usage("reading --older-than: %w", err)
	}
	j, err := openJournal(ctx, std)
	if err != nil {
		return err
	}
	defer j.Close()
	p, err := j.Prune(ctx, time.Now().Add(-age))
	if err != nil {
		return hinted(err)
	}
	_, err = fmt.Fprintf(std.out, "removed: %d sightings, the facts of %d images, %d closed findings, %d audits\n",
		p.Sightings, p.Images, p.Findings, p.Audits)
	return err
}

// ageForm is a number of days or weeks.
var ageForm = regexp.MustCompile(`^([0-9]{1,5})([dw])$`)

// parseAge reads an age: days, weeks or a Go duration. Days have 24 hours. A negative age would be a moment that is
// still to come, and remove everything.
func parseAge(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	if m := ageForm.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if m[2] == "w" {
			n *= 7
		}
		return time.Duration(n) * day, err
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no age: 90d, 12w and 36h are", s)
	}
	return d, nil
}

// journalExport writes to a new file: nothing is overwritten.
func journalExport(ctx context.Context, std streams, name string) error {
	j, err := openJournal(ctx, std)
	if err != nil {
		return err
	}
	defer j.Close()
	var t journal.Transferred
	if name == "-" {
		t, err = j.Export(ctx, std.out)
	} else {
		t, err = exportTo(ctx, j, name)
	}
	if err != nil {
		return hinted(err)
	}
	fmt.Fprintf(std.err, "%d lines\n", t.Lines)
	return nil
}

// exportTo writes the journal to a file that does not exist yet. Where that fails, or ctx ends, no file is left: one
// that breaks off would be refused by import, but only on the machine that it was carried to.
func exportTo(ctx context.Context, j *journal.Journal, name string) (journal.Transferred, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return journal.Transferred{}, hinted(fmt.Errorf("exporting the journal: %s is there already", name),
			"name a path that does not exist: nothing is overwritten")
	}
	if err != nil {
		return journal.Transferred{}, fmt.Errorf("exporting the journal: %w", err)
	}
	t, err := j.Export(ctx, f)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(name)
	}
	return t, err
}

// journalImport adds the lines of an export. They come from another machine, as a file: bounds and forms are checked by
// the reader, and a file that breaks off
// is an error, though the lines before that stay.
func journalImport(ctx context.Context, std streams, name string) error {
	from := std.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return hinted(fmt.Errorf("importing a journal: %w", err))
		}
		defer f.Close()
		from = f
	}
	path, err := journalPath()
	if err != nil {
		return err
	}
	j, err := journal.Open(ctx, path)
	if err != nil {
		return hinted(err)
	}
	defer j.Close()
	t, err := j.Import(ctx, from)
	if err != nil {
		return hinted(err, "journal import takes what journal export wrote; what it took before stays")
	}
	fmt.Fprintf(std.err, "%d lines\n", t.Lines)
	if t.Skipped > 0 {
		fmt.Fprintf(std.err, "warning: %d lines are of another version of backtrail and were left out\n", t.Skipped)
	}
	return nil
}

// rememberTimeout bounds what a case waits for the journal, also after it was interrupted: another process may be
// writing to it, and a network file system may not answer.
const rememberTimeout = 30 * time.Second

// noJournal is the variable of the environment that switches the journal off, as --no-journal does: with any value
// that is not empty. It is for machines on which nothing about workloads may be kept, where a flag would be forgotten
// once.
const noJournal = "BACKTRAIL_NO_JOURNAL"

// journalPath is where the journal of this person is: one file for all clusters, so that one question is about all.
func journalPath() (string, error) {
	dir, err := dataDir()
	return journal.Path(dir), err
}

// journalOf is where cases are recorded; empty where that is switched off.
func journalOf(f *flags) (string, error) {
	if f.noJournal || os.Getenv(noJournal) != "" {
		return "", nil
	}
	return journalPath()
}

// remember records a case in the journal, as far as it came. That it could not is a notice: the case does not depend
// on it. Recording the same case again changes nothing, which a case of which checks ran again relies on.
//
// Protect turns a panic in the fold into an error: the facts of a case contain text of images, and a mistake in how the
// journal takes it must not lose the case.
func remember(ctx context.Context, s *session, l *ledger.Ledger, emit func(inspect.Event)) {
	path := cmp.Or(s.records, s.journal)
	if path == "" {
		return
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), rememberTimeout)
	defer stop()
	c := l.Case()
	files := func(i inspect.Image) ([]journal.File, error) {
		tree, err := s.cache.Tree(ctx, i.Layers)
		if err != nil {
			return nil, fmt.Errorf("merging the layers of %s: %w", i.Key(), err)
		}
		return journal.FilesOf(tree.All()), nil
	}
	notice, err := journal.Record(ctx, path, func(j *journal.Journal) error {
		return engine.Protect(func() error { return j.Fold(ctx, &c, files) })
	})
	warn := func(text, hint string) {
		emit(inspect.Event{
			Time: inspect.At(s.now()),
			Fact: inspect.Notice{Level: "warning", Text: text, Hint: hint},
		})
	}
	if notice != "" {
		warn(notice, "")
	}
	if err != nil {
		warn("the case is not in the journal: "+err.Error(), "backtrail journal check; --no-journal does without it")
	}
}

// history gives what the journal has about earlier images of a container of a cluster, as candidates for the
// known-good; nil where the journal is switched off. It is opened for each question, and not for the length of the
// case: SQLite locks out other writers while it is open.
func history(s *session, cluster string) func(context.Context, *inspect.Pod, inspect.Image) ([]inspect.Candidate,
	error) {
	if s.journal == "" {
		return nil
	}
	return func(ctx context.Context, pod *inspect.Pod, i inspect.Image) ([]inspect.Candidate, error) {
		if !journal.Exists(s.journal) {
			return nil, nil
		}
		j, err := s.openJournal(ctx)
		if err != nil {
			return nil, err
		}
		defer j.Close()
		return j.Candidates(ctx, journal.Place{
			Cluster: cluster, Namespace: pod.Namespace,
			Workload: journal.WorkloadOf(pod), Container: i.Container,
		}, i.Reference, i.Digest, i.Index, i.Config)
	}
}

// earlier gives what the journal has of a repository; nil where there is no journal. It is opened for each question:
// another process may write it meanwhile, and a case has two questions.
func (s *session) earlier() inspect.PastImages {
	if s.journal == "" {
		return nil
	}
	return func(ctx context.Context, repository string) ([]inspect.PastImage, error) {
		if !journal.Exists(s.journal) { // nothing has been recorded yet; reading creates no file
			return nil, nil
		}
		j, err := s.openJournal(ctx)
		if err != nil {
			return nil, err
		}
		defer j.Close()
		return j.OfRepository(ctx, repository)
	}
}

// openJournal opens the journal for one question of a case. That it was damaged and a new one begins is recorded in the
// case: whoever opens it next finds the new one, and no reason.
func (s *session) openJournal(ctx context.Context) (*journal.Journal, error) {
	j, err := journal.Open(ctx, s.journal)
	if err != nil {
		return nil, err
	}
	if n := j.Notice(); n != "" {
		s.notice(n)
	}
	return j, nil
}
