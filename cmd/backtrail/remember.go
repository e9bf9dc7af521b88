package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/journal"
	"github.com/backtrail/backtrail/inspect/ledger"
)

// rememberTimeout bounds what a case waits for the journal, also after it was interrupted.
const rememberTimeout = 30 * time.Second

// noJournal is the variable of the environment that switches the journal off, as --no-journal does.
const noJournal = "BACKTRAIL_NO_JOURNAL"

// journalPath is where the journal of this person is.
func journalPath() (string, error) {
	dir, err := dataDir()
	return journal.Path(dir), err
}

// journalOf is where cases are recorded; empty where that is switched off.
func (f *flags) journalOf() (string, error) {
	if f.noJournal || os.Getenv(noJournal) != "" {
		return "", nil
	}
	return journalPath()
}

// remember records a case in the journal, as far as it came. That it could not is a notice: the case does not depend
// on it.
func (s *session) remember(ctx context.Context, l *ledger.Ledger, emit func(inspect.Event)) {
	if s.journal == "" {
		return
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), rememberTimeout)
	defer stop()
	c := l.Case()
	notice, err := journal.Record(ctx, s.journal, func(j *journal.Journal) error {
		return j.Fold(ctx, &c, func(i inspect.Image) ([]journal.File, error) {
			tree, err := s.cache.Tree(ctx, i.Layers)
			if err != nil {
				return nil, fmt.Errorf("merging the layers of %s: %w", i.Key(), err)
			}
			return journal.FilesOf(tree.All()), nil
		})
	})
	say := func(text, hint string) {
		emit(inspect.Event{Time: inspect.At(s.now()),
			Fact: inspect.Notice{Level: "warning", Text: text, Hint: hint}})
	}
	if notice != "" {
		say(notice, "")
	}
	if err != nil {
		say("the case is not in the journal: "+err.Error(), "backtrail journal check; --no-journal does without it")
	}
}

// history gives what the journal has about earlier images of a container of a cluster.
func (s *session) history(cluster string) func(context.Context, *inspect.Pod, inspect.Image) ([]inspect.Candidate,
	error) {
	if s.journal == "" {
		return nil
	}
	return func(ctx context.Context, pod *inspect.Pod, i inspect.Image) ([]inspect.Candidate, error) {
		if !journal.Exists(s.journal) {
			return nil, nil
		}
		j, err := journal.Open(ctx, s.journal)
		if err != nil {
			return nil, err
		}
		defer j.Close()
		return j.Candidates(ctx, journal.Place{Cluster: cluster, Namespace: pod.Namespace,
			Workload: journal.WorkloadOf(pod), Container: i.Container}, i.Reference, i.Digest, i.Index, i.Config)
	}
}
