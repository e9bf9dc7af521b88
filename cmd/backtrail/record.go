package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/ledger"
)

// record adds what a person states to a case of this disk, offline: make gives the fact from the case as it is.
func (f *flags) record(ctx context.Context, name string, make func(c *inspect.Case, now time.Time) (inspect.Fact,
	error)) (*inspect.Case, error) {
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
		return nil, hinted(err, "a case that is open in the terminal UI takes this there, with :")
	}
	defer l.Close()
	c := l.Case()
	fact, err := make(&c, time.Now().UTC())
	if err != nil {
		return nil, err
	}
	if _, err := l.Append("", "", fact); err != nil {
		return nil, err
	}
	c = l.Case()
	return &c, nil
}

// said are the flags of a command by which a person says something.
type said struct{ name, reason string }

// check refuses what nobody could answer for later.
func (s said) check(command string) error {
	if strings.TrimSpace(s.reason) == "" {
		return usage("%s: --reason says why; whoever reads the record has to know", command)
	}
	if strings.TrimSpace(s.name) == "" {
		return usage("%s: --name is empty", command)
	}
	return nil
}
