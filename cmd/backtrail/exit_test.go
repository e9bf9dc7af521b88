package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// advisedError has hints of its own, as errors of the registry and the cluster have.
type advisedError struct{ error }

func (advisedError) Hints() []string { return []string{"log in first"} }

// Scripts depend on the code, people on the one line and its hints.
func TestExitCodeOfAnError(t *testing.T) {
	plain := errors.New("the disk is full")
	for name, c := range map[string]struct {
		err  error
		code int
		want string
	}{
		"none":        {nil, exitPassed, ""},
		"plain":       {plain, exitCouldNotRun, "backtrail: the disk is full\n"},
		"interrupted": {fmt.Errorf("reading: %w", context.Canceled), exitInterrupted, "backtrail: interrupted\n"},
		"ambiguous": {
			fmt.Errorf("opening: %w", &registry.AmbiguousError{}), exitUsage,
			"backtrail: opening: " + (&registry.AmbiguousError{}).Error() + "\n",
		},
		"usage": {
			usage("--days %d is no number of days", -1), exitUsage,
			"backtrail: --days -1 is no number of days\nhint: backtrail --help lists commands and flags\n",
		},
		"hinted": {
			hinted(plain, "free some", "use another"), exitCouldNotRun,
			"backtrail: the disk is full\nhint: free some\nhint: use another\n",
		},
		"hinted keeps the code of what it wraps": {
			hinted(fmt.Errorf("exporting: %w", usage("--layers most")), "again"),
			exitUsage, "backtrail: exporting: --layers most\nhint: again\n",
		},
		"without hints of its own it has those of what it wraps": {
			hinted(hinted(plain, "free some")), exitCouldNotRun,
			"backtrail: the disk is full\nhint: free some\n",
		},
		"advised": {
			fmt.Errorf("pulling: %w", advisedError{plain}), exitCouldNotRun,
			"backtrail: pulling: the disk is full\nhint: log in first\n",
		},
		"advised, wrapped": {
			hinted(advisedError{plain}), exitCouldNotRun,
			"backtrail: the disk is full\nhint: log in first\n",
		},
		"a failed case stays failed when it was wrapped": {
			fmt.Errorf("inspecting: %w",
				&exitError{code: exitFailed, err: errors.New("problems found")}), exitFailed,
			"backtrail: inspecting: problems found\n",
		},
		"hostile": {
			hinted(errors.New("no tag \x1b]0;x\a"), "try \x1b[2J"), exitCouldNotRun,
			"backtrail: no tag ␛]0;x␇\nhint: try ␛[2J\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if code := exitCode(&b, c.err); code != c.code || b.String() != c.want {
				t.Errorf("exit %d and %q, want %d and %q", code, b.String(), c.code, c.want)
			}
		})
	}
}

// Whatever a run was doing when it was interrupted has an error of its own; the exit code is that of the interruption.
func TestInterruptedBeforeItBegins(t *testing.T) {
	newHome(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, line := range []string{
		"inspect 127.0.0.1:1/app:1", "pods --snapshot testdata", "audit --snapshot testdata",
		"diff 127.0.0.1:1/a 127.0.0.1:1/b", "cache prune",
	} {
		var out, errs bytes.Buffer
		code := run(ctx, strings.Fields(line), streams{in: strings.NewReader(""), out: &out, err: &errs})
		if code != exitInterrupted || !strings.Contains(errs.String(), "interrupted") {
			t.Errorf("%s: exit %d: %s", line, code, errs.String())
		}
	}
}

// caseWith is a case that has ended, with n findings of a severity.
func caseWith(n int, severity inspect.Severity) *inspect.Case {
	status := inspect.RowFailed
	if severity == inspect.Low {
		status = inspect.RowObserved
	}
	c := &inspect.Case{}
	c.Apply(inspect.Event{Fact: inspect.Header{Schema: inspect.Schema}})
	for i := range n {
		c.Apply(inspect.Event{Check: "binaries", Container: "app", Fact: inspect.Finding{
			ID: fmt.Sprint(i), Check: "binaries", Status: status, Severity: severity,
			Title: fmt.Sprintf("miner %d", i),
		}})
	}
	c.Apply(inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}})
	return c
}

// The reasons are bounded: at the bound all are printed, one above it the rest is counted.
func TestReasonsAtTheEndOfACaseAreBounded(t *testing.T) {
	for n, want := range map[int]string{
		maxReasons: "miner 7", maxReasons + 1: "and 1 more",
		maxReasons + 20: "and 20 more",
	} {
		err := endOf(caseWith(n, inspect.Critical), false)
		var exit *exitError
		if !errors.As(err, &exit) || exit.code != exitFailed {
			t.Fatalf("%d findings: %v", n, err)
		}
		lines := strings.Split(err.Error(), "\n")
		if last := lines[len(lines)-1]; !strings.Contains(last, want) || len(lines) > maxReasons+2 {
			t.Errorf("%d findings end with %q after %d lines, want %q", n, last, len(lines), want)
		}
	}
}

// An interrupted case exits with 130, whatever was found so far: what was not looked at may be worse.
func TestEndOfACase(t *testing.T) {
	for name, c := range map[string]struct {
		found       *inspect.Case
		interrupted bool
		code        int
	}{
		"calm":                    {caseWith(0, ""), false, exitPassed},
		"low findings only":       {caseWith(2, inspect.Low), false, exitPassed},
		"a high finding":          {caseWith(1, inspect.High), false, exitFailed},
		"interrupted":             {caseWith(0, ""), true, exitInterrupted},
		"interrupted after a hit": {caseWith(1, inspect.Critical), true, exitInterrupted},
		"it did not end":          {&inspect.Case{}, false, exitIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if code := exitCode(&b, endOf(c.found, c.interrupted)); code != c.code {
				t.Errorf("exit %d, want %d: %s", code, c.code, b.String())
			}
			if (b.Len() == 0) != (c.code == exitPassed) {
				t.Errorf("exit %d with the reason %q", c.code, b.String())
			}
		})
	}
}

// What stands in the record of a case is the command line, without what would be a secret there.
func TestSecretsOfTheCommandLineAreLeftOut(t *testing.T) {
	for line, want := range map[string]string{
		"inspect oci:x --key k.pub":         "inspect oci:x --key k.pub",
		"pods --token abc -n shop":          "pods --token (left out) -n shop",
		"pods --token=abc -n shop":          "pods --token=(left out) -n shop",
		"pods --token= shop":                "pods --token= shop",
		"x --passphrase p --password=q":     "x --passphrase (left out) --password=(left out)",
		"x --client-secret s token=visible": "x --client-secret (left out) token=visible",
		"x --token":                         "x --token",
	} {
		if got := strings.Join(publicArgs(strings.Fields(line)), " "); got != want {
			t.Errorf("%q became %q, want %q", line, got, want)
		}
	}
}

func TestTheProgramKnowsItsOwnDigest(t *testing.T) {
	s := newOperator().session(opened)
	if s.SHA256 != ownDigest() || !registry.IsDigest(s.SHA256) {
		t.Errorf("the digest is %q", s.SHA256)
	}
	if s.Operator == "" || s.Host == "" || !s.Started.Time.Equal(opened) || s.Tool.Name != "backtrail" {
		t.Errorf("session %+v", s)
	}
}
